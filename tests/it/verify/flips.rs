//! One byte changed, anywhere: found, and named.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use wanshitong::domain::verification::{Fault, Part};
use wanshitong::store::Location;

use super::{closed_road_case, look, of_case};
use crate::support::{Database, Portal, id};

/// Cells up to this long are tried byte by byte, longer ones here and there.
const SHORT: usize = 10;
const PLACES: usize = 7;

#[derive(diesel::QueryableByName)]
struct Cell {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    hex: String,
    /// The row's name: the number of a record, the id of a letter, a certificate or a case.
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap()).collect()
}

fn literal(kind: &str, bytes: &[u8]) -> String {
    let hex = wanshitong::domain::cases::history::hex(bytes);
    match kind {
        "blob" => format!("x'{hex}'"),
        _ => format!("CAST(x'{hex}' AS TEXT)"),
    }
}

/// No part of the history: what cases are compared by, read by that report alone.
const APART: [&str; 2] = ["facts_digest", "decision"];
/// How the prints of a case are found: by its letters.
const PRINTED: &str = "letter_id";
/// Numbers of 32 bits; what an intruder puts beyond those is never read.
const NARROW: [&str; 2] = ["guide_version", "letters"];

/// The cell as it would be with one byte, or one bit of a number, changed.
fn changed(column: &str, cell: &Cell) -> Vec<String> {
    let bytes = bytes(&cell.hex);
    if cell.kind == "integer" {
        let number: i64 = String::from_utf8(bytes).unwrap().parse().unwrap();
        let bits: &[u32] = if NARROW.contains(&column) { &[0, 7, 20] } else { &[0, 7, 20, 40] };
        return bits.iter().map(|bit| (number ^ (1 << bit)).to_string()).collect();
    }
    let step = if bytes.len() <= SHORT { 1 } else { bytes.len() / PLACES };
    // Other places in every cell, so that between them they are everywhere.
    let first = usize::try_from(cell.place).unwrap() % step;
    let mut places: Vec<usize> = (first..bytes.len()).step_by(step).collect();
    places.push(bytes.len() - 1);
    let flip = |place: usize| {
        let mut bytes = bytes.clone();
        bytes[place] ^= [0x01, 0x20, 0x80][place % 3];
        literal(&cell.kind, &bytes)
    };
    places.into_iter().map(flip).collect()
}

/// Whether a fault says which row of this table it is about.
fn names(fault: &Fault, table: &str, column: &str, cell: &Cell) -> bool {
    // What tells a row from others has changed: it cannot be called by its old name.
    let moved = ["id", "case_id", "letter_id", "seq"].contains(&column);
    match (&fault.part, table) {
        (Part::Record(seq), "case_events") => moved || seq.to_string() == cell.name,
        (Part::Letter(id), "letters") | (Part::Print(id), "letter_papers") => {
            moved || id.replace('-', "") == cell.name.to_lowercase()
        }
        (Part::Certificate(id), "certificates") => moved || *id == cell.name,
        (_, "cases") => true,
        _ => false,
    }
}

#[actix_web::test]
async fn every_byte_of_a_case_that_is_changed_is_found_and_named() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = closed_road_case(&portal).await;
    let letters = portal.get("handler@web", &format!("/api/v1/cases/{case}/letters")).await.expect(200);
    let printed = format!("/api/v1/cases/{case}/letters/{}/pdf", id(&letters["items"][0]));
    assert_eq!(portal.get("handler@web", &printed).await.status, 200);
    assert_eq!(look(&portal.city.ctx).await.1, []);
    let Location::Sqlite(path) = &portal.city.database.location else { panic!("this is SQLite") };
    let mut conn = SqliteConnection::establish(path).unwrap();
    let mut tried = 0;
    for (table, key, name) in [
        ("case_events", "case_id", "CAST(seq AS TEXT)"),
        ("letters", "case_id", "hex(id)"),
        ("letter_papers", PRINTED, "hex(letter_id)"),
        ("certificates", "case_id", "id"),
        ("cases", "id", "hex(id)"),
    ] {
        let of_case = match key {
            PRINTED => {
                format!("letter_id IN (SELECT id FROM letters WHERE {})", of_case(&portal, "case_id", &case))
            }
            key => of_case(&portal, key, &case),
        };
        let columns: Vec<Column> =
            diesel::sql_query(format!("SELECT name FROM pragma_table_info('{table}')"))
                .load(&mut conn)
                .unwrap();
        for Column { name: column } in columns.iter().filter(|column| !APART.contains(&column.name.as_str()))
        {
            let cells: Vec<Cell> = diesel::sql_query(format!(
                "SELECT rowid AS place, typeof(\"{column}\") AS kind, hex(\"{column}\") AS hex, {name} AS name \
                 FROM {table} WHERE {of_case} AND \"{column}\" IS NOT NULL"
            ))
            .load(&mut conn)
            .unwrap();
            for cell in cells.iter().filter(|cell| !cell.hex.is_empty()) {
                let mut set = |value: &str| {
                    let sql =
                        format!("UPDATE {table} SET \"{column}\" = {value} WHERE rowid = {}", cell.place);
                    diesel::sql_query(sql).execute(&mut conn).is_ok()
                };
                let was = match cell.kind.as_str() {
                    "integer" => String::from_utf8(bytes(&cell.hex)).unwrap(),
                    kind => literal(kind, &bytes(&cell.hex)),
                };
                for value in changed(column, cell) {
                    // Some would break a key of the table: those the database itself refuses.
                    if !set(&value) {
                        continue;
                    }
                    tried += 1;
                    let (_, found) = look(&portal.city.ctx).await;
                    let named = found.iter().any(|fault| names(fault, table, column, cell));
                    assert!(named, "{table}.{column} of {}: {value}\n{found:#?}", cell.name);
                    assert!(set(&was));
                }
            }
        }
    }
    assert!(tried > 600, "{tried}");
    assert_eq!(look(&portal.city.ctx).await.1, [], "everything was put back");
    portal.close().await;
}

/// A few of each kind, in the words of the other database.
#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn bytes_that_are_changed_are_found_and_named_on_postgres() {
    let portal = Portal::open(Database::postgres()).await;
    let case = closed_road_case(&portal).await;
    let flip = |column: &str| format!("{column} = set_byte({column}, 5, get_byte({column}, 5) # 1)");
    for (table, key, change, expected) in [
        ("case_events", "case_id", flip("hash"), "record"),
        ("case_events", "case_id", flip("personal"), "record"),
        ("case_events", "case_id", "event = replace(event, '2026', '2027')".to_owned(), "record"),
        ("case_events", "case_id", "at = at + interval '1 second'".to_owned(), "record"),
        ("case_events", "case_id", "papers = replace(papers, 'a', 'b')".to_owned(), "record"),
        ("letters", "case_id", flip("personal"), "letter"),
        ("letters", "case_id", "document = replace(document, '2026', '2027')".to_owned(), "letter"),
        ("letters", "case_id", "created_at = created_at + interval '1 second'".to_owned(), "letter"),
        ("certificates", "case_id", flip("sealed"), "certificate"),
        ("certificates", "case_id", "seal = seal || 'A'".to_owned(), "certificate"),
        ("cases", "id", flip("personal"), "present state"),
        ("cases", "id", "tick_at = updated_at".to_owned(), "present state"),
    ] {
        let row = of_case(&portal, key, &case);
        let database = &portal.city.database;
        database.tamper(&format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {row}"));
        database.tamper(&format!("UPDATE {table} SET {change} WHERE {row}"));
        let (_, found) = look(&portal.city.ctx).await;
        assert!(found.iter().any(|fault| fault.part.to_string().contains(expected)), "{change}: {found:#?}");
        database.tamper(&format!(
            "DELETE FROM {table} WHERE {row}; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept"
        ));
        assert_eq!(look(&portal.city.ctx).await.1, [], "{change}");
    }
    portal.close().await;
}
