//! What a client may do in a person's name, as OAuth scopes (RFC 6749 §3.3).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// An ID token (OpenID Connect Core §3.1.2.1).
    OpenId,
    /// Name and masked mobile number at the userinfo endpoint.
    Profile,
    /// Apply, read and withdraw in the person's own name and for his principals.
    Cases,
    /// Act in the person's posts.
    Staff,
    /// Stay signed in without the person (OpenID Connect Core §11).
    OfflineAccess,
}

impl Scope {
    pub const ALL: [Scope; 5] =
        [Scope::OpenId, Scope::Profile, Scope::Cases, Scope::Staff, Scope::OfflineAccess];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::OpenId => "openid",
            Scope::Profile => "profile",
            Scope::Cases => "cases",
            Scope::Staff => "staff",
            Scope::OfflineAccess => "offline_access",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A set of scopes. As text: their names in one fixed order, a blank between.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeSet(u8);

impl ScopeSet {
    pub const EMPTY: ScopeSet = ScopeSet(0);

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    pub fn without(self, scope: Scope) -> Self {
        Self(self.0 & !scope.bit())
    }

    pub fn intersection(self, other: ScopeSet) -> Self {
        Self(self.0 & other.0)
    }

    pub fn is_subset_of(self, other: ScopeSet) -> bool {
        self.0 & !other.0 == 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// Reads names with blanks between them; a repeated name counts once. The
    /// error is the first name that is no scope.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split(' ').filter(|name| !name.is_empty()).try_fold(Self::EMPTY, |set, name| {
            Scope::parse(name).map(|scope| set.with(scope)).ok_or_else(|| name.to_owned())
        })
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { " " })?;
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeSet({self})")
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|name| serde::de::Error::custom(format!("unknown scope `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_unknown_scope_is_named() {
        assert_eq!(ScopeSet::parse("openid root"), Err("root".to_owned()));
        assert_eq!(ScopeSet::parse("OPENID"), Err("OPENID".to_owned()));
    }

    proptest! {
        #[test]
        fn a_set_is_read_back_as_itself_whatever_the_order(bits in 0_u8..32, turn in 0_usize..5) {
            let set = ScopeSet(bits);
            let mut names: Vec<&str> = set.iter().map(Scope::as_str).collect();
            if !names.is_empty() {
                let at = turn % names.len();
                names.rotate_left(at);
            }
            prop_assert_eq!(ScopeSet::parse(&names.join(" ")), Ok(set));
            prop_assert_eq!(ScopeSet::parse(&set.to_string()), Ok(set));
        }

        #[test]
        fn an_intersection_is_a_subset_of_both(a in 0_u8..32, b in 0_u8..32) {
            let (a, b) = (ScopeSet(a), ScopeSet(b));
            let both = a.intersection(b);
            prop_assert!(both.is_subset_of(a) && both.is_subset_of(b));
            for scope in Scope::ALL {
                prop_assert_eq!(both.contains(scope), a.contains(scope) && b.contains(scope));
            }
        }
    }
}
