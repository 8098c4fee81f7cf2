//! The only room that knows the database. Reads are questions to a [`Store`];
//! writes are values, [`Changes`], made durable by its committer.
//!
//! SQLite (one file) and PostgreSQL serve the same queries; see `dialect` for
//! the few that differ.

mod audit;
mod bundles;
mod calendar;
mod cases;
mod catalog;
mod certificates;
mod changes;
mod committer;
mod conn;
mod defence;
mod dialect;
mod error;
mod handoffs;
mod idempotency;
mod identity;
mod key_uses;
mod migrations;
mod numbers;
mod organisation;
mod outbox;
mod people;
mod posts;
mod readers;
mod retention;
mod roots;
mod rows;
mod schema;
mod settings;
mod sqlite_upkeep;
pub mod types;
mod uploads;
mod vault;
mod verify;
mod work;
mod write;

use std::sync::Arc;

pub use audit::AuditFilter;
pub use bundles::{ApplicationOrigin, BundleRecord, FollowedCase, StoredApplication, Write as BundleWrite};
pub use calendar::PutNotice;
pub use cases::{
    Alike, CaseFilter, JudgedAlike, LetterRecord, LetterWrite, NewLetter, Origin, PaperRecord, StoredCase,
};
pub use catalog::{
    DraftFilter, DraftRecord, DraftState, DraftWrite, GuideLineRecord, GuideRecord, ItemRecord, ItemWrite,
    NewGuide, Write as CatalogWrite,
};
pub use certificates::{RevokeCertificate, SealedCertificate};
pub use changes::Changes;
pub use conn::Location;
pub use defence::DefenceWrite;
pub use error::{Error, Result};
pub use handoffs::{HandoffRow, HandoffWrite, handoff_digest};
pub use idempotency::{Answered, Claim};
pub use identity::*;
pub use key_uses::KeyUses;
pub use migrations::{Migrations, migrate};
pub use numbers::Block;
pub use organisation::Write as OrganisationWrite;
pub use outbox::{Message, SESSION_ENDED, Write as OutboxWrite};
pub use people::{
    AccountRecord, AccountRow, HelperCodeRow, MandateRow, OrganizationRecord, OrganizationRow, PersonRecord,
    PersonRow, Write as PeopleWrite, helper_code_digest, mobile_index,
};
pub use posts::{HeldPost, PostFilter, PostWrite};
pub use retention::{Due, Erase, Write as RetentionWrite};
pub use roots::{DailyRoot, DayRange};
pub use settings::{Epoch, RaiseFrom, SetSetting};
pub use uploads::{UploadPart, UploadRecord, UploadWrite};
pub use vault::{CaseKey, MasterKey, Vault, random};
pub use verify::{HeldCertificate, Print, StoredLetter, WholeCase, unreadable};
pub use work::{
    Assignee, BalanceRow, ClaimRow, Counted, LeaveRow, Order, Posting, WorkCursor, WorkFilter, WorkLine,
    WorkWrite, mobile_key, name_key, number_key,
};
pub use write::Write;

use conn::Conn;

/// The database, open. Cheap to clone; closes when the last clone is dropped,
/// after everything queued has been written.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: readers::Readers,
    committer: committer::Committer,
    vault: Vault,
    _upkeep: Option<sqlite_upkeep::Checkpoints>,
}

/// What may be tuned of a store.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Connections that read.
    pub readers: usize,
    /// Changes committed in one transaction at the most.
    pub batch: usize,
}

impl Default for Tuning {
    /// For SQLite; a hundred changes are all one flush can carry without keeping
    /// the first of them waiting.
    fn default() -> Self {
        Self { readers: 2, batch: 100 }
    }
}

impl Store {
    /// Opens a migrated database.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be reached or is not migrated; the
    /// message says what to do.
    pub fn open(location: &Location, vault: Vault, tuning: Tuning) -> Result<Self> {
        migrations::check(location)?;
        let upkeep: Option<sqlite_upkeep::Checkpoints> = match location {
            Location::Sqlite(_) => Some(sqlite_upkeep::Checkpoints::start(location)?),
            Location::Postgres(_) => None,
        };
        let log = upkeep.as_ref().map(sqlite_upkeep::Checkpoints::log).unwrap_or_default();
        Ok(Self {
            inner: Arc::new(Inner {
                readers: readers::Readers::start(location, tuning.readers)?,
                committer: committer::Committer::start(location, tuning.batch, &log)?,
                vault,
                _upkeep: upkeep,
            }),
        })
    }

    /// Opens a migrated database for reading alone: nothing can be written through it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_to_read(location: &Location, vault: Vault, readers: usize) -> Result<Self> {
        migrations::check(location)?;
        Ok(Self {
            inner: Arc::new(Inner {
                readers: readers::Readers::start(location, readers)?,
                committer: committer::Committer::none(),
                vault,
                _upkeep: None,
            }),
        })
    }

    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// Makes the changes durable, all or none.
    ///
    /// # Errors
    /// `Stale`, `Replayed`, `Duplicate` and `Busy` mean that nothing was written.
    pub async fn commit(&self, changes: Changes) -> Result<()> {
        self.inner.committer.commit(changes).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.inner.readers.run(query).await
    }
}
