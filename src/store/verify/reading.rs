//! Reading rows that may be damaged: one that does not read is told of, and does not
//! keep the others from being read.

use diesel::QueryResult;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::store::conn::Conn;
use crate::store::dialect;
use crate::store::error::Result;

/// A row, or the key of one that is not what its columns should hold, and why.
pub(super) type Read<Row, K> = std::result::Result<Row, (K, String)>;

/// Several reads that see the same state of the database.
pub(in crate::store) fn in_one_moment<T>(
    conn: &mut Conn,
    read: impl FnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    if dialect::begin_to_read(conn).is_err() {
        // What was read before may have ended in the middle.
        let _ = dialect::rollback(conn);
        dialect::begin_to_read(conn)?;
    }
    let found = read(conn);
    dialect::rollback(conn)?;
    found
}

/// All rows at once; where one of them does not read, each for itself. `unnamed` is
/// what a row is told as when not even its key reads.
pub(super) fn row_by_row<Row, K: Clone>(
    conn: &mut Conn,
    unnamed: K,
    all: impl FnOnce(&mut Conn) -> QueryResult<Vec<Row>>,
    keys: impl FnOnce(&mut Conn) -> QueryResult<Vec<K>>,
    one: impl Fn(&mut Conn, K) -> QueryResult<Row>,
) -> QueryResult<Vec<Read<Row, K>>> {
    use diesel::result::Error::DeserializationError;
    match all(conn) {
        Ok(rows) => Ok(rows.into_iter().map(Ok).collect()),
        Err(DeserializationError(_)) => {
            let keys = match keys(conn) {
                Ok(keys) => keys,
                Err(DeserializationError(why)) => {
                    return Ok(vec![Err((unnamed, format!("it cannot be read, and hides others: {why}")))]);
                }
                Err(error) => return Err(error),
            };
            let each = keys.into_iter().map(|key| match one(conn, key.clone()) {
                Ok(row) => Ok(Ok(row)),
                Err(DeserializationError(why)) => Ok(Err((key, format!("it cannot be read: {why}")))),
                Err(error) => Err(error),
            });
            each.collect()
        }
        Err(error) => Err(error),
    }
}

/// JSON that reads, and is written as this program writes it.
pub(super) fn strictly<T: DeserializeOwned>(column: &str, text: &str) -> std::result::Result<T, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("column {column} is no JSON: {error}"))?;
    let written = value.to_string();
    if written != text {
        return Err(format!("column {column} is not as it was written"));
    }
    serde_json::from_value(value).map_err(|error| format!("column {column} does not read: {error}"))
}
