//! What a client has to know before it begins (OpenID Connect Discovery, RFC 8414).

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Ctx;
use crate::domain::identity::signing_key::CACHED_SECONDS;
use crate::domain::identity::{Aal, Algorithm, Assurance, Grant, Ial, Scope};

/// Keys and endpoints change seldom; a key signs only when everybody who asked
/// before it was there has asked again.
fn cached() -> (HeaderName, String) {
    (CACHE_CONTROL, format!("public, max-age={CACHED_SECONDS}"))
}

/// OpenID provider metadata, with that of OAuth extensions: PAR (RFC 9126 §5),
/// DPoP (RFC 9449 §5.1), device grant (RFC 8628 §4), back-channel logout (§2.1).
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfigurationView {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    pub userinfo_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub device_authorization_endpoint: String,
    pub end_session_endpoint: String,
    pub service_documentation: String,
    pub scopes_supported: Vec<&'static str>,
    pub response_types_supported: [&'static str; 1],
    pub response_modes_supported: [&'static str; 1],
    pub grant_types_supported: Vec<&'static str>,
    pub acr_values_supported: Vec<String>,
    pub prompt_values_supported: [&'static str; 4],
    pub subject_types_supported: [&'static str; 2],
    pub id_token_signing_alg_values_supported: [&'static str; 1],
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    pub code_challenge_methods_supported: [&'static str; 1],
    pub claim_types_supported: [&'static str; 1],
    pub claims_supported: [&'static str; 13],
    pub ui_locales_supported: [&'static str; 2],
    pub authorization_response_iss_parameter_supported: bool,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_uri_parameter_supported: bool,
    pub require_pushed_authorization_requests: bool,
}

/// How a client proves itself (RFC 7591 §2).
const AUTHENTICATIONS: [&str; 4] = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];

#[rustfmt::skip]
const CLAIMS: [&str; 13] = [
    "iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "nonce", "name", "phone_number", "ial",
];

impl ConfigurationView {
    fn new(issuer: &str) -> Self {
        let at = |path: &str| format!("{issuer}/oauth2/{path}");
        let algorithms = || Algorithm::NAMES.to_vec();
        Self {
            issuer: issuer.to_owned(),
            authorization_endpoint: at("authorize"),
            token_endpoint: at("token"),
            jwks_uri: at("jwks"),
            userinfo_endpoint: at("userinfo"),
            introspection_endpoint: at("introspect"),
            revocation_endpoint: at("revoke"),
            pushed_authorization_request_endpoint: at("par"),
            device_authorization_endpoint: at("device_authorization"),
            end_session_endpoint: at("end_session"),
            service_documentation: format!("{issuer}/docs/"),
            scopes_supported: Scope::ALL.map(Scope::as_str).to_vec(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: Grant::ALL.map(Grant::as_str).to_vec(),
            acr_values_supported: acr_values(),
            prompt_values_supported: ["none", "login", "consent", "select_account"],
            subject_types_supported: ["public", "pairwise"],
            id_token_signing_alg_values_supported: ["ES256"],
            token_endpoint_auth_methods_supported: AUTHENTICATIONS.to_vec(),
            token_endpoint_auth_signing_alg_values_supported: algorithms(),
            // Introspection is for those who can prove themselves.
            introspection_endpoint_auth_methods_supported: AUTHENTICATIONS[1..].to_vec(),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms(),
            revocation_endpoint_auth_methods_supported: AUTHENTICATIONS.to_vec(),
            revocation_endpoint_auth_signing_alg_values_supported: algorithms(),
            dpop_signing_alg_values_supported: algorithms(),
            code_challenge_methods_supported: ["S256"],
            claim_types_supported: ["normal"],
            claims_supported: CLAIMS,
            ui_locales_supported: ["zh-CN", "en"],
            authorization_response_iss_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            require_pushed_authorization_requests: false,
        }
    }
}

/// Every level on both axes.
fn acr_values() -> Vec<String> {
    let levels = (1..=4).filter_map(Ial::new);
    levels.flat_map(|ial| (1..=3).filter_map(Aal::new).map(move |aal| Assurance { ial, aal }.acr())).collect()
}

/// The OpenID provider's metadata.
#[utoipa::path(tag = "oauth", operation_id = "openid_configuration", responses((status = 200, body = ConfigurationView)))]
#[get("/.well-known/openid-configuration")]
pub async fn configuration(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(cached()).json(ConfigurationView::new(ctx.identity.issuer()))
}

/// The same where clients without OpenID Connect look for it (RFC 8414 §3).
#[utoipa::path(tag = "oauth", operation_id = "oauth_server_metadata", responses((status = 200, body = ConfigurationView)))]
#[get("/.well-known/oauth-authorization-server")]
pub async fn server_metadata(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(cached()).json(ConfigurationView::new(ctx.identity.issuer()))
}

/// The keys tokens are verified with (RFC 7517).
#[utoipa::path(tag = "oauth", operation_id = "jwks", responses((status = 200, body = Object)))]
#[get("/oauth2/jwks")]
pub async fn jwks(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(cached()).json(ctx.identity.token_jwks(ctx.clock.now()))
}

/// The keys receipts and certificates are verified with (RFC 7517), retired ones included.
#[utoipa::path(tag = "public", operation_id = "seal_keys", responses((status = 200, body = Object)))]
#[get("/.well-known/seal-keys.json")]
pub async fn seal_keys(ctx: web::Data<Ctx>) -> HttpResponse {
    HttpResponse::Ok().insert_header(cached()).json(ctx.identity.seal_jwks())
}
