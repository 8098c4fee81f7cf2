//! Request rates, kept in memory: how often a network that has not signed in, a
//! person through one client, and a third party's client may ask.
//!
//! What always holds: a check costs a look into a sharded map; the map forgets who
//! asked long ago, so it does not grow with the number of those who ever asked;
//! `/health` is never limited.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError as _, web};
use bytes::Bytes;
use governor::clock::Clock as _;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;

use super::address::address;
use super::problem::{Code, Problem};
use crate::app::{Clock, Ctx};
use crate::domain::limits::{Counted, Limits, Quota};
use crate::domain::network::Network;

/// The fields of draft-ietf-httpapi-ratelimit-headers.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Checks between two rounds of forgetting: as many keys are remembered in vain at
/// the most, some 50 bytes each.
const FORGET_EVERY: u64 = 65_536;

/// One for the whole process, shared by its workers.
pub struct RateLimits {
    network: Limiter,
    person: Limiter,
    client: Limiter,
    /// Makes a key of whatever is counted; drawn at the start, so that nobody can
    /// foresee which keys fall together.
    keys: RandomState,
    checks: AtomicU64,
}

/// The portal's clock, as the limiter reads one.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let now = self.0.now().timestamp_micros();
        Duration::from_micros(u64::try_from(now).unwrap_or(0))
    }
}

struct Limiter {
    counted: Counted,
    quota: Quota,
    /// The policy as every answer names it.
    policy: Option<HeaderValue>,
    limiter: governor::RateLimiter<u64, DefaultKeyedStateStore<u64>, Ticks, StateInformationMiddleware>,
    ticks: Ticks,
}

/// What is left to somebody of a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub counted: Counted,
    pub quota: Quota,
    pub requests: u32,
    /// Until the whole quota is there again.
    pub seconds: u32,
    /// None when this request was within it.
    pub retry_after_seconds: Option<u64>,
}

impl Limiter {
    fn new(counted: Counted, limits: &Limits, clock: &Clock) -> Self {
        let quota = limits.of(counted);
        let gcra = governor::Quota::per_second(quota.per_second).allow_burst(quota.burst);
        let ticks = Ticks(clock.clone());
        let limiter = governor::RateLimiter::dashmap_with_clock(gcra, ticks.clone());
        let policy = format!("\"{}\";q={};w={}", counted.as_str(), quota.burst, quota.window_seconds());
        let policy = HeaderValue::try_from(policy).ok();
        Self { counted, quota, policy, limiter: limiter.with_middleware(), ticks }
    }

    fn check(&self, key: u64) -> Left {
        let (requests, retry_after_seconds) = match self.limiter.check_key(&key) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(self.ticks.now());
                // Rounded up: who comes back when told must not be sent away again.
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                (0, Some(u64::try_from(seconds).unwrap_or(u64::MAX)))
            }
        };
        let used = self.quota.burst.get().saturating_sub(requests);
        let seconds = used.div_ceil(self.quota.per_second.get());
        Left { counted: self.counted, quota: self.quota, requests, seconds, retry_after_seconds }
    }

    fn forget(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// Whose request it is.
#[derive(Debug, Clone, Copy)]
enum Asker<'a> {
    Nobody(IpAddr),
    Person { account: uuid::Uuid, client: &'a str, is_third_party: bool },
    Application(&'a str),
}

impl RateLimits {
    pub fn new(limits: &Limits, clock: &Clock) -> Self {
        let limiter = |counted| Limiter::new(counted, limits, clock);
        Self {
            network: limiter(Counted::Network),
            person: limiter(Counted::Person),
            client: limiter(Counted::Client),
            keys: RandomState::new(),
            checks: AtomicU64::new(0),
        }
    }

    /// Counts a request; gives what is left, the quota that matters most first.
    fn check(&self, asker: Asker<'_>) -> (Left, Option<Left>) {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            [&self.network, &self.person, &self.client].into_iter().for_each(Limiter::forget);
        }
        match asker {
            Asker::Nobody(from) => (self.network.check(self.keys.hash_one(Network::of(from))), None),
            Asker::Person { account, client, is_third_party } => {
                let own = self.person.check(self.keys.hash_one((account, client)));
                let total = is_third_party.then(|| self.client.check(self.keys.hash_one(client)));
                (own, total)
            }
            Asker::Application(client) => (self.client.check(self.keys.hash_one(client)), None),
        }
    }

    fn policy(&self, counted: Counted) -> Option<&HeaderValue> {
        let limiter = match counted {
            Counted::Network => &self.network,
            Counted::Person => &self.person,
            Counted::Client => &self.client,
        };
        limiter.policy.as_ref()
    }

    /// How many are remembered.
    pub fn remembered(&self) -> usize {
        [&self.network, &self.person, &self.client].into_iter().map(|limiter| limiter.limiter.len()).sum()
    }
}

/// The middleware; see the module.
pub async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.path().starts_with("/health/") {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let Some(limits) = request.app_data::<web::Data<RateLimits>>().cloned() else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let Some((first, second)) = left_to(&request, &limits).await else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    let lefts = || std::iter::once(&first).chain(second.as_ref());
    let mut response = match lefts().filter_map(|left| left.retry_after_seconds).max() {
        Some(seconds) => {
            let refused = Problem::new(Code::TooManyRequests).header(RETRY_AFTER, seconds.to_string());
            request.into_response(refused.error_response())
        }
        None => next.call(request).await?.map_into_boxed_body(),
    };
    for left in lefts() {
        tell(response.headers_mut(), left, limits.policy(left.counted));
    }
    Ok(response)
}

/// A token that is good counts for its person or client; anything else for the network.
async fn left_to(request: &ServiceRequest, limits: &RateLimits) -> Option<(Left, Option<Left>)> {
    let ctx = request.app_data::<web::Data<Ctx>>()?;
    let verified = match access_token(request.headers()) {
        Some(token) => ctx.identity.verify(token, ctx.clock.now()).await.ok().flatten(),
        None => None,
    };
    let Some(token) = verified else {
        return Some(limits.check(Asker::Nobody(address(request.request()))));
    };
    let client = token.client.as_str();
    let asker = match token.account {
        None => Asker::Application(client),
        Some(account) => {
            let is_third_party = ctx.identity.client(client).is_some_and(|client| !client.is_first_party());
            Asker::Person { account, client, is_third_party }
        }
    };
    Some(limits.check(asker))
}

/// The token of an `Authorization` header, whichever way it is bound (RFC 6750
/// §2.1, RFC 9449 §7.1).
fn access_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let is_known = ["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    is_known.then(|| token.trim())
}

/// `RateLimit-Policy: "person";q=200;w=10` and `RateLimit: "person";r=199;t=1`.
fn tell(headers: &mut HeaderMap, left: &Left, policy: Option<&HeaderValue>) {
    let Left { counted, requests, seconds, .. } = left;
    if let Some(policy) = policy {
        headers.append(RATE_LIMIT_POLICY, policy.clone());
    }
    let mut text = Vec::with_capacity(48);
    text.push(b'"');
    text.extend_from_slice(counted.as_str().as_bytes());
    text.extend_from_slice(b"\";r=");
    put_number(&mut text, *requests);
    text.extend_from_slice(b";t=");
    put_number(&mut text, *seconds);
    if let Ok(left) = HeaderValue::from_maybe_shared(Bytes::from(text)) {
        headers.append(RATE_LIMIT, left);
    }
}

/// In decimal. Every answer bears two numbers, and formatting them was most of what
/// these headers cost.
fn put_number(text: &mut Vec<u8>, number: u32) {
    let start = text.len();
    let mut rest = number;
    loop {
        text.push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text[start..].reverse();
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;

    fn start() -> DateTime<Utc> {
        "2026-03-02T01:30:00Z".parse().unwrap()
    }

    fn limits(clock: &Clock) -> RateLimits {
        let small = Quota::new(1, 3);
        RateLimits::new(&Limits { network: small, person: small, client: Quota::new(1, 5) }, clock)
    }

    fn nobody(text: &str) -> Asker<'static> {
        Asker::Nobody(text.parse().unwrap())
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_a_second() {
        let clock = Clock::from_source(start);
        let limits = limits(&clock);
        let ask = || limits.check(nobody("192.0.2.1")).0;
        assert_eq!([ask(), ask(), ask()].map(|left| (left.requests, left.seconds)), [(2, 1), (1, 2), (0, 3)]);
        assert_eq!(ask().retry_after_seconds, Some(1));
        assert_eq!(limits.check(nobody("192.0.2.2")).0.retry_after_seconds, None, "another network");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!((ask().retry_after_seconds, ask().retry_after_seconds), (None, Some(1)));
        clock.advance(TimeDelta::seconds(10));
        assert_eq!(ask().requests, 2);
    }

    #[test]
    fn people_of_one_third_party_client_share_its_quota_and_those_of_our_own_do_not() {
        let clock = Clock::from_source(start);
        let limits = limits(&clock);
        let ask = |number: u128, is_third_party| {
            let account = uuid::Uuid::from_u128(number);
            limits.check(Asker::Person { account, client: "app", is_third_party })
        };
        for number in 0..5 {
            assert_eq!(ask(number, true).1.unwrap().retry_after_seconds, None);
        }
        let (own, total) = ask(5, true);
        assert_eq!((own.retry_after_seconds, total.unwrap().retry_after_seconds), (None, Some(1)));
        for number in 10..100 {
            let (own, total) = ask(number, false);
            assert_eq!((own.retry_after_seconds, total), (None, None));
        }
    }

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 1, 9, 10, 99, 100, 1_000_000, u32::MAX] {
            let mut text = b"r=".to_vec();
            put_number(&mut text, number);
            assert_eq!(String::from_utf8(text).unwrap(), format!("r={number}"));
        }
    }

    #[test]
    fn who_asked_long_ago_is_forgotten_however_many_they_were() {
        let clock = Clock::from_source(start);
        let limits = limits(&clock);
        for round in 0..4_u128 {
            for number in 0..u128::from(FORGET_EVERY) {
                let from = Ipv6Addr::from_bits(((round << 32) | number) << 64);
                limits.check(Asker::Nobody(from.into()));
            }
            clock.advance(TimeDelta::minutes(1));
            let most = usize::try_from(FORGET_EVERY).unwrap();
            assert!(limits.remembered() <= most, "round {round}: {}", limits.remembered());
        }
    }
}
