//! Daily roots, for anybody to keep, and the proof that a case is under one.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, PageQuery};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::roots::{self, DailyRoot, Proof};
use crate::domain::cases::history::hex;
use crate::domain::text::Text;
use crate::http::extract::Query;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// 每日根. All digests are SHA-256, lower-case hex.
#[derive(Debug, Serialize, ToSchema)]
pub struct RootView {
    /// In China.
    #[schema(value_type = String, format = Date)]
    pub day: String,
    /// Cases that something happened to on that day: the leaves of the tree.
    pub cases: i64,
    /// The root of the tree (RFC 6962 §2.1).
    pub root: String,
    /// Digest of the signed root (`jws`) of the day before; zeros for the first.
    pub previous: String,
    /// Compact JWS (ES256) over all of this, to be verified with the keys of
    /// `/.well-known/seal-keys.json`.
    pub jws: String,
}

impl From<DailyRoot> for RootView {
    fn from(root: DailyRoot) -> Self {
        Self {
            day: root.day,
            cases: root.cases,
            root: hex(&root.root),
            previous: hex(&root.previous),
            jws: root.jws,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<i64>,
    after: Option<String>,
}

/// The signed roots of all days, the newest first. Needs no sign-in.
#[utoipa::path(tag = "public", operation_id = "list_roots", params(
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses(
    (status = 200, body = Page<RootView>), (status = "4XX", body = ProblemView)
))]
#[get("/roots")]
pub async fn list_roots(ctx: web::Data<Ctx>, query: Query<ListQuery>) -> Reply {
    let page = PageQuery { limit: query.0.limit, after: query.0.after };
    let limit = page.limit()?;
    let before = page.after.as_deref().map(|day| day.parse().map_err(|_| no_day())).transpose()?;
    let items = roots::list(&ctx, before, limit).await?.into_iter().map(RootView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |root: &RootView| root.day.clone())))
}

fn no_day() -> Problem {
    let words = Text::new("请填写日期，如 2026-03-02。", "Give a day, such as 2026-03-02.");
    super::invalid("?after", "not_a_date", words)
}

/// The signed root of one day. Needs no sign-in.
#[utoipa::path(tag = "public", operation_id = "read_root", params(
    ("date" = NaiveDate, Path),
), responses(
    (status = 200, body = RootView), (status = "4XX", body = ProblemView)
))]
#[get("/roots/{date}")]
pub async fn read_root(ctx: web::Data<Ctx>, date: web::Path<NaiveDate>) -> Reply {
    Ok(HttpResponse::Ok().json(RootView::from(roots::read(&ctx, *date).await?)))
}

/// Where the case's history stood on a day, and the way from there to the root.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProofView {
    pub case: Uuid,
    /// Number of the last record of the case on that day…
    pub seq: u64,
    /// …and its hash.
    pub head: String,
    /// The leaf: SHA-256 of a zero byte, the 16 bytes of the case's id, `seq` in 8
    /// bytes, the highest first, and the 32 bytes of `head`.
    pub leaf: String,
    /// The leaf's place among all, from 0.
    pub index: usize,
    pub size: usize,
    /// The hashes beside the way, from the leaf up (RFC 9162 §2.1.3.2).
    pub path: Vec<String>,
    pub root: RootView,
}

impl From<Proof> for ProofView {
    fn from(proof: Proof) -> Self {
        Self {
            case: proof.leaf.case,
            seq: proof.leaf.seq,
            head: hex(&proof.leaf.head),
            leaf: hex(&proof.leaf.hash()),
            index: proof.index,
            size: proof.size,
            path: proof.path.iter().map(|hash| hex(hash)).collect(),
            root: proof.root.into(),
        }
    }
}

/// The proof that the case is under the newest daily root there is for it; 404 until
/// the first day after its opening.
#[utoipa::path(tag = "cases", operation_id = "prove_case", responses(
    (status = 200, body = ProofView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/proof")]
pub async fn prove_case(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    Ok(HttpResponse::Ok().json(ProofView::from(roots::prove(&ctx, &caller, *id).await?)))
}
