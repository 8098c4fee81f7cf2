//! Everything that must differ between the two databases, and nothing else.
//!
//! Hot tables are written on PostgreSQL with one statement per table and batch, see
//! `columns`. SQLite, which has no round trips, takes the rows one by one through a
//! cached statement.

mod columns;
mod explain;
mod work;

use diesel::prelude::*;
use uuid::Uuid;

use columns::{
    ClaimKeys, InsertCaseKeys, InsertCases, InsertCertificates, InsertEvents, InsertGuides, InsertLetters,
    InsertOutbox, InsertRefreshTokens, InsertRegions, Refresh, SupersedeGuides, UpdateCases,
};

use super::cases::{OpeningRow, PaperRow};
use super::catalog::{GuideRow, Supersession};
use super::conn::Conn;
use super::organisation::RegionRow;
pub(super) use explain::explain;
pub(super) use work::{add_balances, claim_case, put_work};

use super::rows::{
    CaseEventRow, CaseKeyRow, CaseRow, CaseUpdate, CertificateRow, IdempotencyRow, LetterRow, OutboxRow,
    RefreshRow, RefreshTokenRow,
};
use super::schema::{
    case_events, case_keys, cases, certificates, fences, guides, idempotency, letter_openings, letter_papers,
    letters, number_series, outbox, refresh_tokens, regions, sessions, used_proofs,
};
use super::types::{At, Key};

/// Inserts rows into one hot table, in whichever way is fastest.
macro_rules! bulk_insert {
    ($(#[$doc:meta])* $function:ident, $row:ty, $statement:ident, $table:ident) => {
        $(#[$doc])*
        pub(super) fn $function(conn: &mut Conn, rows: &[&$row]) -> QueryResult<()> {
            if rows.is_empty() {
                return Ok(());
            }
            match conn {
                Conn::Pg(pg) => $statement::of(rows.iter().copied()).execute(pg).map(drop),
                Conn::Sqlite(sqlite) => rows.iter().try_for_each(|row| {
                    diesel::insert_into($table::table).values(*row).execute(sqlite).map(drop)
                }),
            }
        }
    };
}

bulk_insert!(insert_cases, CaseRow, InsertCases, cases);
bulk_insert!(insert_case_events, CaseEventRow, InsertEvents, case_events);
bulk_insert!(insert_case_keys, CaseKeyRow, InsertCaseKeys, case_keys);
bulk_insert!(insert_letters, LetterRow, InsertLetters, letters);
bulk_insert!(insert_certificates, CertificateRow, InsertCertificates, certificates);
bulk_insert!(insert_outbox, OutboxRow, InsertOutbox, outbox);
bulk_insert!(insert_guides, GuideRow, InsertGuides, guides);
bulk_insert!(insert_refresh_tokens, RefreshTokenRow, InsertRefreshTokens, refresh_tokens);

/// Inserts a row unless one with its key is there already.
macro_rules! insert_once {
    ($(#[$doc:meta])* $function:ident, $row:ty, $table:ident) => {
        $(#[$doc])*
        pub(super) fn $function(conn: &mut Conn, row: &$row) -> QueryResult<()> {
            macro_rules! insert {
                ($conn:expr) => {
                    diesel::insert_into($table::table).values(row).on_conflict_do_nothing().execute($conn)
                };
            }
            match conn {
                Conn::Pg(pg) => insert!(pg),
                Conn::Sqlite(sqlite) => insert!(sqlite),
            }
            .map(drop)
        }
    };
}

insert_once!(
    /// The first opening of a letter is the one that counts.
    insert_opening, OpeningRow, letter_openings
);
insert_once!(
    /// What a letter was printed as first is what it stays.
    insert_paper, PaperRow, letter_papers
);

/// Inserts regions, replacing those of the same code. A province has 20,000.
pub(super) fn replace_regions(conn: &mut Conn, rows: &[RegionRow]) -> QueryResult<()> {
    match conn {
        Conn::Pg(pg) => InsertRegions::of(rows.iter()).execute(pg).map(drop),
        Conn::Sqlite(sqlite) => rows
            .iter()
            .try_for_each(|row| diesel::replace_into(regions::table).values(row).execute(sqlite).map(drop)),
    }
}

/// Tells older versions of guides when a newer one takes their place. What was
/// superseded before then stays so.
pub(super) fn supersede_guides(conn: &mut Conn, rows: &[Supersession]) -> QueryResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    match conn {
        Conn::Pg(pg) => SupersedeGuides::of(rows.iter()).execute(pg).map(drop),
        Conn::Sqlite(sqlite) => rows.iter().try_for_each(|row| {
            let older = guides::table
                .filter(guides::code.eq(&row.code))
                .filter(guides::version.lt(row.version))
                .filter(guides::superseded_at.is_null().or(guides::superseded_at.gt(row.at)));
            diesel::update(older).set(guides::superseded_at.eq(Some(row.at))).execute(sqlite).map(drop)
        }),
    }
}

/// Claims idempotency keys; gives those that were free. In order of the key, so that
/// two writers never wait for each other crosswise.
pub(super) fn claim_keys(conn: &mut Conn, rows: &mut [&IdempotencyRow]) -> QueryResult<Vec<Vec<u8>>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    match conn {
        Conn::Pg(pg) => ClaimKeys::of(rows.iter().copied()).load(pg),
        Conn::Sqlite(sqlite) => {
            let mut claimed = Vec::with_capacity(rows.len());
            for row in rows {
                if diesel::insert_or_ignore_into(idempotency::table).values(*row).execute(sqlite)? == 1 {
                    claimed.push(row.key.clone());
                }
            }
            Ok(claimed)
        }
    }
}

/// Writes the new state of cases that are still at the version they were read
/// at; gives those. In order of id, so that two writers never lock crosswise.
pub(super) fn update_cases(conn: &mut Conn, updates: &mut [&CaseUpdate]) -> QueryResult<Vec<Uuid>> {
    if updates.is_empty() {
        return Ok(Vec::new());
    }
    updates.sort_by_key(|update| update.row.id);
    match conn {
        Conn::Pg(pg) => {
            let done: Vec<Key> = UpdateCases::of(updates.iter().copied()).load(pg)?;
            Ok(done.into_iter().map(|key| key.0).collect())
        }
        Conn::Sqlite(sqlite) => {
            let mut done = Vec::with_capacity(updates.len());
            for update in updates {
                let row = cases::table.filter(cases::id.eq(update.row.id));
                let unchanged = row
                    .filter(cases::version.eq(update.expected_version))
                    .filter(diesel::SqliteExpressionMethods::is(cases::data_key, &update.expected_key));
                if diesel::update(unchanged).set(&update.row).execute(sqlite)? == 1 {
                    done.push(update.row.id.0);
                }
            }
            Ok(done)
        }
    }
}

/// Uses refresh tokens up that nobody used before and whose sessions last; gives
/// those. In order of the session, so that two writers never lock crosswise.
pub(super) fn refresh(conn: &mut Conn, refreshes: &mut [&RefreshRow]) -> QueryResult<Vec<Vec<u8>>> {
    if refreshes.is_empty() {
        return Ok(Vec::new());
    }
    refreshes.sort_by_key(|refresh| refresh.session);
    match conn {
        Conn::Pg(pg) => Refresh::of(refreshes.iter().copied()).load(pg),
        Conn::Sqlite(sqlite) => {
            let mut done = Vec::with_capacity(refreshes.len());
            for refresh in refreshes {
                let current = refresh_tokens::table
                    .filter(refresh_tokens::digest.eq(&refresh.used))
                    .filter(refresh_tokens::rotated_at.is_null());
                let rotated = refresh_tokens::rotated_at.eq(refresh.at);
                let live = sessions::table
                    .filter(sessions::id.eq(refresh.session))
                    .filter(sessions::revoked_at.is_null());
                let touched = sessions::last_used_at.eq(refresh.at);
                if diesel::update(current).set(rotated).execute(sqlite)? == 1
                    && diesel::update(live).set(touched).execute(sqlite)? == 1
                {
                    done.push(refresh.used.clone());
                }
            }
            Ok(done)
        }
    }
}

/// Remembers a proof that is good once; false when it had been used before.
pub(super) fn use_proof(conn: &mut Conn, digest: &[u8], expires_at: At) -> QueryResult<bool> {
    macro_rules! insert {
        ($conn:expr) => {
            diesel::insert_into(used_proofs::table)
                .values((used_proofs::digest.eq(digest), used_proofs::expires_at.eq(expires_at)))
                .on_conflict_do_nothing()
                .execute($conn)
        };
    }
    let inserted = match conn {
        Conn::Pg(pg) => insert!(pg),
        Conn::Sqlite(sqlite) => insert!(sqlite),
    };
    inserted.map(|rows| rows == 1)
}

/// Takes the next `count` numbers of a series; gives the last of them.
pub(super) fn reserve_numbers(conn: &mut Conn, series: &str, count: i64) -> QueryResult<i64> {
    macro_rules! upsert {
        ($conn:expr) => {
            diesel::insert_into(number_series::table)
                .values((number_series::series.eq(series), number_series::last.eq(count)))
                .on_conflict(number_series::series)
                .do_update()
                .set(number_series::last.eq(number_series::last + count))
                .returning(number_series::last)
                .get_result($conn)
        };
    }
    match conn {
        Conn::Pg(pg) => upsert!(pg),
        Conn::Sqlite(sqlite) => upsert!(sqlite),
    }
}

/// Begins a transaction that will write.
pub(super) fn begin(conn: &mut Conn) -> QueryResult<()> {
    use diesel::connection::SimpleConnection as _;
    match conn {
        Conn::Pg(pg) => pg.batch_execute("BEGIN"),
        Conn::Sqlite(sqlite) => sqlite.batch_execute("BEGIN IMMEDIATE"),
    }
}

/// Begins a transaction all reads of which see the same moment.
pub(super) fn begin_to_read(conn: &mut Conn) -> QueryResult<()> {
    use diesel::connection::SimpleConnection as _;
    match conn {
        Conn::Pg(pg) => pg.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        Conn::Sqlite(sqlite) => sqlite.batch_execute("BEGIN"),
    }
}

pub(super) fn commit(conn: &mut Conn) -> QueryResult<()> {
    use diesel::connection::SimpleConnection as _;
    conn.batch_execute("COMMIT")
}

pub(super) fn rollback(conn: &mut Conn) -> QueryResult<()> {
    use diesel::connection::SimpleConnection as _;
    conn.batch_execute("ROLLBACK")
}

/// Marks a point inside a transaction to return to. Repeated, the mark moves.
pub(super) fn savepoint(conn: &mut Conn) -> QueryResult<()> {
    use diesel::connection::SimpleConnection as _;
    conn.batch_execute("SAVEPOINT change")
}

pub(super) fn rollback_to_savepoint(conn: &mut Conn) -> QueryResult<()> {
    use diesel::connection::SimpleConnection as _;
    conn.batch_execute("ROLLBACK TO SAVEPOINT change")
}

/// Leaves a mark inside a transaction on PostgreSQL by which its outcome can be
/// told after the connection broke during COMMIT. SQLite answers in process.
pub(super) fn raise_fence(conn: &mut Conn, id: Uuid, at: At) -> QueryResult<()> {
    match conn {
        Conn::Pg(pg) => diesel::insert_into(fences::table)
            .values((fences::id.eq(Key(id)), fences::created_at.eq(at)))
            .execute(pg)
            .map(drop),
        Conn::Sqlite(_) => Ok(()),
    }
}

/// Whether the transaction that raised this fence committed. Inserting the same
/// mark waits for a transaction still under way, and bars it if it had not begun
/// to commit: after `false` it can never come true.
pub(super) fn fence_stands(conn: &mut Conn, id: Uuid, at: At) -> QueryResult<bool> {
    match conn {
        Conn::Pg(pg) => {
            let inserted = diesel::insert_into(fences::table)
                .values((fences::id.eq(Key(id)), fences::created_at.eq(at)))
                .on_conflict_do_nothing()
                .execute(pg)?;
            Ok(inserted == 0)
        }
        Conn::Sqlite(_) => Ok(false),
    }
}
