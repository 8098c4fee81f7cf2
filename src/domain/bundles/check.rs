//! What is wrong with a bundle, seen against the guides it names: all of it at once.

use super::fit::{unfit, word};
use super::graph::{Graph, length, working_days};
use super::plan::{Plan, Planned};
use super::{stated, twice};
use crate::domain::guides::{
    Bundle, Field, FieldKind, Form, Given, Guide, Implements, MaterialSource, OnRefusal, Part, Requirement,
    is_answer,
};
use crate::domain::text::Text;

/// Something that does not fit, and where the file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// An RFC 6901 pointer into the file.
    pub path: String,
    pub reason: Text,
}

pub(super) fn misfit(path: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Misfit {
    Misfit { path: path.into(), reason: Text::new(zh, en) }
}

/// What can be seen in the bundle alone.
pub(super) fn of_the_bundle(bundle: &Bundle, graph: &Graph) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (index, part) in bundle.parts.iter().enumerate() {
        let at = format!("/parts/{index}");
        for after in part.after.iter().filter(|after| bundle.part(after).is_none()) {
            found.push(no_part(&format!("{at}/after"), after));
        }
        found.extend(circle(&at, &part.code, graph));
        if bundle.form.field(&part.code).is_some() {
            found.push(misfit(
                format!("{at}/code"),
                format!("“{}”也是共用字段的名称，请改用别的编码。", part.code),
                format!("“{}” is also the name of a shared field; choose another code.", part.code),
            ));
        }
    }
    found.extend(later(bundle));
    for (index, material) in bundle.materials.iter().enumerate() {
        for part in material.serves.keys().filter(|part| bundle.part(part).is_none()) {
            found.push(no_part(&format!("/materials/{index}/serves/{part}"), part));
        }
    }
    for (index, field) in bundle.form.fields.iter().enumerate() {
        if let FieldKind::File { material } = &field.kind
            && !bundle.materials.iter().any(|known| known.code == *material)
        {
            found.push(misfit(
                format!("/form/fields/{index}/material"),
                format!("materials 中没有“{material}”。"),
                format!("There is no “{material}” among the materials."),
            ));
        }
    }
    found
}

/// One circle is one mistake, told at its first part.
fn circle(at: &str, code: &str, graph: &Graph) -> Option<Misfit> {
    let circle = graph.circle(code);
    let all = |between: &str| circle.join(between);
    (circle.first() == Some(&code)).then(|| {
        misfit(
            format!("{at}/after"),
            format!("after 兜圈子，事项等待自己办成：“{}”。请改正其中一处 after。", all("”、“")),
            format!(
                "Parts wait for themselves in a circle: “{}”; correct one of their `after`.",
                all("”, “")
            ),
        )
    })
}

pub(super) fn no_part(path: &str, code: &str) -> Misfit {
    misfit(
        path,
        format!("没有事项“{code}”，请对照 parts。"),
        format!("There is no part “{code}”; see parts."),
    )
}

fn later(bundle: &Bundle) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (name, code) in &bundle.later {
        let at = format!("/later/{name}");
        if bundle.form.field(name).is_none() {
            found.push(no_field(&at, name));
        }
        match bundle.part(code) {
            None => found.push(no_part(&at, code)),
            Some(part) if part.on_refusal == OnRefusal::Continue => found.push(misfit(
                at,
                format!("“{code}”没有办成就没有这个答案，其 on_refusal 应为 stop。"),
                format!("Without “{code}” there is no such answer; its on_refusal must be stop."),
            )),
            Some(_) => {}
        }
        let asks = |part: &Part| part.when.as_ref().is_some_and(|when| when.fields().contains(name));
        for (index, _) in bundle.parts.iter().enumerate().filter(|(_, part)| asks(part)) {
            found.push(misfit(
                format!("/parts/{index}/when"),
                format!("提交时还没有“{name}”的答案，不能据此决定是否办理。"),
                format!(
                    "“{name}” has no answer when the application is submitted; `when` cannot rest on it."
                ),
            ));
        }
    }
    found
}

fn no_field(path: &str, name: &str) -> Misfit {
    misfit(path, format!("form 中没有共用字段“{name}”。"), format!("The form has no shared field “{name}”."))
}

pub(super) fn no_guide(index: usize, part: &Part, bundle: &Bundle) -> Misfit {
    let region = &bundle.region;
    match &part.implements {
        Implements::Item(code) => misfit(
            format!("/parts/{index}/item"),
            format!("没有服务 {region} 的事项 {code} 的办事指南，请先发布，或者与本文件一起给出。"),
            format!(
                "No guide of item {code} serves {region}; publish one first, or give its file together with this one."
            ),
        ),
        Implements::Guide(code) => misfit(
            format!("/parts/{index}/guide"),
            format!("没有办事指南 {code}，请先发布，或者与本文件一起给出。"),
            format!("There is no guide {code}; publish it first, or give its file together with this one."),
        ),
    }
}

pub(super) fn scenario(index: usize, part: &Part, guide: &Guide) -> Option<Misfit> {
    let known: Vec<&str> = guide.scenarios.iter().map(|scenario| scenario.code.as_str()).collect();
    let fits = match &part.scenario {
        Some(code) => known.contains(&code.as_str()),
        None => known.is_empty(),
    };
    let all = if known.is_empty() { "—".to_owned() } else { known.join(", ") };
    (!fits).then(|| {
        misfit(
            format!("/parts/{index}/scenario"),
            format!("指南的情形有：{all}；scenario 应为其中之一（没有情形的请删去）。"),
            format!("The guide's scenarios are: {all}; scenario must be one of them (leave it out where there is none)."),
        )
    })
}

/// What can be seen only with the guides at hand.
pub(super) fn against_guides(plan: &Plan) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (index, part) in plan.bundle.parts.iter().enumerate() {
        let Some(planned) = plan.part(&part.code).filter(|planned| planned.is_settled()) else { continue };
        for (name, given) in &part.facts {
            found.extend(mapping(&format!("/parts/{index}/facts/{name}"), name, given, planned, plan));
        }
    }
    found.extend(unused(plan));
    found.extend(materials(plan));
    found.extend(twice::asked(plan));
    found
}

/// What a file is refused for when it is published. A guide that changes later may bring
/// it about; the bundle goes on then all the same.
pub(super) fn of_a_new_file(plan: &Plan) -> Vec<Misfit> {
    let mut found = stated::asked_all_the_same(plan);
    found.extend(stated::shared_all_the_same(plan));
    found.extend(twice::named_as_shared(plan));
    found.extend(limits(plan));
    found
}

fn mapping(at: &str, name: &str, given: &Given, planned: &Planned, plan: &Plan) -> Vec<Misfit> {
    let Some(own) = planned.guide.form.field(name) else {
        let title = &planned.guide.item.name;
        return vec![misfit(
            at,
            format!("“{}”的表单没有字段“{name}”。", title.zh),
            format!("The form of “{}” has no field “{name}”.", title.en),
        )];
    };
    match given {
        Given::Own => Vec::new(),
        Given::Fixed(value) => {
            let is_his_word = matches!(own.kind, FieldKind::Declaration);
            let fits = !is_his_word && own.kind.has_answer() && is_answer(&own.kind, value);
            let wrong = misfit(
                format!("{at}/value"),
                format!("这个值不是字段“{name}”（{}）的答案；声明只能由申请人自己作出。", word(&own.kind)),
                format!(
                    "This is no answer to field “{name}” ({}); a declaration is the applicant's own to make.",
                    word(&own.kind)
                ),
            );
            if fits { Vec::new() } else { vec![wrong] }
        }
        Given::Shared(shared) => match plan.bundle.form.field(shared) {
            None => vec![no_field(at, shared)],
            Some(field) => stands_for(at, field, own, planned, plan),
        },
        Given::Stated { part, attribute } => stated::taken(at, (part, attribute), own, planned, plan),
    }
}

/// Whether a shared field is there, with a fitting answer, whenever the part wants one.
fn stands_for(at: &str, shared: &Field, own: &Field, planned: &Planned, plan: &Plan) -> Vec<Misfit> {
    let mut found = Vec::new();
    if let Some(why) = unfit(&shared.kind, &own.kind) {
        found.push(misfit(
            at,
            format!("共用字段“{}”的答案不一定适用于“{}”：应为{}。", shared.name, own.name, why.zh),
            format!(
                "An answer to “{}” may be none to “{}”, which must be {}.",
                shared.name, own.name, why.en
            ),
        ));
    }
    let is_there = shared.visible_when.is_none() || shared.visible_when == planned.part.when;
    let may_go_without = matches!(own.required, Requirement::Optional);
    let must = matches!(own.required, Requirement::Required) && own.visible_when.is_none();
    if !is_there && !may_go_without {
        found.push(misfit(
            at,
            format!("办理本事项时“{}”可能不显示；其 visible_when 应与本事项的 when 相同，或者删去。", shared.name),
            format!("“{}” may be hidden when this part is applied for; its visible_when must be this part's when, or go.", shared.name),
        ));
    }
    if must && !matches!(shared.required, Requirement::Required) {
        found.push(misfit(
            at,
            format!("“{}”是必填项，共用字段“{}”也应必填。", own.name, shared.name),
            format!("“{}” is required, so the shared field “{}” must be.", own.name, shared.name),
        ));
    }
    if let Some(code) = plan.bundle.later.get(&shared.name)
        && plan.graph.is_settled(planned.code())
        && !plan.graph.before(planned.code()).contains(code.as_str())
    {
        found.push(misfit(
            at,
            format!("“{}”在“{code}”办成后才有答案，本事项应排在其后。", shared.name),
            format!("“{}” has an answer only after “{code}”; this part must come after it.", shared.name),
        ));
    }
    found
}

/// A shared field nobody uses is asked for nothing.
fn unused(plan: &Plan) -> Vec<Misfit> {
    let bundle = &plan.bundle;
    if !plan.is_whole() {
        return Vec::new();
    }
    let fields = bundle.form.fields.iter();
    let is_used = |field: &Field| {
        let mapped = bundle.parts.iter().any(|part| {
            part.facts.values().any(|given| *given == Given::Shared(field.name.clone()))
                || part.when.as_ref().is_some_and(|when| when.fields().contains(&field.name))
        });
        mapped || asks_about(&bundle.form, &field.name) || matches!(field.kind, FieldKind::File { .. })
    };
    let idle = fields.enumerate().filter(|(_, field)| !is_used(field));
    idle.map(|(index, field)| {
        misfit(
            format!("/form/fields/{index}"),
            format!("没有事项用到“{}”，请删去或在 parts 中对应。", field.name),
            format!("No part uses “{}”; remove it, or map it under parts.", field.name),
        )
    })
    .collect()
}

pub(super) fn asks_about(form: &Form, name: &str) -> bool {
    form.fields.iter().any(|field| {
        let required = match &field.required {
            Requirement::When(rule) => rule.fields().contains(name),
            Requirement::Required | Requirement::Optional => false,
        };
        required || field.visible_when.as_ref().is_some_and(|rule| rule.fields().contains(name))
    })
}

fn materials(plan: &Plan) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (index, shared) in plan.bundle.materials.iter().enumerate() {
        for (part, code) in &shared.serves {
            let Some(planned) = plan.part(part).filter(|planned| planned.is_settled()) else { continue };
            let at = format!("/materials/{index}/serves/{part}");
            match planned.material(code).map(|material| &material.source) {
                Some(MaterialSource::Own | MaterialSource::Certificate { .. }) => {}
                Some(MaterialSource::Shared { .. }) => found.push(misfit(
                    at.clone(),
                    format!("“{code}”由部门共享核验，无需提交。"),
                    format!("The agency looks “{code}” up itself; there is nothing to hand in."),
                )),
                None => found.push(misfit(
                    at.clone(),
                    format!("“{part}”没有材料“{code}”。"),
                    format!("“{part}” has no material “{code}”."),
                )),
            }
            if let Some(from) = planned.fed_materials.get(code) {
                found.push(misfit(
                    at,
                    format!("“{code}”由“{from}”的办理结果提供，不能再要求提交。"),
                    format!("“{code}” comes from the result of “{from}”; it is never asked for."),
                ));
            }
        }
    }
    found
}

/// The joint promise is at least the longest way through the parts: the whole is not done
/// before each of them is, where every agency takes the time it promises. And at most all of
/// them one by one, or nothing is gained by applying at once.
fn limits(plan: &Plan) -> Option<Misfit> {
    if !plan.is_whole() {
        return None;
    }
    let (path, sum) = plan.bounds()?;
    let joint = length(plan.bundle.promised);
    let (least, most) = (working_days(path), working_days(sum));
    if joint < path {
        return Some(misfit(
            "/promised",
            format!(
                "联办承诺时限不得短于按 after 依次办理所需的 {least} 个工作日。要更快，请先缩短相关指南的承诺时限。"
            ),
            format!(
                "The joint limit must not be shorter than the {least} working days of the parts that come one after the other. To be faster, shorten the promised limits of their guides first."
            ),
        ));
    }
    (joint > sum).then(|| {
        misfit(
            "/promised",
            format!("联办承诺时限不得长于各事项逐一单独办理的 {most} 个工作日。"),
            format!(
                "The joint limit must not exceed the {most} working days of all parts applied for one by one."
            ),
        )
    })
}
