//! The tables as each database's migrations leave them and as diesel is told of them.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// Table → column → whether it may be absent.
type Tables = BTreeMap<String, BTreeMap<String, bool>>;

const FLOORS: [&str; 2] = ["sqlite", "postgres"];

/// Both databases take the same steps and arrive at the same tables, columns and
/// indexes, and those are the ones in `src/store/schema.rs`.
pub fn agree(files: &[Source]) -> Vec<String> {
    let [sqlite, postgres] = FLOORS.map(|floor| steps(files, floor));
    let mut found = difference("migrations", &sqlite, "sqlite", &postgres, "postgres");
    let [(sqlite, sqlite_indexes), (postgres, postgres_indexes)] = FLOORS.map(|floor| build(files, floor));
    let (sqlite, postgres) = (flat(&sqlite), flat(&postgres));
    found.extend(difference("columns", &sqlite, "sqlite", &postgres, "postgres"));
    found.extend(difference("indexes", &sqlite_indexes, "sqlite", &postgres_indexes, "postgres"));
    let diesel: Tables =
        files.iter().filter(|file| file.path == "src/store/schema.rs").flat_map(told).collect();
    found.extend(difference("columns", &sqlite, "sqlite", &flat(&diesel), "src/store/schema.rs"));
    found
}

/// The files of one database's migrations, without its name.
fn steps(files: &[Source], floor: &str) -> BTreeSet<String> {
    let prefix = format!("migrations/{floor}/");
    files.iter().filter_map(|file| file.path.strip_prefix(&prefix)).map(str::to_owned).collect()
}

fn difference(
    what: &str,
    left: &BTreeSet<String>,
    left_name: &str,
    right: &BTreeSet<String>,
    right_name: &str,
) -> Vec<String> {
    let missing = |from: &BTreeSet<String>, to: &BTreeSet<String>, name: &str| -> Vec<String> {
        from.difference(to).map(|each| format!("{what}: {name} lacks `{each}`")).collect()
    };
    [missing(left, right, right_name), missing(right, left, left_name)].concat()
}

fn flat(tables: &Tables) -> BTreeSet<String> {
    let line = |table: &str, column: &str, absent: bool| {
        format!("{table}.{column}{}", if absent { "" } else { " NOT NULL" })
    };
    let columns = tables.iter().flat_map(|(table, columns)| {
        columns.iter().map(move |(column, absent)| line(table, column, *absent))
    });
    columns.collect()
}

/// Takes the steps in the order of their names.
fn build(files: &[Source], floor: &str) -> (Tables, BTreeSet<String>) {
    let prefix = format!("migrations/{floor}/");
    let mut ups: Vec<&Source> = files
        .iter()
        .filter(|file| file.path.starts_with(&prefix) && file.path.ends_with("/up.sql"))
        .collect();
    ups.sort_by(|left, right| left.path.cmp(&right.path));
    let mut tables = Tables::new();
    let mut indexes = BTreeSet::new();
    for statement in ups.iter().flat_map(|up| statements(&up.text)) {
        step(&statement, &mut tables, &mut indexes);
    }
    (tables, indexes)
}

fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let spaced = code.join(" ").replace('(', " ( ").replace(')', " ) ").replace(',', " , ").replace('"', "");
    spaced.split(';').map(|each| each.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn step(statement: &str, tables: &mut Tables, indexes: &mut BTreeSet<String>) {
    let words: Vec<&str> = statement.split(' ').collect();
    match words.as_slice() {
        ["CREATE", "TABLE", table, "(", body @ ..] => {
            tables.insert((*table).to_owned(), columns(body));
        }
        ["DROP", "TABLE", table] => {
            tables.remove(*table);
        }
        ["ALTER", "TABLE", table, "RENAME", "TO", new] => {
            let moved = tables.remove(*table).unwrap_or_default();
            tables.insert((*new).to_owned(), moved);
        }
        ["ALTER", "TABLE", table, "ADD", "COLUMN", column @ ..] => {
            tables.entry((*table).to_owned()).or_default().extend(columns(column));
        }
        ["ALTER", "TABLE", table, "DROP", "COLUMN", column] => {
            tables.entry((*table).to_owned()).or_default().remove(*column);
        }
        ["CREATE", "INDEX", name, "ON", table, ..] => {
            indexes.insert(format!("{name} ON {table}"));
        }
        ["CREATE", "UNIQUE", "INDEX", name, "ON", table, ..] => {
            indexes.insert(format!("UNIQUE {name} ON {table}"));
        }
        ["DROP", "INDEX", name] => indexes.retain(|index| !index.contains(&format!("{name} ON "))),
        // What moves rows changes no table; whatever else changes one is not known here.
        ["" | "INSERT" | "UPDATE" | "DELETE", ..] => {}
        _ => {
            indexes.insert(format!("a statement this guard cannot read: {statement}"));
        }
    }
}

/// The columns of a `CREATE TABLE` or `ADD COLUMN`.
fn columns(body: &[&str]) -> BTreeMap<String, bool> {
    let mut depth = 0;
    let outer = body.split(|word| {
        depth += i32::from(*word == "(") - i32::from(*word == ")");
        *word == "," && depth == 0
    });
    let column = |words: &[&str]| {
        let (name, rest) = words.split_first()?;
        let constraint = ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"].contains(name);
        let absent = !rest.windows(2).any(|pair| pair == ["NOT", "NULL"]);
        (!constraint).then(|| ((*name).to_owned(), absent))
    };
    outer.filter_map(column).collect()
}

/// The tables of diesel's `table!` declarations.
fn told(schema: &Source) -> Tables {
    let tokens = schema.tokens();
    let words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
    let mut tables = Tables::new();
    let mut table = String::new();
    for (at, word) in words.iter().enumerate() {
        match words[at + 1..] {
            // The head of a table: its name, then its key in parentheses, then a brace.
            ["(", ..] if !word.is_empty() && is_head(&words[at + 1..]) => (*word).clone_into(&mut table),
            ["-", ">", sql_type, ..] => {
                let absent = sql_type == "Nullable";
                tables.entry(table.clone()).or_default().insert((*word).to_owned(), absent);
            }
            _ => {}
        }
    }
    tables
}

fn is_head(rest: &[&str]) -> bool {
    let close = rest.iter().position(|word| *word == ")");
    close.is_some_and(|close| rest.get(close + 1) == Some(&"{"))
}
