//! Whether an account exists shows neither in the answer nor in the work: the same
//! hashes are computed and the same statements run. Counted, not timed.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, Once};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use wanshitong::app::identity::sign_in::{Proof, sign_in};
use wanshitong::app::identity::{Visitor, devices, one_time_codes};
use wanshitong::domain::identity::{Channel, Purpose};
use wanshitong::store::Location;

use super::{WRONG, outcome, stranger};
use crate::support::{City, Database};

/// Statements by the URL of the connection they ran on, in order.
static STATEMENTS: LazyLock<Mutex<HashMap<String, Vec<String>>>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Listener {
    url: String,
}

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => url.clone_into(&mut self.url),
            InstrumentationEvent::StartQuery { query, .. } => {
                let text = query.to_string();
                let statement = text.split("-- binds").next().unwrap_or_default().trim().to_owned();
                let mut heard = STATEMENTS.lock().unwrap();
                // The database's own housekeeping comes when it comes.
                let asked = !statement.starts_with("PRAGMA");
                if let Some(statements) = heard.get_mut(&self.url).filter(|_| asked) {
                    statements.push(statement);
                }
            }
            _ => {}
        }
    }
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let listener = || -> Option<Box<dyn Instrumentation>> { Some(Box::new(Listener::default())) };
        diesel::connection::set_default_instrumentation(listener).unwrap();
    });
}

/// What was done: hashes computed, statements run.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    hashes: u64,
    statements: Vec<String>,
}

struct Observed {
    city: City,
    url: String,
}

impl Observed {
    async fn found() -> Self {
        listen();
        let database = Database::sqlite();
        let Location::Sqlite(url) = database.location.clone() else { panic!("made by sqlite()") };
        STATEMENTS.lock().unwrap().insert(url.clone(), Vec::new());
        Self { city: City::found(database).await, url }
    }

    async fn work<T>(&self, doing: impl Future<Output = T>) -> (T, Work) {
        let before = self.city.ctx.identity.hashing().computed;
        self.take();
        let done = doing.await;
        let hashes = self.city.ctx.identity.hashing().computed - before;
        (done, Work { hashes, statements: self.take() })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(STATEMENTS.lock().unwrap().get_mut(&self.url).unwrap())
    }

    async fn prove(&self, proof: Proof, visitor: &Visitor) -> (&'static str, Work) {
        let (entered, work) = self.work(sign_in(&self.city.ctx, proof, Channel::Web, visitor, None)).await;
        (outcome(&entered), work)
    }
}

const KNOWN: &str = "13900000001";
const UNKNOWN: &str = "13812345678";

#[actix_web::test]
async fn a_wrong_password_takes_the_same_work_whether_or_not_there_is_an_account() {
    let observed = Observed::found().await;
    let ctx = &observed.city.ctx;
    let on_a_device = |address| {
        let new = Visitor { device: Some(devices::recognise(ctx, "")), ..stranger(address) };
        let cookie = devices::cookie(ctx, &new).unwrap();
        Visitor { device: Some(devices::recognise(ctx, &cookie)), ..new }
    };
    // Each from networks where nothing has failed yet.
    let visitors = [
        [stranger("192.0.2.1"), stranger("192.0.2.2")],
        [on_a_device("192.0.2.3"), on_a_device("192.0.2.4")],
    ];
    for each in visitors {
        // The first failures, and those that must wait.
        for round in 0..7 {
            let mut done = Vec::new();
            for (mobile, visitor) in [KNOWN, UNKNOWN].into_iter().zip(&each) {
                let proof = Proof::Password { mobile: mobile.to_owned(), password: WRONG.to_owned() };
                done.push(observed.prove(proof, visitor).await);
            }
            assert_eq!(done[0], done[1], "round {round}");
            let (outcome, work) = &done[0];
            assert_eq!(work.hashes, u64::from(*outcome == "denied"), "hashed before it was throttled");
            assert!(!work.statements.is_empty());
        }
    }
}

#[actix_web::test]
async fn asking_for_a_code_and_guessing_it_takes_the_same_work_for_every_number() {
    let observed = Observed::found().await;
    let visitors = [stranger("192.0.2.1"), stranger("192.0.2.2")];
    let (mut asked, mut guessed) = (Vec::new(), Vec::new());
    for (mobile, visitor) in [KNOWN, UNKNOWN].into_iter().zip(&visitors) {
        let asking = one_time_codes::request_sms_code(&observed.city.ctx, mobile, Purpose::SignIn, visitor);
        let (result, work) = observed.work(asking).await;
        result.unwrap();
        asked.push(work);
        let proof = Proof::SmsCode { mobile: mobile.to_owned(), code: "000000".to_owned() };
        guessed.push(observed.prove(proof, visitor).await);
    }
    assert_eq!(asked[0], asked[1]);
    assert_eq!(guessed[0], guessed[1]);
    assert_eq!(asked[0].hashes, 0);
}
