//! 后台退出通知: the servers of clients, told that a session has ended (OpenID
//! Connect Back-Channel Logout 1.0 §2.5).

use std::time::Duration;

use crate::app::ports::{PortError, PortFuture, SignOuts};

/// How long a client may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// `POST uri` with the form `logout_token=…`. 2xx: the client knows. Redirects are
/// not followed: the token goes where the administrator registered and nowhere else.
pub struct HttpSignOuts {
    client: reqwest::Client,
}

impl HttpSignOuts {
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new() -> Result<Self, PortError> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| PortError::Unavailable(error.to_string()))?;
        Ok(Self { client })
    }

    async fn post(&self, uri: &str, logout_token: &str) -> Result<(), PortError> {
        let answer = self
            .client
            .post(uri)
            .header("content-type", "application/x-www-form-urlencoded")
            // A JWS needs no escaping in a form.
            .body(format!("logout_token={logout_token}"))
            .send()
            .await
            .map_err(|error| PortError::Unavailable(error.without_url().to_string()))?;
        let status = answer.status();
        if status.is_success() {
            Ok(())
        } else if status.is_client_error() && status.as_u16() != 429 {
            Err(PortError::Rejected(format!("the client answered {status}")))
        } else {
            Err(PortError::Unavailable(format!("the client answered {status}")))
        }
    }
}

impl SignOuts for HttpSignOuts {
    fn tell<'a>(&'a self, uri: &'a str, logout_token: &'a str) -> PortFuture<'a, ()> {
        Box::pin(self.post(uri, logout_token))
    }
}
