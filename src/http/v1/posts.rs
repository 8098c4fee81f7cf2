//! `/admin/posts`: who holds which post, giving one and ending one.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, PageQuery, invalid};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::posts::{self, Holder, PostQuery, ShownPost};
use crate::domain::codes::{CodeError, CounterCode, Mobile, RegionCode, Uscc};
use crate::domain::policy::Role;
use crate::domain::posts::NewPost;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::http::extract::{Body, OnceKey, Query, mark_replay};
use crate::http::problem::{Code, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// 岗位 with its holder, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldPostView {
    pub id: Uuid,
    pub account_id: Uuid,
    pub holder_name: String,
    pub holder_mobile: String,
    pub role: String,
    pub agency: Option<String>,
    pub region: String,
    pub counter: Option<String>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    pub is_in_force: bool,
}

impl From<ShownPost> for HeldPostView {
    fn from(shown: ShownPost) -> Self {
        let ShownPost { account, name, mobile, post, is_in_force } = shown;
        Self {
            id: post.id,
            account_id: account,
            holder_name: name,
            holder_mobile: mobile,
            role: post.role.as_str().to_owned(),
            agency: post.agency.as_ref().map(ToString::to_string),
            region: post.region.to_string(),
            counter: post.counter,
            valid_from: post.valid_from,
            valid_until: post.valid_until,
            is_in_force,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostsQuery {
    account: Option<String>,
    role: Option<String>,
    in_force: Option<bool>,
    limit: Option<i64>,
    after: Option<String>,
}

/// Posts in the order they were given.
#[utoipa::path(tag = "administration", operation_id = "list_posts", params(
    ("account" = Option<Uuid>, Query), ("role" = Option<String>, Query), ("in_force" = Option<bool>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<HeldPostView>), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[get("/admin/posts")]
pub async fn list_posts(ctx: web::Data<Ctx>, caller: Caller, query: Query<PostsQuery>) -> Reply {
    let PostsQuery { account, role, in_force, limit, after } = query.0;
    let page = PageQuery { limit, after };
    let limit = page.limit()?;
    let query = PostQuery {
        account: account.map(|id| parse_account("?account", &id)).transpose()?,
        role: role.map(|role| parse_role("?role", &role).map_err(one)).transpose()?,
        only_in_force: in_force.unwrap_or(false),
        after: page.after_id()?,
        limit,
    };
    let items = posts::list(&ctx, &caller, query).await?.into_iter().map(HeldPostView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &HeldPostView| view.id.to_string())))
}

/// A post to be given, to an account named by its id or its mobile number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostBody {
    pub account_id: Option<Uuid>,
    pub mobile: Option<String>,
    /// `counter_officer`, `handler`, `reviewer`, `approver`, `supervisor`,
    /// `catalogue_editor`, `catalogue_publisher`, `administrator` or `auditor`.
    pub role: String,
    /// USCC of the agency; for handlers, reviewers and approvers.
    pub agency: Option<String>,
    pub region: String,
    /// Code of the counter; for counter officers.
    pub counter: Option<String>,
    /// Left out: from now on.
    pub valid_from: Option<DateTime<Utc>>,
    /// Left out: until it is ended.
    pub valid_until: Option<DateTime<Utc>>,
}

impl PostBody {
    fn parse(self, now: DateTime<Utc>) -> Result<(Holder, NewPost), Problem> {
        let mut errors = Vec::new();
        let holder = match (self.account_id, self.mobile) {
            (Some(account), None) => Some(Holder::Account(account)),
            (None, Some(mobile)) => keep("/mobile", Mobile::parse(&mobile), &mut errors).map(Holder::Mobile),
            (None, None) | (Some(_), Some(_)) => {
                let zh = "请提供 account_id 或 mobile 之一。";
                let en = "Give one of `account_id` and `mobile`.";
                errors.push(FieldError::new("/account_id", "required", Text::new(zh, en)));
                None
            }
        };
        let role = parse_role("/role", &self.role).map_err(|error| errors.push(error)).ok();
        let region = keep("/region", RegionCode::parse(&self.region), &mut errors);
        let agency = self.agency.as_deref().map(Uscc::parse).transpose();
        let agency = keep("/agency", agency, &mut errors);
        let counter = self.counter.as_deref().map(CounterCode::parse).transpose();
        let counter = keep("/counter", counter, &mut errors);
        match (holder, role, region, agency, counter) {
            (Some(holder), Some(role), Some(region), Some(agency), Some(counter)) => {
                let valid_from = self.valid_from.unwrap_or(now);
                let valid_until = self.valid_until;
                Ok((holder, NewPost { role, agency, region, counter, valid_from, valid_until }))
            }
            _ => Err(Problem::new(Code::ValidationFailed).errors(errors)),
        }
    }
}

fn keep<T>(pointer: &str, parsed: Result<T, CodeError>, errors: &mut Vec<FieldError>) -> Option<T> {
    parsed.map_err(|error| errors.push(FieldError::new(pointer, error.code, error.detail))).ok()
}

fn parse_role(pointer: &str, text: &str) -> Result<Role, FieldError> {
    Role::parse(text).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str).join(", ");
        let words = Text::new(format!("可用：{known}。"), format!("Expected one of: {known}."));
        FieldError::new(pointer, "not_an_option", words)
    })
}

fn one(error: FieldError) -> Problem {
    Problem::new(Code::InvalidField).errors(vec![error])
}

pub(super) fn parse_account(pointer: &str, text: &str) -> Result<Uuid, Problem> {
    let words = || Text::new("应为账号的编号。", "It must be the id of an account.");
    text.parse().map_err(|_| invalid(pointer, "invalid", words()))
}

/// 任命: gives a post. Nobody gives one to himself, and who runs the platform or
/// audits it handles no cases.
#[utoipa::path(tag = "administration", operation_id = "give_post", request_body = PostBody, responses(
    (status = 201, body = HeldPostView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/posts")]
pub async fn give_post(ctx: web::Data<Ctx>, caller: Caller, once: OnceKey, body: Body<PostBody>) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let (holder, wanted) = body.value.parse(ctx.clock.now())?;
    let answer = posts::give(&ctx, &caller, holder, wanted, claim).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    let view = HeldPostView::from(answer.value);
    Ok(response
        .insert_header((LOCATION, format!("/api/v1/admin/posts?account={}", view.account_id)))
        .json(view))
}

/// 免职: ends a post now. What it allowed ends with it on every instance within a second.
#[utoipa::path(tag = "administration", operation_id = "end_post", responses(
    (status = 200, body = HeldPostView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/posts/{id}/end")]
pub async fn end_post(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let shown = posts::end(&ctx, &caller, *id).await?;
    Ok(HttpResponse::Ok().json(HeldPostView::from(shown)))
}
