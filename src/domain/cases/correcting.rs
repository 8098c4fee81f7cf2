//! 补正 (行政许可法 32): the agency asks once for everything that must be mended,
//! each thing with what is wrong with it; the applicant mends that and nothing else.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::case::{Case, Corrected, Correcting, Filing, Submitted};
use super::command::{AttachMaterial, CorrectCase, RequestCorrection, SaveCase};
use super::decide::{Act, Rules, act};
use super::draft::{self, invalid, unfit, with_whole_numbers};
use super::event::{By, CaseEvent, Correctable, CorrectionItem};
use super::evidence::Evidence;
use super::submitted::{self, INTAKE_LIMIT, eligible, supplied};
use crate::domain::calendar::{Standstill, Stop};
use crate::domain::guides::{
    self, Facts, FieldKind, Limit, Material, MaterialNeed, MaterialSource, Requirement,
};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// More than this is no help to an applicant (practice).
const MOST_DAYS: u16 = 60;

impl Correctable {
    /// Where it is, as problems point at it.
    pub fn pointer(&self) -> String {
        match self {
            Correctable::Field(name) => format!("/facts/{name}"),
            Correctable::Material(code) => format!("/materials/{code}"),
        }
    }
}

pub(super) fn request(
    state: &Submitted,
    rules: Rules<'_>,
    command: RequestCorrection,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    if state.filing.correction.is_some() {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "补正只能一次性告知一次，本件已经补正过。请受理或不予受理。",
            "Corrections are asked for once, and were. Accept the case or refuse it.",
        )
        .article("《中华人民共和国行政许可法》第三十二条"));
    }
    let limit = command.days.map_or_else(|| rules.guide.limits.correction(), Limit::working_days);
    let errors = wrong_request(rules, &command.items, command.days);
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    let due = rules.calendar.due(local_date(at), limit);
    Ok(vec![act(by, CaseEvent::CorrectionRequested { items: command.items, due })])
}

fn wrong_request(rules: Rules<'_>, items: &[CorrectionItem], days: Option<u16>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut error = |pointer: String, code, zh: &str, en: &str| {
        errors.push(FieldError::new(pointer, code, Text::new(zh, en)));
    };
    if items.is_empty() {
        error(
            "/items".into(),
            "required",
            "请列出需要补正的全部内容。",
            "List everything that must be mended.",
        );
    }
    if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        error("/days".into(), "out_of_range", "补正期限为 1 至 60 个工作日。", "Allow 1 to 60 working days.");
    }
    let mut seen = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let known = match &item.of {
            Correctable::Field(name) => {
                let field = rules.guide.form.fields.iter().find(|field| field.name == *name);
                field.is_some_and(|field| !matches!(field.kind, FieldKind::File { .. }))
            }
            Correctable::Material(code) => rules.guide.materials.iter().any(|m| m.code == *code),
        };
        let pointer = format!("/items/{index}");
        if is_looked_up(rules, &item.of) {
            error(
                pointer,
                "looked_up",
                "该材料由部门共享核验，申请人无法提交，请自行核查。",
                "The agency looks this up itself; the applicant cannot hand it in.",
            );
            continue;
        }
        if !known {
            error(
                pointer,
                "unknown",
                "办事指南中没有这个字段或材料。",
                "The guide has no such field or material.",
            );
        } else if !seen.insert(&item.of) {
            error(pointer, "repeated", "同一内容只列一次。", "List each thing once.");
        }
    }
    errors
}

/// Shared data that cannot be handed in, not even as a promise.
fn is_looked_up(rules: Rules<'_>, of: &Correctable) -> bool {
    let Correctable::Material(code) = of else { return false };
    let material = rules.guide.materials.iter().find(|material| material.code == *code);
    material.is_some_and(|material| {
        matches!(material.source, MaterialSource::Shared { .. }) && !material.promise_allowed
    })
}

/// Answers that were asked for; anything else stays as it was filed.
pub(super) fn mend(
    state: &Correcting,
    rules: Rules<'_>,
    command: SaveCase,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let mut facts = mended(state);
    let patch = guides::with_rows_in_full(&rules.guide.form, &facts, with_whole_numbers(command.patch));
    let patch = patch.map_err(invalid)?;
    let listed = |name: &String| asks_for(state, &Correctable::Field(name.clone()));
    let changes = patch.iter().filter(|(name, _)| listed(name));
    let follow =
        follow(state, rules, changes.map(|(name, value)| (name.clone(), value.clone())).collect(), at);
    let asked = |name: &String| listed(name) || follow.contains(name);
    let errors: Vec<FieldError> =
        patch.keys().filter(|name| !asked(name)).map(|name| not_asked(format!("/facts/{name}"))).collect();
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    facts.merge(patch.clone());
    draft::well_formed(rules.guide, &facts)?;
    Ok(vec![act(by, CaseEvent::AnswersMended { patch: in_full(patch, &facts).into() })])
}

/// The answers as they now are, where a part of one was given: what is on record is the
/// answer, so that two who mend parts of one address lose neither.
fn in_full(patch: Map<String, Value>, facts: &Facts) -> Map<String, Value> {
    let whole = |(name, value): (String, Value)| match value {
        Value::Object(_) => {
            let now = facts.get(&name).cloned().unwrap_or(Value::Null);
            (name, now)
        }
        value => (name, value),
    };
    patch.into_iter().map(whole).collect()
}

pub(super) fn supply(
    case: &Case,
    state: &Correcting,
    rules: Rules<'_>,
    command: AttachMaterial,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let follows = state.materials.contains_key(&command.material)
        || required(state, rules, at).iter().any(|material| material.code == command.material);
    if !follows && !asks_for(state, &Correctable::Material(command.material.clone())) {
        return Err(invalid(vec![not_asked(format!("/materials/{}", command.material))]));
    }
    draft::fit(case, rules, &command, by, at)?;
    Ok(vec![act(by, supplied(&command))])
}

/// Fields that the mended answers make necessary, and those answered before for that
/// reason: a true correction must not be one that cannot be handed in.
fn follow(
    state: &Correcting,
    rules: Rules<'_>,
    changes: Map<String, Value>,
    at: DateTime<Utc>,
) -> BTreeSet<String> {
    let Some(applicant) = state.filing.applicant.known() else { return BTreeSet::new() };
    let mut facts = mended(state);
    facts.merge(changes);
    let today = local_date(at);
    let facts = guides::normalise(&rules.guide.form, &facts, applicant, today);
    let lacking = guides::check_complete(rules.guide, &facts, applicant, today, rules.region_exists);
    let name = |error: FieldError| Some(error.pointer.strip_prefix("/facts/")?.split('/').next()?.to_owned());
    let answered = state.answers.known().into_iter().flat_map(|answers| answers.keys().cloned());
    lacking.into_iter().filter_map(name).chain(answered).collect()
}

/// Materials that the mended answers make necessary and that are not there.
fn required<'g>(state: &Correcting, rules: Rules<'g>, at: DateTime<Utc>) -> Vec<&'g Material> {
    let Some(applicant) = state.filing.applicant.known() else { return Vec::new() };
    let today = local_date(at);
    let facts = guides::normalise(&rules.guide.form, &mended(state), applicant, today);
    let is_there = |code: &String| {
        let filing = &state.filing;
        filing.materials.contains_key(code)
            || state.materials.contains_key(code)
            || filing.promised.contains(code)
    };
    guides::requirements(rules.guide, &facts, applicant, today)
        .into_iter()
        .filter(|need| need.required && !matches!(need.material.source, MaterialSource::Shared { .. }))
        .map(|need| need.material)
        .filter(|material| !is_there(&material.code))
        .collect()
}

fn asks_for(state: &Correcting, of: &Correctable) -> bool {
    state.notice.items.iter().any(|item| item.of == *of)
}

fn not_asked(pointer: String) -> FieldError {
    let text = Text::new(
        "补正通知没有要求修改此项，请只补正所列内容。",
        "The notice does not ask for this; mend only what it lists.",
    );
    FieldError::new(pointer, "not_asked", text)
}

/// The answers as filed, with what was mended so far.
pub fn mended(state: &Correcting) -> Facts {
    let mut facts = state.filing.facts.known().cloned().unwrap_or_default();
    if let Some(answers) = state.answers.known() {
        facts.merge(answers.clone());
    }
    facts
}

/// Hands the corrections in: everything asked for must be there and right.
pub(super) fn correct(
    case: &Case,
    state: &Correcting,
    rules: Rules<'_>,
    command: CorrectCase,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let Some(applicant) = state.filing.applicant.known() else { return Ok(Vec::new()) };
    let today = local_date(at);
    let facts = guides::normalise(&rules.guide.form, &mended(state), applicant, today);
    let mut errors = missing(state, &guides::requirements(rules.guide, &facts, applicant, today));
    errors.extend(guides::check_complete(rules.guide, &facts, applicant, today, rules.region_exists));
    errors.extend(unfit_materials(case, state, rules, &command, at));
    let mut acts = Vec::new();
    for material in required(state, rules, at) {
        // A certificate the applicant holds is not asked for.
        match submitted::held(case, material, &command.certificates, at) {
            Some((evidence, known)) => {
                let (material, certificate) = (material.code.clone(), Some(known.clone()));
                acts.push(act(by, supplied(&AttachMaterial { material, evidence, certificate })));
            }
            None => errors.push(submitted::missing(material)),
        }
    }
    errors.dedup_by(|a, b| a.pointer == b.pointer);
    if !errors.is_empty() {
        return Err(invalid(errors));
    }
    // Whether he may have it is judged by the day he filed: what the correction took is not
    // to make anybody too old.
    eligible(rules, &facts, applicant, local_date(state.filing.at))?;
    let stop = Stop { from: local_date(state.notice.at), until: today, why: Standstill::Correction };
    let intake = rules.calendar.add_around(local_date(state.filing.at), INTAKE_LIMIT, &[stop], 0);
    let mut prefilled = state.filing.prefilled.clone();
    let before = state.filing.facts.known();
    prefilled.retain(|field, _| before.is_some_and(|before| before.get(field) == facts.get(field)));
    acts.push(act(by, CaseEvent::Corrected { facts: facts.into(), intake_due: intake.due, prefilled }));
    Ok(acts)
}

/// What was asked for and is not there. A material that the mended answers made needless
/// is not missing.
fn missing(state: &Correcting, needs: &[MaterialNeed<'_>]) -> Vec<FieldError> {
    let answers = state.answers.known();
    let is_mended = |name: &String| answers.is_some_and(|answers| answers.contains_key(name));
    let is_needless = |need: &MaterialNeed<'_>| match &need.material.required {
        Requirement::When(rule) => !need.required && rule.fields().iter().any(is_mended),
        Requirement::Required | Requirement::Optional => false,
    };
    let there = |of: &Correctable| match of {
        Correctable::Field(name) => is_mended(name),
        Correctable::Material(code) => {
            let need = needs.iter().find(|need| need.material.code == *code);
            state.materials.contains_key(code) || need.is_some_and(is_needless)
        }
    };
    let text = Text::new("补正通知要求此项，请补正后再提交。", "The notice asks for this; mend it first.");
    let missing = state.notice.items.iter().filter(|item| !there(&item.of));
    missing.map(|item| FieldError::new(item.of.pointer(), "not_mended", text.clone())).collect()
}

/// A certificate may have been revoked between being attached and handed in.
fn unfit_materials(
    case: &Case,
    state: &Correcting,
    rules: Rules<'_>,
    command: &CorrectCase,
    at: DateTime<Utc>,
) -> Vec<FieldError> {
    let supplied = state.materials.iter().filter_map(|(code, evidence)| Some((code, evidence.known()?)));
    supplied
        .filter_map(|(code, evidence)| {
            let material = rules.guide.materials.iter().find(|material| material.code == *code)?;
            let certificate = match evidence {
                Evidence::Certificate { certificate } => {
                    command.certificates.iter().find(|known| known.id == *certificate)
                }
                Evidence::File { .. } | Evidence::Promise => None,
            };
            unfit(material, evidence, certificate, case.opened.party, at)
        })
        .collect()
}

/// What was filed, with the materials that were handed in for the correction in their place.
pub(super) fn corrected(state: Correcting, at: DateTime<Utc>) -> Filing {
    let Correcting { mut filing, notice, materials, .. } = state;
    for (code, evidence) in materials {
        filing.promised.remove(&code);
        filing.later.insert(code.clone(), local_date(at));
        filing.materials.insert(code, evidence);
    }
    filing.correction = Some(Corrected { notice, at });
    filing
}
