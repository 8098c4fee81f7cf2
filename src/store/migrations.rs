//! Bringing a database to the schema this program was built with.

use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};

use super::conn::{Conn, Location};
use super::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// What `migrate` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrations {
    /// Names of the migrations run now, oldest first; empty when there was nothing to do.
    pub run: Vec<String>,
}

/// Runs every migration that has not run yet.
pub fn migrate(location: &Location) -> Result<Migrations> {
    let mut conn = location.connect()?;
    let run = match &mut conn {
        Conn::Pg(pg) => pg.run_pending_migrations(POSTGRES).map(names),
        Conn::Sqlite(sqlite) => sqlite.run_pending_migrations(SQLITE).map(names),
    };
    run.map(|run| Migrations { run }).map_err(|error| Error::Unavailable(error.to_string()))
}

/// Refuses a database that is behind this program.
pub(super) fn check(location: &Location) -> Result<()> {
    if let Location::Sqlite(path) = location
        && !std::path::Path::new(path).exists()
    {
        return Err(behind());
    }
    let mut conn = location.connect()?;
    let pending = match &mut conn {
        Conn::Pg(pg) => pg.has_pending_migration(POSTGRES),
        Conn::Sqlite(sqlite) => sqlite.has_pending_migration(SQLITE),
    };
    match pending {
        Ok(false) => Ok(()),
        Ok(true) => Err(behind()),
        Err(error) => Err(Error::Unavailable(error.to_string())),
    }
}

fn behind() -> Error {
    Error::Unavailable(
        "its tables are missing or older than this program; run `wanshitong migrate` first".to_owned(),
    )
}

fn names(versions: Vec<diesel::migration::MigrationVersion<'_>>) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}
