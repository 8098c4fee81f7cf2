//! How an application goes on by itself: cases that came out or stand still are noted,
//! parts whose turn has come are filed, what waits too long lapses. It looks at how things
//! stand and never at what it was told, so it may run twice, in two places, and
//! after a crash: the version of the application lets one of them win, and a case
//! is filed in the same transaction as the step that names it.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{ATTEMPTS, Loaded, commanded, load, scope};
use crate::app::cases::{self, FedBy, FileRequest};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::bundles::{
    Application, Command, PartState, Planned, Want, WhySkipped, is_still, part_outcome,
};
use crate::domain::cases::{By, Provenance};
use crate::domain::codes::RegionCode;
use crate::domain::guides::{Facts, Whom};
use crate::domain::policy::{Operation, Target, Verdict, authorise};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::time::local_date;
use crate::store::{BundleWrite, Changes, Message};

/// Taken in one go.
const PAGE: i64 = 100;
/// After a failure, the pause before the next try.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Lets every application go on for which there is something to do; gives how many
/// were looked at. Every instance may run this.
pub async fn follow(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let changed = ctx.store.list_changed_cases(PAGE).await?;
    let mut seen: BTreeMap<Uuid, Vec<(Uuid, u64)>> = BTreeMap::new();
    for followed in changed {
        seen.entry(followed.application).or_default().push((followed.case, followed.version));
    }
    for due in ctx.store.list_due_applications(at, PAGE).await? {
        seen.entry(due).or_default();
    }
    let looked_at = seen.len();
    for (application, cases) in seen {
        let mut changes = Changes::new();
        if let Err(error) = advance(ctx, application).await {
            tracing::error!(%application, ?error, "an application could not go on; it is tried again");
            changes.write(BundleWrite::Postpone { application, until: at + PAUSE });
        }
        for (case, version) in cases {
            changes.write(BundleWrite::Seen { case, version });
        }
        ctx.store.commit(changes).await?;
    }
    Ok(looked_at)
}

/// Lets one application go as far as it can.
pub(super) async fn advance(ctx: &Ctx, id: Uuid) -> AppResult<()> {
    for _ in 0..ATTEMPTS {
        match step(ctx, id).await {
            Ok(true) | Err(AppError::Stale) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Err(AppError::Unavailable("the application keeps changing".to_owned()))
}

/// One step, in one transaction; false when there is none to take.
async fn step(ctx: &Ctx, id: Uuid) -> AppResult<bool> {
    let loaded = load(ctx, id).await?;
    let at = ctx.clock.now();
    if let Some((command, ended)) = news(ctx, loaded.application()).await? {
        let Some(next) = commanded(ctx, &loaded, command, at)? else { return Ok(false) };
        let mut also = Changes::new();
        if let Some(case) = ended {
            also.write(BundleWrite::Ended { case, at });
        }
        return write(ctx, &loaded, &next, also, at).await;
    }
    if let Some(next) = commanded(ctx, &loaded, Command::Tick, at)? {
        return write(ctx, &loaded, &next, Changes::new(), at).await;
    }
    let Some(part) = loaded.application().progress.next_ready().map(str::to_owned) else { return Ok(false) };
    let hold = |part: String, wants: Vec<Want>| Command::Hold { part, wants };
    let command = match file(ctx, &loaded, &part, at).await {
        Ok(()) => return Ok(true),
        Err(AppError::Invalid(faults)) => hold(part, faults.into_iter().map(Want::from).collect()),
        // Nothing the applicant could do would open it again.
        Err(AppError::Refused(refusal)) if refusal.code == RefusalCode::GuideClosed => {
            Command::Close { part }
        }
        Err(AppError::Refused(refusal)) => {
            let wants = wants(&loaded, &part, refusal);
            hold(part, wants)
        }
        Err(AppError::StepUp { refusal, .. }) => {
            let wants = wants(&loaded, &part, *refusal);
            hold(part, wants)
        }
        Err(error) => return Err(error),
    };
    match commanded(ctx, &loaded, command, at)? {
        Some(next) => write(ctx, &loaded, &next, Changes::new(), at).await,
        None => Ok(false),
    }
}

async fn write(
    ctx: &Ctx,
    loaded: &Loaded,
    next: &Application,
    mut changes: Changes,
    at: DateTime<Utc>,
) -> AppResult<bool> {
    changes.record_application(&loaded.stored.origin, next, at)?;
    tell(&mut changes, loaded.application(), next, at);
    ctx.store.commit(changes).await?;
    Ok(true)
}

/// Word to the applicant of what happened without him: a part waits for him, a part is
/// not applied for any more, the whole has ended.
fn tell(changes: &mut Changes, before: &Application, after: &Application, at: DateTime<Utc>) {
    let newly = |is: &dyn Fn(&PartState) -> bool| {
        let was = |part: &String| before.progress.parts.get(part).is_some_and(is);
        after.progress.parts.iter().any(|(part, state)| is(state) && !was(part))
    };
    let is_held = |state: &PartState| matches!(state, PartState::Held { .. });
    let is_given_up = |state: &PartState| match state {
        PartState::Skipped { why: WhySkipped::After { .. } | WhySkipped::Lapsed, .. } => true,
        PartState::Skipped { why: WhySkipped::Closed, .. } => true,
        PartState::Skipped { why: WhySkipped::NotNeeded | WhySkipped::Withdrawn, .. } => false,
        PartState::Waiting | PartState::Ready | PartState::Held { .. } => false,
        PartState::Filed { .. } | PartState::Ended { .. } => false,
    };
    let has_ended = after.progress.outcome().is_some() && after.progress.submission().is_some();
    let topics = [
        ("bundle.held", newly(&is_held)),
        ("bundle.skipped", newly(&is_given_up)),
        ("bundle.ended", has_ended && before.progress.outcome().is_none()),
    ];
    for (topic, _) in topics.into_iter().filter(|(_, happened)| *happened) {
        changes.tell(Message {
            id: new_id(at),
            topic: topic.to_owned(),
            subject: after.id,
            payload: serde_json::json!({ "application": after.id, "bundle": after.opened.bundle }),
            created_at: at,
            attempts: 0,
        });
    }
}

/// What the first case of which there is something to hear calls for: it can no longer
/// come out otherwise, and is named beside, or its clocks came to stand still, or to go on.
async fn news(ctx: &Ctx, application: &Application) -> AppResult<Option<(Command, Option<Uuid>)>> {
    for (part, case, was_still) in application.progress.filed() {
        let stored = ctx.store.find_case(case).await?;
        let stored = stored.ok_or_else(|| AppError::Internal(format!("case {case} of a bundle is gone")))?;
        let (part, still) = (part.to_owned(), is_still(&stored.case.state));
        if let Some(outcome) = part_outcome(&stored.case.state) {
            return Ok(Some((Command::End { part, outcome }, Some(case))));
        }
        if still != was_still {
            return Ok(Some((Command::Stand { part, still }, None)));
        }
    }
    Ok(None)
}

/// Opens and submits the case of a part in the name of whoever submitted the whole,
/// together with the application's own step.
async fn file(ctx: &Ctx, loaded: &Loaded, part: &str, at: DateTime<Utc>) -> AppResult<()> {
    let (application, plan) = (loaded.application(), loaded.plan());
    let planned = plan.part(part).ok_or_else(|| AppError::Internal(format!("part {part} has no guide")))?;
    let submission = application.progress.submission();
    let submission = submission.ok_or_else(|| AppError::Internal("a part is ready in a draft".to_owned()))?;
    let party = application.opened.party;
    let by = still_may(ctx, &submission.by, party, planned, loaded, at).await?;
    let person = ctx.store.find_person(party).await?;
    let person =
        person.ok_or_else(|| AppError::Internal(format!("the applicant of {} is gone", application.id)))?;
    let joint = application.facts.known().cloned().unwrap_or_else(Facts::new);
    let (today, regions) = (local_date(at), ctx.catalogue.regions());
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    let faults = plan.later_faults(planned, &joint, &person.applicant, today, &exists);
    if !faults.is_empty() {
        return Err(AppError::Invalid(faults));
    }
    let facts = plan.facts_of(planned, &joint, Whom::Known(&person.applicant), today);
    let case = new_id(at);
    let Some(next) = commanded(ctx, loaded, Command::File { part: part.to_owned(), case }, at)? else {
        return Err(AppError::Stale);
    };
    let mut also = Changes::new();
    also.record_application(&loaded.stored.origin, &next, at)?;
    also.write(BundleWrite::follow(application.id, part, case));
    let provenance = serde_json::json!({ "channel": "system", "bundle_application": application.id });
    let request = FileRequest {
        id: case,
        guide: planned.guide.code.to_string(),
        scenario: planned.part.scenario.clone(),
        person,
        by,
        aal: submission.aal,
        facts,
        evidence: application.evidence_for(plan, planned),
        fed_by: FedBy {
            cases: application.feeding(planned),
            types: planned.fed_types(),
            sources: planned.sources.clone(),
        },
        files: loaded.folder(ctx)?,
        provenance: Provenance::new(provenance),
        also,
    };
    cases::file(ctx, request).await
}

/// In which capacity whoever submitted may do so still: a mandate may have ended.
async fn still_may(
    ctx: &Ctx,
    by: &By,
    party: Uuid,
    planned: &Planned,
    loaded: &Loaded,
    at: DateTime<Utc>,
) -> AppResult<By> {
    let actor = match by {
        // The applicant asked for all parts in person, and the officer is witness to it.
        By::Assistant { .. } => return Ok(by.clone()),
        By::Applicant { account } | By::Agent { account, .. } => {
            ctx.identity.standing_actor(*account).await?
        }
        By::Officer { .. } | By::System => None,
    };
    let target = Target::Case(scope(party, planned.guide.code.as_str(), loaded.plan(), None));
    match actor.map(|actor| authorise(&actor, Operation::SubmitCase, target, at)) {
        Some(Verdict::Allow(by)) => Ok(by),
        Some(Verdict::Hidden | Verdict::Forbidden | Verdict::StepUp) | None => Err(Refusal::new(
            RefusalCode::WrongState,
            "提交申请的人已无权代办。请申请人本人或新的代办人重新提交。",
            "Whoever submitted it may not act for the applicant any more. The applicant or another agent must submit again.",
        )
        .into()),
    }
}

/// What a refusal asks of the applicant, each at its place in the joint answers.
fn wants(loaded: &Loaded, part: &str, refusal: Refusal) -> Vec<Want> {
    let place = |pointer: &str| match loaded.plan().part(part) {
        Some(planned) => loaded.plan().joint_pointer(planned, pointer),
        None => format!("/parts/{part}{pointer}"),
    };
    if refusal.errors.is_empty() {
        let code = match refusal.code {
            RefusalCode::InsufficientIdentity => "insufficient_identity",
            _ => "refused",
        };
        return vec![Want {
            pointer: format!("/parts/{part}"),
            code: code.to_owned(),
            detail: refusal.detail,
        }];
    }
    let pointed = refusal.errors.into_iter().map(|error| {
        let pointer = place(&error.pointer);
        Want { pointer, ..Want::from(error) }
    });
    pointed.collect()
}
