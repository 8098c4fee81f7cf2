//! A request to the token endpoint (RFC 6749 §4.1.3, §4.4.2, §6; RFC 8628 §3.4;
//! RFC 8693 §2.1) and the client that makes it, read from what was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::authorize::Parameters;
use super::client::Grant;
use super::client_assertion;
use super::exchange::TokenExchange;
use super::oauth_error::{OAuthCode, OAuthError};
use super::secret::Secret;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRequest {
    AuthorizationCode {
        code: Secret,
        redirect_uri: String,
        verifier: String,
    },
    /// `scope` may narrow what the session has, for this access token.
    RefreshToken {
        token: Secret,
        scope: Option<String>,
    },
    ClientCredentials {
        scope: Option<String>,
    },
    DeviceCode {
        code: Secret,
    },
    TokenExchange(TokenExchange),
}

impl TokenRequest {
    pub fn read(parameters: &Parameters) -> Result<Self, OAuthError> {
        if parameters.is_repeated() {
            return Err(invalid("a parameter is given more than once"));
        }
        let required = |name, description| parameters.get(name).ok_or_else(|| invalid(description));
        let scope = || parameters.get("scope").map(str::to_owned);
        let grant = required("grant_type", "grant_type is missing")?;
        let unsupported = OAuthError::new(
            OAuthCode::UnsupportedGrantType,
            "grant_type may be authorization_code, refresh_token, client_credentials, \
             urn:ietf:params:oauth:grant-type:device_code or urn:ietf:params:oauth:grant-type:token-exchange",
        );
        Ok(match Grant::parse(grant).ok_or(unsupported)? {
            Grant::AuthorizationCode => TokenRequest::AuthorizationCode {
                code: Secret::presented(required("code", "code is missing")?),
                redirect_uri: required("redirect_uri", "redirect_uri is missing")?.to_owned(),
                verifier: required("code_verifier", "code_verifier is missing (RFC 7636)")?.to_owned(),
            },
            Grant::RefreshToken => TokenRequest::RefreshToken {
                token: Secret::presented(required("refresh_token", "refresh_token is missing")?),
                scope: scope(),
            },
            Grant::ClientCredentials => TokenRequest::ClientCredentials { scope: scope() },
            Grant::DeviceCode => TokenRequest::DeviceCode {
                code: Secret::presented(required("device_code", "device_code is missing")?),
            },
            Grant::TokenExchange => TokenRequest::TokenExchange(TokenExchange::read(parameters)?),
        })
    }

    pub fn grant(&self) -> Grant {
        match self {
            TokenRequest::AuthorizationCode { .. } => Grant::AuthorizationCode,
            TokenRequest::RefreshToken { .. } => Grant::RefreshToken,
            TokenRequest::ClientCredentials { .. } => Grant::ClientCredentials,
            TokenRequest::DeviceCode { .. } => Grant::DeviceCode,
            TokenRequest::TokenExchange(_) => Grant::TokenExchange,
        }
    }
}

fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::InvalidRequest, description)
}

/// The client a request claims to come from, and its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedClient {
    pub id: String,
    pub proof: ClientProof,
}

/// What a client shows to prove itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientProof {
    Nothing,
    Secret(Secret),
    /// A statement it signed (RFC 7523).
    Assertion(Secret),
}

const UNKNOWN: OAuthError = OAuthError::new(
    OAuthCode::InvalidClient,
    "the client is unknown, or what it proves itself with is wrong, expired or used",
);

impl PresentedClient {
    /// Reads `client_secret_basic` from an `Authorization` header, else
    /// `private_key_jwt`, `client_secret_post` or a bare `client_id` from the
    /// form. More than one at once is refused.
    pub fn read(authorization: Option<&str>, parameters: &Parameters) -> Result<Self, OAuthError> {
        if parameters.is_repeated() {
            return Err(invalid("a parameter is given more than once"));
        }
        let (id, secret) = (parameters.get("client_id"), parameters.get("client_secret"));
        let assertion = Self::read_assertion(parameters)?;
        let in_form = usize::from(secret.is_some()) + usize::from(assertion.is_some());
        if in_form + usize::from(authorization.is_some()) > 1 {
            return Err(several());
        }
        let presented = match (authorization, secret, assertion) {
            (Some(header), ..) => Self::read_basic(header).ok_or(UNKNOWN)?,
            (None, _, Some(assertion)) => assertion,
            (None, Some(secret), None) => Self {
                id: id.ok_or(UNKNOWN)?.to_owned(),
                proof: ClientProof::Secret(Secret::presented(secret)),
            },
            (None, None, None) => Self { id: id.ok_or(UNKNOWN)?.to_owned(), proof: ClientProof::Nothing },
        };
        if id.is_some_and(|id| id != presented.id) {
            return Err(several());
        }
        Ok(presented)
    }

    /// A signed statement names its client itself; `client_id` may be left out.
    fn read_assertion(parameters: &Parameters) -> Result<Option<Self>, OAuthError> {
        match (parameters.get("client_assertion_type"), parameters.get("client_assertion")) {
            (None, None) => Ok(None),
            (Some(client_assertion::TYPE), Some(text)) => {
                let assertion = client_assertion::ClientAssertion::read(text).ok_or(UNKNOWN)?;
                let id = assertion.client().ok_or(UNKNOWN)?.to_owned();
                Ok(Some(Self { id, proof: ClientProof::Assertion(Secret::presented(text)) }))
            }
            _ => Err(invalid(
                "client_assertion goes with client_assertion_type urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            )),
        }
    }

    /// The values are form-encoded before base64 (RFC 6749 §2.3.1).
    fn read_basic(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        let secret = form_decode(secret)?;
        let proof = match secret.is_empty() {
            true => ClientProof::Nothing,
            false => ClientProof::Secret(Secret::presented(secret)),
        };
        Some(Self { id: form_decode(id)?, proof })
    }
}

fn several() -> OAuthError {
    invalid("the client authenticates in more than one way")
}

/// Undoes `application/x-www-form-urlencoded`; `None` when it was not that.
fn form_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::jws::tests::{key, sign};
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn every_grant_names_what_it_misses() {
        let code = |pairs: &[(&str, &str)]| TokenRequest::read(&form(pairs)).unwrap_err().code;
        assert_eq!(code(&[]), OAuthCode::InvalidRequest);
        assert_eq!(code(&[("grant_type", "password")]), OAuthCode::UnsupportedGrantType);
        assert_eq!(code(&[("grant_type", "authorization_code"), ("code", "x")]), OAuthCode::InvalidRequest);
        assert_eq!(code(&[("grant_type", "refresh_token")]), OAuthCode::InvalidRequest);
        let twice = [("grant_type", "refresh_token"), ("refresh_token", "a"), ("refresh_token", "b")];
        assert_eq!(code(&twice), OAuthCode::InvalidRequest);
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        let by_form =
            PresentedClient::read(None, &form(&[("client_id", "shop"), ("client_secret", "s")])).unwrap();
        let proof = ClientProof::Secret(Secret::presented("s"));
        assert_eq!(by_form, PresentedClient { id: "shop".to_owned(), proof });
        let header = basic("shop:s");
        assert_eq!(PresentedClient::read(Some(&header), &form(&[("client_id", "shop")])).unwrap(), by_form);
        for pairs in [[("client_secret", "s")], [("client_id", "other")]] {
            let error = PresentedClient::read(Some(&header), &form(&pairs)).unwrap_err();
            assert_eq!(error.code, OAuthCode::InvalidRequest);
        }
        for header in ["Basic", "Basic %%%", "Bearer abc", &basic("no colon"), &basic("a%zz:b")] {
            let error = PresentedClient::read(Some(header), &form(&[])).unwrap_err();
            assert_eq!(error.code, OAuthCode::InvalidClient, "{header}");
        }
    }

    #[test]
    fn a_signed_statement_names_its_client_and_stands_alone() {
        let text = sign(&json!({"alg": "ES256"}), &json!({"sub": "shop"}), &key(1));
        let statement =
            [("client_assertion_type", client_assertion::TYPE), ("client_assertion", text.as_str())];
        let read = PresentedClient::read(None, &form(&statement)).unwrap();
        assert_eq!(read.id, "shop");
        assert_eq!(read.proof, ClientProof::Assertion(Secret::presented(text.as_str())));
        let with = |more: (&'static str, &str), header: Option<&str>| {
            let pairs = [statement[0], statement[1], more];
            PresentedClient::read(header, &form(&pairs)).map_err(|error| error.code)
        };
        assert!(with(("client_id", "shop"), None).is_ok());
        assert_eq!(with(("client_id", "other"), None), Err(OAuthCode::InvalidRequest));
        assert_eq!(with(("client_secret", "s"), None), Err(OAuthCode::InvalidRequest));
        assert_eq!(with(("client_id", "shop"), Some(&basic("shop:s"))), Err(OAuthCode::InvalidRequest));
        for pairs in
            [[("client_assertion", text.as_str())], [("client_assertion_type", client_assertion::TYPE)]]
        {
            let error = PresentedClient::read(None, &form(&pairs)).unwrap_err();
            assert_eq!(error.code, OAuthCode::InvalidRequest);
        }
        let unsigned = [statement[0], ("client_assertion", "e30.e30.")];
        assert_eq!(PresentedClient::read(None, &form(&unsigned)).unwrap_err().code, OAuthCode::InvalidClient);
    }

    proptest! {
        #[test]
        fn whatever_is_form_encoded_is_read_back(text in "\\PC{0,20}") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(form_decode(&encoded), Some(text));
        }

        #[test]
        fn no_header_makes_it_panic(text in "(Basic )?[A-Za-z0-9+/=%: ]{0,40}") {
            let _ = PresentedClient::read(Some(&text), &form(&[]));
        }
    }
}
