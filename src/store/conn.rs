//! One connection type for both databases. Queries are written once, against
//! [`Conn`]; what must differ is in [`dialect`](super::dialect).

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, SqliteConnection};

use super::error::{Error, Result};

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Where the data is, by the scheme of its URL: `sqlite:PATH` or `postgres://…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    Postgres(String),
    Sqlite(String),
}

/// How long a statement waits for whoever is in its way (SQLite, milliseconds).
pub(super) const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 5000";

impl Location {
    /// # Errors
    /// An unknown scheme is an error, never a fallback.
    pub fn parse(url: &str) -> std::result::Result<Self, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Location::Postgres(url.to_owned()));
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => Ok(Location::Sqlite(path.to_owned())),
            _ => Err(format!(
                "the database URL must begin with `postgres://` or `sqlite:PATH`; `{}` does neither",
                url.split(':').next().unwrap_or_default()
            )),
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Location::Sqlite(_))
    }

    /// A connection that may write.
    pub fn connect(&self) -> Result<Conn> {
        match self {
            Location::Postgres(url) => {
                let mut conn = PgConnection::establish(url)?;
                conn.batch_execute("SET TIME ZONE 'UTC'; SET synchronous_commit = on")
                    .map_err(Error::from)?;
                Ok(Conn::Pg(conn))
            }
            Location::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path)?;
                // FULL: an acknowledged commit survives power loss. Checkpoints are
                // the business of a thread of their own, never of a writer.
                conn.batch_execute(BUSY_TIMEOUT)?;
                conn.batch_execute(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;",
                )
                .map_err(Error::from)?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }

    /// A connection that cannot write.
    pub fn connect_to_read(&self) -> Result<Conn> {
        let mut conn = self.connect()?;
        match &mut conn {
            Conn::Pg(pg) => pg.batch_execute("SET default_transaction_read_only = on"),
            Conn::Sqlite(sqlite) => sqlite.batch_execute("PRAGMA query_only = ON"),
        }
        .map_err(Error::from)?;
        Ok(conn)
    }
}
