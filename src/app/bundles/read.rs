//! Reading applications for bundles: one, and one's own.

use std::collections::HashMap;

use uuid::Uuid;

use super::{ApplicationReply, Loaded, load, permit_all};
use crate::app::cases;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::domain::bundles::PartState;
use crate::domain::policy::Operation;
use crate::store::StoredApplication;

pub async fn read(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ApplicationReply> {
    let loaded = load(ctx, id).await?;
    permit_all(caller, Operation::ReadCase, &loaded.application().opened, loaded.plan(), ctx.clock.now())?;
    reply(ctx, caller, loaded).await
}

async fn reply(ctx: &Ctx, caller: &Caller, loaded: Loaded) -> AppResult<ApplicationReply> {
    let Loaded { stored, bundle } = loaded;
    let mut cases = HashMap::new();
    for (part, state) in &stored.application.progress.parts {
        if let Some(case) = PartState::case(state) {
            cases.insert(part.clone(), cases::read(ctx, caller, case).await?);
        }
    }
    Ok(ApplicationReply { application: stored.application, bundle, cases })
}

/// The caller's own, and those of the people he acts for, newest first.
pub async fn list_mine(
    ctx: &Ctx,
    caller: &Caller,
    after: Option<Uuid>,
    limit: i64,
) -> AppResult<Vec<ApplicationReply>> {
    let at = ctx.clock.now();
    if !caller.actor.scopes.cases {
        return Err(AppError::Forbidden);
    }
    let parties = cases::parties(caller, at);
    let wanted = usize::try_from(limit).unwrap_or(0);
    let (mut found, mut after) = (Vec::new(), after);
    while found.len() < wanted {
        let page = ctx.store.list_applications(parties.clone(), after, limit).await?;
        let id = |listed: &Result<StoredApplication, Uuid>| {
            listed.as_ref().map_or_else(|id| *id, |stored| stored.application.id)
        };
        let Some(last) = page.last().map(id) else { break };
        for stored in page.into_iter().flatten() {
            let bundle = ctx.bundles.of_application(ctx, &stored.application.opened).await?;
            let loaded = Loaded { stored, bundle };
            let opened = &loaded.application().opened;
            let may = permit_all(caller, Operation::ReadCase, opened, loaded.plan(), at).is_ok();
            if may && found.len() < wanted {
                found.push(reply(ctx, caller, loaded).await?);
            }
        }
        after = Some(last);
    }
    Ok(found)
}
