//! 文书: the notices a case owes its applicant. Which letter follows from which
//! event, and every word in it, is a function of the case; nothing is typed by hand.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::case::{Case, Grounds};
use super::event::{AcceptanceBasis, CaseEvent, Issued};
use crate::domain::guides::Guide;
use crate::domain::private::Private;
use crate::domain::text::Text;
use crate::domain::time::local_date;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// 收件回执
    Receipt,
    /// 受理通知书
    Acceptance,
    /// 不予受理通知书
    Refusal,
    /// 准予决定书
    Approval,
    /// 不予决定书
    Denial,
    /// 送达回证
    ProofOfService,
}

/// One letter, addressed, numbered and dated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub kind: LetterKind,
    /// `<case number>-<two digits>`, counting the letters of the case.
    pub number: String,
    pub at: DateTime<Utc>,
    pub title: Text,
    /// Who it is addressed to.
    pub addressee: Private<String>,
    pub paragraphs: Vec<Text>,
    /// Reason, article and remedy where the letter says no.
    pub grounds: Option<Grounds>,
}

impl LetterKind {
    pub fn as_str(self) -> &'static str {
        match self {
            LetterKind::Receipt => "receipt",
            LetterKind::Acceptance => "acceptance",
            LetterKind::Refusal => "refusal",
            LetterKind::Approval => "approval",
            LetterKind::Denial => "denial",
            LetterKind::ProofOfService => "proof_of_service",
        }
    }

    pub fn title(self) -> Text {
        match self {
            LetterKind::Receipt => Text::new("收件回执", "Receipt"),
            LetterKind::Acceptance => Text::new("受理通知书", "Notice of acceptance"),
            LetterKind::Refusal => Text::new("不予受理通知书", "Notice of refusal to accept"),
            LetterKind::Approval => Text::new("准予决定书", "Decision of approval"),
            LetterKind::Denial => Text::new("不予决定书", "Decision of denial"),
            LetterKind::ProofOfService => Text::new("送达回证", "Proof of service"),
        }
    }
}

/// 救济途径 against an adverse decision: 行政复议法 20 (60 days), 行政诉讼法 46 (six months).
pub fn statutory_remedy() -> Text {
    Text::new(
        "如不服本决定，可自知道本决定之日起六十日内依法申请行政复议，或者六个月内向人民法院提起行政诉讼。",
        "You may apply for administrative reconsideration within sixty days of learning of this decision, or bring a lawsuit before the people's court within six months.",
    )
}

/// The letter owed after `event`, if any. `case` is the case after it; `written`
/// counts the letters the case has already.
pub fn letter_for(
    case: &Case,
    guide: &Guide,
    event: &CaseEvent,
    at: DateTime<Utc>,
    written: usize,
) -> Option<Letter> {
    let filing = case.state.filing()?;
    let item = &guide.item.name;
    let (kind, paragraphs, grounds) = content(event, item, at)?;
    let addressee = match filing.applicant.known() {
        Some(applicant) => Private::Known(applicant.name.clone()),
        None => Private::Erased,
    };
    Some(Letter {
        kind,
        number: format!("{}-{:02}", filing.case_no, written + 1),
        at,
        title: kind.title(),
        addressee,
        paragraphs,
        grounds,
    })
}

fn content(
    event: &CaseEvent,
    item: &Text,
    at: DateTime<Utc>,
) -> Option<(LetterKind, Vec<Text>, Option<Grounds>)> {
    let on = local_date(at);
    match event {
        CaseEvent::Submitted { case_no, intake_due, .. } => Some((
            LetterKind::Receipt,
            vec![Text::new(
                format!(
                    "您于{}提交的“{}”申请已收到，办件编号{case_no}。我们将于{}前决定是否受理；逾期未告知的，自收到之日起即为受理。",
                    zh(on),
                    item.zh,
                    zh(*intake_due)
                ),
                format!(
                    "Your application for “{}” was received on {on} under case number {case_no}. You will hear by {intake_due} whether it is accepted; if nothing is said by then, it counts as accepted from the day it was received.",
                    item.en
                ),
            )],
            None,
        )),
        CaseEvent::Accepted { promised_due, legal_due, basis } => {
            Some((LetterKind::Acceptance, acceptance(item, *basis, *promised_due, *legal_due), None))
        }
        CaseEvent::Refused { grounds } => {
            let said = Text::new(
                format!("您的“{}”申请不予受理，理由和依据如下。", item.zh),
                format!(
                    "Your application for “{}” is not accepted, for the reason and on the basis below.",
                    item.en
                ),
            );
            Some((LetterKind::Refusal, vec![said], Some(grounds.clone())))
        }
        CaseEvent::Approved { .. } => {
            let said = Text::new(
                format!("经审查，您的“{}”申请符合规定，准予办理。", item.zh),
                format!("Your application for “{}” has been examined and is approved.", item.en),
            );
            Some((LetterKind::Approval, vec![said], None))
        }
        CaseEvent::Denied { grounds, .. } => {
            let said = Text::new(
                format!("经审查，您的“{}”申请不予批准，理由和依据如下。", item.zh),
                format!(
                    "Your application for “{}” is denied, for the reason and on the basis below.",
                    item.en
                ),
            );
            Some((LetterKind::Denial, vec![said], Some(grounds.clone())))
        }
        CaseEvent::Delivered { .. } => {
            let said = Text::new(
                format!("“{}”的办理结果已于{}送达。", item.zh, zh(on)),
                format!("The result of “{}” was served on {on}.", item.en),
            );
            Some((LetterKind::ProofOfService, vec![said], None))
        }
        CaseEvent::Opened { .. } | CaseEvent::FactsSaved { .. } | CaseEvent::MaterialAttached { .. } => None,
        CaseEvent::MaterialRemoved { .. } | CaseEvent::StepRecorded { .. } => None,
        CaseEvent::ResultsIssued { .. } | CaseEvent::Withdrawn { .. } | CaseEvent::Expired => None,
    }
}

fn acceptance(item: &Text, basis: AcceptanceBasis, promised: NaiveDate, legal: NaiveDate) -> Vec<Text> {
    let how = match basis {
        AcceptanceBasis::Officer => Text::new("已予受理", "has been accepted"),
        AcceptanceBasis::Automatic => Text::new("已即时受理", "was accepted at once"),
        AcceptanceBasis::Deemed => Text::new(
            "因逾期未告知，依照行政许可法第三十二条视为受理",
            "counts as accepted under article 32 of the Administrative Licensing Law, since nothing was said in time",
        ),
    };
    vec![Text::new(
        format!("您的“{}”申请{}。承诺于{}前办结，法定期限至{}。", item.zh, how.zh, zh(promised), zh(legal)),
        format!(
            "Your application for “{}” {}. A decision is promised by {promised}; the law allows until {legal}.",
            item.en, how.en
        ),
    )]
}

/// What an approved case hands out, in words.
pub fn describe(issued: &Issued) -> &Text {
    match issued {
        Issued::Certificate { name, .. } | Issued::Letter { name } => name,
    }
}

fn zh(date: NaiveDate) -> String {
    date.format("%Y年%-m月%-d日").to_string()
}
