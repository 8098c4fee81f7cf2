//! Opening a case: for oneself, for somebody who gave a mandate, or, by staff at
//! a counter, for the person standing there.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::record::Writing;
use super::{
    Audience, CaseReply, door, known_to, offered, refused, replay_instead, rules, usable_certificates,
};
use crate::app::catalog::PublishedGuide;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::numbers::Taken;
use crate::app::once::Answer;
use crate::app::people::applicants::as_known;
use crate::app::people::presence::present_person;
use crate::app::permit::permit;
use crate::domain::cases::{Command, OpenCase, SubmitCase, decide};
use crate::domain::certificates::Certificate;
use crate::domain::codes::{RegionCode, ResidentId};
use crate::domain::guides::{Facts, Stated};
use crate::domain::identity::Channel;
use crate::domain::policy::{CaseScope, Operation, Target};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::registries::PersonName;
use crate::store::{Claim, PersonRecord};

/// Whom a case is opened for.
#[derive(Debug, Clone)]
pub enum ApplicantRef {
    /// The caller himself.
    Myself,
    /// A person known by id, e.g. a principal.
    Person(Uuid),
    /// The person at the counter, by the identity card he shows.
    Present { name: String, id_number: ResidentId },
}

pub struct OpenRequest {
    pub guide: String,
    pub scenario: Option<String>,
    pub applicant: ApplicantRef,
    pub facts: Facts,
    /// Submit at once: what an application that is complete needs no second call for.
    pub submit: bool,
    pub claim: Option<Claim>,
}

pub async fn open(ctx: &Ctx, caller: &Caller, request: OpenRequest) -> AppResult<Answer<CaseReply>> {
    let claim = request.claim.clone();
    match attempt(ctx, caller, request).await {
        Ok(value) => Ok(Answer::first(value)),
        Err(error) => replay_instead(ctx, caller, claim.as_ref(), error).await,
    }
}

async fn attempt(ctx: &Ctx, caller: &Caller, request: OpenRequest) -> AppResult<CaseReply> {
    let guide = ctx.catalogue.current(&request.guide).await?.ok_or(AppError::NotFound)?;
    let at = ctx.clock.now();
    if guide.is_closed(at) {
        return Err(super::guide_closed(&guide).into());
    }
    offered(caller, &guide.guide)?;
    let person = applicant(ctx, caller, &request.applicant, new_scope(caller, Uuid::nil(), &guide)).await?;
    let present = matches!(request.applicant, ApplicantRef::Present { .. });
    let scope = new_scope(caller, person.id, &guide);
    let by = permit(caller, Operation::OpenCase, Target::NewCase { scope, present }, at)
        .map_err(AppError::or_forbidden)?;
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    let calendar = ctx.calendar.current();
    let rules = rules(&calendar, &guide, &exists);
    let id = new_id(at);
    let held = usable_certificates(ctx, person.id, &guide).await?;
    let opening = OpenCase {
        id,
        party: person.id,
        scenario: request.scenario,
        facts: request.facts,
        applicant: person.applicant.clone(),
        certificates: stated(&held, at),
        sources: BTreeMap::new(),
        in_bundle: false,
    };
    let opening = crate::domain::cases::open(opening, rules, by.clone(), at)?;
    let number = match request.submit {
        true => Some(ctx.numbers.take(&ctx.store, &guide.guide.code, at).await?),
        false => None,
    };
    let submission = match &number {
        Some(taken) => Some(SubmitCase {
            case_no: taken.case_no.clone(),
            certificates: known_to(person.id, held),
            applicant: as_known(ctx, person, &by, at).await?,
            aal: caller.aal,
            promised: BTreeSet::new(),
            at_the_door: Vec::new(),
        }),
        None => None,
    };
    let more = |case: &crate::domain::cases::Case| match submission {
        Some(submit) => {
            let at_the_door = door::found(ctx, caller, &guide.guide, case, &submit.applicant);
            let submit = Box::new(SubmitCase { at_the_door, ..submit });
            decide(case, rules, Command::Submit(submit), &by, at).map_err(|refusal| refused(refusal, &guide))
        }
        None => Ok(Vec::new()),
    };
    let claim = request.claim.as_ref();
    let audience = Audience::Applicant;
    let writing = Writing { ctx, guide: &guide, at, audience, provenance: caller.provenance(), claim };
    let number = number.map(Taken::sent);
    let written = writing.open(id, opening, more).await;
    if let Some(taken) = number {
        taken.settle(&written);
    }
    Ok(CaseReply { case: written?, guide, audience })
}

/// What the applicant's certificates say.
pub(super) fn stated(held: &[Certificate], at: DateTime<Utc>) -> Vec<Stated> {
    held.iter().filter_map(|certificate| certificate.states(at)).collect()
}

fn new_scope<'a>(caller: &Caller, party: Uuid, guide: &'a PublishedGuide) -> CaseScope<'a> {
    CaseScope {
        party,
        guide: guide.guide.code.as_str(),
        agency: &guide.guide.agency,
        region: &guide.guide.region,
        is_draft: true,
        assisted_by: Some(caller.actor.account),
        helpers: &[],
        consulted: &[],
    }
}

/// Whom nobody has before him he cannot vouch for: what the portal knows of a person is
/// shown to an officer at a counter, who holds the card, and not over the telephone.
fn only_at_a_counter() -> Refusal {
    Refusal::new(
        RefusalCode::ChannelNotOffered,
        "核验到场申请人的身份证件只能在窗口进行。在其他渠道协助申请人的，请其本人登录填报，或出示接续码后协助。",
        "Only a counter can vouch for somebody who is present with his card. Elsewhere let the applicant sign in and open it, and help him with the code he hands over.",
    )
}

/// The person something is opened for; `scope` is that of nobody's. Staff may bring in somebody the portal has never
/// seen: he is in front of them with his card, which is identity level 4.
pub async fn applicant(
    ctx: &Ctx,
    caller: &Caller,
    wanted: &ApplicantRef,
    scope: CaseScope<'_>,
) -> AppResult<PersonRecord> {
    let find = |id| async move { ctx.store.find_person(id).await };
    match wanted {
        ApplicantRef::Myself => find(caller.actor.party).await?.ok_or(AppError::Unauthenticated),
        ApplicantRef::Person(id) => {
            let known = *id == caller.actor.party
                || caller.actor.mandates.iter().any(|mandate| mandate.principal == *id);
            match find(*id).await? {
                Some(person) if known => Ok(person),
                Some(_) | None => Err(AppError::Forbidden),
            }
        }
        ApplicantRef::Present { name, id_number } => {
            let at = ctx.clock.now();
            let target = Target::NewCase { scope, present: true };
            permit(caller, Operation::OpenCase, target, at).map_err(AppError::or_forbidden)?;
            if caller.channel != Channel::Counter {
                return Err(only_at_a_counter().into());
            }
            let name =
                PersonName::parse("/applicant/name", name).map_err(|error| AppError::Invalid(vec![error]))?;
            present_person(ctx, caller.actor.account, &name, id_number, "/applicant/name").await
        }
    }
}
