//! One case: its chain, whether it still is what its history says, its letters and
//! certificates by what their records say of them, the files by their digests.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Findings, NOT_REVOKED_SO, NOT_SEALED, Verifier};
use crate::app::cases::{fold, is_seal_of};
use crate::app::certificates;
use crate::app::error::{AppError, AppResult};
use crate::app::files::Folder;
use crate::app::seals::SealKeys;
use crate::domain::cases::history::{Broken, examine, hex};
use crate::domain::cases::papers::{Paper, PaperKind};
use crate::domain::cases::{CaseEvent, Record};
use crate::domain::verification::{CaseName, Fault, Part};
use crate::store::{self, HeldCertificate, Print, WholeCase};

impl Verifier<'_> {
    pub(super) async fn case(
        &self,
        whole: WholeCase,
        keys: Option<&SealKeys>,
        findings: &mut Findings<'_>,
    ) -> AppResult<()> {
        let counts = &mut findings.counts;
        counts.erased += u64::from(whole.erased_to.is_some());
        counts.records += whole.records.len() as u64;
        counts.letters += whole.letters.len() as u64;
        counts.certificates += whole.certificates.len() as u64;
        let mut faults = whole.faults.clone();
        let unread = faults.iter().any(|fault| matches!(fault.part, Part::Record(_)));
        let chain = chain(&whole);
        if !unread && chain.is_empty() {
            faults.extend(state(&whole)?);
        }
        faults.extend(chain);
        if whole.erased_to.is_some() && !self.store.is_erasure_on_record(whole.name.id).await? {
            let why = "its personal data is gone, and the audit trail does not say that it was erased";
            faults.push(Fault::of_case(&whole.name, Part::Case, why));
        }
        faults.extend(letters(&whole));
        faults.extend(self.certificates(&whole, keys)?);
        for print in &whole.prints {
            faults.extend(self.print(&whole, print, keys).await?);
        }
        for (code, digest) in files(&whole.records) {
            findings.counts.files += 1;
            let Some(folder) = self.folder(&whole) else { continue };
            if let Err(damage) = folder.examine(&digest).await? {
                let why = format!("the file {damage}");
                faults.push(Fault::of_case(&whole.name, Part::Material { code, digest }, why));
            }
        }
        let is_of_a_file = |fault: &Fault| matches!(fault.part, Part::Material { .. } | Part::Print(_));
        if faults.iter().any(is_of_a_file) && self.was_erased_meanwhile(&whole).await? {
            faults.retain(|fault| !is_of_a_file(fault));
        }
        findings.found(faults);
        Ok(())
    }

    /// Whether it was not erased when it was read and is by now: the portal goes on while it
    /// is looked at.
    async fn was_erased_meanwhile(&self, whole: &WholeCase) -> AppResult<bool> {
        if whole.key().is_none() {
            return Ok(false);
        }
        match self.store.find_case(whole.name.id).await {
            Ok(now) => Ok(now.is_none_or(|now| now.origin.key().is_none())),
            Err(store::Error::Corrupt { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn folder<'a>(&'a self, whole: &'a WholeCase) -> Option<Folder<'a>> {
        whole.key().map(|key| Folder { blobs: self.blobs, owner: whole.folder(), key })
    }

    /// What is wrong with what a letter was printed as; an erased one is not there.
    async fn print(
        &self,
        whole: &WholeCase,
        print: &Print,
        keys: Option<&SealKeys>,
    ) -> AppResult<Vec<Fault>> {
        let fault = |why: String| Fault::of_case(&whole.name, Part::Print(print.id.clone()), why);
        let mut faults = Vec::new();
        if keys.is_some_and(|keys| !is_seal_of(print, keys)) {
            faults.push(fault("it is not the one that was sealed".to_owned()));
        }
        let erased = whole.erased_to.is_some_and(|last| print.seq <= last);
        if let Some(folder) = self.folder(whole).filter(|_| !erased)
            && let Err(damage) = folder.examine(&hex(&print.paper.digest)).await?
        {
            faults.push(fault(format!("the file {damage}")));
        }
        Ok(faults)
    }

    fn certificates(&self, whole: &WholeCase, keys: Option<&SealKeys>) -> AppResult<Vec<Fault>> {
        let mut named = papers(whole, PaperKind::Certificate);
        let mut faults = Vec::new();
        let revoked = revocation(&whole.records);
        for HeldCertificate { sealed, revoked_at } in &whole.certificates {
            let id = sealed.certificate.id.to_string();
            let fault = |why: &str| Fault::of_case(&whole.name, Part::Certificate(id.clone()), why);
            match named.remove(&id) {
                None if is_from_before(whole) => {}
                None => faults.push(fault("no record of the case says that it was made out")),
                Some((_, paper)) if *paper == certificates::paper(sealed, self.store.vault())? => {}
                Some(_) => faults.push(fault("it is not the one its record was written with")),
            }
            if keys.is_some_and(|keys| !certificates::is_sealed(sealed, keys)) {
                faults.push(fault(NOT_SEALED));
            }
            if *revoked_at != revoked {
                faults.push(fault(NOT_REVOKED_SO));
            }
        }
        // One that does not read was told of already.
        named.retain(|id, _| !is_told(whole, &Part::Certificate(id.clone())));
        faults.extend(missing(&whole.name, named, Part::Certificate));
        Ok(faults)
    }
}

fn chain(whole: &WholeCase) -> Vec<Fault> {
    let told = |seq| is_told(whole, &Part::Record(seq));
    let faults = examine(&whole.records).into_iter().filter_map(|broken| {
        let (seq, why) = match broken {
            // One that does not read is there, and was told of.
            Broken::Sequence(seq) if told(seq) => return None,
            Broken::Sequence(seq) => (seq, "it is not there, or not in its place"),
            Broken::Link(seq) => (seq, "it does not continue the record before it"),
            Broken::Hash(seq) => (seq, "its content does not give its hash"),
            Broken::Sealed(seq) => (seq, "its personal data is not what its record was written with"),
        };
        Some(Fault::of_case(&whole.name, Part::Record(seq), why))
    });
    faults.collect()
}

/// Whether the case as it stands is what its history, which is sound, makes of it.
fn state(whole: &WholeCase) -> AppResult<Option<Fault>> {
    let fault = |why: String| Some(Fault::of_case(&whole.name, Part::Case, why));
    let Some(last) = whole.records.last() else { return Ok(fault("it has no history".to_owned())) };
    let folded = match fold(whole.name.id, whole.records.iter().cloned()) {
        Ok(folded) => folded,
        Err(AppError::Internal(why)) => return Ok(fault(why)),
        Err(other) => return Err(other),
    };
    let written: usize = match is_from_before(whole) {
        true => whole.letters.len(),
        false => papers(whole, PaperKind::Letter).len(),
    };
    let differ = whole.differs_from(&folded, last.head(), written)?;
    Ok(match differ.as_slice() {
        [] => None,
        columns => fault(format!("not what its history says in {}", columns.join(", "))),
    })
}

fn letters(whole: &WholeCase) -> Vec<Fault> {
    let mut named = papers(whole, PaperKind::Letter);
    let mut faults = Vec::new();
    for letter in &whole.letters {
        let mut fault =
            |why: &str| faults.push(Fault::of_case(&whole.name, Part::Letter(letter.id.clone()), why));
        let Some((record, paper)) = named.remove(&letter.id) else {
            if !is_from_before(whole) {
                fault("no record of the case says that it was written");
            }
            continue;
        };
        if record.seq != letter.seq {
            fault("it stands with another record than the one it was written with");
        }
        if !paper.is_of(&letter.open) {
            fault("it is not the one its record was written with");
        }
        let kept = match (&record.sealed, &letter.parts) {
            (Some(sealed), Some(parts)) => paper.keeps(&sealed.salt, parts),
            (None, _) | (_, None) => true,
        };
        if !kept {
            fault("its personal data is not what its record was written with");
        }
    }
    named.retain(|id, _| !is_told(whole, &Part::Letter(id.clone())));
    faults.extend(missing(&whole.name, named, Part::Letter));
    faults
}

/// When the case took back what it had issued, if it did.
fn revocation(records: &[Record]) -> Option<DateTime<Utc>> {
    let taken_back = |record: &&Record| {
        let event = record.act().map(|act| act.event);
        matches!(event, Ok(CaseEvent::Voided { .. } | CaseEvent::Revoked { .. }))
    };
    records.iter().find(taken_back).map(|record| record.at)
}

/// The letters or certificates the records name, by their ids.
fn papers(whole: &WholeCase, kind: PaperKind) -> BTreeMap<String, (&Record, &Paper)> {
    let named =
        whole.records.iter().flat_map(|record| record.papers.iter().map(move |paper| (record, paper)));
    named.filter(|(_, paper)| paper.kind == kind).map(|named| (named.1.id.clone(), named)).collect()
}

fn missing(
    name: &CaseName,
    named: BTreeMap<String, (&Record, &Paper)>,
    part: fn(String) -> Part,
) -> impl Iterator<Item = Fault> {
    named.into_iter().map(move |(id, (record, _))| {
        Fault::of_case(name, part(id), format!("record {} made it out, and it is not there", record.seq))
    })
}

/// Written before records named their letters.
fn is_from_before(whole: &WholeCase) -> bool {
    whole.records.iter().all(|record| record.papers.is_empty())
}

fn is_told(whole: &WholeCase, part: &Part) -> bool {
    whole.faults.iter().any(|fault| fault.part == *part)
}

/// Every file ever attached, by the code of its material and its digest; those whose
/// digest was erased are not known any more.
fn files(records: &[Record]) -> BTreeSet<(String, String)> {
    let events = records.iter().filter_map(|record| record.act().ok()).map(|act| act.event);
    let of =
        |event: CaseEvent| event.file().map(|(material, digest)| (material.to_owned(), digest.to_owned()));
    events.filter_map(of).collect()
}
