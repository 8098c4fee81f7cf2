//! The OAuth 2.0 and OpenID Connect endpoints, accounts and sessions.
//!
//! The protocol's endpoints keep the protocol's own error form (RFC 6749 §5.2);
//! everything under `/api/v1` answers with problems like the rest.

mod accounts;
mod authorize;
mod discovery;
mod form;
mod me;
mod token;
mod userinfo;

use utoipa_actix_web::service_config::ServiceConfig;

/// The endpoints at the protocol's own paths.
pub fn register(config: &mut ServiceConfig<'_>) {
    config
        .service(discovery::configuration)
        .service(discovery::jwks)
        .service(discovery::seal_keys)
        .service(authorize::authorize)
        .service(authorize::authorize_by_form)
        .service(authorize::sign_in_step)
        .service(authorize::style)
        .service(token::give_tokens)
        .service(token::revoke_token)
        .service(token::introspect_token)
        .service(userinfo::userinfo)
        .service(userinfo::end_session);
}

/// The resources under `/api/v1`.
pub fn register_v1(config: &mut ServiceConfig<'_>) {
    config
        .service(accounts::register)
        .service(accounts::request_sms_code)
        .service(me::read_me)
        .service(me::list_sessions)
        .service(me::end_session)
        .service(me::end_all_sessions);
}
