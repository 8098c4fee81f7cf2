//! 短信网关: an HTTP gateway, and a console for the demo.
//!
//! The HTTP protocol is the common denominator of Chinese SMS gateways: one POST
//! with a JSON body, authenticated by an HMAC over time and body. Adapters for a
//! particular carrier sit behind the same URL.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::json;

use crate::app::ports::{PortError, PortFuture, Sms};
use crate::domain::cases::history::hex;
use crate::domain::codes::{Mobile, mask_mobile};
use crate::domain::text::Text;

/// How long the gateway may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// `POST url` with `{"to", "text", "sign"}`, headers `X-App-Id`, `X-Timestamp`
/// (seconds since 1970) and `X-Signature` = hex HMAC-SHA256(secret, timestamp + "\n" + body).
/// 2xx: taken over; 429 and 5xx: try again; any other status: refused for good.
pub struct HttpSms {
    client: reqwest::Client,
    url: String,
    app_id: String,
    key: hmac::Key,
    clock: fn() -> i64,
}

impl HttpSms {
    /// `clock` gives seconds since 1970.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: String, app_id: String, secret: &str, clock: fn() -> i64) -> Result<Self, PortError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| PortError::Unavailable(error.to_string()))?;
        Ok(Self { client, url, app_id, key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), clock })
    }

    async fn post(&self, to: &Mobile, text: &Text) -> Result<(), PortError> {
        let body = json!({ "to": to.as_str(), "text": text.zh, "sign": "万事通" }).to_string();
        let timestamp = (self.clock)().to_string();
        let signature = hmac::sign(&self.key, format!("{timestamp}\n{body}").as_bytes());
        let answer = self
            .client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-app-id", &self.app_id)
            .header("x-timestamp", timestamp)
            .header("x-signature", hex(signature.as_ref()))
            .body(body)
            .send()
            .await
            .map_err(|error| PortError::Unavailable(error.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else if status.is_server_error() || status.as_u16() == 429 {
            Err(PortError::Unavailable(format!("the SMS gateway answered {status}")))
        } else {
            Err(PortError::Rejected(format!("the SMS gateway answered {status}")))
        }
    }
}

impl Sms for HttpSms {
    fn send<'a>(&'a self, to: &'a Mobile, text: &'a Text) -> PortFuture<'a, ()> {
        Box::pin(self.post(to, text))
    }
}

/// Writes messages to the log instead of sending them. For the demo only: codes
/// can be read there by whoever runs it.
pub struct ConsoleSms;

impl Sms for ConsoleSms {
    fn send<'a>(&'a self, to: &'a Mobile, text: &'a Text) -> PortFuture<'a, ()> {
        Box::pin(async move {
            tracing::info!(to = mask_mobile(to.as_str()), text = text.zh, "SMS");
            Ok(())
        })
    }
}
