//! The catalogue, for everybody: items, guides, their forms, and the dry run.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::bundles::{BundleLineView, line};
use super::{Page, PageQuery, TextView, invalid, parse_code};
use crate::app::bundles;
use crate::app::catalog::{self, Answer, FoundItem, GuideLine, PublishedGuide, Search};
use crate::app::{AppError, Ctx};
use crate::domain::cases::history::hex;
use crate::domain::codes::{BasicCode, RegionCode, ServiceObject};
use crate::domain::guides::Guide;
use crate::domain::text::Text;
use crate::http::extract::Query;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// 基本目录事项 with the guides that implement it here.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemView {
    pub basic_code: String,
    pub name: TextView,
    /// 事项类型, two digits.
    #[serde(rename = "type")]
    pub item_type: String,
    /// The first five that fit; with `region` of those that serve it, one unless several
    /// agencies of a place do.
    pub guides: Vec<GuideLineView>,
    /// How many fit.
    pub guide_count: usize,
    /// Where the others begin: `after` of `GET /items/{basic_code}`; null when these are all.
    pub next_guide: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GuideLineView {
    pub code: String,
    pub version: u32,
    pub agency: String,
    pub region: String,
    pub summary: TextView,
    /// `instant` or `promised`.
    pub handling: String,
    pub topics: Vec<String>,
}

impl ItemView {
    /// None of what was found without a guide, which does not happen.
    fn of(found: &FoundItem) -> Option<Self> {
        let (first, last) = (found.guides.first()?, found.guides.last()?);
        Some(Self {
            basic_code: first.item.clone(),
            name: first.about.name.clone().into(),
            item_type: first.about.item_type.as_str().to_owned(),
            guides: found.guides.iter().map(|line| GuideLineView::from(line.as_ref())).collect(),
            guide_count: found.count,
            next_guide: found.has_more.then(|| last.code.clone()),
        })
    }
}

impl From<&GuideLine> for GuideLineView {
    fn from(line: &GuideLine) -> Self {
        let about = &line.about;
        Self {
            code: line.code.clone(),
            version: line.version,
            agency: line.agency.clone(),
            region: line.region.to_string(),
            summary: about.summary.clone().into(),
            handling: if about.is_instant { "instant".to_owned() } else { "promised".to_owned() },
            topics: about.topics.clone(),
        }
    }
}

/// A page of items, and what they may be applied for together in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemsView {
    pub items: Vec<ItemView>,
    /// Give it as `after` to get the next page; null on the last.
    pub next: Option<String>,
    /// 一件事: bundles that answer the words as well as the best item does, three at the
    /// most; none without words, and none on the pages after the first. All that were
    /// found: `GET /bundles` with the same query.
    pub bundles: Vec<BundleLineView>,
}

/// What is looked for, among items and among bundles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    q: Option<String>,
    region: Option<String>,
    audience: Option<String>,
    topic: Option<String>,
    life_event: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl SearchQuery {
    pub(super) fn parse(self) -> Result<(Search, PageQuery), Problem> {
        let region = self.region.map(|code| parse_code("?region", RegionCode::parse(&code))).transpose()?;
        let audience = self.audience.as_deref().map(audience).transpose()?;
        let words = self.q.map(|q| q.trim().to_owned()).filter(|q| !q.is_empty());
        let page = PageQuery { limit: self.limit, after: self.after };
        let items = usize::try_from(page.limit()?).ok();
        let (topic, life_event) = (self.topic, self.life_event);
        let search = Search { words, region, audience, topic, life_event, after: page.after.clone(), items };
        Ok((search, page))
    }
}

fn audience(text: &str) -> Result<ServiceObject, Problem> {
    serde_json::from_value(Value::from(text)).map_err(|_| {
        let known = "natural_person, enterprise, public_institution, social_organisation, administrative_organ, other";
        let words = Text::new(format!("可用：{known}。"), format!("Expected one of: {known}."));
        invalid("?audience", "not_an_option", words)
    })
}

/// Items that fit, each with guides that implement it. With words (`q`): the best
/// first, a hundred at the most; without: all, by code. Bundles that answer the words as
/// well are named beside them.
#[utoipa::path(tag = "public", operation_id = "list_items", params(
    ("q" = Option<String>, Query), ("region" = Option<String>, Query), ("audience" = Option<String>, Query),
    ("topic" = Option<String>, Query), ("life_event" = Option<String>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = ItemsView), (status = "4XX", body = ProblemView)))]
#[get("/items")]
pub async fn list_items(ctx: web::Data<Ctx>, query: Query<SearchQuery>) -> Reply {
    let (search, page) = query.0.parse()?;
    let limit = page.limit()?;
    let found = catalog::search(&ctx, &search).await?;
    let beside = bundles::beside(&ctx, &search, &found).await?;
    let items = found.iter().filter_map(ItemView::of).collect();
    let Page { items, next } = Page::new(items, limit, |item: &ItemView| item.basic_code.clone());
    let bundles = beside.iter().map(|bundle| line(bundle)).collect();
    Ok(HttpResponse::Ok().json(ItemsView { items, next, bundles }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuidesQuery {
    region: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

/// One item, with a page of its guides; with `region` of those that serve it.
#[utoipa::path(tag = "public", operation_id = "read_item", params(
    ("region" = Option<String>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = ItemView), (status = "4XX", body = ProblemView)))]
#[get("/items/{basic_code}")]
pub async fn read_item(ctx: web::Data<Ctx>, code: web::Path<String>, query: Query<GuidesQuery>) -> Reply {
    let code = parse_code("/basic_code", BasicCode::parse(&code))?;
    let GuidesQuery { region, limit, after } = query.0;
    let region = region.map(|code| parse_code("?region", RegionCode::parse(&code))).transpose()?;
    let page = PageQuery { limit, after };
    let limit = usize::try_from(page.limit()?).unwrap_or(0);
    let found = catalog::item(&ctx, code.as_str(), region.as_ref(), page.after.as_deref(), limit).await?;
    let item = found.as_ref().and_then(ItemView::of).ok_or(AppError::NotFound)?;
    Ok(HttpResponse::Ok().json(item))
}

/// A version of a guide (办事指南), as published.
#[derive(Serialize, ToSchema)]
pub struct GuideView<'a> {
    pub version: u32,
    pub published_at: DateTime<Utc>,
    /// The version of the item it inherits from; null when it writes the item out.
    pub item_version: Option<u32>,
    /// Takes no new applications from then on; that may be to come.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// SHA-256 of the guide's canonical form, lower-case hex.
    pub content_hash: String,
    /// The guide itself: item, agency, conditions, form, materials, flow, limits, fee, results.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    guide: &'a Guide,
}

/// The guide in force.
#[utoipa::path(tag = "public", operation_id = "read_guide", responses(
    (status = 200, body = GuideView), (status = 304), (status = "4XX", body = ProblemView)
))]
#[get("/guides/{code}")]
pub async fn read_guide(ctx: web::Data<Ctx>, code: web::Path<String>, request: HttpRequest) -> Reply {
    let answer = ctx.catalogue.answer(&code).await?.ok_or(AppError::NotFound)?;
    Ok(give(&answer, request.headers()))
}

/// A version of a guide, for ever the same.
#[utoipa::path(tag = "public", operation_id = "read_guide_version", responses(
    (status = 200, body = GuideView), (status = 304), (status = "4XX", body = ProblemView)
))]
#[get("/guides/{code}/versions/{version}")]
pub async fn read_version(
    ctx: web::Data<Ctx>,
    path: web::Path<(String, u32)>,
    request: HttpRequest,
) -> Reply {
    let (code, version) = path.into_inner();
    let answer = ctx.catalogue.answer_of(&code, version).await?.ok_or(AppError::NotFound)?;
    Ok(give(&answer, request.headers()))
}

/// Where guides are read.
const GUIDES: &str = "/api/v1/guides/";

/// The middleware, behind those that count and name requests: an answer that is ready is given
/// at once, as `read_guide` would give it. Finding the way there through all routes takes
/// longer than the answer, and nothing is asked for as often.
pub async fn give_ready(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match ready(&request) {
        Some(answer) => Ok(request.into_response(answer)),
        None => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
    }
}

fn ready(request: &ServiceRequest) -> Option<HttpResponse> {
    let code = request.path().strip_prefix(GUIDES)?;
    if request.method() != Method::GET || !request.query_string().is_empty() {
        return None;
    }
    let answer = request.app_data::<web::Data<Ctx>>()?.catalogue.answer_held(code)?;
    Some(give(&answer, request.headers()))
}

fn give(answer: &Answer, asked: &HeaderMap) -> HttpResponse {
    let is_compressed = accepts_gzip(asked);
    // Compressed it says the same wherever it comes from, and need not have the same bytes.
    let coding = if is_compressed { "-gzip" } else { "" };
    let tag = guide_tag(answer.version, answer.withdrawn_at, coding);
    let tag = if is_compressed { format!("W/{tag}") } else { tag };
    let has_it = asked.contains_key(IF_NONE_MATCH) && has_already(asked, &tag);
    let mut response = if has_it { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, tag))
        .insert_header((VARY, fixed("accept-encoding")))
        .insert_header((CACHE_CONTROL, fixed("public, max-age=0, must-revalidate")));
    if has_it {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, fixed("application/json")));
    if is_compressed {
        response.insert_header((CONTENT_ENCODING, fixed("gzip")));
    }
    response.body(if is_compressed { answer.body.gzip() } else { answer.body.plain() })
}

/// A header's value that need not be copied and looked at for every answer.
const fn fixed(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}

/// Whether the asker holds what bears this tag (RFC 9110 §13.1.2).
pub(super) fn has_already(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let tags = values.flat_map(|value| value.split(',')).map(str::trim);
    let tag = tag.trim_start_matches("W/");
    tags.into_iter().any(|held| held == "*" || held.trim_start_matches("W/") == tag)
}

/// Whether the asker takes gzip; `*` alone does not say that he knows it.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, quality) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let quality: f32 = quality.trim().strip_prefix("q=").and_then(|q| q.parse().ok()).unwrap_or(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && quality > 0.0
    })
}

pub(super) fn guide_tag(version: u32, withdrawn_at: Option<DateTime<Utc>>, coding: &str) -> String {
    let withdrawn = withdrawn_at.map(|at| format!("w{}", at.timestamp_micros())).unwrap_or_default();
    format!("\"v{version}{withdrawn}{coding}\"")
}

/// The body of the answer to whoever reads a guide.
pub fn written_guide(published: &PublishedGuide) -> Vec<u8> {
    let view = GuideView {
        version: published.version,
        published_at: published.published_at,
        item_version: published.item_version,
        withdrawn_at: published.withdrawn_at,
        content_hash: hex(&published.content_hash),
        guide: &published.guide,
    };
    serde_json::to_vec(&view).unwrap_or_default()
}
