//! Filing a case in the name of somebody who asked for it before: opened, its
//! documents attached and submitted, all in one transaction, and with whatever else
//! is to be written then.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::open::stated;
use super::record::{Writing, internal};
use super::{Audience, known_to, refused, rules};
use crate::app::catalog::PublishedGuide;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::files::Folder;
use crate::app::numbers::Taken;
use crate::app::people::applicants::as_known;
use crate::app::retention;
use crate::domain::cases::{
    Act, AttachMaterial, By, Case, Command, Evidence, KnownCertificate, OpenCase, Provenance, Rules,
    SubmitCase, begin, decide, evolve, open,
};
use crate::domain::certificates::Certificate;
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::{Facts, Prefill};
use crate::store::{Changes, Origin, PersonRecord, RetentionWrite};

/// A case that is complete.
pub struct FileRequest<'a> {
    pub id: Uuid,
    pub guide: String,
    pub scenario: Option<String>,
    pub person: PersonRecord,
    /// Who asked for it, and how well he had signed in when he did.
    pub by: By,
    pub aal: u8,
    pub facts: Facts,
    /// By material.
    pub evidence: BTreeMap<String, Evidence>,
    pub fed_by: FedBy,
    /// Where the files among them lie.
    pub files: Folder<'a>,
    pub provenance: Provenance,
    /// Written with it, or neither is.
    pub also: Changes,
}

/// What earlier cases supply, each with a certificate it issued.
pub struct FedBy {
    pub cases: BTreeSet<Uuid>,
    /// The types of those certificates: no other of them the applicant holds is meant.
    pub types: BTreeSet<CertificateType>,
    /// The answers taken from them, by field.
    pub sources: BTreeMap<String, Prefill>,
}

/// # Errors
/// `Refused` and `StepUp` with everything that is in the way, each at its place in
/// the case; `Stale` when `also` is.
pub async fn file(ctx: &Ctx, request: FileRequest<'_>) -> AppResult<()> {
    let FileRequest {
        id,
        guide,
        scenario,
        person,
        by,
        aal,
        facts,
        evidence,
        fed_by,
        files,
        provenance,
        also,
    } = request;
    let guide = ctx.catalogue.current(&guide).await?.ok_or(AppError::NotFound)?;
    let at = ctx.clock.now();
    if guide.is_closed(at) {
        return Err(super::guide_closed(&guide).into());
    }
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    let calendar = ctx.calendar.current();
    let rules = rules(&calendar, &guide, &exists);
    let held = held(ctx, person.id, &guide, &fed_by).await?;
    let held = meant(held, &fed_by, &evidence);
    let opening = OpenCase {
        id,
        party: person.id,
        scenario,
        facts,
        applicant: person.applicant.clone(),
        certificates: stated(&held, at),
        sources: fed_by.sources,
        in_bundle: true,
    };
    let certificates = known_to(person.id, held);
    let opening = open(opening, rules, by.clone(), at)?;
    let number = ctx.numbers.take(&ctx.store, &guide.guide.code, at).await?;
    let submit = SubmitCase {
        case_no: number.case_no.clone(),
        certificates: certificates.clone(),
        applicant: as_known(ctx, person, &by, at).await?,
        aal,
        promised: BTreeSet::new(),
        // The door was looked at when the bundle was submitted.
        at_the_door: Vec::new(),
    };
    let case = begin(id, opening.clone()).map_err(internal)?;
    let (attached, mut acts) = attach_all(&case, rules, &evidence, &certificates, &by, at)?;
    let submitted = decide(&attached, rules, Command::Submit(Box::new(submit)), &by, at);
    acts.extend(submitted.map_err(|refusal| refused(refusal, &guide))?);
    let origin = Origin::new(id, ctx.store.vault());
    let also = bring_along(ctx, &origin, files, &evidence, also, at).await?;
    let writing = Writing { ctx, guide: &guide, at, audience: Audience::Applicant, provenance, claim: None };
    let number = Taken::sent(number);
    let written = writing.open_at(origin, opening, also, |_| Ok(acts)).await;
    number.settle(&written);
    written.map(drop)
}

/// What the person holds that the guide can use, or that earlier cases supply.
async fn held(
    ctx: &Ctx,
    person: Uuid,
    guide: &PublishedGuide,
    fed_by: &FedBy,
) -> AppResult<Vec<Certificate>> {
    let mut types = guide.guide.certificate_types();
    types.extend(&fed_by.types);
    if types.is_empty() { Ok(Vec::new()) } else { Ok(ctx.store.list_certificates_of(person, &types).await?) }
}

/// Of the types these cases supply, what they issued and what was handed in, and no other
/// the person holds. Parents of twins hold two birth certificates, of which each child has
/// its own; and where none was issued for the one, the other's is not taken for it.
fn meant(held: Vec<Certificate>, fed_by: &FedBy, evidence: &BTreeMap<String, Evidence>) -> Vec<Certificate> {
    let is_fed = |one: &Certificate| one.case.is_some_and(|case| fed_by.cases.contains(&case));
    let is_given = |one: &Certificate| {
        evidence
            .values()
            .any(|given| matches!(given, Evidence::Certificate { certificate } if *certificate == one.id))
    };
    let is_meant =
        |one: &Certificate| is_fed(one) || is_given(one) || !fed_by.types.contains(&one.certificate_type);
    held.into_iter().filter(is_meant).collect()
}

/// Copies the files into the folder of the case, which is of no use unless the case is
/// written.
async fn bring_along(
    ctx: &Ctx,
    origin: &Origin,
    files: Folder<'_>,
    evidence: &BTreeMap<String, Evidence>,
    mut also: Changes,
    at: DateTime<Utc>,
) -> AppResult<Changes> {
    let digests: BTreeSet<&str> = evidence.values().filter_map(Evidence::digest).collect();
    if digests.is_empty() {
        return Ok(also);
    }
    retention::doom(ctx, origin.folder(), at).await?;
    also.write(RetentionWrite::Spare { folder: origin.folder() });
    let key = origin.key().ok_or_else(|| internal("a new case without a key"))?;
    let folder = Folder { owner: origin.folder(), key, ..files };
    for digest in digests {
        folder.put(digest, &files.get(digest).await?).await?;
    }
    Ok(also)
}

/// The case with its documents, and what was done to attach them.
fn attach_all(
    case: &Case,
    rules: Rules<'_>,
    evidence: &BTreeMap<String, Evidence>,
    certificates: &[KnownCertificate],
    by: &By,
    at: DateTime<Utc>,
) -> AppResult<(Case, Vec<Act>)> {
    let (mut case, mut acts) = (case.clone(), Vec::new());
    for (material, evidence) in evidence {
        let certificate = match evidence {
            Evidence::Certificate { certificate } => {
                certificates.iter().find(|known| known.id == *certificate).cloned()
            }
            Evidence::File { .. } | Evidence::Promise => None,
        };
        let (material, evidence) = (material.clone(), evidence.clone());
        let command = Command::Attach(AttachMaterial { material, evidence, certificate });
        for act in decide(&case, rules, command, by, at)? {
            case = evolve(case, act.clone(), at).map_err(|error| AppError::Internal(format!("{error:?}")))?;
            acts.push(act);
        }
    }
    Ok((case, acts))
}
