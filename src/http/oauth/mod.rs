//! The OAuth 2.0 and OpenID Connect endpoints, accounts and sessions.
//!
//! The protocol's endpoints keep the protocol's own error form (RFC 6749 §5.2);
//! everything under `/api/v1` answers with problems like the rest.

mod account;
mod accounts;
mod authorize;
mod cookies;
mod credentials;
mod device;
mod discovery;
mod end_session;
mod form;
mod me;
mod register;
mod sign_in;
mod token;
mod token_views;
mod userinfo;
mod visit;

pub(super) use form::cookie;
pub(super) use me::MeView;

use super::routes::Routes;

/// The endpoints at the protocol's own paths.
pub fn register(routes: &mut Routes<'_, '_>) {
    routes
        .service(discovery::configuration)
        .service(discovery::server_metadata)
        .service(discovery::jwks)
        .service(discovery::seal_keys)
        .service(authorize::authorize)
        .service(authorize::authorize_by_form)
        .service(authorize::style)
        .service(authorize::script)
        .service(sign_in::sign_in_page)
        .service(sign_in::sign_in_step)
        .service(sign_in::passkey_options)
        .service(sign_in::choose_language)
        .service(register::register_page)
        .service(register::register)
        .service(register::forgotten_page)
        .service(register::reset_password)
        .service(account::account_page)
        .service(account::change_account)
        .service(account::password_page)
        .service(account::change_password)
        .service(account::totp_page)
        .service(account::confirm_totp)
        .service(account::passkey_options)
        .service(token::give_tokens)
        .service(token::revoke_token)
        .service(token::introspect_token)
        .service(token::push_request)
        .service(token::authorize_device)
        .service(userinfo::userinfo)
        .service(userinfo::userinfo_by_post)
        .service(end_session::end_session)
        .service(end_session::end_session_by_form)
        .service(device::device_page)
        .service(device::decide_device);
}

/// The resources under `/api/v1`.
pub fn register_v1(routes: &mut Routes<'_, '_>) {
    routes
        .service(accounts::register)
        .service(accounts::request_sms_code)
        .service(me::read_me)
        .service(me::list_sessions)
        .service(me::end_session)
        .service(me::end_all_sessions)
        .service(credentials::list_credentials)
        .service(credentials::begin_totp)
        .service(credentials::confirm_totp)
        .service(credentials::remove_totp)
        .service(credentials::passkey_options)
        .service(credentials::add_passkey)
        .service(credentials::rename_passkey)
        .service(credentials::remove_passkey)
        .service(credentials::change_password)
        .service(credentials::list_consents)
        .service(credentials::revoke_consent);
}
