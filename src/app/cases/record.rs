//! Turning acts into everything that is written because of them: records of the
//! history, the next state, letters, certificates, and word to the world.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use uuid::Uuid;

use super::ReplayPointer;
use crate::app::catalog::PublishedGuide;
use crate::app::certificates;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::cases::history::{self, Provenance, Record};
use crate::domain::cases::letters::letter_for;
use crate::domain::cases::{Act, Case, CaseEvent, CaseState, Issued, begin, evolve};
use crate::store::{Changes, Claim, Message, NewLetter, StoredCase, random};

/// Writes the acts and everything that follows from them; gives the new state.
pub async fn write(
    ctx: &Ctx,
    before: StoredCase,
    guide: &PublishedGuide,
    acts: Vec<Act>,
    at: DateTime<Utc>,
    provenance: Provenance,
    claim: Option<&Claim>,
) -> AppResult<Case> {
    let mut written = Written { head: before.head, ..Written::of(before.case.clone()) };
    let mut changes = Changes::new();
    for act in acts {
        written.add(ctx, &before, guide, act, at, &provenance, &mut changes)?;
    }
    finish(ctx, before, written, at, claim, changes).await
}

/// Writes a case whose first act is `opening`.
pub async fn write_new(
    ctx: &Ctx,
    id: Uuid,
    guide: &PublishedGuide,
    opening: Act,
    more: impl FnOnce(&Case) -> AppResult<Vec<Act>>,
    at: DateTime<Utc>,
    provenance: Provenance,
    claim: Option<&Claim>,
) -> AppResult<Case> {
    let case = begin(id, opening.clone()).map_err(|error| AppError::Internal(error.to_string()))?;
    let before = StoredCase::new(case.clone(), ctx.store.vault());
    let mut written = Written { head: before.head, ..Written::of(case) };
    let record = history::append(written.head, &opening, at, &provenance, random())
        .map_err(|error| AppError::Internal(error.to_string()))?;
    written.head = record.head();
    written.records.push(record);
    let mut changes = Changes::new();
    for act in more(&written.case)? {
        written.add(ctx, &before, guide, act, at, &provenance, &mut changes)?;
    }
    finish(ctx, before, written, at, claim, changes).await
}

/// What has been derived so far.
struct Written {
    case: Case,
    head: history::Head,
    records: Vec<Record>,
    letters: Vec<NewLetter>,
}

impl Written {
    fn of(case: Case) -> Self {
        Self { case, head: history::Head::START, records: Vec::new(), letters: Vec::new() }
    }

    #[expect(clippy::too_many_arguments, reason = "one act and all it is written with")]
    fn add(
        &mut self,
        ctx: &Ctx,
        before: &StoredCase,
        guide: &PublishedGuide,
        act: Act,
        at: DateTime<Utc>,
        provenance: &Provenance,
        changes: &mut Changes,
    ) -> AppResult<()> {
        let record = history::append(self.head, &act, at, provenance, random())
            .map_err(|error| AppError::Internal(error.to_string()))?;
        let event = act.event.clone();
        self.case =
            evolve(self.case.clone(), act, at).map_err(|error| AppError::Internal(error.to_string()))?;
        let count = before.letters + self.letters.len();
        if let Some(letter) = letter_for(&self.case, &guide.guide, &event, at, count) {
            self.letters.push(NewLetter { id: new_id(at), seq: record.seq, letter });
        }
        if let CaseEvent::ResultsIssued { issued } = &event {
            for result in issued {
                self.hand_out(ctx, guide, result, at, changes)?;
            }
        }
        if let Some(topic) = public_topic(&event) {
            changes.tell(Message {
                id: new_id(at),
                topic: topic.to_owned(),
                subject: self.case.id,
                payload: json!({ "case": self.case.id, "seq": record.seq, "guide": self.case.opened.guide }),
                created_at: at,
                attempts: 0,
            });
        }
        self.head = record.head();
        self.records.push(record);
        Ok(())
    }

    fn hand_out(
        &self,
        ctx: &Ctx,
        guide: &PublishedGuide,
        result: &Issued,
        at: DateTime<Utc>,
        changes: &mut Changes,
    ) -> AppResult<()> {
        if let Some(sealed) = certificates::make_out(ctx, &self.case, &guide.guide, result, at)? {
            changes.insert_certificate(&sealed, ctx.store.vault())?;
        }
        Ok(())
    }
}

async fn finish(
    ctx: &Ctx,
    before: StoredCase,
    written: Written,
    at: DateTime<Utc>,
    claim: Option<&Claim>,
    mut changes: Changes,
) -> AppResult<Case> {
    let Written { case, records, letters, .. } = written;
    changes.record_case(&before, &case, &records, &letters, due_on(&case))?;
    let pointer = serde_json::to_string(&ReplayPointer { case: case.id, version: case.version })
        .map_err(|error| AppError::Internal(error.to_string()))?;
    changes.claim(claim, pointer, at);
    ctx.store.commit(changes).await?;
    Ok(case)
}

/// The day the case's present clock runs out; worklists are ordered by it.
fn due_on(case: &Case) -> Option<NaiveDate> {
    match &case.state {
        CaseState::Submitted(submitted) => Some(submitted.intake_due),
        CaseState::Accepted(accepted) => Some(accepted.acceptance.promised_due),
        CaseState::Decided(decided) => Some(decided.delivery_due),
        CaseState::Draft(_) | CaseState::Closed(_) => None,
    }
}

/// The topic under which an event is told to the world; drafts are nobody's business.
pub fn public_topic(event: &CaseEvent) -> Option<&'static str> {
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
    }
}
