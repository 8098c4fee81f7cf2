//! 统一身份: clients, authorization requests, codes, sessions, tokens, passwords
//! and one-time codes as values and state machines. What always holds: time and
//! randomness are arguments; a transition consumes the state it leaves; secrets
//! are compared by digest and never printed.

pub mod assurance;
pub mod authorize;
pub mod claims;
pub mod client;
pub mod code;
mod common_passwords;
pub mod methods;
pub mod oauth_error;
pub mod password;
pub mod pkce;
pub mod redirect_uri;
pub mod refresh;
pub mod scope;
pub mod secret;
pub mod session;
pub mod sms_code;
pub mod throttle;
pub mod token_request;

pub use assurance::{Aal, Assurance, Ial};
pub use authorize::{AuthorizationRequest, PageProblem, Parameters, Prompt, Rejection};
pub use claims::{AccessClaims, IdClaims, PersonClaims};
pub use client::{Authentication, Channel, Client, ClientId, Grant};
pub use code::{Attempt, AuthorizationCode, CodeRefusal, FreshCode, Redemption};
pub use methods::{Method, Methods};
pub use oauth_error::{OAuthCode, OAuthError};
pub use password::Password;
pub use pkce::CodeChallenge;
pub use redirect_uri::RedirectUri;
pub use refresh::{Presented, RefreshToken, Rotation};
pub use scope::{Scope, ScopeSet};
pub use secret::{Digest, Secret, digest, same_bytes};
pub use session::{Lifetime, Session, Standing};
pub use sms_code::{PendingCode, Purpose, SmsCode};
pub use throttle::{Failures, Subject};
pub use token_request::{PresentedClient, TokenRequest};
