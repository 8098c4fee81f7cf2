//! What an author begins with: the format of the files, for his editor, and the first two
//! files, to be changed and handed in.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::drafts::GuideFileBody;
use crate::app::Ctx;
use crate::app::catalog;
use crate::app::identity::Caller;
use crate::domain::guides::{FILE_SCHEMA, Template, Unfit, Wanted};
use crate::domain::refusal::FieldError;
use crate::http::extract::Body;
use crate::http::problem::{Code, Problem, ProblemView};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGuideBody {
    pub name_zh: String,
    pub name_en: String,
    /// 事项类型, two digits; as the basic code says, or else 20.
    #[serde(rename = "type")]
    pub item_type: Option<String>,
    /// USCC of the agency whose guide it is to be.
    pub agency: String,
    /// The region it serves, 12 digits.
    pub region: String,
    /// 行使层级, 1 to 6; that of the region, if not given.
    pub level: Option<u8>,
    /// 基本编码, 12 digits; if not given, one of main item 09999, “not in the catalogue yet”.
    pub basic_code: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NewGuideView {
    /// The guide's code.
    pub code: String,
    /// `item.yaml` and `guide.yaml`, as drafts are handed in.
    pub files: Vec<GuideFileBody>,
}

/// The format of guides, items, bundles and certificate types, as JSON Schema (2020-12): an
/// editor that is given this address completes keys and marks mistakes.
#[utoipa::path(tag = "public", operation_id = "read_file_schema", responses((status = 200, body = Object)))]
#[get("/guide.schema.json")]
pub async fn read_file_schema() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/schema+json"))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(FILE_SCHEMA)
}

/// The first two files of a new item: its own and one agency's guide. Nothing is kept.
#[utoipa::path(tag = "administration", operation_id = "new_guide", request_body = NewGuideBody, responses(
    (status = 200, body = NewGuideView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/new")]
pub async fn new_guide(ctx: web::Data<Ctx>, caller: Caller, body: Body<NewGuideBody>) -> Reply {
    let NewGuideBody { name_zh, name_en, item_type, agency, region, level, basic_code } = &body.value;
    let wanted = Wanted {
        name_zh,
        name_en,
        item_type: item_type.as_deref(),
        agency,
        region,
        level: *level,
        basic_code: basic_code.as_deref(),
    };
    let Template { code, item, guide } = catalog::begin(&ctx, &caller, &wanted)?.map_err(unfit)?;
    let files = [("item.yaml", item), ("guide.yaml", guide)];
    let files = files.map(|(name, yaml)| GuideFileBody { name: name.to_owned(), yaml });
    Ok(HttpResponse::Ok().json(NewGuideView { code: code.to_string(), files: files.into() }))
}

fn unfit(wrong: Vec<Unfit>) -> Problem {
    let error = |Unfit { field, detail }: Unfit| FieldError::new(format!("/{field}"), "invalid", detail);
    Problem::new(Code::InvalidField).errors(wrong.into_iter().map(error).collect())
}

type Reply = Result<HttpResponse, Problem>;
