//! Use cases of a case: load → decide → write. The domain decides; this room
//! fetches what it needs and describes what must be written.

mod action;
mod door;
mod file;
mod handoff;
mod letters;
mod materials;
mod open;
mod read;
mod record;
mod unmask;
pub mod uploads;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use action::command;
pub use action::{Action, TransferTo};
pub use door::{Door, channel, door, offered, offered_through};
pub use file::{FedBy, FileRequest, file};
pub use handoff::{HandedOn, hand_off, open_handoff, sweep as sweep_handoffs};
pub use letters::{
    LetterSeal, Paper, Verified, is_seal_of, letter, letter_paper, letter_seal, letter_sheet, letters,
    verify_letter,
};
pub use materials::{Given, MAX_FILE_BYTES, Place, Upload, attach, download, given, remove};
pub use open::{ApplicantRef, OpenRequest, applicant, open};
pub use read::{
    ListRequest, RECEIPT, Receipt, clock, events, fold, list_closed, list_mine, parties, read, receipt,
    verify_receipt,
};
pub(in crate::app) use read::{audience, with_guide};
use record::Writing;
pub use unmask::unmask;

use super::catalog::PublishedGuide;
use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::numbers::Taken;
use super::once::{Answer, first_answer};
use super::people::applicants::as_known;
use super::permit::{permit, permit_on_case};
use crate::domain::calendar::WorkCalendar;
use crate::domain::cases::{By, Case, Command, KnownCertificate, Rules, SubmitCase, decide, role_whose_turn};
use crate::domain::certificates::Certificate;
use crate::domain::codes::RegionCode;
use crate::domain::policy::{self, CaseScope, Operation, Target};
use crate::domain::refusal::{Refusal, RefusalCode};
pub use crate::store::LetterRecord;
use crate::store::{Claim, StoredCase};

/// A case as somebody may see it, with the guide version it is handled by.
pub struct CaseReply {
    pub case: Case,
    pub guide: Arc<PublishedGuide>,
    pub audience: Audience,
}

/// Who an answer is for: what identifies a person is masked for all but his own side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The applicant, his agent, or the officer helping him at the counter.
    Applicant,
    Staff,
}

impl Audience {
    pub fn of(by: &By) -> Self {
        match by {
            By::Applicant { .. } | By::Agent { .. } | By::Assistant { .. } => Audience::Applicant,
            By::Officer { .. } | By::System => Audience::Staff,
        }
    }
}

/// What a caller asks of an existing case.
pub struct Request {
    pub case: Uuid,
    /// From `If-Match`.
    pub expected_version: Option<u64>,
    pub claim: Option<Claim>,
    pub action: Action,
}

/// Tries before a save that loses against concurrent ones gives up: more than
/// the devices of one household ever send at once.
const ATTEMPTS: usize = 64;

/// Performs a command. Without `expected_version` a change by somebody else in
/// between is not an error: the command is decided again on the new state.
pub async fn act(ctx: &Ctx, caller: &Caller, request: Request) -> AppResult<Answer<CaseReply>> {
    for _ in 0..ATTEMPTS {
        match attempt(ctx, caller, &request).await {
            Err(AppError::Stale) if request.expected_version.is_none() => continue,
            Err(error) => return replay_instead(ctx, caller, request.claim.as_ref(), error).await,
            Ok(reply) => return Ok(Answer::first(reply)),
        }
    }
    Err(AppError::Unavailable("the case keeps changing".to_owned()))
}

async fn attempt(ctx: &Ctx, caller: &Caller, request: &Request) -> AppResult<CaseReply> {
    let stored = ctx.store.find_case(request.case).await?.ok_or(AppError::NotFound)?;
    let at = ctx.clock.now();
    let guide = guide_for(ctx, &stored.case, &request.action).await?;
    let operation = policy::operation(
        request.action.name(),
        role_whose_turn(&stored.case, &guide.for_case(&stored.case).flow),
    );
    let operation = operation.ok_or_else(|| AppError::Internal("nobody asks for the clock".to_owned()))?;
    let target = Target::Case(scope_for(&stored, &request.action));
    let by = permit_on_case(ctx, caller, operation, target, stored.case.id).await?;
    // What a consulted agency says takes no work from whoever handles the case.
    if operation != Operation::GiveOpinion {
        super::work::may_act(ctx, caller, &by, stored.case.id).await?;
    }
    if request.expected_version.is_some_and(|version| version != stored.case.version) {
        return Err(AppError::Stale);
    }
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    let calendar = ctx.calendar.current();
    let rules = rules(&calendar, &guide, &exists);
    let number = match request.action {
        Action::Submit(_) => Some(ctx.numbers.take(&ctx.store, &stored.case.place().guide, at).await?),
        _ => None,
    };
    let command = match (&request.action, &number) {
        (Action::Submit(promised), Some(taken)) => {
            offered(caller, &guide.guide)?;
            let case_no = taken.case_no.clone();
            let submit = submission(ctx, caller, &stored.case, &guide, case_no, &by).await?;
            Command::Submit(Box::new(SubmitCase { promised: promised.clone(), ..submit }))
        }
        (action, _) => command(ctx, &stored.case, &guide, action.clone()).await?,
    };
    let acts = decide(&stored.case, rules, command, &by, at).map_err(|refusal| refused(refusal, &guide))?;
    let claim = request.claim.as_ref();
    let audience = Audience::of(&by);
    let writing = Writing { ctx, guide: &guide, at, audience, provenance: caller.provenance(), claim };
    let number = number.map(Taken::sent);
    let written = writing.go_on(stored, acts).await;
    if let Some(taken) = number {
        taken.settle(&written);
    }
    let case = written?;
    // A case that was transferred is read by the guide it went to.
    let guide = guide_of(ctx, &case).await?;
    Ok(CaseReply { case, guide, audience })
}

/// A submission is judged by the guide in force; everything later by the version
/// that was pinned then.
async fn guide_for(ctx: &Ctx, case: &Case, action: &Action) -> AppResult<Arc<PublishedGuide>> {
    match action {
        Action::Submit(_) | Action::Save(_) => guide_to_fill_in(ctx, case).await,
        _ => guide_of(ctx, case).await,
    }
}

/// The guide that what is still put into a case must fit: into a draft the one in force,
/// later the version it was filed under.
async fn guide_to_fill_in(ctx: &Ctx, case: &Case) -> AppResult<Arc<PublishedGuide>> {
    match case.state.filing() {
        None => guide_in_force(ctx, case).await,
        Some(_) => guide_of(ctx, case).await,
    }
}

/// The guide a draft would be filed under now.
async fn guide_in_force(ctx: &Ctx, case: &Case) -> AppResult<Arc<PublishedGuide>> {
    let guide = ctx.catalogue.current(case.place().guide.as_str()).await?;
    let guide = guide.ok_or_else(|| AppError::Internal(format!("the guide of case {} is gone", case.id)))?;
    match guide.is_closed(ctx.clock.now()) {
        true => Err(guide_closed(&guide).into()),
        false => Ok(guide),
    }
}

/// The guide version a case is bound to.
async fn guide_of(ctx: &Ctx, case: &Case) -> AppResult<Arc<PublishedGuide>> {
    let found = ctx.catalogue.version(case.place().guide.as_str(), case.guide_version()).await?;
    found.ok_or_else(|| AppError::Internal(format!("the guide of case {} is gone", case.id)))
}

fn guide_closed(guide: &PublishedGuide) -> Refusal {
    let name = &guide.guide.item.name;
    Refusal::new(
        RefusalCode::GuideClosed,
        format!("“{}”已停止办理，不能提交新的申请。请查看该事项的最新办事指南。", name.zh),
        format!("“{}” takes no new applications. See the item's present guides.", name.en),
    )
}

async fn submission(
    ctx: &Ctx,
    caller: &Caller,
    case: &Case,
    guide: &PublishedGuide,
    case_no: crate::domain::codes::CaseNo,
    by: &By,
) -> AppResult<SubmitCase> {
    let party = case.opened.party;
    let person = ctx
        .store
        .find_person(party)
        .await?
        .ok_or_else(|| AppError::Internal(format!("the applicant of case {} is gone", case.id)))?;
    let certificates = known_to(party, usable_certificates(ctx, person.id, guide).await?);
    let applicant = as_known(ctx, person, by, ctx.clock.now()).await?;
    let at_the_door = door::found(ctx, caller, &guide.guide, case, &applicant);
    Ok(SubmitCase {
        case_no,
        applicant,
        aal: caller.aal,
        certificates,
        promised: BTreeSet::new(),
        at_the_door,
    })
}

/// The certificates of a person that the guide can use, on whichever of his records.
async fn usable_certificates(ctx: &Ctx, holder: Uuid, guide: &PublishedGuide) -> AppResult<Vec<Certificate>> {
    let types = guide.guide.certificate_types();
    if types.is_empty() {
        return Ok(Vec::new());
    }
    Ok(ctx.store.list_certificates_of(holder, &types).await?)
}

/// The same as a case knows them: to it he is its party.
fn known_to(party: Uuid, held: Vec<Certificate>) -> Vec<KnownCertificate> {
    held.into_iter().map(|held| KnownCertificate { holder: party, ..known(held) }).collect()
}

fn known(certificate: Certificate) -> KnownCertificate {
    KnownCertificate {
        id: certificate.id,
        certificate_type: certificate.certificate_type,
        holder: certificate.holder,
        valid_from: certificate.valid_from,
        valid_until: certificate.valid_until,
        revoked_at: certificate.revoked_at,
    }
}

fn rules<'a>(
    calendar: &'a WorkCalendar,
    guide: &'a PublishedGuide,
    exists: &'a (dyn Fn(&RegionCode) -> bool + Sync),
) -> Rules<'a> {
    Rules { guide: &guide.guide, guide_version: guide.version, calendar, region_exists: exists }
}

pub(in crate::app) fn scope(stored: &StoredCase) -> CaseScope<'_> {
    let case = &stored.case;
    CaseScope {
        party: case.opened.party,
        guide: case.place().guide.as_str(),
        agency: &case.place().agency,
        region: &case.place().region,
        is_draft: case.state.filing().is_none(),
        assisted_by: match &case.opened.by {
            By::Assistant { account, .. } => Some(*account),
            By::Applicant { .. } | By::Agent { .. } | By::Officer { .. } | By::System => None,
        },
        helpers: &stored.helpers,
        consulted: case.state.accepted().map_or(&[], |accepted| &accepted.opinions),
    }
}

/// An opinion is given for one agency: only who speaks for that one may.
fn scope_for<'a>(stored: &'a StoredCase, action: &Action) -> CaseScope<'a> {
    let scope = scope(stored);
    match action {
        Action::GiveOpinion(opinion) => {
            let of = scope.consulted.iter().rposition(|asked| asked.agency == opinion.agency);
            CaseScope { consulted: of.map_or(&[], |index| &scope.consulted[index..=index]), ..scope }
        }
        _ => scope,
    }
}

/// A refusal for want of identity becomes a challenge that says what to ask for.
fn refused(refusal: Refusal, guide: &PublishedGuide) -> AppError {
    match refusal.code {
        RefusalCode::InsufficientIdentity => {
            let needed = guide.guide.identity;
            AppError::StepUp {
                refusal: Box::new(refusal),
                acr_values: super::identity::acr(needed.ial, needed.aal),
            }
        }
        _ => AppError::Refused(refusal),
    }
}

/// A request that fails may be the repetition of one that succeeded.
async fn replay_instead(
    ctx: &Ctx,
    caller: &Caller,
    claim: Option<&Claim>,
    error: AppError,
) -> AppResult<Answer<CaseReply>> {
    let kept = first_answer(ctx, claim, error).await?;
    let pointer: ReplayPointer = serde_json::from_str(&kept)
        .map_err(|error| AppError::Internal(format!("a stored answer does not read: {error}")))?;
    read::again(ctx, caller, &pointer).await.map(Answer::again)
}

/// What is kept of an answer: the case, the version it showed, and to whom. A case
/// is the fold of its events, so that is all it takes to give it again.
#[derive(serde::Serialize, serde::Deserialize)]
struct ReplayPointer {
    case: Uuid,
    version: u64,
    audience: Audience,
}

/// Lets the clock act on one case: draft expiry, acceptance by silence.
pub async fn tick(ctx: &Ctx, id: Uuid, at: DateTime<Utc>) -> AppResult<bool> {
    let Some(stored) = ctx.store.find_case(id).await? else { return Ok(false) };
    let guide = guide_of(ctx, &stored.case).await?;
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    let by = By::System;
    let calendar = ctx.calendar.current();
    let acts = decide(&stored.case, rules(&calendar, &guide, &exists), Command::Tick, &by, at)?;
    if acts.is_empty() {
        return Ok(false);
    }
    let provenance = crate::domain::cases::Provenance::new(serde_json::json!({ "channel": "system" }));
    let writing = Writing { ctx, guide: &guide, at, audience: Audience::Staff, provenance, claim: None };
    match writing.go_on(stored, acts).await {
        // Another instance was faster: exactly once is what the guard is for.
        Err(AppError::Stale) => Ok(false),
        other => other.map(|_| true),
    }
}

/// A stored case that the caller may read, or `NotFound`.
pub(in crate::app) async fn readable(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
) -> AppResult<(StoredCase, Audience)> {
    let stored = ctx.store.find_case(id).await?.ok_or(AppError::NotFound)?;
    let target = Target::Case(scope(&stored));
    let by = permit(caller, Operation::ReadCase, target, ctx.clock.now());
    let audience = Audience::of(&by.map_err(AppError::or_not_found)?);
    Ok((stored, audience))
}
