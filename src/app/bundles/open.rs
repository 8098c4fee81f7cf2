//! Opening an application for a bundle: for oneself, for somebody who gave a mandate
//! for every one of its guides, or, by staff at a counter, for the person standing there.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::edit::{pointer, replay_instead};
use super::{ApplicationReply, PublishedBundle, current, scope};
use crate::app::cases::{ApplicantRef, applicant};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::once::Answer;
use crate::app::permit::permit;
use crate::domain::bundles::{Application, Opening, Progress};
use crate::domain::guides::{Facts, Stated};
use crate::domain::policy::{Operation, Target};
use crate::domain::private::Private;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::store::{ApplicationOrigin, Changes, Claim};

pub struct OpenApplication {
    pub bundle: String,
    pub applicant: ApplicantRef,
    /// First answers.
    pub facts: Facts,
    pub claim: Option<Claim>,
}

pub async fn open(
    ctx: &Ctx,
    caller: &Caller,
    request: OpenApplication,
) -> AppResult<Answer<ApplicationReply>> {
    let claim = request.claim.clone();
    match attempt(ctx, caller, request).await {
        Ok(value) => Ok(Answer::first(value)),
        Err(error) => replay_instead(ctx, caller, claim.as_ref(), error).await,
    }
}

async fn attempt(ctx: &Ctx, caller: &Caller, request: OpenApplication) -> AppResult<ApplicationReply> {
    let published = current(ctx, &request.bundle).await?;
    if !published.is_open() {
        return Err(closed(&published).into());
    }
    let at = ctx.clock.now();
    let plan = &published.plan;
    let first = plan.parts.first().map(|planned| planned.guide.code.as_str()).unwrap_or_default();
    let me = Some(caller.actor.account);
    let nobodys = scope(Uuid::nil(), first, plan, me);
    let person = applicant(ctx, caller, &request.applicant, nobodys).await?;
    let present = matches!(request.applicant, ApplicantRef::Present { .. });
    let mut capacity = None;
    for planned in &plan.parts {
        let scope = scope(person.id, planned.guide.code.as_str(), plan, me);
        let target = Target::NewCase { scope, present };
        capacity = Some(permit(caller, Operation::OpenCase, target, at).map_err(AppError::or_forbidden)?);
    }
    let by = capacity.ok_or(AppError::NotFound)?;
    let held = ctx.store.list_certificates(person.id, None, 1000).await?;
    let stated: Vec<Stated> = held.iter().filter_map(|sealed| sealed.certificate.states(at)).collect();
    let guides: BTreeMap<_, _> =
        plan.parts.iter().map(|planned| (planned.part.code.clone(), planned.guide.code.clone())).collect();
    let opened = Opening {
        at,
        bundle: plan.bundle.code.clone(),
        bundle_version: published.version,
        guides,
        party: person.id,
        by,
    };
    let id = new_id(at);
    let known = plan.prefill(&person.applicant, &stated, at);
    let draft = Application {
        id,
        version: 1,
        opened,
        facts: Private::Known(known.facts),
        prefilled: known.from,
        materials: BTreeMap::new(),
        progress: Progress::new(&plan.graph, at),
    };
    let application = draft.save(plan, request.facts.into_map(), at)?;
    let mut changes = Changes::new();
    changes.record_application(&ApplicationOrigin::new(id, ctx.store.vault()), &application, at)?;
    changes.claim(request.claim.as_ref(), pointer(id), at);
    ctx.store.commit(changes).await?;
    Ok(ApplicationReply { application, bundle: Arc::clone(&published), cases: Default::default() })
}

pub(super) fn closed(published: &PublishedBundle) -> Refusal {
    let name = &published.plan.bundle.name;
    match published.withdrawn_at {
        Some(_) => Refusal::new(
            RefusalCode::GuideClosed,
            format!("“{}”已停止办理。各事项仍可单独申请，请查看办事指南。", name.zh),
            format!(
                "“{}” takes no new applications. Its guides can still be applied for one by one.",
                name.en
            ),
        ),
        None => Refusal::new(
            RefusalCode::GuideClosed,
            format!("“{}”中的事项刚有调整，联办暂停受理。请稍后再试，或单独申请各事项。", name.zh),
            format!(
                "A guide of “{}” has just changed, and the bundle takes no applications for now. Try again later, or apply for its guides one by one.",
                name.en
            ),
        ),
    }
}
