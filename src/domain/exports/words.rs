//! How a guide's terms are said to people, the same in every export.

use crate::domain::codes::ServiceObject;
use crate::domain::guides::{
    CrossRegion, DayUnit, Delivery, Fee, Guide, Handling, Limit, Material, MaterialSource, OfferedChannel,
    Paper, Requirement, ResultKind, Scenario, SpecialProcedure, StepRole,
};
use crate::domain::text::Text;

pub(super) fn handling(handling: Handling) -> Text {
    match handling {
        Handling::Instant => Text::new("即办件", "Decided on the spot"),
        Handling::Promised => Text::new("承诺件", "Decided within a promised time"),
    }
}

pub(super) fn limit(limit: Limit) -> Text {
    let (days, many) = (limit.days, if limit.days == 1 { "" } else { "s" });
    if days == 0 {
        return Text::new("当场办结", "on the spot");
    }
    match limit.unit {
        DayUnit::WorkingDay => Text::new(format!("{days}个工作日"), format!("{days} working day{many}")),
        DayUnit::CalendarDay => Text::new(format!("{days}天"), format!("{days} calendar day{many}")),
    }
}

pub(super) fn visits(visits: u8) -> Text {
    match visits {
        0 => Text::new("不用到现场", "No visit needed"),
        1 => Text::new("1次", "1"),
        more => Text::new(format!("{more}次"), more.to_string()),
    }
}

pub(super) fn cross_region(reach: CrossRegion) -> Text {
    match reach {
        CrossRegion::None => Text::new("本区域内", "In the region itself"),
        CrossRegion::City => Text::new("全市通办", "Anywhere in the city"),
        CrossRegion::Province => Text::new("全省通办", "Anywhere in the province"),
        CrossRegion::Nation => Text::new("全国通办", "Anywhere in the country"),
    }
}

/// All ways to apply there are, in the order of the standard.
pub(super) const OFFERED: [OfferedChannel; 5] = [
    OfferedChannel::Window,
    OfferedChannel::Pc,
    OfferedChannel::Mobile,
    OfferedChannel::Express,
    OfferedChannel::Other,
];

/// How it can be applied for. Without a limit: every way that has a name.
pub(super) fn offered(guide: &Guide) -> Vec<OfferedChannel> {
    let named = || OFFERED.into_iter().filter(|one| *one != OfferedChannel::Other).collect();
    guide.channels.as_ref().map_or_else(named, |limit| limit.only.clone())
}

pub(super) fn way(way: OfferedChannel) -> Text {
    match way {
        OfferedChannel::Window => Text::new("窗口办理", "At a counter"),
        OfferedChannel::Pc => Text::new("网上办理", "On the web"),
        OfferedChannel::Mobile => Text::new("手机办理", "By mobile phone"),
        OfferedChannel::Express => Text::new("快递申请", "By courier"),
        OfferedChannel::Other => Text::new("其他方式", "In another way"),
    }
}

pub(super) fn delivery(delivery: Delivery) -> Text {
    match delivery {
        Delivery::SelfCollect => Text::new("窗口领取", "Collected at a counter"),
        Delivery::Courier => Text::new("邮寄送达", "By courier"),
        Delivery::Electronic => Text::new("电子送达", "Electronically"),
    }
}

pub(super) fn procedure(procedure: SpecialProcedure) -> Text {
    match procedure {
        SpecialProcedure::Hearing => Text::new("听证", "Hearing"),
        SpecialProcedure::Tender => Text::new("招标", "Tender"),
        SpecialProcedure::Auction => Text::new("拍卖", "Auction"),
        SpecialProcedure::Inspection => Text::new("检验", "Inspection"),
        SpecialProcedure::Testing => Text::new("检测", "Testing"),
        SpecialProcedure::Quarantine => Text::new("检疫", "Quarantine"),
        SpecialProcedure::Appraisal => Text::new("鉴定", "Appraisal"),
        SpecialProcedure::ExpertReview => Text::new("专家评审", "Expert review"),
    }
}

pub(super) fn role(role: StepRole) -> Text {
    match role {
        StepRole::Handler => Text::new("承办人", "Case handler"),
        StepRole::Reviewer => Text::new("审核人", "Reviewer"),
        StepRole::Approver => Text::new("审批人", "Approver"),
    }
}

pub(super) fn source(material: &Material) -> Text {
    match &material.source {
        MaterialSource::Own => Text::new("由您提交", "You hand it in"),
        MaterialSource::Certificate { .. } => Text::new(
            "有电子证照的自动调取，没有的由您提交",
            "Taken from your electronic certificate; without one, you hand it in",
        ),
        MaterialSource::Shared { .. } => {
            Text::new("由部门共享核验，无需提交", "Checked by the agency; nothing to hand in")
        }
    }
}

/// 原件1份; none when nothing is handed in.
pub(super) fn paper(material: &Material) -> Option<Text> {
    let copies = material.copies;
    let many = if copies == 1 { "" } else { "s" };
    match (&material.source, material.paper) {
        (MaterialSource::Shared { .. }, _) => None,
        (_, Paper::Original) => {
            Some(Text::new(format!("原件{copies}份"), format!("{copies} original{many}")))
        }
        (_, Paper::Copy) => {
            let word = if copies == 1 { "photocopy" } else { "photocopies" };
            Some(Text::new(format!("复印件{copies}份"), format!("{copies} {word}")))
        }
        (_, Paper::Electronic) if copies == 1 => Some(Text::new("电子文件", "Electronic file")),
        (_, Paper::Electronic) => {
            Some(Text::new(format!("电子文件{copies}份"), format!("{copies} electronic files")))
        }
    }
}

/// Nothing of what is always required.
pub(super) fn necessity(required: &Requirement) -> Option<Text> {
    match required {
        Requirement::Required => None,
        Requirement::Optional => Some(Text::new("可以不提交", "Optional")),
        Requirement::When(_) => Some(Text::new(
            "视填报情况需要，申请时会告知",
            "Needed in some situations; you are told when you apply",
        )),
    }
}

pub(super) fn fee(fee: &Fee) -> Text {
    match fee {
        Fee::Free => Text::new("不收费", "Free of charge"),
        Fee::Charged { amount_fen, .. } => {
            let amount = yuan(*amount_fen);
            Text::new(format!("{amount}元"), format!("{amount} yuan"))
        }
    }
}

/// What it is called.
pub(super) fn result(result: &ResultKind) -> Text {
    let (ResultKind::Certificate { name, .. } | ResultKind::Letter { name }) = result;
    name.clone()
}

/// 12.50, or 12 when there are no fen.
pub(super) fn yuan(fen: u64) -> String {
    match fen % 100 {
        0 => (fen / 100).to_string(),
        rest => format!("{}.{rest:02}", fen / 100),
    }
}

pub(super) fn joined<T>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> Text) -> Text {
    let texts: Vec<Text> = items.into_iter().map(text).collect();
    let of = |part: fn(&Text) -> &str, with: &str| texts.iter().map(part).collect::<Vec<_>>().join(with);
    Text::new(of(|text| &text.zh, "、"), of(|text| &text.en, ", "))
}

/// What holds in each way a guide is handled, each thing once, with the codes of the
/// scenarios it holds in; with none where it holds in all there are.
pub(super) fn by_scenario<'g, T: PartialEq>(
    guide: &'g Guide,
    of: impl Fn(&'g Guide) -> Vec<T>,
) -> Vec<(T, Vec<&'g str>)> {
    if guide.scenarios.is_empty() {
        return of(guide).into_iter().map(|one| (one, Vec::new())).collect();
    }
    let mut all: Vec<(T, Vec<&str>)> = Vec::new();
    for scenario in &guide.scenarios {
        let code = scenario.code.as_str();
        for one in of(&scenario.guide) {
            match all.iter_mut().find(|(known, _)| *known == one) {
                Some((_, codes)) if codes.last() == Some(&code) => {}
                Some((_, codes)) => codes.push(code),
                None => all.push((one, vec![code])),
            }
        }
    }
    for (_, codes) in &mut all {
        if codes.len() == guide.scenarios.len() {
            codes.clear();
        }
    }
    all
}

/// The names of the scenarios something is limited to, where it is.
pub(super) fn names(guide: &Guide, scenarios: &[impl AsRef<str>]) -> Option<Text> {
    let limits = |scenario: &&Scenario| scenarios.iter().any(|code| code.as_ref() == scenario.code);
    let names = joined(guide.scenarios.iter().filter(limits), |scenario| scenario.name.clone());
    (!names.zh.is_empty()).then_some(names)
}

pub(super) fn objects(objects: &[ServiceObject]) -> Text {
    joined(objects, |object| object.text())
}
