//! Reads CSV files people prepare: a header that must match, then rows. One bad
//! row does not hide the next: every wrong row is reported with its line and
//! everything wrong in it, and a file is taken whole or not at all.
//!
//! UTF-8, with or without a byte order mark; blanks around a field are dropped;
//! blank lines are skipped.

use std::array;
use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use csv::{ByteRecord, Position, ReaderBuilder, Trim};

use super::codes::CodeError;
use super::text::Text;

/// Something wrong in one row. Lines count from 1, the header's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    pub line: u64,
    pub reason: Text,
}

/// What was read: the good rows with their lines, and the errors so far.
pub(super) struct Table<T> {
    pub rows: Vec<(u64, T)>,
    errors: Vec<RowError>,
}

/// What is wrong with the row at hand.
pub(super) struct Faults {
    reasons: Vec<Text>,
}

impl Faults {
    /// Notes one fault: what is wrong and what to do.
    pub fn add(&mut self, zh: impl Into<String>, en: impl Into<String>) {
        self.reasons.push(Text::new(zh, en));
    }

    /// The value, or a note of why there is none.
    pub fn keep<T>(&mut self, parsed: Result<T, CodeError>) -> Option<T> {
        parsed.map_err(|error| self.reasons.push(error.detail)).ok()
    }

    /// Notes that `key` was on an earlier line, or remembers that it is on this one.
    pub fn unique<K: Clone + Eq + Hash + Display>(
        &mut self,
        lines: &mut HashMap<K, u64>,
        key: &K,
        line: u64,
    ) {
        if let Some(earlier) = lines.get(key) {
            self.add(
                format!("{key} 已在第 {earlier} 行出现，请删去一行或改正代码。"),
                format!("{key} is already on line {earlier}; remove one of the two or correct its code."),
            );
        } else {
            lines.insert(key.clone(), line);
        }
    }

    /// A name in column `column`: not empty, at most `longest` characters, no
    /// control characters.
    pub fn name(&mut self, column: &str, value: &str, longest: usize) -> String {
        if value.is_empty() {
            self.add(
                format!("{column} 列为空，请填写。"),
                format!("The column {column} is empty; fill it in."),
            );
        }
        let length = value.chars().count();
        if length > longest {
            self.add(
                format!("{column} 列有 {length} 个字符，最多 {longest} 个，请缩短。"),
                format!("The column {column} has {length} characters; shorten it to at most {longest}."),
            );
        }
        if value.chars().any(char::is_control) {
            self.add(
                format!("{column} 列含有换行等控制字符，请删去。"),
                format!("The column {column} has a line break or other control character; remove it."),
            );
        }
        value.to_owned()
    }
}

impl<T> Table<T> {
    /// Reads a file whose header is exactly `columns`. `parse` makes a value of
    /// one row (its line, its fields); a row it finds fault with is left out.
    pub fn read<const N: usize>(
        csv: &[u8],
        columns: [&str; N],
        mut parse: impl FnMut(u64, [&str; N], &mut Faults) -> Option<T>,
    ) -> Self {
        let mut table = Self { rows: Vec::new(), errors: Vec::new() };
        let mut reader =
            ReaderBuilder::new().flexible(true).has_headers(false).trim(Trim::All).from_reader(csv);
        let mut record = ByteRecord::new();
        let mut at_header = true;
        loop {
            let line = line_of_next_record(csv, reader.position());
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    table.refuse(line, format!("无法读取：{error}。"), format!("Unreadable: {error}."));
                    break;
                }
            }
            if at_header {
                at_header = false;
                if !record.iter().eq(columns.map(str::as_bytes)) {
                    break table.refuse_header(line, &columns);
                }
                continue;
            }
            let mut faults = Faults { reasons: Vec::new() };
            let value =
                fields(&record, columns, &mut faults).and_then(|fields| parse(line, fields, &mut faults));
            match value {
                Some(value) if faults.reasons.is_empty() => table.rows.push((line, value)),
                Some(_) | None => {
                    table.errors.extend(faults.reasons.into_iter().map(|reason| RowError { line, reason }))
                }
            }
        }
        if at_header {
            table.refuse_header(1, &columns);
        }
        table
    }

    /// Reports a fault that only shows once all rows are known.
    pub fn refuse(&mut self, line: u64, zh: impl Into<String>, en: impl Into<String>) {
        self.errors.push(RowError { line, reason: Text::new(zh, en) });
    }

    /// Refuses a file that has nothing but its header.
    pub fn refuse_when_empty(&mut self) {
        if self.rows.is_empty() && self.errors.is_empty() {
            self.refuse(
                1,
                "文件中没有数据行，请至少填写一行。",
                "The file has no rows under its header; add at least one.",
            );
        }
    }

    /// All rows in the file's order, or all errors in the order of their lines.
    pub fn finish(mut self) -> Result<Vec<T>, Vec<RowError>> {
        if self.errors.is_empty() {
            return Ok(self.rows.into_iter().map(|(_, value)| value).collect());
        }
        self.errors.sort_by_key(|error| error.line);
        Err(self.errors)
    }

    fn refuse_header(&mut self, line: u64, columns: &[&str]) {
        let columns = columns.join(",");
        self.refuse(
            line,
            format!("表头应为 {columns}，请按此改正首行。"),
            format!("The header must be {columns}; correct the first line."),
        );
    }
}

/// The reader stands right behind the last record, maybe before the rest of its
/// line end and before blank lines, which it will skip.
fn line_of_next_record(csv: &[u8], position: &Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|start| csv.get(start..));
    let skipped = rest.unwrap_or_default().iter().take_while(|byte| b"\r\n".contains(byte));
    position.line() + skipped.map(|byte| u64::from(*byte == b'\n')).sum::<u64>()
}

/// The fields of a row as text, one for each column.
fn fields<'r, const N: usize>(
    record: &'r ByteRecord,
    columns: [&str; N],
    faults: &mut Faults,
) -> Option<[&'r str; N]> {
    if record.len() != N {
        let found = record.len();
        faults.add(
            format!("应有 {N} 列，现有 {found} 列。含逗号的内容请用双引号括起。"),
            format!(
                "The row has {found} fields instead of {N}. Put quotes around a field with a comma in it."
            ),
        );
        return None;
    }
    let texts: [Option<&str>; N] =
        array::from_fn(|index| record.get(index).and_then(|field| std::str::from_utf8(field).ok()));
    for (column, text) in columns.iter().zip(texts) {
        if text.is_none() {
            faults.add(
                format!("{column} 列不是 UTF-8 编码。请将文件另存为 UTF-8。"),
                format!("The column {column} is not UTF-8. Save the file as UTF-8."),
            );
        }
    }
    texts.iter().all(Option::is_some).then(|| texts.map(Option::unwrap_or_default))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Told = (u64, String);

    fn read(csv: &[u8]) -> Result<Vec<Told>, Vec<Told>> {
        Table::read(csv, ["code", "name"], |line, [_, name], faults| {
            Some((line, faults.name("name", name, 3)))
        })
        .finish()
        .map_err(|errors| errors.into_iter().map(|e| (e.line, e.reason.en)).collect())
    }

    #[test]
    fn a_byte_order_mark_blanks_and_quotes_are_tolerated() {
        let rows = read(b"\xef\xbb\xbfcode,name\r\n 1 , a \r\n2,\"b,c\"\r\n").unwrap();
        assert_eq!(rows, [(2, "a".to_owned()), (3, "b,c".to_owned())]);
    }

    #[test]
    fn lines_are_those_of_the_file_across_blank_lines_and_quoted_breaks() {
        let wrong = read(b"code,name\n\n1,abcd\n\r\n\n2,\"a\nb\"\n3,\n4,abcd").unwrap_err();
        let lines: Vec<u64> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 6, 8, 9], "{wrong:?}");
    }

    #[test]
    fn a_wrong_header_is_the_only_error_told() {
        for csv in [&b""[..], b"code\n1,2\n", b"name,code\n1,2\n", b"code,name,more\n1,2\n"] {
            let wrong = read(csv).unwrap_err();
            assert_eq!(wrong.len(), 1);
            assert_eq!(wrong[0].0, 1);
            assert!(wrong[0].1.contains("code,name"));
        }
    }

    #[test]
    fn every_wrong_row_is_told() {
        let wrong = read(b"code,name\n1\n2,\xff\n3,ok\n4,a,b\n5,\n").unwrap_err();
        let lines: Vec<u64> = wrong.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 5, 6]);
    }
}
