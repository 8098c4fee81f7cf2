//! Persons, their accounts and posts; what shows who they are; in whose name they
//! act. Who somebody is lies sealed; ID and mobile numbers are found by a keyed
//! blind index and never stored open.
//!
//! What always holds: a record that was joined to another is found as that other;
//! whatever changes is expected to be as it was read.

mod accounts;
mod helper_codes;
mod mandates;
mod memberships;
mod organizations;
mod persons;
mod posts;
mod proofs;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::conn::Conn;
use crate::domain::identity::{IdentityProof, Level};
use crate::domain::organizations::Membership;
use crate::domain::policy::Post;

pub(super) use accounts::level;
pub use accounts::{AccountRecord, AccountRow, mobile_index};
pub use helper_codes::{HelperCodeRow, helper_code_digest};
pub use mandates::MandateRow;
pub use organizations::{OrganizationRecord, OrganizationRow};
pub use persons::{PersonRecord, PersonRow};
pub(super) use posts::{PostRow, post};

/// A write to one of these tables.
#[derive(Debug, Clone)]
pub enum Write {
    InsertPerson(PersonRow),
    /// Replaces what is known of a person, if still at the version before.
    UpdatePerson(PersonRow),
    /// One record turned out to be of the person of another: what was offered to it
    /// or given by it is the other's.
    JoinPerson {
        from: Uuid,
        into: Uuid,
        expected_version: i64,
    },
    InsertAccount(AccountRow),
    SetPassword {
        account: Uuid,
        password_hash: String,
        expected_version: i64,
    },
    /// Who the account's holder is, and how well he is known.
    SetHolder {
        account: Uuid,
        person: Uuid,
        level: Level,
        expected_version: i64,
    },
    /// Replaces number and language, if still at the version before.
    ChangeAccount(AccountRow),
    /// 注销: nobody signs in with it any more, and its number is free again.
    CloseAccount {
        account: Uuid,
        at: DateTime<Utc>,
        expected_version: i64,
        /// What is found in the number's place: nothing.
        mobile_index: Vec<u8>,
    },
    InsertPost {
        account: Uuid,
        post: Post,
    },
    InsertProof(IdentityProof),
    /// Expects that it was not withdrawn.
    WithdrawProof {
        id: Uuid,
        at: DateTime<Utc>,
    },
    InsertMandate(MandateRow),
    /// Replaces a mandate, if still at the version before.
    UpdateMandate(MandateRow),
    /// Expects a mandate at this version and moves it on: nothing may happen to it
    /// beside what is written here.
    GuardMandate {
        id: Uuid,
        expected_version: i64,
    },
    /// What was offered to a number, whatever became of it, is its present owner's
    /// for good: whoever has the number after him is not meant.
    KeepOffers {
        mobile_index: Vec<u8>,
        person: Uuid,
    },
    PutOrganization(OrganizationRow),
    InsertMembership(Membership),
    /// Expects it at the version before.
    UpdateMembership(Membership),
    InsertHelperCode(HelperCodeRow),
    /// Expects that nobody redeemed it.
    RedeemHelperCode {
        digest: Vec<u8>,
        at: DateTime<Utc>,
    },
    /// Drops codes that expired before.
    SweepHelperCodes {
        before: DateTime<Utc>,
    },
}

impl Write {
    /// Whether it found what it expected.
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        match self {
            Write::InsertPerson(row) => persons::insert(conn, row),
            Write::UpdatePerson(row) => persons::update(conn, row),
            Write::JoinPerson { from, into, expected_version } => {
                Ok(persons::join(conn, *from, *into, *expected_version)?
                    && mandates::move_over(conn, *from, *into)?
                    && memberships::move_over(conn, *from, *into)?)
            }
            Write::InsertAccount(row) => accounts::insert(conn, row),
            Write::SetPassword { account, password_hash, expected_version } => {
                accounts::set_password(conn, *account, password_hash, *expected_version)
            }
            Write::SetHolder { account, person, level, expected_version } => {
                accounts::set_holder(conn, *account, *person, *level, *expected_version)
            }
            Write::ChangeAccount(row) => accounts::change(conn, row),
            Write::CloseAccount { account, at, expected_version, mobile_index } => {
                accounts::close(conn, *account, *at, *expected_version, mobile_index)
            }
            Write::InsertPost { account, post } => posts::insert(conn, *account, post),
            Write::InsertProof(proof) => proofs::insert(conn, proof),
            Write::WithdrawProof { id, at } => proofs::withdraw(conn, *id, *at),
            Write::InsertMandate(row) => mandates::insert(conn, row),
            Write::UpdateMandate(row) => mandates::update(conn, row),
            Write::GuardMandate { id, expected_version } => mandates::guard(conn, *id, *expected_version),
            Write::KeepOffers { mobile_index, person } => mandates::keep_offers(conn, mobile_index, *person),
            Write::PutOrganization(row) => organizations::put(conn, row),
            Write::InsertMembership(membership) => memberships::insert(conn, membership),
            Write::UpdateMembership(membership) => memberships::update(conn, membership),
            Write::InsertHelperCode(row) => helper_codes::insert(conn, row),
            Write::RedeemHelperCode { digest, at } => helper_codes::redeem(conn, digest, *at),
            Write::SweepHelperCodes { before } => helper_codes::sweep(conn, *before),
        }
    }
}
