//! 法定代表人与管理员 as rows.

use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::organizations::{MemberRole, Membership};
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::memberships;
use crate::store::types::{At, Key};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = memberships, treat_none_as_null = true, treat_none_as_default_value = false)]
pub(super) struct MembershipRow {
    id: Key,
    organization: Key,
    member: Key,
    role: String,
    valid_from: At,
    valid_until: Option<At>,
    granted_by: Option<Key>,
    ended_at: Option<At>,
    version: i64,
}

impl MembershipRow {
    fn new(membership: &Membership) -> Self {
        Self {
            id: Key(membership.id),
            organization: Key(membership.organization),
            member: Key(membership.member),
            role: membership.role.as_str().to_owned(),
            valid_from: At(membership.since),
            valid_until: membership.until.map(At),
            granted_by: membership.granted_by.map(Key),
            ended_at: membership.ended_at.map(At),
            version: membership.version,
        }
    }

    pub(super) fn into_membership(self) -> Result<Membership> {
        let role = MemberRole::parse(&self.role)
            .ok_or_else(|| Error::corrupt("memberships", self.id.0, "it is no membership"))?;
        Ok(Membership {
            id: self.id.0,
            organization: self.organization.0,
            member: self.member.0,
            role,
            since: self.valid_from.0,
            until: self.valid_until.map(|at| at.0),
            granted_by: self.granted_by.map(|id| id.0),
            ended_at: self.ended_at.map(|at| at.0),
            version: self.version,
        })
    }
}

pub(super) fn insert(conn: &mut Conn, membership: &Membership) -> QueryResult<bool> {
    diesel::insert_into(memberships::table)
        .values(MembershipRow::new(membership))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn update(conn: &mut Conn, membership: &Membership) -> QueryResult<bool> {
    let row = MembershipRow::new(membership);
    let before = memberships::table.filter(memberships::id.eq(row.id));
    let before = before.filter(memberships::version.eq(row.version - 1));
    diesel::update(before).set(&row).execute(conn).map(|n| n == 1)
}

pub(super) fn move_over(conn: &mut Conn, from: Uuid, into: Uuid) -> QueryResult<bool> {
    diesel::update(memberships::table.filter(memberships::member.eq(Key(from))))
        .set(memberships::member.eq(Key(into)))
        .execute(conn)?;
    Ok(true)
}

/// Memberships of a person that were not ended.
pub(super) fn open_of(conn: &mut Conn, member: Uuid) -> QueryResult<Vec<MembershipRow>> {
    memberships::table
        .filter(memberships::member.eq(Key(member)))
        .filter(memberships::ended_at.is_null())
        .order(memberships::id)
        .select(MembershipRow::as_select())
        .load(conn)
}

impl Store {
    /// Memberships of a person that were not ended.
    pub async fn list_memberships_of(&self, member: Uuid) -> Result<Vec<Membership>> {
        let rows = self.read(move |conn| Ok(open_of(conn, member)?)).await?;
        rows.into_iter().map(MembershipRow::into_membership).collect()
    }

    /// Members of an organisation whose places were not ended.
    pub async fn list_members(&self, organization: Uuid) -> Result<Vec<Membership>> {
        let rows: Vec<MembershipRow> = self
            .read(move |conn| {
                Ok(memberships::table
                    .filter(memberships::organization.eq(Key(organization)))
                    .filter(memberships::ended_at.is_null())
                    .order(memberships::id)
                    .select(MembershipRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(MembershipRow::into_membership).collect()
    }
}
