//! The cookies of the portal's pages: the key that a browser's forms must fit, its
//! sign-in, the language it chose.
//!
//! What always holds: a sign-in's cookie is read by no script and, with TLS, set by
//! no other host of the domain (RFC 6265bis §4.1.3.2).

use actix_web::HttpRequest;

use super::form::cookie;
use crate::app::Ctx;
use crate::app::identity::new_form_key;
use crate::domain::identity::Secret;
use crate::domain::text::Language;

const FORM: &str = "wst_form";
const SIGN_IN: &str = "wst_sign_in";
const LANGUAGE: &str = "wst_language";
/// How long a form may stay open.
const FORM_SECONDS: u32 = 3600;
const YEAR_SECONDS: u32 = 31_536_000;

fn is_secure(ctx: &Ctx) -> bool {
    ctx.identity.issuer().starts_with("https://")
}

fn name(ctx: &Ctx, plain: &str) -> String {
    if is_secure(ctx) { format!("__Host-{plain}") } else { plain.to_owned() }
}

/// Lax, so that it comes back when a client sends the person here again; forms are
/// only ever taken from our own pages.
fn set(ctx: &Ctx, plain: &str, value: &str, seconds: Option<u32>) -> String {
    let secure = if is_secure(ctx) { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", name(ctx, plain))
}

/// The key of this browser's forms; a new one when it brought none.
pub fn form_key(ctx: &Ctx, request: &HttpRequest) -> String {
    let brought = cookie(request, &name(ctx, FORM)).filter(|key| key.len() == 43);
    brought.map_or_else(new_form_key, str::to_owned)
}

pub fn set_form_key(ctx: &Ctx, key: &str) -> String {
    set(ctx, FORM, key, Some(FORM_SECONDS))
}

/// What the browser says of its sign-in.
pub fn sign_in<'a>(ctx: &Ctx, request: &'a HttpRequest) -> Option<&'a str> {
    cookie(request, &name(ctx, SIGN_IN))
}

/// Gone when the browser closes; how long it is good is for the server to say.
pub fn set_sign_in(ctx: &Ctx, secret: &Secret) -> String {
    set(ctx, SIGN_IN, secret.expose(), None)
}

pub fn clear_sign_in(ctx: &Ctx) -> String {
    set(ctx, SIGN_IN, "", Some(0))
}

/// The language this browser chose.
pub fn language(request: &HttpRequest) -> Option<Language> {
    match cookie(request, LANGUAGE) {
        Some("zh") => Some(Language::Zh),
        Some("en") => Some(Language::En),
        Some(_) | None => None,
    }
}

pub fn set_language(ctx: &Ctx, language: Language) -> String {
    let value = match language {
        Language::Zh => "zh",
        Language::En => "en",
    };
    let secure = if is_secure(ctx) { "; Secure" } else { "" };
    format!("{LANGUAGE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={YEAR_SECONDS}{secure}")
}
