//! What the letters say, event by event. Every word is a function of the case.

use chrono::{DateTime, NaiveDate, Utc};

use super::case::{Case, Grounds, Place};
use super::event::{AcceptanceBasis, CaseEvent, Correctable, CorrectionItem, CorrectionReason, Issued};
use super::letters::{LetterKind, statutory_remedy, zh};
use crate::domain::guides::{Delivery, Fee, Guide};
use crate::domain::private::Private;
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// A letter before it is addressed and numbered.
pub(super) struct Content {
    pub kind: LetterKind,
    /// What it is called, where that is not the same for all of its kind.
    pub title: Option<Text>,
    pub paragraphs: Vec<Text>,
    /// What it rests on, where that is not the same for all of its kind.
    pub article: Option<Text>,
    pub grounds: Option<Grounds>,
    pub notes: Vec<Private<String>>,
}

impl Content {
    fn new(kind: LetterKind, zh: String, en: String) -> Self {
        let paragraphs = vec![Text::new(zh, en)];
        Self { kind, title: None, paragraphs, article: None, grounds: None, notes: Vec::new() }
    }

    /// With what an officer wrote, unless that was nothing.
    fn noting(mut self, note: &Private<String>) -> Self {
        if note.known().is_none_or(|note| !note.is_empty()) {
            self.notes.push(note.clone());
        }
        self
    }

    fn with(self, grounds: &Grounds) -> Self {
        Self { grounds: Some(grounds.clone()), ..self }
    }
}

/// What must be said to the applicant because of an event. Words an officer wrote may
/// be personal: they stand in the grounds and the notes alone.
pub(super) fn content(case: &Case, guide: &Guide, event: &CaseEvent, at: DateTime<Utc>) -> Vec<Content> {
    let (item, on) = (&guide.item.name, local_date(at));
    match event {
        CaseEvent::Accepted { promised_due, legal_due, basis, deferred_until } => {
            accepted(case, guide, *basis, (*promised_due, *legal_due), *deferred_until)
        }
        CaseEvent::CorrectionRequested { items, due } => vec![correction(guide, items, *due)],
        CaseEvent::Submitted { .. } | CaseEvent::Refused { .. } => at_intake(item, event, on),
        CaseEvent::Transferred { .. } | CaseEvent::TransferredOut { .. } => at_intake(item, event, on),
        CaseEvent::Paused { .. } | CaseEvent::Extended { .. } => while_handled(item, event, on),
        CaseEvent::Approved { .. } | CaseEvent::Denied { .. } => while_handled(item, event, on),
        CaseEvent::Delivered { .. } => while_handled(item, event, on),
        CaseEvent::Lapsed | CaseEvent::Voided { .. } | CaseEvent::Revoked { .. } => {
            at_the_end(item, event, on)
        }
        CaseEvent::Opened { .. } | CaseEvent::FactsSaved { .. } | CaseEvent::MaterialAttached { .. } => {
            vec![]
        }
        CaseEvent::MaterialRemoved { .. } | CaseEvent::StepRecorded { .. } | CaseEvent::Expired => vec![],
        CaseEvent::AnswersMended { .. } | CaseEvent::MaterialSupplied { .. } => vec![],
        CaseEvent::Corrected { .. } | CaseEvent::Resumed { .. } | CaseEvent::OpinionsAsked { .. } => vec![],
        CaseEvent::OpinionGiven { .. } | CaseEvent::OpinionEscalated { .. } => vec![],
        CaseEvent::ResultsIssued { issued } => {
            issued.iter().filter_map(|result| result_letter(item, result)).collect()
        }
        CaseEvent::DeadlinePassed(_) | CaseEvent::Withdrawn { .. } => vec![],
        CaseEvent::Asked { .. } | CaseEvent::Replied { .. } => vec![],
        CaseEvent::Rated { .. } | CaseEvent::Rectified { .. } => vec![],
    }
}

/// 收件、不予受理、转办
fn at_intake(item: &Text, event: &CaseEvent, on: NaiveDate) -> Vec<Content> {
    let one = |kind, zh: String, en: String| vec![Content::new(kind, zh, en)];
    match event {
        CaseEvent::Submitted { case_no, intake_due, .. } => one(
            LetterKind::Receipt,
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
        ),
        CaseEvent::Refused { grounds } => vec![
            Content::new(
                LetterKind::Refusal,
                format!("您的“{}”申请不予受理，理由和依据如下。", item.zh),
                format!(
                    "Your application for “{}” is not accepted, for the reason and on the basis below.",
                    item.en
                ),
            )
            .with(grounds),
        ],
        CaseEvent::Transferred { to, agency_name, item_name, reason, .. } => {
            let names = (agency_name.as_ref(), item_name.as_ref());
            vec![passed_on(item, to, names, on).noting(reason)]
        }
        CaseEvent::TransferredOut { to, reason } => vec![
            Content::new(
                LetterKind::Transfer,
                format!("您的“{}”申请应由{to}办理，已于{}转交该机关，请向其查询进度。", item.zh, zh(on)),
                format!(
                    "Your application for “{}” is for {to} to handle and was passed on to it on {on}; please ask there how it stands.",
                    item.en
                ),
            )
            .noting(reason),
        ],
        _ => Vec::new(),
    }
}

/// To whom it was passed on within the portal: by name where that is known, and by code.
fn passed_on(item: &Text, to: &Place, names: (Option<&Text>, Option<&Text>), on: NaiveDate) -> Content {
    let named = |name: Option<&Text>, code: &str| match name {
        Some(name) => Text::new(format!("{}（{code}）", name.zh), format!("{} ({code})", name.en)),
        None => Text::new(code, code),
    };
    let agency = named(names.0, to.agency.as_str());
    let theirs = named(names.1, to.guide.as_str());
    Content::new(
        LetterKind::Transfer,
        format!(
            "您的“{}”申请不属于本机关职权范围，已于{}转交{}办理，其办理事项为：{}。办件编号和收件时间不变，无需重新申请。",
            item.zh,
            zh(on),
            agency.zh,
            theirs.zh
        ),
        format!(
            "Your application for “{}” is not within this agency's competence and was transferred on {on} to {}, which handles it as: {}. Its number and time of receipt stay the same; there is no need to apply again.",
            item.en, agency.en, theirs.en
        ),
    )
}

/// 特别程序、延期、决定、送达
fn while_handled(item: &Text, event: &CaseEvent, on: NaiveDate) -> Vec<Content> {
    let one = |kind, zh: String, en: String| Content::new(kind, zh, en);
    let content = match event {
        CaseEvent::Paused { kind, expected_days, reason } => {
            let name = kind.label();
            one(
                LetterKind::SpecialProcedure,
                format!(
                    "办理“{}”依法需要进行{}，预计需要{expected_days}个工作日。所需时间不计算在办理期限内。",
                    item.zh, name.zh
                ),
                format!(
                    "Handling “{}” requires by law: {}. It is expected to take {expected_days} working days, which do not count towards the time limit.",
                    item.en, name.en
                ),
            )
            .noting(reason)
        }
        CaseEvent::Extended { days, dues, reason } => one(
            LetterKind::Extension,
            format!(
                "您的“{}”申请经批准延长办理期限{days}个工作日，承诺于{}前办结，法定期限至{}。",
                item.zh,
                zh(dues.promised),
                zh(dues.legal)
            ),
            format!(
                "The time limit of your application for “{}” was extended by {days} working days: a decision is promised by {}; the law allows until {}.",
                item.en, dues.promised, dues.legal
            ),
        )
        .noting(reason),
        CaseEvent::Approved { .. } => one(
            LetterKind::Approval,
            format!("经审查，您的“{}”申请符合规定，准予办理。", item.zh),
            format!("Your application for “{}” has been examined and is approved.", item.en),
        ),
        CaseEvent::Denied { grounds, .. } => one(
            LetterKind::Denial,
            format!("经审查，您的“{}”申请不予批准，理由和依据如下。", item.zh),
            format!("Your application for “{}” is denied, for the reason and on the basis below.", item.en),
        )
        .with(grounds),
        CaseEvent::Delivered { method, proof } => {
            let how = served(*method);
            one(
                LetterKind::ProofOfService,
                format!("“{}”的办理结果已于{}送达，送达方式：{}。", item.zh, zh(on), how.zh),
                format!("The result of “{}” was served on {on}: {}.", item.en, how.en),
            )
            .noting(proof)
        }
        _ => return Vec::new(),
    };
    vec![content]
}

/// 结果文书: what the item issues, where that is no certificate.
fn result_letter(item: &Text, result: &Issued) -> Option<Content> {
    let Issued::Letter { name, .. } = result else { return None };
    let letter = Content::new(
        LetterKind::Result,
        format!("您的“{}”申请已经审查并准予办理，现出具“{}”。", item.zh, name.zh),
        format!(
            "Your application for “{}” has been examined and is approved; this is the “{}” it leads to.",
            item.en, name.en
        ),
    );
    Some(Content { title: Some(name.clone()), ..letter })
}

fn served(method: Delivery) -> Text {
    match method {
        Delivery::SelfCollect => Text::new("窗口领取", "collected at a counter"),
        Delivery::Courier => Text::new("邮寄", "by courier"),
        Delivery::Electronic => Text::new("电子送达", "electronically"),
    }
}

/// It ends the case without a decision, and can be fought like one.
fn lapsed(item: &Text, on: NaiveDate) -> Content {
    let mut letter = Content::new(
        LetterKind::Lapse,
        format!(
            "因在规定期限内未收到补正或补交的材料，您的“{}”申请已于{}终止办理。材料备齐后可以重新申请。",
            item.zh,
            zh(on)
        ),
        format!(
            "What was asked for did not come in time: your application for “{}” ended on {on}. You may apply again once everything is at hand.",
            item.en
        ),
    );
    letter.paragraphs.push(statutory_remedy());
    letter
}

/// 终止、作废、撤销
fn at_the_end(item: &Text, event: &CaseEvent, on: NaiveDate) -> Vec<Content> {
    match event {
        CaseEvent::Lapsed => vec![lapsed(item, on)],
        CaseEvent::Voided { grounds } => vec![
            Content::new(
                LetterKind::Void,
                format!("您的“{}”办件作废，理由和依据如下。已发放的结果同时失效。", item.zh),
                format!(
                    "Your case “{}” is declared void, for the reason and on the basis below. What it issued is no longer valid.",
                    item.en
                ),
            )
            .with(grounds),
        ],
        CaseEvent::Revoked { grounds } => vec![
            Content::new(
                LetterKind::Revocation,
                format!("“{}”的办理结果予以撤销，理由和依据如下。", item.zh),
                format!("The result of “{}” is revoked, for the reason and on the basis below.", item.en),
            )
            .with(grounds),
        ],
        _ => Vec::new(),
    }
}

fn accepted(
    case: &Case,
    guide: &Guide,
    basis: AcceptanceBasis,
    (promised, legal): (NaiveDate, NaiveDate),
    deferred_until: Option<NaiveDate>,
) -> Vec<Content> {
    let item = &guide.item.name;
    let how = match basis {
        AcceptanceBasis::Officer => Text::new("已予受理", "has been accepted"),
        AcceptanceBasis::Automatic => Text::new("已即时受理", "was accepted at once"),
        AcceptanceBasis::Deemed => Text::new(
            "因逾期未告知，依照行政许可法第三十二条视为受理",
            "counts as accepted under article 32 of the Administrative Licensing Law, since nothing was said in time",
        ),
    };
    let mut letter = Content::new(
        LetterKind::Acceptance,
        format!("您的“{}”申请{}。承诺于{}前办结，法定期限至{}。", item.zh, how.zh, zh(promised), zh(legal)),
        format!(
            "Your application for “{}” {}. A decision is promised by {promised}; the law allows until {legal}.",
            item.en, how.en
        ),
    );
    let owed = case.state.filing().map(|filing| &filing.promised);
    if let (Some(due), Some(owed)) = (deferred_until, owed) {
        let names = materials(guide, owed.iter().map(String::as_str));
        letter.paragraphs.push(Text::new(
            format!("您承诺于{}前补交：{}。逾期未补交的，终止办理。", zh(due), names.zh),
            format!("You promised to bring by {due}: {}. If they do not come, the case ends.", names.en),
        ));
    }
    let mut letters = vec![letter];
    letters.extend(payment(guide));
    letters
}

/// 缴费通知书, where the guide has a fee.
fn payment(guide: &Guide) -> Option<Content> {
    let Fee::Charged { amount_fen, basis } = &guide.fee else { return None };
    let yuan = format!("{}.{:02}", amount_fen / 100, amount_fen % 100);
    let mut letter = Content::new(
        LetterKind::Payment,
        format!("办理“{}”应缴费{yuan}元。请在领取结果前缴纳。", guide.item.name.zh),
        format!("The fee for “{}” is ¥{yuan}. Please pay before you receive the result.", guide.item.name.en),
    );
    letter.article = Some(basis.clone());
    Some(letter)
}

fn correction(guide: &Guide, items: &[CorrectionItem], due: NaiveDate) -> Content {
    let mut letter = Content::new(
        LetterKind::Correction,
        format!(
            "您的“{}”申请需要补正，请于{}前一次补齐下列内容；逾期未补正的，终止办理。",
            guide.item.name.zh,
            zh(due)
        ),
        format!(
            "Your application for “{}” needs the corrections below, all of them by {due}; if they do not come, the case ends.",
            guide.item.name.en
        ),
    );
    for (index, item) in items.iter().enumerate() {
        let (name, wrong) = (name_of(guide, &item.of), reason(item.reason));
        let number = index + 1;
        letter.notes.push(item.note.clone());
        letter.paragraphs.push(Text::new(
            format!("{number}．{}：{}", name.zh, wrong.zh),
            format!("{number}. {}: {}", name.en, wrong.en),
        ));
    }
    letter
}

fn name_of(guide: &Guide, of: &Correctable) -> Text {
    match of {
        Correctable::Material(code) => materials(guide, std::iter::once(code.as_str())),
        Correctable::Field(name) => {
            let field = guide.form.fields.iter().find(|field| field.name == *name);
            field.map_or_else(|| Text::new(name, name), |field| field.label.clone())
        }
    }
}

fn reason(reason: CorrectionReason) -> Text {
    match reason {
        CorrectionReason::Missing => Text::new("缺少", "missing"),
        CorrectionReason::Wrong => Text::new("有误或不符合要求", "wrong or not as required"),
        CorrectionReason::Expired => Text::new("已过期", "expired"),
    }
}

fn materials<'a>(guide: &Guide, codes: impl Iterator<Item = &'a str>) -> Text {
    let names: Vec<&Text> = codes
        .filter_map(|code| guide.materials.iter().find(|material| material.code == code))
        .map(|material| &material.name)
        .collect();
    let join =
        |word: fn(&Text) -> &str, by: &str| names.iter().map(|name| word(name)).collect::<Vec<_>>().join(by);
    Text::new(join(|name| &name.zh, "、"), join(|name| &name.en, ", "))
}
