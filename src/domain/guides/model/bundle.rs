//! 一件事: several guides applied for once, as the file of a bundle says it. What
//! it means against the guides it names is in `domain::bundles`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Form, Limit, Telephone};
use crate::domain::canonical::canonical_json;
use crate::domain::codes::{BasicCode, GuideCode, RegionCode, Uscc};
use crate::domain::guides::expr::Expr;
use crate::domain::text::Text;

/// What a bundle is called in addresses: a lower-case letter, then lower-case
/// letters, digits and `-`; at most 40.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BundleCode(String);

impl BundleCode {
    pub fn parse(text: &str) -> Option<Self> {
        let shaped = text.len() <= 40
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        shaped.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BundleCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no code of a bundle")
    }
}

impl fmt::Display for BundleCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Several guides, applied for on one page, handled each by its own agency.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bundle {
    pub code: BundleCode,
    pub name: Text,
    pub summary: Text,
    /// 牵头部门, by unified social credit code.
    pub leader: Uscc,
    /// The region whose residents it serves; it decides which guides serve them.
    pub region: RegionCode,
    /// 人生事件, e.g. `birth`.
    pub life_events: Vec<String>,
    /// What people call it.
    pub aliases: Vec<String>,
    /// Never empty.
    pub parts: Vec<Part>,
    /// What is asked once for all parts.
    pub form: Form,
    /// Shared fields whose answer does not exist before a part has ended well.
    pub later: BTreeMap<String, String>,
    /// What is handed in once for several parts.
    pub materials: Vec<SharedMaterial>,
    /// The joint promise (承诺办结时限), counted from submission.
    pub promised: Limit,
    pub telephone: Telephone,
}

/// One guide of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Unique in the bundle; names its section in the facts.
    pub code: String,
    pub implements: Implements,
    pub scenario: Option<String>,
    /// Over the shared fields: applied for only when true; none: always.
    pub when: Option<Expr>,
    /// The parts it comes after.
    pub after: Vec<String>,
    /// What becomes of those after it when it ends badly.
    pub on_refusal: OnRefusal,
    /// Where the answers to its fields come from; a field that is not named is
    /// asked in the section of the part.
    pub facts: BTreeMap<String, Given>,
}

impl Part {
    /// Whether the bundle begins with it. Whoever applies for the bundle applies for what it
    /// begins with; what follows may be for the company there is then.
    pub fn is_first(&self) -> bool {
        self.after.is_empty()
    }
}

/// Which guide a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Implements {
    /// The guide of this item that serves the bundle's region.
    Item(BasicCode),
    Guide(GuideCode),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnRefusal {
    /// They are not applied for, and the applicant is told why.
    Stop,
    /// They go on; what it would have supplied is asked for after all.
    Continue,
}

/// Where the answer to a field of a part comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// The shared field of this name.
    Shared(String),
    /// The same in every application of the bundle.
    Fixed(Value),
    /// Asked in the part's section, although another part asks for one of the same name.
    Own,
    /// What the certificate of an earlier part says; asked for nowhere.
    Stated { part: String, attribute: String },
}

/// A document handed in once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SharedMaterial {
    pub code: String,
    pub name: Text,
    pub help: Option<Text>,
    /// Part → the code of the material there. Never empty.
    pub serves: BTreeMap<String, String>,
}

impl Bundle {
    pub fn part(&self, code: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.code == code)
    }

    /// The SHA-256 of the bundle's canonical JSON (RFC 8785).
    #[expect(clippy::expect_used, reason = "a bundle is plain data whose numbers the reader bounds")]
    pub fn content_hash(&self) -> [u8; 32] {
        let canonical = canonical_json(&json!(self)).expect("every number of a bundle is whole");
        Sha256::digest(canonical).into()
    }
}
