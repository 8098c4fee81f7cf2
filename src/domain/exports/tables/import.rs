//! From tables back to the text of a guide file, for the reader of guide files to
//! judge: whether what the tables say is a guide, nobody but the reader decides.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::csv::{MARK, unguarded};
use super::{Cell, Column, FORMAT, Kind, Rows, Table, cells, codes, flat, table};
use crate::domain::guides::Outline;
use crate::domain::text::Text;

/// What is wrong in a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// The code of the table, or the name of the file.
    pub table: String,
    /// Counted from 1, without the header; 0 for the table as a whole.
    pub row: usize,
    /// The code of the column; empty for the row as a whole.
    pub column: String,
    pub reason: Text,
}

#[derive(Deserialize)]
struct Document {
    format: String,
    tables: Vec<TableBody>,
}

#[derive(Deserialize)]
struct TableBody {
    code: String,
    rows: Vec<Map<String, Value>>,
}

/// The guide file the document of [`Tables::to_json`](super::Tables::to_json) stands for.
///
/// # Errors
/// Everything that cannot be read as tables.
pub fn from_json(text: &str) -> Result<String, Vec<TableProblem>> {
    let document: Document = serde_json::from_str(text).map_err(|error| {
        vec![whole(
            "",
            format!("不是表格文档：{error}。"),
            format!("This is no document of tables: {error}."),
        )]
    })?;
    if document.format != FORMAT {
        let (zh, en) = (format!("只认识格式 {FORMAT}。"), format!("Only the format {FORMAT} is known."));
        return Err(vec![whole("", zh, en)]);
    }
    let mut import = Import::default();
    for body in document.tables {
        let Some(table) = import.table(&body.code) else { continue };
        for (index, row) in body.rows.into_iter().enumerate() {
            let cells = row.into_iter().filter(|(_, cell)| !cell.is_null()).collect();
            import.row(table, index + 1, cells);
        }
    }
    import.done()
}

/// The guide file these CSV files stand for: names, with or without `.csv`, and contents.
///
/// # Errors
/// Everything that cannot be read as tables.
pub fn from_csv(files: &[(String, String)]) -> Result<String, Vec<TableProblem>> {
    let mut import = Import::default();
    for (name, text) in files {
        let Some(table) = import.table(name.strip_suffix(".csv").unwrap_or(name)) else { continue };
        import.csv(table, text.strip_prefix(MARK).unwrap_or(text));
    }
    import.done()
}

fn whole(table: &str, zh: impl Into<String>, en: impl Into<String>) -> TableProblem {
    TableProblem { table: table.to_owned(), row: 0, column: String::new(), reason: Text::new(zh, en) }
}

struct Import {
    flat: Outline,
    problems: Vec<TableProblem>,
}

impl Default for Import {
    fn default() -> Self {
        Self { flat: Outline::Mapping(Vec::new()), problems: Vec::new() }
    }
}

impl Import {
    fn table(&mut self, code: &str) -> Option<&'static Table> {
        let known = table(code);
        if known.is_none() {
            let all: Vec<_> = codes().collect();
            self.problems.push(whole(
                code,
                format!("没有表“{code}”，可用：{}。", all.join("、")),
                format!("There is no table “{code}”; there are {}.", all.join(", ")),
            ));
        }
        known
    }

    fn csv(&mut self, table: &'static Table, text: &str) {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut columns: Option<Vec<String>> = None;
        for (row, record) in reader.records().enumerate() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let (zh, en) = (format!("无法读取：{error}。"), format!("Unreadable: {error}."));
                    return self.problems.push(whole(table.code, zh, en));
                }
            };
            let Some(columns) = &columns else {
                columns = Some(record.iter().map(|cell| code_of(cell).to_owned()).collect());
                continue;
            };
            let mut cells = Map::new();
            for (code, text) in columns.iter().zip(&record).filter(|(_, text)| !text.is_empty()) {
                let kind = table.columns.iter().find(|column| column.code == code).map(|column| column.kind);
                // A column nobody knows is refused with its row.
                let cell = kind.map_or(Ok(Value::from(text)), |kind| cells::from_text(kind, unguarded(text)));
                match cell {
                    Ok(cell) => drop(cells.insert(code.clone(), cell)),
                    Err(reason) => self.refuse(table, row, code, reason),
                }
            }
            if !cells.is_empty() {
                self.row(table, row, cells);
            }
        }
    }

    fn row(&mut self, table: &'static Table, number: usize, cells: Map<String, Cell>) {
        let mut row = Outline::Mapping(Vec::new());
        for code in cells.keys().filter(|code| column(table, code).is_none()) {
            let all: Vec<_> = table.columns.iter().map(|column| column.code).collect();
            let reason = Text::new(
                format!("没有这一列，可用：{}。", all.join("、")),
                format!("There is no such column; there are {}.", all.join(", ")),
            );
            self.refuse(table, number, code, reason);
        }
        for Column { code, kind, .. } in table.columns {
            let (Some(cell), Some(path)) = (cells.get(*code), cells::path(*kind)) else { continue };
            match cells::to_outline(*kind, cell) {
                Ok(value) => row.put(path, value),
                Err(reason) => self.refuse(table, number, code, reason),
            }
        }
        match table.rows {
            Rows::Whole if number > 1 => self.problems.push(TableProblem {
                row: number,
                ..whole(table.code, "这张表只有一行。", "This table has one row.")
            }),
            Rows::Whole => {
                for Column { kind, .. } in table.columns {
                    let Some(path) = cells::path(*kind) else { continue };
                    if let Some(value) = row.at(path) {
                        self.flat.put(path, value.clone());
                    }
                }
            }
            Rows::Of(path) => {
                let mut rows = self.flat.at(path).map(Outline::items).unwrap_or_default().to_vec();
                rows.push(row);
                self.flat.put(path, Outline::List(rows));
            }
        }
    }

    fn refuse(&mut self, table: &Table, row: usize, column: &str, reason: Text) {
        let (table, column) = (table.code.to_owned(), column.to_owned());
        self.problems.push(TableProblem { table, row, column, reason });
    }

    fn done(self) -> Result<String, Vec<TableProblem>> {
        match self.problems.as_slice() {
            [] => Ok(flat::restore(self.flat).to_yaml()),
            _ => Err(self.problems),
        }
    }
}

fn column(table: &'static Table, code: &str) -> Option<Kind> {
    table.columns.iter().find(|column| column.code == code).map(|column| column.kind)
}

/// The code in a header such as `事项名称(name)`, or the header itself.
fn code_of(header: &str) -> &str {
    let header = header.trim();
    let inner = header.strip_suffix([')', '）']).and_then(|rest| rest.rsplit_once(['(', '（']));
    inner.map_or(header, |(_, code)| code).trim()
}
