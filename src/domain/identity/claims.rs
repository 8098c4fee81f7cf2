//! What the portal's tokens say: access tokens (RFC 9068), ID tokens (OpenID
//! Connect Core §2) and logout tokens (Back-Channel Logout 1.0 §2.4). Never a
//! name, an ID number or a mobile number.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::assurance::{Aal, Assurance, Ial};
use super::client::ClientId;
use super::jwk::Thumbprint;
use super::methods::Methods;
use super::scope::ScopeSet;

/// The `typ` of an access token (RFC 9068 §2.1).
pub const ACCESS_TOKEN_TYPE: &str = "at+jwt";
/// The `typ` of an ID token.
pub const ID_TOKEN_TYPE: &str = "JWT";
/// The `typ` of a logout token.
pub const LOGOUT_TOKEN_TYPE: &str = "logout+jwt";

/// The last second of the year 9999: when the tokens of a demo expire, so that
/// no advance of its test clock outlasts them.
pub const NEVER: i64 = 253_402_300_799;

/// Times are seconds since 1970, as JWT has them (RFC 7519 §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    /// The account, for third parties a pairwise name of it; for
    /// `client_credentials` the client; after a token exchange the principal.
    pub sub: String,
    pub aud: String,
    pub client_id: ClientId,
    pub iat: i64,
    pub exp: i64,
    pub jti: Uuid,
    pub scope: ScopeSet,
    /// The key without which the token is worth nothing (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Absent when no person stands behind the token.
    #[serde(flatten)]
    pub person: Option<PersonClaims>,
    /// The token of a demo's persona.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
}

/// The key a token is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    pub jkt: Thumbprint,
}

/// The person's part of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonClaims {
    /// The session; the tokens of a demo have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    pub acr: String,
    /// RFC 8176
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    pub auth_time: i64,
    pub ial: Ial,
    pub aal: Aal,
    /// Who acts, when that is not the subject (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<ActorClaim>,
    /// 授权: the mandate by which he acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<Uuid>,
}

/// The human behind a token for his principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorClaim {
    pub sub: String,
}

impl PersonClaims {
    pub fn new(sid: Option<Uuid>, assurance: Assurance, methods: Methods, auth_time: i64) -> Self {
        Self {
            sid,
            acr: assurance.acr(),
            amr: methods.amr().into_iter().map(str::to_owned).collect(),
            auth_time,
            ial: assurance.ial,
            aal: assurance.aal,
            act: None,
            mandate: None,
        }
    }
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The client's own.
    Client,
    Account(Uuid),
    /// The account of this session: to the client it goes by a pairwise name,
    /// which leads back nowhere.
    AccountOf {
        session: Uuid,
    },
}

impl AccessClaims {
    /// Whether the token is good at this second. A token that never expires is
    /// good in a demo alone.
    pub fn is_in_force(&self, second: i64, in_demo: bool) -> bool {
        let honest = in_demo || (!self.demo && self.exp < NEVER);
        honest && second < self.exp
    }

    /// Whose it is: of the human, even when it speaks for his principal. `None`
    /// when it names nobody.
    pub fn holder(&self) -> Option<Holder> {
        let Some(person) = &self.person else { return Some(Holder::Client) };
        let human = person.act.as_ref().map_or(&self.sub, |act| &act.sub);
        match (human.parse(), person.sid) {
            (Ok(account), _) => Some(Holder::Account(account)),
            (Err(_), Some(session)) => Some(Holder::AccountOf { session }),
            (Err(_), None) => None,
        }
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
    #[serde(default)]
    pub amr: Vec<String>,
    pub sid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// Tells a client that a session has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutClaims {
    pub iss: String,
    pub sub: String,
    pub aud: ClientId,
    pub iat: i64,
    pub exp: i64,
    pub jti: Uuid,
    pub sid: Uuid,
    pub events: Value,
}

impl LogoutClaims {
    /// The one event there is (Back-Channel Logout 1.0 §2.4).
    pub fn event() -> Value {
        json!({ "http://schemas.openid.net/event/backchannel-logout": {} })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity::Method;

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
            cnf: None,
            person: person
                .then(|| PersonClaims::new(Some(Uuid::from_u128(3)), assurance, Method::Password.into(), 0)),
            demo: false,
        }
    }

    #[test]
    fn both_kinds_of_token_are_read_back_as_they_were() {
        for person in [true, false] {
            let claims = claims(person);
            let json = serde_json::to_string(&claims).unwrap();
            assert_eq!(serde_json::from_str::<AccessClaims>(&json).unwrap(), claims, "{json}");
            let holder = if person { Holder::Account(Uuid::from_u128(1)) } else { Holder::Client };
            assert_eq!(claims.holder(), Some(holder));
        }
    }

    #[test]
    fn a_token_for_a_principal_is_the_humans_and_a_pairwise_one_its_sessions() {
        let mut token = claims(true);
        let of = |person: &mut PersonClaims, sub: &str| {
            person.act = Some(ActorClaim { sub: sub.to_owned() });
            person.mandate = Some(Uuid::from_u128(9));
        };
        of(token.person.as_mut().unwrap(), &Uuid::from_u128(7).to_string());
        assert_eq!(token.holder(), Some(Holder::Account(Uuid::from_u128(7))));
        let pairwise = Thumbprint::parse(&"A".repeat(43)).unwrap();
        of(token.person.as_mut().unwrap(), &pairwise.to_string());
        assert_eq!(token.holder(), Some(Holder::AccountOf { session: Uuid::from_u128(3) }));
        token.cnf = Some(Confirmation { jkt: pairwise });
        let json = serde_json::to_value(&token).unwrap();
        assert_eq!((&json["cnf"]["jkt"], &json["amr"]), (&json!("A".repeat(43)), &json!(["pwd"])));
        assert_eq!(serde_json::from_value::<AccessClaims>(json).unwrap(), token);
        token.person.as_mut().unwrap().sid = None;
        assert_eq!(token.holder(), None, "nobody can tell whose it is");
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
