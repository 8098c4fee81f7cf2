//! What a part takes from the certificate of an earlier one, because the bundle says so:
//! whether it will be there, and whether it is an answer to the field. And what it asks
//! for all the same, though it could take it.

use super::check::{Misfit, misfit, no_part};
use super::fit::unfit;
use super::plan::{Plan, Planned, feeds};
use crate::domain::guides::Field;

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
/// label as what it says, and of a kind that fits.
pub(super) fn asked_all_the_same(plan: &Plan) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (index, part) in plan.bundle.parts.iter().enumerate() {
        let Some(planned) = plan.part(&part.code).filter(|planned| plan.is_certain(planned)) else {
            continue;
        };
        for field in planned.section.fields.iter().filter(|field| planned.leaves_out(field)) {
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
