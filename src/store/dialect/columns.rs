//! The statements by which whole batches go to PostgreSQL: one `INSERT … SELECT FROM
//! unnest` per hot table, of constant text, prepared once, whatever the number of rows.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Integer, Nullable, Text};

use crate::store::catalog::{GuideRow, Supersession};
use crate::store::organisation::RegionRow;
use crate::store::rows::{
    CaseEventRow, CaseKeyRow, CaseRow, CaseUpdate, CertificateRow, IdempotencyRow, LetterRow, OutboxRow,
    RefreshRow, RefreshTokenRow,
};
use crate::store::types::{At, Id, Instant, Key};

/// Defines a statement that takes whole columns: the struct holds one `Vec` per
/// column, the SQL is constant, and diesel caches the prepared statement by type.
macro_rules! column_statement {
    ($(#[$doc:meta])* $name:ident from $row:ty { $($field:ident : $sql:ty as $rust:ty = $get:expr),+ $(,)? } $before:literal $after:literal) => {
        $(#[$doc])*
        pub(super) struct $name { $($field: Vec<$rust>),+ }

        impl $name {
            pub(super) fn of<'a>(rows: impl Iterator<Item = &'a $row> + Clone) -> Self {
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

pub(super) use column_statement;

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
        tick_at: Nullable<Instant> as Option<At> = |r| r.tick_at,
        kept_since: Nullable<Instant> as Option<At> = |r| r.kept_since,
        facts_digest: Nullable<Binary> as Option<Vec<u8>> = |r| r.facts_digest.clone(),
        decision: Nullable<Text> as Option<String> = |r| r.decision.clone(),
    }
    "INSERT INTO cases (id, version, head, state, outcome, guide, guide_version, agency, region, party, \
     opened_by, case_no, document, personal, data_key, letters, opened_at, updated_at, tick_at, \
     kept_since, facts_digest, decision) SELECT * FROM unnest("
    ")"
}

column_statement! {
    UpdateCases from CaseUpdate {
        id: Id as Key = |u| u.row.id,
        expected: BigInt as i64 = |u| u.expected_version,
        expected_key: Nullable<Binary> as Option<Vec<u8>> = |u| u.expected_key.clone(),
        version: BigInt as i64 = |u| u.row.version,
        head: Binary as Vec<u8> = |u| u.row.head.clone(),
        state: Text as String = |u| u.row.state.clone(),
        outcome: Nullable<Text> as Option<String> = |u| u.row.outcome.clone(),
        guide: Text as String = |u| u.row.guide.clone(),
        guide_version: Integer as i32 = |u| u.row.guide_version,
        agency: Text as String = |u| u.row.agency.clone(),
        region: Text as String = |u| u.row.region.clone(),
        case_no: Nullable<Text> as Option<String> = |u| u.row.case_no.clone(),
        document: Text as String = |u| u.row.document.clone(),
        personal: Nullable<Binary> as Option<Vec<u8>> = |u| u.row.personal.clone(),
        data_key: Nullable<Binary> as Option<Vec<u8>> = |u| u.row.data_key.clone(),
        letters: Integer as i32 = |u| u.row.letters,
        updated_at: Instant as At = |u| u.row.updated_at,
        tick_at: Nullable<Instant> as Option<At> = |u| u.row.tick_at,
        kept_since: Nullable<Instant> as Option<At> = |u| u.row.kept_since,
        facts_digest: Nullable<Binary> as Option<Vec<u8>> = |u| u.row.facts_digest.clone(),
        decision: Nullable<Text> as Option<String> = |u| u.row.decision.clone(),
        erased_to: Nullable<BigInt> as Option<i64> = |u| u.row.erased_to,
    }
    "UPDATE cases c SET version = u.version, head = u.head, state = u.state, outcome = u.outcome, \
     guide = u.guide, guide_version = u.guide_version, agency = u.agency, region = u.region, \
     case_no = u.case_no, document = u.document, personal = u.personal, data_key = u.data_key, \
     letters = u.letters, updated_at = u.updated_at, tick_at = u.tick_at, kept_since = u.kept_since, \
     facts_digest = u.facts_digest, decision = u.decision, erased_to = u.erased_to FROM unnest("
    ") AS u(id, expected, expected_key, version, head, state, outcome, guide, guide_version, agency, region, case_no, \
     document, personal, data_key, letters, updated_at, tick_at, kept_since, facts_digest, decision, \
     erased_to) WHERE c.id = u.id AND c.version = u.expected \
     AND c.data_key IS NOT DISTINCT FROM u.expected_key RETURNING c.id"
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
        papers: Nullable<Text> as Option<String> = |r| r.papers.clone(),
    }
    "INSERT INTO case_events (case_id, seq, at, \"by\", event, provenance, personal, hash, papers) \
     SELECT * FROM unnest("
    ")"
}

column_statement! {
    InsertCaseKeys from CaseKeyRow {
        digest: Binary as Vec<u8> = |r| r.digest.clone(),
        case_id: Id as Key = |r| r.case_id,
    }
    "INSERT INTO case_keys (digest, case_id) SELECT * FROM unnest("
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
    InsertGuides from GuideRow {
        code: Text as String = |r| r.code.clone(),
        version: Integer as i32 = |r| r.version,
        yaml: Text as String = |r| r.yaml.clone(),
        content_hash: Binary as Vec<u8> = |r| r.content_hash.clone(),
        agency: Text as String = |r| r.agency.clone(),
        region: Text as String = |r| r.region.clone(),
        basic_code: Text as String = |r| r.basic_code.clone(),
        name_zh: Text as String = |r| r.name_zh.clone(),
        name_en: Text as String = |r| r.name_en.clone(),
        published_at: Instant as At = |r| r.published_at,
        published_by: Nullable<Id> as Option<Key> = |r| r.published_by,
        superseded_at: Nullable<Instant> as Option<At> = |r| r.superseded_at,
        withdrawn_at: Nullable<Instant> as Option<At> = |r| r.withdrawn_at,
        item_version: Nullable<Integer> as Option<i32> = |r| r.item_version,
        effective_from: Nullable<Text> as Option<String> = |r| r.effective_from.clone(),
        effective_until: Nullable<Text> as Option<String> = |r| r.effective_until.clone(),
        edited_by: Nullable<Id> as Option<Key> = |r| r.edited_by,
        about: Nullable<Text> as Option<String> = |r| r.about.clone(),
    }
    "INSERT INTO guides (code, version, yaml, content_hash, agency, region, basic_code, name_zh, name_en, \
     published_at, published_by, superseded_at, withdrawn_at, item_version, effective_from, effective_until, \
     edited_by, about) SELECT * FROM unnest("
    ")"
}

column_statement! {
    SupersedeGuides from Supersession {
        code: Text as String = |s| s.code.clone(),
        version: Integer as i32 = |s| s.version,
        at: Instant as At = |s| s.at,
    }
    "UPDATE guides g SET superseded_at = u.at FROM unnest("
    ") AS u(code, version, at) WHERE g.code = u.code AND g.version < u.version \
     AND (g.superseded_at IS NULL OR g.superseded_at > u.at)"
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

#[cfg(test)]
mod tests {
    use diesel::debug_query;

    use super::*;
    use crate::store::schema::cases;

    /// A column that is added must not be forgotten on one of the databases.
    #[test]
    fn every_column_of_a_case_is_written_by_its_update_but_those_that_never_change() {
        let all = debug_query::<Pg, _>(&cases::table.select(cases::all_columns)).to_string();
        let columns: Vec<&str> = all
            .split("\"cases\".\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|column| !["id", "party", "opened_by", "opened_at"].contains(column))
            .collect();
        assert!(columns.len() >= 18, "{columns:?}");
        let update = debug_query::<Pg, _>(&UpdateCases::of(std::iter::empty())).to_string();
        for column in columns {
            assert!(update.contains(&format!("{column} = u.{column}")), "{column}");
        }
    }
}
