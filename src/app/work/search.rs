//! 查找: a filed case by its number, or the cases of somebody by his name or a number of
//! his, as far as the caller's posts reach.
//!
//! What always holds: names and numbers of people are compared by keyed indexes and
//! nothing else; who looked for what is on record, for people by a label that tells
//! nobody who it was.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use crate::app::cases::{self, CaseReply};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit_work;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::history::hex;
use crate::domain::codes::{GuideCode, Mobile};
use crate::domain::guides::IdNumber;
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

/// How often one officer may look in an hour.
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
    permit_work(caller, at)?;
    let reach = Reach::of(caller.actor.posts.iter(), at);
    let vault = ctx.store.vault();
    let (by, digest) = match &wanted {
        Search::Number(begins) => {
            put_on_record(ctx, caller, "number", begins).await?;
            return by_number(ctx, caller, begins, reach, after, limit).await;
        }
        Search::Name(name) => ("name", name_key(vault, name)),
        Search::IdNumber(number) => ("id_number", number_key(vault, number)),
        Search::Mobile(mobile) => ("mobile", mobile_key(vault, mobile.as_str())),
    };
    // The label is no key by which cases are found.
    let label = vault.blind_index("audit.searched", &hex(&digest));
    put_on_record(ctx, caller, by, &hex(label.get(..8).unwrap_or(&label))).await?;
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
    let found = if is_near(ctx, begins, &reach).await? {
        ctx.store.find_cases_by_number(begins.to_owned(), reach, last, limit).await?
    } else if last.is_none() {
        // Of a guide elsewhere only what was passed on can be here: found by its whole number.
        Vec::from_iter(ctx.store.find_case_by_number(begins.to_owned(), reach).await?)
    } else {
        Vec::new()
    };
    shown(ctx, caller, found).await
}

/// Whether the guide a number begins with lies within reach, and so nearly all its cases.
async fn is_near(ctx: &Ctx, begins: &str, reach: &Reach) -> AppResult<bool> {
    let code = GuideCode::that_begins(begins);
    let guide = match &code {
        Some(code) => ctx.catalogue.current(code.as_str()).await?,
        None => None,
    };
    Ok(guide.is_some_and(|guide| {
        reach.agencies.contains(&guide.guide.agency) || reach.covers(&guide.guide.region)
    }))
}

/// Before anything is looked for.
async fn put_on_record(ctx: &Ctx, caller: &Caller, by: &str, label: &str) -> AppResult<()> {
    let at = ctx.clock.now();
    let hour_ago = at - TimeDelta::hours(1);
    let searches = ctx.store.count_audit(caller.actor.account, AuditAction::CasesSearched, hour_ago).await?;
    if searches >= MOST_AN_HOUR {
        return Err(AppError::TooMany { retry_after_seconds: 600 });
    }
    let subject = format!("{by}:{label}");
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
