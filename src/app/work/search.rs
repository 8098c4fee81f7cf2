//! 查找: a filed case by its number, or the cases of somebody by his name or a number of
//! his, as far as the caller's posts reach.
//!
//! What always holds: names and numbers are compared by keyed indexes and nothing else;
//! who looked for whom is on record, by a label that tells nobody who it was.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use crate::app::cases::{self, CaseReply};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::history::hex;
use crate::domain::codes::Mobile;
use crate::domain::guides::IdNumber;
use crate::domain::policy::{Operation, Target};
use crate::domain::registries::PersonName;
use crate::domain::work::Reach;
use crate::store::{Changes, mobile_key, name_key, number_key};

/// What is looked for.
#[derive(Debug, Clone)]
pub enum Search {
    /// A case number or its beginning, the guide's code at least.
    Number(String),
    /// The applicant's name, exactly.
    Name(PersonName),
    IdNumber(IdNumber),
    Mobile(Mobile),
}

/// How often one officer may look for people in an hour.
const MOST_AN_HOUR: i64 = 300;

/// A page of what is found; `after` is the last case of the page before.
pub async fn search(
    ctx: &Ctx,
    caller: &Caller,
    wanted: Search,
    after: Option<Uuid>,
    limit: i64,
) -> AppResult<Vec<CaseReply>> {
    let at = ctx.clock.now();
    permit(caller, Operation::ListWork, Target::Platform, at).map_err(AppError::or_forbidden)?;
    let reach = Reach::of(caller.actor.posts.iter(), at);
    let vault = ctx.store.vault();
    let (by, digest) = match &wanted {
        Search::Number(begins) => return by_number(ctx, caller, begins, reach, after, limit).await,
        Search::Name(name) => ("name", name_key(vault, name)),
        Search::IdNumber(number) => ("id_number", number_key(vault, number)),
        Search::Mobile(mobile) => ("mobile", mobile_key(vault, mobile.as_str())),
    };
    put_on_record(ctx, caller, by, &digest).await?;
    let found = ctx.store.find_cases_by_key(digest, reach, after, limit).await?;
    shown(ctx, caller, found).await
}

async fn by_number(
    ctx: &Ctx,
    caller: &Caller,
    begins: &str,
    reach: Reach,
    after: Option<Uuid>,
    limit: i64,
) -> AppResult<Vec<CaseReply>> {
    let last = match after {
        Some(id) => ctx.store.find_case(id).await?.and_then(|stored| stored.case.case_no().cloned()),
        None => None,
    };
    let last = last.map(|number| number.to_string());
    let found = ctx.store.find_cases_by_number(begins.to_owned(), reach, last, limit).await?;
    shown(ctx, caller, found).await
}

/// Before anything is looked for. The label is no key by which cases are found.
async fn put_on_record(ctx: &Ctx, caller: &Caller, by: &str, digest: &[u8]) -> AppResult<()> {
    let at = ctx.clock.now();
    let hour_ago = at - TimeDelta::hours(1);
    let searches = ctx.store.count_audit(caller.actor.account, AuditAction::CasesSearched, hour_ago).await?;
    if searches >= MOST_AN_HOUR {
        return Err(AppError::TooMany { retry_after_seconds: 600 });
    }
    let label = ctx.store.vault().blind_index("audit.searched", &hex(digest));
    let subject = format!("{by}:{}", hex(label.get(..8).unwrap_or(&label)));
    let entry = caller.entry(at, AuditAction::CasesSearched, Outcome::Succeeded);
    let mut changes = Changes::new();
    changes.audit(&entry.on(subject).with(json!({ "by": by })));
    Ok(ctx.store.commit(changes).await?)
}

async fn shown(ctx: &Ctx, caller: &Caller, found: Vec<Uuid>) -> AppResult<Vec<CaseReply>> {
    let at = ctx.clock.now();
    let mut stored = ctx.store.find_cases(found.iter().copied()).await?;
    let mut shown = Vec::with_capacity(found.len());
    for id in found {
        let Some(Ok(stored)) = stored.remove(&id) else { continue };
        if let Some(audience) = cases::audience(caller, &stored, at) {
            shown.push(cases::with_guide(ctx, stored.case, audience).await?);
        }
    }
    Ok(shown)
}
