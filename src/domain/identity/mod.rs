//! 统一身份: clients, authorization requests, codes, sessions, tokens, passwords
//! and one-time codes as values and state machines. What always holds: time and
//! randomness are arguments; a transition consumes the state it leaves; secrets
//! are compared by digest and never printed.

pub mod assurance;
pub mod authorize;
pub mod browser_sign_in;
pub mod claims;
pub mod client;
pub mod client_assertion;
pub mod code;
mod common_passwords;
pub mod device_grant;
pub mod dpop;
pub mod exchange;
pub mod jwk;
pub mod jws;
pub mod known_device;
pub mod lifetimes;
pub mod methods;
pub mod oauth_error;
pub mod password;
pub mod pkce;
pub mod proofing;
pub mod pushed;
pub mod redirect_uri;
pub mod refresh;
mod registration;
pub mod scope;
pub mod secret;
pub mod session;
pub mod signing_key;
pub mod sms_code;
pub mod steps;
pub mod throttle;
pub mod token_request;
pub mod totp;
pub mod user_agent;

pub use assurance::{Aal, Assurance, Ial};
pub use authorize::{AuthorizationRequest, PageProblem, Parameters, Prompt, Rejection, Way};
pub use browser_sign_in::BrowserSignIn;
pub use claims::{AccessClaims, ActorClaim, Confirmation, Holder, IdClaims, LogoutClaims, PersonClaims};
pub use client::{Authentication, Channel, Client, ClientId, Grant};
pub use code::{Attempt, AuthorizationCode, CodeRefusal, FreshCode, Redemption};
pub use device_grant::{DeviceGrant, UserCode};
pub use exchange::TokenExchange;
pub use jwk::{Algorithm, KeySet, PublicKey, Thumbprint};
pub use jws::UsedProof;
pub use known_device::KnownDevice;
pub use lifetimes::{Lifetimes, Span};
pub use methods::{Method, Methods};
pub use oauth_error::{OAuthCode, OAuthError};
pub use password::{Owner, Password, PasswordProfile, PasswordStanding};
pub use pkce::CodeChallenge;
pub use proofing::{IdentityProof, Level, Of, ProofMethod, Verifier};
pub use pushed::PushedRequest;
pub use redirect_uri::RedirectUri;
pub use refresh::{Presented, RefreshToken, Rotation};
pub use scope::{Scope, ScopeSet};
pub use secret::{Digest, Secret, digest, same_bytes};
pub use session::{Lifetime, Session, Standing};
pub use signing_key::{KeyLife, KeyState, RotateAfter};
pub use sms_code::{PendingCode, Purpose, SmsCode};
pub use steps::{Consent, Facts, Present, Step, Wanted, next_step};
pub use throttle::{Approach, Failures, Subject};
pub use token_request::{ClientProof, PresentedClient, TokenRequest};
pub use totp::TotpKey;
