//! Whether a signature of a client's key holds. The domain says what is signed
//! and by whom; the arithmetic is the library's.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};

use crate::domain::identity::{Algorithm, PublicKey};

/// Checks a signature; the key's kind and the algorithm must fit each other.
pub(super) fn verify(key: &PublicKey, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
    if !key.fits(algorithm) {
        return false;
    }
    match key {
        PublicKey::P256 { x, y } => {
            // An uncompressed point (SEC 1 §2.3.3).
            let point = [[4].as_slice(), x, y].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
        }
        PublicKey::Ed25519 { x } => UnparsedPublicKey::new(&ED25519, x).verify(signed, signature).is_ok(),
        PublicKey::Rsa { n, e } => {
            let key = RsaPublicKeyComponents { n, e };
            let scheme = match algorithm {
                Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
                Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
                Algorithm::Es256 | Algorithm::EdDsa => return false,
            };
            key.verify(scheme, signed, signature).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaKeyPair,
    };

    use super::*;

    const SAID: &[u8] = b"what was said";

    /// Only that key, that algorithm, that text and that signature go together.
    fn stands_alone(key: &PublicKey, algorithm: Algorithm, signature: &[u8]) {
        assert!(verify(key, algorithm, SAID, signature));
        assert!(!verify(key, algorithm, b"what was not said", signature));
        assert!(!verify(key, algorithm, SAID, &signature[1..]));
        assert!(!verify(key, algorithm, SAID, b""));
        for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            assert!(!verify(key, other, SAID, signature), "{other:?}");
        }
    }

    #[test]
    fn signatures_of_every_kind_of_key_are_told_from_others() {
        let rng = SystemRandom::new();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let key = PublicKey::P256 { x: point[1..33].try_into().unwrap(), y: point[33..].try_into().unwrap() };
        stands_alone(&key, Algorithm::Es256, pair.sign(&rng, SAID).unwrap().as_ref());

        let pair = Ed25519KeyPair::generate().unwrap();
        let key = PublicKey::Ed25519 { x: pair.public_key().as_ref().try_into().unwrap() };
        stands_alone(&key, Algorithm::EdDsa, pair.sign(SAID).as_ref());

        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
        let key = PublicKey::Rsa {
            n: n.big_endian_without_leading_zero().to_vec(),
            e: e.big_endian_without_leading_zero().to_vec(),
        };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &rng, SAID, &mut signature).unwrap();
        stands_alone(&key, Algorithm::Rs256, &signature);
        pair.sign(&RSA_PSS_SHA256, &rng, SAID, &mut signature).unwrap();
        stands_alone(&key, Algorithm::Ps256, &signature);
    }

    #[test]
    fn a_point_off_the_curve_verifies_nothing() {
        let key = PublicKey::P256 { x: [7; 32], y: [9; 32] };
        assert!(!verify(&key, Algorithm::Es256, SAID, &[1; 64]));
    }
}
