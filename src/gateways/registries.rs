//! 人口库与市场主体登记库: the registries of the state, over HTTP.
//!
//! Both are asked with JSON, signed by HMAC: headers `X-App-Id`, `X-Timestamp`
//! (seconds since 1970) and `X-Signature` = hex HMAC-SHA256(secret, timestamp +
//! "\n" + what is asked), which is the body of a POST and the path of a GET.
//!
//! - `POST {population_url}/match` `{"name", "id_number"}` → `{"matched": false}` or
//!   `{"matched": true, "name", "birth_date", "gender", "residence": {"region",
//!   "detail"}}`. Only the region of the residence is kept.
//! - `GET {business_url}/entities/{uscc}` → 404, or `{"name", "status",
//!   "legal_representative": {"name", "id_number" or "id_number_sha256"}, "address":
//!   {"region", "detail"}, "registered_capital_fen"}`; `status` is `active`,
//!   `dormant`, `revoked` or `deregistered`.
//!
//! What always holds: a question takes five seconds at the most and is repeated
//! once; a registry that failed five times in a row is left alone for half a
//! minute; no name and no number is in an error or an address.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::app::ports::{BusinessRegistry, PopulationRegistry, PortError, PortFuture};
use crate::domain::cases::history::hex;
use crate::domain::codes::{Gender, RegionCode, ResidentId, Uscc};
use crate::domain::registries::{
    Entity, EntityStatus, PersonName, RegisteredNumber, Representative, Resident,
};

/// How long a registry may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Failures in a row before it is left alone.
const MOST_FAILURES: u32 = 5;
/// For how many seconds.
const PAUSE_SECONDS: i64 = 30;

/// How this portal shows a registry who asks.
#[derive(Clone)]
pub struct RegistryAccess {
    pub app_id: String,
    pub secret: String,
    /// Gives seconds since 1970.
    pub clock: fn() -> i64,
}

/// A signed question, and what became of those before.
struct Line {
    client: reqwest::Client,
    url: String,
    app_id: String,
    key: hmac::Key,
    clock: fn() -> i64,
    trouble: Mutex<Trouble>,
}

#[derive(Default)]
struct Trouble {
    failures: u32,
    rests_until: i64,
}

enum Question {
    Post { path: &'static str, body: String },
    Get { path: String },
}

impl Line {
    fn new(url: &str, access: RegistryAccess) -> Result<Self, PortError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| PortError::Unavailable(error.to_string()))?;
        let RegistryAccess { app_id, secret, clock } = access;
        Ok(Self {
            client,
            url: url.trim_end_matches('/').to_owned(),
            app_id,
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            clock,
            trouble: Mutex::default(),
        })
    }

    /// `None` for 404.
    async fn ask<T: DeserializeOwned>(&self, question: &Question) -> Result<Option<T>, PortError> {
        self.may_ask()?;
        let mut answer = self.ask_once(question).await;
        if matches!(answer, Err(PortError::Unavailable(_))) {
            answer = self.ask_once(question).await;
        }
        self.note(matches!(answer, Err(PortError::Unavailable(_))));
        answer
    }

    fn may_ask(&self) -> Result<(), PortError> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.clock)() < trouble.rests_until {
            true => Err(PortError::Unavailable("the registry failed too often and is left alone".to_owned())),
            false => Ok(()),
        }
    }

    fn note(&self, failed: bool) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match failed {
            false => *trouble = Trouble::default(),
            true => {
                trouble.failures += 1;
                if trouble.failures >= MOST_FAILURES {
                    // After the pause one question decides anew.
                    trouble.failures = MOST_FAILURES - 1;
                    trouble.rests_until = (self.clock)() + PAUSE_SECONDS;
                }
            }
        }
    }

    async fn ask_once<T: DeserializeOwned>(&self, question: &Question) -> Result<Option<T>, PortError> {
        let (request, signed) = match question {
            Question::Post { path, body } => {
                let request = self.client.post(format!("{}{path}", self.url));
                (request.header("content-type", "application/json").body(body.clone()), body)
            }
            Question::Get { path } => (self.client.get(format!("{}{path}", self.url)), path),
        };
        let timestamp = (self.clock)().to_string();
        let signature = hmac::sign(&self.key, format!("{timestamp}\n{signed}").as_bytes());
        let away = |error: reqwest::Error| PortError::Unavailable(error.without_url().to_string());
        let answer = request
            .header("x-app-id", &self.app_id)
            .header("x-timestamp", timestamp)
            .header("x-signature", hex(signature.as_ref()))
            .send()
            .await
            .map_err(away)?;
        let status = answer.status();
        if status.as_u16() == 404 && matches!(question, Question::Get { .. }) {
            return Ok(None);
        }
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(PortError::Unavailable(format!("the registry answered {status}")));
        }
        if !status.is_success() {
            return Err(PortError::Rejected(format!("the registry answered {status}")));
        }
        let bytes = answer.bytes().await.map_err(away)?;
        // What serde says of a value may quote it.
        serde_json::from_slice(&bytes).map(Some).map_err(|_| unreadable())
    }
}

fn unreadable() -> PortError {
    PortError::Rejected("the registry's answer does not read".to_owned())
}

/// 人口库
pub struct HttpPopulation(Line);

impl HttpPopulation {
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: &str, access: RegistryAccess) -> Result<Self, PortError> {
        Line::new(url, access).map(Self)
    }
}

#[derive(Deserialize)]
struct MatchAnswer {
    matched: bool,
    name: Option<String>,
    birth_date: Option<NaiveDate>,
    gender: Option<String>,
    residence: Option<AddressAnswer>,
}

#[derive(Deserialize)]
struct AddressAnswer {
    region: Option<String>,
    detail: Option<String>,
}

impl AddressAnswer {
    fn region(&self) -> Option<RegionCode> {
        self.region.as_deref().and_then(|code| RegionCode::parse(code).ok())
    }
}

impl MatchAnswer {
    /// What the number itself says stands in for what is left out.
    fn resident(self, name: &PersonName, number: &ResidentId) -> Result<Option<Resident>, PortError> {
        if !self.matched || self.name.as_deref().is_some_and(|registered| !name.is(registered)) {
            return Ok(None);
        }
        let gender = match self.gender.as_deref() {
            None => number.gender(),
            Some("male") => Gender::Male,
            Some("female") => Gender::Female,
            Some(_) => return Err(unreadable()),
        };
        Ok(Some(Resident {
            name: name.clone(),
            birth_date: self.birth_date.unwrap_or_else(|| number.birth_date()),
            gender,
            residence: self.residence.as_ref().and_then(AddressAnswer::region),
        }))
    }
}

impl PopulationRegistry for HttpPopulation {
    fn find<'a>(&'a self, name: &'a PersonName, number: &'a ResidentId) -> PortFuture<'a, Option<Resident>> {
        Box::pin(async move {
            let body = json!({ "name": name.as_str(), "id_number": number.expose() }).to_string();
            let answer: Option<MatchAnswer> = self.0.ask(&Question::Post { path: "/match", body }).await?;
            answer.ok_or_else(unreadable)?.resident(name, number)
        })
    }
}

/// 市场主体登记库
pub struct HttpBusiness(Line);

impl HttpBusiness {
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: &str, access: RegistryAccess) -> Result<Self, PortError> {
        Line::new(url, access).map(Self)
    }
}

#[derive(Deserialize)]
struct EntityAnswer {
    name: String,
    status: String,
    legal_representative: RepresentativeAnswer,
    address: Option<AddressAnswer>,
    registered_capital_fen: Option<i64>,
}

#[derive(Deserialize)]
struct RepresentativeAnswer {
    name: String,
    id_number: Option<String>,
    id_number_sha256: Option<String>,
}

impl RepresentativeAnswer {
    fn representative(self) -> Option<Representative> {
        let number = match (self.id_number, self.id_number_sha256) {
            (Some(number), None) => RegisteredNumber::Plain(ResidentId::parse(&number).ok()?),
            (None, Some(digest)) => RegisteredNumber::Sha256(sha256(&digest)?),
            (None, None) | (Some(_), Some(_)) => return None,
        };
        Some(Representative { name: PersonName::parse("/name", &self.name).ok()?, number })
    }
}

fn sha256(digits: &str) -> Option<[u8; 32]> {
    // `from_str_radix` alone would take a sign for a digit.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes?.try_into().ok()
}

impl EntityAnswer {
    fn entity(self, uscc: &Uscc) -> Option<Entity> {
        let region = self.address.as_ref().and_then(AddressAnswer::region);
        Some(Entity {
            uscc: uscc.clone(),
            name: Some(self.name.trim().to_owned()).filter(|name| !name.is_empty())?,
            status: EntityStatus::parse(&self.status)?,
            representative: self.legal_representative.representative()?,
            region,
            address: self.address.and_then(|address| address.detail),
            registered_capital_fen: self.registered_capital_fen,
        })
    }
}

impl BusinessRegistry for HttpBusiness {
    fn find<'a>(&'a self, uscc: &'a Uscc) -> PortFuture<'a, Option<Entity>> {
        Box::pin(async move {
            let path = format!("/entities/{uscc}");
            let answer: Option<EntityAnswer> = self.0.ask(&Question::Get { path }).await?;
            answer.map(|answer| answer.entity(uscc).ok_or_else(unreadable)).transpose()
        })
    }
}
