//! 岗位 as an administrator sees them: of everybody, with their holders.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::error::Result;
use super::people::{PostRow, post};
use super::schema::posts;
use super::types::{At, Key};
use crate::domain::policy::{Post, Role};

/// A post with the account that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPost {
    pub account: Uuid,
    pub post: Post,
}

/// Which posts to list; `after` is the last id of the page before.
#[derive(Debug, Clone, Default)]
pub struct PostFilter {
    pub account: Option<Uuid>,
    pub role: Option<Role>,
    /// Only those in force then.
    pub in_force_at: Option<DateTime<Utc>>,
    pub after: Option<Uuid>,
    pub limit: i64,
}

#[derive(Debug, Clone)]
pub enum PostWrite {
    /// The post ends then, if it has not ended before.
    End { id: Uuid, at: DateTime<Utc> },
}

pub(super) use PostWrite as Write;

impl PostWrite {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::End { id, at } => {
                let open = posts::table
                    .filter(posts::id.eq(Key(*id)))
                    .filter(posts::valid_until.is_null().or(posts::valid_until.gt(At(*at))));
                diesel::update(open).set(posts::valid_until.eq(At(*at))).execute(conn).map(|n| n == 1)
            }
        }
    }
}

fn held(row: PostRow) -> Result<HeldPost> {
    Ok(HeldPost { account: row.account.0, post: post(row)? })
}

impl Store {
    /// Posts in the order they were given.
    pub async fn list_held_posts(&self, filter: PostFilter) -> Result<Vec<HeldPost>> {
        let rows: Vec<PostRow> = self
            .read(move |conn| {
                let mut query = posts::table.select(PostRow::as_select()).into_boxed();
                if let Some(account) = filter.account {
                    query = query.filter(posts::account.eq(Key(account)));
                }
                if let Some(role) = filter.role {
                    query = query.filter(posts::role.eq(role.as_str()));
                }
                if let Some(at) = filter.in_force_at {
                    query = query.filter(posts::valid_from.le(At(at)));
                    query = query.filter(posts::valid_until.is_null().or(posts::valid_until.gt(At(at))));
                }
                if let Some(after) = filter.after {
                    query = query.filter(posts::id.gt(Key(after)));
                }
                Ok(query.order(posts::id).limit(filter.limit).load(conn)?)
            })
            .await?;
        rows.into_iter().map(held).collect()
    }

    pub async fn find_held_post(&self, id: Uuid) -> Result<Option<HeldPost>> {
        let row: Option<PostRow> = self
            .read(move |conn| {
                Ok(posts::table
                    .filter(posts::id.eq(Key(id)))
                    .select(PostRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(held).transpose()
    }
}
