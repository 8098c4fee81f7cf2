//! Submission (提交) and what may follow it: acceptance (受理), refusal to accept
//! (不予受理), withdrawal (撤回), and acceptance by silence (视为受理).

use chrono::{DateTime, NaiveDate, Utc};

use super::case::{Case, Draft, Grounds, Submitted};
use super::command::{GiveGrounds, SubmitCase, WithdrawCase};
use super::decide::{Act, Rules, act};
use super::draft::{invalid, unfit};
use super::event::{AcceptanceBasis, By, CaseEvent, Evidence};
use super::{decided, letters};
use crate::domain::guides::{self, Applicant, Facts, Handling, MaterialSource};
use crate::domain::guides::{DayUnit, Limit};
use crate::domain::private::Private;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::{end_of_local_day, local_date};

/// 行政许可法 32: silence for five working days is acceptance.
pub const INTAKE_LIMIT: Limit = Limit { days: 5, unit: DayUnit::WorkingDay };

pub(super) fn submit(
    case: &Case,
    draft: &Draft,
    rules: Rules<'_>,
    command: SubmitCase,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    known_well_enough(&command, rules)?;
    let today = local_date(at);
    let guide = rules.guide;
    let answers = draft.facts.known().cloned().unwrap_or_default();
    let facts = guides::normalise(&guide.form, &answers, &command.applicant, today);
    let mut errors = guides::check_complete(guide, &facts, &command.applicant, today, rules.region_exists);
    let attached = gather_materials(case, draft, rules, &command, &facts, at, &mut errors);
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    eligible(rules, &facts, &command.applicant, today)?;

    let decidable = system_may_decide(rules, draft, &facts, &command.applicant, today);
    let mut acts: Vec<Act> = attached.into_iter().map(|event| act(by, event)).collect();
    acts.push(act(
        by,
        CaseEvent::Submitted {
            case_no: command.case_no.clone(),
            guide_version: rules.guide_version,
            facts: facts.into(),
            applicant: command.applicant.into(),
            intake_due: rules.calendar.due(today, INTAKE_LIMIT),
        },
    ));
    if decidable {
        acts.extend(decided::by_the_system(rules, &command.case_no, at)?);
    }
    Ok(acts)
}

fn known_well_enough(command: &SubmitCase, rules: Rules<'_>) -> Result<(), Refusal> {
    let needed = rules.guide.identity;
    if command.applicant.ial >= needed.ial && command.aal >= needed.aal {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalCode::InsufficientIdentity,
        format!(
            "本事项要求实名等级 {}、登录等级 {}。请先完成实名核验或二次登录，再提交。",
            needed.ial, needed.aal
        ),
        format!(
            "This guide asks for identity level {} and sign-in level {}. Prove your identity or sign in again, then submit.",
            needed.ial, needed.aal
        ),
    ))
}

/// Checks every required material; takes from the register whatever certificate
/// the applicant holds already, so that nothing is asked for twice.
fn gather_materials(
    case: &Case,
    draft: &Draft,
    rules: Rules<'_>,
    command: &SubmitCase,
    facts: &Facts,
    at: DateTime<Utc>,
    errors: &mut Vec<FieldError>,
) -> Vec<CaseEvent> {
    let mut attached = Vec::new();
    for need in guides::requirements(rules.guide, facts, &command.applicant, local_date(at)) {
        let material = need.material;
        if let Some(evidence) = draft.materials.get(&material.code).and_then(Private::known) {
            let certificate = match evidence {
                Evidence::Certificate { certificate } => {
                    command.certificates.iter().find(|known| known.id == *certificate)
                }
                Evidence::File { .. } | Evidence::Promise => None,
            };
            errors.extend(unfit(material, evidence, certificate, case.opened.party, at));
            continue;
        }
        let held = command.certificates.iter().find_map(|known| {
            let evidence = Evidence::Certificate { certificate: known.id.clone() };
            unfit(material, &evidence, Some(known), case.opened.party, at).is_none().then_some(evidence)
        });
        match (held, &material.source) {
            (Some(evidence), _) => attached.push(CaseEvent::MaterialAttached {
                material: material.code.clone(),
                evidence: evidence.into(),
                expires_at: draft.expires_at,
            }),
            (None, MaterialSource::Shared { .. }) => {}
            (None, MaterialSource::Own | MaterialSource::Certificate { .. }) if need.required => {
                errors.push(missing(&material.code, &material.name));
            }
            (None, MaterialSource::Own | MaterialSource::Certificate { .. }) => {}
        }
    }
    attached
}

fn missing(code: &str, name: &Text) -> FieldError {
    FieldError::new(
        format!("/materials/{code}"),
        "required",
        Text::new(format!("请提交“{}”。", name.zh), format!("Please hand in “{}”.", name.en)),
    )
}

fn eligible(rules: Rules<'_>, facts: &Facts, applicant: &Applicant, today: NaiveDate) -> Result<(), Refusal> {
    let unmet = guides::unmet_conditions(rules.guide, facts, applicant, today);
    if unmet.is_empty() {
        return Ok(());
    }
    let errors = unmet
        .iter()
        .map(|condition| {
            let pointer = format!("/conditions/{}", condition.code);
            FieldError::new(pointer, "not_met", condition.text.clone())
        })
        .collect();
    Err(Refusal::new(
        RefusalCode::NotEligible,
        "申请人不符合下列办理条件。如信息有误，请先更正身份或填报信息。",
        "The applicant does not meet the conditions listed. If something recorded is wrong, correct it first.",
    )
    .errors(errors))
}

/// Instant items (即办件) and items with an automatic rule are decided at once
/// when nothing rests on an unverified document and the rule says yes. In every
/// other case an officer decides: a machine never denies.
fn system_may_decide(
    rules: Rules<'_>,
    draft: &Draft,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
) -> bool {
    let verified_evidence = draft
        .materials
        .values()
        .all(|evidence| matches!(evidence.known(), Some(Evidence::Certificate { .. })));
    match (&rules.guide.automatic, rules.guide.handling) {
        (Some(rule), _) => {
            verified_evidence
                && rule.verified.iter().all(|attribute| applicant.verified.contains(attribute))
                && guides::holds(&rule.approve_when, facts, applicant, today)
        }
        (None, Handling::Instant) => verified_evidence,
        (None, Handling::Promised) => false,
    }
}

pub(super) fn accept(rules: Rules<'_>, by: &By, at: DateTime<Utc>) -> Result<Vec<Act>, Refusal> {
    Ok(vec![act(by, accepted(rules, AcceptanceBasis::Officer, at))])
}

pub(super) fn accepted(rules: Rules<'_>, basis: AcceptanceBasis, at: DateTime<Utc>) -> CaseEvent {
    let today = local_date(at);
    CaseEvent::Accepted {
        promised_due: rules.calendar.due(today, rules.guide.limits.promised),
        legal_due: rules.calendar.due(today, rules.guide.limits.legal),
        basis,
    }
}

pub(super) fn refuse(command: GiveGrounds, by: &By) -> Result<Vec<Act>, Refusal> {
    Ok(vec![act(by, CaseEvent::Refused { grounds: grounds(command)? })])
}

/// A "no" without reason and article is unlawful (行政许可法 38).
pub(super) fn grounds(command: GiveGrounds) -> Result<Grounds, Refusal> {
    let mut errors = Vec::new();
    for (pointer, value) in [("/reason", &command.reason), ("/article", &command.article)] {
        if value.trim().is_empty() {
            errors.push(FieldError::new(
                pointer,
                "required",
                Text::new(
                    "作出不利决定必须书面说明理由和法律依据。",
                    "An adverse decision must state its reason and its legal article in writing.",
                ),
            ));
        }
    }
    if !errors.is_empty() {
        return Err(invalid(errors).article("《中华人民共和国行政许可法》第三十八条"));
    }
    Ok(Grounds {
        reason: command.reason.trim().to_owned().into(),
        article: command.article.trim().to_owned(),
        remedy: command.remedy.unwrap_or_else(letters::statutory_remedy),
    })
}

pub(super) fn withdraw(command: WithdrawCase, by: &By) -> Result<Vec<Act>, Refusal> {
    Ok(vec![act(by, CaseEvent::Withdrawn { reason: command.reason.into() })])
}

pub(super) fn tick(state: &Submitted, rules: Rules<'_>, at: DateTime<Utc>) -> Result<Vec<Act>, Refusal> {
    if at < end_of_local_day(state.intake_due) {
        return Ok(Vec::new());
    }
    // Acceptance by silence counts from the day the filing was received.
    Ok(vec![act(&By::System, accepted(rules, AcceptanceBasis::Deemed, state.filing.at))])
}
