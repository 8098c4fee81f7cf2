//! What the protocol's endpoints are given: form bodies, queries, cookies, the
//! address a request comes from.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use actix_web::{FromRequest, HttpRequest};

use crate::domain::identity::Parameters;
use crate::http::extract::read;
use crate::http::problem::{Code, Problem};

/// Largest form, in bytes.
const MAX_FORM_BYTES: usize = 32 * 1024;

/// An `application/x-www-form-urlencoded` body. Unknown parameters are ignored,
/// as the protocol demands (RFC 6749 §3.1).
pub struct Form(pub Parameters);

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_form = header(request, CONTENT_TYPE.as_str()).is_some_and(|value| {
            let media_type = value.split(';').next().unwrap_or_default().trim();
            media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        let payload = payload.take();
        Box::pin(async move {
            if !is_form {
                return Err(Problem::new(Code::UnsupportedMediaType).detail(
                    "请以 Content-Type: application/x-www-form-urlencoded 发送。",
                    "Send it with Content-Type: application/x-www-form-urlencoded.",
                ));
            }
            let bytes = read(payload, MAX_FORM_BYTES).await?;
            parameters(&String::from_utf8_lossy(&bytes)).map(Form)
        })
    }
}

/// The parameters in a query string or form.
pub fn parameters(text: &str) -> Result<Parameters, Problem> {
    serde_urlencoded::from_str::<Vec<(String, String)>>(text)
        .map(Parameters::new)
        .map_err(|_| Problem::new(Code::BadRequest))
}

pub fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

pub fn authorization(request: &HttpRequest) -> Option<&str> {
    header(request, AUTHORIZATION.as_str())
}

/// The value of a cookie (RFC 6265 §4.2.1).
pub fn cookie<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request
        .headers()
        .get_all(COOKIE)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}
