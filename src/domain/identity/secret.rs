//! Secrets the portal hands out: authorization codes, refresh tokens, client
//! secrets. Only their SHA-256 is stored; 256 random bits need no slow hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A SHA-256.
pub type Digest = [u8; 32];

/// A secret in the clear. `Debug` does not show it, and it is wiped from memory when
/// it is dropped.
#[derive(Debug, Clone)]
pub struct Secret(SecretString);

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Secret {}

impl Secret {
    /// A secret from 32 bytes nobody can foresee: 43 characters that need no
    /// escaping anywhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// A secret somebody presented, whatever it looks like.
    pub fn presented(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The text itself, for the answer that hands it over.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub fn digest(&self) -> Digest {
        digest(self.expose().as_bytes())
    }
}

pub fn digest(bytes: &[u8]) -> Digest {
    Sha256::digest(bytes).into()
}

/// Compares in a time that tells nothing but the lengths.
pub fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_forty_three_characters_and_not_printed() {
        let secret = Secret::from_bytes([7; 32]);
        assert_eq!(secret.expose().len(), 43);
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }

    #[test]
    fn bytes_are_the_same_only_when_all_are() {
        assert!(same_bytes(b"abc", b"abc"));
        assert!(!same_bytes(b"abc", b"abd"));
        assert!(!same_bytes(b"abc", b"abcd"));
        assert!(same_bytes(b"", b""));
    }
}
