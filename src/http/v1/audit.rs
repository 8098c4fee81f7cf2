//! `/admin/audit`: the audit trail, for auditors alone.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::{HttpResponse, get, web};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::posts::parse_account;
use super::{Page, PageQuery, invalid};
use crate::app::Ctx;
use crate::app::audit::{self, AuditQuery, Export};
use crate::app::identity::Caller;
use crate::domain::audit::{AuditAction, AuditEntry};
use crate::domain::cases::history::hex;
use crate::domain::text::Text;
use crate::http::extract::Query;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// One line of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntryView {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// Who acted; null when nobody is known to have.
    pub account: Option<Uuid>,
    pub action: &'static str,
    /// What it was done to.
    pub subject: Option<String>,
    /// `succeeded` or `refused`.
    pub outcome: &'static str,
    pub client: Option<String>,
    /// A short label of the network: equal ones are of one network, none tells which.
    pub network: Option<String>,
    pub request_id: Option<String>,
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            at: entry.at,
            account: entry.account,
            action: entry.action.as_str(),
            subject: entry.subject,
            outcome: entry.outcome.as_str(),
            client: entry.client,
            network: entry.network.map(|index| network_label(&index)),
            request_id: entry.request_id,
            details: entry.details,
        }
    }
}

/// Forty bits of the keyed index: enough to tell networks apart by eye.
fn network_label(index: &[u8]) -> String {
    format!("n-{}", hex(index.get(..5).unwrap_or(index)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntriesQuery {
    account: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    from: Option<String>,
    to: Option<String>,
    limit: Option<i64>,
    after: Option<String>,
}

impl EntriesQuery {
    fn parse(self) -> Result<AuditQuery, Problem> {
        let page = PageQuery { limit: self.limit, after: self.after };
        Ok(AuditQuery {
            account: self.account.map(|id| parse_account("?account", &id)).transpose()?,
            action: self.action.map(|action| parse_action(&action)).transpose()?,
            subject: self.subject,
            from: self.from.map(|time| parse_time("?from", &time)).transpose()?,
            to: self.to.map(|time| parse_time("?to", &time)).transpose()?,
            after: page.after_id()?,
            limit: page.limit()?,
        })
    }
}

fn parse_action(text: &str) -> Result<AuditAction, Problem> {
    AuditAction::parse(text).ok_or_else(|| {
        let known: Vec<&str> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        let known = known.join(", ");
        let words = Text::new(format!("可用：{known}。"), format!("Expected one of: {known}."));
        invalid("?action", "not_an_option", words)
    })
}

fn parse_time(pointer: &str, text: &str) -> Result<DateTime<Utc>, Problem> {
    let words = || {
        Text::new(
            "应为 RFC 3339 时间，如 2026-03-02T00:00:00Z。",
            "Write it like 2026-03-02T00:00:00Z (RFC 3339).",
        )
    };
    text.parse().map_err(|_| invalid(pointer, "invalid", words()))
}

/// The audit trail, the newest first. Reading it is itself on record.
#[utoipa::path(tag = "administration", operation_id = "list_audit", params(
    ("account" = Option<Uuid>, Query), ("action" = Option<String>, Query), ("subject" = Option<String>, Query),
    ("from" = Option<DateTime<Utc>>, Query), ("to" = Option<DateTime<Utc>>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<AuditEntryView>), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[get("/admin/audit")]
pub async fn list_audit(ctx: web::Data<Ctx>, caller: Caller, query: Query<EntriesQuery>) -> Reply {
    let query = query.0.parse()?;
    let entries = audit::list(&ctx, &caller, &query).await?;
    let items = entries.into_iter().map(AuditEntryView::from).collect();
    let page = Page::new(items, query.limit, |view: &AuditEntryView| view.id.to_string());
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(page))
}

/// A copy of everything asked for, as CSV.
#[utoipa::path(tag = "administration", operation_id = "export_audit", params(
    ("account" = Option<Uuid>, Query), ("action" = Option<String>, Query), ("subject" = Option<String>, Query),
    ("from" = Option<DateTime<Utc>>, Query), ("to" = Option<DateTime<Utc>>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, content_type = "text/csv", body = String), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[get("/admin/audit/export")]
pub async fn export_audit(ctx: web::Data<Ctx>, caller: Caller, query: Query<EntriesQuery>) -> Reply {
    let export = audit::export(&ctx, &caller, query.0.parse()?).await?;
    let pages = stream::unfold(Some((export, true)), |state| async move {
        let (mut export, is_first) = state?;
        match next_page(&mut export, is_first).await {
            Ok(Some(page)) => Some((Ok(page), Some((export, false)))),
            Ok(None) => None,
            // The connection breaks off: half a file must not pass for a whole one.
            Err(error) => Some((Err(actix_web::Error::from(error)), None)),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(Box::pin(pages)))
}

const COLUMNS: [&str; 10] =
    ["id", "at", "account", "action", "subject", "outcome", "client", "network", "request_id", "details"];

async fn next_page(export: &mut Export, is_first: bool) -> Result<Option<Bytes>, Problem> {
    let entries = export.next().await?;
    if entries.is_empty() && !is_first {
        return Ok(None);
    }
    let mut csv = csv::Writer::from_writer(Vec::new());
    let unwritable = |_| Problem::from(crate::app::AppError::Internal("a CSV row cannot be written".into()));
    if is_first {
        csv.write_record(COLUMNS).map_err(unwritable)?;
    }
    for entry in entries {
        csv.write_record(row(AuditEntryView::from(entry))).map_err(unwritable)?;
    }
    let bytes = csv.into_inner().map_err(|error| {
        Problem::from(crate::app::AppError::Internal(format!("a CSV page cannot be written: {error}")))
    })?;
    Ok(Some(bytes.into()))
}

fn row(view: AuditEntryView) -> [String; 10] {
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        view.id.to_string(),
        view.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        text(view.account.map(|account| account.to_string())),
        view.action.to_owned(),
        text(view.subject),
        view.outcome.to_owned(),
        text(view.client),
        text(view.network),
        text(view.request_id),
        view.details.to_string(),
    ]
    .map(as_text)
}

/// A spreadsheet must take what people wrote for text and not for a formula.
fn as_text(value: String) -> String {
    match value.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{value}"),
        Some(_) | None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for wrong in ["=1+1", "+1", "-1", "@x", "\t=1"] {
            assert!(as_text(wrong.to_owned()).starts_with('\''), "{wrong}");
        }
        assert_eq!(as_text("account.signed_in".to_owned()), "account.signed_in");
        assert_eq!(as_text(String::new()), "");
    }

    #[test]
    fn a_network_is_told_by_a_label_that_shows_nothing() {
        assert_eq!(network_label(&[0xab; 32]), "n-ababababab");
        assert_eq!(network_label(&[1]), "n-01");
    }
}
