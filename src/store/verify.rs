//! Reading everything stored, to check it: one case after the other, each in one
//! moment, in bounded memory. Nothing here is an error of the whole: what is wrong
//! with a row is told with its place, and the rest is read on.
//!
//! Texts are compared as they lie on disk, not by what they mean, so that no byte of
//! a row can be another one unseen.

mod held;
mod prints;
mod reading;

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::Store;
use super::cases::{PaperRow, case_row, event_context, folder_of, signed};
use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::{CaseEventRow, CaseRow, CertificateRow, LetterRow};
use super::schema::{bundle_applications, case_events, cases, certificates, letters};
use super::types::Key;
use super::vault::{CaseKey, Vault};
use crate::domain::cases::history::{GENESIS, Sealed};
use crate::domain::cases::papers::Paper;
use crate::domain::cases::{Case, Digest, Head, Record};
use crate::domain::verification::{CaseName, Fault, Part};

pub use held::HeldCertificate;
pub use prints::Print;
pub(super) use reading::in_one_moment;
use reading::{Read, row_by_row, strictly};

/// Everything stored of one case that could be read, and what could not.
pub struct WholeCase {
    pub name: CaseName,
    /// The number of the last record whose personal data is gone, by schedule or otherwise.
    pub erased_to: Option<u64>,
    /// In order; a record that does not read is left out.
    pub records: Vec<Record>,
    pub letters: Vec<StoredLetter>,
    /// What letters were printed as.
    pub prints: Vec<Print>,
    pub certificates: Vec<HeldCertificate>,
    pub faults: Vec<Fault>,
    row: CaseRow,
    key: Option<CaseKey>,
}

/// A letter as it is stored.
pub struct StoredLetter {
    pub id: String,
    pub seq: u64,
    /// The document with numbers in the places of its private parts.
    pub open: Value,
    /// None when they were erased.
    pub parts: Option<Vec<Value>>,
}

struct Rows {
    case: CaseRow,
    events: Vec<Read<CaseEventRow, i64>>,
    letters: Vec<Read<LetterRow, Key>>,
    prints: Vec<Read<PaperRow, Key>>,
    certificates: Vec<Read<CertificateRow, String>>,
}

impl Store {
    /// Cases by id, after `after`.
    pub async fn list_case_ids(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let mut query = cases::table.select(cases::id).into_boxed();
            if let Some(after) = after {
                query = query.filter(cases::id.gt(Key(after)));
            }
            let ids: Vec<Key> = query.order(cases::id).limit(limit).load(conn)?;
            Ok(ids.into_iter().map(|key| key.0).collect())
        })
        .await
    }

    /// Applications for bundles by id, after `after`.
    pub async fn list_application_ids(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let mut query = bundle_applications::table.select(bundle_applications::id).into_boxed();
            if let Some(after) = after {
                query = query.filter(bundle_applications::id.gt(Key(after)));
            }
            let ids: Vec<Key> = query.order(bundle_applications::id).limit(limit).load(conn)?;
            Ok(ids.into_iter().map(|key| key.0).collect())
        })
        .await
    }

    /// Everything stored of one case, as of one moment; `None` when it is not there.
    ///
    /// # Errors
    /// `Corrupt` when a row of it cannot be read at all.
    pub async fn whole_case(&self, id: Uuid) -> Result<Option<WholeCase>> {
        let rows = self.read(move |conn| in_one_moment(conn, |conn| rows_of(conn, id))).await?;
        Ok(rows.map(|rows| WholeCase::from_rows(rows, self.vault())))
    }

    /// Certificates that no case of this portal issued, by identifier, after `after`;
    /// gives the last identifier of the page with them.
    pub async fn list_certificates_of_no_case(
        &self,
        after: Option<String>,
        limit: i64,
    ) -> Result<(Vec<(HeldCertificate, Vec<Fault>)>, Vec<Fault>, Option<String>)> {
        let rows = self.read(move |conn| Ok(held::of_no_case(conn, after, limit)?)).await?;
        let last =
            rows.last().map(|row| row.as_ref().map_or_else(|(id, _)| id.clone(), |row| row.id.clone()));
        let (mut read, mut unreadable) = (Vec::new(), Vec::new());
        for row in rows {
            let opened = row.and_then(|row| match held::certificate(&row, self.vault()) {
                Ok(found) => Ok((row.id, found)),
                Err(why) => Err((row.id, why)),
            });
            match opened {
                Ok((id, (held, why))) => {
                    let fault = |why| Fault::new(Part::Certificate(id.clone()), why);
                    read.push((held, why.into_iter().map(fault).collect()));
                }
                Err((id, why)) => unreadable.push(Fault::new(Part::Certificate(id), why)),
            }
        }
        Ok((read, unreadable, last))
    }

    /// Rows that belong to a case that is not there; so many of each kind at the most.
    pub async fn list_strays(&self, limit: i64) -> Result<Vec<Fault>> {
        self.read(move |conn| {
            let gone = "the case it belongs to is not there";
            let mut found = Vec::new();
            let events: Vec<(Key, i64)> = case_events::table
                .filter(not(exists(cases::table.filter(cases::id.eq(case_events::case_id)))))
                .select((case_events::case_id, case_events::seq))
                .limit(limit)
                .load(conn)?;
            let of = |case: Key| CaseName { id: case.0, case_no: None };
            found.extend(events.into_iter().map(|(case, seq)| {
                Fault::of_case(&of(case), Part::Record(u64::try_from(seq).unwrap_or(0)), gone)
            }));
            let stray: Vec<(Key, Key)> = letters::table
                .filter(not(exists(cases::table.filter(cases::id.eq(letters::case_id)))))
                .select((letters::case_id, letters::id))
                .limit(limit)
                .load(conn)?;
            found.extend(
                stray
                    .into_iter()
                    .map(|(case, id)| Fault::of_case(&of(case), Part::Letter(id.0.to_string()), gone)),
            );
            found.extend(
                prints::strays(conn, limit)?
                    .into_iter()
                    .map(|id| Fault::new(Part::Print(id.0.to_string()), "the letter it is of is not there")),
            );
            let stray: Vec<(Option<Key>, String)> = certificates::table
                .filter(certificates::case_id.is_not_null())
                .filter(not(exists(cases::table.filter(cases::id.nullable().eq(certificates::case_id)))))
                .select((certificates::case_id, certificates::id))
                .limit(limit)
                .load(conn)?;
            found.extend(stray.into_iter().map(|(_, id)| Fault::new(Part::Certificate(id), gone)));
            Ok(found)
        })
        .await
    }
}

fn rows_of(conn: &mut Conn, id: Uuid) -> Result<Option<Rows>> {
    let key = Key(id);
    let case: Option<CaseRow> =
        cases::table.filter(cases::id.eq(key)).select(CaseRow::as_select()).first(conn).optional()?;
    let Some(case) = case else { return Ok(None) };
    let events = case_events::table.filter(case_events::case_id.eq(key));
    let written = letters::table.filter(letters::case_id.eq(key));
    Ok(Some(Rows {
        case,
        events: row_by_row(
            conn,
            0,
            |conn| events.order(case_events::seq).select(CaseEventRow::as_select()).load(conn),
            |conn| events.order(case_events::seq).select(case_events::seq).load(conn),
            |conn, seq| events.filter(case_events::seq.eq(seq)).select(CaseEventRow::as_select()).first(conn),
        )?,
        letters: row_by_row(
            conn,
            Key(Uuid::nil()),
            |conn| written.order((letters::seq, letters::id)).select(LetterRow::as_select()).load(conn),
            |conn| written.order((letters::seq, letters::id)).select(letters::id).load(conn),
            |conn, id| written.filter(letters::id.eq(id)).select(LetterRow::as_select()).first(conn),
        )?,
        prints: prints::of_case(conn, key)?,
        certificates: held::of_case(conn, key)?,
    }))
}

impl WholeCase {
    fn from_rows(rows: Rows, vault: &Vault) -> Self {
        let Rows { case: row, events, letters, prints, certificates } = rows;
        let name = CaseName { id: row.id.0, case_no: row.case_no.clone() };
        let erased_to = match (row.erased_to, &row.data_key) {
            (Some(seq), Some(_)) => Some(seq),
            (_, None) => Some(row.version),
            (None, Some(_)) => None,
        };
        let key = row.data_key.as_deref().and_then(|wrapped| vault.open_case_key(row.id.0, wrapped));
        let mut whole = Self {
            name,
            erased_to: erased_to.map(|seq| u64::try_from(seq).unwrap_or(0)),
            records: Vec::with_capacity(events.len()),
            letters: Vec::with_capacity(letters.len()),
            prints: Vec::with_capacity(prints.len()),
            certificates: Vec::with_capacity(certificates.len()),
            faults: Vec::new(),
            row,
            key,
        };
        if whole.row.data_key.is_some() && whole.key.is_none() {
            whole.fault(Part::Case, "its key does not open (column data_key)");
        }
        if whole.row.erased_to != erased_to {
            whole.fault(Part::Case, "its key is gone, and column erased_to does not say so");
        }
        whole.read_records(events);
        for letter in letters {
            let read = letter.and_then(|row| whole.letter(&row).map_err(|why| (row.id, why)));
            match read {
                Ok(letter) => whole.letters.push(letter),
                Err((id, why)) => whole.fault(Part::Letter(id.0.to_string()), why),
            }
        }
        whole.read_prints(prints);
        for row in certificates {
            let opened = row.and_then(|row| match held::certificate(&row, vault) {
                Ok(found) => Ok((row.id, found)),
                Err(why) => Err((row.id, why)),
            });
            match opened {
                Ok((id, (held, why))) => {
                    why.into_iter().for_each(|why| whole.fault(Part::Certificate(id.clone()), why));
                    whole.certificates.push(held);
                }
                Err((id, why)) => whole.fault(Part::Certificate(id), why),
            }
        }
        whole
    }

    fn read_records(&mut self, events: Vec<Read<CaseEventRow, i64>>) {
        let mut previous = GENESIS;
        for event in events {
            let read = event.and_then(|row| self.record(&row, previous).map_err(|why| (row.seq, why)));
            match read {
                Ok(record) => {
                    previous = record.hash;
                    self.records.push(record);
                }
                Err((seq, why)) => self.fault(Part::Record(u64::try_from(seq).unwrap_or(0)), why),
            }
        }
    }

    fn read_prints(&mut self, prints: Vec<Read<PaperRow, Key>>) {
        for print in prints {
            let read = print.and_then(|row| {
                let (key, id) = (Key(row.letter()), row.letter().to_string());
                // Of a letter that does not read nothing more can be said.
                let seq = self.letters.iter().find(|letter| letter.id == id).map(|letter| letter.seq);
                seq.map(|seq| prints::read(row, seq)).transpose().map_err(|why| (key, why))
            });
            match read {
                Ok(print) => self.prints.extend(print),
                Err((id, why)) => self.fault(Part::Print(id.0.to_string()), why),
            }
        }
    }

    fn fault(&mut self, part: Part, why: impl Into<String>) {
        self.faults.push(Fault::of_case(&self.name, part, why));
    }

    /// Its key; none when that is gone, or does not open.
    pub fn key(&self) -> Option<&CaseKey> {
        self.key.as_ref()
    }

    /// Where its files lie.
    pub fn folder(&self) -> Uuid {
        folder_of(self.name.id, self.row.erased_to)
    }

    /// The sealed part of a row that was written with the record of this number, open.
    /// Whether there is one is the case's to say.
    fn opened(
        &self,
        seq: u64,
        context: &str,
        sealed: Option<&[u8]>,
    ) -> std::result::Result<Option<Vec<u8>>, String> {
        let erased = self.erased_to.is_some_and(|last| seq <= last);
        match (&self.key, sealed) {
            (_, None) if erased => Ok(None),
            (_, Some(_)) if erased => {
                Err("its personal data is there, and the case says that it was erased".to_owned())
            }
            (Some(key), Some(sealed)) => key
                .open(context, sealed)
                .map(Some)
                .ok_or_else(|| "its personal data does not open: it was changed".to_owned()),
            (_, None) => Err("its personal data is gone, and that of the case is not".to_owned()),
            // Told once, of the case.
            (None, Some(_)) => Ok(None),
        }
    }

    fn record(&self, row: &CaseEventRow, previous: Digest) -> std::result::Result<Record, String> {
        let seq = u64::try_from(row.seq).map_err(|_| "its number is negative".to_owned())?;
        let plain = self.opened(seq, &event_context(self.name.id, seq), row.personal.as_deref())?;
        let sealed = plain.as_deref().map(serde_json::from_slice::<Sealed>).transpose();
        let papers: Option<Vec<Paper>> =
            row.papers.as_deref().map(|text| strictly("papers", text)).transpose()?;
        if papers.as_ref().is_some_and(Vec::is_empty) {
            return Err("column papers is an empty list where it was nothing".to_owned());
        }
        Ok(Record {
            seq,
            at: row.at.0,
            by: strictly("by", &row.by)?,
            event: strictly("event", &row.event)?,
            papers: papers.unwrap_or_default(),
            provenance: strictly("provenance", &row.provenance)?,
            sealed: sealed.map_err(|error| format!("its personal data does not read: {error}"))?,
            previous,
            hash: row.hash.as_slice().try_into().map_err(|_| "its hash is no SHA-256".to_owned())?,
        })
    }

    fn letter(&self, row: &LetterRow) -> std::result::Result<StoredLetter, String> {
        let id = row.id.0.to_string();
        let seq = u64::try_from(row.seq).map_err(|_| "its number is negative".to_owned())?;
        let plain = self.opened(seq, &format!("letters:{id}"), row.personal.as_deref())?;
        let parts = plain.as_deref().map(serde_json::from_slice).transpose();
        let open: Value = strictly("document", &row.document)?;
        let at = row.created_at.0;
        let columns = [
            ("kind", open["kind"] == row.kind.as_str()),
            ("number", open["number"] == row.number.as_str()),
            ("created_at", serde_json::to_value(at).is_ok_and(|at| open["at"] == at)),
        ];
        match columns.iter().find(|(_, agrees)| !agrees) {
            Some((column, _)) => Err(format!("its document and column {column} disagree")),
            None => Ok(StoredLetter {
                id,
                seq,
                open,
                parts: parts.map_err(|error| format!("its personal data does not read: {error}"))?,
            }),
        }
    }

    /// The columns in which the row is not what `folded`, its history, makes of it.
    ///
    /// # Errors
    /// When `folded` cannot be stored, which would be a defect.
    pub fn differs_from(&self, folded: &Case, head: Head, letters: usize) -> Result<Vec<&'static str>> {
        // Only to have one: what is sealed is compared open.
        let any = Vault::new(&super::MasterKey::random()).new_case_key(folded.id);
        let at = self.records.last().map_or(folded.opened.at, |record| record.at);
        // What cases are compared by is no part of their history.
        let should = case_row(folded, head, &any, letters, None, at)?;
        let is = &self.row;
        let mut differ: Vec<&'static str> = [
            ("id", is.id == should.id),
            ("version", is.version == should.version && should.version == signed(head.seq)),
            ("head", is.head == should.head),
            ("state", is.state == should.state),
            ("outcome", is.outcome == should.outcome),
            ("guide", is.guide == should.guide),
            ("guide_version", is.guide_version == should.guide_version),
            ("agency", is.agency == should.agency),
            ("region", is.region == should.region),
            ("party", is.party == should.party),
            ("opened_by", is.opened_by == should.opened_by),
            ("case_no", is.case_no == should.case_no),
            ("document", is.document == should.document),
            ("letters", is.letters == should.letters),
            ("opened_at", is.opened_at == should.opened_at),
            ("updated_at", is.updated_at == should.updated_at),
            ("tick_at", is.tick_at == should.tick_at),
            ("kept_since", is.kept_since == should.kept_since.filter(|_| is.data_key.is_some())),
        ]
        .into_iter()
        .filter_map(|(column, agrees)| (!agrees).then_some(column))
        .collect();
        let context = format!("cases:{}", self.name.id);
        let whole = should.personal.as_deref().and_then(|sealed| any.open(&context, sealed));
        match self.opened(folded.version, &context, is.personal.as_deref()) {
            Ok(None) => {}
            Ok(opened) if opened == whole => {}
            Ok(_) | Err(_) => differ.push("personal"),
        }
        Ok(differ)
    }
}

/// What a row that cannot be read at all is told as.
pub fn unreadable(id: Uuid, error: &Error) -> Fault {
    let name = CaseName { id, case_no: None };
    Fault::of_case(&name, Part::Case, format!("a row of it cannot be read: {error}"))
}
