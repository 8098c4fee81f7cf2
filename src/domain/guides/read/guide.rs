//! The guide as a whole, its item, and the rules that hold between its parts.

use chrono::NaiveDate;

use super::examples::check_names;
use super::form::FormParts;
use super::keys::Keys;
use super::listed::Listed;
use super::possible::check_possible;
use super::results::check_results;
use super::scalars::{Name, no_such_word};
use super::scenarios::{belonging, check_reach};
use super::{Read, Reader, named};
use crate::domain::codes::{GuideCode, RegionCode, Uscc};
use crate::domain::guides::expr::Vocabulary;
use crate::domain::guides::model::{
    Attribute, AutomaticDecision, Condition, CrossRegion, FieldKind, Guide, Handling, IdentityLevel, Item,
    Limits, Material, MaterialSource, Question, ResultKind, Step, StepRole,
};
use crate::domain::guides::source::Node;

/// The format this module reads.
const FORMAT: u16 = 1;

impl Read for Guide {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        check_format(&keys, reader);
        check_kind(&keys, reader);
        let code = keys.need::<GuideCode>("code");
        let item = keys.need::<Item>("item");
        let agency = keys.need::<Uscc>("agency");
        let (region, summary) = (keys.need::<RegionCode>("region"), keys.need("summary"));
        let topics = keys.need::<Vec<Topic>>("topics");
        let service_objects = keys.need_some("service_objects");
        let handling = keys.need::<Handling>("handling");
        let identity = keys.or("identity", IdentityLevel { ial: 2, aal: 1 });
        let questions = keys.optional::<Question>("questions");
        let limits = keys.need::<Limits>("limits");
        let special_procedures = keys.or("special_procedures", Vec::new());
        let fee = keys.need("fee");
        let conditions = keys.or("conditions", Listed::default());
        let form = keys.need::<FormParts>("form");
        let materials = keys.or("materials", Listed::<Material>::default());
        let (flow, results) = (keys.need_each::<Step>("flow"), keys.need_each::<ResultKind>("results"));
        let (delivery, automatic) = (keys.need_some("delivery"), keys.optional("automatic"));
        let telephone = keys.need("telephone");
        let (visits, cross_region) = (keys.or("visits", 0), keys.or("cross_region", CrossRegion::None));
        let (venues, channels) = (keys.or("venues", Vec::new()), keys.optional("channels"));
        let (effect, examples) = (effect(&keys, reader), keys.or("examples", Vec::new()));
        check_lists(&keys, reader, questions.as_ref());
        check_code(&keys, reader, code.as_ref(), agency.as_ref(), item.as_ref());
        check_handling(&keys, reader, handling, limits);
        check_flow(&keys, reader, handling, flow.as_ref());
        check_uploads(&keys, reader, form.as_ref(), materials.as_ref());
        check_results(&keys, reader, handling, results.as_ref());
        check_issuer(&keys, reader, agency.as_ref(), results.as_ref());
        if !reader.is_published {
            check_asks_in_time(&keys, reader, handling, flow.as_ref());
            check_possible(&keys, reader, form.as_ref(), conditions.as_ref(), identity);
            check_names(&keys, reader, form.as_ref().and_then(|form| form.fields.as_ref()));
        }
        keys.close();
        Some(Self {
            code: code?,
            item: item?,
            agency: agency?,
            region: region?,
            summary: summary?,
            topics: topics?.into_iter().map(|topic| topic.0).collect(),
            service_objects: service_objects?,
            handling: handling?,
            identity: identity?,
            scenarios: Vec::new(),
            questions: questions?,
            limits: limits?,
            special_procedures: special_procedures?,
            fee: fee?,
            conditions: conditions?.whole()?,
            form: form?.whole()?,
            materials: materials?.whole()?,
            flow: flow?.whole()?,
            results: results?.whole()?,
            delivery: delivery?,
            automatic: automatic?,
            telephone: telephone?,
            visits: visits?,
            cross_region: cross_region?,
            venues: venues?,
            channels: channels?,
            effective_from: effect?.0,
            effective_until: effect?.1,
            examples: examples?,
        })
    }
}

/// The lists whose items differ, and by what.
const DISTINCT: [(&str, &str); 9] = [
    ("topics", ""),
    ("service_objects", ""),
    ("special_procedures", ""),
    ("delivery", ""),
    ("scenarios", "code"),
    ("conditions", "code"),
    ("materials", "code"),
    ("flow", "code"),
    ("examples", "code"),
];

pub(super) fn check_format(keys: &Keys<'_, '_>, reader: &Reader<'_>) {
    if let (Some(format), Some(node)) = (keys.need::<u16>("format"), keys.get("format"))
        && format != FORMAT
    {
        reader.problems.at(
            node,
            format!("只认识格式 {FORMAT}，请写 format: {FORMAT}。"),
            format!("Only format {FORMAT} is known; write format: {FORMAT}."),
        );
    }
}

/// What has no other kind is a guide, and may say so.
fn check_kind(keys: &Keys<'_, '_>, reader: &Reader<'_>) {
    if let Some(node) = keys.get("kind")
        && node.scalar() != Some("guide")
    {
        let found = node.scalar().unwrap_or_default();
        no_such_word(node, reader, found, ["item", "guide", "bundle", "certificate_types"].into_iter());
    }
}

/// Entries are told apart, and every scenario is within reach.
fn check_lists(keys: &Keys<'_, '_>, reader: &Reader<'_>, questions: Option<&Option<Question>>) {
    for (list, key) in DISTINCT {
        // Scenarios are read by themselves.
        reader.distinct(keys.get(list), key);
    }
    if let (Some(Some(questions)), Some(node)) = (questions, keys.get("questions")) {
        check_reach(node, questions, reader);
    }
}

/// 实施编码 = agency + level + basic code. A part that is wrong in itself is told there
/// alone, and so is a basic code that does not go with the type either.
fn check_code(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    code: Option<&GuideCode>,
    agency: Option<&Uscc>,
    item: Option<&Item>,
) {
    let (Some(code), Some(node)) = (code, keys.get("code")) else {
        return;
    };
    if let (Some(stated), Some(agency)) = (code.agency(), agency)
        && stated != *agency
    {
        reader.problems.at(
            node,
            format!("实施编码前 18 位是 {stated}，与 agency（{agency}）不一致。"),
            format!("The guide code starts with agency {stated}, but agency is {agency}; make them agree."),
        );
    }
    let basic_code = item.filter(|item| item.basic_code.item_type() == item.item_type);
    if let (Some(stated), Some(Item { basic_code, .. })) = (code.basic_code(), basic_code)
        && stated != *basic_code
    {
        reader.problems.at(
            node,
            format!("实施编码末 12 位是 {stated}，与 item.basic_code（{basic_code}）不一致。"),
            format!("The guide code ends with basic code {stated}, but item.basic_code is {basic_code}; make them agree."),
        );
    }
}

fn check_handling(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    handling: Option<Handling>,
    limits: Option<Limits>,
) {
    let (Some(handling), Some(limits), Some(node)) = (handling, limits, keys.get("limits")) else {
        return;
    };
    let node = named(node, "promised").unwrap_or(node);
    match (handling, limits.promised.days) {
        (Handling::Instant, 0 | 1) | (Handling::Promised, 1..) => {}
        (Handling::Instant, _) => reader.problems.at(
            node,
            "即办件的承诺时限最多 1 天，请改小或改为 handling: promised。",
            "An instant item is promised within 1 day at most; shorten the limit or write handling: promised.",
        ),
        (Handling::Promised, 0) => reader.problems.at(
            node,
            "承诺件的承诺时限至少 1 天；当场办结请用 handling: instant。",
            "A promised item takes at least 1 day; for decisions on the spot write handling: instant.",
        ),
    }
}

fn check_flow(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    handling: Option<Handling>,
    flow: Option<&Listed<Step>>,
) {
    let (Some(flow), Some(node)) = (flow, keys.get("flow")) else {
        return;
    };
    let decides = match (flow.last().map(|step| step.role), handling) {
        (Some(StepRole::Approver), _) | (None, _) => true,
        (Some(StepRole::Handler | StepRole::Reviewer), Some(Handling::Instant) | None) => true,
        (Some(StepRole::Handler | StepRole::Reviewer), Some(Handling::Promised)) => false,
    };
    if !decides {
        reader.problems.at(
            node,
            "最后一步作出决定，其 role 应为 approver（即办件除外）。",
            "The last step decides, so its role must be approver (unless the item is instant).",
        );
    }
    if flow.first().is_some_and(|step| step.four_eyes) {
        reader.problems.at(
            node,
            "第一步之前没有别的步骤，不能写 four_eyes。",
            "Nobody acts before the first step, so it cannot ask for four_eyes.",
        );
    }
}

/// What the system decides when it is handed in nobody can be asked about first; and where
/// somebody is asked, the system decides nothing. With scenarios it is each that is handed in.
fn check_asks_in_time(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    handling: Option<Handling>,
    flow: Option<&Listed<Step>>,
) {
    let has_scenarios = keys.get("scenarios").is_some_and(|list| !list.items().is_empty());
    if has_scenarios
        || !flow.is_some_and(Listed::is_whole)
        || !(keys.has("automatic") || handling == Some(Handling::Instant))
    {
        return;
    }
    let steps = keys.get("flow").map(Node::items).unwrap_or_default();
    for node in steps.iter().filter_map(|step| named(step, "opinions")) {
        reader.problems.at(
            node,
            "即办件和按规则自动办结的事项在提交时就要办结，来不及征求意见；请删去 opinions，或者改为 handling: promised 并删去 automatic。",
            "What is instant or automatic is decided when it is handed in, before anybody could be asked; remove opinions, or write handling: promised and remove automatic.",
        );
    }
}

/// A field of type file hands in a material that the applicant has.
fn check_uploads(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    form: Option<&FormParts>,
    materials: Option<&Listed<Material>>,
) {
    let fields = form.and_then(|form| form.fields.as_ref());
    let list = keys.get("form").and_then(|form| form.member("fields"));
    let (Some(fields), Some(list), Some(materials)) = (fields, list, materials) else { return };
    let places = keys.get("materials").map(Node::items).unwrap_or_default();
    let codes: Vec<Option<&str>> =
        places.iter().map(|place| place.member("code").and_then(Node::scalar)).collect();
    let unread: Vec<Option<&str>> = keys
        .get("materials")
        .into_iter()
        .flat_map(|list| materials.unread(list))
        .map(|place| place.member("code").and_then(Node::scalar).filter(|code| Name::is_shaped(code)))
        .collect();
    let is_repeated = |code: &Option<&str>| codes.iter().filter(|other| *other == code).count() > 1;
    if unread.contains(&None) || codes.iter().any(is_repeated) {
        // It, or one of the two, may be the material that is meant.
        return;
    }
    for (field, place) in fields.placed(list) {
        let FieldKind::File { material } = &field.kind else { continue };
        let node = place.member("material").unwrap_or(place);
        let known = materials.read.iter().find(|known| known.code == *material);
        let is_unread = unread.contains(&Some(material.as_str()));
        if !is_unread && known.is_none_or(|known| matches!(known.source, MaterialSource::Shared { .. })) {
            reader.problems.at(
                node,
                format!("字段 {} 的 material“{material}”不是需要提交的材料，请对照 materials。", field.name),
                format!(
                    "The material “{material}” of field {} is none that is handed in; see materials.",
                    field.name
                ),
            );
        }
    }
}

/// An agency hands out only what the register lets it issue. An item is of no agency.
fn check_issuer(
    keys: &Keys<'_, '_>,
    reader: &Reader<'_>,
    agency: Option<&Uscc>,
    results: Option<&Listed<ResultKind>>,
) {
    let (Some(register), Some(agency), Some(results), Some(node)) =
        (reader.register.filter(|_| !reader.is_partial), agency, results, keys.get("results"))
    else {
        return;
    };
    for (result, place) in results.placed(node) {
        let ResultKind::Certificate { certificate_type, .. } = result else { continue };
        let Some(entry) = register.find(certificate_type) else { continue };
        if !entry.may_be_issued_by(agency) {
            let named = named(place, "certificate").and_then(|certificate| named(certificate, "type"));
            reader.problems.at(
                named.unwrap_or(place),
                format!(
                    "证照目录中，{agency} 不是“{}”的签发部门；请核对 type 和 agency，或先在证照目录的 issuers 中登记。",
                    entry.name.zh
                ),
                format!(
                    "By the register, {agency} does not issue “{}”; check type and agency, or enter it under issuers in the register first.",
                    entry.name.en
                ),
            );
        }
    }
}

/// The first day in force and the last that takes new cases.
fn effect(keys: &Keys<'_, '_>, reader: &Reader<'_>) -> Option<(Option<NaiveDate>, Option<NaiveDate>)> {
    let (from, until) = (keys.optional("effective_from"), keys.optional("effective_until"));
    let (from, until) = (from?, until?);
    if let (Some(from), Some(until), Some(node)) = (from, until, keys.get("effective_until"))
        && until < from
    {
        reader.problems.at(
            node,
            format!("effective_until 早于 effective_from（{from}），请改正。"),
            format!("effective_until is before effective_from ({from}); correct them."),
        );
    }
    Some((from, until))
}

/// 主题, as it stands in an address: lower-case letters, digits, `-` and `_`.
struct Topic(String);

impl Read for Topic {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let topic = String::read(node, reader)?;
        let shaped = topic.len() <= 40
            && topic.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
        if !shaped {
            reader.problems.at(
                node,
                format!("主题“{topic}”只能用小写字母、数字、- 和 _。"),
                format!("The topic “{topic}” may have lower-case letters, digits, - and _ only."),
            );
        }
        shaped.then_some(Self(topic))
    }
}

impl Read for Condition {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        let when = keys.need_expression("when", Vocabulary::Whole(reader.schema));
        let text = keys.need("text");
        let scenarios = belonging(&keys, reader);
        keys.close();
        Some(Self { code: code?.0, when: when?, text: text?, scenarios: scenarios? })
    }
}

impl Read for AutomaticDecision {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let verified = keys.need_some::<Attribute>("verified");
        reader.distinct(keys.get("verified"), "");
        // What is allowed cannot be told when that list is wrong.
        let allowed = verified.as_deref().unwrap_or(&Attribute::ALL);
        let approve_when = keys.need_expression("approve_when", Vocabulary::Verified(allowed));
        keys.close();
        Some(Self { verified: verified?, approve_when: approve_when? })
    }
}
