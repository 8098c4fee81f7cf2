//! Reports for supervisors.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, PageQuery};
use crate::app::Ctx;
use crate::app::consistency::{self, DecidedCase, Group, ReportRequest};
use crate::app::identity::Caller;
use crate::domain::text::Text;
use crate::http::extract::Query;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Applications that asked for the same and were decided differently.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyView {
    /// Names the group; says nothing of what was asked for.
    pub group: String,
    pub approved: i64,
    pub denied: i64,
    /// The latest of each kind, twenty at the most.
    pub cases: Vec<DecidedCaseView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DecidedCaseView {
    pub id: Uuid,
    pub case_no: String,
    /// `approved` or `denied`.
    pub decision: &'static str,
    pub decided_at: DateTime<Utc>,
    /// In which capacity somebody decided, and who.
    #[schema(value_type = Object)]
    pub decided_by: Value,
}

impl From<Group> for ConsistencyView {
    fn from(group: Group) -> Self {
        Self {
            group: group.cursor(),
            approved: group.approved,
            denied: group.denied,
            cases: group.cases.into_iter().map(DecidedCaseView::from).collect(),
        }
    }
}

impl From<DecidedCase> for DecidedCaseView {
    fn from(case: DecidedCase) -> Self {
        Self {
            id: case.id,
            case_no: case.case_no,
            decision: case.judgement.as_str(),
            decided_at: case.at,
            decided_by: json!(case.by),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyQuery {
    guide: String,
    version: u32,
    limit: Option<i64>,
    after: Option<String>,
}

/// Applications under one version of a guide that gave the same answers, in the same
/// scenario, with documents of the same kinds, and were decided differently.
#[utoipa::path(tag = "staff", operation_id = "report_consistency", params(
    ("guide" = String, Query), ("version" = u32, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses(
    (status = 200, body = Page<ConsistencyView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/reports/consistency")]
pub async fn report_consistency(
    ctx: web::Data<Ctx>,
    caller: Caller,
    query: Query<ConsistencyQuery>,
) -> Reply {
    let ConsistencyQuery { guide, version, limit, after } = query.0;
    let limit = PageQuery { limit, after: None }.limit()?;
    let after = after.as_deref().map(bytes_of).transpose()?.unwrap_or_default();
    let request = ReportRequest { guide, version, after, limit };
    let groups = consistency::report(&ctx, &caller, request).await?;
    let items = groups.into_iter().map(ConsistencyView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &ConsistencyView| view.group.clone())))
}

fn bytes_of(cursor: &str) -> Result<Vec<u8>, Problem> {
    let wrong = || {
        let words = Text::new("请使用上一页返回的 next。", "Use the `next` of the page before.");
        super::invalid("?after", "invalid", words)
    };
    if !cursor.is_ascii() || cursor.len() != 64 {
        return Err(wrong());
    }
    let digits = |at: usize| cursor.get(at * 2..at * 2 + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    (0..32).map(digits).collect::<Option<Vec<u8>>>().ok_or_else(wrong)
}
