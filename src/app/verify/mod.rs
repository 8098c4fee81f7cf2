//! `wanshitong verify`: whether everything stored still is what was written. Reads
//! only, one case after the other, in bounded memory; a fault is told with its place
//! and never ends the run.

mod applications;
mod cases;
mod numbers;
mod receipt;
mod roots;

use futures_util::{StreamExt as _, stream};

pub use numbers::{Gap, explain_numbers};
pub use receipt::{Attested, attested, follows};

use super::certificates;
use super::error::AppResult;
use super::ports::Blobs;
use super::seals::SealKeys;
use crate::domain::verification::{Fault, Part};
use crate::store::{self, HeldCertificate, Store};

/// Rows read in one go.
const PAGE: i64 = 500;
/// Cases read while one is looked at.
const AHEAD: usize = 4;
/// Rows of no case told one by one.
const STRAYS_TOLD: i64 = 1000;

/// What is looked at.
pub struct Verifier<'a> {
    pub store: &'a Store,
    pub blobs: &'a dyn Blobs,
}

/// How much was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub cases: u64,
    /// Of the cases, those whose personal data is erased.
    pub erased: u64,
    /// For bundles.
    pub applications: u64,
    pub records: u64,
    pub letters: u64,
    pub certificates: u64,
    pub files: u64,
    /// Daily roots.
    pub roots: u64,
    pub faults: u64,
}

/// What is under way: the counts, and whoever wants to hear of faults.
struct Findings<'a> {
    counts: Counts,
    tell: &'a mut dyn FnMut(&Fault),
}

impl Findings<'_> {
    /// What was read; a table with a row that does not read is a fault of its own.
    fn read<T>(&mut self, table: &'static str, read: store::Result<T>) -> AppResult<Option<T>> {
        match read {
            Ok(found) => Ok(Some(found)),
            Err(error @ store::Error::Corrupt { .. }) => {
                self.found([Fault::new(Part::Table(table), error.to_string())]);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn found(&mut self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            self.counts.faults += 1;
            (self.tell)(&fault);
        }
    }
}

impl Verifier<'_> {
    /// Looks at everything; tells each fault as it is found.
    ///
    /// # Errors
    /// When the database or the file store cannot be reached.
    pub async fn all(&self, tell: &mut dyn FnMut(&Fault)) -> AppResult<Counts> {
        let mut findings = Findings { counts: Counts::default(), tell };
        let keys = self.keys(&mut findings).await?;
        self.cases(keys.as_ref(), &mut findings).await?;
        self.applications(&mut findings).await?;
        self.certificates_of_no_case(keys.as_ref(), &mut findings).await?;
        self.roots(keys.as_ref(), &mut findings).await?;
        let strays = self.store.list_strays(STRAYS_TOLD).await;
        let strays = findings.read("certificates", strays)?;
        findings.found(strays.unwrap_or_default());
        Ok(findings.counts)
    }

    /// The keys to check seals with; without them everything else is still looked at.
    async fn keys(&self, findings: &mut Findings<'_>) -> AppResult<Option<SealKeys>> {
        let why = match SealKeys::of_store(self.store).await {
            Ok(Ok(keys)) => return Ok(Some(keys)),
            Ok(Err(why)) => why,
            Err(super::AppError::Internal(why)) => why,
            Err(other) => return Err(other),
        };
        findings.found([Fault::new(Part::Keys, format!("{why}; no seal could be checked"))]);
        Ok(None)
    }

    async fn cases(&self, keys: Option<&SealKeys>, findings: &mut Findings<'_>) -> AppResult<()> {
        let mut after = None;
        loop {
            let ids = self.store.list_case_ids(after, PAGE).await?;
            let Some(last) = ids.last().copied() else { return Ok(()) };
            let read = |id| async move { (id, self.store.whole_case(id).await) };
            let mut whole = stream::iter(ids).map(read).buffered(AHEAD);
            while let Some((id, case)) = whole.next().await {
                findings.counts.cases += 1;
                match case {
                    Ok(Some(case)) => self.case(case, keys, findings).await?,
                    Ok(None) => {}
                    Err(error @ store::Error::Corrupt { .. }) => {
                        findings.found([store::unreadable(id, &error)]);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            after = Some(last);
        }
    }

    /// Those taken over from other registers.
    async fn certificates_of_no_case(
        &self,
        keys: Option<&SealKeys>,
        findings: &mut Findings<'_>,
    ) -> AppResult<()> {
        let mut after = None;
        loop {
            let page = self.store.list_certificates_of_no_case(after, PAGE).await;
            let Some((read, unreadable, last)) = findings.read("certificates", page)? else { return Ok(()) };
            findings.found(unreadable);
            for (held, faults) in read {
                findings.counts.certificates += 1;
                findings.found(faults);
                let HeldCertificate { sealed, revoked_at } = held;
                let fault = |why| Fault::new(Part::Certificate(sealed.certificate.id.to_string()), why);
                if keys.is_some_and(|keys| !certificates::is_sealed(&sealed, keys)) {
                    findings.found([fault(NOT_SEALED)]);
                }
                if revoked_at != sealed.certificate.revoked_at {
                    findings.found([fault(NOT_REVOKED_SO)]);
                }
            }
            if last.is_none() {
                return Ok(());
            }
            after = last;
        }
    }
}

const NOT_REVOKED_SO: &str = "its column revoked_at is not what is on record of its revocation";
const NOT_SEALED: &str = "its seal is not this portal's over what it says";
