//! 待办 as rows: which cases lie on the worklists, who works on them, who is on leave.
//!
//! What always holds: a case is on the worklists exactly while it is filed and not
//! closed, and on those of an agency whose opinion it awaits while it does; its places
//! there are written by the commit that writes the case.

mod asked;
mod counts;
mod lists;
mod opinions;
mod search;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::changes::Changes;
use super::conn::Conn;
use super::dialect;
use super::error::{Error, Result};
use super::rows::{CaseKeyRow, WorkRow, WorkUpdate};
use super::schema::{case_claims, post_leaves, posts};
use super::types::{At, Key};
use super::vault::Vault;
use crate::domain::cases::Case;
use crate::domain::cases::desk::Desk;
use crate::domain::guides::IdNumber;
use crate::domain::policy::Role;
use crate::domain::registries::PersonName;
use crate::domain::work::{CaseClaim, Leave};

pub use counts::{BalanceRow, Counted, Posting};
pub use lists::{Assignee, Order, WorkCursor, WorkFilter, WorkLine};
pub use opinions::AwaitedRow;

/// The day in the place of none, after all others.
const NEVER: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = case_claims, treat_none_as_default_value = false)]
pub struct ClaimRow {
    case_id: Key,
    role: String,
    post: Key,
    account: Key,
    at: At,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = post_leaves, treat_none_as_default_value = false)]
pub struct LeaveRow {
    post: Key,
    until: At,
    substitute: Option<Key>,
    set_by: Key,
    set_at: At,
}

impl From<&CaseClaim> for ClaimRow {
    fn from(claim: &CaseClaim) -> Self {
        Self {
            case_id: Key(claim.case),
            role: claim.role.as_str().to_owned(),
            post: Key(claim.post),
            account: Key(claim.account),
            at: At(claim.at),
        }
    }
}

impl ClaimRow {
    fn into_claim(self) -> Result<CaseClaim> {
        let role = Role::parse(&self.role)
            .ok_or_else(|| Error::corrupt("case_claims", self.case_id.0, "its role is none"))?;
        let (case, post, account, at) = (self.case_id.0, self.post.0, self.account.0, self.at.0);
        Ok(CaseClaim { case, role, post, account, at })
    }
}

impl From<&Leave> for LeaveRow {
    fn from(leave: &Leave) -> Self {
        Self {
            post: Key(leave.post),
            until: At(leave.until),
            substitute: leave.substitute.map(Key),
            set_by: Key(leave.set_by),
            set_at: At(leave.set_at),
        }
    }
}

impl LeaveRow {
    fn into_leave(self) -> Leave {
        Leave {
            post: self.post.0,
            until: self.until.0,
            substitute: self.substitute.map(|key| key.0),
            set_by: self.set_by.0,
            set_at: self.set_at.0,
        }
    }
}

/// A write to one of these tables.
#[derive(Debug, Clone)]
pub enum WorkWrite {
    /// Expects that nobody of the role works on the case.
    Claim(ClaimRow),
    /// Whoever of the role worked on it does no longer.
    Assign(ClaimRow),
    /// Expects that this post works on it.
    Release {
        case: Uuid,
        post: Uuid,
    },
    /// Nobody works on it any more.
    Free {
        case: Uuid,
    },
    /// What a post works on is another's, or anybody's.
    HandOver {
        from: Uuid,
        to: Option<(Uuid, Uuid)>,
        at: DateTime<Utc>,
    },
    SetLeave(LeaveRow),
    /// Expects one.
    EndLeave {
        post: Uuid,
    },
    /// The opinions a case awaits now, no others.
    Await {
        case: Uuid,
        awaited: Vec<AwaitedRow>,
    },
    /// Sums up postings, which nobody else may have done.
    Settle {
        postings: Vec<Uuid>,
        sums: Vec<BalanceRow>,
    },
    /// Drops sums of nothing, claims of posts that have ended, leaves that are over.
    Tidy {
        at: DateTime<Utc>,
    },
}

pub(super) use WorkWrite as Write;

impl WorkWrite {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::Claim(row) => {
                // Whose post has ended has it no more.
                let ended = posts::table.filter(posts::valid_until.le(row.at)).select(posts::id);
                let held = case_claims::table
                    .filter(case_claims::case_id.eq(row.case_id))
                    .filter(case_claims::role.eq(&row.role))
                    .filter(case_claims::post.eq_any(ended));
                diesel::delete(held).execute(conn)?;
                dialect::claim_case(conn, row)
            }
            Write::Assign(row) => {
                let before = case_claims::table.filter(case_claims::case_id.eq(row.case_id));
                diesel::delete(before.filter(case_claims::role.eq(&row.role))).execute(conn)?;
                dialect::claim_case(conn, row)
            }
            Write::Release { case, post } => {
                let held = case_claims::table.filter(case_claims::case_id.eq(Key(*case)));
                diesel::delete(held.filter(case_claims::post.eq(Key(*post)))).execute(conn).map(|n| n > 0)
            }
            Write::Free { case } => {
                let held = case_claims::table.filter(case_claims::case_id.eq(Key(*case)));
                diesel::delete(held).execute(conn).map(|_| true)
            }
            Write::HandOver { from, to, at } => {
                let held = case_claims::table.filter(case_claims::post.eq(Key(*from)));
                match to {
                    Some((post, account)) => diesel::update(held)
                        .set((
                            case_claims::post.eq(Key(*post)),
                            case_claims::account.eq(Key(*account)),
                            case_claims::at.eq(At(*at)),
                        ))
                        .execute(conn)?,
                    None => diesel::delete(held).execute(conn)?,
                };
                Ok(true)
            }
            Write::SetLeave(row) => {
                diesel::delete(post_leaves::table.filter(post_leaves::post.eq(row.post))).execute(conn)?;
                diesel::insert_into(post_leaves::table).values(row).execute(conn).map(|n| n == 1)
            }
            Write::EndLeave { post } => {
                let leave = post_leaves::table.filter(post_leaves::post.eq(Key(*post)));
                diesel::delete(leave).execute(conn).map(|n| n == 1)
            }
            Write::Await { case, awaited } => opinions::put(conn, Key(*case), awaited).map(|()| true),
            Write::Settle { postings, sums } => counts::settle(conn, postings, sums),
            Write::Tidy { at } => tidy(conn, *at),
        }
    }
}

fn tidy(conn: &mut Conn, at: DateTime<Utc>) -> QueryResult<bool> {
    counts::drop_empty(conn)?;
    let ended = posts::table.filter(posts::valid_until.le(At(at))).select(posts::id);
    diesel::delete(case_claims::table.filter(case_claims::post.eq_any(ended))).execute(conn)?;
    diesel::delete(post_leaves::table.filter(post_leaves::until.le(At(at)))).execute(conn)?;
    Ok(true)
}

impl Changes {
    /// Puts a case where it belongs on the worklists, or takes it off. A counter, once
    /// told, stays. `ids` are for the postings.
    pub fn put_work(&mut self, case: &Case, desk: Option<&Desk>, counter: Option<String>, ids: [Uuid; 2]) {
        let [left, came] = ids.map(Key);
        let row = desk.map(|desk| {
            let region = case.place().region.as_str();
            let first = |count| region.get(..count).unwrap_or(region).to_owned();
            let days = desk.days.map_or((NEVER, NEVER), |days| (days.due_on, days.yellow_on));
            WorkRow {
                case_id: Key(case.id),
                state: case.state.name().as_str().to_owned(),
                agency: case.place().agency.to_string(),
                region: region.to_owned(),
                county: first(6),
                city: first(4),
                guide: case.place().guide.to_string(),
                step: desk.step.clone(),
                counter,
                due_on: days.0.to_string(),
                yellow_on: days.1.to_string(),
            }
        });
        self.work.push(WorkUpdate { case_id: Key(case.id), left, came, row });
        if case.state.accepted().is_some_and(|accepted| !accepted.opinions.is_empty()) {
            let awaited = desk.map_or(&[][..], |desk| &desk.opinions);
            let awaited = awaited.iter().map(|one| AwaitedRow::new(Key(case.id), one)).collect();
            self.write(WorkWrite::Await { case: case.id, awaited });
        }
    }

    /// Takes a case that was erased off whatever is left of it on the worklists; `id` is
    /// for the posting.
    pub fn take_off_worklists(&mut self, case: Uuid, id: Uuid) {
        self.work.push(WorkUpdate { case_id: Key(case), left: Key(id), came: Key(id), row: None });
        self.write(WorkWrite::Await { case, awaited: Vec::new() });
    }

    /// Lets a filed case be found by its applicant's name and numbers.
    pub fn find_by_applicant(&mut self, case: &Case, vault: &Vault) {
        let Some(applicant) = case.state.filing().and_then(|filing| filing.applicant.known()) else { return };
        let name = PersonName::parse("", &applicant.name).ok();
        let digests = [
            name.map(|name| name_key(vault, &name)),
            applicant.id_number.as_ref().map(|number| number_key(vault, number)),
            applicant.mobile.as_ref().map(|mobile| mobile_key(vault, mobile.as_str())),
        ];
        let rows = digests.into_iter().flatten().map(|digest| CaseKeyRow { digest, case_id: Key(case.id) });
        self.case_keys.extend(rows);
    }
}

/// What the cases of an applicant of this name are found by.
pub fn name_key(vault: &Vault, name: &PersonName) -> Vec<u8> {
    vault.blind_index("case.name", name.as_str())
}

pub fn number_key(vault: &Vault, number: &IdNumber) -> Vec<u8> {
    vault.blind_index("case.id_number", number.expose())
}

pub fn mobile_key(vault: &Vault, mobile: &str) -> Vec<u8> {
    vault.blind_index("case.mobile", mobile)
}

impl Store {
    /// Who works on these cases; claims of posts that have ended count no more.
    pub async fn list_claims(&self, cases: Vec<Uuid>, at: DateTime<Utc>) -> Result<Vec<CaseClaim>> {
        let rows: Vec<ClaimRow> = self
            .read(move |conn| {
                let cases: Vec<Key> = cases.into_iter().map(Key).collect();
                let in_force = posts::table
                    .filter(posts::valid_until.is_null().or(posts::valid_until.gt(At(at))))
                    .filter(posts::id.eq(case_claims::post));
                Ok(case_claims::table
                    .filter(case_claims::case_id.eq_any(cases))
                    .filter(diesel::dsl::exists(in_force))
                    .order((case_claims::case_id, case_claims::role))
                    .select(ClaimRow::as_select())
                    .load(conn)?)
            })
            .await?;
        rows.into_iter().map(ClaimRow::into_claim).collect()
    }

    /// What these posts work on, at most so many.
    pub async fn list_claimed(&self, posts: Vec<Uuid>, limit: i64) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let posts: Vec<Key> = posts.into_iter().map(Key).collect();
            let cases: Vec<Key> = case_claims::table
                .filter(case_claims::post.eq_any(posts))
                .order(case_claims::case_id.desc())
                .limit(limit)
                .select(case_claims::case_id)
                .load(conn)?;
            Ok(cases.into_iter().map(|key| key.0).collect())
        })
        .await
    }

    pub async fn find_leave(&self, post: Uuid) -> Result<Option<Leave>> {
        let row: Option<LeaveRow> = self
            .read(move |conn| {
                Ok(post_leaves::table
                    .filter(post_leaves::post.eq(Key(post)))
                    .select(LeaveRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        Ok(row.map(LeaveRow::into_leave))
    }
}
