//! 脱敏查看: one masked value of a case in the clear, for an officer who handles it.
//!
//! What always holds: who looked, at what and why is on record before he sees it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

use super::scope;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit_on_case;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::Case;
use crate::domain::guides::{Field, FieldKind, Form};
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::store::Changes;

/// How many values one officer may look at in an hour.
const MOST_AN_HOUR: i64 = 30;

const SHORTEST_REASON: usize = 4;
const LONGEST_REASON: usize = 200;

/// Shows one value. `field` is a JSON pointer into the case as it is shown:
/// `/applicant/id_number`, `/facts/site_manager_mobile`.
///
/// # Errors
/// `Invalid` with everything wrong at once; `TooMany` after too many in an hour.
pub async fn unmask(ctx: &Ctx, caller: &Caller, id: Uuid, field: &str, reason: &str) -> AppResult<String> {
    let stored = ctx.store.find_case(id).await?.ok_or(AppError::NotFound)?;
    let case = &stored.case;
    permit_on_case(ctx, caller, Operation::UnmaskCase, Target::Case(scope(&stored)), id).await?;
    let at = ctx.clock.now();
    let account = caller.actor.account;
    let hour_ago = at - TimeDelta::hours(1);
    if ctx.store.count_audit(account, AuditAction::Unmasked, hour_ago).await? >= MOST_AN_HOUR {
        return Err(AppError::TooMany { retry_after_seconds: 600 });
    }
    let guide = ctx.catalogue.version(case.place().guide.as_str(), case.guide_version()).await?;
    let guide = guide.ok_or_else(|| AppError::Internal(format!("the guide of case {id} is gone")))?;
    let mut masked = masked_values(case, &guide.for_case(case).form);
    let mut errors = Vec::new();
    let found = masked.iter().position(|(pointer, _)| pointer == field);
    if found.is_none() {
        errors.push(no_such_field(&masked));
    }
    errors.extend(check_reason(reason));
    let value = match found {
        Some(index) if errors.is_empty() => masked.swap_remove(index).1,
        Some(_) | None => return Err(AppError::Invalid(errors)),
    };
    let entry = caller
        .entry(at, AuditAction::Unmasked, Outcome::Succeeded)
        .on(id)
        .with(json!({ "field": field, "reason": reason.trim() }));
    let mut changes = Changes::new();
    changes.audit(&entry);
    ctx.store.commit(changes).await?;
    Ok(value)
}

/// What of a case staff see masked, by its pointer.
fn masked_values(case: &Case, form: &Form) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(applicant) = case.state.filing().and_then(|filing| filing.applicant.known()) {
        found.push(("/applicant/name".to_owned(), applicant.name.clone()));
        let number = applicant.id_number.as_ref().map(|number| number.expose().to_owned());
        found.extend(number.map(|number| ("/applicant/id_number".to_owned(), number)));
        let mobile = applicant.mobile.as_ref().map(|mobile| mobile.as_str().to_owned());
        found.extend(mobile.map(|mobile| ("/applicant/mobile".to_owned(), mobile)));
    }
    let facts = case.state.facts().and_then(|facts| facts.known());
    let facts = facts.into_iter().flat_map(|facts| facts.iter());
    found.extend(facts.flat_map(|(name, value)| masked_answers(&form.fields, "/facts", name, value)));
    found
}

/// The masked numbers in one answer; a row of a group may hold some too.
fn masked_answers(fields: &[Field], above: &str, name: &str, value: &Value) -> Vec<(String, String)> {
    let pointer = format!("{above}/{name}");
    match (fields.iter().find(|field| field.name == *name).map(|field| &field.kind), value) {
        (Some(FieldKind::ResidentId | FieldKind::Mobile), Value::String(text)) => {
            vec![(pointer, text.clone())]
        }
        (Some(FieldKind::Group { fields, .. }), Value::Array(rows)) => {
            let cells = rows.iter().enumerate().flat_map(|(index, row)| {
                let members = row.as_object().into_iter().flatten();
                members.map(move |(name, value)| (index, name, value))
            });
            cells
                .flat_map(|(index, name, value)| {
                    masked_answers(fields, &format!("{pointer}/{index}"), name, value)
                })
                .collect()
        }
        (_, _) => Vec::new(),
    }
}

fn no_such_field(masked: &[(String, String)]) -> FieldError {
    let known: Vec<&str> = masked.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let known = known.join(", ");
    let words = Text::new(
        format!("该办件没有这个脱敏字段。可查看：{known}。"),
        format!("The case has no such masked value. There are: {known}."),
    );
    FieldError::new("/field", "unknown", words)
}

/// A reason is kept for good, so it names nobody.
fn check_reason(reason: &str) -> Option<FieldError> {
    let reason = reason.trim();
    let length = reason.chars().count();
    let digits = reason.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let (code, zh, en) = if !(SHORTEST_REASON..=LONGEST_REASON).contains(&length) {
        ("out_of_range", "请写明查看理由，4 至 200 个字符。", "Give the reason, in 4 to 200 characters.")
    } else if reason.chars().any(char::is_control) {
        ("invalid", "理由不能含控制字符。", "A reason has no control characters.")
    } else if digits >= 11 {
        (
            "names_somebody",
            "理由将长期留存，请勿写入证件号码或手机号码。",
            "The reason is kept for good; leave numbers of people out of it.",
        )
    } else {
        return None;
    };
    Some(FieldError::new("/reason", code, Text::new(zh, en)))
}
