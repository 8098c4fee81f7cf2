//! The test clock. These routes exist only in the demo.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::identity::Caller;
use crate::app::{Ctx, demo};
use crate::domain::text::Text;
use crate::domain::time::parse_duration;
use crate::http::extract::Body;
use crate::http::problem::{Problem, ProblemView};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockBody {
    /// ISO 8601 duration, e.g. `P3D` or `PT2H`.
    pub advance: Option<String>,
    /// A time to go to; never one that has passed.
    pub set: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClockAnswer {
    pub now: DateTime<Utc>,
}

/// Moves the clock of the whole process forward; whatever falls due on the way happens.
#[utoipa::path(tag = "sandbox", operation_id = "set_clock", request_body = ClockBody, responses(
    (status = 200, body = ClockAnswer), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/sandbox/clock")]
pub async fn set_clock(
    ctx: web::Data<Ctx>,
    caller: Caller,
    body: Body<ClockBody>,
) -> Result<HttpResponse, Problem> {
    let by = match (body.value.advance, body.value.set) {
        (Some(text), None) => super::parse_code("/advance", parse_duration(&text))?,
        (None, Some(time)) => time - ctx.clock.now(),
        (Some(_), Some(_)) | (None, None) => {
            let words = Text::new("请给出 advance 或 set 之一。", "Give one of `advance` and `set`.");
            return Err(super::invalid("/advance", "required", words));
        }
    };
    let now = demo::advance_clock(&ctx, &caller, by).await?;
    Ok(HttpResponse::Ok().json(ClockAnswer { now }))
}
