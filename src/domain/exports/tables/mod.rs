//! A guide as the tables of GB/T 39046 (实施清单): item, materials, fees, legal
//! basis, flow, results and so on, under the standard's names. What the standard
//! has no column for stands in columns and tables of our own, whose codes begin
//! with `x_`; so that the tables hold all of a guide and give it back.

mod cells;
mod columns;
mod csv;
mod flat;
mod import;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::About;
use crate::domain::cases::history::hex;
use crate::domain::guides::{Guide, Outline, outline};

pub use csv::{csv, csv_files};
pub use import::{TableProblem, from_csv, from_json};

/// What the JSON document says it is.
const FORMAT: &str = "wanshitong-guide-tables/1";

/// A table: its stable code, its Chinese name, its columns, and where its rows are.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    pub code: &'static str,
    pub name: &'static str,
    rows: Rows,
    columns: &'static [Column],
}

/// Where the rows of a table are in the flat guide.
#[derive(Debug, Clone, Copy)]
enum Rows {
    /// The guide itself is the one row.
    Whole,
    /// The items of the list at this path.
    Of(&'static str),
}

/// A column: its stable code, its Chinese name, what stands in it.
#[derive(Debug, Clone, Copy)]
struct Column {
    code: &'static str,
    name: &'static str,
    kind: Kind,
}

/// What stands in a column, and where it is in a row.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text(&'static str),
    Number(&'static str),
    /// 是 or 否.
    Flag(&'static str),
    /// A word of a fixed list, with what the table writes for it.
    Word(&'static str, &'static [(&'static str, &'static str)]),
    /// Several of them.
    Words(&'static str, &'static [(&'static str, &'static str)]),
    Texts(&'static str),
    /// A part that has no form as a cell, as JSON.
    Json(&'static str),
    /// Follows from the rest or from the registers; not read on import.
    Stated(fn(&Guide, &About<'_>) -> Option<Cell>),
}

/// A cell as JSON: text, whole number, boolean, list, object; null when empty.
type Cell = Value;

/// The codes of all tables, in their order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    columns::TABLES.iter().map(|table| table.code)
}

/// The table of this code.
pub fn table(code: &str) -> Option<&'static Table> {
    columns::TABLES.iter().find(|table| table.code == code)
}

/// A guide in table form.
pub struct Tables<'a> {
    guide: &'a Guide,
    about: &'a About<'a>,
    flat: Outline,
}

impl<'a> Tables<'a> {
    pub fn new(guide: &'a Guide, about: &'a About<'a>) -> Self {
        Self { guide, about, flat: flat::flatten(outline(guide)) }
    }

    fn rows(&self, table: &Table) -> Vec<Vec<Cell>> {
        let rows = match table.rows {
            Rows::Whole => std::slice::from_ref(&self.flat),
            Rows::Of(path) => self.flat.at(path).map(Outline::items).unwrap_or_default(),
        };
        rows.iter().map(|row| table.columns.iter().map(|column| self.cell(column, row)).collect()).collect()
    }

    fn cell(&self, column: &Column, row: &Outline) -> Cell {
        match column.kind {
            Kind::Stated(state) => state(self.guide, self.about).unwrap_or_default(),
            kind => cells::of(kind, row),
        }
    }

    /// All tables as one document.
    pub fn to_json(&self) -> String {
        let tables = columns::TABLES.iter().map(|table| TableView {
            code: table.code,
            name: table.name,
            columns: table
                .columns
                .iter()
                .map(|Column { code, name, .. }| ColumnView { code, name })
                .collect(),
            rows: self.rows(table).into_iter().map(|cells| RowView { table, cells }).collect(),
        });
        let document = Document {
            format: FORMAT,
            standard: "GB/T 39046—2020",
            guide: self.guide.code.as_str(),
            content_hash: hex(&self.guide.content_hash()),
            tables: tables.collect(),
        };
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    standard: &'static str,
    guide: &'a str,
    /// Of the guide, so that whoever imports can tell that nothing was lost.
    content_hash: String,
    tables: Vec<TableView>,
}

#[derive(Serialize)]
struct TableView {
    code: &'static str,
    name: &'static str,
    columns: Vec<ColumnView>,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct ColumnView {
    code: &'static str,
    name: &'static str,
}

/// A row as an object, in the order of the columns and without empty cells.
struct RowView {
    table: &'static Table,
    cells: Vec<Cell>,
}

impl Serialize for RowView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        for (column, cell) in self.table.columns.iter().zip(&self.cells) {
            if !cell.is_null() {
                row.serialize_entry(column.code, cell)?;
            }
        }
        row.end()
    }
}
