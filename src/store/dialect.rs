//! Everything that must differ between the two databases, and nothing else.
//!
//! Hot tables are written on PostgreSQL with one `INSERT … SELECT FROM unnest`
//! per table and batch: a statement of constant text, prepared once, whatever
//! the number of rows. SQLite, which has no round trips, takes the rows one by
//! one through a cached statement.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};
use uuid::Uuid;

use super::conn::Conn;
use super::organisation::RegionRow;
use super::rows::{
    CaseEventRow, CaseRow, CaseUpdate, CertificateRow, IdempotencyRow, LetterRow, OutboxRow, RefreshRow,
    RefreshTokenRow,
};
use super::schema::{
    case_events, cases, certificates, fences, idempotency, letters, number_series, outbox, refresh_tokens,
    regions, sessions, used_proofs,
};
use super::types::{At, Id, Instant, Key};

/// Defines a statement that takes whole columns: the struct holds one `Vec` per
/// column, the SQL is constant, and diesel caches the prepared statement by type.
macro_rules! column_statement {
    ($(#[$doc:meta])* $name:ident from $row:ty { $($field:ident : $sql:ty as $rust:ty = $get:expr),+ $(,)? } $before:literal $after:literal) => {
        $(#[$doc])*
        struct $name { $($field: Vec<$rust>),+ }

        impl $name {
            fn of<'a>(rows: impl Iterator<Item = &'a $row> + Clone) -> Self {
                Self { $($field: rows.clone().map($get).collect()),+ }
            }
        }

        impl QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($before);
                let mut first = true;
                $(
                    if !first { out.push_sql(", "); }
                    first = false;
                    out.push_bind_param::<Array<$sql>, _>(&self.$field)?;
                )+
                let _ = first;
                out.push_sql($after);
                Ok(())
            }
        }

        impl RunQueryDsl<PgConnection> for $name {}
    };
}

column_statement! {
    InsertCases from CaseRow {
        id: Id as Key = |r| r.id,
        version: BigInt as i64 = |r| r.version,
        head: Binary as Vec<u8> = |r| r.head.clone(),
        state: Text as String = |r| r.state.clone(),
        outcome: Nullable<Text> as Option<String> = |r| r.outcome.clone(),
        guide: Text as String = |r| r.guide.clone(),
        guide_version: Integer as i32 = |r| r.guide_version,
        agency: Text as String = |r| r.agency.clone(),
        region: Text as String = |r| r.region.clone(),
        party: Id as Key = |r| r.party,
        opened_by: Nullable<Id> as Option<Key> = |r| r.opened_by,
        case_no: Nullable<Text> as Option<String> = |r| r.case_no.clone(),
        document: Text as String = |r| r.document.clone(),
        personal: Nullable<Binary> as Option<Vec<u8>> = |r| r.personal.clone(),
        data_key: Nullable<Binary> as Option<Vec<u8>> = |r| r.data_key.clone(),
        letters: Integer as i32 = |r| r.letters,
        opened_at: Instant as At = |r| r.opened_at,
        updated_at: Instant as At = |r| r.updated_at,
        due_on: Nullable<Text> as Option<String> = |r| r.due_on.clone(),
        tick_at: Nullable<Instant> as Option<At> = |r| r.tick_at,
    }
    "INSERT INTO cases (id, version, head, state, outcome, guide, guide_version, agency, region, party, \
     opened_by, case_no, document, personal, data_key, letters, opened_at, updated_at, due_on, tick_at) \
     SELECT * FROM unnest("
    ")"
}

column_statement! {
    UpdateCases from CaseUpdate {
        id: Id as Key = |u| u.row.id,
        expected: BigInt as i64 = |u| u.expected_version,
        version: BigInt as i64 = |u| u.row.version,
        head: Binary as Vec<u8> = |u| u.row.head.clone(),
        state: Text as String = |u| u.row.state.clone(),
        outcome: Nullable<Text> as Option<String> = |u| u.row.outcome.clone(),
        guide_version: Integer as i32 = |u| u.row.guide_version,
        case_no: Nullable<Text> as Option<String> = |u| u.row.case_no.clone(),
        document: Text as String = |u| u.row.document.clone(),
        personal: Nullable<Binary> as Option<Vec<u8>> = |u| u.row.personal.clone(),
        letters: Integer as i32 = |u| u.row.letters,
        updated_at: Instant as At = |u| u.row.updated_at,
        due_on: Nullable<Text> as Option<String> = |u| u.row.due_on.clone(),
        tick_at: Nullable<Instant> as Option<At> = |u| u.row.tick_at,
    }
    "UPDATE cases c SET version = u.version, head = u.head, state = u.state, outcome = u.outcome, \
     guide_version = u.guide_version, case_no = u.case_no, document = u.document, personal = u.personal, \
     letters = u.letters, updated_at = u.updated_at, due_on = u.due_on, tick_at = u.tick_at FROM unnest("
    ") AS u(id, expected, version, head, state, outcome, guide_version, case_no, document, personal, \
     letters, updated_at, due_on, tick_at) WHERE c.id = u.id AND c.version = u.expected RETURNING c.id"
}

column_statement! {
    InsertEvents from CaseEventRow {
        case_id: Id as Key = |r| r.case_id,
        seq: BigInt as i64 = |r| r.seq,
        at: Instant as At = |r| r.at,
        by: Text as String = |r| r.by.clone(),
        event: Text as String = |r| r.event.clone(),
        provenance: Text as String = |r| r.provenance.clone(),
        personal: Nullable<Binary> as Option<Vec<u8>> = |r| r.personal.clone(),
        hash: Binary as Vec<u8> = |r| r.hash.clone(),
    }
    "INSERT INTO case_events (case_id, seq, at, \"by\", event, provenance, personal, hash) SELECT * FROM unnest("
    ")"
}

column_statement! {
    InsertLetters from LetterRow {
        id: Id as Key = |r| r.id,
        case_id: Id as Key = |r| r.case_id,
        seq: BigInt as i64 = |r| r.seq,
        kind: Text as String = |r| r.kind.clone(),
        number: Text as String = |r| r.number.clone(),
        document: Text as String = |r| r.document.clone(),
        personal: Nullable<Binary> as Option<Vec<u8>> = |r| r.personal.clone(),
        created_at: Instant as At = |r| r.created_at,
    }
    "INSERT INTO letters (id, case_id, seq, kind, number, document, personal, created_at) SELECT * FROM unnest("
    ")"
}

column_statement! {
    InsertCertificates from CertificateRow {
        id: Text as String = |r| r.id.clone(),
        holder: Id as Key = |r| r.holder,
        certificate_type: Text as String = |r| r.certificate_type.clone(),
        issuer: Text as String = |r| r.issuer.clone(),
        case_id: Nullable<Id> as Option<Key> = |r| r.case_id,
        document: Text as String = |r| r.document.clone(),
        sealed: Binary as Vec<u8> = |r| r.sealed.clone(),
        seal: Text as String = |r| r.seal.clone(),
        issued_at: Instant as At = |r| r.issued_at,
        revoked_at: Nullable<Instant> as Option<At> = |r| r.revoked_at,
    }
    "INSERT INTO certificates (id, holder, certificate_type, issuer, case_id, document, sealed, seal, issued_at, revoked_at) \
     SELECT * FROM unnest("
    ")"
}

column_statement! {
    InsertOutbox from OutboxRow {
        id: Id as Key = |r| r.id,
        topic: Text as String = |r| r.topic.clone(),
        subject: Id as Key = |r| r.subject,
        payload: Text as String = |r| r.payload.clone(),
        created_at: Instant as At = |r| r.created_at,
        next_at: Nullable<Instant> as Option<At> = |r| r.next_at,
        attempts: Integer as i32 = |r| r.attempts,
    }
    "INSERT INTO outbox (id, topic, subject, payload, created_at, next_at, attempts) SELECT * FROM unnest("
    ")"
}

column_statement! {
    ClaimKeys from IdempotencyRow {
        key: Binary as Vec<u8> = |r| r.key.clone(),
        request_digest: Binary as Vec<u8> = |r| r.request_digest.clone(),
        answer: Text as String = |r| r.answer.clone(),
        created_at: Instant as At = |r| r.created_at,
    }
    "INSERT INTO idempotency (key, request_digest, answer, created_at) SELECT * FROM unnest("
    ") ON CONFLICT DO NOTHING RETURNING key"
}

column_statement! {
    InsertRegions from RegionRow {
        code: Text as String = |r| r.code.clone(),
        name: Text as String = |r| r.name.clone(),
        level: Text as String = |r| r.level.clone(),
        parent: Nullable<Text> as Option<String> = |r| r.parent.clone(),
    }
    "INSERT INTO regions (code, name, level, parent) SELECT * FROM unnest("
    ") ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level, parent = excluded.parent"
}

column_statement! {
    InsertRefreshTokens from RefreshTokenRow {
        digest: Binary as Vec<u8> = |r| r.digest.clone(),
        session: Id as Key = |r| r.session,
        created_at: Instant as At = |r| r.created_at,
        expires_at: Instant as At = |r| r.expires_at,
        rotated_at: Nullable<Instant> as Option<At> = |r| r.rotated_at,
    }
    "INSERT INTO refresh_tokens (digest, session, created_at, expires_at, rotated_at) SELECT * FROM unnest("
    ")"
}

column_statement! {
    /// Only those count whose session could be touched as well.
    Refresh from RefreshRow {
        used: Binary as Vec<u8> = |r| r.used.clone(),
        session: Id as Key = |r| r.session,
        at: Instant as At = |r| r.at,
    }
    "WITH u AS (SELECT * FROM unnest("
    ") AS u(used, session, at)), \
     r AS (UPDATE refresh_tokens t SET rotated_at = u.at FROM u \
         WHERE t.digest = u.used AND t.rotated_at IS NULL RETURNING t.digest), \
     s AS (UPDATE sessions t SET last_used_at = u.at FROM u \
         WHERE t.id = u.session AND t.revoked_at IS NULL RETURNING t.id) \
     SELECT u.used FROM u JOIN r ON r.digest = u.used JOIN s ON s.id = u.session"
}

impl diesel::query_builder::Query for Refresh {
    type SqlType = Binary;
}

impl diesel::query_builder::Query for UpdateCases {
    type SqlType = Id;
}

impl diesel::query_builder::Query for ClaimKeys {
    type SqlType = Binary;
}

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
bulk_insert!(insert_letters, LetterRow, InsertLetters, letters);
bulk_insert!(insert_certificates, CertificateRow, InsertCertificates, certificates);
bulk_insert!(insert_outbox, OutboxRow, InsertOutbox, outbox);
bulk_insert!(insert_refresh_tokens, RefreshTokenRow, InsertRefreshTokens, refresh_tokens);

/// Inserts regions, replacing those of the same code. A province has 20,000.
pub(super) fn replace_regions(conn: &mut Conn, rows: &[RegionRow]) -> QueryResult<()> {
    match conn {
        Conn::Pg(pg) => InsertRegions::of(rows.iter()).execute(pg).map(drop),
        Conn::Sqlite(sqlite) => rows
            .iter()
            .try_for_each(|row| diesel::replace_into(regions::table).values(row).execute(sqlite).map(drop)),
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
                let unchanged = row.filter(cases::version.eq(update.expected_version));
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
