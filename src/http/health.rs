//! Is the process alive, is it ready, what does it count.

use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{Problem, ProblemView};
use crate::app::{Ctx, upkeep};

#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    pub status: &'static str,
}

/// The process runs.
#[utoipa::path(tag = "operations", operation_id = "live", responses((status = 200, body = HealthView)))]
#[get("/health/live")]
pub async fn live() -> HttpResponse {
    HttpResponse::Ok().json(HealthView { status: "live" })
}

/// The process can serve: the database answers.
#[utoipa::path(tag = "operations", operation_id = "ready", responses(
    (status = 200, body = HealthView), (status = 503, body = ProblemView)
))]
#[get("/health/ready")]
pub async fn ready(ctx: web::Data<Ctx>) -> Result<HttpResponse, Problem> {
    upkeep::ready(&ctx).await?;
    Ok(HttpResponse::Ok().json(HealthView { status: "ready" }))
}
