//! Where a request comes from: the one place where it is found out. Proxies are
//! believed as far as the configuration trusts them, and nobody else.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, web};

use super::extract::request_id;
use crate::app::Ctx;
use crate::app::identity::{Visitor, devices};
use crate::domain::identity::{known_device, user_agent};

/// The address of whoever sent the request.
pub fn address(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
    let Some(ctx) = request.app_data::<web::Data<Ctx>>() else { return peer.to_canonical() };
    let proxies = &ctx.settings.proxies;
    match proxies.header() {
        None => peer.to_canonical(),
        Some(name) => {
            // A value that is not even text is one hop that cannot be read.
            let values = request.headers().get_all(name).map(|value| value.to_str().unwrap_or("unknown"));
            proxies.client(peer, values)
        }
    }
}

/// Whoever sent the request, before anybody is known to have signed in: with the
/// device its cookie names, or a new one to be remembered.
pub fn visitor(ctx: &Ctx, request: &HttpRequest) -> Visitor {
    let header = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let brought = super::oauth::cookie(request, device_cookie_name(ctx));
    Visitor {
        from: address(request),
        user_agent: user_agent::summary(header),
        request_id: request_id(request),
        device: Some(devices::recognise(ctx, brought.unwrap_or_default())),
        place: None,
    }
}

/// The `Set-Cookie` by which a browser is recognised when its owner signs in again;
/// for the answer to a sign-in that succeeded. None at a place others use.
pub fn device_cookie(ctx: &Ctx, visitor: &Visitor) -> Option<String> {
    let value = devices::cookie(ctx, visitor)?;
    let secure = if is_secure(ctx) { "; Secure" } else { "" };
    let (name, seconds) = (device_cookie_name(ctx), known_device::REMEMBERED.num_seconds());
    Some(format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"))
}

fn is_secure(ctx: &Ctx) -> bool {
    ctx.identity.issuer().starts_with("https://")
}

/// With TLS the name itself forbids that another host of the domain sets it
/// (RFC 6265bis §4.1.3.2).
fn device_cookie_name(ctx: &Ctx) -> &'static str {
    if is_secure(ctx) { "__Host-wst_device" } else { "wst_device" }
}
