//! The protocol of the population and the business registry, spoken to a server
//! that plays them.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::http::Method;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use serde_json::{Value, json};
use wanshitong::app::ports::{BusinessRegistry as _, PopulationRegistry as _, PortError};
use wanshitong::domain::codes::{Gender, ResidentId, Uscc};
use wanshitong::domain::registries::{Entity, EntityStatus, PersonName, Resident};
use wanshitong::gateways::{HttpBusiness, HttpPopulation, RegistryAccess};

const SECRET: &str = "between the two of us";
const NAME: &str = "唐若溪";
const NUMBER: &str = "340705198804173260";
const USCC: &str = "91340705MA8000001C";

#[derive(Debug, Clone)]
struct Seen {
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        &found.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).1
    }

    /// What is signed: the time, a line feed, and what is asked.
    fn is_signed_over(&self, asked: &[u8]) {
        let signed = [self.header("x-timestamp").as_bytes(), b"\n", asked].concat();
        let hex = self.header("x-signature");
        let bytes: Vec<u8> =
            (0..32).map(|i| u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).unwrap()).collect();
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), &signed, &bytes).unwrap();
    }
}

/// A registry that gives these answers one after the other, the last for ever, and
/// keeps what it was asked.
struct Registry {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: actix_web::dev::ServerHandle,
}

impl Registry {
    fn answering(answers: &[(u16, &str)]) -> Self {
        let answers: Vec<(u16, String)> =
            answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/api", listener.local_addr().unwrap());
        let kept = seen.clone();
        let server = HttpServer::new(move || {
            let (kept, answers) = (kept.clone(), answers.clone());
            App::new().default_service(web::to(move |request: HttpRequest, body: web::Bytes| {
                let headers = request.headers().iter();
                let headers =
                    headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                let mut kept = kept.lock().unwrap();
                let (status, answer) = answers[kept.len().min(answers.len() - 1)].clone();
                kept.push(Seen {
                    method: request.method().clone(),
                    path: request.path().to_owned(),
                    headers: headers.collect(),
                    body: body.to_vec(),
                });
                async move { HttpResponse::build(status.try_into().unwrap()).body(answer) }
            }))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { url, seen, server: handle }
    }

    fn population(&self, clock: fn() -> i64) -> HttpPopulation {
        HttpPopulation::new(&self.url, access(clock)).unwrap()
    }

    fn business(&self, clock: fn() -> i64) -> HttpBusiness {
        HttpBusiness::new(&self.url, access(clock)).unwrap()
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    async fn close(self) {
        self.server.stop(true).await;
    }
}

fn access(clock: fn() -> i64) -> RegistryAccess {
    RegistryAccess { app_id: "portal".to_owned(), secret: SECRET.to_owned(), clock }
}

fn noon() -> i64 {
    1_772_415_000
}

async fn ask(registry: &HttpPopulation) -> Result<Option<Resident>, PortError> {
    let name = PersonName::parse("/name", NAME).unwrap();
    registry.find(&name, &ResidentId::parse(NUMBER).unwrap()).await
}

async fn look_up(registry: &HttpBusiness) -> Result<Option<Entity>, PortError> {
    registry.find(&Uscc::parse(USCC).unwrap()).await
}

/// What became of one answer of the population registry.
async fn of_population(status: u16, body: &str) -> (Result<Option<Resident>, PortError>, usize) {
    let registry = Registry::answering(&[(status, body)]);
    let answer = ask(&registry.population(noon)).await;
    let asked = registry.seen().len();
    registry.close().await;
    (answer, asked)
}

async fn of_business(status: u16, body: &str) -> (Result<Option<Entity>, PortError>, usize) {
    let registry = Registry::answering(&[(status, body)]);
    let answer = look_up(&registry.business(noon)).await;
    let asked = registry.seen().len();
    registry.close().await;
    (answer, asked)
}

#[actix_web::test]
async fn a_match_is_asked_for_in_a_signed_body_and_no_address_tells_anybody() {
    let told = json!({
        "matched": true, "name": NAME, "birth_date": "1988-04-17", "gender": "female",
        "residence": {"region": "340705005002", "detail": "样例路 2 号"},
    });
    let registry = Registry::answering(&[(200, &told.to_string())]);
    let resident = ask(&registry.population(noon)).await.unwrap().unwrap();
    assert_eq!(resident.gender, Gender::Female);
    assert_eq!(resident.residence.unwrap().as_str(), "340705005002");
    let seen = registry.seen();
    let [asked] = seen.as_slice() else { panic!("one question was asked") };
    assert_eq!((&asked.method, asked.path.as_str()), (&Method::POST, "/api/match"));
    assert_eq!(asked.header("content-type"), "application/json");
    assert_eq!((asked.header("x-app-id"), asked.header("x-timestamp")), ("portal", "1772415000"));
    asked.is_signed_over(&asked.body);
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(body, json!({"name": NAME, "id_number": NUMBER}));
    registry.close().await;
}

#[actix_web::test]
async fn a_company_is_asked_for_by_a_signed_path() {
    let told = json!({
        "name": " 样例公司 ", "status": "dormant",
        "legal_representative": {"name": NAME, "id_number": NUMBER},
        "address": {"region": "340705000000", "detail": "样例路 1 号"}, "registered_capital_fen": 100,
    });
    let registry = Registry::answering(&[(200, &told.to_string())]);
    let entity = look_up(&registry.business(noon)).await.unwrap().unwrap();
    assert_eq!((entity.name.as_str(), entity.status), ("样例公司", EntityStatus::Dormant));
    assert_eq!((entity.address.as_deref(), entity.registered_capital_fen), (Some("样例路 1 号"), Some(100)));
    assert!(entity.representative.is(NAME, &ResidentId::parse(NUMBER).unwrap()));
    let seen = registry.seen();
    let [asked] = seen.as_slice() else { panic!("one question was asked") };
    assert_eq!((&asked.method, asked.path.as_str()), (&Method::GET, "/api/entities/91340705MA8000001C"));
    asked.is_signed_over(b"/entities/91340705MA8000001C");
    registry.close().await;
}

#[actix_web::test]
async fn a_representative_may_be_told_by_the_digest_of_his_number() {
    use sha2::{Digest as _, Sha256};
    let digest: String = Sha256::digest(NUMBER).iter().map(|byte| format!("{byte:02x}")).collect();
    let told = |number: Value| {
        let mut representative = json!({ "name": NAME });
        representative.as_object_mut().unwrap().extend(number.as_object().unwrap().clone());
        json!({"name": "样例公司", "status": "active", "legal_representative": representative}).to_string()
    };
    let (entity, _) = of_business(200, &told(json!({"id_number_sha256": digest}))).await;
    let entity = entity.unwrap().unwrap();
    assert!(entity.representative.is(NAME, &ResidentId::parse(NUMBER).unwrap()));
    assert!(!entity.representative.is(NAME, &ResidentId::parse("340702197509308157").unwrap()));
    let wrong = [
        json!({}),
        json!({"id_number": NUMBER, "id_number_sha256": digest}),
        json!({"id_number": "340705198804173261"}),
        json!({"id_number_sha256": &digest[2..]}),
        json!({"id_number_sha256": format!("{}é", &digest[2..])}),
        json!({"id_number_sha256": format!("+1{}", &digest[2..])}),
    ];
    for number in wrong {
        let (entity, _) = of_business(200, &told(number.clone())).await;
        assert!(matches!(entity, Err(PortError::Rejected(_))), "{number}: {entity:?}");
    }
}

#[actix_web::test]
async fn whom_a_registry_does_not_know_is_nobody_and_no_error() {
    let (resident, asked) = of_population(200, r#"{"matched": false}"#).await;
    assert_eq!((resident.unwrap(), asked), (None, 1));
    // Another name for the number is no match, whatever `matched` says.
    let (resident, _) = of_population(200, r#"{"matched": true, "name": "许长庚"}"#).await;
    assert_eq!(resident.unwrap(), None);
    // What is left out is what the number itself says; more than is known is passed over.
    let (resident, _) = of_population(200, r#"{"matched": true, "nation": "汉"}"#).await;
    let resident = resident.unwrap().unwrap();
    assert_eq!((resident.gender, resident.residence), (Gender::Female, None));
    assert_eq!(resident.birth_date.to_string(), "1988-04-17");
    let (entity, asked) = of_business(404, "").await;
    assert_eq!((entity.unwrap(), asked), (None, 1));
    // There is no `match` at that address: that is a fault, and nobody's identity.
    let (resident, _) = of_population(404, "").await;
    assert!(matches!(resident, Err(PortError::Rejected(_))), "{resident:?}");
}

#[actix_web::test]
async fn a_registry_in_trouble_is_asked_once_more() {
    for status in [429, 500, 503] {
        let (resident, asked) = of_population(status, "").await;
        assert!(matches!(resident, Err(PortError::Unavailable(_))), "{status}: {resident:?}");
        assert_eq!(asked, 2);
        let (entity, asked) = of_business(status, "").await;
        assert!(matches!(entity, Err(PortError::Unavailable(_))), "{status}: {entity:?}");
        assert_eq!(asked, 2);
    }
    let registry = Registry::answering(&[(503, ""), (200, r#"{"matched": true}"#)]);
    assert!(ask(&registry.population(noon)).await.unwrap().is_some());
    registry.close().await;
}

#[actix_web::test]
async fn a_registry_that_says_no_or_talks_nonsense_is_not_asked_again_and_not_quoted() {
    for status in [301, 400, 401, 403] {
        let (resident, asked) = of_population(status, "").await;
        assert!(matches!(resident, Err(PortError::Rejected(_))), "{status}: {resident:?}");
        assert_eq!(asked, 1);
    }
    let nonsense = [
        "",
        "<html>",
        "null",
        r#"{"matched": "340705198804173260"}"#,
        r#"{"matched": true, "gender": "340705198804173260"}"#,
        r#"{"matched": true, "birth_date": "唐若溪"}"#,
    ];
    for body in nonsense {
        let (resident, asked) = of_population(200, body).await;
        let Err(PortError::Rejected(why)) = resident else { panic!("{body}: {resident:?}") };
        assert!(!why.contains(NUMBER) && !why.contains(NAME), "{why}");
        assert_eq!(asked, 1);
    }
    let nonsense = [
        r#"{"name": "", "status": "active", "legal_representative": {"name": "唐若溪", "id_number": "340705198804173260"}}"#,
        r#"{"name": "公司", "status": "asleep", "legal_representative": {"name": "唐若溪", "id_number": "340705198804173260"}}"#,
        r#"{"name": "公司", "status": "active", "legal_representative": {"name": "", "id_number": "340705198804173260"}}"#,
        r#"{"name": "公司", "status": "active"}"#,
    ];
    for body in nonsense {
        let (entity, _) = of_business(200, body).await;
        let Err(PortError::Rejected(why)) = entity else { panic!("{body}: {entity:?}") };
        assert!(!why.contains(NUMBER) && !why.contains(NAME), "{why}");
    }
}

/// Each test that moves this clock has one of its own.
static LEFT_ALONE: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(1_772_415_000);

#[actix_web::test]
async fn a_registry_that_failed_five_times_is_left_alone_for_half_a_minute() {
    use std::sync::atomic::Ordering::Relaxed;
    let registry = Registry::answering(&[(500, "")]);
    let population = registry.population(|| LEFT_ALONE.load(Relaxed));
    for _ in 0..8 {
        assert!(matches!(ask(&population).await, Err(PortError::Unavailable(_))));
    }
    assert_eq!(registry.seen().len(), 10, "five questions, each asked twice");
    LEFT_ALONE.fetch_add(29, Relaxed);
    assert!(ask(&population).await.is_err());
    assert_eq!(registry.seen().len(), 10);
    // After the pause one question decides anew.
    LEFT_ALONE.fetch_add(1, Relaxed);
    for _ in 0..3 {
        assert!(ask(&population).await.is_err());
    }
    assert_eq!(registry.seen().len(), 12);
    registry.close().await;
}

/// A no is an answer: it is no reason to leave the registry alone.
#[actix_web::test]
async fn answers_that_say_no_do_not_count_as_failures() {
    let registry = Registry::answering(&[(404, "")]);
    let business = registry.business(noon);
    for _ in 0..8 {
        assert_eq!(look_up(&business).await.unwrap(), None);
    }
    assert_eq!(registry.seen().len(), 8);
    registry.close().await;
}

#[actix_web::test]
async fn a_registry_nobody_reaches_is_away_and_its_address_is_not_told() {
    let population = HttpPopulation::new("http://127.0.0.1:1/secret-path", access(noon)).unwrap();
    let Err(PortError::Unavailable(why)) = ask(&population).await else { panic!("it answered") };
    assert!(!why.contains("secret-path") && !why.contains(NUMBER), "{why}");
    let business = HttpBusiness::new("http://127.0.0.1:1/secret-path", access(noon)).unwrap();
    let Err(PortError::Unavailable(why)) = look_up(&business).await else { panic!("it answered") };
    assert!(!why.contains("secret-path") && !why.contains(USCC), "{why}");
}
