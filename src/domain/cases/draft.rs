//! Commands on a draft (暂存): open, save, attach, remove, and what fits a material.
//! Nothing is required yet; what is there must already be well-formed.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::case::{Case, Draft, Opening, Place};
use super::command::{AttachMaterial, KnownCertificate, OpenCase, RemoveMaterial, SaveCase};
use super::decide::{Act, Rules, act, draft_expiry};
use super::event::{By, CaseEvent};
use super::evidence::{Evidence, Standing};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::guides::{self, Facts, Guide, Material, MaterialSource, Trust};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

pub(super) fn open(command: OpenCase, rules: Rules<'_>, by: By, at: DateTime<Utc>) -> Result<Act, Refusal> {
    // In every scenario it is for the same: whom it is not for is asked for none.
    if !command.in_bundle
        && let Some(Text { zh, en }) = rules.guide.not_for(command.applicant.kind)
    {
        return Err(Refusal::new(RefusalCode::NotEligible, zh, en));
    }
    let guide = rules.guide.in_scenario(command.scenario.as_deref()).map_err(|error| invalid(vec![error]))?;
    let guides::Prefilled { mut facts, from: mut prefilled } =
        guides::prefill_from(&guide.form, &command.sources, &command.applicant, &command.certificates, at);
    let mut given = guides::tidy_patch(&guide.form, with_whole_numbers(command.facts.into_map()));
    given.retain(|field, answer| {
        !answer.is_null() && (!command.sources.contains_key(field) || !facts.contains(field))
    });
    prefilled.retain(|field, _| !given.contains_key(field));
    facts.merge(given);
    well_formed(guide, &facts)?;
    let place =
        Place { guide: guide.code.clone(), agency: guide.agency.clone(), region: guide.region.clone() };
    let opening = Opening {
        at,
        place,
        guide_version: rules.guide_version,
        scenario: command.scenario,
        party: command.party,
        by: by.clone(),
    };
    Ok(Act {
        by,
        event: CaseEvent::Opened { opening, facts: facts.into(), prefilled, expires_at: draft_expiry(at) },
    })
}

/// The guide a draft is filled in and handed in by: the one in force, in the scenario the
/// draft was opened in. A later version may have no such scenario, and none but the
/// applicant can say which of the others is his.
pub fn handed_in_by<'g>(case: &Case, guide: &'g Guide) -> Result<&'g Guide, Refusal> {
    guide.in_scenario(case.opened.scenario.as_deref()).map_err(|error| {
        Refusal::new(
            RefusalCode::ValidationFailed,
            "办事指南已更新，不再有这份草稿所选的情形。请按现行情形重新申请；草稿中的内容在其过期前仍可查看。",
            "The guide has changed and no longer has the scenario this draft was opened in. Open a new application in one of its present scenarios; what the draft says can be read until it expires.",
        )
        .errors(vec![error])
    })
}

pub(super) fn save(
    draft: &Draft,
    rules: Rules<'_>,
    command: SaveCase,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    let mut facts = draft.facts.known().cloned().unwrap_or_default();
    let patch = guides::with_rows_in_full(&rules.guide.form, &facts, with_whole_numbers(command.patch));
    let patch = guides::tidy_patch(&rules.guide.form, patch.map_err(invalid)?);
    facts.merge(patch.clone());
    well_formed(rules.guide, &facts)?;
    Ok(vec![act(by, CaseEvent::FactsSaved { patch: patch.into(), expires_at: draft_expiry(at) })])
}

/// 2.0 is 2: the form takes it for a whole number, and the history, which has
/// no canonical form for fractions, must be able to record it.
pub(super) fn with_whole_numbers(patch: Map<String, Value>) -> Map<String, Value> {
    fn whole(value: Value) -> Value {
        match value {
            Value::Number(number) if number.as_i64().is_none() => {
                let same = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() <= MAX_WHOLE as f64);
                same.map_or(Value::Number(number), |n| Value::from(n as i64))
            }
            Value::Array(items) => items.into_iter().map(whole).collect(),
            Value::Object(members) => Value::Object(with_whole_numbers(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
        }
    }
    patch.into_iter().map(|(name, value)| (name, whole(value))).collect()
}

pub(super) fn attach(
    case: &Case,
    rules: Rules<'_>,
    command: AttachMaterial,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    fit(case, rules, &command, by, at)?;
    Ok(vec![act(
        by,
        CaseEvent::MaterialAttached {
            material: command.material,
            evidence: command.evidence.into(),
            expires_at: draft_expiry(at),
        },
    )])
}

/// Whether the evidence can stand for the material, from whoever hands it in.
pub(super) fn fit(
    case: &Case,
    rules: Rules<'_>,
    command: &AttachMaterial,
    by: &By,
    at: DateTime<Utc>,
) -> Result<(), Refusal> {
    let material = find_material(rules.guide, &command.material)?;
    only_the_counter_sees_originals(&command.material, &command.evidence, by)?;
    match unfit(material, &command.evidence, command.certificate.as_ref(), case.opened.party, at) {
        None => Ok(()),
        Some(error) => Err(invalid(vec![error])),
    }
}

/// Nobody vouches for his own original.
pub fn only_the_counter_sees_originals(material: &str, evidence: &Evidence, by: &By) -> Result<(), Refusal> {
    let claimed = matches!(evidence, Evidence::File { standing: Standing::OriginalSeen, .. });
    match by {
        By::Assistant { .. } | By::Officer { .. } => Ok(()),
        By::Applicant { .. } | By::Agent { .. } | By::System if !claimed => Ok(()),
        By::Applicant { .. } | By::Agent { .. } | By::System => {
            Err(invalid(vec![original_not_seen(material)]))
        }
    }
}

pub fn original_not_seen(material: &str) -> FieldError {
    FieldError::new(
        format!("/materials/{material}"),
        "original_not_seen",
        Text::new(
            "只有窗口工作人员当面核验后才能注明“已核原件”。",
            "Only an officer at a counter who saw the original can say so.",
        ),
    )
}

pub(super) fn remove(
    draft: &Draft,
    command: RemoveMaterial,
    by: &By,
    at: DateTime<Utc>,
) -> Result<Vec<Act>, Refusal> {
    if !draft.materials.contains_key(&command.material) {
        return Err(invalid(vec![unknown_material(&command.material)]));
    }
    Ok(vec![act(by, CaseEvent::MaterialRemoved { material: command.material, expires_at: draft_expiry(at) })])
}

/// Why this evidence cannot stand for this material, if it cannot.
pub fn unfit(
    material: &Material,
    evidence: &Evidence,
    certificate: Option<&KnownCertificate>,
    party: uuid::Uuid,
    at: DateTime<Utc>,
) -> Option<FieldError> {
    let pointer = format!("/materials/{}", material.code);
    let error = |code, zh: &str, en: &str| Some(FieldError::new(pointer.clone(), code, Text::new(zh, en)));
    match (evidence, &material.source) {
        (Evidence::File { standing, .. }, MaterialSource::Own | MaterialSource::Certificate { .. }) => {
            too_old(material, standing, local_date(at))
                .or_else(|| too_little_trust(material, evidence))
                .and_then(|(code, Text { zh, en })| error(code, &zh, &en))
        }
        (Evidence::File { .. } | Evidence::Certificate { .. }, MaterialSource::Shared { .. }) => error(
            "not_needed",
            "该材料由部门共享核验，无需提交。",
            "The agency looks this up itself; there is nothing to hand in.",
        ),
        (Evidence::Promise, _) if material.promise_allowed => None,
        (Evidence::Promise, _) => error(
            "promise_not_allowed",
            "该材料不适用告知承诺，请上传文件。",
            "A promise is not accepted for this material; upload the document.",
        ),
        (Evidence::Certificate { .. }, MaterialSource::Own) => error(
            "certificate_not_accepted",
            "该材料没有对应的电子证照，请上传文件。",
            "No electronic certificate stands for this material; upload the document.",
        ),
        (Evidence::Certificate { .. }, MaterialSource::Certificate { certificate_type }) => match certificate
        {
            Some(known) if known.holder == party && known.certificate_type != *certificate_type => error(
                "wrong_certificate_type",
                "证照类型与该材料要求不符，请选择正确的证照。",
                "This certificate is of another type than the material asks for; choose the right one.",
            ),
            Some(known) if known.holder == party && usable(known, at) => None,
            Some(known) if known.holder == party => error(
                "certificate_expired",
                "该证照已过期或被注销，请先换领或改为上传文件。",
                "The certificate has expired or been revoked; renew it or upload the document.",
            ),
            Some(_) | None => error(
                "unknown_certificate",
                "申请人名下没有这份证照，请核对证照标识。",
                "The applicant holds no such certificate; check the identifier.",
            ),
        },
    }
}

/// What was handed in before serves again only where the guide says so, and not for ever.
fn too_old(material: &Material, standing: &Standing, today: NaiveDate) -> Option<(&'static str, Text)> {
    let Standing::Earlier { handed_in, .. } = standing else { return None };
    let Some(reuse) = material.reuse else {
        let words = Text::new(
            "该材料不能沿用以前提交的，请重新上传。",
            "What was handed in before does not serve again here; upload it anew.",
        );
        return Some(("reuse_not_allowed", words));
    };
    let days = i64::from(reuse.within_days);
    (today.signed_duration_since(*handed_in).num_days() > days).then(|| {
        let words = Text::new(
            format!("该材料提交于 {handed_in}，已超过 {days} 天，请重新上传。"),
            format!("It was handed in on {handed_in}, more than {days} days ago; upload it anew."),
        );
        ("too_old", words)
    })
}

fn too_little_trust(material: &Material, evidence: &Evidence) -> Option<(&'static str, Text)> {
    (!material.is_satisfied_by(evidence.trust())).then(|| {
        let words = match material.least_trust {
            Trust::A => Text::new(
                "该材料只认签发部门的电子证照。没有证照的，请先向签发部门申领。",
                "Only the issuer's electronic certificate is accepted; apply to the issuer first if there is none.",
            ),
            Trust::B | Trust::C | Trust::D => Text::new(
                "该材料须核验原件：请带原件到任一窗口，由工作人员当面核验并上传。",
                "Its original must be seen: take it to any counter, where an officer checks and uploads it.",
            ),
        };
        ("original_needed", words)
    })
}

fn usable(certificate: &KnownCertificate, at: DateTime<Utc>) -> bool {
    let today = local_date(at);
    certificate.revoked_at.is_none()
        && certificate.valid_from <= today
        && certificate.valid_until.is_none_or(|until| today <= until)
}

fn find_material<'a>(guide: &'a Guide, code: &str) -> Result<&'a Material, Refusal> {
    guide
        .materials
        .iter()
        .find(|material| material.code == code)
        .ok_or_else(|| invalid(vec![unknown_material(code)]))
}

fn unknown_material(code: &str) -> FieldError {
    FieldError::new(
        format!("/materials/{code}"),
        "unknown",
        Text::new(
            "本事项没有这项材料，请对照办事指南的材料清单。",
            "This guide has no such material; see its list of materials.",
        ),
    )
}

pub(super) fn well_formed(guide: &Guide, facts: &Facts) -> Result<(), Refusal> {
    let errors = guides::check_partial(&guide.form, facts);
    if errors.is_empty() { Ok(()) } else { Err(invalid(errors)) }
}

pub(super) fn invalid(errors: Vec<FieldError>) -> Refusal {
    Refusal::new(
        RefusalCode::ValidationFailed,
        "填报内容有误，请按各项提示修改后重试。",
        "Some entries are not right; correct each as shown and try again.",
    )
    .errors(errors)
}
