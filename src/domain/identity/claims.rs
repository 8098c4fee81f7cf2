//! What the portal's tokens say: access tokens (RFC 9068) and ID tokens (OpenID
//! Connect Core §2). Never a name, an ID number or a mobile number.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::assurance::{Aal, Assurance, Ial};
use super::client::ClientId;
use super::scope::ScopeSet;

/// The `typ` of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The `typ` of an ID token.
pub const ID_TOKEN_TYPE: &str = "JWT";

/// The last second of the year 9999: when the tokens of a demo expire, so that
/// no advance of its test clock outlasts them.
pub const NEVER: i64 = 253_402_300_799;

/// Times are seconds since 1970, as JWT has them (RFC 7519 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    /// The account; for `client_credentials` the client.
    pub sub: String,
    pub aud: String,
    pub client_id: ClientId,
    pub iat: i64,
    pub exp: i64,
    pub jti: Uuid,
    pub scope: ScopeSet,
    /// Absent when no person stands behind the token.
    #[serde(flatten)]
    pub person: Option<PersonClaims>,
    /// The token of a demo's persona.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
}

/// The person's part of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonClaims {
    /// The session; the tokens of a demo have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    pub acr: String,
    pub auth_time: i64,
    pub ial: Ial,
    pub aal: Aal,
}

impl PersonClaims {
    pub fn new(sid: Option<Uuid>, assurance: Assurance, auth_time: i64) -> Self {
        Self { sid, acr: assurance.acr(), auth_time, ial: assurance.ial, aal: assurance.aal }
    }
}

impl AccessClaims {
    /// Whether the token is good at this second. A token that never expires is
    /// good in a demo alone.
    pub fn is_in_force(&self, second: i64, in_demo: bool) -> bool {
        let honest = in_demo || (!self.demo && self.exp < NEVER);
        honest && second < self.exp
    }

    /// The account the token acts for; `None` for a client's own.
    pub fn account(&self) -> Option<Uuid> {
        self.person.as_ref().and_then(|_| self.sub.parse().ok())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdClaims {
    pub iss: String,
    pub sub: String,
    pub aud: ClientId,
    pub iat: i64,
    pub exp: i64,
    pub auth_time: i64,
    pub acr: String,
    pub sid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(person: bool) -> AccessClaims {
        let assurance = Assurance { ial: Ial::new(2).unwrap(), aal: Aal::ONE_FACTOR };
        AccessClaims {
            iss: "https://portal.example".to_owned(),
            sub: if person { Uuid::from_u128(1).to_string() } else { "shop".to_owned() },
            aud: "https://portal.example".to_owned(),
            client_id: ClientId::parse("shop").unwrap(),
            iat: 0,
            exp: 600,
            jti: Uuid::from_u128(2),
            scope: ScopeSet::parse("cases").unwrap(),
            person: person.then(|| PersonClaims::new(Some(Uuid::from_u128(3)), assurance, 0)),
            demo: false,
        }
    }

    #[test]
    fn both_kinds_of_token_are_read_back_as_they_were() {
        for person in [true, false] {
            let claims = claims(person);
            let json = serde_json::to_string(&claims).unwrap();
            assert_eq!(serde_json::from_str::<AccessClaims>(&json).unwrap(), claims, "{json}");
            assert_eq!(claims.account().is_some(), person);
        }
    }

    #[test]
    fn the_acr_is_derived_from_both_axes() {
        let json = serde_json::to_value(claims(true)).unwrap();
        assert_eq!((&json["acr"], &json["ial"], &json["aal"]), (&"ial2-aal1".into(), &2.into(), &1.into()));
    }

    #[test]
    fn a_token_without_end_is_good_in_a_demo_alone() {
        let mut token = claims(true);
        assert!(token.is_in_force(599, false) && !token.is_in_force(600, false));
        token.exp = NEVER;
        assert!(!token.is_in_force(0, false) && token.is_in_force(0, true));
        token.exp = 600;
        token.demo = true;
        assert!(!token.is_in_force(0, false) && token.is_in_force(0, true));
    }
}
