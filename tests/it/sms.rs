//! The SMS gateway's protocol, spoken to a server that plays the gateway.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use aws_lc_rs::hmac;
use wanshitong::app::ports::{PortError, Sms as _};
use wanshitong::domain::codes::Mobile;
use wanshitong::domain::text::Text;
use wanshitong::gateways::HttpSms;

const SECRET: &str = "between the two of us";
const NOW: i64 = 1_772_415_000;

/// A gateway that answers with one status and keeps what it was sent.
struct Gateway {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    server: actix_web::dev::ServerHandle,
}

/// Headers and body of one request.
type Seen = (Vec<(String, String)>, Vec<u8>);

impl Gateway {
    fn answering(status: u16) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send", listener.local_addr().unwrap());
        let kept = seen.clone();
        let server = HttpServer::new(move || {
            let kept = kept.clone();
            App::new().route(
                "/send",
                web::post().to(move |request: HttpRequest, body: web::Bytes| {
                    let headers = request.headers().iter();
                    let parts =
                        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                    kept.lock().unwrap().push((parts.collect(), body.to_vec()));
                    async move { HttpResponse::build(status.try_into().unwrap()).finish() }
                }),
            )
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

    async fn send(self) -> (Result<(), PortError>, Vec<Seen>) {
        let sms = HttpSms::new(self.url, "portal".to_owned(), SECRET, || NOW).unwrap();
        let text = Text::new("验证码 135790", "Code 135790");
        let sent = sms.send(&Mobile::parse("13900000009").unwrap(), &text).await;
        self.server.stop(true).await;
        let seen = self.seen.lock().unwrap().clone();
        (sent, seen)
    }
}

#[actix_web::test]
async fn a_message_is_signed_over_its_time_and_its_body() {
    let (sent, seen) = Gateway::answering(202).send().await;
    sent.unwrap();
    let [(headers, body)] = seen.as_slice() else { panic!("one message was sent") };
    let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(header("x-app-id"), Some("portal"));
    assert_eq!(header("x-timestamp"), Some(NOW.to_string().as_str()));
    let signed = [format!("{NOW}\n").as_bytes(), body.as_slice()].concat();
    let signature = header("x-signature").unwrap();
    let bytes: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&signature[i * 2..i * 2 + 2], 16).unwrap()).collect();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), &signed, &bytes).unwrap();
    let said: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(said, serde_json::json!({"to": "13900000009", "text": "验证码 135790", "sign": "万事通"}));
}

#[actix_web::test]
async fn a_gateway_that_is_overloaded_or_broken_is_asked_again() {
    for status in [429, 500, 503] {
        let (sent, _) = Gateway::answering(status).send().await;
        assert!(matches!(sent, Err(PortError::Unavailable(_))), "{status}: {sent:?}");
    }
}

#[actix_web::test]
async fn a_gateway_that_says_no_is_not_asked_again() {
    for status in [400, 401, 404] {
        let (sent, _) = Gateway::answering(status).send().await;
        assert!(matches!(sent, Err(PortError::Rejected(_))), "{status}: {sent:?}");
    }
}

#[actix_web::test]
async fn a_gateway_that_is_away_is_asked_again_and_its_address_is_not_told() {
    let sms = HttpSms::new("http://127.0.0.1:1/secret-path".to_owned(), "portal".to_owned(), SECRET, || NOW);
    let text = Text::new("验证码", "Code");
    let sent = sms.unwrap().send(&Mobile::parse("13900000009").unwrap(), &text).await;
    let Err(PortError::Unavailable(why)) = sent else { panic!("{sent:?}") };
    assert!(!why.contains("secret-path"), "{why}");
}
