//! What a case looks like from outside. Made from domain values; what identifies
//! a person is masked for everybody but his own side.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::TextView;
use super::case_course::CourseView;
use crate::app::cases::{Audience, CaseReply};
use crate::domain::cases::clock::{ClockName, Light, clocks, light};
use crate::domain::cases::{
    By, CaseState, Correcting, Decided, Decision, Evidence, Issued, Standing, mended, next_step,
};
use crate::domain::codes::{mask_id, mask_mobile, mask_name};
use crate::domain::guides::{Field, FieldKind, FilledFrom, Form, Trust, form_schema};
use crate::domain::private::Private;

/// A case (办件) as its reader may see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    pub id: Uuid,
    /// 办件编号; given at submission.
    pub case_no: Option<String>,
    /// The number in the `ETag`; name it in `If-Match`.
    pub version: u64,
    /// `draft`, `submitted`, `correcting`, `accepted`, `paused`, `decided` or `closed`.
    pub state: &'static str,
    pub state_label: TextView,
    /// How it ended, once closed: `issued`, `denied`, `refused`, `withdrawn`, `lapsed`,
    /// `void`, `transferred`, `revoked`, `expired`.
    pub outcome: Option<&'static str>,
    pub guide: CaseGuideView,
    pub scenario: Option<String>,
    pub agency: String,
    pub region: String,
    pub applicant: CaseApplicantView,
    /// The answers to the form, by field name. While corrections are awaited the applicant's
    /// side sees these and the materials as mended so far, everybody else as filed.
    #[schema(value_type = Object)]
    pub facts: BTreeMap<String, Value>,
    /// Which of the answers the portal filled in, from where, and as of when.
    #[schema(value_type = Object)]
    pub prefilled: BTreeMap<String, FilledFrom>,
    pub materials: BTreeMap<String, EvidenceView>,
    pub opened_at: DateTime<Utc>,
    pub submitted_at: Option<DateTime<Utc>>,
    pub closed_at: Option<DateTime<Utc>>,
    /// A draft left untouched until then lapses.
    pub expires_at: Option<DateTime<Utc>>,
    pub intake_due: Option<NaiveDate>,
    pub promised_due: Option<NaiveDate>,
    pub legal_due: Option<NaiveDate>,
    pub delivery_due: Option<NaiveDate>,
    pub steps: Vec<StepView>,
    /// The step whose turn it is, while in progress.
    pub next_step: Option<String>,
    pub decision: Option<DecisionView>,
    /// For staff, while the results are to be made out: what the agency determines and
    /// `issue` must supply under `attributes`, as JSON Schema, to be drawn as any form.
    #[schema(value_type = Option<Object>)]
    pub issue_form: Option<Value>,
    pub results: Vec<ResultView>,
    pub grounds: Option<GroundsView>,
    pub course: CourseView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CaseGuideView {
    pub code: String,
    pub version: u32,
    pub name: TextView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CaseApplicantView {
    pub id: Uuid,
    pub name: Option<String>,
    pub id_number: Option<String>,
    pub mobile: Option<String>,
}

/// How a material was delivered.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EvidenceView {
    File {
        size_bytes: u64,
        media_type: String,
        sha256: String,
        file_name: Option<String>,
        /// An officer at a counter saw the original.
        original_seen: bool,
        /// When it was handed in, where it was taken over from an earlier case.
        handed_in: Option<NaiveDate>,
    },
    Certificate {
        certificate: String,
    },
    Promise,
    /// Erased by schedule.
    Erased,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    pub step: String,
    pub at: DateTime<Utc>,
    /// `officer` or `system`.
    pub by: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionView {
    /// `approved` or `denied`.
    pub kind: &'static str,
    pub at: DateTime<Utc>,
    /// `officer` or `system`.
    pub by: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResultView {
    Certificate {
        id: String,
        certificate_type: String,
        name: TextView,
        valid_from: NaiveDate,
        valid_until: Option<NaiveDate>,
        /// What the agency determined, by name; empty once erased.
        #[schema(value_type = Object)]
        determined: BTreeMap<String, Value>,
    },
    /// To be read among the letters of the case.
    Letter {
        name: TextView,
        /// The letter's; null for a result of before letters were written of them.
        number: Option<String>,
    },
}

#[derive(Debug, Serialize, ToSchema)]
pub struct GroundsView {
    pub reason: Option<String>,
    pub article: String,
    pub remedy: TextView,
}

/// A line of a list of cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseLineView {
    pub id: Uuid,
    pub case_no: Option<String>,
    pub version: u64,
    pub state: &'static str,
    pub outcome: Option<&'static str>,
    pub guide: CaseGuideView,
    pub applicant_name: Option<String>,
    pub opened_at: DateTime<Utc>,
    pub submitted_at: Option<DateTime<Utc>>,
    /// The clock that presses most, while one runs: `green`, `yellow`, `red`.
    #[schema(value_type = Option<String>)]
    pub light: Option<Light>,
    pub due_on: Option<NaiveDate>,
}

impl From<&CaseReply> for CaseView {
    fn from(reply: &CaseReply) -> Self {
        let case = &reply.case;
        let state = &case.state;
        let filing = state.filing();
        let decided = state.decided();
        let closed = state.as_closed();
        CaseView {
            id: case.id,
            case_no: case.case_no().map(ToString::to_string),
            version: case.version,
            state: state.name().as_str(),
            state_label: state.name().label().into(),
            outcome: closed.map(|closed| closed.ending.name()),
            guide: guide(reply),
            scenario: case.opened.scenario.clone(),
            agency: case.place().agency.to_string(),
            region: case.place().region.to_string(),
            applicant: applicant(reply),
            facts: facts(reply),
            prefilled: prefilled(reply),
            materials: materials(reply),
            opened_at: case.opened.at,
            submitted_at: filing.map(|filing| filing.at),
            closed_at: closed.map(|closed| closed.at),
            expires_at: state.as_draft().map(|draft| draft.expires_at),
            intake_due: state.as_submitted().map(|submitted| submitted.filing.intake_due),
            promised_due: state.accepted().map(|accepted| accepted.dues().promised),
            legal_due: state.accepted().map(|accepted| accepted.dues().legal),
            delivery_due: decided.map(|decided| decided.delivery_due),
            steps: steps(state),
            next_step: state
                .in_progress()
                .and_then(|accepted| next_step(accepted, &reply.guide.for_case(case).flow))
                .map(|step| step.code.clone()),
            decision: decided.map(DecisionView::from),
            issue_form: issue_form(reply),
            results: results(reply),
            grounds: grounds(state),
            course: CourseView::from(reply),
        }
    }
}

impl From<&Decided> for DecisionView {
    fn from(decided: &Decided) -> Self {
        Self {
            kind: match decided.decision {
                Decision::Approved { .. } => "approved",
                Decision::Denied { .. } => "denied",
            },
            at: decided.decided_at,
            by: side(&decided.decided_by),
        }
    }
}

impl CaseLineView {
    pub fn of(
        reply: &CaseReply,
        calendar: &crate::domain::calendar::WorkCalendar,
        at: DateTime<Utc>,
    ) -> Self {
        let case = &reply.case;
        let clocks = clocks(case, reply.guide.for_case(case), calendar, at);
        let pressing = clocks
            .iter()
            .filter(|clock| clock.stopped_on.is_none() && clock.name != ClockName::Legal)
            .max_by_key(|clock| clock.light);
        CaseLineView {
            id: case.id,
            case_no: case.case_no().map(ToString::to_string),
            version: case.version,
            state: case.state.name().as_str(),
            outcome: case.state.as_closed().map(|closed| closed.ending.name()),
            guide: guide(reply),
            applicant_name: applicant(reply).name,
            opened_at: case.opened.at,
            submitted_at: case.state.filing().map(|filing| filing.at),
            light: light(&clocks),
            due_on: pressing.and_then(|clock| clock.due_on),
        }
    }
}

fn guide(reply: &CaseReply) -> CaseGuideView {
    CaseGuideView {
        code: reply.case.place().guide.to_string(),
        version: reply.case.guide_version(),
        name: reply.guide.guide.item.name.clone().into(),
    }
}

fn applicant(reply: &CaseReply) -> CaseApplicantView {
    let id = reply.case.opened.party;
    let known = reply.case.state.filing().and_then(|filing| filing.applicant.known());
    let Some(known) = known else {
        return CaseApplicantView { id, name: None, id_number: None, mobile: None };
    };
    let number = known.id_number.as_ref().map(|number| number.expose().to_owned());
    let mobile = known.mobile.as_ref().map(|mobile| mobile.as_str().to_owned());
    match reply.audience {
        // Even to himself the number is shown masked: nobody needs it on a screen.
        Audience::Applicant => CaseApplicantView {
            id,
            name: Some(known.name.clone()),
            id_number: number.map(|number| mask_id(&number)),
            mobile,
        },
        Audience::Staff => CaseApplicantView {
            id,
            name: Some(mask_name(&known.name)),
            id_number: number.map(|number| mask_id(&number)),
            mobile: mobile.map(|mobile| mask_mobile(&mobile)),
        },
    }
}

/// What the applicant's side is mending; to staff it is as it was filed until it is handed in.
fn being_mended(reply: &CaseReply) -> Option<&Correcting> {
    match (&reply.case.state, reply.audience) {
        (CaseState::Correcting(correcting), Audience::Applicant) => Some(correcting),
        _ => None,
    }
}

fn facts(reply: &CaseReply) -> BTreeMap<String, Value> {
    let Some(filed) = reply.case.state.facts().and_then(|facts| facts.known()) else {
        return BTreeMap::new();
    };
    let mended = being_mended(reply).map(mended);
    let facts = mended.as_ref().unwrap_or(filed);
    shown(facts.iter(), &reply.guide.for_case(&reply.case).form, reply.audience)
}

/// What was mended since is the applicant's own.
fn prefilled(reply: &CaseReply) -> BTreeMap<String, FilledFrom> {
    let mended = being_mended(reply).and_then(|correcting| correcting.answers.known());
    let is_his = |field: &String| mended.is_some_and(|answers| answers.contains_key(field));
    let from = reply.case.state.prefilled().into_iter().flatten().filter(|(field, _)| !is_his(field));
    from.map(|(field, from)| (field.clone(), from.clone())).collect()
}

fn materials(reply: &CaseReply) -> BTreeMap<String, EvidenceView> {
    let filed = reply.case.state.materials().into_iter().flatten();
    let mended = being_mended(reply).into_iter().flat_map(|correcting| &correcting.materials);
    filed.chain(mended).map(|(code, evidence)| (code.clone(), evidence.known().into())).collect()
}

/// Answers to a form, as this reader may see them.
fn shown<'v>(
    answers: impl Iterator<Item = (&'v String, &'v Value)>,
    form: &Form,
    audience: Audience,
) -> BTreeMap<String, Value> {
    answers
        .map(|(name, value)| {
            let shown = match audience {
                Audience::Applicant => value.clone(),
                Audience::Staff => masked(&form.fields, name, value),
            };
            (name.clone(), shown)
        })
        .collect()
}

/// ID and mobile numbers in a form are masked for staff; everything else they need.
fn masked(fields: &[Field], name: &str, value: &Value) -> Value {
    let kind = fields.iter().find(|field| field.name == name).map(|field| &field.kind);
    match (kind, value) {
        (Some(FieldKind::ResidentId), Value::String(number)) => mask_id(number).into(),
        (Some(FieldKind::Mobile), Value::String(number)) => mask_mobile(number).into(),
        (Some(FieldKind::Group { fields, .. }), Value::Array(rows)) => {
            rows.iter().map(|row| masked_row(fields, row)).collect()
        }
        _ => value.clone(),
    }
}

fn masked_row(fields: &[Field], row: &Value) -> Value {
    let Value::Object(members) = row else { return row.clone() };
    members.iter().map(|(name, value)| (name.clone(), masked(fields, name, value))).collect()
}

fn steps(state: &CaseState) -> Vec<StepView> {
    state
        .accepted()
        .into_iter()
        .flat_map(|accepted| &accepted.steps)
        .map(|step| StepView { step: step.step.clone(), at: step.at, by: side(&step.by) })
        .collect()
}

fn results(reply: &CaseReply) -> Vec<ResultView> {
    let determined = reply.guide.for_case(&reply.case).determined();
    let issued = crate::domain::cases::results(&reply.case.state).0.iter();
    issued.map(|issued| ResultView::of(issued, &determined, reply.audience)).collect()
}

fn issue_form(reply: &CaseReply) -> Option<Value> {
    let CaseState::Decided(decided) = &reply.case.state else { return None };
    let is_due = matches!(&decided.decision, Decision::Approved { issued } if issued.is_empty());
    let form = reply.guide.for_case(&reply.case).determined();
    let is_asked = is_due && reply.audience == Audience::Staff && !form.fields.is_empty();
    is_asked.then(|| form_schema(&form))
}

fn grounds(state: &CaseState) -> Option<GroundsView> {
    let grounds = crate::domain::cases::results(state).1?;
    Some(GroundsView::from(grounds))
}

impl From<&crate::domain::cases::Grounds> for GroundsView {
    fn from(grounds: &crate::domain::cases::Grounds) -> Self {
        Self {
            reason: grounds.reason.known().cloned(),
            article: grounds.article.clone(),
            remedy: grounds.remedy.clone().into(),
        }
    }
}

impl ResultView {
    /// `form`: what was determined, as it was asked for.
    fn of(issued: &Issued, form: &Form, audience: Audience) -> Self {
        match issued {
            Issued::Certificate { id, certificate_type, name, valid_from, valid_until, determined } => {
                let determined = determined.as_ref().and_then(Private::known);
                ResultView::Certificate {
                    id: id.to_string(),
                    certificate_type: certificate_type.to_string(),
                    name: name.clone().into(),
                    valid_from: *valid_from,
                    valid_until: *valid_until,
                    determined: shown(determined.into_iter().flatten(), form, audience),
                }
            }
            Issued::Letter { name, number } => {
                ResultView::Letter { name: name.clone().into(), number: number.clone() }
            }
        }
    }
}

impl From<Option<&Evidence>> for EvidenceView {
    fn from(evidence: Option<&Evidence>) -> Self {
        match evidence {
            Some(Evidence::File { digest, size_bytes, media_type, file_name, standing }) => {
                EvidenceView::File {
                    original_seen: evidence.is_some_and(|evidence| evidence.trust() == Trust::B),
                    handed_in: match standing {
                        Standing::Earlier { handed_in, .. } => Some(*handed_in),
                        Standing::Uploaded | Standing::OriginalSeen => None,
                    },
                    size_bytes: *size_bytes,
                    media_type: media_type.as_str().to_owned(),
                    sha256: digest.clone(),
                    file_name: file_name.clone(),
                }
            }
            Some(Evidence::Certificate { certificate }) => {
                EvidenceView::Certificate { certificate: certificate.to_string() }
            }
            Some(Evidence::Promise) => EvidenceView::Promise,
            None => EvidenceView::Erased,
        }
    }
}

/// In what capacity, without naming the person.
pub fn side(by: &By) -> &'static str {
    match by {
        By::Applicant { .. } => "applicant",
        By::Agent { .. } => "agent",
        By::Assistant { .. } => "assistant",
        By::Officer { .. } => "officer",
        By::System => "system",
    }
}
