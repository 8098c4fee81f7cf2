//! How long a session rests and lasts, for residents, staff and kiosks, told by
//! refreshing as an app does.

use serde_json::Value;
use wanshitong::app::Settings;
use wanshitong::domain::identity::{Channel, Lifetimes, ScopeSet, Span};

use super::desk::{advance, app, claims, me_with, now, post, public, put, refreshing, refused, tokens};
use crate::support::{Database, Portal};

const TOKEN: &str = "/oauth2/token";

async fn open(settings: Settings) -> Portal {
    let portal = Portal::open_with(Database::sqlite(), settings).await;
    let mut desk = app("desk");
    desk.scopes = ScopeSet::parse("openid cases staff offline_access").unwrap();
    let mut stand = app("stand");
    stand.channel = Channel::Kiosk;
    put(&portal.city.ctx, vec![app("app"), desk, stand]).await;
    portal
}

/// Who, and how many seconds his session may rest and last.
struct Limits {
    client: &'static str,
    scope: &'static str,
    persona: &'static str,
    idle: i64,
    absolute: i64,
}

async fn refreshed(portal: &Portal, limits: &Limits, given: &Value) -> crate::support::Reply {
    post(portal, TOKEN, &refreshing(&given["refresh_token"], public(limits.client)), None).await
}

async fn hold(portal: &Portal, limits: &Limits) {
    let begin = || tokens(portal, public(limits.client), limits.scope, limits.persona);
    // One second less than it may rest is not too long.
    let given = begin().await;
    advance(portal, limits.idle - 1);
    let given = refreshed(portal, limits, &given).await.expect(200);
    advance(portal, limits.idle);
    refused(&refreshed(portal, limits, &given).await, 400, "invalid_grant");
    me_with(portal, &given["access_token"]).await.problem(401);

    // However busy, it ends; and no token outlasts it.
    let mut given = begin().await;
    let end = now(portal).timestamp() + limits.absolute;
    loop {
        let left = end - now(portal).timestamp();
        assert!(claims(&given["access_token"])["exp"].as_i64().unwrap() <= end);
        if left <= limits.idle {
            advance(portal, left - 1);
            break;
        }
        advance(portal, limits.idle - 1);
        given = refreshed(portal, limits, &given).await.expect(200);
    }
    let last = refreshed(portal, limits, &given).await.expect(200);
    me_with(portal, &last["access_token"]).await.expect(200);
    advance(portal, 1);
    me_with(portal, &last["access_token"]).await.problem(401);
    refused(&refreshed(portal, limits, &last).await, 400, "invalid_grant");
}

#[actix_web::test]
async fn residents_staff_and_kiosks_rest_and_last_as_long_as_they_may() {
    let portal = open(Settings::demo()).await;
    for limits in [
        Limits { client: "app", scope: "cases", persona: "resident", idle: 30 * 60, absolute: 12 * 3600 },
        Limits {
            client: "desk",
            scope: "cases staff",
            persona: "handler",
            idle: 15 * 60,
            absolute: 12 * 3600,
        },
        // Staff do not stay signed in, whatever they allow an app.
        Limits {
            client: "desk",
            scope: "staff offline_access",
            persona: "handler",
            idle: 15 * 60,
            absolute: 12 * 3600,
        },
        Limits { client: "stand", scope: "cases", persona: "resident", idle: 3 * 60, absolute: 10 * 60 },
    ] {
        hold(&portal, &limits).await;
    }
    portal.close().await;
}

#[actix_web::test]
async fn an_operator_chooses_other_limits() {
    let lifetimes = Lifetimes::read(|span| match span {
        Span::ResidentIdle => Some(5),
        Span::ResidentAbsolute => Some(1),
        Span::StaffIdle => Some(30),
        Span::StaffAbsolute => Some(2),
        Span::KioskIdle => Some(1),
        Span::KioskAbsolute => Some(2),
    })
    .unwrap();
    let portal = open(Settings { lifetimes, ..Settings::demo() }).await;
    for limits in [
        Limits { client: "app", scope: "cases", persona: "resident", idle: 5 * 60, absolute: 3600 },
        Limits {
            client: "desk",
            scope: "cases staff",
            persona: "handler",
            idle: 30 * 60,
            absolute: 2 * 3600,
        },
        Limits { client: "stand", scope: "cases", persona: "resident", idle: 60, absolute: 120 },
    ] {
        hold(&portal, &limits).await;
    }
    portal.close().await;
}
