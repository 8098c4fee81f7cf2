//! Electronic certificates: one's own, and verifying somebody's.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Page, PageQuery, TextView, parse_code};
use crate::app::certificates::{self, Verified};
use crate::app::identity::Caller;
use crate::app::{AppError, Ctx};
use crate::domain::certificates::{Certificate, CertificateStatus};
use crate::domain::codes::{CertificateId, mask_name};
use crate::http::extract::{Body, Query};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// A certificate as its holder sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateView {
    /// 证照标识
    pub id: String,
    pub certificate_type: String,
    pub name: TextView,
    pub issuer: String,
    pub holder_name: Option<String>,
    pub case: Option<Uuid>,
    pub issued_at: DateTime<Utc>,
    pub valid_from: NaiveDate,
    pub valid_until: Option<NaiveDate>,
    /// `valid`, `expired` or `revoked`.
    #[schema(value_type = String)]
    pub status: CertificateStatus,
    /// What it says of its holder and of the matter, in order of name. Not for whoever
    /// only verifies it.
    pub attributes: Vec<AttributeView>,
    /// Compact JWS over the certificate; whoever receives it can verify it.
    pub seal: Option<String>,
}

/// One thing a certificate says.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttributeView {
    /// As `prefill` names it.
    pub name: String,
    /// What it is called on the form it comes from; none where a register supplied it.
    pub label: Option<TextView>,
    /// As the answer to a field of a form is written.
    pub value: Value,
}

impl CertificateView {
    fn of(certificate: Certificate, status: CertificateStatus, seal: Option<String>) -> Self {
        let label = |name: &String| certificate.labels.get(name).cloned().map(Into::into);
        let attribute = |(name, value): (&String, &Value)| AttributeView {
            label: label(name),
            name: name.clone(),
            value: value.clone(),
        };
        Self {
            attributes: certificate.attributes.iter().map(attribute).collect(),
            id: certificate.id.to_string(),
            certificate_type: certificate.certificate_type.to_string(),
            name: certificate.name.into(),
            issuer: certificate.issuer.to_string(),
            holder_name: certificate.holder_name.known().cloned(),
            case: certificate.case,
            issued_at: certificate.issued_at,
            valid_from: certificate.valid_from,
            valid_until: certificate.valid_until,
            status,
            seal,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    limit: Option<i64>,
    after: Option<String>,
}

/// The caller's certificates.
#[utoipa::path(tag = "me", operation_id = "list_my_certificates", params(
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses(
    (status = 200, body = Page<CertificateView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/me/certificates")]
pub async fn list_mine(ctx: web::Data<Ctx>, caller: Caller, query: Query<ListQuery>) -> Reply {
    let page = PageQuery { limit: query.0.limit, after: query.0.after };
    let limit = page.limit()?;
    let at = ctx.clock.now();
    let items = certificates::list_mine(&ctx, &caller, page.after, limit).await?;
    let items = items
        .into_iter()
        .map(|sealed| {
            let status = sealed.certificate.status(at);
            CertificateView::of(sealed.certificate, status, Some(sealed.seal))
        })
        .collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &CertificateView| view.id.clone())))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyBody {
    /// 证照标识
    pub id: String,
    /// The seal that came with it; checked when given.
    pub seal: Option<String>,
}

/// Tells whether a certificate is genuine and in force. Needs no sign-in; the
/// holder's name is masked.
#[utoipa::path(tag = "public", operation_id = "verify_certificate", request_body = VerifyBody, responses(
    (status = 200, body = CertificateView), (status = "4XX", body = ProblemView)
))]
#[post("/certificates/verify")]
pub async fn verify(ctx: web::Data<Ctx>, body: Body<VerifyBody>) -> Reply {
    let id = parse_code("/id", CertificateId::parse(&body.value.id))?;
    let found = certificates::verify(&ctx, &id, body.value.seal.as_deref()).await?;
    let Verified { certificate, status } = found.ok_or(AppError::NotFound)?;
    let mut view = CertificateView::of(certificate, status, None);
    view.holder_name = view.holder_name.map(|name| mask_name(&name));
    view.case = None;
    view.attributes = Vec::new();
    Ok(HttpResponse::Ok().json(view))
}
