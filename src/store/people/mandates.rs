//! 授权 as rows. A number it was offered to lies sealed and is found by its index.

use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use super::accounts::mobile_index;
use super::memberships;
use crate::domain::codes::Mobile;
use crate::domain::mandates::{Addressee, EndedBy, Mandate, MandateKind, MandateState, Terms};
use crate::domain::policy;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::{mandates, persons};
use crate::store::types::{At, Key};
use crate::store::vault::Vault;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mandates, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct MandateRow {
    id: Key,
    kind: String,
    principal: Key,
    agent: Option<Key>,
    mobile_index: Option<Vec<u8>>,
    mobile_sealed: Option<Vec<u8>>,
    guides: Option<String>,
    valid_from: At,
    valid_until: Option<At>,
    may_delegate: i32,
    parent: Option<Key>,
    evidence: Option<String>,
    granted_by: Option<Key>,
    offered_at: At,
    accepted_at: Option<At>,
    declined_at: Option<At>,
    ended_at: Option<At>,
    ended_by: Option<String>,
    version: i64,
}

impl MandateRow {
    pub fn seal(mandate: &Mandate, vault: &Vault) -> Self {
        let (mut agent, mut mobile) = (None, None);
        let (mut accepted_at, mut declined_at, mut ended_at, mut ended_by) = (None, None, None, None);
        let mut address = |to: &Addressee| match to {
            Addressee::Person(person) => agent = Some(*person),
            Addressee::Mobile(number) => mobile = Some(number.clone()),
        };
        match &mandate.state {
            MandateState::Offered { to } => address(to),
            MandateState::Declined { to, at } => {
                address(to);
                declined_at = Some(*at);
            }
            MandateState::Accepted { to, agent: by, at } => {
                (agent, mobile, accepted_at) = (Some(*by), to.clone(), Some(*at));
            }
            MandateState::Ended { to, agent: of, accepted_at: accepted, by, at } => {
                (agent, mobile, accepted_at) = (*of, to.clone(), *accepted);
                (ended_at, ended_by) = (Some(*at), Some(by.as_str().to_owned()));
            }
        }
        let sealed = |number: &Mobile| vault.seal(&context(mandate.id), number.as_str().as_bytes());
        Self {
            id: Key(mandate.id),
            kind: mandate.kind.as_str().to_owned(),
            principal: Key(mandate.principal),
            agent: agent.map(Key),
            mobile_index: mobile.as_ref().map(|number| mobile_index(vault, number)),
            mobile_sealed: mobile.as_ref().map(sealed),
            guides: mandate.terms.guides.as_ref().map(joined),
            valid_from: At(mandate.terms.from),
            valid_until: mandate.terms.until.map(At),
            may_delegate: i32::from(mandate.terms.may_delegate),
            parent: mandate.parent.map(Key),
            evidence: mandate.evidence.clone(),
            granted_by: mandate.granted_by.map(Key),
            offered_at: At(mandate.offered_at),
            accepted_at: accepted_at.map(At),
            declined_at: declined_at.map(At),
            ended_at: ended_at.map(At),
            ended_by,
            version: mandate.version,
        }
    }

    fn open(self, vault: &Vault) -> Result<Mandate> {
        let id = self.id.0;
        let corrupt = |why: &str| Error::corrupt("mandates", id, why);
        let mobile = match &self.mobile_sealed {
            None => None,
            Some(sealed) => {
                let plain = vault.open(&context(id), sealed);
                let text = plain.as_deref().and_then(|bytes| std::str::from_utf8(bytes).ok());
                let mobile = text.and_then(|text| Mobile::parse(text).ok());
                Some(mobile.ok_or_else(|| corrupt("its sealed mobile number does not open"))?)
            }
        };
        let agent = self.agent.map(|agent| agent.0);
        let address = || match (&mobile, agent) {
            (Some(number), _) => Ok(Addressee::Mobile(number.clone())),
            (None, Some(person)) => Ok(Addressee::Person(person)),
            (None, None) => Err(corrupt("it is offered to nobody")),
        };
        let accepted_at = self.accepted_at.map(|at| at.0);
        let state = match (accepted_at, self.declined_at, self.ended_at) {
            (accepted_at, _, Some(at)) => MandateState::Ended {
                agent,
                accepted_at,
                by: self.ended_by.as_deref().and_then(EndedBy::parse).unwrap_or(EndedBy::Principal),
                at: at.0,
                to: mobile,
            },
            (None, Some(at), None) => MandateState::Declined { to: address()?, at: at.0 },
            (None, None, None) => MandateState::Offered { to: address()? },
            (Some(at), None, None) => MandateState::Accepted {
                agent: agent.ok_or_else(|| corrupt("nobody accepted it"))?,
                at,
                to: mobile,
            },
            (Some(_), Some(_), None) => return Err(corrupt("it was accepted and declined")),
        };
        Ok(Mandate {
            id,
            kind: MandateKind::parse(&self.kind).ok_or_else(|| corrupt("its kind is none"))?,
            principal: self.principal.0,
            terms: Terms {
                guides: self.guides.as_deref().map(split),
                from: self.valid_from.0,
                until: self.valid_until.map(|at| at.0),
                may_delegate: self.may_delegate != 0,
            },
            parent: self.parent.map(|parent| parent.0),
            evidence: self.evidence,
            granted_by: self.granted_by.map(|account| account.0),
            offered_at: self.offered_at.0,
            state,
            version: self.version,
        })
    }
}

fn context(id: Uuid) -> String {
    format!("mandates:{id}")
}

/// Guide codes hold no comma.
fn joined(guides: &BTreeSet<String>) -> String {
    guides.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

fn split(list: &str) -> BTreeSet<String> {
    list.split(',').map(str::to_owned).collect()
}

pub(super) fn insert(conn: &mut Conn, row: &MandateRow) -> QueryResult<bool> {
    diesel::insert_into(mandates::table).values(row).execute(conn).map(|n| n == 1)
}

pub(super) fn update(conn: &mut Conn, row: &MandateRow) -> QueryResult<bool> {
    let before = mandates::table.filter(mandates::id.eq(row.id));
    let before = before.filter(mandates::version.eq(row.version - 1));
    diesel::update(before).set(row).execute(conn).map(|n| n == 1)
}

pub(super) fn guard(conn: &mut Conn, id: Uuid, expected_version: i64) -> QueryResult<bool> {
    let before = mandates::table.filter(mandates::id.eq(Key(id)));
    diesel::update(before.filter(mandates::version.eq(expected_version)))
        .set(mandates::version.eq(expected_version + 1))
        .execute(conn)
        .map(|n| n == 1)
}

pub(super) fn keep_offers(conn: &mut Conn, mobile_index: &[u8], person: Uuid) -> QueryResult<bool> {
    let open = mandates::table.filter(mandates::mobile_index.eq(mobile_index));
    diesel::update(open.filter(mandates::agent.is_null()))
        .set((
            mandates::agent.eq(Some(Key(person))),
            mandates::mobile_index.eq(None::<Vec<u8>>),
            mandates::mobile_sealed.eq(None::<Vec<u8>>),
            mandates::version.eq(mandates::version + 1),
        ))
        .execute(conn)?;
    Ok(true)
}

pub(super) fn move_over(conn: &mut Conn, from: Uuid, into: Uuid) -> QueryResult<bool> {
    let (from, into) = (Key(from), Key(into));
    diesel::update(mandates::table.filter(mandates::principal.eq(from)))
        .set((mandates::principal.eq(into), mandates::version.eq(mandates::version + 1)))
        .execute(conn)?;
    diesel::update(mandates::table.filter(mandates::agent.eq(from)))
        .set((mandates::agent.eq(Some(into)), mandates::version.eq(mandates::version + 1)))
        .execute(conn)?;
    Ok(true)
}

type MandateFound = Vec<MandateRow>;

impl Store {
    /// Everything by which a person acts for others: mandates he accepted, for each
    /// record of their principals, and his places in organisations.
    pub async fn list_reach(&self, agent: Uuid) -> Result<Vec<policy::Mandate>> {
        let (rows, former, places) = self
            .read(move |conn| {
                let rows: MandateFound = mandates::table
                    .filter(mandates::agent.eq(Key(agent)))
                    .filter(mandates::accepted_at.is_not_null())
                    .filter(mandates::ended_at.is_null())
                    .order(mandates::id)
                    .select(MandateRow::as_select())
                    .load(conn)?;
                let principals: Vec<Key> = rows.iter().map(|row| row.principal).collect();
                let former: Vec<(Key, Option<Key>)> = match principals.is_empty() {
                    true => Vec::new(),
                    false => persons::table
                        .filter(persons::joined_to.eq_any(principals))
                        .order(persons::id)
                        .select((persons::id, persons::joined_to))
                        .load(conn)?,
                };
                Ok((rows, former, memberships::open_of(conn, agent)?))
            })
            .await?;
        let mut reach = Vec::new();
        for row in rows {
            let Some(mandate) = row.open(self.vault())?.in_policy() else { continue };
            let also = former.iter().filter(|(_, into)| *into == Some(Key(mandate.principal)));
            let also = also.map(|(id, _)| policy::Mandate { principal: id.0, ..mandate.clone() });
            let also: Vec<_> = also.collect();
            reach.push(mandate);
            reach.extend(also);
        }
        for place in places {
            reach.extend(place.into_membership()?.in_policy());
        }
        Ok(reach)
    }

    pub async fn find_mandate(&self, id: Uuid) -> Result<Option<Mandate>> {
        let row: Option<MandateRow> = self
            .read(move |conn| {
                Ok(mandates::table
                    .filter(mandates::id.eq(Key(id)))
                    .select(MandateRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| row.open(self.vault())).transpose()
    }

    /// Mandates given for any of these, the latest first.
    pub async fn list_mandates_given(&self, principals: Vec<Uuid>) -> Result<Vec<Mandate>> {
        let rows: MandateFound = self
            .read(move |conn| {
                let principals: Vec<Key> = principals.into_iter().map(Key).collect();
                Ok(mandates::table
                    .filter(mandates::principal.eq_any(principals))
                    .order(mandates::id.desc())
                    .select(MandateRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(|row| row.open(self.vault())).collect()
    }

    /// Mandates offered to this person or number, or accepted by him, the latest first.
    pub async fn list_mandates_received(&self, agent: Uuid, mobile: &Mobile) -> Result<Vec<Mandate>> {
        let index = mobile_index(self.vault(), mobile);
        let rows: MandateFound = self
            .read(move |conn| {
                let mut found: MandateFound = mandates::table
                    .filter(mandates::agent.eq(Key(agent)))
                    .select(MandateRow::as_select())
                    .load(conn)?;
                let open: MandateFound = mandates::table
                    .filter(mandates::mobile_index.eq(index))
                    .filter(mandates::agent.is_null())
                    .select(MandateRow::as_select())
                    .load(conn)?;
                found.extend(open);
                found.sort_by_key(|row| std::cmp::Reverse(row.id));
                Ok(found)
            })
            .await?;
        rows.into_iter().map(|row| row.open(self.vault())).collect()
    }

    /// Mandates given on from this one, and from those, that were not ended.
    pub async fn list_mandates_below(&self, id: Uuid) -> Result<Vec<Mandate>> {
        let rows: MandateFound = self
            .read(move |conn| {
                let mut found: MandateFound = Vec::new();
                let mut above = vec![Key(id)];
                while !above.is_empty() {
                    let below: MandateFound = mandates::table
                        .filter(mandates::parent.eq_any(above))
                        .filter(mandates::ended_at.is_null())
                        .select(MandateRow::as_select())
                        .load(conn)?;
                    above = below.iter().map(|row| row.id).collect();
                    found.extend(below);
                }
                Ok(found)
            })
            .await?;
        rows.into_iter().map(|row| row.open(self.vault())).collect()
    }
}
