//! Published files that have a word in them: a cheap first look, for whoever then
//! reads what he found.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::time::local_date;
use crate::store::Store;
use crate::store::error::Result;
use crate::store::schema::{catalogue_items, guides};
use crate::store::types::At;

impl Store {
    /// The present files of items in which this code occurs. Codes are letters and
    /// digits, so nothing of one is a wildcard.
    pub async fn list_items_naming(&self, code: String) -> Result<Vec<String>> {
        self.read(move |conn| {
            Ok(catalogue_items::table
                .filter(catalogue_items::superseded_at.is_null())
                .filter(catalogue_items::yaml.like(format!("%{code}%")))
                .select(catalogue_items::yaml)
                .load(conn)?)
        })
        .await
    }

    /// The codes and local files of guides that take new cases, or will, in which this
    /// code occurs; after that guide, in order of code.
    pub async fn list_guides_naming(
        &self,
        code: String,
        at: DateTime<Utc>,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<(String, String)>> {
        let today = local_date(at).to_string();
        self.read(move |conn| {
            Ok(guides::table
                .filter(guides::superseded_at.is_null())
                .filter(guides::withdrawn_at.is_null().or(guides::withdrawn_at.gt(At(at))))
                .filter(guides::effective_until.is_null().or(guides::effective_until.ge(today)))
                .filter(guides::code.gt(after.unwrap_or_default()))
                .filter(guides::yaml.like(format!("%{code}%")))
                .order(guides::code)
                .limit(limit)
                .select((guides::code, guides::yaml))
                .load(conn)?)
        })
        .await
    }

    /// The same of guides in force or to come that implement the item and write it out
    /// themselves.
    pub async fn list_guides_apart(
        &self,
        basic_code: String,
        at: DateTime<Utc>,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<(String, String)>> {
        self.read(move |conn| {
            Ok(guides::table
                .filter(guides::basic_code.eq(basic_code))
                .filter(guides::item_version.is_null())
                .filter(guides::superseded_at.is_null())
                .filter(guides::withdrawn_at.is_null().or(guides::withdrawn_at.gt(At(at))))
                .filter(guides::code.gt(after.unwrap_or_default()))
                .order(guides::code)
                .limit(limit)
                .select((guides::code, guides::yaml))
                .load(conn)?)
        })
        .await
    }
}
