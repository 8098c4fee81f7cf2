//! An authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1),
//! read and checked against the client that makes it.
//!
//! What always holds: an error is sent to a redirect URI only when that URI is
//! registered for the client; everything before that point is a page.

use super::client::{Client, ClientId, Grant};
use super::jwk::Thumbprint;
use super::oauth_error::{OAuthCode, OAuthError};
use super::pkce::CodeChallenge;
use super::redirect_uri::RedirectUri;
use super::scope::{Scope, ScopeSet};
use super::secret::Digest;

/// The longest value of a parameter the portal carries along.
const LONGEST: usize = 1024;

/// A request that may go on to the sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    pub client: ClientId,
    pub redirect_uri: RedirectUri,
    pub scopes: ScopeSet,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub challenge: CodeChallenge,
    pub prompt: Prompt,
    /// How old the sign-in may be, in seconds.
    pub max_age_seconds: Option<u64>,
    /// Wanted classes, the most wanted first.
    pub acr_values: Vec<String>,
    /// What to put into the field for the account.
    pub login_hint: Option<String>,
    /// BCP 47 tags, the most wanted first.
    pub ui_locales: Option<String>,
    /// The key the code is to be bound to (RFC 9449 §10).
    pub key: Option<Thumbprint>,
    /// How it came: one that was pushed leads to one code.
    pub way: Way,
}

/// How a request comes to the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// In the address the browser was sent to.
    Direct,
    /// Pushed by the client before (RFC 9126), under the digest of its reference.
    Pushed(Digest),
}

/// Whether the person may be asked anything (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Prompt {
    #[default]
    WhenNeeded,
    /// `none`: answer at once or fail.
    Never,
    /// `login`, and `select_account`: always ask.
    SignIn,
    /// `consent`: always ask whether the client may.
    Consent,
    /// Both.
    SignInAndConsent,
}

/// Why a request goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// Shown to the person: there is no address that may be trusted with it.
    Page(PageProblem),
    /// Told to the client.
    Redirect { to: RedirectUri, state: Option<String>, error: OAuthError },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageProblem {
    /// The client is missing, unknown or switched off.
    UnknownClient,
    /// The redirect URI is missing or not registered for the client.
    UnknownRedirectUri,
    /// A parameter occurs twice, so nobody can tell which is meant.
    Repeated,
    /// The reference to a pushed request is unknown, used, expired or another
    /// client's.
    UnknownReference,
}

/// The parameters as they came, none of them believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    repeated: bool,
}

impl Parameters {
    /// An empty value counts as left out (RFC 6749 §3.1).
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut found = Self::default();
        for (name, value) in pairs {
            found.repeated |= found.pairs.iter().any(|(other, _)| *other == name);
            if !value.is_empty() {
                found.pairs.push((name, value));
            }
        }
        found
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All of them, as they came.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Whether a parameter was given more than once.
    pub fn is_repeated(&self) -> bool {
        self.repeated
    }
}

/// Checks a request that came directly. `client` is the one its `client_id` names,
/// if there is one.
pub fn check(parameters: &Parameters, client: Option<&Client>) -> Result<AuthorizationRequest, Rejection> {
    check_by(Way::Direct, parameters, client)
}

/// Checks a request that came in either way.
pub fn check_by(
    way: Way,
    parameters: &Parameters,
    client: Option<&Client>,
) -> Result<AuthorizationRequest, Rejection> {
    let client = client
        .filter(|client| client.is_enabled() && parameters.get("client_id") == Some(client.id.as_str()))
        .ok_or(Rejection::Page(PageProblem::UnknownClient))?;
    if parameters.is_repeated() {
        return Err(Rejection::Page(PageProblem::Repeated));
    }
    let redirect_uri = parameters
        .get("redirect_uri")
        .and_then(|text| client.redirect_uri(text))
        .ok_or(Rejection::Page(PageProblem::UnknownRedirectUri))?;
    // From here on the client itself is told.
    check_content(way, parameters, client, redirect_uri).map_err(|error| Rejection::Redirect {
        to: redirect_uri.clone(),
        state: parameters.get("state").filter(|state| state.len() <= LONGEST).map(str::to_owned),
        error,
    })
}

fn check_content(
    way: Way,
    parameters: &Parameters,
    client: &Client,
    redirect_uri: &RedirectUri,
) -> Result<AuthorizationRequest, OAuthError> {
    let refuse = |description| OAuthError::new(OAuthCode::InvalidRequest, description);
    check_kind(way, parameters, client)?;
    let challenge = check_challenge(parameters)?;
    let scopes = check_scopes(parameters.get("scope"), client)?;
    let max_age_seconds = match parameters.get("max_age").map(str::parse) {
        None => None,
        Some(Ok(seconds)) => Some(seconds),
        Some(Err(_)) => return Err(refuse("max_age must be a whole number of seconds")),
    };
    let key = match parameters.get("dpop_jkt").map(Thumbprint::parse) {
        None => None,
        Some(Some(key)) => Some(key),
        Some(None) => return Err(refuse("dpop_jkt must be the SHA-256 thumbprint of a key")),
    };
    let owned = |name| parameters.get(name).map(str::to_owned);
    Ok(AuthorizationRequest {
        client: client.id.clone(),
        redirect_uri: redirect_uri.clone(),
        scopes,
        state: owned("state"),
        nonce: owned("nonce"),
        challenge,
        prompt: check_prompt(parameters.get("prompt"))?,
        max_age_seconds,
        acr_values: parameters
            .get("acr_values")
            .into_iter()
            .flat_map(str::split_whitespace)
            .map(str::to_owned)
            .collect(),
        login_hint: owned("login_hint"),
        ui_locales: owned("ui_locales"),
        key,
        way,
    })
}

/// Whether it is a kind of request the portal answers and the client may make.
fn check_kind(way: Way, parameters: &Parameters, client: &Client) -> Result<(), OAuthError> {
    use OAuthCode::{InvalidRequest, UnauthorizedClient, UnsupportedResponseType};
    let too_long = parameters.pairs.iter().any(|(_, value)| value.len() > LONGEST);
    let response_type = parameters.get("response_type");
    let rules = [
        (too_long, InvalidRequest, "a parameter is longer than 1024 bytes"),
        (
            parameters.get("request").is_some(),
            OAuthCode::RequestNotSupported,
            "request objects are not supported; send plain parameters",
        ),
        (
            parameters.get("request_uri").is_some(),
            OAuthCode::RequestUriNotSupported,
            "request_uri must be one this portal gave for a pushed request (RFC 9126)",
        ),
        (
            client.require_par && way == Way::Direct,
            InvalidRequest,
            "this client must push its authorization requests (RFC 9126)",
        ),
        (response_type.is_none(), InvalidRequest, "response_type is missing; send code"),
        (response_type != Some("code"), UnsupportedResponseType, "response_type must be code"),
        (
            !client.may_use(Grant::AuthorizationCode),
            UnauthorizedClient,
            "this client may not use authorization codes",
        ),
        (
            parameters.get("response_mode").is_some_and(|mode| mode != "query"),
            InvalidRequest,
            "response_mode must be query or left out",
        ),
    ];
    let broken = rules.into_iter().find(|(broken, ..)| *broken);
    broken.map_or(Ok(()), |(_, code, description)| Err(OAuthError::new(code, description)))
}

fn check_challenge(parameters: &Parameters) -> Result<CodeChallenge, OAuthError> {
    let refuse = |description| OAuthError::new(OAuthCode::InvalidRequest, description);
    let challenge = parameters
        .get("code_challenge")
        .ok_or(refuse("code_challenge is missing; PKCE with S256 is required (RFC 7636)"))?;
    // A method left out means plain (RFC 7636 §4.3), which is not accepted either.
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(refuse("code_challenge_method must be S256"));
    }
    CodeChallenge::parse(challenge)
        .ok_or(refuse("code_challenge must be the base64url of a SHA-256, without padding"))
}

fn check_scopes(asked: Option<&str>, client: &Client) -> Result<ScopeSet, OAuthError> {
    let refuse = |description| OAuthError::new(OAuthCode::InvalidScope, description);
    let scopes =
        ScopeSet::parse(asked.unwrap_or_default()).map_err(|_| refuse("an unknown scope was asked for"))?;
    if scopes.is_empty() {
        return Err(refuse("scope is missing; name at least one"));
    }
    if !scopes.is_subset_of(client.scopes) {
        return Err(refuse("a scope was asked for that this client may not have"));
    }
    if scopes.contains(Scope::OfflineAccess) && !client.may_use(Grant::RefreshToken) {
        return Err(refuse("offline_access needs the grant refresh_token"));
    }
    Ok(scopes)
}

fn check_prompt(asked: Option<&str>) -> Result<Prompt, OAuthError> {
    let refuse = |description| OAuthError::new(OAuthCode::InvalidRequest, description);
    let mut found = Prompt::WhenNeeded;
    for value in asked.into_iter().flat_map(str::split_whitespace) {
        let next = match value {
            "none" => Prompt::Never,
            "login" | "select_account" => Prompt::SignIn,
            "consent" => Prompt::Consent,
            _ => return Err(refuse("prompt may be none, login, consent or select_account")),
        };
        found = match (found, next) {
            (Prompt::WhenNeeded, next) => next,
            (found, next) if found == next => found,
            (Prompt::Never, _) | (_, Prompt::Never) => {
                return Err(refuse("prompt none cannot be combined with another"));
            }
            (_, _) => Prompt::SignInAndConsent,
        };
    }
    Ok(found)
}

impl AuthorizationRequest {
    /// The answer to a sign-in: back to the client with a code (RFC 6749
    /// §4.1.2) and who gave it (RFC 9207).
    pub fn answer(&self, code: &str, issuer: &str) -> String {
        let mut parameters = vec![("code", code), ("iss", issuer)];
        parameters.extend(self.state.as_deref().map(|state| ("state", state)));
        self.redirect_uri.with_query(&parameters)
    }

    /// The same request, refused.
    pub fn refuse(&self, error: OAuthError) -> Rejection {
        Rejection::Redirect { to: self.redirect_uri.clone(), state: self.state.clone(), error }
    }
}

/// Where to send an error (RFC 6749 §4.1.2.1, RFC 9207).
pub fn error_location(to: &RedirectUri, state: Option<&str>, error: &OAuthError, issuer: &str) -> String {
    let mut parameters =
        vec![("error", error.code.as_str()), ("error_description", error.description), ("iss", issuer)];
    parameters.extend(state.map(|state| ("state", state)));
    to.with_query(&parameters)
}

#[cfg(test)]
mod tests;
