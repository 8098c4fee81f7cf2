//! 文书: the notices a case owes its applicant. Which letter follows from which
//! event, and every word in it, is a function of the case; nothing is typed by hand.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::case::{Case, Grounds};
use super::event::{CaseEvent, Issued};
use super::wording::{Content, content};
use crate::domain::codes::{CaseNo, ItemType, Uscc};
use crate::domain::guides::Guide;
use crate::domain::private::Private;
use crate::domain::text::Text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// 收件回执
    Receipt,
    /// 受理通知书
    Acceptance,
    /// 补正告知书
    Correction,
    /// 不予受理通知书
    Refusal,
    /// 转办单
    Transfer,
    /// 特别程序告知书
    SpecialProcedure,
    /// 延期办理告知书
    Extension,
    /// 缴费通知书
    Payment,
    /// 准予决定书
    Approval,
    /// 不予决定书
    Denial,
    /// 结果文书, where what an item issues is a letter; its title is the result's name.
    Result,
    /// 送达回证
    ProofOfService,
    /// 终止办理告知书
    Lapse,
    /// 作废决定书
    Void,
    /// 撤销决定书
    Revocation,
}

/// One letter, addressed, numbered and dated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub kind: LetterKind,
    /// `<case number>-<two digits>`, counting the letters of the case.
    pub number: String,
    pub at: DateTime<Utc>,
    pub title: Text,
    /// The agency whose letter it is; absent in those of before it was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agency: Option<Uscc>,
    /// Who it is addressed to.
    pub addressee: Private<String>,
    pub paragraphs: Vec<Text>,
    /// The article the letter itself rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<Text>,
    /// Reason, article and remedy where the letter says no.
    pub grounds: Option<Grounds>,
    /// What an officer wrote: to each thing that must be mended, in their order; or the
    /// one thing that `note_label` calls it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Private<String>>,
}

impl LetterKind {
    pub fn as_str(self) -> &'static str {
        match self {
            LetterKind::Receipt => "receipt",
            LetterKind::Acceptance => "acceptance",
            LetterKind::Correction => "correction",
            LetterKind::Refusal => "refusal",
            LetterKind::Transfer => "transfer",
            LetterKind::SpecialProcedure => "special_procedure",
            LetterKind::Extension => "extension",
            LetterKind::Payment => "payment",
            LetterKind::Approval => "approval",
            LetterKind::Denial => "denial",
            LetterKind::Result => "result",
            LetterKind::ProofOfService => "proof_of_service",
            LetterKind::Lapse => "lapse",
            LetterKind::Void => "void",
            LetterKind::Revocation => "revocation",
        }
    }

    pub fn title(self) -> Text {
        match self {
            LetterKind::Receipt => Text::new("收件回执", "Receipt"),
            LetterKind::Acceptance => Text::new("受理通知书", "Notice of acceptance"),
            LetterKind::Correction => Text::new("补正告知书", "Notice of corrections"),
            LetterKind::Refusal => Text::new("不予受理通知书", "Notice of refusal to accept"),
            LetterKind::Transfer => Text::new("转办单", "Transfer slip"),
            LetterKind::SpecialProcedure => Text::new("特别程序告知书", "Notice of a special procedure"),
            LetterKind::Extension => Text::new("延期办理告知书", "Notice of extension"),
            LetterKind::Payment => Text::new("缴费通知书", "Payment notice"),
            LetterKind::Approval => Text::new("准予决定书", "Decision of approval"),
            LetterKind::Denial => Text::new("不予决定书", "Decision of denial"),
            LetterKind::Result => Text::new("结果文书", "Result"),
            LetterKind::ProofOfService => Text::new("送达回证", "Proof of service"),
            LetterKind::Lapse => Text::new("终止办理告知书", "Notice of lapse"),
            LetterKind::Void => Text::new("作废决定书", "Decision to declare void"),
            LetterKind::Revocation => Text::new("撤销决定书", "Decision to revoke"),
        }
    }
}

impl LetterKind {
    /// What a note of such a letter is; `index` counts them from 0.
    pub fn note_label(self, index: usize) -> Text {
        match self {
            LetterKind::Transfer | LetterKind::SpecialProcedure | LetterKind::Extension => {
                Text::new("理由", "Reason")
            }
            LetterKind::ProofOfService => Text::new("送达凭证", "Proof"),
            _ => {
                let number = index + 1;
                Text::new(format!("第{number}项说明"), format!("Note on {number}"))
            }
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

/// The letters owed after `event`. `case` is the case after it; `written` counts the
/// letters the case has already.
pub fn letters_for(
    case: &Case,
    agency: &Uscc,
    guide: &Guide,
    event: &CaseEvent,
    at: DateTime<Utc>,
    written: usize,
) -> Vec<Letter> {
    let Some(filing) = case.state.filing() else { return Vec::new() };
    let addressee = match filing.applicant.known() {
        Some(applicant) => Private::Known(applicant.name.clone()),
        None => Private::Erased,
    };
    let letters = content(case, guide, event, at).into_iter().enumerate();
    letters
        .map(|(index, Content { kind, title, paragraphs, article, grounds, notes })| Letter {
            kind,
            number: number(&filing.case_no, written + index),
            at,
            title: title.unwrap_or_else(|| kind.title()),
            agency: Some(agency.clone()),
            addressee: addressee.clone(),
            paragraphs,
            article: article.or_else(|| article_of(kind, guide.item.item_type)),
            grounds,
            notes,
        })
        .collect()
}

/// Gives each result that is a letter the number its letter will have: they are the
/// letters owed after that event, in its order.
pub fn number_results(case: &Case, event: &mut CaseEvent, written: usize) {
    let (CaseEvent::ResultsIssued { issued }, Some(case_no)) = (event, case.case_no()) else { return };
    let letters = issued.iter_mut().filter_map(|result| match result {
        Issued::Letter { number, .. } => Some(number),
        Issued::Certificate { .. } => None,
    });
    for (index, of) in letters.enumerate() {
        *of = Some(number(case_no, written + index));
    }
}

/// `before`: how many letters the case has already.
fn number(case_no: &CaseNo, before: usize) -> String {
    format!("{case_no}-{:02}", before + 1)
}

/// The article of the Administrative Licensing Law a letter rests on. To items that
/// are no licences it is applied by analogy.
fn article_of(kind: LetterKind, of: ItemType) -> Option<Text> {
    let (zh, en) = match kind {
        LetterKind::Receipt | LetterKind::Acceptance | LetterKind::Correction | LetterKind::Refusal => {
            ("三十二", 32)
        }
        LetterKind::Transfer | LetterKind::Lapse => ("三十二", 32),
        LetterKind::Extension => ("四十二", 42),
        LetterKind::SpecialProcedure => ("四十五", 45),
        LetterKind::Approval | LetterKind::Denial => ("三十八", 38),
        LetterKind::Result => ("三十九", 39),
        LetterKind::ProofOfService => ("四十四", 44),
        LetterKind::Revocation => ("六十九", 69),
        LetterKind::Payment | LetterKind::Void => return None,
    };
    let (by, analogy) = match of {
        ItemType::Licence => ("依据", ""),
        _ => ("参照", " (by analogy)"),
    };
    Some(Text::new(
        format!("{by}《中华人民共和国行政许可法》第{zh}条"),
        format!("Administrative Licensing Law, article {en}{analogy}"),
    ))
}

/// What an approved case hands out, in words.
pub fn describe(issued: &Issued) -> &Text {
    match issued {
        Issued::Certificate { name, .. } | Issued::Letter { name, .. } => name,
    }
}

pub(super) fn zh(date: NaiveDate) -> String {
    date.format("%Y年%-m月%-d日").to_string()
}
