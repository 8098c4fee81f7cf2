//! How well a person is known and how well he signed in: two axes that are never
//! collapsed into one (NIST SP 800-63-4; domain.md §6). The `acr` of a token is
//! derived from them and says nothing more.

use serde::{Deserialize, Serialize};

/// Identity assurance: 1 declared · 2 name and number match · 3 person matched ·
/// 4 in person or by certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Ial(u8);

/// Authenticator assurance: 1 one factor · 2 two factors · 3 two factors, one of
/// them hardware that resists phishing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Aal(u8);

/// A number outside the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffTheScale;

impl std::fmt::Display for OffTheScale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an assurance level outside its scale")
    }
}

impl std::error::Error for OffTheScale {}

impl Ial {
    /// What a person says about himself.
    pub const DECLARED: Ial = Ial(1);

    pub fn new(level: u8) -> Option<Self> {
        (1..=4).contains(&level).then_some(Self(level))
    }

    pub fn get(self) -> u8 {
        self.0
    }
}

impl Aal {
    pub const ONE_FACTOR: Aal = Aal(1);
    pub const TWO_FACTORS: Aal = Aal(2);
    pub const HARDWARE: Aal = Aal(3);

    pub fn new(level: u8) -> Option<Self> {
        (1..=3).contains(&level).then_some(Self(level))
    }

    pub fn get(self) -> u8 {
        self.0
    }
}

macro_rules! as_number {
    ($($name:ident),+) => {
        $(
            impl TryFrom<u8> for $name {
                type Error = OffTheScale;

                fn try_from(level: u8) -> Result<Self, OffTheScale> {
                    Self::new(level).ok_or(OffTheScale)
                }
            }

            impl From<$name> for u8 {
                fn from(level: $name) -> u8 {
                    level.get()
                }
            }
        )+
    };
}

as_number!(Ial, Aal);

/// Both axes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Assurance {
    pub ial: Ial,
    pub aal: Aal,
}

impl Assurance {
    /// The `acr` value (OpenID Connect Core §2): `ial2-aal1`.
    pub fn acr(self) -> String {
        format!("ial{}-aal{}", self.ial.get(), self.aal.get())
    }

    /// Reads one `acr` value; what is not one of ours is nothing.
    pub fn parse_acr(text: &str) -> Option<Self> {
        let (ial, aal) = text.strip_prefix("ial")?.split_once("-aal")?;
        let level = |digits: &str| (digits.len() == 1).then(|| digits.parse::<u8>().ok()).flatten();
        Some(Self { ial: Ial::new(level(ial)?)?, aal: Aal::new(level(aal)?)? })
    }

    /// Whether somebody with this assurance has at least `wanted`, on both axes.
    pub fn reaches(self, wanted: Assurance) -> bool {
        self.ial >= wanted.ial && self.aal >= wanted.aal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = Assurance> {
        (1..=4).flat_map(|ial| {
            (1..=3).map(move |aal| Assurance { ial: Ial::new(ial).unwrap(), aal: Aal::new(aal).unwrap() })
        })
    }

    #[test]
    fn every_acr_is_read_back_as_itself() {
        for assurance in all() {
            assert_eq!(Assurance::parse_acr(&assurance.acr()), Some(assurance));
        }
    }

    #[test]
    fn what_is_off_the_scale_does_not_exist() {
        assert_eq!((Ial::new(0), Ial::new(5), Aal::new(0), Aal::new(4)), (None, None, None, None));
        for text in ["", "ial1", "ial1-aal4", "ial0-aal1", "ial01-aal1", "ial+1-aal1", "ial2-aal1 ", "urn:x"]
        {
            assert_eq!(Assurance::parse_acr(text), None, "{text}");
        }
    }

    #[test]
    fn strength_on_one_axis_never_pays_for_the_other() {
        for a in all() {
            for b in all() {
                assert_eq!(a.reaches(b), a.ial.get() >= b.ial.get() && a.aal.get() >= b.aal.get());
            }
        }
    }
}
