//! 审计 as rows. Entries are only ever added; there is no way to change one.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::changes::Changes;
use super::conn::Conn;
use super::error::{Error, Result};
use super::schema::audit;
use super::types::{At, Key};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
pub struct AuditRow {
    id: Key,
    at: At,
    account: Option<Key>,
    action: String,
    subject: Option<String>,
    outcome: String,
    client: Option<String>,
    network: Option<Vec<u8>>,
    request_id: Option<String>,
    details: String,
}

/// Which entries to list; `before` is the last id of the page before.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub account: Option<Uuid>,
    pub action: Option<AuditAction>,
    pub subject: Option<String>,
    pub from: Option<DateTime<Utc>>,
    /// Not included.
    pub to: Option<DateTime<Utc>>,
    pub before: Option<Uuid>,
    pub limit: i64,
}

impl AuditRow {
    fn new(entry: &AuditEntry) -> Self {
        Self {
            id: Key(entry.id),
            at: At(entry.at),
            account: entry.account.map(Key),
            action: entry.action.as_str().to_owned(),
            subject: entry.subject.clone(),
            outcome: entry.outcome.as_str().to_owned(),
            client: entry.client.clone(),
            network: entry.network.clone(),
            request_id: entry.request_id.clone(),
            details: entry.details.to_string(),
        }
    }

    fn into_entry(self) -> Result<AuditEntry> {
        let read = || {
            Some(AuditEntry {
                id: self.id.0,
                at: self.at.0,
                account: self.account.map(|account| account.0),
                action: AuditAction::parse(&self.action)?,
                subject: self.subject,
                outcome: Outcome::parse(&self.outcome)?,
                client: self.client,
                network: self.network,
                request_id: self.request_id,
                details: serde_json::from_str(&self.details).ok()?,
            })
        };
        read().ok_or_else(|| Error::corrupt("audit", self.id.0, "it is no entry of the audit trail"))
    }

    pub(super) fn insert(&self, conn: &mut Conn) -> QueryResult<bool> {
        diesel::insert_into(audit::table).values(self).execute(conn).map(|n| n == 1)
    }
}

impl Changes {
    /// Puts on record what these changes do, in the same transaction.
    pub fn audit(&mut self, entry: &AuditEntry) -> &mut Self {
        self.write(super::Write::Audit(AuditRow::new(entry)))
    }
}

impl Store {
    /// Entries of the audit trail, the newest first.
    pub async fn list_audit(&self, filter: AuditFilter) -> Result<Vec<AuditEntry>> {
        let rows: Vec<AuditRow> = self
            .read(move |conn| {
                let mut query = audit::table.select(AuditRow::as_select()).into_boxed();
                if let Some(account) = filter.account {
                    query = query.filter(audit::account.eq(Key(account)));
                }
                if let Some(action) = filter.action {
                    query = query.filter(audit::action.eq(action.as_str()));
                }
                if let Some(subject) = filter.subject {
                    query = query.filter(audit::subject.eq(subject));
                }
                // Ids are in the order of time: the key finds the range, `at` its exact ends.
                if let Some(from) = filter.from {
                    query = query.filter(audit::id.ge(first_key(from))).filter(audit::at.ge(At(from)));
                }
                if let Some(to) = filter.to {
                    let behind = to.checked_add_signed(TimeDelta::milliseconds(1)).unwrap_or(to);
                    let behind = first_key(behind);
                    query = query.filter(audit::id.lt(behind)).filter(audit::at.lt(At(to)));
                }
                if let Some(before) = filter.before {
                    query = query.filter(audit::id.lt(Key(before)));
                }
                Ok(query.order(audit::id.desc()).limit(filter.limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(AuditRow::into_entry).collect()
    }

    /// How often an account did something since then.
    pub async fn count_audit(&self, account: Uuid, action: AuditAction, since: DateTime<Utc>) -> Result<i64> {
        self.read(move |conn| {
            Ok(audit::table
                .filter(audit::account.eq(Key(account)))
                .filter(audit::action.eq(action.as_str()))
                .filter(audit::id.ge(first_key(since)))
                .count()
                .get_result(conn)?)
        })
        .await
    }
}

/// No id of that millisecond or later comes before it (RFC 9562 §5.7).
fn first_key(at: DateTime<Utc>) -> Key {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0).min((1 << 48) - 1);
    Key(Uuid::from_u128(u128::from(millis) << 80))
}
