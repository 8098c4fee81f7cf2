//! What the letters of a case were printed as, for checking.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use uuid::Uuid;

use super::reading::{Read, row_by_row};
use crate::store::cases::{PaperRecord, PaperRow, paper};
use crate::store::conn::Conn;
use crate::store::schema::{letter_papers, letters};
use crate::store::types::Key;

/// The print of a letter, as its row says.
pub struct Print {
    /// The letter.
    pub id: String,
    /// The number of the record the letter was written with.
    pub seq: u64,
    pub paper: PaperRecord,
}

/// The prints of a case's letters.
pub(super) fn of_case(conn: &mut Conn, case: Key) -> QueryResult<Vec<Read<PaperRow, Key>>> {
    let written = letters::table.filter(letters::case_id.eq(case)).select(letters::id);
    let prints = letter_papers::table.filter(letter_papers::letter_id.eq_any(written));
    row_by_row(
        conn,
        Key(Uuid::nil()),
        |conn| prints.select(PaperRow::as_select()).load(conn),
        |conn| prints.select(letter_papers::letter_id).load(conn),
        |conn, id| {
            let row = letter_papers::table.filter(letter_papers::letter_id.eq(id));
            row.select(PaperRow::as_select()).first(conn)
        },
    )
}

/// Prints of letters that are not there; so many at the most.
pub(super) fn strays(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Key>> {
    letter_papers::table
        .filter(not(exists(letters::table.filter(letters::id.eq(letter_papers::letter_id)))))
        .select(letter_papers::letter_id)
        .limit(limit)
        .load(conn)
}

pub(super) fn read(row: PaperRow, seq: u64) -> Result<Print, String> {
    let id = row.letter().to_string();
    let paper = paper(row).map_err(|error| error.to_string())?;
    Ok(Print { id, seq, paper })
}
