//! An authenticator in software: makes passkeys and answers challenges, as WebAuthn
//! Level 3 has it, attestation "none". Its CBOR is written by hand.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const HAS_CREDENTIAL: u8 = 0x40;

pub struct Passkey {
    pair: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub user: Vec<u8>,
    pub origin: String,
    pub counter: u32,
    /// Whether it may be copied between devices.
    pub is_synced: bool,
    /// Whether it checks its owner.
    pub verifies: bool,
}

fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decoded(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn client_data(kind: &str, challenge: &Value, origin: &str) -> Vec<u8> {
    let data = json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false});
    data.to_string().into_bytes()
}

/// A CBOR byte string (RFC 8949 §3.1, major type 2).
fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x59], length.as_slice(), bytes].concat()
}

/// A CBOR text of fewer than 24 letters.
fn words(text: &str) -> Vec<u8> {
    [&[0x60 + u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

impl Passkey {
    /// Makes one as the options ask; gives it with what the browser sends back.
    pub fn make(options: &Value, origin: &str, is_synced: bool) -> (Self, Value) {
        let random: [u8; 16] = wanshitong::store::random();
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
        let passkey = Self {
            pair,
            id: random.to_vec(),
            user: decoded(&options["user"]["id"]),
            origin: origin.to_owned(),
            counter: 0,
            is_synced,
            verifies: true,
        };
        let answer = passkey.attestation(options);
        (passkey, answer)
    }

    fn attestation(&self, options: &Value) -> Value {
        let data = client_data("webauthn.create", &options["challenge"], &self.origin);
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let mut authenticator_data = self.authenticator_data(&options["rp"]["id"], HAS_CREDENTIAL);
        authenticator_data.extend_from_slice(&[0; 16]);
        authenticator_data.extend_from_slice(&length);
        authenticator_data.extend_from_slice(&self.id);
        authenticator_data.extend_from_slice(&self.cose_key());
        let object = [
            vec![0xa3],
            words("fmt"),
            words("none"),
            words("attStmt"),
            vec![0xa0],
            words("authData"),
            byte_string(&authenticator_data),
        ]
        .concat();
        self.credential(json!({
            "clientDataJSON": base64(&data),
            "attestationObject": base64(&object),
        }))
    }

    /// The public key (RFC 9053 §2.1, §7.1): EC2, ES256, P-256, x, y.
    fn cose_key(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let coordinate = |bytes: &[u8]| [&[0x58, 0x20], bytes].concat();
        [
            vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21],
            coordinate(&point[1..33]),
            vec![0x22],
            coordinate(&point[33..65]),
        ]
        .concat()
    }

    fn authenticator_data(&self, rp: &Value, more: u8) -> Vec<u8> {
        let mut flags = PRESENT | more;
        flags |= if self.verifies { VERIFIED } else { 0 };
        flags |= if self.is_synced { BACKUP_ELIGIBLE } else { 0 };
        let mut data = Sha256::digest(rp.as_str().unwrap()).to_vec();
        data.push(flags);
        data.extend_from_slice(&self.counter.to_be_bytes());
        data
    }

    /// Answers a challenge.
    pub fn answer(&mut self, options: &Value) -> Value {
        if !self.is_synced {
            self.counter += 1;
        }
        self.answer_without_counting(options)
    }

    /// As a copy of it would that does not know how far the other has counted.
    pub fn answer_without_counting(&self, options: &Value) -> Value {
        let data = client_data("webauthn.get", &options["challenge"], &self.origin);
        let authenticator_data = self.authenticator_data(&options["rpId"], 0);
        let signed = [authenticator_data.as_slice(), Sha256::digest(&data).as_slice()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).unwrap();
        self.credential(json!({
            "clientDataJSON": base64(&data),
            "authenticatorData": base64(&authenticator_data),
            "signature": base64(signature.as_ref()),
            "userHandle": base64(&self.user),
        }))
    }

    fn credential(&self, response: Value) -> Value {
        let id = base64(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {},
        })
    }
}
