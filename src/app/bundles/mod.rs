//! 一件事: several guides applied for once. The cases it leads to are ordinary
//! cases, opened and submitted in the applicant's name; each is filed in the same
//! transaction as the step of the application that calls for it, so that it is
//! filed once, whoever crashes when.

mod advance;
mod catalogue;
mod closed;
mod edit;
mod find;
mod open;
mod read;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use advance::follow;
pub use catalogue::{
    Bundles, PublishedBundle, current, door, evaluate, for_publication, named, withdraw_bundle,
};
pub use closed::{ClosedBundle, closed};
pub use edit::{attach, save, submit, withdraw};
pub use find::{answers_as_well, beside, entry_of, search};
pub use open::{OpenApplication, open};
pub use read::{list_mine, read};

use super::cases::CaseReply;
use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::files::Folder;
use super::identity::Caller;
use super::permit::permit;
use crate::domain::bundles::{Application, Command, Opening, Plan, Rules, decide, evolve};
use crate::domain::cases::By;
use crate::domain::codes::CertificateType;
use crate::domain::policy::{CaseScope, Operation, Target};
use crate::store::StoredApplication;

/// Tries before a change that loses against concurrent ones gives up.
const ATTEMPTS: usize = 64;

/// An application as its applicant may see it.
pub struct ApplicationReply {
    pub application: Application,
    pub bundle: Arc<PublishedBundle>,
    /// The cases its parts became, by part.
    pub cases: HashMap<String, CaseReply>,
}

/// An application with the plan it goes by.
struct Loaded {
    stored: StoredApplication,
    bundle: Arc<PublishedBundle>,
}

impl Loaded {
    fn plan(&self) -> &Plan {
        &self.bundle.plan
    }

    fn application(&self) -> &Application {
        &self.stored.application
    }

    /// Its files.
    ///
    /// # Errors
    /// `NotFound` when they were erased.
    fn folder<'a>(&'a self, ctx: &'a Ctx) -> AppResult<Folder<'a>> {
        let key = self.stored.origin.key().ok_or(AppError::NotFound)?;
        Ok(Folder { blobs: ctx.blobs.as_ref(), owner: self.application().id, key })
    }
}

async fn load(ctx: &Ctx, id: Uuid) -> AppResult<Loaded> {
    let stored = ctx.store.find_application(id).await?.ok_or(AppError::NotFound)?;
    let bundle = ctx.bundles.of_application(ctx, &stored.application.opened).await?;
    Ok(Loaded { stored, bundle })
}

/// What the policy says: whoever may do it for a case of every one of its guides,
/// while it is nobody's but the applicant's.
fn permit_all(
    caller: &Caller,
    operation: Operation,
    opened: &Opening,
    plan: &Plan,
    at: DateTime<Utc>,
) -> AppResult<By> {
    let mut capacity = None;
    for guide in opened.guides.values() {
        let target = Target::Case(scope(opened.party, guide.as_str(), plan, helper(&opened.by)));
        capacity = Some(permit(caller, operation, target, at).map_err(AppError::or_not_found)?);
    }
    capacity.ok_or(AppError::NotFound)
}

/// An application is seen as a draft is: by the applicant's side, and by the officer
/// who helped to open it.
fn scope<'a>(party: Uuid, guide: &'a str, plan: &'a Plan, assisted_by: Option<Uuid>) -> CaseScope<'a> {
    let (agency, region) = (&plan.bundle.leader, &plan.bundle.region);
    CaseScope { party, guide, agency, region, is_draft: true, assisted_by, helpers: &[], consulted: &[] }
}

/// The account of the officer who opened it with the applicant before him.
fn helper(by: &By) -> Option<Uuid> {
    match by {
        By::Assistant { account, .. } => Some(*account),
        By::Applicant { .. } | By::Agent { .. } | By::Officer { .. } | By::System => None,
    }
}

/// The application after a command.
fn commanded(
    ctx: &Ctx,
    loaded: &Loaded,
    command: Command,
    at: DateTime<Utc>,
) -> AppResult<Option<Application>> {
    let (plan, mut next) = (loaded.plan(), loaded.application().clone());
    let calendar = ctx.calendar.current();
    let rules = Rules { graph: &plan.graph, promised: plan.promised(), calendar: &calendar };
    let events = decide(&next.progress, rules, command, at)?;
    if events.is_empty() {
        return Ok(None);
    }
    next.progress = events.iter().fold(next.progress, |progress, event| evolve(progress, event, at));
    next.version += 1;
    Ok(Some(next))
}

/// The types of somebody's valid certificates.
async fn held_types(ctx: &Ctx, holder: Uuid, at: DateTime<Utc>) -> AppResult<Vec<CertificateType>> {
    let held = ctx.store.list_certificates(holder, None, 1000).await?;
    let valid = held.into_iter().filter(|sealed| sealed.certificate.states(at).is_some());
    Ok(valid.map(|sealed| sealed.certificate.certificate_type).collect())
}
