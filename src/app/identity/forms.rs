//! Forms that only our own pages can send: a hidden field that fits the cookie
//! beside it, which no other site can read or set, and everything the form carries.

use super::Identity;
use crate::domain::identity::{Secret, digest, same_bytes};
use crate::store::random;

/// A fresh value for the cookie of a browser that has none.
pub fn new_form_key() -> String {
    Secret::from_bytes(random()).expose().to_owned()
}

impl Identity {
    /// The hidden field that fits this cookie and these other fields.
    pub fn form_token(&self, key: &str, carried: &[&str]) -> String {
        let mut value = String::from(key);
        for part in carried {
            // Each with its length, so that no two lists are written alike.
            value.push_str(&format!("\n{}:{part}", part.len()));
        }
        let mac = self.store.vault().blind_index("form", &value);
        Secret::from_bytes(digest(&mac)).expose().to_owned()
    }

    pub fn fits_form(&self, key: &str, carried: &[&str], token: &str) -> bool {
        same_bytes(self.form_token(key, carried).as_bytes(), token.as_bytes())
    }
}
