//! `/cases/{id}/unmask`: one masked value in the clear, for an officer who gives a
//! reason.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::Ctx;
use crate::app::cases;
use crate::app::identity::Caller;
use crate::http::extract::Body;
use crate::http::problem::{Problem, ProblemView};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmaskBody {
    /// JSON pointer into the case: `/applicant/name`, `/applicant/id_number`,
    /// `/applicant/mobile` or `/facts/<name>`.
    pub field: String,
    /// Why it is needed; kept in the audit trail.
    pub reason: String,
}

/// Never stored by anybody on the way.
#[derive(Serialize, ToSchema)]
pub struct UnmaskedView {
    pub field: String,
    pub value: String,
}

/// 脱敏查看: shows one value. Who looked, at what and why is put on record first.
#[utoipa::path(tag = "cases", operation_id = "unmask", request_body = UnmaskBody, responses(
    (status = 200, body = UnmaskedView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/cases/{id}/unmask")]
pub async fn unmask(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<UnmaskBody>,
) -> Result<HttpResponse, Problem> {
    let UnmaskBody { field, reason } = body.value;
    let value = cases::unmask(&ctx, &caller, *id, &field, &reason).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(UnmaskedView { field, value }))
}
