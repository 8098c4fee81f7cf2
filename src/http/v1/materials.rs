//! `/cases/{id}/materials/{code}`: the documents of a draft.
//!
//! A `PUT` with a JSON body refers to a certificate or promises; any other body
//! is the file itself, whose type is told from its bytes.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, delete, get, put, web};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::CaseView;
use super::cases::respond;
use crate::app::Ctx;
use crate::app::cases::{self, Upload};
use crate::app::identity::Caller;
use crate::app::once::Answer;
use crate::domain::codes::CertificateId;
use crate::http::extract::{IfMatch, MAX_JSON_BYTES, read};
use crate::http::json::parse_json;
use crate::http::problem::{Problem, ProblemView};
use crate::http::uploads::Uploads;

/// The name of an uploaded file, percent-encoded UTF-8.
const FILE_NAME: HeaderName = HeaderName::from_static("x-file-name");

/// `true` when the officer who uploads has the original in his hands (已核原件).
const ORIGINAL_SEEN: HeaderName = HeaderName::from_static("x-original-seen");

/// In place of a file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub enum EvidenceBody {
    /// An electronic certificate of the applicant.
    Certificate { certificate: String },
    /// 告知承诺: the applicant promises that the document exists and holds.
    // With braces: serde lets anything stand beside a unit variant.
    Promise {},
    /// A document handed in before, in a case of the same applicant.
    Earlier { case: Uuid, material: String },
}

/// Puts a document in a material's place: a file (PDF, JPEG, PNG, OFD; at most
/// 20 MiB), a certificate reference, or a promise.
#[utoipa::path(tag = "cases", operation_id = "attach_material",
    request_body(content(
        (Vec<u8> = "application/pdf"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"),
        (Vec<u8> = "application/ofd"), (EvidenceBody = "application/json")
    )),
    responses((status = 200, body = CaseView), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[put("/cases/{id}/materials/{code}")]
pub async fn attach(
    ctx: web::Data<Ctx>,
    uploads: web::Data<Uploads>,
    caller: Caller,
    path: web::Path<(Uuid, String)>,
    version: IfMatch,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let (case, code) = path.into_inner();
    // The permit bounds the memory all uploads take together.
    let (upload, _permit) = upload(&uploads, &request, payload).await?;
    let reply = cases::attach(&ctx, &caller, case, version.0, code, upload).await?;
    Ok(respond(&mut HttpResponse::Ok(), &Answer::first(reply)))
}

pub(super) async fn upload(
    uploads: &Uploads,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<(Upload, Option<tokio::sync::OwnedSemaphorePermit>), Problem> {
    let header = |name: &HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(&CONTENT_TYPE).is_some_and(|value| value.starts_with("application/json")) {
        let bytes = read(payload.into_inner(), MAX_JSON_BYTES).await?;
        return Ok((parse_evidence(parse_json(&bytes)?)?, None));
    }
    let (bytes, permit) = uploads.receive(request, payload.into_inner()).await?;
    let file_name = header(&FILE_NAME).map(file_name).filter(|name| !name.is_empty());
    let original_seen = header(&ORIGINAL_SEEN).is_some_and(|value| value == "true");
    Ok((Upload::File { bytes, file_name, original_seen }, Some(permit)))
}

fn parse_evidence(body: EvidenceBody) -> Result<Upload, Problem> {
    match body {
        EvidenceBody::Promise {} => Ok(Upload::Promise),
        EvidenceBody::Earlier { case, material } => Ok(Upload::Earlier { case, material }),
        EvidenceBody::Certificate { certificate } => {
            let id = super::parse_code("/certificate", CertificateId::parse(&certificate))?;
            Ok(Upload::Certificate(id))
        }
    }
}

/// The bare name, without a path, at most 120 characters.
fn file_name(encoded: &str) -> String {
    bare(&percent_encoding::percent_decode_str(encoded).decode_utf8_lossy())
}

pub(super) fn bare(name: &str) -> String {
    let bare = name.rsplit(['/', '\\']).next().unwrap_or_default();
    bare.chars().filter(|c| !c.is_control()).take(120).collect()
}

/// Takes a document away again.
#[utoipa::path(tag = "cases", operation_id = "remove_material", responses(
    (status = 200, body = CaseView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[delete("/cases/{id}/materials/{code}")]
pub async fn remove(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, String)>,
    version: IfMatch,
) -> Result<HttpResponse, Problem> {
    let (case, code) = path.into_inner();
    let reply = cases::remove(&ctx, &caller, case, version.0, code).await?;
    Ok(respond(&mut HttpResponse::Ok(), &Answer::first(reply)))
}

/// The uploaded file.
#[utoipa::path(tag = "cases", operation_id = "download_material", responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/materials/{code}")]
pub async fn download(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, String)>,
) -> Result<HttpResponse, Problem> {
    let (case, code) = path.into_inner();
    let (bytes, media_type, name) = cases::download(&ctx, &caller, case, &code).await?;
    let name = percent_encoding::utf8_percent_encode(
        name.as_deref().unwrap_or(&code),
        percent_encoding::NON_ALPHANUMERIC,
    )
    .to_string();
    // Never shown inline: a file from a stranger must not run as a page of ours.
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type.as_str()))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename*=UTF-8''{name}")))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes))
}
