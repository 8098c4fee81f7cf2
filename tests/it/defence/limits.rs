//! Request rates and proxies, over a real port.

use serde_json::Value;
use wanshitong::app::Settings;
use wanshitong::domain::limits::{Limits, Quota};
use wanshitong::domain::network::{Cidr, ForwardingHeader, Proxies};
use wanshitong::domain::time::parse_duration;

use crate::support::{Database, Portal, Reply};

const REGION: &str = "/api/v1/regions/340705000000";

fn narrow() -> Limits {
    Limits { network: Quota::new(1, 3), person: Quota::new(1, 5), client: Quota::new(1, 8) }
}

async fn limited(proxies: Proxies) -> Portal {
    let settings = Settings { limits: narrow(), proxies, ..Settings::demo() };
    Portal::open_with(Database::sqlite(), settings).await
}

fn told<'a>(reply: &'a Reply, header: &str) -> Vec<&'a str> {
    reply.headers.get_all(header).iter().map(|value| value.to_str().unwrap()).collect()
}

#[actix_web::test]
async fn a_network_that_asks_too_often_is_told_when_to_come_back() {
    let portal = limited(Proxies::default()).await;
    for left in ["r=2;t=1", "r=1;t=2", "r=0;t=3"] {
        let reply = portal.get("", REGION).await;
        assert_eq!(told(&reply, "ratelimit-policy"), ["\"network\";q=3;w=3"]);
        assert_eq!(told(&reply, "ratelimit"), [format!("\"network\";{left}")]);
        reply.expect(200);
    }
    let refused = portal.get("", REGION).await;
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(told(&refused, "ratelimit"), ["\"network\";r=0;t=3"]);
    assert_eq!(refused.problem(429)["code"], "too_many_requests");
    // Whoever watches over the process is never turned away.
    for _ in 0..10 {
        let reply = portal.get("", "/health/live").await;
        assert_eq!((reply.status, reply.header("ratelimit")), (200, None));
    }
    // Nor is somebody signed in at the same network.
    portal.get("resident@web", "/api/v1/me").await.expect(200);
    portal.city.ctx.clock.advance(parse_duration("PT1S").unwrap());
    portal.get("", REGION).await.expect(200);
    portal.close().await;
}

#[actix_web::test]
async fn a_person_and_a_third_partys_client_have_quotas_of_their_own() {
    let portal = limited(Proxies::default()).await;
    for _ in 0..5 {
        portal.get("resident@web", "/api/v1/me").await.expect(200);
    }
    let refused = portal.get("resident@web", "/api/v1/me").await;
    assert_eq!(told(&refused, "ratelimit-policy"), ["\"person\";q=5;w=5"]);
    refused.problem(429);
    // Another person through the same client, and he himself through another, go on.
    portal.get("second_resident@web", "/api/v1/me").await.expect(200);
    let through_another = portal.get("resident@third_party", "/api/v1/me").await;
    assert_eq!(told(&through_another, "ratelimit-policy"), ["\"person\";q=5;w=5", "\"client\";q=8;w=8"]);
    // The third party's quota is that of all its people together.
    let mut answered = Vec::new();
    for who in ["second_resident", "agent", "handler", "reviewer", "approver"] {
        for _ in 0..2 {
            answered.push(portal.get(&format!("{who}@third_party"), "/api/v1/me").await.status);
        }
    }
    assert_eq!(answered.iter().filter(|status| **status == 429).count(), 3, "{answered:?}");
    portal.close().await;
}

#[actix_web::test]
async fn tokens_that_are_none_count_for_the_network_they_come_from() {
    let portal = limited(Proxies::default()).await;
    let guess = |token: &str| portal.request("", "GET", "/api/v1/me").bearer_auth(token.to_owned());
    for token in ["a", "b", "c"] {
        portal.send(guess(token)).await.problem(401);
    }
    portal.send(guess("d")).await.problem(429);
    let public = portal.request("", "GET", REGION).bearer_auth("e");
    portal.send(public).await.problem(429);
    portal.close().await;
}

async fn ask_as(portal: &Portal, header: &str, value: &str) -> u16 {
    portal.send(portal.request("", "GET", REGION).header(header, value)).await.status
}

#[actix_web::test]
async fn whoever_comes_directly_cannot_pass_for_another_by_a_header() {
    let portal = limited(Proxies::default()).await;
    let mut statuses = Vec::new();
    for number in 0..5 {
        statuses.push(ask_as(&portal, "x-forwarded-for", &format!("203.0.113.{number}")).await);
        statuses.push(ask_as(&portal, "forwarded", &format!("for=203.0.113.{number}")).await);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 3, "{statuses:?}");
    portal.close().await;
}

#[actix_web::test]
async fn behind_a_trusted_proxy_each_client_has_his_own_quota_whatever_he_forges() {
    let trusted = vec![Cidr::parse("127.0.0.0/8").unwrap()];
    let portal = limited(Proxies::new(trusted, ForwardingHeader::XForwardedFor)).await;
    for _ in 0..3 {
        assert_eq!(ask_as(&portal, "x-forwarded-for", "203.0.113.1").await, 200);
    }
    assert_eq!(ask_as(&portal, "x-forwarded-for", "203.0.113.1").await, 429);
    assert_eq!(ask_as(&portal, "x-forwarded-for", "203.0.113.2").await, 200);
    // What he writes himself stands before what the proxy adds.
    assert_eq!(ask_as(&portal, "x-forwarded-for", "198.51.100.9, 203.0.113.1").await, 429);
    // The other header is one no proxy here looked at.
    let forged = portal.request("", "GET", REGION).header("forwarded", "for=198.51.100.9");
    let reply = portal.send(forged.header("x-forwarded-for", "203.0.113.1")).await;
    let problem: Value = reply.problem(429);
    assert_eq!(problem["code"], "too_many_requests");
    // All addresses of one household are one network.
    for host in ["::1", "::2", "ffff::3"] {
        let address = format!("2001:db8:1:2:{}", host.trim_start_matches(':'));
        let address = if host.starts_with("::") { format!("2001:db8:1:2:{host}") } else { address };
        assert_eq!(ask_as(&portal, "x-forwarded-for", &address.replace(":::", "::")).await, 200);
    }
    assert_eq!(ask_as(&portal, "x-forwarded-for", "2001:db8:1:2::4").await, 429);
    portal.close().await;
}
