//! What a client has to know before it begins (OpenID Connect Discovery, RFC 8414).

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Ctx;
use crate::domain::identity::{Aal, Assurance, Grant, Ial, Scope};

/// Keys and endpoints change seldom; whoever meets an unknown `kid` asks again anyway.
const CACHED: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "public, max-age=300");

/// OpenID provider metadata.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationView {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    pub scopes_supported: Vec<&'static str>,
    pub response_types_supported: [&'static str; 1],
    pub response_modes_supported: [&'static str; 1],
    pub grant_types_supported: Vec<&'static str>,
    pub acr_values_supported: Vec<String>,
    pub subject_types_supported: [&'static str; 1],
    pub id_token_signing_alg_values_supported: [&'static str; 1],
    pub token_endpoint_auth_methods_supported: [&'static str; 3],
    pub introspection_endpoint_auth_methods_supported: [&'static str; 2],
    pub revocation_endpoint_auth_methods_supported: [&'static str; 3],
    pub code_challenge_methods_supported: [&'static str; 1],
    pub claims_supported: [&'static str; 12],
    pub ui_locales_supported: [&'static str; 2],
    pub authorization_response_iss_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
}

impl ConfigurationView {
    fn new(issuer: &str) -> Self {
        let at = |path: &str| format!("{issuer}/oauth2/{path}");
        let methods = ["none", "client_secret_basic", "client_secret_post"];
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("authorize"),
            token_endpoint: at("token"),
            jwks_uri: at("jwks"),
            userinfo_endpoint: at("userinfo"),
            introspection_endpoint: at("introspect"),
            revocation_endpoint: at("revoke"),
            end_session_endpoint: at("end_session"),
            scopes_supported: Scope::ALL.map(Scope::as_str).to_vec(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: Grant::ALL.map(Grant::as_str).to_vec(),
            acr_values_supported: acr_values(),
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ["ES256"],
            token_endpoint_auth_methods_supported: methods,
            introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
            revocation_endpoint_auth_methods_supported: methods,
            code_challenge_methods_supported: ["S256"],
            claims_supported: [
                "iss",
                "sub",
                "aud",
                "iat",
                "exp",
                "auth_time",
                "acr",
                "sid",
                "nonce",
                "name",
                "phone_number",
                "ial",
            ],
            ui_locales_supported: ["zh-CN", "en"],
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

/// Every identity level, each reached today with one factor.
fn acr_values() -> Vec<String> {
    let levels = (1..=4).filter_map(Ial::new);
    levels.map(|ial| Assurance { ial, aal: Aal::ONE_FACTOR }.acr()).collect()
}

/// The OpenID provider's metadata.
#[utoipa::path(tag = "oauth", operation_id = "openid_configuration", responses((status = 200, body = ConfigurationView)))]
#[get("/.well-known/openid-configuration")]
pub async fn configuration(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHED).json(ConfigurationView::new(ctx.identity.issuer()))
}

/// The keys tokens are verified with (RFC 7517).
#[utoipa::path(tag = "oauth", operation_id = "jwks", responses((status = 200, body = Object)))]
#[get("/oauth2/jwks")]
pub async fn jwks(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHED).json(ctx.identity.token_jwks())
}

/// The keys receipts and certificates are verified with (RFC 7517), retired ones included.
#[utoipa::path(tag = "public", operation_id = "seal_keys", responses((status = 200, body = Object)))]
#[get("/.well-known/seal-keys.json")]
pub async fn seal_keys(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(CACHED).json(ctx.identity.seal_jwks())
}
