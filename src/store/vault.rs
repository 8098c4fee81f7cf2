//! Encryption at rest. Personal data is sealed with AES-256-GCM before it
//! reaches a row; ID and mobile numbers are found again by a keyed blind index.
//!
//! Everything hangs on one 32-byte master key, which is never stored beside the
//! data. Each case, and each application for a bundle, has a key of its own, wrapped by
//! the master key: with the wrapped key destroyed, what it sealed cannot be read any
//! more, wherever a copy of it lies without that key.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac, rand};

use super::error::Error;
use super::key_uses::KeyUses;
use crate::domain::key_uses::{Act, INDEX_KEY, SEALING_KEY, sort};

/// A 32-byte secret. Never printed.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

/// The first bytes of a demo key's text: production refuses such a key.
const DEMO_PREFIX: &str = "demo-";

impl MasterKey {
    pub fn random() -> Self {
        Self(random())
    }

    /// Reads a key file: 64 hexadecimal digits, blanks around them ignored.
    ///
    /// # Errors
    /// Says what is wrong with the file, never what is in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with(DEMO_PREFIX) {
            return Err(
                "this is a demo key; make a real one with `wanshitong keys new > FILE` and keep it secret"
                    .into(),
            );
        }
        Self::parse_hex(text)
    }

    /// Reads a demo key; a real one is refused.
    pub fn parse_demo(text: &str) -> Result<Self, String> {
        match text.trim().strip_prefix(DEMO_PREFIX) {
            Some(hex) => Self::parse_hex(hex),
            None => Err("this is not a demo key; the demo must not touch real data".into()),
        }
    }

    fn parse_hex(text: &str) -> Result<Self, String> {
        let digits: Option<Vec<u8>> = (text.len() == 64)
            .then(|| (0..32).map(|i| u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()).collect())
            .flatten();
        digits.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(|| {
            "a master key is 64 hexadecimal digits; make one with `wanshitong keys new`".into()
        })
    }

    /// The text of a key file.
    pub fn to_text(&self) -> String {
        crate::domain::cases::history::hex(&self.0)
    }

    pub fn to_demo_text(&self) -> String {
        format!("{DEMO_PREFIX}{}", self.to_text())
    }
}

/// Seals, opens and indexes under one master key. Each time is counted; what is
/// done with the key of a case counts as the opening of that key.
pub struct Vault {
    seal: LessSafeKey,
    index: hmac::Key,
    uses: Arc<KeyUses>,
}

/// The key of one case or application, opened.
pub struct CaseKey {
    key: LessSafeKey,
    wrapped: Vec<u8>,
}

impl Vault {
    pub fn new(master: &MasterKey) -> Self {
        let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, b"wanshitong").extract(&master.0);
        Self {
            seal: aes(&derive(&prk, b"seal")),
            index: hmac::Key::new(hmac::HMAC_SHA256, &derive(&prk, b"index")),
            uses: Arc::default(),
        }
    }

    /// How often the keys of this process were used.
    pub fn uses(&self) -> &Arc<KeyUses> {
        &self.uses
    }

    /// Seals `plain`; `context` (the table and the row it belongs to) must be
    /// given again to open it, so that a sealed value cannot be moved elsewhere.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        self.uses.count(SEALING_KEY, Act::Seal, sort(context));
        seal(&self.seal, context, plain)
    }

    /// `None` when the bytes were altered, moved, or sealed under another key.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.uses.count(SEALING_KEY, Act::Open, sort(context));
        open(&self.seal, context, sealed)
    }

    /// A keyed index over a number that must be found but not read. `kind` keeps
    /// equal digits of different meaning apart.
    pub fn blind_index(&self, kind: &str, value: &str) -> Vec<u8> {
        self.uses.count(INDEX_KEY, Act::Index, sort(kind));
        let mut context = hmac::Context::with_key(&self.index);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value.as_bytes());
        context.sign().as_ref().to_vec()
    }

    pub fn new_case_key(&self, case: uuid::Uuid) -> CaseKey {
        let bytes: [u8; 32] = random();
        CaseKey { wrapped: self.seal(&case_context(case), &bytes), key: aes(&bytes) }
    }

    pub fn open_case_key(&self, case: uuid::Uuid, wrapped: &[u8]) -> Option<CaseKey> {
        let bytes: [u8; 32] = self.open(&case_context(case), wrapped)?.try_into().ok()?;
        Some(CaseKey { key: aes(&bytes), wrapped: wrapped.to_vec() })
    }
}

impl CaseKey {
    /// As it is stored, under the master key.
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        seal(&self.key, context, plain)
    }

    pub fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.key, context, sealed)
    }
}

/// Fresh randomness from the operating system's generator.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(clippy::expect_used, reason = "without randomness nothing here may go on")]
    rand::fill(&mut bytes).expect("the system's random generator answers");
    bytes
}

impl From<SealBroken> for Error {
    fn from(broken: SealBroken) -> Self {
        Error::corrupt(broken.0, broken.1, "the sealed data does not open")
    }
}

/// Sealed data of this table and row does not open.
pub struct SealBroken(pub &'static str, pub String);

fn case_context(case: uuid::Uuid) -> String {
    format!("cases.data_key:{case}")
}

fn derive(prk: &hkdf::Prk, purpose: &'static [u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    let info = [purpose];
    #[expect(clippy::expect_used, reason = "32 bytes are always within HKDF's limit")]
    prk.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut bytes)).expect("HKDF gives 32 bytes");
    bytes
}

fn aes(bytes: &[u8; 32]) -> LessSafeKey {
    #[expect(clippy::expect_used, reason = "the key length is right by its type")]
    let key = UnboundKey::new(&AES_256_GCM, bytes).expect("32 bytes make an AES-256 key");
    LessSafeKey::new(key)
}

fn seal(key: &LessSafeKey, context: &str, plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = random();
    let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = sealed.get_mut(NONCE_LEN..).unwrap_or_default();
    #[expect(clippy::expect_used, reason = "fails only beyond 64 GiB")]
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context.as_bytes()), body)
        .expect("AES-GCM seals");
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

fn open(key: &LessSafeKey, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut body = body.to_vec();
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context.as_bytes()), &mut body)
        .ok()?
        .len();
    body.truncate(plain);
    Some(body)
}
