//! What a part takes from the certificate of an earlier one, because the bundle says so:
//! whether it will be there, and whether it is an answer to the field.

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
    if !feeds(part, &planned.part, &plan.graph) {
        found.push(misfit(
            format!("{at}/part"),
            format!("“{from}”不一定先于本事项办成：请在 after 中写上它，且它没有 when 或者 when 相同。"),
            format!(
                "“{from}” does not always come before this part: name it under after, and let it have no when, or the same."
            ),
        ));
    }
    // A part without a guide is told of where it is named.
    let Some(issuing) = plan.part(from) else { return found };
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
