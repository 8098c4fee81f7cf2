//! The hash-chained history of a case. Each record holds
//! SHA-256(previous hash, sequence, time, who, event, papers, provenance) over
//! canonical bytes, so that no record can be changed, dropped or inserted unseen.
//!
//! Personal data is never hashed itself: a record holds the commitment
//! SHA-256(salt, data), and the data with its salt is kept apart, encrypted.
//! When it is erased the chain still verifies.

use chrono::{DateTime, Utc};
use serde::Deserialize as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::decide::Act;
use super::event::{By, CaseEvent};
use super::papers::Paper;
use crate::domain::canonical::{NotCanonical, canonical_json, canonical_members};
use crate::domain::private;

/// A SHA-256.
pub type Digest = [u8; 32];

/// What the chain of a new case starts from.
pub const GENESIS: Digest = [0; 32];

/// Through which door a command came: channel, client, request. The domain
/// stores and hashes it and has no way to look inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Provenance(Value);

impl Provenance {
    pub fn new(value: Value) -> Self {
        Self(value)
    }

    pub fn into_value(self) -> Value {
        self.0
    }
}

/// One event as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// 1 for the first.
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// Who acted, as JSON of [`By`].
    pub by: Value,
    /// The event with every private part replaced by its commitment.
    pub event: Value,
    /// The letters and certificates made out with it.
    pub papers: Vec<Paper>,
    pub provenance: Value,
    /// The salt and the private parts, in document order; `None` once erased.
    pub sealed: Option<Sealed>,
    pub previous: Digest,
    pub hash: Digest,
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sealed {
    /// Lower-case hex, 32 characters.
    pub salt: String,
    pub parts: Vec<Value>,
}

/// Where a chain stands: how many records, and the hash of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub seq: u64,
    pub hash: Digest,
}

impl Head {
    pub const START: Head = Head { seq: 0, hash: GENESIS };
}

/// Puts `act` at the end of the chain. `salt` must be fresh randomness.
///
/// # Errors
/// Only when the event has no canonical bytes, which would be a defect.
pub fn append(
    head: Head,
    act: &Act,
    at: DateTime<Utc>,
    provenance: &Provenance,
    salt: [u8; 16],
) -> Result<Record, Unrecordable> {
    append_with(head, act, Vec::new(), at, provenance, salt)
}

/// The same with the letters and certificates the act calls for; those that have a
/// salt of their record were given the hex of this one.
///
/// # Errors
/// As [`append`].
pub fn append_with(
    head: Head,
    act: &Act,
    papers: Vec<Paper>,
    at: DateTime<Utc>,
    provenance: &Provenance,
    salt: [u8; 16],
) -> Result<Record, Unrecordable> {
    let salt = hex(&salt);
    let mut event = serde_json::to_value(&act.event)?;
    let mut unfit = None;
    let parts = private::split(&mut event, &mut |_, part| {
        commitment(&salt, part).map(Value::String).unwrap_or_else(|error| {
            unfit = Some(error);
            Value::Null
        })
    });
    if let Some(error) = unfit {
        return Err(error.into());
    }
    let mut record = Record {
        seq: head.seq + 1,
        at,
        by: serde_json::to_value(&act.by)?,
        event,
        papers,
        provenance: provenance.0.clone(),
        sealed: Some(Sealed { salt, parts }),
        previous: head.hash,
        hash: GENESIS,
    };
    record.hash = record.hash_after(record.previous)?;
    Ok(record)
}

/// An event that cannot be put into a chain.
#[derive(Debug)]
pub enum Unrecordable {
    Json(serde_json::Error),
    NotCanonical(NotCanonical),
}

impl std::fmt::Display for Unrecordable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unrecordable::Json(error) => write!(f, "the event is not JSON: {error}"),
            Unrecordable::NotCanonical(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Unrecordable {}

impl From<serde_json::Error> for Unrecordable {
    fn from(error: serde_json::Error) -> Self {
        Unrecordable::Json(error)
    }
}

impl From<NotCanonical> for Unrecordable {
    fn from(error: NotCanonical) -> Self {
        Unrecordable::NotCanonical(error)
    }
}

/// Why a chain is not what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Records are missing or out of order; expected this sequence number.
    Sequence(u64),
    /// The record does not continue the one before it.
    Link(u64),
    /// The record's bytes do not give its hash.
    Hash(u64),
    /// The personal data kept beside the record is not what was committed to.
    Sealed(u64),
}

/// Verifies a whole chain; gives its head.
pub fn verify(records: &[Record]) -> Result<Head, Broken> {
    let mut head = Head::START;
    for record in records {
        if record.seq != head.seq + 1 {
            return Err(Broken::Sequence(head.seq + 1));
        }
        if record.previous != head.hash {
            return Err(Broken::Link(record.seq));
        }
        if record.hash_after(record.previous).ok() != Some(record.hash) {
            return Err(Broken::Hash(record.seq));
        }
        if !record.keeps_its_commitments() {
            return Err(Broken::Sealed(record.seq));
        }
        head = Head { seq: record.seq, hash: record.hash };
    }
    Ok(head)
}

/// Everything that is wrong with a chain. A record whose hash alone was changed, or
/// whose content alone was, does not make the one after it look wrong.
pub fn examine(records: &[Record]) -> Vec<Broken> {
    let mut found = Vec::new();
    let mut expected = 1;
    // The hash before, as it is stored and as it should be.
    let mut before = Some([GENESIS, GENESIS]);
    for record in records {
        if record.seq != expected {
            found.push(Broken::Sequence(expected));
            before = None;
        }
        let computed = |previous| record.hash_after(previous).ok();
        let continues = before.map(|before| before.map(computed).contains(&Some(record.hash)));
        if continues == Some(false) {
            found.push(Broken::Hash(record.seq));
        }
        if !record.keeps_its_commitments() {
            found.push(Broken::Sealed(record.seq));
        }
        let should_be = before.and_then(|[stored, _]| computed(stored));
        before = Some([record.hash, should_be.unwrap_or(record.hash)]);
        expected = record.seq + 1;
    }
    found
}

impl Record {
    pub fn head(&self) -> Head {
        Head { seq: self.seq, hash: self.hash }
    }

    /// The record as an act again; erased parts read as erased.
    pub fn act(&self) -> Result<Act, serde_json::Error> {
        let mut event = self.event.clone();
        private::join(&mut event, self.sealed.as_ref().map(|sealed| sealed.parts.clone()));
        Ok(Act { by: By::deserialize(&self.by)?, event: CaseEvent::deserialize(event)? })
    }

    /// The hash the record has when it follows `previous`. Records without papers are
    /// hashed as they were before there were any.
    pub fn hash_after(&self, previous: Digest) -> Result<Digest, Unrecordable> {
        let (at, seq) = (Value::from(self.at.timestamp_micros()), Value::from(self.seq));
        let papers = serde_json::to_value(&self.papers)?;
        let mut members = vec![
            ("at", &at),
            ("by", &self.by),
            ("event", &self.event),
            ("papers", &papers),
            ("provenance", &self.provenance),
            ("seq", &seq),
        ];
        members.retain(|(name, _)| *name != "papers" || !self.papers.is_empty());
        let canonical = canonical_members(&members)?;
        Ok(Sha256::new().chain_update(previous).chain_update(canonical).finalize().into())
    }

    fn keeps_its_commitments(&self) -> bool {
        let Some(sealed) = &self.sealed else { return true };
        let mut event = self.event.clone();
        let committed = private::split(&mut event, &mut |_, _| Value::Null);
        let opened = sealed.parts.iter().map(|part| commitment(&sealed.salt, part).map(Value::String));
        committed.into_iter().map(Ok).eq(opened)
    }
}

/// SHA-256 of the salt and the canonical bytes, lower-case hex.
pub(super) fn commitment(salt: &str, part: &Value) -> Result<String, NotCanonical> {
    let digest = Sha256::new().chain_update(salt).chain_update(canonical_json(part)?).finalize();
    Ok(hex(digest.as_slice()))
}

pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(if value < 10 { b'0' + value } else { b'a' + value - 10 });
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}
