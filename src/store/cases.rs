//! Cases, their history and letters. Here, and only here, a case becomes rows
//! and rows become a case: the open part as JSON, the personal part sealed
//! under the case's own key.

mod alike;
mod lists;
mod papers;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Store;
use super::changes::Changes;
use super::error::{Error, Result};
use super::handoffs;
use super::rows::{CaseEventRow, CaseRow, CaseUpdate, LetterRow};
use super::schema::{case_events, cases, letters};
use super::types::{At, Key};
use super::vault::{CaseKey, Vault};
use crate::domain::cases::history::Sealed;
use crate::domain::cases::letters::Letter;
use crate::domain::cases::{Case, CaseState, Digest, Head, Record, next_tick_at};
use crate::domain::papers::Opening;
use crate::domain::policy::CaseHelper;
use crate::domain::private;

pub use alike::{Alike, JudgedAlike};
pub use lists::CaseFilter;
pub(super) use lists::{code_range, within_reach};
pub(super) use papers::paper;
pub use papers::{LetterWrite, OpeningRow, PaperRecord, PaperRow};

/// A case as it was read, with what is needed to write its next version.
pub struct StoredCase {
    pub case: Case,
    pub origin: Origin,
    /// Who helps with it, while it is a draft that was read for itself.
    pub helpers: Vec<CaseHelper>,
}

/// Where a case stood when it was read: what its next version continues.
pub struct Origin {
    pub head: Head,
    /// Letters written so far.
    pub letters: usize,
    case: Uuid,
    key: Option<CaseKey>,
    /// The number of the last record whose personal data was erased.
    erased_to: Option<i64>,
    was_filed: bool,
}

/// A letter to be written with the event that caused it.
pub struct NewLetter {
    pub id: Uuid,
    /// The event it followed from.
    pub seq: u64,
    pub letter: Letter,
}

/// A stored letter.
pub struct LetterRecord {
    pub id: Uuid,
    pub seq: u64,
    pub letter: Letter,
    /// Its personal data is gone.
    pub erased: bool,
    /// Whether and when the recipient's side opened it first.
    pub opening: Option<Opening>,
}

impl Origin {
    /// Of a case that is not stored yet.
    pub fn new(case: Uuid, vault: &Vault) -> Self {
        let key = Some(vault.new_case_key(case));
        Self { head: Head::START, letters: 0, case, key, erased_to: None, was_filed: false }
    }

    /// The case it is of.
    pub fn case(&self) -> Uuid {
        self.case
    }

    /// Where its files lie.
    pub fn folder(&self) -> Uuid {
        folder_of(self.case, self.erased_to)
    }

    /// Whether it was handed in before.
    pub fn was_filed(&self) -> bool {
        self.was_filed
    }

    /// Its key; none when that was destroyed.
    pub fn key(&self) -> Option<&CaseKey> {
        self.key.as_ref()
    }
}

/// Each key a case ever had has a folder of its own, the first that of the case's id: so
/// nothing is put where what was erased is still being deleted.
pub(super) fn folder_of(case: Uuid, erased_to: Option<i64>) -> Uuid {
    let (high, low) = case.as_u64_pair();
    let erased_to = erased_to.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0);
    Uuid::from_u64_pair(high, low ^ erased_to)
}

impl Changes {
    /// Writes what happened to a case since `origin`: its state `after`, with the
    /// records and letters that led to it, and what decided cases are compared by.
    /// What happens after an erasure is sealed under a new key.
    pub fn record_case(
        &mut self,
        vault: &Vault,
        origin: &Origin,
        after: &Case,
        records: &[Record],
        written: &[NewLetter],
        alike: Option<Alike>,
    ) -> Result<()> {
        let new;
        let key = match &origin.key {
            Some(key) => key,
            None => {
                new = vault.new_case_key(origin.case);
                &new
            }
        };
        let head = records.last().map_or(origin.head, Record::head);
        let at = records.last().map_or(after.opened.at, |record| record.at);
        let letters = origin.letters + written.len();
        let row = CaseRow { erased_to: origin.erased_to, ..case_row(after, head, key, letters, alike, at)? };
        for record in records {
            self.events.push(event_row(after.id, record, key)?);
        }
        for new in written {
            self.letters.push(letter_row(after.id, new, key)?);
        }
        if origin.head == Head::START {
            self.new_cases.push(row);
        } else {
            let expected_key = origin.key.as_ref().map(|key| key.wrapped().to_vec());
            self.case_updates.push(CaseUpdate {
                expected_version: signed(origin.head.seq),
                expected_key,
                row,
            });
        }
        Ok(())
    }
}

pub(super) fn case_row(
    case: &Case,
    head: Head,
    key: &CaseKey,
    letters: usize,
    alike: Option<Alike>,
    at: DateTime<Utc>,
) -> Result<CaseRow> {
    let (document, parts) = take_apart("cases", case.id, case)?;
    let outcome = match &case.state {
        CaseState::Closed(closed) => Some(closed.ending.name().to_owned()),
        CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Correcting(_) => None,
        CaseState::Accepted(_) | CaseState::Paused(_) | CaseState::Decided(_) => None,
    };
    Ok(CaseRow {
        id: Key(case.id),
        version: signed(case.version),
        head: head.hash.to_vec(),
        state: case.state.name().as_str().to_owned(),
        outcome,
        guide: case.place().guide.to_string(),
        guide_version: i32::try_from(case.guide_version()).unwrap_or(i32::MAX),
        agency: case.place().agency.to_string(),
        region: case.place().region.to_string(),
        party: Key(case.opened.party),
        opened_by: case.opened.by.account().map(Key),
        case_no: case.case_no().map(ToString::to_string),
        document,
        personal: Some(key.seal(&format!("cases:{}", case.id), &parts)),
        data_key: Some(key.wrapped().to_vec()),
        letters: i32::try_from(letters).unwrap_or(i32::MAX),
        opened_at: At(case.opened.at),
        updated_at: At(at),
        tick_at: next_tick_at(case).map(At),
        kept_since: case.state.as_closed().map(|_| At(at)),
        decision: alike.as_ref().map(|alike| alike.judgement.as_str().to_owned()),
        facts_digest: alike.map(|alike| alike.digest),
        erased_to: None,
    })
}

fn event_row(case: Uuid, record: &Record, key: &CaseKey) -> Result<CaseEventRow> {
    let text = |value: &Value| serde_json::to_string(value).map_err(not_json("case_events", case));
    let papers = match record.papers.as_slice() {
        [] => None,
        papers => Some(text(&serde_json::to_value(papers).map_err(not_json("case_events", case))?)?),
    };
    let sealed =
        record.sealed.as_ref().map(serde_json::to_vec).transpose().map_err(not_json("case_events", case))?;
    Ok(CaseEventRow {
        case_id: Key(case),
        seq: signed(record.seq),
        at: At(record.at),
        by: text(&record.by)?,
        event: text(&record.event)?,
        provenance: text(&record.provenance)?,
        personal: sealed.map(|plain| key.seal(&event_context(case, record.seq), &plain)),
        hash: record.hash.to_vec(),
        papers,
    })
}

fn letter_row(case: Uuid, new: &NewLetter, key: &CaseKey) -> Result<LetterRow> {
    let (document, parts) = take_apart("letters", new.id, &new.letter)?;
    Ok(LetterRow {
        id: Key(new.id),
        case_id: Key(case),
        seq: signed(new.seq),
        kind: new.letter.kind.as_str().to_owned(),
        number: new.letter.number.clone(),
        document,
        personal: Some(key.seal(&format!("letters:{}", new.id), &parts)),
        created_at: At(new.letter.at),
    })
}

/// A value as JSON without its personal parts, and those parts.
pub(super) fn take_apart(table: &'static str, id: Uuid, value: &impl Serialize) -> Result<(String, Vec<u8>)> {
    let mut open = serde_json::to_value(value).map_err(not_json(table, id))?;
    let parts = private::split(&mut open, &mut |index, _| Value::from(index));
    let parts = serde_json::to_vec(&parts).map_err(not_json(table, id))?;
    Ok((serde_json::to_string(&open).map_err(not_json(table, id))?, parts))
}

/// The reverse; without `parts` every personal place reads as erased.
pub(super) fn put_together<T: serde::de::DeserializeOwned>(
    table: &'static str,
    id: Uuid,
    document: &str,
    parts: Option<&[u8]>,
) -> Result<T> {
    let mut open: Value = serde_json::from_str(document).map_err(not_json(table, id))?;
    let parts = parts.map(serde_json::from_slice).transpose().map_err(not_json(table, id))?;
    private::join(&mut open, parts);
    serde_json::from_value(open).map_err(not_json(table, id))
}

fn not_json(table: &'static str, id: Uuid) -> impl Fn(serde_json::Error) -> Error {
    move |error| Error::corrupt(table, id, error)
}

pub(super) fn event_context(case: Uuid, seq: u64) -> String {
    format!("case_events:{case}:{seq}")
}

/// Versions and sequence numbers stay far below 2⁶³.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn stored_case(row: CaseRow, vault: &Vault) -> Result<StoredCase> {
    let id = row.id.0;
    let corrupt = |why: &str| Error::corrupt("cases", id, why);
    let key = match &row.data_key {
        Some(wrapped) => {
            Some(vault.open_case_key(id, wrapped).ok_or_else(|| corrupt("its key does not open"))?)
        }
        None => None,
    };
    let parts = match (&key, &row.personal) {
        (Some(key), Some(sealed)) => Some(
            key.open(&format!("cases:{id}"), sealed)
                .ok_or_else(|| corrupt("its personal data does not open"))?,
        ),
        (None, _) => None,
        (Some(_), None) => return Err(corrupt("it has a key and no personal data")),
    };
    let case: Case = put_together("cases", id, &row.document, parts.as_deref())?;
    let hash: Digest = row.head.as_slice().try_into().map_err(|_| corrupt("its head is not a SHA-256"))?;
    let agrees = case.id == id
        && signed(case.version) == row.version
        && case.state.name().as_str() == row.state
        && case.opened.party == row.party.0
        && case.place().guide.as_str() == row.guide
        && case.place().agency.as_str() == row.agency
        && case.place().region.as_str() == row.region
        && i64::from(case.guide_version()) == i64::from(row.guide_version)
        && case.case_no().map(|no| no.as_str()) == row.case_no.as_deref()
        && matches!(&case.state, CaseState::Closed(_)) == row.outcome.is_some();
    if !agrees {
        return Err(corrupt("its columns and its document disagree"));
    }
    let letters = usize::try_from(row.letters).map_err(|_| corrupt("it counts fewer than no letters"))?;
    let was_filed = case.state.filing().is_some();
    let origin = Origin {
        head: Head { seq: case.version, hash },
        letters,
        case: id,
        key,
        erased_to: row.erased_to,
        was_filed,
    };
    Ok(StoredCase { case, origin, helpers: Vec::new() })
}

fn record(row: CaseEventRow, previous: Digest, key: Option<&CaseKey>) -> Result<Record> {
    let id = format!("{}:{}", row.case_id.0, row.seq);
    let corrupt = |why: String| Error::Corrupt { table: "case_events", id: id.clone(), why };
    let json = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| corrupt(error.to_string()));
    let seq = u64::try_from(row.seq).map_err(|_| corrupt("its number is negative".into()))?;
    let sealed = match (key, &row.personal) {
        (Some(key), Some(sealed)) => {
            let plain = key
                .open(&event_context(row.case_id.0, seq), sealed)
                .ok_or_else(|| corrupt("its personal data does not open".into()))?;
            Some(serde_json::from_slice::<Sealed>(&plain).map_err(|error| corrupt(error.to_string()))?)
        }
        (None, _) | (_, None) => None,
    };
    let papers = row.papers.as_deref().map(serde_json::from_str).transpose();
    Ok(Record {
        seq,
        at: row.at.0,
        by: json(&row.by)?,
        event: json(&row.event)?,
        papers: papers.map_err(|error| corrupt(error.to_string()))?.unwrap_or_default(),
        provenance: json(&row.provenance)?,
        sealed,
        previous,
        hash: row.hash.as_slice().try_into().map_err(|_| corrupt("its hash is not a SHA-256".into()))?,
    })
}

impl Store {
    pub async fn find_case(&self, id: Uuid) -> Result<Option<StoredCase>> {
        let found: Option<(CaseRow, Vec<CaseHelper>)> = self
            .read(move |conn| {
                let row: Option<CaseRow> = cases::table
                    .filter(cases::id.eq(Key(id)))
                    .select(CaseRow::as_select())
                    .first(conn)
                    .optional()?;
                let Some(row) = row else { return Ok(None) };
                Ok(Some((row, handoffs::helpers(conn, id)?)))
            })
            .await?;
        let Some((row, helpers)) = found else { return Ok(None) };
        Ok(Some(StoredCase { helpers, ..stored_case(row, self.vault())? }))
    }

    /// The whole history of a case, oldest first.
    pub async fn list_records(&self, stored: &StoredCase) -> Result<Vec<Record>> {
        let id = stored.case.id;
        let rows: Vec<CaseEventRow> = self
            .read(move |conn| {
                Ok(case_events::table
                    .filter(case_events::case_id.eq(Key(id)))
                    .order(case_events::seq)
                    .select(CaseEventRow::as_select())
                    .load(conn)?)
            })
            .await?;
        let mut previous = crate::domain::cases::history::GENESIS;
        rows.into_iter()
            .map(|row| {
                let record = record(row, previous, stored.origin.key.as_ref())?;
                previous = record.hash;
                Ok(record)
            })
            .collect()
    }

    pub async fn list_letters(&self, stored: &StoredCase) -> Result<Vec<LetterRecord>> {
        let id = stored.case.id;
        let (rows, mut openings): (Vec<LetterRow>, _) = self
            .read(move |conn| {
                let rows = letters::table
                    .filter(letters::case_id.eq(Key(id)))
                    .order((letters::seq, letters::number))
                    .select(LetterRow::as_select())
                    .load(conn)?;
                Ok((rows, papers::openings(conn, id)?))
            })
            .await?;
        rows.into_iter()
            .map(|row| {
                let opening = openings.remove(&row.id.0);
                letter(row, stored.origin.key.as_ref(), opening)
            })
            .collect()
    }
}

fn letter(row: LetterRow, key: Option<&CaseKey>, opening: Option<Opening>) -> Result<LetterRecord> {
    let id = row.id.0;
    let parts = match (key, &row.personal) {
        (Some(key), Some(sealed)) => Some(
            key.open(&format!("letters:{id}"), sealed)
                .ok_or_else(|| Error::corrupt("letters", id, "its personal data does not open"))?,
        ),
        (None, _) | (_, None) => None,
    };
    Ok(LetterRecord {
        id,
        seq: u64::try_from(row.seq)
            .map_err(|_| Error::corrupt("letters", id, "its event number is negative"))?,
        letter: put_together("letters", id, &row.document, parts.as_deref())?,
        erased: parts.is_none(),
        opening,
    })
}
