//! What a part takes from the certificate of an earlier one, because the bundle says so:
//! whether it will be there, and whether it is an answer to the field. And what it asks
//! for all the same, though it could take it: in its own section, or of everybody at once.

use super::check::{Misfit, asks_about, misfit, no_part};
use super::fit::{unfit, word};
use super::plan::{Plan, Planned, feeds};
use super::twice;
use crate::domain::guides::{Field, Given, Requirement};

pub(super) fn taken(
    at: &str,
    (from, attribute): (&str, &str),
    own: &Field,
    planned: &Planned,
    plan: &Plan,
) -> Vec<Misfit> {
    let Some(part) = plan.bundle.part(from) else { return vec![no_part(&format!("{at}/part"), from)] };
    let mut found = Vec::new();
    if plan.graph.is_settled(planned.code()) && !feeds(part, &planned.part, &plan.graph) {
        found.push(misfit(
            format!("{at}/part"),
            format!("“{from}”不一定先于本事项办成：请在 after 中写上它，且它没有 when 或者 when 相同。"),
            format!(
                "“{from}” does not always come before this part: name it under after, and let it have no when, or the same."
            ),
        ));
    }
    // A part without a guide or with a scenario there is none of is told of where it is named.
    let Some(issuing) = plan.part(from).filter(|issuing| issuing.is_settled()) else { return found };
    let at = format!("{at}/attribute");
    match issuing.guide.stating(attribute) {
        None => {
            let all = issuing.guide.statements().join(", ");
            found.push(misfit(
                at,
                format!("“{from}”签发的证照没有载明“{attribute}”；有：{all}。部门签发时认定的，请在其指南的 determined 中写明。"),
                format!(
                    "The certificate of “{from}” does not say “{attribute}”; it says: {all}. What its agency determines stands under determined in its guide."
                ),
            ));
        }
        Some((_, kind)) => {
            if let Some(why) = unfit(&kind, &own.kind) {
                found.push(misfit(
                    at,
                    format!("“{attribute}”不一定适用于“{}”：应为{}。", own.name, why.zh),
                    format!("“{attribute}” may be no answer to “{}”, which must be {}.", own.name, why.en),
                ));
            }
        }
    }
    found
}

/// Questions of a part that the certificate of an earlier one answers: of the same name or
/// label as what it says, and of a kind that fits. One that a shared field asks already is
/// told of as that.
pub(super) fn asked_all_the_same(plan: &Plan) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (index, part) in plan.bundle.parts.iter().enumerate() {
        let Some(planned) = plan.part(&part.code).filter(|planned| plan.is_certain(planned)) else {
            continue;
        };
        let is_open = |field: &&Field| planned.leaves_out(field) && !twice::is_shared(field, plan);
        for field in planned.section.fields.iter().filter(is_open) {
            if let Some((from, attribute)) = answered_by(field, planned, plan) {
                found.push(answered(index, field, &from, &attribute));
            }
        }
    }
    found
}

fn answered(index: usize, field: &Field, from: &str, attribute: &str) -> Misfit {
    let name = &field.name;
    misfit(
        format!("/parts/{index}/facts"),
        format!(
            "“{}”由“{from}”的证照载明，不应再问：请写 {name}: {{ part: {from}, attribute: {attribute} }}，确需另问的写 {{ own: true }}。",
            field.label.zh
        ),
        format!(
            "“{}” is said by the certificate of “{from}” and not to be asked: write {name}: {{ part: {from}, attribute: {attribute} }}, or {{ own: true }} where it is another thing.",
            field.label.en
        ),
    )
}

/// The earlier part whose certificate says this, and what it calls it.
fn answered_by(field: &Field, planned: &Planned, plan: &Plan) -> Option<(String, String)> {
    let earlier = plan.parts.iter().filter(|other| feeds(&other.part, &planned.part, &plan.graph));
    let is_it = |known: &Field| {
        let is_called_so = known.name == field.name || known.label.zh == field.label.zh;
        is_called_so && unfit(&known.kind, &field.kind).is_none()
    };
    let mut answers = earlier.filter_map(|other| {
        let said = other.guide.stated().into_iter().find(&is_it)?;
        Some((other.code().to_owned(), said.name))
    });
    answers.next()
}

/// Shared questions that no part needs before the certificate of another says the answer:
/// nobody could apply until there is one. What a condition looks at, what the account of the
/// applicant fills in or an earlier part uses is known at submission, and another thing; what
/// stands under `later` keeps nobody from applying.
pub(super) fn shared_all_the_same(plan: &Plan) -> Vec<Misfit> {
    let bundle = &plan.bundle;
    let is_known = |field: &Field| {
        let name = &field.name;
        field.prefill.is_some()
            || bundle.later.contains_key(name)
            || asks_about(&bundle.form, name)
            || bundle.form.rules.iter().any(|rule| rule.when.fields().contains(name))
            || bundle.parts.iter().any(|part| part.when.iter().any(|when| when.fields().contains(name)))
    };
    let mut found = Vec::new();
    for (index, field) in bundle.form.fields.iter().enumerate() {
        let Some(users) = users(&field.name, plan) else { continue };
        if users.is_empty() || is_known(field) {
            continue;
        }
        let supplies =
            |from: &&Planned| says(from, field) && users.iter().all(|user| user.may_take(field, from, plan));
        if let Some(from) = plan.parts.iter().find(supplies) {
            found.push(said_by_then(index, field, from.code(), &users));
        }
    }
    found
}

/// A field of a part that a shared one answers.
struct User<'p> {
    planned: &'p Planned,
    own: &'p Field,
}

impl User<'_> {
    fn may_take(&self, field: &Field, from: &Planned, plan: &Plan) -> bool {
        let is_answer = |(_, kind)| unfit(&kind, &self.own.kind).is_none();
        feeds(&from.part, &self.planned.part, &plan.graph)
            && from.guide.stating(&field.name).is_some_and(is_answer)
    }
}

/// The fields the shared one answers; none where a part or a field of it is not known.
fn users<'p>(shared: &str, plan: &'p Plan) -> Option<Vec<User<'p>>> {
    let mut users = Vec::new();
    for part in &plan.bundle.parts {
        let is_it = |given: &Given| matches!(given, Given::Shared(name) if name == shared);
        for (own, _) in part.facts.iter().filter(|(_, given)| is_it(given)) {
            let planned = plan.part(&part.code).filter(|planned| planned.is_settled())?;
            users.push(User { planned, own: planned.guide.form.field(own)? });
        }
    }
    Some(users)
}

/// Whether the certificate of this part always says it, under this name. What the applicant
/// answers for that part, in a field of this name, is another question: it is asked there.
fn says(planned: &Planned, shared: &Field) -> bool {
    let is_it = |said: &Field| {
        let is_always = matches!(said.required, Requirement::Required) && said.visible_when.is_none();
        said.name == shared.name && word(&said.kind) == word(&shared.kind) && is_always
    };
    let is_asked =
        planned.guide.form.field(&shared.name).is_some() && !planned.fed.contains_key(&shared.name);
    planned.is_settled() && !is_asked && planned.guide.stated().iter().any(is_it)
}

fn said_by_then(index: usize, field: &Field, from: &str, users: &[User<'_>]) -> Misfit {
    let name = &field.name;
    let takes = |user: &User<'_>| {
        let (part, own) = (user.planned.code(), &user.own.name);
        format!("{part}: {own}: {{ part: {from}, attribute: {name} }}")
    };
    let (zh, en) = (&field.label.zh, &field.label.en);
    let all: Vec<String> = users.iter().map(takes).collect();
    misfit(
        format!("/form/fields/{index}"),
        format!(
            "“{zh}”（{name}）由“{from}”的证照载明，用到它的事项都在其后，不应再问：请从 form 中删去，在各事项的 facts 中写 {}；确为另一内容的，请给它改名。",
            all.join("；")
        ),
        format!(
            "“{en}” ({name}) is said by the certificate of “{from}”, before any part that uses it, and not to be asked: remove it from form, and write in the facts of {}; if it is another thing, give it another name.",
            all.join("; ")
        ),
    )
}
