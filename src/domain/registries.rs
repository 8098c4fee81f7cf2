//! What the registries of the state say: of residents (人口库) and of businesses
//! (市场主体). Values and comparisons; asking is the gateways' business.
//!
//! What always holds: a name alone is nobody. Who represents an organisation is
//! told by name and number together.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::codes::{Gender, RegionCode, ResidentId, Uscc};
use super::identity::same_bytes;
use super::refusal::FieldError;
use super::text::Text;

const LONGEST_NAME: usize = 100;

/// A name as the registries write it: without blanks around, with one sign for the
/// dot between the parts of a name (阿依努尔·买买提). `Debug` masks it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersonName(String);

impl PersonName {
    /// # Errors
    /// What is wrong with it, at `pointer`.
    pub fn parse(pointer: &str, text: &str) -> Result<Self, FieldError> {
        let name: String = text.trim().chars().map(|c| if is_dot(c) { '·' } else { c }).collect();
        let wrong = |code, zh: &str, en: &str| Err(FieldError::new(pointer, code, Text::new(zh, en)));
        match name.chars().count() {
            0 => wrong("required", "请填写姓名，与证件一致。", "Give the name as on the card."),
            length if length > LONGEST_NAME => {
                wrong("too_long", "姓名最多 100 个字符。", "A name has at most 100 characters.")
            }
            _ if name.chars().any(char::is_control) => {
                wrong("invalid", "姓名不含控制字符。", "A name has no control characters.")
            }
            _ => Ok(Self(name)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a stored name is this one.
    pub fn is(&self, other: &str) -> bool {
        Self::parse("", other).is_ok_and(|other| other == *self)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonName({})", super::codes::mask_name(&self.0))
    }
}

/// The signs people type for the dot of a name.
fn is_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '・' | '‧' | '∙' | '⋅' | '．' | '●')
}

/// What the population registry says of somebody whose name and number it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    pub name: PersonName,
    pub birth_date: NaiveDate,
    pub gender: Gender,
    pub residence: Option<RegionCode>,
}

/// What the business registry says of an organisation (市场主体登记管理条例 8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    pub uscc: Uscc,
    pub name: String,
    pub status: EntityStatus,
    pub representative: Representative,
    pub region: Option<RegionCode>,
    pub address: Option<String>,
    pub registered_capital_fen: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntityStatus {
    /// 存续
    Active,
    /// 歇业
    Dormant,
    /// 吊销
    Revoked,
    /// 注销
    Deregistered,
}

impl EntityStatus {
    pub const ALL: [EntityStatus; 4] =
        [EntityStatus::Active, EntityStatus::Dormant, EntityStatus::Revoked, EntityStatus::Deregistered];

    pub fn as_str(self) -> &'static str {
        match self {
            EntityStatus::Active => "active",
            EntityStatus::Dormant => "dormant",
            EntityStatus::Revoked => "revoked",
            EntityStatus::Deregistered => "deregistered",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether anybody can still act for it. One whose licence was revoked exists
    /// until it is wound up, and winding up takes applications too.
    pub fn exists(self) -> bool {
        match self {
            EntityStatus::Active | EntityStatus::Dormant | EntityStatus::Revoked => true,
            EntityStatus::Deregistered => false,
        }
    }
}

/// 法定代表人: a natural person, known by name and number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representative {
    pub name: PersonName,
    pub number: RegisteredNumber,
}

/// A number, or what a registry that does not tell it gives instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegisteredNumber {
    Plain(ResidentId),
    /// SHA-256 of the eighteen characters.
    Sha256([u8; 32]),
}

impl Representative {
    /// Whether this is the person: name and number, both.
    pub fn is(&self, name: &str, number: &ResidentId) -> bool {
        let same_number = match &self.number {
            RegisteredNumber::Plain(registered) => {
                same_bytes(registered.expose().as_bytes(), number.expose().as_bytes())
            }
            RegisteredNumber::Sha256(digest) => {
                same_bytes(digest, &Sha256::digest(number.expose().as_bytes()))
            }
        };
        same_number && self.name.is(name)
    }
}

/// What is kept of the registry's answer beside the name, status and number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntityExtract {
    pub representative_name: String,
    pub address: Option<String>,
    pub registered_capital_fen: Option<i64>,
}

impl From<&Entity> for EntityExtract {
    fn from(entity: &Entity) -> Self {
        Self {
            representative_name: entity.representative.name.as_str().to_owned(),
            address: entity.address.clone(),
            registered_capital_fen: entity.registered_capital_fen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PersonName {
        PersonName::parse("/name", text).unwrap()
    }

    fn number(text: &str) -> ResidentId {
        ResidentId::parse(text).unwrap()
    }

    #[test]
    fn the_dot_of_a_name_may_be_typed_in_many_ways() {
        for text in ["阿依努尔•买买提", " 阿依努尔·买买提 ", "阿依努尔・买买提", "阿依努尔．买买提"]
        {
            assert!(name("阿依努尔·买买提").is(text), "{text}");
        }
        assert!(!name("张三").is("张三丰") && !name("张三").is(""));
        assert!(!format!("{:?}", name("张三丰")).contains("三丰"));
    }

    #[test]
    fn what_is_no_name_says_why() {
        let code = |text: &str| PersonName::parse("/name", text).unwrap_err().code;
        assert_eq!(
            (code("  "), code("张\u{7}三"), code(&"张".repeat(101))),
            ("required", "invalid", "too_long")
        );
    }

    #[test]
    fn a_representative_is_known_by_name_and_number_together() {
        let (own, other) = (number("11010519491231002X"), number("440524188001010014"));
        let digest = Sha256::digest(own.expose().as_bytes()).into();
        for registered in [RegisteredNumber::Plain(own.clone()), RegisteredNumber::Sha256(digest)] {
            let representative = Representative { name: name("林晓岚"), number: registered };
            assert!(representative.is("林晓岚", &own));
            assert!(!representative.is("林晓岚", &other), "a namesake");
            assert!(!representative.is("林小岚", &own), "another name");
        }
    }

    #[test]
    fn every_status_is_read_back() {
        for status in EntityStatus::ALL {
            assert_eq!(EntityStatus::parse(status.as_str()), Some(status));
        }
    }
}
