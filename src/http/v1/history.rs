//! What happened to a case: events, clocks, letters, and the signed receipt.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::GroundsView;
use super::{Page, TextView};
use crate::app::Ctx;
use crate::app::cases::{self, LetterRecord, Receipt};
use crate::app::identity::Caller;
use crate::domain::cases::clock::{Clock, ClockName, Light};
use crate::domain::cases::history::{Record, hex};
use crate::domain::cases::letters::Letter;
use crate::domain::cases::papers::Paper;
use crate::domain::guides::DayUnit;
use crate::http::extract::Body;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// One record of the hash-chained history. Personal data is replaced by its
/// commitment, exactly as it is hashed.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// In which capacity somebody acted, and who.
    #[schema(value_type = Object)]
    pub by: Value,
    #[schema(value_type = Object)]
    pub event: Value,
    /// The letters and certificates made out with it, each with its digest; left out
    /// when there are none, as it is hashed.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<Paper>,
    /// Channel, client and request it came through.
    #[schema(value_type = Object)]
    pub provenance: Value,
    /// SHA-256 of the record before, lower-case hex.
    pub previous: String,
    /// SHA-256 of this record.
    pub hash: String,
}

impl From<Record> for EventView {
    fn from(record: Record) -> Self {
        Self {
            seq: record.seq,
            at: record.at,
            by: record.by,
            event: record.event,
            papers: record.papers,
            provenance: record.provenance,
            previous: hex(&record.previous),
            hash: hex(&record.hash),
        }
    }
}

/// The whole history, oldest first.
#[utoipa::path(tag = "cases", operation_id = "list_events", responses(
    (status = 200, body = Page<EventView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/events")]
pub async fn list_events(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let records = cases::events(&ctx, &caller, *id).await?;
    let items: Vec<EventView> = records.into_iter().map(EventView::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// A deadline with its explanation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// `draft`, `intake`, `correction`, `deferral`, `promised`, `legal`, `opinion`, `delivery`,
    /// `reply` or `rectification`.
    #[schema(value_type = String)]
    pub name: ClockName,
    /// Which one, where there can be several: an agency, the number of a reminder.
    pub of: Option<String>,
    pub started_on: NaiveDate,
    pub limit_days: u16,
    /// `working_day` or `calendar_day`.
    #[schema(value_type = String)]
    pub unit: DayUnit,
    /// None while the clock stands still.
    pub due_on: Option<NaiveDate>,
    pub stopped_on: Option<NaiveDate>,
    /// `green`, `yellow` or `red`.
    #[schema(value_type = String)]
    pub light: Light,
    /// The rule it was counted by, with its article of law.
    pub rule: TextView,
    /// Every day up to the last, counted or left out, and why.
    pub days: Vec<DayView>,
    /// Edition of the working-day calendar.
    pub calendar: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    pub date: NaiveDate,
    pub counted: bool,
    pub reason: TextView,
}

impl From<Clock> for ClockView {
    fn from(clock: Clock) -> Self {
        Self {
            name: clock.name,
            started_on: clock.started_on,
            limit_days: clock.limit.days,
            unit: clock.limit.unit,
            of: clock.of,
            due_on: clock.due_on,
            stopped_on: clock.stopped_on,
            light: clock.light,
            rule: clock.rule.text().into(),
            days: clock
                .days
                .iter()
                .map(|day| DayView { date: day.date, counted: day.counted, reason: day.reason.text().into() })
                .collect(),
            calendar: clock.calendar,
        }
    }
}

/// The clocks of the case, each day counted or left out with its rule.
#[utoipa::path(tag = "cases", operation_id = "explain_clocks", responses(
    (status = 200, body = Page<ClockView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/clock")]
pub async fn explain_clocks(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let clocks = cases::clock(&ctx, &caller, *id).await?;
    let items: Vec<ClockView> = clocks.into_iter().map(ClockView::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// One of the letters of a case: enough to choose it, and not what it says.
#[derive(Debug, Serialize, ToSchema)]
pub struct LetterSummaryView {
    pub id: Uuid,
    /// As in the letter.
    pub kind: &'static str,
    pub number: String,
    pub at: DateTime<Utc>,
    pub title: TextView,
    /// 发文机关, by its code.
    pub agency: Option<String>,
    /// When the applicant or his agent opened it first.
    pub opened_at: Option<DateTime<Utc>>,
    /// Who that was: `applicant` or `agent`.
    pub opened_by: Option<&'static str>,
}

impl From<LetterRecord> for LetterSummaryView {
    fn from(record: LetterRecord) -> Self {
        let letter = record.letter;
        Self {
            id: record.id,
            kind: letter.kind.as_str(),
            number: letter.number,
            at: letter.at,
            title: letter.title.into(),
            agency: letter.agency.map(|agency| agency.to_string()),
            opened_at: record.opening.map(|opening| opening.at),
            opened_by: record.opening.map(|opening| opening.recipient.as_str()),
        }
    }
}

/// 文书
#[derive(Debug, Serialize, ToSchema)]
pub struct LetterView {
    pub id: Uuid,
    /// `receipt`, `acceptance`, `correction`, `refusal`, `transfer`, `special_procedure`,
    /// `extension`, `payment`, `approval`, `result`, `denial`, `proof_of_service`, `lapse`, `void` or
    /// `revocation`.
    pub kind: &'static str,
    pub number: String,
    pub at: DateTime<Utc>,
    pub title: TextView,
    /// 发文机关: who wrote it, by its code; none in letters from before that was noted.
    pub agency: Option<String>,
    pub addressee: Option<String>,
    pub paragraphs: Vec<TextView>,
    /// The article the letter itself rests on.
    pub article: Option<TextView>,
    pub grounds: Option<GroundsView>,
    /// What an officer wrote: to what must be mended, or why something is done.
    pub notes: Vec<NoteView>,
    /// When the applicant or his agent opened it first; what staff read does not count.
    pub opened_at: Option<DateTime<Utc>>,
    /// Who that was: `applicant` or `agent`.
    pub opened_by: Option<&'static str>,
}

/// Words of an officer, in the one language they were written in.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteView {
    /// What they are: the reason, or a note on which of the things to mend.
    pub label: TextView,
    /// None once personal data is erased.
    pub text: Option<String>,
}

/// The notes there are; an officer need not write to everything he asks for.
fn notes(letter: &Letter) -> Vec<NoteView> {
    let notes = letter.notes.iter().enumerate();
    notes
        .filter(|(_, note)| note.known().is_none_or(|note| !note.is_empty()))
        .map(|(index, note)| NoteView {
            label: letter.kind.note_label(index).into(),
            text: note.known().cloned(),
        })
        .collect()
}

impl From<LetterRecord> for LetterView {
    fn from(record: LetterRecord) -> Self {
        let letter = record.letter;
        let notes = notes(&letter);
        Self {
            id: record.id,
            kind: letter.kind.as_str(),
            number: letter.number,
            at: letter.at,
            title: letter.title.into(),
            agency: letter.agency.map(|agency| agency.to_string()),
            addressee: letter.addressee.known().cloned(),
            paragraphs: letter.paragraphs.into_iter().map(TextView::from).collect(),
            article: letter.article.map(TextView::from),
            grounds: letter.grounds.as_ref().map(GroundsView::from),
            notes,
            opened_at: record.opening.map(|opening| opening.at),
            opened_by: record.opening.map(|opening| opening.recipient.as_str()),
        }
    }
}

/// The letters of the case, oldest first. Looking through them opens none: what a letter
/// says is in the letter alone.
#[utoipa::path(tag = "cases", operation_id = "list_letters", responses(
    (status = 200, body = Page<LetterSummaryView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/letters")]
pub async fn list_letters(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let records = cases::letters(&ctx, &caller, *id).await?;
    let items: Vec<LetterSummaryView> = records.into_iter().map(LetterSummaryView::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next: None }))
}

/// Opens one letter. The first time the applicant or his agent does is on record.
#[utoipa::path(tag = "cases", operation_id = "read_letter", responses(
    (status = 200, body = LetterView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/letters/{letter}")]
pub async fn read_letter(ctx: web::Data<Ctx>, caller: Caller, path: web::Path<(Uuid, Uuid)>) -> Reply {
    let (case, id) = path.into_inner();
    let record = cases::letter(&ctx, &caller, case, id).await?;
    Ok(HttpResponse::Ok().json(LetterView::from(record)))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptView {
    /// Compact JWS (ES256), to be verified with the keys of `/.well-known/seal-keys.json`.
    pub receipt: String,
}

/// A signed receipt: the case number and where its history stands.
#[utoipa::path(tag = "cases", operation_id = "read_receipt", responses(
    (status = 200, body = ReceiptView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/cases/{id}/receipt")]
pub async fn read_receipt(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let jws = cases::receipt(&ctx, &caller, *id).await?;
    Ok(HttpResponse::Ok().json(ReceiptView { receipt: jws }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyReceiptBody {
    pub receipt: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedReceiptView {
    pub valid: bool,
    /// What it says, when it is genuine.
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<Receipt>,
}

/// Tells whether a receipt was signed by this portal. Needs no sign-in.
#[utoipa::path(tag = "public", operation_id = "verify_receipt", request_body = VerifyReceiptBody, responses(
    (status = 200, body = VerifiedReceiptView), (status = "4XX", body = ProblemView)
))]
#[post("/receipts/verify")]
pub async fn verify_receipt(ctx: web::Data<Ctx>, body: Body<VerifyReceiptBody>) -> Reply {
    let found = cases::verify_receipt(&ctx, &body.value.receipt);
    Ok(HttpResponse::Ok().json(VerifiedReceiptView { valid: found.is_some(), receipt: found }))
}
