//! 待办: the worklists of staff, how much lies on them, taking cases from them, and
//! finding one.

use actix_web::{HttpResponse, delete, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::{CaseLineView, CaseView};
use super::command_bodies::NoBody;
use super::{Page, PageQuery, invalid};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::work::{
    self, Order, Reassign, ShownLeave, ShownWork, StateCounts, Whose, WorkCursor, WorkRequest,
};
use crate::domain::cases::StateName;
use crate::domain::cases::clock::Light;
use crate::domain::text::Text;
use crate::domain::time::local_date;
use crate::domain::work::CaseClaim;
use crate::http::extract::{Accepted, Body, OnceKey, Query};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// 领办: who works on a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimView {
    pub role: &'static str,
    pub post: Uuid,
    /// Whether it is the caller.
    pub is_own: bool,
    pub since: DateTime<Utc>,
}

impl ClaimView {
    fn of(caller: &Caller, claim: &CaseClaim) -> Self {
        let is_own = claim.account == caller.actor.account;
        Self { role: claim.role.as_str(), post: claim.post, is_own, since: claim.at }
    }
}

/// A case on a worklist.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkLineView {
    #[serde(flatten)]
    pub line: CaseLineView,
    /// The step of the flow whose turn it is.
    pub step: Option<String>,
    /// 征求意见: the agency whose opinion on the case is all that is wanted of the caller.
    /// `light` and `due_on` are then those of the opinion.
    pub opinion_of: Option<String>,
    pub claims: Vec<ClaimView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClaimsView {
    pub claims: Vec<ClaimView>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkQuery {
    state: Option<String>,
    guide: Option<String>,
    counter: Option<String>,
    agency: Option<String>,
    step: Option<String>,
    light: Option<String>,
    assignee: Option<String>,
    order: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl WorkQuery {
    fn parse(self) -> Result<WorkRequest, Problem> {
        let states = StateName::ALL.map(|state| (state.as_str(), state));
        let lights = [("green", Light::Green), ("yellow", Light::Yellow), ("red", Light::Red)];
        let orders = [("due", Order::Due), ("newest", Order::Newest)];
        let state = one_of("?state", self.state.as_deref(), &states)?;
        let by_age = state == Some(StateName::Closed);
        let order = one_of("?order", self.order.as_deref(), &orders)?.unwrap_or(Order::Due);
        let order = if by_age { Order::Newest } else { order };
        let limit = PageQuery { limit: self.limit, after: None }.limit()?;
        Ok(WorkRequest {
            state,
            guide: self.guide,
            counter: self.counter,
            agency: self.agency,
            step: self.step,
            light: one_of("?light", self.light.as_deref(), &lights)?,
            whose: whose(self.assignee.as_deref())?,
            after: self.after.map(|text| cursor(&text, order)).transpose()?,
            order,
            limit,
        })
    }
}

fn one_of<T: Copy>(pointer: &str, text: Option<&str>, known: &[(&str, T)]) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let words = || Text::new(format!("可用：{}。", names()), format!("Expected one of: {}.", names()));
    found.map(Some).ok_or_else(|| invalid(pointer, "not_an_option", words()))
}

fn whose(text: Option<&str>) -> Result<Whose, Problem> {
    let wrong = || {
        let words = Text::new("应为 me、none 或岗位编号。", "Give `me`, `none` or the id of a post.");
        invalid("?assignee", "invalid", words)
    };
    match text {
        None => Ok(Whose::Anybodys),
        Some("me") => Ok(Whose::Mine),
        Some("none") => Ok(Whose::Nobodys),
        Some(post) => post.parse().map(Whose::Posts).map_err(|_| wrong()),
    }
}

/// As `next` gave it: the day and the case, or the case alone where the day does not matter.
fn cursor(text: &str, order: Order) -> Result<WorkCursor, Problem> {
    let read = || match order {
        Order::Due => {
            let (day, case) = text.split_once('.')?;
            Some(WorkCursor { due_on: day.parse().ok()?, case: case.parse().ok()? })
        }
        Order::Newest => Some(WorkCursor { due_on: NaiveDate::MIN, case: text.parse().ok()? }),
    };
    let words = || Text::new("请使用上一页返回的 next。", "Use the `next` of the page before.");
    read().ok_or_else(|| invalid("?after", "invalid", words()))
}

/// The staff worklist: open cases within reach of the caller's posts, closed ones of which
/// a reply or a report is still owed, and those that await the opinion of an agency of
/// his, the most urgent first. With `state=closed` and no light all closed ones, newest first. `assignee` is `me`, `none` or a
/// post; `order` is `due` or `newest`.
#[utoipa::path(tag = "work", operation_id = "list_work", params(
    ("state" = Option<String>, Query), ("guide" = Option<String>, Query), ("counter" = Option<String>, Query),
    ("agency" = Option<String>, Query), ("step" = Option<String>, Query), ("light" = Option<String>, Query),
    ("assignee" = Option<String>, Query), ("order" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses(
    (status = 200, body = Page<WorkLineView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases")]
pub async fn list_work(ctx: web::Data<Ctx>, caller: Caller, query: Query<WorkQuery>) -> Reply {
    let request = query.0.parse()?;
    let (limit, order) = (request.limit, request.order);
    let shown = work::list(&ctx, &caller, request).await?;
    let last = shown.last().map(|work| match order {
        Order::Due => format!("{}.{}", work.cursor.due_on, work.cursor.case),
        Order::Newest => work.cursor.case.to_string(),
    });
    let items = shown.into_iter().map(|work| line(&ctx, &caller, work)).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |_| last.clone().unwrap_or_default())))
}

fn line(ctx: &Ctx, caller: &Caller, work: ShownWork) -> WorkLineView {
    let calendar = ctx.calendar.current();
    let guide = work.reply.guide.for_case(&work.reply.case);
    let desk = crate::domain::cases::desk::desk(&work.reply.case, guide, &calendar);
    let at = ctx.clock.now();
    let mut line = CaseLineView::of(&work.reply, &calendar, at);
    line.due_on = work.due_on.or(line.due_on);
    if let Some(agency) = &work.opinion_of {
        // Of the case's clocks this one is the caller's.
        let opinions = desk.iter().flat_map(|desk| &desk.opinions);
        let own = opinions.into_iter().find(|awaited| awaited.agency == *agency);
        line.light = own.map(|awaited| awaited.days.light(local_date(at)));
    }
    WorkLineView {
        line,
        step: desk.and_then(|desk| desk.step),
        opinion_of: work.opinion_of.map(|agency| agency.to_string()),
        claims: work.claims.iter().map(|claim| ClaimView::of(caller, claim)).collect(),
    }
}

/// How many cases of one state have which light today: open ones, and closed ones of
/// which something is still owed.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateCountsView {
    pub state: &'static str,
    pub green: i64,
    pub yellow: i64,
    pub red: i64,
    /// No clock runs.
    pub still: i64,
}

impl From<StateCounts> for StateCountsView {
    fn from(counts: StateCounts) -> Self {
        let StateCounts { state, green, yellow, red, still } = counts;
        Self { state: state.as_str(), green, yellow, red, still }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WorkCountsView {
    /// The day whose lights these are.
    pub today: NaiveDate,
    pub states: Vec<StateCountsView>,
}

/// How much lies on the caller's worklist, by state and light.
#[utoipa::path(tag = "work", operation_id = "count_work", responses(
    (status = 200, body = WorkCountsView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/work/counts")]
pub async fn count_work(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let states = work::counts(&ctx, &caller).await?.into_iter().map(StateCountsView::from).collect();
    Ok(HttpResponse::Ok().json(WorkCountsView { today: local_date(ctx.clock.now()), states }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimBody {
    /// In which of the caller's posts; left out: the first that looks after the case.
    pub post: Option<Uuid>,
}

/// 领办: takes a case. Colleagues of the same role leave it alone until it is released.
#[utoipa::path(tag = "work", operation_id = "claim_case", request_body = ClaimBody, responses(
    (status = 200, body = ClaimsView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/{id}/claim")]
pub async fn claim_case(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<ClaimBody>,
) -> Reply {
    Ok(claims(&caller, &work::claim(&ctx, &caller, *id, body.value.post).await?))
}

/// 释放: gives a case back to the worklist.
#[utoipa::path(tag = "work", operation_id = "release_case", request_body = NoBody, responses(
    (status = 200, body = ClaimsView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/{id}/release")]
pub async fn release_case(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    _body: Body<NoBody>,
) -> Reply {
    Ok(claims(&caller, &work::release(&ctx, &caller, *id).await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignBody {
    pub post: Uuid,
}

/// 改派: a supervisor gives a case to a post.
#[utoipa::path(tag = "work", operation_id = "reassign_case", request_body = ReassignBody, responses(
    (status = 200, body = ClaimsView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/{id}/reassign")]
pub async fn reassign_case(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<ReassignBody>,
) -> Reply {
    let wanted = Reassign { case: *id, post: body.value.post };
    Ok(claims(&caller, &work::reassign(&ctx, &caller, wanted).await?))
}

fn claims(caller: &Caller, claims: &[CaseClaim]) -> HttpResponse {
    let claims = claims.iter().map(|claim| ClaimView::of(caller, claim)).collect();
    HttpResponse::Ok().json(ClaimsView { claims })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveBody {
    pub until: DateTime<Utc>,
    /// The post that stands in: of the same role and agency, and of the region or one
    /// above. Left out: the cases go back to the worklists.
    pub to: Option<Uuid>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LeaveView {
    pub post: Uuid,
    pub until: DateTime<Utc>,
    pub to: Option<Uuid>,
    /// How many cases went elsewhere.
    pub moved_cases: usize,
}

impl From<ShownLeave> for LeaveView {
    fn from(shown: ShownLeave) -> Self {
        let ShownLeave { leave, cases } = shown;
        Self { post: leave.post, until: leave.until, to: leave.substitute, moved_cases: cases }
    }
}

/// 请假: until then the cases of a post are its substitute's, or anybody's; those that
/// are given to it as well. By its holder, or who supervises him.
#[utoipa::path(tag = "work", operation_id = "begin_leave", request_body = LeaveBody, responses(
    (status = 200, body = LeaveView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/posts/{id}/leave")]
pub async fn begin_leave(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<LeaveBody>,
) -> Reply {
    let LeaveBody { until, to } = body.value;
    let shown = work::begin_leave(&ctx, &caller, *id, until, to).await?;
    Ok(HttpResponse::Ok().json(LeaveView::from(shown)))
}

/// 销假: he is back. What went to others stays theirs.
#[utoipa::path(tag = "work", operation_id = "end_leave", responses(
    (status = 204), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[delete("/posts/{id}/leave")]
pub async fn end_leave(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    work::end_leave(&ctx, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// From 1 to 100, each once.
    pub cases: Vec<Uuid>,
}

/// What became of one case of a batch: the case as it is now, or why not.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItemView {
    pub case: Uuid,
    pub status: u16,
    /// Whether it was accepted by an earlier request with the same Idempotency-Key.
    pub replayed: bool,
    pub accepted: Option<CaseView>,
    pub problem: Option<ProblemView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// In the order given.
    pub results: Vec<BatchItemView>,
}

/// 批量受理: accepts many cases, each in its own right: one that cannot be accepted keeps
/// none of the others from it.
#[utoipa::path(tag = "work", operation_id = "accept_cases", request_body = BatchBody, responses(
    (status = 200, body = BatchView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/batch/accept")]
pub async fn accept_cases(
    ctx: web::Data<Ctx>,
    caller: Caller,
    language: Accepted,
    once: OnceKey,
    body: Body<BatchBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let cases = body.value.cases;
    let mut unique = cases.clone();
    unique.sort_unstable();
    unique.dedup();
    if !(1..=work::MOST_IN_A_BATCH).contains(&cases.len()) || unique.len() != cases.len() {
        let words = Text::new("应有 1 至 100 个办件，且不重复。", "Give from 1 to 100 cases, each once.");
        return Err(invalid("/cases", "out_of_range", words));
    }
    let results = work::accept_all(&ctx, &caller, cases, claim.as_ref()).await?;
    let results: Vec<BatchItemView> =
        results.into_iter().map(|result| item(result, &language, &caller.request_id)).collect();
    let mut response = HttpResponse::Ok();
    if results.iter().all(|result| result.replayed) {
        response.insert_header(("idempotent-replayed", "true"));
    }
    Ok(response.json(BatchView { results }))
}

fn item(result: work::BatchResult, language: &Accepted, request_id: &str) -> BatchItemView {
    match result.outcome {
        Ok(answer) => BatchItemView {
            case: result.case,
            status: 200,
            replayed: answer.replayed,
            accepted: Some(CaseView::from(&answer.value)),
            problem: None,
        },
        Err(error) => {
            let problem = Problem::from(error).view(language.0, request_id);
            BatchItemView {
                case: result.case,
                status: problem.status,
                replayed: false,
                accepted: None,
                problem: Some(problem),
            }
        }
    }
}
