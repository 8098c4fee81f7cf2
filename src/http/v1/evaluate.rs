//! What a guide asks and what it answers, before anything is filed: the form, and
//! the dry run (预检). Both are for everybody and store nothing.

use actix_web::http::header::{CONTENT_TYPE, ETAG};
use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::catalogue::guide_tag;
use super::{TextView, parse_code};
use crate::app::cases::Door;
use crate::app::{AppError, Ctx, cases, catalog};
use crate::domain::cases::INTAKE_LIMIT;
use crate::domain::codes::{CertificateType, Gender, RegionCode};
use crate::domain::guides::{
    Applicant, ApplicantKind, Condition, Download, Evaluation, Facts, Fee, Guide, Handling, IdentityLevel,
    Material, MaterialNeed, MaterialSource, OfferedChannel, Paper, Shown, Trust, json_schema,
};
use crate::domain::text::Language;
use crate::domain::time::local_date;
use crate::http::extract::{Accepted, Body, Query};
use crate::http::problem::{Code, FieldErrorView, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormQuery {
    scenario: Option<String>,
}

/// The form as JSON Schema (2020-12). A guide with scenarios gives the form of the
/// one that is named; without one, every field with the scenarios it belongs to.
#[utoipa::path(tag = "public", operation_id = "read_form", params(("scenario" = Option<String>, Query)),
    responses((status = 200, body = Object), (status = "4XX", body = ProblemView))
)]
#[get("/guides/{code}/form")]
pub async fn read_form(ctx: web::Data<Ctx>, code: web::Path<String>, query: Query<FormQuery>) -> Reply {
    let published = catalog::current(&ctx, &code).await?;
    let scenario = query.0.scenario.as_deref();
    let guide = match scenario {
        None => &published.guide,
        Some(_) => published.guide.in_scenario(scenario).map_err(|error| AppError::Invalid(vec![error]))?,
    };
    let coding = scenario.map(|scenario| format!("-{scenario}")).unwrap_or_default();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/schema+json"))
        .insert_header((ETAG, guide_tag(published.version, published.withdrawn_at, &coding)))
        .body(json_schema(guide).to_string()))
}

/// Facts to try, and what is known of the applicant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateBody {
    /// Required when the guide has scenarios.
    pub scenario: Option<String>,
    #[serde(default)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    #[serde(default)]
    pub applicant: EvaluateApplicantBody,
    /// Types of the electronic certificates the applicant holds.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// `window`, `pc`, `mobile`, `express` or `other`: how it would be applied for. Left out, the rules of the form that
    /// by law look at the channel are not judged.
    #[schema(value_type = Option<String>)]
    pub channel: Option<OfferedChannel>,
}

/// Left out: unknown, and so is whatever depends on it. How well he is known nobody can say of himself: a condition on
/// `applicant.ial` is always `unknown`.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateApplicantBody {
    /// `natural_person`, the default, or `organization`.
    #[schema(value_type = Option<String>)]
    pub kind: Option<ApplicantKind>,
    pub birth_date: Option<NaiveDate>,
    /// `male` or `female`.
    #[schema(value_type = Option<String>)]
    pub gender: Option<Gender>,
    /// A region code.
    pub residence: Option<String>,
}

impl EvaluateApplicantBody {
    pub(super) fn parse(self) -> Result<Applicant, Problem> {
        let residence = self
            .residence
            .map(|code| parse_code("/applicant/residence", RegionCode::parse(&code)))
            .transpose()?;
        Ok(Applicant {
            kind: self.kind.unwrap_or(ApplicantKind::NaturalPerson),
            name: String::new(),
            id_number: None,
            birth_date: self.birth_date,
            gender: self.gender,
            residence,
            mobile: None,
            ial: 1,
            verified: Default::default(),
        })
    }
}

/// What an application with these facts would need, cost and take.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvaluationView {
    /// Whether one may: every condition is met, and it is open and offered.
    pub eligible: bool,
    /// New applications are taken now.
    pub open: bool,
    /// It can be applied for through the `channel` that was named; true where none was.
    pub offered: bool,
    /// The channels it can be applied for through.
    #[schema(value_type = Vec<String>)]
    pub channels: Vec<OfferedChannel>,
    /// Why it is not for such an applicant, not open, or not offered, and what to do instead.
    pub why_not: Vec<TextView>,
    pub conditions: Vec<ConditionView>,
    pub field_errors: Vec<FieldErrorView>,
    /// The fields that are shown with these answers, in the order of the form.
    pub fields: Vec<ShownFieldView>,
    pub materials: Vec<NeedView>,
    /// How well the applicant must be known and signed in.
    #[schema(value_type = Object)]
    pub identity: IdentityLevel,
    /// `instant` or `promised`.
    #[schema(value_type = String)]
    pub handling: Handling,
    /// How often the applicant must appear in person.
    pub visits: u8,
    /// 0 when it is free.
    pub fee_fen: u64,
    /// `at_once`: decided the moment it is handed in, as told here; `officer`: an officer decides, within the days
    /// below; `unknown` before more is answered, said of the applicant or of the certificates he holds.
    pub decided: &'static str,
    /// The last days of the promised and the legal limit, were it accepted today.
    pub promised_due: NaiveDate,
    pub legal_due: NaiveDate,
    /// The last day of the promised limit, handed in today and accepted as late as it may be.
    pub latest_due: NaiveDate,
}

/// A field that is shown; one that is not in the list is hidden, and an answer to it is not kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShownFieldView {
    /// Where its answer is, as in `field_errors`: `/facts/name`.
    pub pointer: String,
    pub required: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ConditionView {
    pub code: String,
    pub text: TextView,
    /// `met`, `not_met`, or `unknown` before more is answered or said of the applicant.
    pub state: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NeedView {
    pub code: String,
    pub name: TextView,
    /// It is surely required; `state` tells what surely is not from what is not known yet.
    pub required: bool,
    /// `required`, `not_required`, or `unknown` before more is answered or said of the applicant.
    pub state: &'static str,
    /// `own`, `certificate` (taken from the register where the applicant holds it) or `shared` (nothing to hand in).
    pub source: &'static str,
    /// The type of that certificate.
    #[schema(value_type = Option<String>)]
    pub certificate_type: Option<CertificateType>,
    /// Nothing is left to hand in: a register has it, or the applicant holds the certificate.
    pub satisfied: bool,
    /// `original`, `copy` or `electronic`.
    #[schema(value_type = String)]
    pub paper: Paper,
    pub copies: u16,
    /// What it must be like to be accepted.
    pub standard: Option<TextView>,
    /// `A` made by the issuer, `B` its original seen by an officer, `C` uploaded: the least that is accepted.
    #[schema(value_type = String)]
    pub least_trust: Trust,
    /// A signed promise may stand in for it (告知承诺).
    pub promise_allowed: bool,
    /// It may follow after acceptance (容缺).
    pub deferrable: bool,
    pub has_blank_form: bool,
    pub has_sample: bool,
}

impl NeedView {
    pub(super) fn of(need: &MaterialNeed<'_>, held: &[CertificateType]) -> Self {
        let Material { code, name, paper, copies, standard, least_trust, .. } = need.material;
        let (source, certificate_type) = match &need.material.source {
            MaterialSource::Own => ("own", None),
            MaterialSource::Certificate { certificate_type } => {
                ("certificate", Some(certificate_type.clone()))
            }
            MaterialSource::Shared { .. } => ("shared", None),
        };
        let is_there = |download: &Option<Download>| download.is_some();
        Self {
            code: code.clone(),
            name: name.clone().into(),
            required: need.required,
            state: match (need.open, need.required) {
                (true, _) => "unknown",
                (false, true) => "required",
                (false, false) => "not_required",
            },
            source,
            certificate_type,
            satisfied: need.material.is_at_hand(held),
            paper: *paper,
            copies: *copies,
            standard: standard.clone().map(Into::into),
            least_trust: *least_trust,
            promise_allowed: need.material.promise_allowed,
            deferrable: need.material.deferrable,
            has_blank_form: is_there(&need.material.blank_form),
            has_sample: is_there(&need.material.sample),
        }
    }
}

/// A dry run: may I, what do I need, what does it cost, when would I have it. Stores nothing.
#[utoipa::path(tag = "public", operation_id = "evaluate_guide", request_body = EvaluateBody, responses(
    (status = 200, body = EvaluationView), (status = "4XX", body = ProblemView)
))]
#[post("/guides/{code}/evaluate")]
pub async fn evaluate(
    ctx: web::Data<Ctx>,
    code: web::Path<String>,
    language: Accepted,
    body: Body<EvaluateBody>,
) -> Reply {
    let published = catalog::current(&ctx, &code).await?;
    let EvaluateBody { scenario, facts, applicant, certificates, channel } = body.value;
    let guide = published.guide.in_scenario(scenario.as_deref());
    let guide = guide.map_err(|error| AppError::Invalid(vec![error]))?;
    let applicant = applicant.parse()?;
    let certificates = certificates.iter().enumerate();
    let held: Vec<CertificateType> = certificates
        .map(|(index, code)| parse_code(&format!("/certificates/{index}"), CertificateType::parse(code)))
        .collect::<Result<_, _>>()?;
    let evaluation = catalog::evaluate(&ctx, guide, &Facts::from(facts), &applicant, channel);
    let door = cases::door(&ctx, &published, channel);
    Ok(HttpResponse::Ok().json(view(&ctx, guide, door, &evaluation, &held, language.0)))
}

fn view(
    ctx: &Ctx,
    guide: &Guide,
    Door { closed, not_offered }: Door,
    found: &Evaluation<'_>,
    held: &[CertificateType],
    language: Language,
) -> EvaluationView {
    let (today, calendar) = (local_date(ctx.clock.now()), ctx.calendar.current());
    let problem = Problem::new(Code::ValidationFailed).errors(found.field_errors.clone());
    let doors = [&closed, &not_offered].into_iter().flatten().map(|refusal| refusal.detail.clone());
    let why_not = found.not_for.clone().into_iter().chain(doors).map(TextView::from);
    EvaluationView {
        eligible: found.eligible && closed.is_none() && not_offered.is_none(),
        open: closed.is_none(),
        offered: not_offered.is_none(),
        channels: guide.channels.as_ref().map_or(OfferedChannel::ALL.into(), |limit| limit.only.clone()),
        why_not: why_not.collect(),
        conditions: guide.conditions.iter().map(|condition| condition_view(condition, found)).collect(),
        field_errors: problem.view(language, "").errors,
        fields: found.shown.iter().map(shown).collect(),
        materials: found.materials.iter().map(|need| NeedView::of(need, held)).collect(),
        identity: guide.identity,
        handling: guide.handling,
        visits: guide.visits,
        fee_fen: match found.fee {
            Fee::Free => 0,
            Fee::Charged { amount_fen, .. } => *amount_fen,
        },
        decided: match found.is_decided_at_once(held) {
            Some(true) => "at_once",
            Some(false) => "officer",
            None => "unknown",
        },
        promised_due: calendar.due(today, guide.limits.promised),
        legal_due: calendar.due(today, guide.limits.legal),
        latest_due: calendar.due(calendar.due(today, INTAKE_LIMIT), guide.limits.promised),
    }
}

fn shown(field: &Shown<'_>) -> ShownFieldView {
    ShownFieldView { pointer: format!("/facts/{}", field.name), required: field.required }
}

fn condition_view(condition: &Condition, found: &Evaluation<'_>) -> ConditionView {
    let among = |conditions: &[&Condition]| conditions.iter().any(|other| other.code == condition.code);
    ConditionView {
        code: condition.code.clone(),
        text: condition.text.clone().into(),
        state: match (among(&found.open), among(&found.unmet)) {
            (true, _) => "unknown",
            (false, true) => "not_met",
            (false, false) => "met",
        },
    }
}
