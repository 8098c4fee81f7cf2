//! `wanshitong verify receipt`: what a receipt attests, and whether a history still
//! begins with it. Offline: with the receipt, the published keys and the history as
//! `GET /cases/{id}/events` gives it, and nothing else.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::app::cases::{RECEIPT, Receipt};
use crate::app::seals::SealKeys;
use crate::domain::cases::Record;
use crate::domain::cases::history::{Digest, GENESIS, hex};
use crate::domain::cases::papers::Paper;

/// A receipt whose signature is one of the portal's.
#[derive(Debug, Clone, PartialEq)]
pub struct Attested(pub Receipt);

/// Reads a receipt: the JWS alone, or the answer that holds it.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn attested(text: &str, keys: &SealKeys) -> Result<Attested, String> {
    let answer: Option<Value> = serde_json::from_str(text).ok();
    let inside = answer.as_ref().and_then(|answer| answer["receipt"].as_str().or(answer.as_str()));
    let jws = inside.unwrap_or(text.trim());
    let claims = keys.verify(jws, RECEIPT).ok_or(
        "this is no receipt signed by one of these keys: it was changed, or it is of another portal. \
         The keys are at /.well-known/seal-keys.json of the portal that gave it",
    )?;
    serde_json::from_value(claims)
        .map(Attested)
        .map_err(|error| format!("the receipt does not read: {error}"))
}

/// One record as the events of a case are shown.
#[derive(Deserialize)]
struct Shown {
    seq: u64,
    at: DateTime<Utc>,
    by: Value,
    event: Value,
    #[serde(default)]
    papers: Vec<Paper>,
    provenance: Value,
    previous: String,
    hash: String,
}

/// Whether a history (the answer of `GET /cases/{id}/events`) is whole and goes on
/// from what the receipt attests; gives how many records came after it.
///
/// # Errors
/// A sentence that says which record is wrong, or that the history is another one.
pub fn follows(receipt: &Attested, events: &str) -> Result<u64, String> {
    let answer: Value = serde_json::from_str(events).map_err(|error| {
        format!("the history is no JSON: {error}; it is what GET /cases/{{id}}/events gives")
    })?;
    let items = answer.get("items").unwrap_or(&answer).clone();
    let shown: Vec<Shown> = serde_json::from_value(items).map_err(|error| {
        format!("the history does not read: {error}; it is what GET /cases/{{id}}/events gives")
    })?;
    let mut head: Digest = GENESIS;
    let mut attested = None;
    let mut seq = 0;
    for each in shown {
        seq += 1;
        if each.seq != seq {
            return Err(format!("record {seq} is missing from the history, or not in its place"));
        }
        if each.previous != hex(&head) {
            return Err(format!("record {seq} does not continue the one before it"));
        }
        let stated = each.hash.clone();
        let computed = each.into_record().hash_after(head).map_err(|error| error.to_string())?;
        if hex(&computed) != stated {
            return Err(format!("record {seq} was changed: its content does not give its hash"));
        }
        head = computed;
        if seq == receipt.0.seq {
            attested = Some(hex(&head));
        }
    }
    match attested {
        Some(hash) if hash == receipt.0.head => Ok(seq - receipt.0.seq),
        Some(_) => Err(format!(
            "the history is not the one attested: its first {} records have another hash; \
             it is of another case, or it was written anew",
            receipt.0.seq
        )),
        None => Err(format!(
            "the history has {seq} records and the receipt attests {}: the last ones were taken away",
            receipt.0.seq
        )),
    }
}

impl Shown {
    fn into_record(self) -> Record {
        Record {
            seq: self.seq,
            at: self.at,
            by: self.by,
            event: self.event,
            papers: self.papers,
            provenance: self.provenance,
            sealed: None,
            previous: GENESIS,
            hash: GENESIS,
        }
    }
}
