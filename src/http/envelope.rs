//! What every request and answer goes through: a request id, the chosen language,
//! problems rendered, the framework's own errors brought into the same form, and
//! one line in the log.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, VARY,
    WWW_AUTHENTICATE,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};

use super::problem::Problem;
use crate::domain::cases::history::hex;
use crate::domain::identity::Algorithm;
use crate::domain::text::Language;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The id by which a request is found in the log.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// The middleware; see the module.
pub async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request_id(&request);
    let language =
        Language::negotiate(request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()));
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(language);
    let by_dpop = request.headers().get(AUTHORIZATION).is_some_and(|value| {
        value.as_bytes().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"dpop "))
    });

    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        response = as_problem(response, language, &id);
    }
    if by_dpop {
        challenge_in_kind(&mut response);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let asked = response.request();
    let (method, path, status) = (asked.method(), asked.path(), status.as_u16());
    if status >= 500 {
        tracing::warn!(request_id = id, %method, path, status, "answered");
    } else {
        tracing::debug!(request_id = id, %method, path, status, "answered");
    }
    Ok(response)
}

/// Whoever came with a token bound to a key is challenged to come with one again
/// (RFC 9449 §7.1, RFC 9470 §3).
fn challenge_in_kind(response: &mut ServiceResponse<BoxBody>) {
    let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let Some(rest) = challenge.and_then(|value| value.strip_prefix("Bearer")) else { return };
    let comma = if rest.is_empty() { "" } else { "," };
    let challenge = format!("DPoP{rest}{comma} algs=\"{}\"", Algorithm::names());
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
}

/// Takes over a well-formed id from a proxy, else makes one.
fn request_id(request: &ServiceRequest) -> String {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let fine = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    given.filter(fine).map_or_else(fresh_id, str::to_owned)
}

/// Unlike any other: the process's own random half, and a count.
fn fresh_id() -> String {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| u64::from_be_bytes(crate::app::random()));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    hex(&(u128::from(*PROCESS) << 64 | u128::from(count)).to_be_bytes())
}

/// Writes the body of an error answer, unless a handler wrote a JSON or HTML one itself.
fn as_problem(
    response: ServiceResponse<BoxBody>,
    language: Language,
    request_id: &str,
) -> ServiceResponse<BoxBody> {
    let problem = response.response().extensions().get::<Problem>().cloned();
    let written_by_hand = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json") || value.starts_with("text/html"));
    if problem.is_none() && written_by_hand {
        return response;
    }
    let problem = problem.unwrap_or_else(|| Problem::of_status(response.status()));
    let body = serde_json::to_vec(&problem.view(language, request_id)).unwrap_or_default();
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
    response
}
