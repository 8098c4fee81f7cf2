//! `/cases/{id}/materials/{code}/uploads`: files that come in parts. What was begun at a
//! kiosk goes on at a phone.
//!
//! The headers are those of the IETF's resumable uploads: `Upload-Offset` is where the
//! next part begins, `Upload-Length` how long the whole is, `Upload-Complete` whether
//! it is whole.

use actix_web::http::header::{CACHE_CONTROL, HeaderName, LOCATION};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Page;
use super::case_views::CaseView;
use super::cases::respond;
use super::materials;
use crate::app::Ctx;
use crate::app::cases::uploads::{self as files, Added, Announced, MAX_PART_BYTES, Standing, Wanted};
use crate::app::identity::Caller;
use crate::app::once::Answer;
use crate::http::extract::Body;
use crate::http::problem::{Problem, ProblemView, UPLOAD_OFFSET};
use crate::http::uploads::{Uploads, read_in_time};

const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_COMPLETE: HeaderName = HeaderName::from_static("upload-complete");

type Reply = Result<HttpResponse, Problem>;

/// A file about to come.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadBody {
    /// At most 20 MiB.
    pub size_bytes: u64,
    /// SHA-256 of the whole, lower-case hexadecimal.
    pub digest_sha256: String,
    pub file_name: Option<String>,
    /// `true` when the officer who uploads has the original in his hands (已核原件).
    #[serde(default)]
    pub original_seen: bool,
}

/// A file under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    pub id: Uuid,
    /// The code of the material.
    pub material: String,
    pub file_name: Option<String>,
    /// SHA-256 of the whole, as it was announced.
    pub digest_sha256: String,
    /// Where the next part begins.
    pub offset: u64,
    pub size_bytes: u64,
    /// The largest part.
    pub max_part_bytes: usize,
    /// Unfinished until then, it is dropped.
    pub expires_at: DateTime<Utc>,
}

impl From<Standing> for UploadView {
    fn from(standing: Standing) -> Self {
        let Standing { upload, material, file_name, digest, size_bytes, received_bytes, expires_at } =
            standing;
        Self {
            id: upload,
            material,
            file_name,
            digest_sha256: digest,
            offset: received_bytes,
            size_bytes,
            max_part_bytes: MAX_PART_BYTES,
            expires_at,
        }
    }
}

fn tell(response: &mut HttpResponseBuilder, standing: &Standing) {
    response
        .insert_header((UPLOAD_OFFSET, standing.received_bytes.to_string()))
        .insert_header((UPLOAD_LENGTH, standing.size_bytes.to_string()))
        .insert_header((UPLOAD_COMPLETE, "?0"))
        .insert_header((CACHE_CONTROL, "no-store"));
}

/// Announces a file that comes in parts.
#[utoipa::path(tag = "cases", operation_id = "begin_upload", request_body = UploadBody, responses(
    (status = 201, body = UploadView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/{id}/materials/{code}/uploads")]
pub async fn begin(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, String)>,
    body: Body<UploadBody>,
) -> Reply {
    let (case, material) = path.into_inner();
    let UploadBody { size_bytes, digest_sha256, file_name, original_seen } = body.value;
    let file_name = file_name.map(|name| materials::bare(&name)).filter(|name| !name.is_empty());
    let announced = Announced { size_bytes, digest: digest_sha256, file_name, original_seen };
    let standing = files::begin(&ctx, &caller, case, material.clone(), announced).await?;
    let mut response = HttpResponse::Created();
    tell(&mut response, &standing);
    let material = percent_encoding::utf8_percent_encode(&material, percent_encoding::NON_ALPHANUMERIC);
    let location = format!("/api/v1/cases/{case}/materials/{material}/uploads/{}", standing.upload);
    Ok(response.insert_header((LOCATION, location)).json(UploadView::from(standing)))
}

/// The files of a case that are under way, whoever began them: a phone finds here what a
/// kiosk left unfinished.
#[utoipa::path(tag = "cases", operation_id = "list_uploads", responses(
    (status = 200, body = Page<UploadView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/uploads")]
pub async fn list(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let standing = files::list(&ctx, &caller, *id).await?;
    let items: Vec<UploadView> = standing.into_iter().map(UploadView::from).collect();
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(Page { items, next: None }))
}

fn wanted(path: web::Path<(Uuid, String, Uuid)>) -> Wanted {
    let (case, material, upload) = path.into_inner();
    Wanted { case, material, upload }
}

/// How far a file is: in the body, and in `Upload-Offset`.
#[utoipa::path(tag = "cases", operation_id = "read_upload", responses(
    (status = 200, body = UploadView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/materials/{code}/uploads/{upload}")]
pub async fn find(ctx: web::Data<Ctx>, caller: Caller, path: web::Path<(Uuid, String, Uuid)>) -> Reply {
    let standing = files::find(&ctx, &caller, &wanted(path)).await?;
    let mut response = HttpResponse::Ok();
    tell(&mut response, &standing);
    Ok(response.json(UploadView::from(standing)))
}

/// Adds the part that begins at `Upload-Offset`, at most 4 MiB. 409 tells in
/// `Upload-Offset` where it goes on instead. With the last part the material is
/// attached, and the answer is the case.
#[utoipa::path(tag = "cases", operation_id = "add_part",
    request_body(content((Vec<u8> = "application/partial-upload"))),
    params(("Upload-Offset" = u64, Header)),
    responses((status = 200, body = CaseView), (status = 204), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[patch("/cases/{id}/materials/{code}/uploads/{upload}")]
pub async fn add(
    ctx: web::Data<Ctx>,
    budget: web::Data<Uploads>,
    caller: Caller,
    path: web::Path<(Uuid, String, Uuid)>,
    request: HttpRequest,
    payload: web::Payload,
) -> Reply {
    let offset = request.headers().get(UPLOAD_OFFSET).and_then(|value| value.to_str().ok()?.parse().ok());
    let wanted = wanted(path);
    // Before anything is kept for it: there must be such an upload.
    let standing = files::find(&ctx, &caller, &wanted).await?;
    let left = standing.size_bytes.saturating_sub(standing.received_bytes);
    // With its last part a file is put together.
    let whole = if left <= MAX_PART_BYTES as u64 { standing.size_bytes } else { 0 };
    let _permit = budget.reserve(MAX_PART_BYTES + usize::try_from(whole).unwrap_or(0)).await?;
    let bytes = read_in_time(payload.into_inner(), MAX_PART_BYTES).await?;
    match files::add(&ctx, &caller, &wanted, offset, bytes).await? {
        Added::Part(standing) => {
            let mut response = HttpResponse::NoContent();
            tell(&mut response, &standing);
            Ok(response.finish())
        }
        Added::Whole(reply) => {
            let mut response = HttpResponse::Ok();
            response.insert_header((UPLOAD_COMPLETE, "?1"));
            Ok(respond(&mut response, &Answer::first(*reply)))
        }
    }
}
