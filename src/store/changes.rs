//! Writes are values. A use case describes all it wants written as one
//! [`Changes`]; the committer makes the whole of it durable, or none of it.

use super::rows::{
    CaseEventRow, CaseKeyRow, CaseRow, CaseUpdate, CertificateRow, IdempotencyRow, LetterRow, OutboxRow,
    RefreshRow, WorkUpdate,
};
use super::write::Write;

/// Everything one use case writes. Rows of hot tables have a list each, so that
/// the committer can write those of a whole batch in one statement; everything
/// else is a [`Write`].
#[derive(Debug, Default)]
pub struct Changes {
    pub(super) claim: Option<IdempotencyRow>,
    pub(super) new_cases: Vec<CaseRow>,
    pub(super) case_updates: Vec<CaseUpdate>,
    pub(super) work: Vec<WorkUpdate>,
    pub(super) case_keys: Vec<CaseKeyRow>,
    pub(super) events: Vec<CaseEventRow>,
    pub(super) letters: Vec<LetterRow>,
    pub(super) certificates: Vec<CertificateRow>,
    pub(super) outbox: Vec<OutboxRow>,
    pub(super) refreshes: Vec<RefreshRow>,
    pub(super) writes: Vec<Write>,
}

impl Changes {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a write to a table that is not hot.
    pub fn write(&mut self, write: impl Into<Write>) -> &mut Self {
        self.writes.push(write.into());
        self
    }

    /// The idempotency key this change answers for, if any.
    pub(super) fn claimed_key(&self) -> Option<&[u8]> {
        self.claim.as_ref().map(|claim| claim.key.as_slice())
    }

    /// The rows it must find unchanged. Two changes that guard the same row
    /// cannot be in one batch.
    pub(super) fn guarded_cases(&self) -> impl Iterator<Item = uuid::Uuid> + '_ {
        self.case_updates.iter().map(|update| update.row.id.0)
    }

    /// The refresh tokens it must find unused.
    pub(super) fn guarded_tokens(&self) -> impl Iterator<Item = &[u8]> + '_ {
        self.refreshes.iter().map(|refresh| refresh.used.as_slice())
    }
}
