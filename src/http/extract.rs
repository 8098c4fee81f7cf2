//! What handlers are given, parsed once at the edge: bodies, queries, callers,
//! versions and idempotency keys. Whatever does not parse becomes a problem here.

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, IF_MATCH};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::envelope::RequestId;
use super::json::{field_error, parse_json};
use super::problem::{Code, Problem};
use crate::app::Ctx;
use crate::app::identity::{Caller, Shown};
use crate::app::once::{Answer, Claim};
use crate::domain::refusal::FieldError;
use crate::domain::text::{Language, Text};

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// Largest JSON body, in bytes: the largest form with room to spare.
pub const MAX_JSON_BYTES: usize = 256 * 1024;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// RFC 9449 §4.1
pub const DPOP: HeaderName = HeaderName::from_static("dpop");
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A JSON body. Unknown members, duplicates, other media types and bodies over
/// the limit are refused, each with a pointer to what is wrong.
pub struct Body<T, const MOST_BYTES: usize = MAX_JSON_BYTES> {
    pub value: T,
    /// SHA-256 of the bytes as they came.
    pub digest: [u8; 32],
}

impl<T: DeserializeOwned + 'static, const MOST_BYTES: usize> FromRequest for Body<T, MOST_BYTES> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = media_type(request);
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(payload, MOST_BYTES).await?;
            // A command without arguments may come without a body.
            let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            if !bytes.is_empty()
                && !matches!(media_type.as_deref(), Some("application/json" | "application/merge-patch+json"))
            {
                return Err(Problem::new(Code::UnsupportedMediaType).detail(
                    "请以 Content-Type: application/json 发送。",
                    "Send it with Content-Type: application/json.",
                ));
            }
            Ok(Body { value: parse_json(text)?, digest: Sha256::digest(&bytes).into() })
        })
    }
}

fn media_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Reads a body up to `limit` bytes.
pub async fn read(mut payload: Payload, limit: usize) -> Result<Bytes, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::BadRequest))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Problem::new(Code::TooLarge)
                .detail(format!("最多 {} KiB。", limit / 1024), format!("At most {} KiB.", limit / 1024)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// A query string; unknown parameters are refused.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // No parameter means anything with a NUL in it, and PostgreSQL takes none.
        if request.query_string().contains("%00") {
            let words = Text::new("参数不能含有空字符。", "A parameter cannot hold a NUL character.");
            let error = FieldError::new("?", "invalid", words);
            return ready(Err(Problem::new(Code::InvalidField).errors(vec![error])));
        }
        ready(serde_urlencoded::from_str(request.query_string()).map(Query).map_err(|error| {
            let error = field_error(&error.to_string(), "?");
            let code = if error.code == "unknown_field" { Code::UnknownField } else { Code::InvalidField };
            Problem::new(code).errors(vec![error])
        }))
    }
}

/// Somebody who signed in. Handlers that take a `Caller` answer 401 to everybody else.
impl FromRequest for Caller {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let ctx = request.app_data::<web::Data<Ctx>>().cloned();
        let shown = shown(request);
        let id = request_id(request);
        Box::pin(async move {
            let (Some(ctx), Some(shown)) = (ctx, shown) else {
                return Err(crate::app::AppError::Unauthenticated.into());
            };
            Ok(ctx.identity.caller_by(&ctx, &shown, id).await?)
        })
    }
}

/// What a request shows: a bearer token (RFC 6750 §2.1), or a token bound to a key
/// with a proof of that key (RFC 9449 §7.1).
fn shown(request: &HttpRequest) -> Option<Shown> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = Some(token.trim()).filter(|token| !token.is_empty())?.to_owned();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Shown::Bearer { token });
    }
    if !scheme.eq_ignore_ascii_case("dpop") {
        return None;
    }
    // More than one proof proves nothing, nor does none.
    let mut proofs = request.headers().get_all(DPOP).map(|proof| proof.to_str().unwrap_or_default());
    let proof = proofs.next().filter(|_| proofs.next().is_none()).unwrap_or_default().to_owned();
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    Some(Shown::Bound { token, proof, method, path })
}

pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// The language of the answer.
pub struct Accepted(pub Language);

impl FromRequest for Accepted {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Accepted(request.extensions().get::<Language>().copied().unwrap_or_default())))
    }
}

/// The version named by `If-Match`, where one is named.
pub struct IfMatch(pub Option<u64>);

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(IF_MATCH) else { return ready(Ok(IfMatch(None))) };
        let version = value.to_str().ok().map(str::trim).and_then(|text| match text {
            "*" => Some(None),
            text => text.strip_prefix("\"v")?.strip_suffix('"')?.parse().ok().map(Some),
        });
        // A tag this portal never gave cannot match.
        ready(version.map(IfMatch).ok_or_else(|| Problem::new(Code::Stale)))
    }
}

/// The entity tag of version `version`.
pub fn etag(version: u64) -> String {
    format!("\"v{version}\"")
}

/// Says so when an answer had been given before.
pub fn mark_replay<T>(response: &mut actix_web::HttpResponseBuilder, answer: &Answer<T>) {
    if answer.replayed {
        response.insert_header((REPLAYED, "true"));
    }
}

/// The key under which this request is made once, where the caller sent one.
pub struct OnceKey {
    key: Option<[u8; 32]>,
}

impl OnceKey {
    /// The claim of somebody who has not signed in: the key alone must be his.
    pub fn claim_by_nobody(&self, request_digest: [u8; 32]) -> Option<Claim> {
        self.key.map(|key| Claim { key, request_digest })
    }

    /// The claim for a request whose body has this digest.
    pub fn claim(&self, caller: &Caller, request_digest: [u8; 32]) -> Option<Claim> {
        let key = self.key?;
        let mut hash = Sha256::new();
        hash.update(caller.actor.account.as_bytes());
        hash.update(key);
        Some(Claim { key: hash.finalize().into(), request_digest })
    }
}

impl FromRequest for OnceKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else {
            return ready(Ok(OnceKey { key: None }));
        };
        let text = value.as_bytes();
        if text.is_empty() || text.len() > 128 {
            return ready(Err(Problem::new(Code::BadRequest).detail(
                "Idempotency-Key 应为 1 至 128 个字符。",
                "An Idempotency-Key has 1 to 128 characters.",
            )));
        }
        // The route is part of the key: the same key elsewhere is another request.
        let mut hash = Sha256::new();
        for part in [request.method().as_str().as_bytes(), request.path().as_bytes(), text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        ready(Ok(OnceKey { key: Some(hash.finalize().into()) }))
    }
}
