//! People over a real port, each played as he would come: residents who register,
//! prove who they are, mandate each other and leave; officers at a counter; and
//! whoever tries what is not his.

mod account;
mod guardians;
mod helper_codes;
mod mandates;
mod mandates_given_on;
mod organizations;
mod proofing;
mod proofing_at_a_counter;
mod registry;
mod representatives;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wanshitong::app::identity::sign_in::SignedIn;
use wanshitong::domain::identity::{Method, Methods};
use wanshitong::domain::time::parse_duration;

use crate::identity::desk;
use crate::support::{Database, PDF, Portal, Reply, id, road_facts};

pub const ME: &str = "/api/v1/me";
pub const PROOFS: &str = "/api/v1/me/identity-proofs";
pub const MANDATES: &str = "/api/v1/me/mandates";
pub const ORGANIZATIONS: &str = "/api/v1/me/organizations";
pub const PERSONS: &str = "/api/v1/persons";
pub const CASES: &str = "/api/v1/cases";
const PASSWORD: &str = "correct horse battery";

/// Residents of the sample city without an account: number of the mobile, name, ID number.
pub const TANG: Resident = ("13910000001", "唐若溪", "340705198804173260");
pub const XU: Resident = ("13910000002", "许长庚", "340702197509308157");
pub const LUO: Resident = ("13910000003", "罗明霞", "340705199612055424");

pub type Resident = (&'static str, &'static str, &'static str);

/// Somebody with a token.
pub struct User<'a> {
    pub portal: &'a Portal,
    pub mobile: String,
    pub token: Value,
}

impl<'a> User<'a> {
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self.portal.request("", method, path).bearer_auth(self.token.as_str().unwrap());
        self.portal.send(body.iter().fold(request, |request, body| request.json(body))).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    /// The same person with the same token, at another instance.
    pub fn at<'b>(&self, portal: &'b Portal) -> User<'b> {
        User { portal, mobile: self.mobile.clone(), token: self.token.clone() }
    }

    /// Signed in anew.
    pub async fn again(self) -> User<'a> {
        let tokens = signed_in(self.portal, &self.mobile, two_factors()).await;
        User { token: tokens["access_token"].clone(), ..self }
    }

    pub async fn me(&self) -> Value {
        self.get(ME).await.expect(200)
    }

    pub async fn person(&self) -> String {
        self.me().await["person_id"].as_str().unwrap().to_owned()
    }

    pub async fn ial(&self) -> Value {
        self.me().await["ial"].clone()
    }

    pub async fn prove(&self, name: &str, number: &str) -> Reply {
        self.post(PROOFS, json!({"name": name, "id_number": number})).await
    }

    /// Offers a mandate; gives it.
    pub async fn offer(&self, mobile: &str, more: Value) -> Value {
        let mut body = json!({ "mobile": mobile });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(MANDATES, body).await.expect(201)
    }

    /// Answers or ends a mandate.
    pub async fn on(&self, mandate: &Value, word: &str) -> Reply {
        self.post(&format!("{MANDATES}/{}/{word}", id(mandate)), json!({})).await
    }

    /// His mandates, given and received.
    pub async fn mandates(&self) -> Vec<Value> {
        items(self.get(MANDATES).await)
    }

    /// Opens a draft of a guide for somebody.
    pub async fn open_for(&self, guide: &str, person: &str) -> Reply {
        let mut body =
            json!({"guide_code": self.portal.city.guide(guide), "applicant": {"person_id": person}});
        if guide == ROAD {
            body["scenario"] = json!("occupy");
            body["facts"] = road_facts();
        }
        self.post(CASES, body).await
    }

    /// Swaps the token for one that speaks for somebody.
    pub async fn exchange(&self, principal: &str) -> Reply {
        let pairs = vec![
            ("client_id", "app".to_owned()),
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
            ("subject_token", self.token.as_str().unwrap().to_owned()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token".to_owned()),
            ("principal", principal.to_owned()),
        ];
        desk::post(self.portal, "/oauth2/token", &pairs, None).await
    }

    /// The same person, speaking for somebody.
    pub async fn speaking_for(&self, principal: &str) -> User<'a> {
        let given = self.exchange(principal).await.expect(200);
        User { portal: self.portal, mobile: self.mobile.clone(), token: given["access_token"].clone() }
    }
}

pub const ROAD: &str = "road-occupation-permit.yaml";
pub const ALLOWANCE: &str = "old-age-allowance.yaml";
pub const BIRTH: &str = "childbirth-registration.yaml";
pub const CARD: &str = "identity-card-renewal.yaml";

/// The sample city with an app of the portal's own.
pub async fn open(database: Database) -> Portal {
    let portal = Portal::open(database).await;
    desk::put(&portal.city.ctx, vec![desk::app("app")]).await;
    portal
}

fn two_factors() -> Methods {
    Methods::from(Method::Password).with(Method::Totp)
}

/// Tokens of a sign-in at the app, now.
pub async fn signed_in(portal: &Portal, mobile: &str, methods: Methods) -> Value {
    let ctx = &portal.city.ctx;
    let account = ctx.store.find_account_by_mobile(&mobile.parse().unwrap()).await.unwrap().unwrap();
    let who = SignedIn {
        account: account.id,
        person: account.person,
        ial: account.level.ial,
        methods,
        at: ctx.clock.now(),
        sign_in: None,
    };
    let asked = desk::parameters(&desk::request_of("app", "openid profile cases offline_access"));
    let (request, _) = wanshitong::app::identity::oauth::check(ctx, &asked).await.unwrap().unwrap();
    let location = wanshitong::app::identity::oauth::grant_code(ctx, &request, &who).await.unwrap();
    let query: Vec<(String, String)> =
        serde_urlencoded::from_str(location.split_once('?').unwrap().1).unwrap();
    let code = &query.iter().find(|(name, _)| name == "code").unwrap().1;
    desk::post(portal, "/oauth2/token", &desk::redemption(code, desk::public("app")), None).await.expect(200)
}

/// A persona at the app.
pub async fn persona<'a>(portal: &'a Portal, slug: &str) -> User<'a> {
    let mobile = portal.city.sheet.personas[slug].account.clone();
    let tokens = signed_in(portal, &mobile, two_factors()).await;
    User { portal, mobile, token: tokens["access_token"].clone() }
}

/// The officer at the counter of the city hall.
pub fn officer(portal: &Portal) -> User<'_> {
    let token = json!(portal.city.sheet.tokens["counter_officer@counter"]);
    User { portal, mobile: portal.city.sheet.personas["counter_officer"].account.clone(), token }
}

/// Registers with this number and signs in; nothing of him is proven.
pub async fn newcomer<'a>(portal: &'a Portal, (mobile, name, _): Resident) -> User<'a> {
    let code = code_to(portal, mobile, "register").await;
    let body = json!({"mobile": mobile, "code": code, "password": PASSWORD, "name": name});
    portal.post("", "/api/v1/accounts", body).await.expect(201);
    let tokens = signed_in(portal, mobile, two_factors()).await;
    User { portal, mobile: mobile.to_owned(), token: tokens["access_token"].clone() }
}

/// The same, proven by the population registry.
pub async fn proven<'a>(portal: &'a Portal, resident: Resident) -> User<'a> {
    let user = newcomer(portal, resident).await;
    user.prove(resident.1, resident.2).await.expect(201);
    user
}

/// Asks for a code for a purpose; gives it, as its owner reads it.
pub async fn code_to(portal: &Portal, mobile: &str, purpose: &str) -> String {
    let body = json!({"mobile": mobile, "purpose": purpose});
    portal.post("", "/api/v1/accounts/sms-codes", body).await.expect(202);
    let text = last_message(portal, mobile);
    text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).unwrap_or(&text).to_owned()
}

/// The last message to a number, in English.
pub fn last_message(portal: &Portal, mobile: &str) -> String {
    let sent = portal.city.sms.sent.lock().unwrap();
    let found = sent.iter().rev().find(|(to, _)| to.as_str() == mobile);
    found.map(|(_, text)| text.en.clone()).unwrap_or_default()
}

/// Finds somebody by his card at the counter, or puts him on record; gives his id.
pub async fn identified(portal: &Portal, (_, name, number): Resident) -> String {
    let card = json!({"name": name, "id_number": number});
    id(&officer(portal).post(PERSONS, card).await.expect(200))
}

pub fn advance(portal: &Portal, duration: &str) {
    portal.city.ctx.clock.advance(parse_duration(duration).unwrap());
}

/// So much later than now, as JSON.
pub fn later(portal: &Portal, duration: &str) -> Value {
    let then: DateTime<Utc> = portal.city.ctx.clock.now() + parse_duration(duration).unwrap();
    json!(then)
}

/// What the worker does twice a second: whatever was changed elsewhere is known here.
pub async fn half_a_second_passes(portal: &Portal) {
    let mut seen = wanshitong::app::upkeep::Seen::default();
    wanshitong::app::upkeep::catch_up(&portal.city.ctx, &mut seen).await.unwrap();
}

pub fn items(reply: Reply) -> Vec<Value> {
    let page = reply.expect(200);
    assert!(page["next"].is_null(), "{page:#}");
    page["items"].as_array().unwrap().clone()
}

/// Lines of the audit trail of an action, the latest first.
pub async fn on_record(portal: &Portal, action: &str) -> Vec<Value> {
    let page = portal.get("auditor@web", &format!("/api/v1/admin/audit?action={action}&limit=100")).await;
    page.expect(200)["items"].as_array().unwrap().clone()
}

/// Nothing of these may stand anywhere in the audit trail.
pub async fn nothing_on_record_tells(portal: &Portal, secrets: &[&str]) {
    let whole = portal.get("auditor@web", "/api/v1/admin/audit/export").await;
    assert_eq!(whole.status, 200);
    let text = String::from_utf8(whole.bytes).unwrap();
    for secret in secrets {
        assert!(!text.contains(secret), "the audit trail tells {secret}");
    }
}

/// The challenge of RFC 9470: gives the `acr_values` to ask for.
#[track_caller]
pub fn challenged(reply: Reply) -> String {
    let challenge = reply.header("www-authenticate").unwrap_or_default().to_owned();
    assert_eq!(reply.problem(401)["code"], "insufficient_user_authentication");
    assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
    challenge.split("acr_values=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// A refusal with this code, in words for the person.
#[track_caller]
pub fn refused(reply: Reply, status: u16, code: &str) -> Value {
    let problem = reply.problem(status);
    assert_eq!(problem["code"], code, "{problem:#}");
    assert!(problem["detail"].as_str().is_some_and(|words| !words.is_empty()), "{problem:#}");
    problem
}

/// Where the errors of a refusal point.
pub fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

/// A road permit's draft for a principal, with its one document.
pub async fn road_draft_for(user: &User<'_>, principal: &str) -> String {
    let case = id(&user.open_for(ROAD, principal).await.expect(201));
    let plan = format!("{CASES}/{case}/materials/location_plan");
    let request = user.portal.request("", "PUT", &plan).bearer_auth(user.token.as_str().unwrap());
    user.portal.send(request.header("x-file-name", "plan.pdf").body(PDF)).await.expect(200);
    case
}
