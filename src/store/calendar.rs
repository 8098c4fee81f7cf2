//! 放假安排: the yearly notices an administrator entered.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::Result;
use super::schema::calendar_notices;
use super::types::{At, Key};

/// Enters the notice of a year. One entered before is kept: days that were told by it are
/// explained by it.
#[derive(Debug, Clone)]
pub struct PutNotice {
    pub year: i32,
    pub csv: String,
    pub at: DateTime<Utc>,
    pub by: Uuid,
}

impl PutNotice {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        let same = calendar_notices::year.eq(self.year).and(calendar_notices::entered_at.eq(At(self.at)));
        diesel::delete(calendar_notices::table.filter(same)).execute(conn)?;
        diesel::insert_into(calendar_notices::table)
            .values((
                calendar_notices::year.eq(self.year),
                calendar_notices::csv.eq(&self.csv),
                calendar_notices::entered_at.eq(At(self.at)),
                calendar_notices::entered_by.eq(Some(Key(self.by))),
            ))
            .execute(conn)
            .map(|n| n == 1)
    }
}

impl Store {
    /// The notices entered by hand, in the order they were entered.
    pub async fn list_notices(&self) -> Result<Vec<(i32, String)>> {
        self.read(|conn| {
            Ok(calendar_notices::table
                .order((calendar_notices::entered_at, calendar_notices::year))
                .select((calendar_notices::year, calendar_notices::csv))
                .load(conn)?)
        })
        .await
    }
}
