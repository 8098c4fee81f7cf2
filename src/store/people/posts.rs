//! 岗位 as rows.

use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::codes::{RegionCode, Uscc};
use crate::domain::policy::{Post, Role};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::posts;
use crate::store::types::{At, Key};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = posts, treat_none_as_default_value = false)]
pub(in crate::store) struct PostRow {
    id: Key,
    pub(in crate::store) account: Key,
    role: String,
    agency: Option<String>,
    region: String,
    counter: Option<String>,
    valid_from: At,
    valid_until: Option<At>,
}

pub(super) fn insert(conn: &mut Conn, account: Uuid, post: &Post) -> QueryResult<bool> {
    let row = PostRow {
        id: Key(post.id),
        account: Key(account),
        role: post.role.as_str().to_owned(),
        agency: post.agency.as_ref().map(ToString::to_string),
        region: post.region.to_string(),
        counter: post.counter.clone(),
        valid_from: At(post.valid_from),
        valid_until: post.valid_until.map(At),
    };
    diesel::insert_into(posts::table).values(row).execute(conn).map(|n| n == 1)
}

pub(in crate::store) fn post(row: PostRow) -> Result<Post> {
    let read = || {
        Some(Post {
            id: row.id.0,
            role: Role::parse(&row.role)?,
            agency: row.agency.as_deref().map(Uscc::parse).transpose().ok()?,
            region: RegionCode::parse(&row.region).ok()?,
            counter: row.counter.clone(),
            valid_from: row.valid_from.0,
            valid_until: row.valid_until.map(|at| at.0),
        })
    };
    read().ok_or_else(|| Error::corrupt("posts", row.id.0, "it is no post"))
}

impl Store {
    pub async fn list_posts(&self, account: Uuid) -> Result<Vec<Post>> {
        let rows: Vec<PostRow> = self
            .read(move |conn| {
                Ok(posts::table
                    .filter(posts::account.eq(Key(account)))
                    .order(posts::id)
                    .select(PostRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(post).collect()
    }
}
