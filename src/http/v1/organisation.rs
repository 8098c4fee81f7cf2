//! Regions, agencies and counters, for everybody.

use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Page, PageQuery, TextView, parse_code};
use crate::app::{Ctx, organisation};
use crate::domain::agencies::{Agency, Counter};
use crate::domain::codes::RegionCode;
use crate::domain::regions::Region;
use crate::http::extract::Query;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// 行政区划
#[derive(Debug, Serialize, ToSchema)]
pub struct RegionView {
    pub code: String,
    pub name: String,
    /// `province`, `city`, `county`, `town`, `village` or `grid`.
    pub level: String,
    pub parent: Option<String>,
}

impl From<Region> for RegionView {
    fn from(region: Region) -> Self {
        Self {
            code: region.code.to_string(),
            name: region.name,
            level: region.level.as_str().to_owned(),
            parent: region.parent.map(|parent| parent.to_string()),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionQuery {
    parent: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

/// The regions directly below `parent`, or the topmost ones.
#[utoipa::path(tag = "public", operation_id = "list_regions", params(
    ("parent" = Option<String>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<RegionView>), (status = "4XX", body = ProblemView)))]
#[get("/regions")]
pub async fn list_regions(ctx: web::Data<Ctx>, query: Query<RegionQuery>) -> Reply {
    let RegionQuery { parent, limit, after } = query.0;
    let page = PageQuery { limit, after };
    let limit = page.limit()?;
    let parent = parent.map(|code| parse_code("?parent", RegionCode::parse(&code))).transpose()?;
    let regions = organisation::list_regions(&ctx, parent, page.after, limit).await?;
    let items = regions.into_iter().map(RegionView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &RegionView| view.code.clone())))
}

/// One region.
#[utoipa::path(tag = "public", operation_id = "read_region", responses(
    (status = 200, body = RegionView), (status = "4XX", body = ProblemView)
))]
#[get("/regions/{code}")]
pub async fn read_region(ctx: web::Data<Ctx>, code: web::Path<String>) -> Reply {
    let code = parse_code("/code", RegionCode::parse(&code))?;
    let region = organisation::find_region(&ctx, code).await?;
    Ok(HttpResponse::Ok().json(RegionView::from(region)))
}

/// 实施机构
#[derive(Debug, Serialize, ToSchema)]
pub struct AgencyView {
    pub uscc: String,
    pub region: String,
    pub kind: String,
    pub name: TextView,
}

impl From<Agency> for AgencyView {
    fn from(agency: Agency) -> Self {
        Self {
            uscc: agency.uscc.to_string(),
            region: agency.region.to_string(),
            kind: agency.kind,
            name: agency.name.into(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceQuery {
    region: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl PlaceQuery {
    fn parse(self) -> Result<(Option<RegionCode>, Option<String>, i64), Problem> {
        let page = PageQuery { limit: self.limit, after: self.after };
        let region = self.region.map(|code| parse_code("?region", RegionCode::parse(&code))).transpose()?;
        let limit = page.limit()?;
        Ok((region, page.after, limit))
    }
}

/// The agencies of a region, or all.
#[utoipa::path(tag = "public", operation_id = "list_agencies", params(
    ("region" = Option<String>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<AgencyView>), (status = "4XX", body = ProblemView)))]
#[get("/agencies")]
pub async fn list_agencies(ctx: web::Data<Ctx>, query: Query<PlaceQuery>) -> Reply {
    let (region, after, limit) = query.0.parse()?;
    let agencies = organisation::list_agencies(&ctx, region, after, limit).await?;
    let items = agencies.into_iter().map(AgencyView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &AgencyView| view.uscc.clone())))
}

/// 窗口 or 自助终端
#[derive(Debug, Serialize, ToSchema)]
pub struct CounterView {
    pub code: String,
    pub region: String,
    /// `window` or `kiosk`.
    pub kind: String,
    pub name: TextView,
    pub address: String,
    pub hours: TextView,
}

impl From<Counter> for CounterView {
    fn from(counter: Counter) -> Self {
        Self {
            code: counter.code.to_string(),
            region: counter.region.to_string(),
            kind: counter.kind.as_str().to_owned(),
            name: counter.name.into(),
            address: counter.address,
            hours: counter.hours.into(),
        }
    }
}

/// The counters and kiosks of a region, or all.
#[utoipa::path(tag = "public", operation_id = "list_counters", params(
    ("region" = Option<String>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<CounterView>), (status = "4XX", body = ProblemView)))]
#[get("/counters")]
pub async fn list_counters(ctx: web::Data<Ctx>, query: Query<PlaceQuery>) -> Reply {
    let (region, after, limit) = query.0.parse()?;
    let counters = organisation::list_counters(&ctx, region, after, limit).await?;
    let items = counters.into_iter().map(CounterView::from).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &CounterView| view.code.clone())))
}
