//! What becomes of a letter after it was written: its first opening by the recipient's
//! side, and the paper it was printed as. Each is written once and never changed;
//! whoever comes second finds what the first one wrote.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::cases::Digest;
use crate::domain::papers::{Opening, Recipient};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::{Error, Result};
use crate::store::schema::{letter_openings, letter_papers};
use crate::store::types::{At, Key};

/// What a letter was printed as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperRecord {
    /// SHA-256 of the PDF.
    pub digest: Digest,
    /// A compact JWS over the digest.
    pub seal: String,
    pub printed_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = letter_openings, treat_none_as_default_value = false)]
pub struct OpeningRow {
    letter_id: Key,
    case_id: Key,
    account: Key,
    recipient: String,
    at: At,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = letter_papers, treat_none_as_default_value = false)]
pub struct PaperRow {
    letter_id: Key,
    digest: Vec<u8>,
    seal: String,
    printed_at: At,
}

/// Written unless it has been before.
#[derive(Debug, Clone)]
pub enum LetterWrite {
    Open { case: Uuid, letter: Uuid, opening: Opening },
    Print { letter: Uuid, paper: PaperRecord },
}

impl LetterWrite {
    pub(in crate::store) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            LetterWrite::Open { case, letter, opening } => {
                let row = OpeningRow {
                    letter_id: Key(*letter),
                    case_id: Key(*case),
                    account: Key(opening.account),
                    recipient: opening.recipient.as_str().to_owned(),
                    at: At(opening.at),
                };
                dialect::insert_opening(conn, &row)?;
            }
            LetterWrite::Print { letter, paper } => {
                let row = PaperRow {
                    letter_id: Key(*letter),
                    digest: paper.digest.to_vec(),
                    seal: paper.seal.clone(),
                    printed_at: At(paper.printed_at),
                };
                dialect::insert_paper(conn, &row)?;
            }
        }
        Ok(true)
    }
}

/// The openings of a case's letters, by letter.
pub(super) fn openings(conn: &mut Conn, case: Uuid) -> Result<HashMap<Uuid, Opening>> {
    let rows: Vec<OpeningRow> = letter_openings::table
        .filter(letter_openings::case_id.eq(Key(case)))
        .select(OpeningRow::as_select())
        .load(conn)?;
    rows.into_iter()
        .map(|row| {
            let id = row.letter_id.0;
            let recipient = Recipient::parse(&row.recipient)
                .ok_or_else(|| Error::corrupt("letter_openings", id, "it was opened by nobody known"))?;
            Ok((id, Opening { account: row.account.0, recipient, at: row.at.0 }))
        })
        .collect()
}

impl Store {
    /// What a letter was printed as; none when it never was.
    pub async fn find_paper(&self, letter: Uuid) -> Result<Option<PaperRecord>> {
        let row: Option<PaperRow> = self
            .read(move |conn| {
                Ok(letter_papers::table
                    .filter(letter_papers::letter_id.eq(Key(letter)))
                    .select(PaperRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(paper).transpose()
    }
}

impl PaperRow {
    pub(in crate::store) fn letter(&self) -> Uuid {
        self.letter_id.0
    }
}

pub(in crate::store) fn paper(row: PaperRow) -> Result<PaperRecord> {
    let digest = row
        .digest
        .as_slice()
        .try_into()
        .map_err(|_| Error::corrupt("letter_papers", row.letter_id.0, "its digest is not a SHA-256"))?;
    Ok(PaperRecord { digest, seal: row.seal, printed_at: row.printed_at.0 })
}
