//! 审计: reading the audit trail, by an auditor.
//!
//! What always holds: an auditor's reading is on record before he reads.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ctx::Ctx;
use super::error::AppResult;
use super::identity::Caller;
use super::permit::permit;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::policy::{Operation, Target};
use crate::store::{AuditFilter, Changes};

/// Which entries are asked for; the newest come first.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    pub account: Option<Uuid>,
    pub action: Option<AuditAction>,
    pub subject: Option<String>,
    pub from: Option<DateTime<Utc>>,
    /// Not included.
    pub to: Option<DateTime<Utc>>,
    /// The last entry of the page before.
    pub after: Option<Uuid>,
    pub limit: i64,
}

impl AuditQuery {
    fn filter(&self) -> AuditFilter {
        AuditFilter {
            account: self.account,
            action: self.action,
            subject: self.subject.clone(),
            from: self.from,
            to: self.to,
            before: self.after,
            limit: self.limit,
        }
    }

    fn told(&self) -> serde_json::Value {
        json!({
            "account": self.account,
            "action": self.action.map(AuditAction::as_str),
            "subject": self.subject,
            "from": self.from,
            "to": self.to,
            "after": self.after,
        })
    }
}

pub async fn list(ctx: &Ctx, caller: &Caller, query: &AuditQuery) -> AppResult<Vec<AuditEntry>> {
    put_on_record(ctx, caller, query, AuditAction::AuditRead).await?;
    Ok(ctx.store.list_audit(query.filter()).await?)
}

/// Entries on their way into a file.
pub struct Export {
    ctx: Ctx,
    query: AuditQuery,
    is_over: bool,
}

/// Entries read at a time.
const PAGE: i64 = 1000;

/// Begins a copy of everything that was asked for.
pub async fn export(ctx: &Ctx, caller: &Caller, query: AuditQuery) -> AppResult<Export> {
    put_on_record(ctx, caller, &query, AuditAction::AuditExported).await?;
    let query = AuditQuery { limit: PAGE, ..query };
    Ok(Export { ctx: ctx.clone(), query, is_over: false })
}

impl Export {
    /// The next entries; none when all were given.
    pub async fn next(&mut self) -> AppResult<Vec<AuditEntry>> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let page = self.ctx.store.list_audit(self.query.filter()).await?;
        self.query.after = page.last().map(|entry| entry.id).or(self.query.after);
        self.is_over = i64::try_from(page.len()).is_ok_and(|count| count < PAGE);
        Ok(page)
    }
}

async fn put_on_record(ctx: &Ctx, caller: &Caller, query: &AuditQuery, action: AuditAction) -> AppResult<()> {
    let at = ctx.clock.now();
    permit(caller, Operation::ReadAudit, Target::Platform, at)?;
    let mut changes = Changes::new();
    changes.audit(&caller.entry(at, action, Outcome::Succeeded).with(query.told()));
    Ok(ctx.store.commit(changes).await?)
}
