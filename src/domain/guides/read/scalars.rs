//! Reading single values: texts, numbers, codes, words of a fixed list.

use chrono::NaiveDate;

use super::keys::Keys;
use super::{Read, Reader};
use crate::domain::codes::{
    BasicCode, CertificateType, CodeError, Gender, GuideCode, ItemType, RegionCode, ServiceObject, Uscc,
};
use crate::domain::guides::applicant::ApplicantKind;
use crate::domain::guides::expr::date;
use crate::domain::guides::model::{
    Attribute, CrossRegion, DayUnit, Delivery, ExampleOutcome, Handling, OfferedChannel, OnRefusal, Paper,
    Particular, Silence, SpecialProcedure, StepRole, Trust,
};
use crate::domain::guides::pattern::Pattern;
use crate::domain::guides::problem::Rests;
use crate::domain::guides::source::{Content, Node, ScalarKind};
use crate::domain::guides::suggest::closest;
use crate::domain::text::Text;

/// A text, quoted where YAML would take it for something else.
fn text<'n>(node: &'n Node, reader: &Reader<'_>) -> Option<&'n str> {
    let problem = |zh: String, en: String| {
        reader.problems.at(node, zh, en);
        None
    };
    match &node.content {
        Content::Scalar { text, kind: ScalarKind::Text } if text.trim().is_empty() => {
            problem("此处不能为空，请填写。".to_owned(), "This must not be empty; fill it in.".to_owned())
        }
        Content::Scalar { text, kind: ScalarKind::Text } => Some(text.trim()),
        Content::Scalar { kind: ScalarKind::Null, .. } => problem(
            "此处没有值，请填写或删去这个键。".to_owned(),
            "There is no value; fill it in or remove the key.".to_owned(),
        ),
        Content::Scalar { text, kind: ScalarKind::Number | ScalarKind::Boolean } => problem(
            format!("{text} 会被当作数字或真假值，请加引号：\"{text}\"。"),
            format!("{text} is read as a number or boolean; put it in quotes: \"{text}\"."),
        ),
        Content::List(_) | Content::Mapping(_) => problem(
            "此处应为文字，不能是列表或映射。".to_owned(),
            "Text is needed here, not a list or mapping.".to_owned(),
        ),
    }
}

impl Read for String {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        text(node, reader).map(str::to_owned)
    }
}

impl Read for bool {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        match &node.content {
            Content::Scalar { text, kind: ScalarKind::Boolean } => Some(text.eq_ignore_ascii_case("true")),
            Content::Scalar { .. } | Content::List(_) | Content::Mapping(_) => {
                reader.problems.at(node, "此处应为 true 或 false。", "Write true or false here.");
                None
            }
        }
    }
}

/// A key whose only meaning is that it is there: `own: true`.
pub(super) fn is_given(node: &Node, reader: &Reader<'_>) -> Option<()> {
    match bool::read(node, reader)? {
        true => Some(()),
        false => {
            reader.problems.at(
                node,
                "只能写 true；否则请删去。",
                "Only true can stand here; or remove the key.",
            );
            None
        }
    }
}

macro_rules! whole_numbers {
    ($($number:ty),*) => {$(
        impl Read for $number {
            fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
                let number = match &node.content {
                    Content::Scalar { text, kind: ScalarKind::Number } => text.parse().ok(),
                    Content::Scalar { .. } | Content::List(_) | Content::Mapping(_) => None,
                };
                if number.is_none() {
                    let (min, max) = (<$number>::MIN, <$number>::MAX);
                    reader.problems.at(
                        node,
                        format!("此处应为 {min} 到 {max} 的整数，不加引号。"),
                        format!("Write a whole number from {min} to {max} here, without quotes."),
                    );
                }
                number
            }
        }
    )*};
}

whole_numbers!(u8, u16, u32, u64, i64);

impl Read for NaiveDate {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let day = node.scalar().and_then(date);
        if day.is_none() {
            reader.problems.at(
                node,
                "此处应为日期，写成 2026-01-31。",
                "Write a date here, like 2026-01-31.",
            );
        }
        day
    }
}

impl Read for Text {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        if matches!(node.content, Content::Scalar { .. }) {
            reader.problems.at(
                node,
                "此处要有中英文两种文字：{ zh: …, en: … }。",
                "Both languages are needed here: { zh: …, en: … }.",
            );
            return None;
        }
        let keys = Keys::of(node, reader)?;
        let (zh, en) = (keys.need::<String>("zh"), keys.need::<String>("en"));
        let en_node = keys.get("en");
        keys.close();
        let (zh, en) = (zh?, en?);
        let foreign = !en.contains(|c: char| c.is_ascii_alphanumeric()) || (en == zh && en.contains(is_han));
        if let (true, Some(node)) = (foreign, en_node) {
            reader.problems.at(node, "en 应为英文译文。", "en must be the English translation.");
            return None;
        }
        Some(Self { zh, en })
    }
}

pub(super) fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

macro_rules! codes {
    ($($code:ty),*) => {$(
        impl Read for $code {
            fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
                code(node, reader, <$code>::parse)
            }
        }
    )*};
}

codes!(BasicCode, CertificateType, GuideCode, ItemType, RegionCode, Uscc);

fn code<T>(node: &Node, reader: &Reader<'_>, parse: impl Fn(&str) -> Result<T, CodeError>) -> Option<T> {
    match parse(text(node, reader)?) {
        Ok(code) => Some(code),
        Err(error) => {
            reader.problems.add(node, error.detail, Rests::Itself);
            None
        }
    }
}

impl Read for Pattern {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        Self::whole(text(node, reader)?)
            .map_err(|Text { zh, en }| {
                reader.problems.at(
                    node,
                    format!("正则表达式有误：{zh}。反斜杠请用单引号书写。"),
                    format!("The regular expression is wrong: {en}. Write backslashes in single quotes."),
                );
            })
            .ok()
    }
}

/// A name programs use: a lower-case letter, then letters, digits and underscores; at most 40.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Name(pub String);

impl Name {
    pub fn is_shaped(name: &str) -> bool {
        name.len() <= 40
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    }
}

impl Read for Name {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let name = text(node, reader)?;
        let shaped = Self::is_shaped(name);
        if !shaped {
            reader.problems.at(
                node,
                format!("“{name}”不能作名称：以小写字母开头，只用小写字母、数字和下划线，最多 40 个。"),
                format!("“{name}” is no name: start with a lower-case letter and use lower-case letters, digits and underscores, 40 at most."),
            );
        }
        shaped.then(|| Self(name.to_owned()))
    }
}

macro_rules! words {
    ($($word:ty: $($text:literal => $value:expr),+;)*) => {$(
        impl Read for $word {
            fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
                word(node, reader, &[$(($text, $value)),+])
            }
        }
    )*};
}

words! {
    Handling: "instant" => Handling::Instant, "promised" => Handling::Promised;
    DayUnit: "working_day" => DayUnit::WorkingDay, "calendar_day" => DayUnit::CalendarDay;
    SpecialProcedure:
        "hearing" => SpecialProcedure::Hearing,
        "tender" => SpecialProcedure::Tender,
        "auction" => SpecialProcedure::Auction,
        "inspection" => SpecialProcedure::Inspection,
        "testing" => SpecialProcedure::Testing,
        "quarantine" => SpecialProcedure::Quarantine,
        "appraisal" => SpecialProcedure::Appraisal,
        "expert_review" => SpecialProcedure::ExpertReview;
    ServiceObject:
        "natural_person" => ServiceObject::NaturalPerson,
        "enterprise" => ServiceObject::Enterprise,
        "public_institution" => ServiceObject::PublicInstitution,
        "social_organisation" => ServiceObject::SocialOrganisation,
        "administrative_organ" => ServiceObject::AdministrativeOrgan,
        "other" => ServiceObject::Other;
    Silence:
        "consents" => Silence::Consents,
        "escalates" => Silence::Escalates;
    StepRole:
        "handler" => StepRole::Handler,
        "reviewer" => StepRole::Reviewer,
        "approver" => StepRole::Approver;
    Delivery:
        "self_collect" => Delivery::SelfCollect,
        "courier" => Delivery::Courier,
        "electronic" => Delivery::Electronic;
    Attribute:
        "name" => Attribute::Name,
        "id_number" => Attribute::IdNumber,
        "birth_date" => Attribute::BirthDate,
        "gender" => Attribute::Gender,
        "residence" => Attribute::Residence;
    Particular:
        "name" => Particular::Name,
        "id_number" => Particular::IdNumber,
        "mobile" => Particular::Mobile,
        "birth_date" => Particular::BirthDate,
        "gender" => Particular::Gender,
        "residence" => Particular::Residence;
    Gender: "male" => Gender::Male, "female" => Gender::Female;
    ApplicantKind:
        "natural_person" => ApplicantKind::NaturalPerson,
        "organization" => ApplicantKind::Organization;
    CrossRegion:
        "none" => CrossRegion::None,
        "city" => CrossRegion::City,
        "province" => CrossRegion::Province,
        "nation" => CrossRegion::Nation;
    OfferedChannel:
        "window" => OfferedChannel::Window,
        "pc" => OfferedChannel::Pc,
        "mobile" => OfferedChannel::Mobile,
        "express" => OfferedChannel::Express,
        "other" => OfferedChannel::Other;
    OnRefusal: "stop" => OnRefusal::Stop, "continue" => OnRefusal::Continue;
    Paper: "original" => Paper::Original, "copy" => Paper::Copy, "electronic" => Paper::Electronic;
    Trust: "A" => Trust::A, "B" => Trust::B, "C" => Trust::C;
    ExampleOutcome:
        "approved" => ExampleOutcome::Approved,
        "officer" => ExampleOutcome::Officer,
        "refused" => ExampleOutcome::Refused;
}

fn word<T: Copy>(node: &Node, reader: &Reader<'_>, table: &[(&'static str, T)]) -> Option<T> {
    let found = text(node, reader)?;
    if let Some((_, value)) = table.iter().find(|(word, _)| *word == found) {
        return Some(*value);
    }
    no_such_word(node, reader, found, table.iter().map(|(word, _)| *word));
    None
}

/// Reports a word that is none of the words that may stand here.
pub(super) fn no_such_word(
    node: &Node,
    reader: &Reader<'_>,
    found: &str,
    words: impl Iterator<Item = &'static str> + Clone,
) {
    let (zh, en) = match closest(found, words.clone()) {
        Some(near) => (format!("是不是 {near}？"), format!("did you mean {near}?")),
        None => {
            let all: Vec<_> = words.collect();
            (format!("可用：{}。", all.join("、")), format!("there are {}.", all.join(", ")))
        }
    };
    reader.problems.at(
        node,
        format!("“{found}”不能用在这里，{zh}"),
        format!("“{found}” cannot stand here; {en}"),
    );
}
