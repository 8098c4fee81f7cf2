//! The words changes are told in.

use super::{About, Teller};
use crate::domain::codes::CertificateType;
use crate::domain::guides::model::{
    Attribute, CrossRegion, DayUnit, Delivery, Handling, LegalBasis, Limit, OfferedChannel, OpinionWanted,
    Paper, Particular, Silence, SpecialProcedure, StepRole, Trust,
};
use crate::domain::text::Text;

/// A name as it stands in a sentence.
pub(super) fn quoted(name: &Text) -> Text {
    Text::new(format!("“{}”", name.zh), format!("“{}”", name.en))
}

/// What has changed from one text to another, as it is told in a language whose words changed,
/// and in one whose words stay: by those of the other.
struct Told {
    zh: String,
    en_alone: String,
    en: String,
    zh_alone: String,
}

impl Told {
    fn tell(self, teller: &mut Teller, about: About, old: &Text, new: &Text) {
        if old != new {
            let zh = if old.zh == new.zh { self.en_alone } else { self.zh };
            let en = if old.en == new.en { self.zh_alone } else { self.en };
            teller.tell(about, zh, en);
        }
    }
}

/// `what：old → new`, where they differ.
pub(super) fn arrow(teller: &mut Teller, about: About, (zh, en): (&str, &str), old: &Text, new: &Text) {
    let told = Told {
        zh: format!("{zh}：{} → {}", old.zh, new.zh),
        en_alone: format!("{zh}（英文）：{} → {}", old.en, new.en),
        en: format!("{en}: {} → {}", old.en, new.en),
        zh_alone: format!("{en} (in Chinese): {} → {}", old.zh, new.zh),
    };
    told.tell(teller, about, old, new);
}

/// Something is called otherwise.
pub(super) fn named(teller: &mut Teller, about: About, (zh, en): (&str, &str), old: &Text, new: &Text) {
    let (was, is) = (quoted(old), quoted(new));
    let told = Told {
        zh: format!("{zh}{}改称{}", was.zh, is.zh),
        en_alone: format!("{zh}{}的英文名称改为{}", was.zh, is.en),
        en: format!("the {en} {} is now called {}", was.en, is.en),
        zh_alone: format!("the {en} {} is now called {} in Chinese", was.en, is.zh),
    };
    told.tell(teller, about, old, new);
}

/// An explanation that came, went or is put otherwise.
pub(super) fn explained(
    teller: &mut Teller,
    about: About,
    (zh, en): (&str, &str),
    old: Option<&Text>,
    new: Option<&Text>,
) {
    match (old, new) {
        (None, None) => {}
        (None, Some(new)) => {
            teller.tell(about, format!("新增{zh}：{}", new.zh), format!("new: {en}: {}", new.en));
        }
        (Some(_), None) => teller.tell(about, format!("取消{zh}"), format!("dropped: {en}")),
        (Some(old), Some(new)) => {
            let told = Told {
                zh: format!("{zh}改为：{}", new.zh),
                en_alone: format!("{zh}的英文改为：{}", new.en),
                en: format!("{en} now: {}", new.en),
                zh_alone: format!("{en} now, in Chinese: {}", new.zh),
            };
            told.tell(teller, about, old, new);
        }
    }
}

/// An article with its words.
pub(super) fn cited(LegalBasis { law, article, text }: &LegalBasis) -> Text {
    let zh = format!("{}{article}：{text}", law.zh);
    Text::new(zh, format!("{}, {article}: {text}", law.en))
}

/// What a list of words lost and gained.
pub(super) fn listed<T: PartialEq>(
    teller: &mut Teller,
    about: About,
    (zh, en): (&str, &str),
    (old, new): (&[T], &[T]),
    word: impl Fn(&T) -> Text,
) {
    for added in new.iter().filter(|value| !old.contains(value)).map(&word) {
        teller.tell(about, format!("{zh}增加：{}", added.zh), format!("{en}, added: {}", added.en));
    }
    for dropped in old.iter().filter(|value| !new.contains(value)).map(&word) {
        teller.tell(about, format!("{zh}去掉：{}", dropped.zh), format!("{en}, dropped: {}", dropped.en));
    }
    if old != new && !super::differ(old, new) {
        teller.tell(
            About::Wording,
            format!("{zh}的先后顺序有调整"),
            format!("{en}: listed in another order"),
        );
    }
}

/// The same in both languages: a code, a number, a pattern.
pub(super) fn plain(text: impl ToString) -> Text {
    let text = text.to_string();
    Text::new(text.clone(), text)
}

/// Words one after another.
pub(super) fn joined(words: &[Text]) -> Text {
    let zh: Vec<&str> = words.iter().map(|word| word.zh.as_str()).collect();
    let en: Vec<&str> = words.iter().map(|word| word.en.as_str()).collect();
    Text::new(zh.join("、"), en.join(", "))
}

pub(super) fn yes_or_no(yes: bool) -> Text {
    if yes { Text::new("是", "yes") } else { Text::new("否", "no") }
}

/// Fen as `¥1.00`.
pub(super) fn yuan(fen: i128) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}¥{}.{:02}", fen / 100, fen % 100)
}

fn unit(unit: DayUnit, days: u16) -> Text {
    let end = if days == 1 { "" } else { "s" };
    match unit {
        DayUnit::WorkingDay => Text::new("个工作日", format!("working day{end}")),
        DayUnit::CalendarDay => Text::new("天", format!("calendar day{end}")),
    }
}

fn duration(Limit { days, unit: of }: Limit) -> Text {
    let of = unit(of, days);
    match days {
        0 => Text::new("当场", "on the spot"),
        _ => Text::new(format!("{days} {}", of.zh), format!("{days} {}", of.en)),
    }
}

/// `5 → 3 个工作日`, or both in full when the unit changed too.
pub(super) fn limits(old: Limit, new: Limit) -> Text {
    let (from, to) = (duration(old), duration(new));
    if old.unit == new.unit && old.days > 0 && new.days > 0 {
        return Text::new(format!("{} → {}", old.days, to.zh), format!("{} → {}", old.days, to.en));
    }
    Text::new(format!("{} → {}", from.zh, to.zh), format!("{} → {}", from.en, to.en))
}

pub(super) fn handling(handling: Handling) -> Text {
    match handling {
        Handling::Instant => Text::new("即办件", "decided on the spot"),
        Handling::Promised => Text::new("承诺件", "decided within a promised limit"),
    }
}

pub(super) fn procedure(procedure: &SpecialProcedure) -> Text {
    procedure.label()
}

pub(super) fn opinion(wanted: &OpinionWanted) -> Text {
    let limit = duration(wanted.limit);
    let silence = match wanted.silence {
        Silence::Consents => Text::new("逾期视为同意", "silence is consent"),
        Silence::Escalates => Text::new("逾期报上级", "silence goes to its superior"),
    };
    Text::new(
        format!("{}（{}，{}）", wanted.name.zh, limit.zh, silence.zh),
        format!("{} ({}, {})", wanted.name.en, limit.en, silence.en),
    )
}

pub(super) fn role(role: StepRole) -> Text {
    match role {
        StepRole::Handler => Text::new("承办人", "handler"),
        StepRole::Reviewer => Text::new("审核人", "reviewer"),
        StepRole::Approver => Text::new("审批人", "approver"),
    }
}

pub(super) fn delivery(delivery: &Delivery) -> Text {
    match delivery {
        Delivery::SelfCollect => Text::new("窗口自取", "collected at the window"),
        Delivery::Courier => Text::new("邮寄", "by courier"),
        Delivery::Electronic => Text::new("电子送达", "electronic"),
    }
}

pub(super) fn way(way: &OfferedChannel) -> Text {
    match way {
        OfferedChannel::Window => Text::new("窗口", "window"),
        OfferedChannel::Pc => Text::new("电脑端", "computer"),
        OfferedChannel::Mobile => Text::new("移动端", "mobile"),
        OfferedChannel::Express => Text::new("快递申请", "express mail"),
        OfferedChannel::Other => Text::new("其他", "other"),
    }
}

pub(super) fn reach(reach: CrossRegion) -> Text {
    match reach {
        CrossRegion::None => Text::new("不通办", "in its own region only"),
        CrossRegion::City => Text::new("全市通办", "anywhere in the city"),
        CrossRegion::Province => Text::new("全省通办", "anywhere in the province"),
        CrossRegion::Nation => Text::new("全国通办", "anywhere in the country"),
    }
}

pub(super) fn attribute(attribute: &Attribute) -> Text {
    match attribute {
        Attribute::Name => Text::new("姓名", "name"),
        Attribute::IdNumber => Text::new("证件号码", "ID number"),
        Attribute::BirthDate => Text::new("出生日期", "date of birth"),
        Attribute::Gender => Text::new("性别", "sex"),
        Attribute::Residence => Text::new("户籍地", "registered residence"),
    }
}

pub(super) fn particular(particular: Particular) -> Text {
    match particular {
        Particular::Name => Text::new("姓名", "name"),
        Particular::IdNumber => Text::new("证件号码", "ID number"),
        Particular::Mobile => Text::new("手机号码", "mobile number"),
        Particular::BirthDate => Text::new("出生日期", "date of birth"),
        Particular::Gender => Text::new("性别", "sex"),
        Particular::Residence => Text::new("户籍地", "registered residence"),
    }
}

pub(super) fn paper(paper: Paper) -> Text {
    match paper {
        Paper::Original => Text::new("原件", "original"),
        Paper::Copy => Text::new("复印件", "copy"),
        Paper::Electronic => Text::new("电子", "electronic"),
    }
}

pub(super) fn trust(trust: Trust) -> Text {
    match trust {
        Trust::A => Text::new("由签发机关提供", "from its issuer"),
        Trust::B => Text::new("工作人员看过原件", "original seen by an officer"),
        Trust::C => Text::new("上传即可", "an upload will do"),
        Trust::D => Text::new("承诺即可", "a promise will do"),
    }
}

pub(super) fn certificate(of: &CertificateType) -> Text {
    Text::new(format!("电子证照 {of}"), format!("electronic certificate {of}"))
}
