//! A letter on paper: as a page, as a sealed PDF, its seal, and whether a seal and a
//! file belong together. What is for the parties of a case is kept by no cache.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, post, web};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::catalogue::has_already;
use super::{TextView, invalid};
use crate::app::Ctx;
use crate::app::cases::{self, LetterSeal, Verified};
use crate::app::identity::Caller;
use crate::domain::cases::history::hex;
use crate::domain::text::{Language, Text};
use crate::http::extract::Body;
use crate::http::pages::printed::{letter_page, printed_page};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Opens a letter as a page, to be read and printed.
#[utoipa::path(tag = "cases", operation_id = "show_letter", responses(
    (status = 200, content_type = "text/html", body = String), (status = 304), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/letters/{letter}/html")]
pub async fn show_letter(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    request: HttpRequest,
) -> Reply {
    let (case, letter) = path.into_inner();
    let sheet = cases::letter_sheet(&ctx, &caller, case, letter).await?;
    let page = letter_page(&sheet);
    let tag = hex(&Sha256::digest(&page));
    Ok(answer(&request, printed_page(Language::Zh), &tag, &format!("{}.html", sheet.number), page.into()))
}

/// Opens a letter as a PDF. It is made once; its bytes never change.
#[utoipa::path(tag = "cases", operation_id = "print_letter", responses(
    (status = 200, content_type = "application/pdf", body = Vec<u8>), (status = 304),
    (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/letters/{letter}/pdf")]
pub async fn print_letter(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    request: HttpRequest,
) -> Reply {
    let (case, letter) = path.into_inner();
    let paper = cases::letter_paper(&ctx, &caller, case, letter).await?;
    let mut head = HttpResponse::Ok();
    head.content_type("application/pdf").insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(answer(&request, head, &paper.digest, &format!("{}.pdf", paper.number), paper.pdf))
}

/// The answer, or that the asker has it already.
fn answer(
    request: &HttpRequest,
    mut head: HttpResponseBuilder,
    digest: &str,
    file_name: &str,
    body: Bytes,
) -> HttpResponse {
    let tag = format!("\"{digest}\"");
    let kept = (CACHE_CONTROL, "private, no-store");
    if has_already(request.headers(), &tag) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).insert_header(kept).finish();
    }
    // Numbers of letters are digits, capitals and a hyphen.
    head.insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{file_name}\"")))
        .insert_header((ETAG, tag))
        .insert_header(kept)
        .body(body)
}

#[derive(Debug, Serialize, ToSchema)]
pub struct LetterSealView {
    /// Compact JWS (ES256), to be verified with the keys of `/.well-known/seal-keys.json`.
    pub seal: String,
}

/// The seal over the PDF of a letter. Asking for it does not open the letter.
#[utoipa::path(tag = "cases", operation_id = "read_letter_seal", responses(
    (status = 200, body = LetterSealView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/letters/{letter}/seal")]
pub async fn read_letter_seal(ctx: web::Data<Ctx>, caller: Caller, path: web::Path<(Uuid, Uuid)>) -> Reply {
    let (case, letter) = path.into_inner();
    let seal = cases::letter_seal(&ctx, &caller, case, letter).await?;
    Ok(HttpResponse::Ok().json(LetterSealView { seal }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyLetterBody {
    /// The seal that came with the file.
    pub seal: String,
    /// SHA-256 of the file, 64 hexadecimal digits. The file itself is not sent.
    pub sha256: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedLetterView {
    /// `genuine`; `altered` when the seal is this portal's and of another file;
    /// `unknown` when it is no seal of this portal.
    pub outcome: &'static str,
    /// What the seal says, unless it is unknown.
    pub letter: Option<SealedLetterView>,
}

/// What a seal says of a letter.
#[derive(Debug, Serialize, ToSchema)]
pub struct SealedLetterView {
    pub number: String,
    pub kind: String,
    pub case_no: String,
    /// The agency's 统一社会信用代码.
    pub issuer: String,
    pub issuer_name: TextView,
    pub written_at: DateTime<Utc>,
    pub sealed_at: DateTime<Utc>,
    /// SHA-256 of the PDF that was sealed.
    pub sha256: String,
}

impl From<LetterSeal> for SealedLetterView {
    fn from(seal: LetterSeal) -> Self {
        Self {
            number: seal.number,
            kind: seal.kind,
            case_no: seal.case_no,
            issuer: seal.issuer,
            issuer_name: seal.issuer_name.into(),
            written_at: seal.written_at,
            sealed_at: seal.sealed_at,
            sha256: seal.sha256,
        }
    }
}

/// Tells whether a file is a letter this portal sealed. Needs no sign-in.
#[utoipa::path(tag = "public", operation_id = "verify_letter", request_body = VerifyLetterBody, responses(
    (status = 200, body = VerifiedLetterView), (status = "4XX", body = ProblemView)
))]
#[post("/letters/verify")]
pub async fn verify_letter(ctx: web::Data<Ctx>, body: Body<VerifyLetterBody>) -> Reply {
    let VerifyLetterBody { seal, sha256 } = body.value;
    if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let words = Text::new(
            "应为文件的 SHA-256，64 位十六进制数字。",
            "Expected the file's SHA-256, 64 hexadecimal digits.",
        );
        return Err(invalid("/sha256", "invalid", words));
    }
    let (outcome, letter) = match cases::verify_letter(&ctx, &seal, &sha256.to_ascii_lowercase()) {
        Verified::Genuine(seal) => ("genuine", Some(seal)),
        Verified::Altered(seal) => ("altered", Some(seal)),
        Verified::Unknown => ("unknown", None),
    };
    Ok(HttpResponse::Ok().json(VerifiedLetterView { outcome, letter: letter.map(SealedLetterView::from) }))
}
