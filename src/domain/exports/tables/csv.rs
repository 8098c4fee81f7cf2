//! Tables as CSV (RFC 4180) for people with a spreadsheet: UTF-8 with a byte
//! order mark, Chinese names with the codes in the header. A cell that a
//! spreadsheet would run as a formula, or would round as a number, is written
//! after an apostrophe; reading takes exactly one away again.

use super::{Table, Tables, cells, columns};

/// What spreadsheets take for the beginning of a formula, also in full width.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];
/// Digits beyond which a spreadsheet keeps a number only nearly.
const EXACT_DIGITS: usize = 11;
pub(super) const MARK: &str = "\u{feff}";

/// One table as a file.
pub fn csv(tables: &Tables<'_>, table: &Table) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let header = table.columns.iter().map(|column| format!("{}({})", column.name, column.code));
    let mut written = writer.write_record(header);
    for row in tables.rows(table) {
        let cells =
            table.columns.iter().zip(&row).map(|(column, cell)| guarded(&cells::to_text(column.kind, cell)));
        written = written.and_then(|()| writer.write_record(cells));
    }
    debug_assert!(written.is_ok(), "rows have as many cells as the header");
    let bytes = writer.into_inner().unwrap_or_default();
    format!("{MARK}{}", String::from_utf8(bytes).unwrap_or_default())
}

/// Every table that has rows: names of files and their contents.
pub fn csv_files(tables: &Tables<'_>) -> Vec<(String, String)> {
    let some = columns::TABLES.iter().filter(|table| !tables.rows(table).is_empty());
    some.map(|table| (format!("{}.csv", table.code), csv(tables, table))).collect()
}

fn guarded(cell: &str) -> String {
    if needs_guard(cell) { format!("'{cell}") } else { cell.to_owned() }
}

fn needs_guard(cell: &str) -> bool {
    let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
    let is_rounded = digits && (cell.len() > EXACT_DIGITS || (cell.len() > 1 && cell.starts_with('0')));
    let begins = cell.trim_start_matches([' ', '\u{3000}']);
    is_rounded || cell.starts_with('\'') || begins.starts_with(FORMULA)
}

/// What was written in a cell.
pub(super) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}
