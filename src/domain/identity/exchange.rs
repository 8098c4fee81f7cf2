//! Token exchange (RFC 8693): an agent swaps his own access token for one that
//! speaks for the principal who mandated him. The principal is named by
//! `principal`, a parameter of this portal: RFC 8693 leaves open how.

use uuid::Uuid;

use super::authorize::Parameters;
use super::oauth_error::{OAuthCode, OAuthError};
use super::secret::Secret;

/// The only type of token that is taken and given (RFC 8693 §3).
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenExchange {
    /// The agent's own access token.
    pub subject_token: Secret,
    /// The person he wants to act for.
    pub principal: Uuid,
    pub scope: Option<String>,
    /// Where the token is to be used: `audience` or `resource`.
    pub target: Option<String>,
}

impl TokenExchange {
    pub fn read(parameters: &Parameters) -> Result<Self, OAuthError> {
        let required = |name, description| parameters.get(name).ok_or_else(|| invalid(description));
        let subject_token = required("subject_token", "subject_token is missing (RFC 8693)")?;
        let is_access_token = |name| parameters.get(name).is_none_or(|found| found == ACCESS_TOKEN);
        required("subject_token_type", "subject_token_type is missing (RFC 8693)")?;
        if !is_access_token("subject_token_type") {
            return Err(invalid("subject_token_type must be that of an access token"));
        }
        if !is_access_token("requested_token_type") {
            return Err(invalid("requested_token_type must be that of an access token, or left out"));
        }
        if parameters.get("actor_token").is_some() || parameters.get("actor_token_type").is_some() {
            return Err(invalid("actor_token is not supported: the actor is the person of subject_token"));
        }
        let principal = required("principal", "principal is missing: the id of the person to act for")?;
        let target = match (parameters.get("audience"), parameters.get("resource")) {
            (Some(audience), Some(resource)) if audience != resource => {
                return Err(OAuthError::new(OAuthCode::InvalidTarget, "audience and resource differ"));
            }
            (audience, resource) => audience.or(resource).map(str::to_owned),
        };
        Ok(Self {
            subject_token: Secret::presented(subject_token),
            principal: principal.parse().map_err(|_| invalid("principal must be the id of a person"))?,
            scope: parameters.get("scope").map(str::to_owned),
            target,
        })
    }
}

fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(changes: &[(&str, &str)]) -> Result<TokenExchange, OAuthError> {
        let good = [
            ("subject_token", "t"),
            ("subject_token_type", ACCESS_TOKEN),
            ("principal", "00000000-0000-0000-0000-000000000001"),
        ];
        let kept = good.iter().filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
        let pairs = kept.chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        TokenExchange::read(&Parameters::new(pairs))
    }

    #[test]
    fn a_whole_request_is_read() {
        let read = with(&[("audience", "https://portal.example"), ("scope", "cases")]).unwrap();
        assert_eq!((read.principal, read.scope.as_deref()), (Uuid::from_u128(1), Some("cases")));
        assert_eq!(read.target.as_deref(), Some("https://portal.example"));
        assert!(with(&[("requested_token_type", ACCESS_TOKEN)]).is_ok());
        assert!(with(&[("audience", "a"), ("resource", "a")]).is_ok());
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_named() {
        let id_token = "urn:ietf:params:oauth:token-type:id_token";
        for changes in [
            [("subject_token", "")],
            [("subject_token_type", "")],
            [("subject_token_type", id_token)],
            [("requested_token_type", id_token)],
            [("actor_token", "x")],
            [("principal", "")],
            [("principal", "somebody")],
        ] {
            assert_eq!(with(&changes).unwrap_err().code, OAuthCode::InvalidRequest, "{changes:?}");
        }
        let error = with(&[("audience", "a"), ("resource", "b")]).unwrap_err();
        assert_eq!(error.code, OAuthCode::InvalidTarget);
    }
}
