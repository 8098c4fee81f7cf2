//! Rows of the hot tables, exactly as they lie on disk. What they mean, and how
//! domain values become rows, is in the module named after each table.

use diesel::prelude::*;

use super::schema::{
    case_events, case_keys, cases, certificates, idempotency, letters, outbox, refresh_tokens, work,
    work_postings,
};
use super::types::{At, Key};

#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = cases, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct CaseRow {
    pub id: Key,
    pub version: i64,
    pub head: Vec<u8>,
    pub state: String,
    pub outcome: Option<String>,
    pub guide: String,
    pub guide_version: i32,
    pub agency: String,
    pub region: String,
    pub party: Key,
    pub opened_by: Option<Key>,
    pub case_no: Option<String>,
    pub document: String,
    pub personal: Option<Vec<u8>>,
    pub data_key: Option<Vec<u8>>,
    pub letters: i32,
    pub opened_at: At,
    pub updated_at: At,
    pub tick_at: Option<At>,
    pub kept_since: Option<At>,
    pub facts_digest: Option<Vec<u8>>,
    pub decision: Option<String>,
    /// The number of the last record whose personal data was erased.
    pub erased_to: Option<i64>,
}

/// A guarded update: applies only while the case is at `expected_version`, under that key.
#[derive(Debug, Clone)]
pub struct CaseUpdate {
    pub expected_version: i64,
    /// The wrapped key it was read with: an erasure in between changes nothing else.
    pub expected_key: Option<Vec<u8>>,
    pub row: CaseRow,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_events, treat_none_as_default_value = false)]
pub struct CaseEventRow {
    pub case_id: Key,
    pub seq: i64,
    pub at: At,
    pub by: String,
    pub event: String,
    pub provenance: String,
    pub personal: Option<Vec<u8>>,
    pub hash: Vec<u8>,
    pub papers: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = letters, treat_none_as_default_value = false)]
pub struct LetterRow {
    pub id: Key,
    pub case_id: Key,
    pub seq: i64,
    pub kind: String,
    pub number: String,
    pub document: String,
    pub personal: Option<Vec<u8>>,
    pub created_at: At,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = certificates, treat_none_as_default_value = false)]
pub struct CertificateRow {
    pub id: String,
    pub holder: Key,
    pub certificate_type: String,
    pub issuer: String,
    pub case_id: Option<Key>,
    pub document: String,
    pub sealed: Vec<u8>,
    pub seal: String,
    pub issued_at: At,
    pub revoked_at: Option<At>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency, treat_none_as_default_value = false)]
pub struct IdempotencyRow {
    pub key: Vec<u8>,
    pub request_digest: Vec<u8>,
    pub answer: String,
    pub created_at: At,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
pub struct RefreshTokenRow {
    pub digest: Vec<u8>,
    pub session: Key,
    pub created_at: At,
    pub expires_at: At,
    pub rotated_at: Option<At>,
}

/// A refresh: applies only while the token is its session's youngest and the
/// session has not ended.
#[derive(Debug, Clone)]
pub struct RefreshRow {
    pub used: Vec<u8>,
    pub session: Key,
    pub at: At,
    pub successor: RefreshTokenRow,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct OutboxRow {
    pub id: Key,
    pub topic: String,
    pub subject: Key,
    pub payload: String,
    pub created_at: At,
    pub next_at: Option<At>,
    pub attempts: i32,
}

/// An open case on the worklists.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = work, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct WorkRow {
    pub case_id: Key,
    pub state: String,
    pub agency: String,
    pub region: String,
    pub county: String,
    pub city: String,
    pub guide: String,
    pub step: Option<String>,
    pub counter: Option<String>,
    pub due_on: String,
    pub yellow_on: String,
}

/// Takes a case's place on the worklists, or takes it off; with the ids of the
/// postings that tell of it.
#[derive(Debug, Clone)]
pub struct WorkUpdate {
    pub case_id: Key,
    pub left: Key,
    pub came: Key,
    /// None for a case that is closed.
    pub row: Option<WorkRow>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = work_postings, treat_none_as_default_value = false)]
pub struct PostingRow {
    pub id: Key,
    pub agency: String,
    pub region: String,
    pub state: String,
    pub due_on: String,
    pub yellow_on: String,
    pub cases: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_keys, treat_none_as_default_value = false)]
pub struct CaseKeyRow {
    pub digest: Vec<u8>,
    pub case_id: Key,
}
