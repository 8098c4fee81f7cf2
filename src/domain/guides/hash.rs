//! What makes two guides the same.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::model::Guide;
use crate::domain::canonical::canonical_json;

impl Guide {
    /// The SHA-256 of the guide's canonical JSON (RFC 8785). Comments, order of
    /// keys and layout of the file do not count; everything that drives
    /// behaviour does. A published version is frozen under this hash.
    #[expect(clippy::expect_used, reason = "a guide is plain data whose numbers the reader bounds")]
    pub fn content_hash(&self) -> [u8; 32] {
        let scenarios: Vec<&Guide> = self.scenarios.iter().map(|scenario| &*scenario.guide).collect();
        let whole = json!({ "guide": self, "scenarios": scenarios, "examples": self.examples });
        Sha256::digest(canonical_json(&whole).expect("every number of a guide is whole")).into()
    }
}
