//! 岗位: giving and ending them, by an administrator.
//!
//! What always holds: nobody gives himself a post; the last administrator stays;
//! whoever lost a post loses its rights on every instance within a second.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ctx::{Ctx, new_id};
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::once::{Answer, Claim, first_answer};
use super::permit::permit;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::{Mobile, mask_mobile, mask_name};
use crate::domain::policy::{Operation, Post, Role, Target};
use crate::domain::posts::NewPost;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{AccountRecord, Changes, Epoch, HeldPost, PeopleWrite, PostFilter, PostWrite, WorkWrite};

/// Whom a post is for.
#[derive(Debug, Clone)]
pub enum Holder {
    Account(Uuid),
    Mobile(Mobile),
}

/// A post with its holder, masked: enough to know him by.
pub struct ShownPost {
    pub account: Uuid,
    pub name: String,
    pub mobile: String,
    pub post: Post,
    pub is_in_force: bool,
}

/// Which posts to list.
#[derive(Debug, Clone, Default)]
pub struct PostQuery {
    pub account: Option<Uuid>,
    pub role: Option<Role>,
    pub only_in_force: bool,
    pub after: Option<Uuid>,
    pub limit: i64,
}

pub async fn list(ctx: &Ctx, caller: &Caller, query: PostQuery) -> AppResult<Vec<ShownPost>> {
    let at = ctx.clock.now();
    permit(caller, Operation::ManagePosts, Target::Platform, at)?;
    let filter = PostFilter {
        account: query.account,
        role: query.role,
        in_force_at: query.only_in_force.then_some(at),
        after: query.after,
        limit: query.limit,
    };
    let mut shown = Vec::new();
    for held in ctx.store.list_held_posts(filter).await? {
        shown.push(show(ctx, held, at).await?);
    }
    Ok(shown)
}

async fn show(ctx: &Ctx, held: HeldPost, at: DateTime<Utc>) -> AppResult<ShownPost> {
    let HeldPost { account, post } = held;
    let gone = || AppError::Internal(format!("the holder of post {} is gone", post.id));
    let record = ctx.store.find_account(account).await?.ok_or_else(gone)?;
    let person = ctx.store.find_person(record.person).await?.ok_or_else(gone)?;
    Ok(ShownPost {
        account,
        name: mask_name(&person.applicant.name),
        mobile: mask_mobile(record.mobile.as_str()),
        is_in_force: post.in_force(at) && record.closed_at.is_none(),
        post,
    })
}

/// Gives a post; the answer shows it with its holder.
///
/// # Errors
/// `Invalid` with everything wrong at once; `Refused` when he gives it to himself.
pub async fn give(
    ctx: &Ctx,
    caller: &Caller,
    holder: Holder,
    wanted: NewPost,
    claim: Option<Claim>,
) -> AppResult<Answer<ShownPost>> {
    permit(caller, Operation::ManagePosts, Target::Platform, ctx.clock.now())?;
    let error = match give_once(ctx, caller, holder, wanted, claim.as_ref()).await {
        Ok(shown) => return Ok(Answer::first(shown)),
        Err(error) => error,
    };
    let id = first_answer(ctx, claim.as_ref(), error).await?;
    let unreadable = || AppError::Internal("a stored answer is no post".to_owned());
    let id: Uuid = id.parse().map_err(|_| unreadable())?;
    let held = ctx.store.find_held_post(id).await?.ok_or_else(unreadable)?;
    show(ctx, held, ctx.clock.now()).await.map(Answer::again)
}

async fn give_once(
    ctx: &Ctx,
    caller: &Caller,
    holder: Holder,
    wanted: NewPost,
    claim: Option<&Claim>,
) -> AppResult<ShownPost> {
    let at = ctx.clock.now();
    let account = find_holder(ctx, &holder).await?;
    let mut errors = unknown_places(ctx, &wanted).await?;
    if let Ok(account) = &account {
        errors.extend(wanted.problems(&ctx.store.list_posts(account.id).await?, at));
    }
    let account = match account {
        Ok(account) if errors.is_empty() => account,
        Ok(_) => return Err(AppError::Invalid(errors)),
        Err(unknown) => {
            errors.insert(0, unknown);
            return Err(AppError::Invalid(errors));
        }
    };
    if account.id == caller.actor.account {
        return Err(to_himself().into());
    }
    let post = post_of(wanted, at);
    let mut changes = Changes::new();
    changes
        .write(PeopleWrite::InsertPost { account: account.id, post: post.clone() })
        .write(Epoch::Identity)
        .audit(&entry(caller, AuditAction::PostGiven, account.id, &post, at));
    changes.claim(claim, post.id.to_string(), at);
    ctx.store.commit(changes).await?;
    ctx.identity.reload(at).await?;
    show(ctx, HeldPost { account: account.id, post }, at).await
}

fn post_of(wanted: NewPost, at: DateTime<Utc>) -> Post {
    let NewPost { role, agency, region, counter, valid_from, valid_until } = wanted;
    let counter = counter.map(|counter| counter.to_string());
    Post { id: new_id(at), role, agency, region, counter, valid_from, valid_until }
}

/// The open account meant, or what is wrong with how it was named.
async fn find_holder(ctx: &Ctx, holder: &Holder) -> AppResult<Result<AccountRecord, FieldError>> {
    let (pointer, found) = match holder {
        Holder::Account(id) => ("/account_id", ctx.store.find_account(*id).await?),
        Holder::Mobile(mobile) => ("/mobile", ctx.store.find_account_by_mobile(mobile).await?),
    };
    let unknown = || {
        let zh = "没有这个账号，请核对；尚未注册的，请其先注册。";
        let en = "There is no such account. Check it; who has none yet must register first.";
        FieldError::new(pointer, "unknown", Text::new(zh, en))
    };
    Ok(found.filter(|account| account.closed_at.is_none()).ok_or_else(unknown))
}

/// The region, agency and counter must be there.
async fn unknown_places(ctx: &Ctx, wanted: &NewPost) -> AppResult<Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut unknown = |pointer: &str, is_known: bool| {
        if !is_known {
            let words = Text::new("没有这个代码，请核对。", "There is no such code; check it.");
            errors.push(FieldError::new(pointer, "unknown", words));
        }
    };
    unknown("/region", ctx.store.find_region(wanted.region.clone()).await?.is_some());
    if let Some(agency) = &wanted.agency {
        unknown("/agency", ctx.store.find_agency(agency.clone()).await?.is_some());
    }
    if let Some(counter) = &wanted.counter {
        unknown("/counter", ctx.store.find_counter(counter.clone()).await?.is_some());
    }
    Ok(errors)
}

fn to_himself() -> Refusal {
    Refusal::new(
        RefusalCode::SamePerson,
        "不能给自己设置岗位，请由另一位管理员办理。",
        "Nobody gives himself a post; another administrator must do it.",
    )
}

/// Ends a post now; one that has ended stays as it is.
///
/// # Errors
/// `Refused` for the last administrator's: nobody could give another.
pub async fn end(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<ShownPost> {
    let at = ctx.clock.now();
    permit(caller, Operation::ManagePosts, Target::Platform, at)?;
    let HeldPost { account, mut post } = ctx.store.find_held_post(id).await?.ok_or(AppError::NotFound)?;
    if post.valid_until.is_some_and(|until| until <= at) {
        return show(ctx, HeldPost { account, post }, at).await;
    }
    if post.role == Role::Administrator && post.in_force(at) && is_last_administrator(ctx, at).await? {
        return Err(last_administrator().into());
    }
    post.valid_until = Some(at);
    let mut changes = Changes::new();
    changes.write(PostWrite::End { id, at }).write(WorkWrite::HandOver { from: id, to: None, at });
    changes.write(Epoch::Identity).audit(&entry(caller, AuditAction::PostEnded, account, &post, at));
    ctx.store.commit(changes).await?;
    ctx.identity.reload(at).await?;
    show(ctx, HeldPost { account, post }, at).await
}

async fn is_last_administrator(ctx: &Ctx, at: DateTime<Utc>) -> AppResult<bool> {
    let filter = PostFilter {
        role: Some(Role::Administrator),
        in_force_at: Some(at),
        limit: 2,
        ..PostFilter::default()
    };
    Ok(ctx.store.list_held_posts(filter).await?.len() < 2)
}

fn last_administrator() -> Refusal {
    Refusal::new(
        RefusalCode::WrongState,
        "这是最后一位管理员，免去后无人能再设置岗位。请先任命另一位。",
        "This is the last administrator; without him nobody could give posts. Give another one first.",
    )
}

fn entry(caller: &Caller, action: AuditAction, account: Uuid, post: &Post, at: DateTime<Utc>) -> AuditEntry {
    caller.entry(at, action, Outcome::Succeeded).on(account).with(json!({
        "post": post.id,
        "role": post.role,
        "agency": post.agency.as_ref().map(ToString::to_string),
        "region": post.region.to_string(),
        "counter": post.counter,
        "valid_from": post.valid_from,
        "valid_until": post.valid_until,
    }))
}
