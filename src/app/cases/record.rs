//! Turning acts into everything that is written because of them: records of the
//! history, the next state, letters, certificates, and word to the world.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{Audience, ReplayPointer};
use crate::app::catalog::PublishedGuide;
use crate::app::certificates;
use crate::app::consistency::alike;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::once::Claim;
use crate::domain::cases::desk::desk;
use crate::domain::cases::history::{self, Provenance, Record};
use crate::domain::cases::letters::{letters_for, number_results};
use crate::domain::cases::papers::Paper;
use crate::domain::cases::{Act, By, Case, CaseEvent, Decision, Issued, begin, evolve};
use crate::domain::codes::{CertificateId, Uscc};
use crate::store::{Changes, Message, NewLetter, Origin, RevokeCertificate, StoredCase, WorkWrite, random};

/// Under what circumstances acts are written down.
pub(super) struct Writing<'a> {
    pub ctx: &'a Ctx,
    pub guide: &'a PublishedGuide,
    pub at: DateTime<Utc>,
    /// Whom the answer is for; kept for a repetition.
    pub audience: Audience,
    pub provenance: Provenance,
    pub claim: Option<&'a Claim>,
}

/// What has been derived from the acts so far.
struct Progress {
    case: Case,
    head: history::Head,
    records: Vec<Record>,
    letters: Vec<NewLetter>,
    /// Letters the case had before.
    letters_before: usize,
    changes: Changes,
}

pub(super) fn internal(error: impl ToString) -> AppError {
    AppError::Internal(error.to_string())
}

impl Writing<'_> {
    /// Writes what follows from more acts on a case; gives its new state.
    pub async fn go_on(self, stored: StoredCase, acts: Vec<Act>) -> AppResult<Case> {
        let StoredCase { case, origin, .. } = stored;
        let mut progress = Progress::from(case, &origin);
        for act in acts {
            progress = self.add(progress, act)?;
        }
        self.finish(&origin, progress).await
    }

    /// Writes a new case: its opening, and whatever is decided on it at once.
    pub async fn open(
        self,
        id: Uuid,
        opening: Act,
        more: impl FnOnce(&Case) -> AppResult<Vec<Act>>,
    ) -> AppResult<Case> {
        let origin = Origin::new(id, self.ctx.store.vault());
        self.open_at(origin, opening, Changes::new(), more).await
    }

    /// The same of a case whose key is there already, written in one transaction with
    /// `also`.
    pub async fn open_at(
        self,
        origin: Origin,
        opening: Act,
        also: Changes,
        more: impl FnOnce(&Case) -> AppResult<Vec<Act>>,
    ) -> AppResult<Case> {
        let record =
            history::append(origin.head, &opening, self.at, &self.provenance, random()).map_err(internal)?;
        let mut progress = Progress::from(begin(origin.case(), opening).map_err(internal)?, &origin);
        progress.changes = also;
        progress.head = record.head();
        progress.records.push(record);
        for act in more(&progress.case)? {
            progress = self.add(progress, act)?;
        }
        self.finish(&origin, progress).await
    }

    fn add(&self, mut progress: Progress, mut act: Act) -> AppResult<Progress> {
        let Self { at, provenance, .. } = self;
        let (seq, salt) = (progress.head.seq + 1, random());
        number_results(&progress.case, &mut act.event, progress.letters_before + progress.letters.len());
        // Who passes a case on writes of it, not who is given it.
        let agency = progress.case.place().agency.clone();
        progress.case = evolve(progress.case, act.clone(), *at).map_err(internal)?;
        let mut papers = Vec::new();
        papers.extend(self.write_letters(&mut progress, &agency, &act.event, seq, &history::hex(&salt))?);
        papers.extend(self.make_out(&mut progress, &act.event)?);
        let record =
            history::append_with(progress.head, &act, papers, *at, provenance, salt).map_err(internal)?;
        if matches!(act.event, CaseEvent::Voided { .. } | CaseEvent::Revoked { .. }) {
            for id in issued_certificates(&progress.case) {
                progress.changes.write(RevokeCertificate { id: id.clone(), at: *at });
            }
        }
        if let CaseEvent::Transferred { .. } = &act.event {
            // Who worked on it cannot go on where it lies now.
            progress.changes.write(WorkWrite::Free { case: progress.case.id });
        }
        if let Some(topic) = public_topic(&act.event) {
            let case = &progress.case;
            progress.changes.tell(Message {
                id: new_id(*at),
                topic: topic.to_owned(),
                subject: case.id,
                payload: json!({ "case": case.id, "seq": seq, "guide": case.place().guide }),
                created_at: *at,
                attempts: 0,
            });
        }
        progress.head = record.head();
        progress.records.push(record);
        Ok(progress)
    }

    /// The letter owed after the event, if any.
    fn write_letters(
        &self,
        progress: &mut Progress,
        agency: &Uscc,
        event: &CaseEvent,
        seq: u64,
        salt: &str,
    ) -> AppResult<Vec<Paper>> {
        let (case, guide) = (&progress.case, self.guide.for_case(&progress.case));
        let written = progress.letters_before + progress.letters.len();
        let mut papers = Vec::new();
        for letter in letters_for(case, agency, guide, event, self.at, written) {
            let id = new_id(self.at);
            papers.push(Paper::of_letter(id, &letter, salt).map_err(internal)?);
            progress.letters.push(NewLetter { id, seq, letter });
        }
        Ok(papers)
    }

    /// The certificates the event hands out.
    fn make_out(&self, progress: &mut Progress, event: &CaseEvent) -> AppResult<Vec<Paper>> {
        let CaseEvent::ResultsIssued { issued } = event else { return Ok(Vec::new()) };
        let guide = self.guide.for_case(&progress.case);
        let mut papers = Vec::new();
        for result in issued {
            if let Some(sealed) = certificates::make_out(self.ctx, &progress.case, guide, result, self.at)? {
                papers.push(certificates::paper(&sealed, self.ctx.store.vault())?);
                progress.changes.insert_certificate(&sealed, self.ctx.store.vault())?;
            }
        }
        Ok(papers)
    }

    async fn finish(self, origin: &Origin, progress: Progress) -> AppResult<Case> {
        let Progress { case, records, letters, mut changes, .. } = progress;
        let alike = alike(&case, &self.guide.for_case(&case).form, self.ctx.store.vault())?;
        changes.record_case(self.ctx.store.vault(), origin, &case, &records, &letters, alike)?;
        self.put_on_worklists(origin, &case, &records, &mut changes);
        let pointer = ReplayPointer { case: case.id, version: case.version, audience: self.audience };
        changes.claim(self.claim, serde_json::to_string(&pointer).map_err(internal)?, self.at);
        self.ctx.store.commit(changes).await?;
        Ok(case)
    }

    /// Where the case lies now, and by what it is found once it is filed.
    fn put_on_worklists(&self, origin: &Origin, case: &Case, records: &[Record], changes: &mut Changes) {
        let calendar = self.ctx.calendar.current();
        let desk = desk(case, self.guide.for_case(case), &calendar);
        let was_filed = origin.was_filed();
        if desk.is_some() || was_filed {
            let counter = assisted_at(records);
            changes.put_work(case, desk.as_ref(), counter, [new_id(self.at), new_id(self.at)]);
        }
        if !was_filed {
            changes.find_by_applicant(case, self.ctx.store.vault());
        }
    }
}

/// The counter where an officer acted for the applicant before him.
fn assisted_at(records: &[Record]) -> Option<String> {
    let assisted = records
        .iter()
        .rev()
        .find(|record| matches!(serde_json::from_value(record.by.clone()), Ok(By::Assistant { .. })));
    assisted?.provenance.get("counter")?.as_str().map(str::to_owned)
}

impl Progress {
    fn from(case: Case, origin: &Origin) -> Self {
        Self {
            case,
            head: origin.head,
            records: Vec::new(),
            letters: Vec::new(),
            letters_before: origin.letters,
            changes: Changes::new(),
        }
    }
}

/// The certificates a case has issued.
fn issued_certificates(case: &Case) -> impl Iterator<Item = &CertificateId> {
    let decision = case.state.decided().map(|decided| &decided.decision);
    let issued = match decision {
        Some(Decision::Approved { issued }) => issued.as_slice(),
        Some(Decision::Denied { .. }) | None => &[],
    };
    issued.iter().filter_map(|one| match one {
        Issued::Certificate { id, .. } => Some(id),
        Issued::Letter { .. } => None,
    })
}

/// The topic under which an event is told to the world; drafts are nobody's business.
fn public_topic(event: &CaseEvent) -> Option<&'static str> {
    match event {
        CaseEvent::Submitted { .. } => Some("case.submitted"),
        CaseEvent::Accepted { .. } => Some("case.accepted"),
        CaseEvent::Refused { .. } => Some("case.refused"),
        CaseEvent::StepRecorded { .. } => Some("case.step_recorded"),
        CaseEvent::Approved { .. } => Some("case.approved"),
        CaseEvent::Denied { .. } => Some("case.denied"),
        CaseEvent::ResultsIssued { .. } => Some("case.results_issued"),
        CaseEvent::Delivered { .. } => Some("case.delivered"),
        CaseEvent::Withdrawn { .. } => Some("case.withdrawn"),
        CaseEvent::Opened { .. } | CaseEvent::FactsSaved { .. } | CaseEvent::MaterialAttached { .. } => None,
        CaseEvent::MaterialRemoved { .. } | CaseEvent::Expired => None,
        CaseEvent::AnswersMended { .. } | CaseEvent::MaterialSupplied { .. } => None,
        CaseEvent::CorrectionRequested { .. } => Some("case.correction_requested"),
        CaseEvent::Corrected { .. } => Some("case.corrected"),
        CaseEvent::Lapsed => Some("case.lapsed"),
        CaseEvent::Transferred { .. } | CaseEvent::TransferredOut { .. } => Some("case.transferred"),
        CaseEvent::Paused { .. } => Some("case.paused"),
        CaseEvent::Resumed { .. } => Some("case.resumed"),
        CaseEvent::Extended { .. } => Some("case.extended"),
        CaseEvent::OpinionsAsked { .. } => Some("case.opinions_asked"),
        CaseEvent::OpinionGiven { .. } => Some("case.opinion_given"),
        CaseEvent::OpinionEscalated { .. } => Some("case.opinion_escalated"),
        CaseEvent::DeadlinePassed(_) => Some("case.deadline_passed"),
        CaseEvent::Voided { .. } => Some("case.voided"),
        CaseEvent::Revoked { .. } => Some("case.revoked"),
        CaseEvent::Asked { .. } => Some("case.asked"),
        CaseEvent::Replied { .. } => Some("case.replied"),
        CaseEvent::Rated { .. } => Some("case.rated"),
        CaseEvent::Rectified { .. } => Some("case.rectified"),
    }
}
