//! Proof key for code exchange (RFC 7636). Only S256: `plain` proves nothing to
//! whoever can read the authorization request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::secret::{digest, same_bytes};

/// A `code_challenge`: 43 characters of base64url, the SHA-256 of a verifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeChallenge(String);

impl CodeChallenge {
    /// `None` when it is not the base64url of 32 bytes in its one canonical form.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the challenge of that verifier. A verifier is 43–128 of
    /// the unreserved characters (RFC 7636 §4.1).
    pub fn is_met_by(&self, verifier: &str) -> bool {
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
            && same_bytes(URL_SAFE_NO_PAD.encode(digest(verifier.as_bytes())).as_bytes(), self.0.as_bytes())
    }
}

#[cfg(test)]
pub(super) fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_standard_holds() {
        let challenge = CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    }

    #[test]
    fn a_challenge_of_another_length_or_alphabet_is_none() {
        for text in
            ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", &"A".repeat(44), &"A".repeat(128)]
        {
            assert_eq!(CodeChallenge::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_verifier_sent_as_its_own_challenge_is_not_met() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(CodeChallenge::parse(verifier).is_none_or(|plain| !plain.is_met_by(verifier)));
    }

    proptest! {
        #[test]
        fn only_the_verifier_itself_meets_its_challenge(
            verifier in "[A-Za-z0-9._~-]{43,128}",
            other in "[A-Za-z0-9._~-]{43,128}",
        ) {
            let challenge = CodeChallenge::parse(&challenge_of(&verifier)).unwrap();
            prop_assert!(challenge.is_met_by(&verifier));
            prop_assert_eq!(challenge.is_met_by(&other), verifier == other);
        }

        #[test]
        fn a_verifier_outside_its_form_is_never_met(verifier in "[A-Za-z0-9]{0,42}|[A-Za-z0-9]{129,140}|[a-z =/]{43,60} ") {
            let challenge = CodeChallenge::parse(&challenge_of(&verifier)).unwrap();
            prop_assert!(!challenge.is_met_by(&verifier));
        }
    }
}
