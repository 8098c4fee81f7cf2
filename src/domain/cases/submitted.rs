//! Submission (提交) and what may follow it: acceptance (受理), also with materials
//! deferred (容缺受理), refusal to accept (不予受理) and transfer (转报).

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::case::{Accepted, Case, Draft, Grounds, Place, Submitted};
use super::command::{
    AcceptDeferred, AttachMaterial, GiveGrounds, KnownCertificate, SubmitCase, TransferCase, TransferTarget,
};
use super::decide::{Act, Rules, act};
use super::draft::{self, invalid, unfit};
use super::event::{AcceptanceBasis, By, CaseEvent};
use super::evidence::Evidence;
use super::{attention, decided, letters, opinions};
use crate::domain::guides::{
    self, Applicant, Condition, Facts, Material, MaterialNeed, MaterialSource, Requirement,
};
use crate::domain::guides::{DayUnit, Limit};
use crate::domain::private::Private;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

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
    let today = local_date(at);
    let guide = rules.guide;
    let answers = draft.facts.known().cloned().unwrap_or_default();
    let facts = guides::normalise(&guide.form, &answers, &command.applicant, today);
    let whom = guides::Whom::Known(&command.applicant);
    let answers = guides::normalise_in_place(&guide.form, &answers, whom, today);
    let mut errors = guides::check_complete(guide, &answers, &command.applicant, today, rules.region_exists);
    errors.extend(command.at_the_door.iter().cloned());
    let needs = guides::requirements(guide, &facts, &command.applicant, today);
    let needless = needless(draft, &needs);
    let attached = gather_materials(case, draft, &needs, &command, at, &mut errors);
    let (mut promised, not_deferrable) = promised(draft, &needs, &command);
    errors.extend(not_deferrable);
    promised.retain(|code| !attached.iter().any(|event| attaches(event, code)));
    in_order(&command, rules, &facts, errors, today)?;

    let mut kept = draft.materials.iter().filter(|(code, _)| !needless.contains(*code));
    let are_certificates = kept.all(|(_, evidence)| is_certificate(evidence));
    let decidable = promised.is_empty()
        && guides::system_may_decide(guide, &facts, &command.applicant, today, are_certificates);
    let taken_away = |material| CaseEvent::MaterialRemoved { material, expires_at: draft.expires_at };
    let materials = needless.into_iter().map(taken_away).chain(attached);
    let mut acts: Vec<Act> = materials.map(|event| act(by, event)).collect();
    let mut prefilled = draft.prefilled.clone();
    prefilled.retain(|field, _| facts.contains(field));
    acts.push(act(
        by,
        CaseEvent::Submitted {
            prefilled,
            case_no: command.case_no.clone(),
            guide_version: rules.guide_version,
            facts: facts.into(),
            applicant: command.applicant.into(),
            intake_due: rules.calendar.due(today, INTAKE_LIMIT),
            promised,
        },
    ));
    if decidable {
        acts.extend(decided::by_the_system(rules, &command.case_no, at)?);
    }
    Ok(acts)
}

fn is_certificate(evidence: &Private<Evidence>) -> bool {
    matches!(evidence.known(), Some(Evidence::Certificate { .. }))
}

fn attaches(event: &CaseEvent, code: &str) -> bool {
    matches!(event, CaseEvent::MaterialAttached { material, .. } if material == code)
}

/// Tells everything that stands against a submission at once: what is wrong or missing,
/// the conditions that are not met for all that is known, and that the applicant must be
/// known better.
fn in_order(
    command: &SubmitCase,
    rules: Rules<'_>,
    facts: &Facts,
    mut errors: Vec<FieldError>,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let identity = known_too_little(command, rules);
    if errors.is_empty() && identity.is_none() {
        return eligible(rules, facts, &command.applicant, today);
    }
    let unmet = guides::surely_unmet(rules.guide, facts, &errors, &command.applicant, today);
    errors.extend(unmet.into_iter().map(not_met));
    Err(match identity {
        Some(refusal) => refusal.errors(errors),
        None => invalid(errors),
    })
}

fn known_too_little(command: &SubmitCase, rules: Rules<'_>) -> Option<Refusal> {
    let needed = rules.guide.identity;
    if command.applicant.ial >= needed.ial && command.aal >= needed.aal {
        return None;
    }
    Some(Refusal::new(
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

/// What lies in the draft and nobody asks for: answers given since have made it needless,
/// as they hide a field, or the guide has no such material any more. It is not filed.
fn needless(draft: &Draft, needs: &[MaterialNeed<'_>]) -> BTreeSet<String> {
    let is_kept = |code: &String| needs.iter().any(|need| need.material.code == *code && is_asked(need));
    draft.materials.keys().filter(|code| !is_kept(code)).cloned().collect()
}

/// It is needed, or may be handed in.
fn is_asked(need: &MaterialNeed<'_>) -> bool {
    need.required || need.material.required == Requirement::Optional
}

/// Checks every material that is asked for; takes from the register whatever certificate
/// the applicant holds already and needs, so that nothing is asked for twice. What is not
/// needed is left where it is.
fn gather_materials(
    case: &Case,
    draft: &Draft,
    needs: &[MaterialNeed<'_>],
    command: &SubmitCase,
    at: DateTime<Utc>,
    errors: &mut Vec<FieldError>,
) -> Vec<CaseEvent> {
    let mut attached = Vec::new();
    for need in needs.iter().filter(|need| is_asked(need)) {
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
        if !need.required {
            continue;
        }
        match (held(case, material, &command.certificates, at), &material.source) {
            (Some((evidence, _)), _) => attached.push(CaseEvent::MaterialAttached {
                material: material.code.clone(),
                evidence: evidence.into(),
                expires_at: draft.expires_at,
            }),
            (None, MaterialSource::Shared { .. }) => {}
            (None, MaterialSource::Own | MaterialSource::Certificate { .. }) => {
                if !(material.deferrable && command.promised.contains(&material.code)) {
                    errors.push(missing(material));
                }
            }
        }
    }
    attached
}

/// A certificate the applicant holds that will do for a material.
pub(super) fn held<'c>(
    case: &Case,
    material: &Material,
    certificates: &'c [KnownCertificate],
    at: DateTime<Utc>,
) -> Option<(Evidence, &'c KnownCertificate)> {
    certificates.iter().find_map(|known| {
        let evidence = Evidence::Certificate { certificate: known.id.clone() };
        let is_fit = unfit(material, &evidence, Some(known), case.opened.party, at).is_none();
        is_fit.then_some((evidence, known))
    })
}

pub(super) fn missing(material: &Material) -> FieldError {
    let Text { zh, en } = &material.name;
    let text = match material.deferrable {
        false => Text::new(format!("请提交“{zh}”。"), format!("Please hand in “{en}”.")),
        true => Text::new(
            format!("请提交“{zh}”，或在提交时承诺日后补交（容缺）。"),
            format!("Please hand in “{en}”, or promise it for later when you submit."),
        ),
    };
    FieldError::new(format!("/materials/{}", material.code), "required", text)
}

/// Only what the guide lets wait can be promised, and only what is needed and not there.
fn promised(
    draft: &Draft,
    needs: &[MaterialNeed<'_>],
    command: &SubmitCase,
) -> (BTreeSet<String>, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut kept = BTreeSet::new();
    for code in &command.promised {
        match needs.iter().find(|need| need.material.code == *code) {
            Some(need) if need.material.deferrable => {
                if need.required && !draft.materials.contains_key(code) {
                    kept.insert(code.clone());
                }
            }
            Some(_) | None => errors.push(FieldError::new(
                format!("/materials/{code}"),
                "not_deferrable",
                Text::new("该材料不能容缺，请提交。", "This material cannot wait; hand it in."),
            )),
        }
    }
    (kept, errors)
}

pub(super) fn eligible(
    rules: Rules<'_>,
    facts: &Facts,
    applicant: &Applicant,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let unmet = guides::unmet_conditions(rules.guide, facts, applicant, today);
    if unmet.is_empty() {
        return Ok(());
    }
    let errors = unmet.into_iter().map(not_met).collect();
    Err(Refusal::new(
        RefusalCode::NotEligible,
        "申请人不符合下列办理条件。如信息有误，请先更正身份或填报信息。",
        "The applicant does not meet the conditions listed. If something recorded is wrong, correct it first.",
    )
    .errors(errors))
}

fn not_met(condition: &Condition) -> FieldError {
    FieldError::new(format!("/conditions/{}", condition.code), "not_met", condition.text.clone())
}

pub(super) fn accept(
    state: &Submitted,
    rules: Rules<'_>,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    if !state.filing.promised.is_empty() {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "申请人承诺补交容缺材料，请用“容缺受理”并约定补交日期，或要求补正。",
            "The applicant promised materials for later: accept with materials deferred and set their day, or ask for corrections.",
        ));
    }
    Ok(acceptance(rules, AcceptanceBasis::Officer, None, by, (at, at)))
}

/// 容缺受理: accepted although materials the guide lets wait are still owed.
pub(super) fn accept_deferred(
    state: &Submitted,
    rules: Rules<'_>,
    command: AcceptDeferred,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    if state.filing.promised.is_empty() {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "本件没有容缺材料，请直接受理。",
            "Nothing is promised for later in this case; accept it as usual.",
        ));
    }
    let today = local_date(at);
    let promised_due = rules.calendar.due(today, rules.guide.limits.promised);
    let due = command.due.unwrap_or(promised_due);
    if due < today || due > promised_due {
        let text = Text::new(
            format!("补交日期应在今天至承诺办结日（{promised_due}）之间。"),
            format!("The day must lie between today and the promised limit ({promised_due})."),
        );
        return Err(invalid(vec![FieldError::new("/due", "out_of_range", text)]));
    }
    Ok(acceptance(rules, AcceptanceBasis::Officer, Some(due), by, (at, at)))
}

/// The acceptance, and what follows at once: the opinions the first step needs.
/// The limits run from `counted_from`, which for silence lies before `at`.
pub(super) fn acceptance(
    rules: Rules<'_>,
    basis: AcceptanceBasis,
    deferred_until: Option<NaiveDate>,
    by: &By,
    (counted_from, at): (DateTime<Utc>, DateTime<Utc>),
) -> Vec<Act> {
    let start = local_date(counted_from);
    let limits = rules.guide.limits;
    let accepted = CaseEvent::Accepted {
        promised_due: rules.calendar.due(start, limits.promised),
        legal_due: rules.calendar.due(start, limits.legal),
        basis,
        deferred_until,
    };
    let mut acts = vec![act(by, accepted)];
    acts.extend(opinions::asked(rules, rules.guide.flow.first(), at).map(|event| act(by, event)));
    acts
}

/// A material that was promised for later.
pub(super) fn supply(
    case: &Case,
    state: &Accepted,
    rules: Rules<'_>,
    command: AttachMaterial,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let owed = state.deferral.as_ref().is_some_and(|deferral| deferral.owed.contains(&command.material));
    if !owed {
        let text = Text::new(
            "受理后只能补交容缺材料，本材料不在其中。",
            "After acceptance only materials promised for later can be handed in; this is none of them.",
        );
        let pointer = format!("/materials/{}", command.material);
        return Err(invalid(vec![FieldError::new(pointer, "not_asked", text)]));
    }
    draft::fit(case, rules, &command, by, at)?;
    Ok(vec![act(by, supplied(&command))])
}

pub(super) fn supplied(command: &AttachMaterial) -> CaseEvent {
    CaseEvent::MaterialSupplied {
        material: command.material.clone(),
        evidence: command.evidence.clone().into(),
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
    if let Some(Text { zh, en }) = &command.remedy
        && (zh.trim().is_empty() || en.trim().is_empty())
    {
        let text = Text::new(
            "请用中文和英文写明救济途径；不填写则采用法定的告知。",
            "Say in Chinese and in English where to complain; left out, it is what the law provides.",
        );
        errors.push(FieldError::new("/remedy", "required", text));
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

/// 转报: not this agency's competence. To another agency on the portal it goes
/// with its number and its time of receipt; to one outside it leaves the portal.
pub(super) fn transfer(case: &Case, command: TransferCase, by: &By) -> Result<Vec<Act>, Refusal> {
    let reason = attention::said("/reason", &command.reason)?;
    let (guide, version, agency_name) = match command.to {
        TransferTarget::Outside { agency } => {
            let to = agency.trim().to_owned();
            attention::said("/agency_name", &to)?;
            return Ok(vec![act(by, CaseEvent::TransferredOut { to, reason })]);
        }
        TransferTarget::Guide { guide, version, agency_name } => (guide, version, agency_name),
    };
    let wrong = |zh: &str, en: &str| {
        Err(invalid(vec![FieldError::new("/guide_code", "not_fitting", Text::new(zh, en))]))
    };
    let from = case.place();
    if guide.agency == from.agency {
        return wrong("该事项由本机关办理，无需转报。", "That guide is handled by the same agency.");
    }
    if guide.code.basic_code() != from.guide.basic_code() {
        return wrong(
            "只能转给同一事项的其他实施机构。",
            "A case can be transferred only to another agency's guide of the same item.",
        );
    }
    if guide.in_scenario(case.opened.scenario.as_deref()).is_err() {
        return wrong("对方的办事指南没有这个情形。", "That guide does not have this scenario.");
    }
    let to = Place { guide: guide.code.clone(), agency: guide.agency.clone(), region: guide.region.clone() };
    let item_name = Some(guide.item.name.clone());
    // What the other guide does not ask for nobody could hand in; what it does not let wait
    // its agency asks for as a correction.
    let there = guide.handled_as(case.opened.scenario.as_deref());
    let may_wait = |code: &&String| there.materials.iter().any(|m| m.code == **code && m.deferrable);
    let promised = case.state.filing().into_iter().flat_map(|filing| &filing.promised);
    let promised = promised.filter(may_wait).cloned().collect();
    let passed_on =
        CaseEvent::Transferred { to, guide_version: version, agency_name, item_name, promised, reason };
    Ok(vec![act(by, passed_on)])
}
