//! `/api/v1/bundles`: what is applied for once (一件事), for everybody: the page, and
//! the dry run over all its parts.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::catalogue::SearchQuery;
use super::evaluate::{ConditionView, EvaluateApplicantBody, ShownFieldView};
use super::{Page, TextView, parse_code};
use crate::app::Ctx;
use crate::app::bundles::{self, PublishedBundle};
use crate::app::cases::Door;
use crate::app::identity::Caller;
use crate::domain::bundles::{Found, FoundPart, JointShown, Planned, joint_schema};
use crate::domain::codes::CertificateType;
use crate::domain::guides::{Condition, Facts, Fee, Guide, IdentityLevel, Limit, OfferedChannel, OnRefusal};
use crate::domain::text::Language;
use crate::domain::time::local_date;
use crate::http::extract::{Accepted, Body, Query};
use crate::http::problem::{Code, FieldErrorView, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// A line of the list of bundles.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleLineView {
    pub code: String,
    pub version: u32,
    pub name: TextView,
    pub summary: TextView,
    pub region: String,
    pub life_events: Vec<String>,
    /// How many guides it is.
    pub parts: usize,
    /// The joint promise, counted from submission.
    #[schema(value_type = Object)]
    pub promised: Limit,
}

/// The page of a bundle: everything on one.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleView {
    pub code: String,
    pub version: u32,
    pub published_at: DateTime<Utc>,
    /// Takes no new applications since then.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// Whether it takes applications now; a guide that has just changed may be in the way.
    pub is_open: bool,
    pub name: TextView,
    pub summary: TextView,
    /// 牵头部门
    pub leader: String,
    pub region: String,
    pub life_events: Vec<String>,
    pub aliases: Vec<String>,
    pub parts: Vec<BundlePartView>,
    /// The joint form as JSON Schema (2020-12): shared fields, and an object for each part.
    #[schema(value_type = Object)]
    pub form: Value,
    /// What is handed in, each document once.
    pub materials: Vec<JointMaterialView>,
    /// The joint promise, counted from submission.
    #[schema(value_type = Object)]
    pub promised: Limit,
    /// How well the applicant must be known and signed in, for all parts.
    #[schema(value_type = Object)]
    pub identity: IdentityLevel,
    /// Of all parts together.
    pub fee_fen: u64,
    /// How often the applicant must appear in person, in all.
    pub visits: u32,
    pub enquiry: String,
    pub complaint: String,
}

/// One guide of a bundle.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundlePartView {
    pub code: String,
    pub guide_code: String,
    pub scenario: Option<String>,
    pub name: TextView,
    pub agency: String,
    /// The parts it comes after.
    pub after: Vec<String>,
    /// CEL over the shared facts: applied for only when true; null: always.
    pub when: Option<String>,
    /// What becomes of those after it when it is not approved: `stop` or `continue`.
    #[schema(value_type = String)]
    pub on_refusal: OnRefusal,
    #[schema(value_type = Object)]
    pub promised: Limit,
    pub fee_fen: u64,
    /// What the result of an earlier part supplies: the material → that part.
    #[schema(value_type = Object)]
    pub supplied: Map<String, Value>,
}

/// A document that is handed in once.
#[derive(Debug, Serialize, ToSchema)]
pub struct JointMaterialView {
    /// What it is called in `PUT …/materials/{code}`.
    pub code: String,
    pub name: TextView,
    pub help: Option<TextView>,
    pub serves: Vec<ServesView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ServesView {
    pub part: String,
    pub material: String,
}

pub(super) fn line(published: &PublishedBundle) -> BundleLineView {
    let bundle = &published.plan.bundle;
    BundleLineView {
        code: bundle.code.to_string(),
        version: published.version,
        name: bundle.name.clone().into(),
        summary: bundle.summary.clone().into(),
        region: bundle.region.to_string(),
        life_events: bundle.life_events.clone(),
        parts: bundle.parts.len(),
        promised: bundle.promised,
    }
}

fn page(published: &PublishedBundle) -> BundleView {
    let (plan, bundle) = (&published.plan, &published.plan.bundle);
    let guides = || plan.parts.iter().map(|planned| &planned.guide);
    BundleView {
        code: bundle.code.to_string(),
        version: published.version,
        published_at: published.published_at,
        withdrawn_at: published.withdrawn_at,
        is_open: published.is_open(),
        name: bundle.name.clone().into(),
        summary: bundle.summary.clone().into(),
        leader: bundle.leader.to_string(),
        region: bundle.region.to_string(),
        life_events: bundle.life_events.clone(),
        aliases: bundle.aliases.clone(),
        parts: plan.parts.iter().map(part).collect(),
        form: joint_schema(plan),
        materials: plan
            .materials
            .iter()
            .map(|joint| JointMaterialView {
                code: joint.code.clone(),
                name: joint.name.clone().into(),
                help: joint.help.clone().map(Into::into),
                serves: joint
                    .serves
                    .iter()
                    .map(|(part, material)| ServesView { part: part.clone(), material: material.clone() })
                    .collect(),
            })
            .collect(),
        promised: bundle.promised,
        identity: IdentityLevel {
            ial: guides().map(|guide| guide.identity.ial).max().unwrap_or(1),
            aal: guides().map(|guide| guide.identity.aal).max().unwrap_or(1),
        },
        fee_fen: guides().map(fee).sum(),
        visits: guides().map(|guide| u32::from(guide.visits)).sum(),
        enquiry: bundle.telephone.enquiry.clone(),
        complaint: bundle.telephone.complaint.clone(),
    }
}

fn part(planned: &Planned) -> BundlePartView {
    let guide = &planned.guide;
    let supplied = planned.fed_materials.iter();
    BundlePartView {
        code: planned.part.code.clone(),
        guide_code: guide.code.to_string(),
        scenario: planned.part.scenario.clone(),
        name: guide.item.name.clone().into(),
        agency: guide.agency.to_string(),
        after: planned.part.after.clone(),
        when: planned.part.when.as_ref().map(|when| when.source().to_owned()),
        on_refusal: planned.part.on_refusal,
        promised: guide.limits.promised,
        fee_fen: fee(guide),
        supplied: supplied.map(|(material, from)| (material.clone(), Value::from(from.as_str()))).collect(),
    }
}

fn fee(guide: &Guide) -> u64 {
    match guide.fee {
        Fee::Free => 0,
        Fee::Charged { amount_fen, .. } => amount_fen,
    }
}

/// Bundles that take applications and fit. With words (`q`): the best first, a hundred at
/// the most; without: all, by code. `region`: those that serve it; `life_event` (人生事件):
/// as the bundle says; `topic`: of any of its guides; `audience`: whom the guides serve that
/// it begins with.
#[utoipa::path(tag = "public", operation_id = "list_bundles", params(
    ("q" = Option<String>, Query), ("region" = Option<String>, Query), ("audience" = Option<String>, Query),
    ("topic" = Option<String>, Query), ("life_event" = Option<String>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<BundleLineView>), (status = "4XX", body = ProblemView)))]
#[get("/bundles")]
pub async fn list_bundles(ctx: web::Data<Ctx>, query: Query<SearchQuery>) -> Reply {
    let (search, page) = query.0.parse()?;
    let limit = page.limit()?;
    let found = bundles::search(&ctx, &search).await?;
    let lines = found.iter().map(|published| line(published)).collect();
    Ok(HttpResponse::Ok().json(Page::new(lines, limit, |line: &BundleLineView| line.code.clone())))
}

/// One bundle, on one page: parts, joint form, documents handed in once, joint promise, fees.
#[utoipa::path(tag = "public", operation_id = "read_bundle", responses(
    (status = 200, body = BundleView), (status = "4XX", body = ProblemView)
))]
#[get("/bundles/{code}")]
pub async fn read_bundle(ctx: web::Data<Ctx>, code: web::Path<String>) -> Reply {
    let published = bundles::current(&ctx, &code).await?;
    Ok(HttpResponse::Ok().json(page(&published)))
}

/// Facts to try, and what is known of the applicant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvaluateBundleBody {
    /// Shared answers by name; those of a part in an object under its code.
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

/// What an application with these facts would need, cost and take.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleEvaluationView {
    /// Whether one may: every condition of the parts that are needed is met, and they are open and offered.
    pub eligible: bool,
    /// New applications are taken now.
    pub open: bool,
    /// Every part that is needed can be applied for through the `channel` that was named; true where none was.
    pub offered: bool,
    /// Why a part is not for such an applicant, not open, or not offered, and what to do instead.
    pub why_not: Vec<TextView>,
    pub field_errors: Vec<FieldErrorView>,
    /// The fields that are shown with these answers: the shared ones, then those of the parts that are needed.
    pub fields: Vec<ShownFieldView>,
    pub parts: Vec<PartEvaluationView>,
    pub materials: Vec<JointNeedView>,
    /// Of the parts that are applied for.
    pub fee_fen: u64,
    /// The last day of the joint promise, were it submitted today.
    pub promised_due: NaiveDate,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PartEvaluationView {
    pub code: String,
    /// Whether the answers call for it; null before more is answered.
    pub needed: Option<bool>,
    pub conditions: Vec<ConditionView>,
}

/// A document to be handed in once.
#[derive(Debug, Serialize, ToSchema)]
pub struct JointNeedView {
    pub code: String,
    pub name: TextView,
    pub required: bool,
}

/// A dry run over all parts: may I, what do I need, what does it cost, when would I
/// have it. Stores nothing.
#[utoipa::path(tag = "public", operation_id = "evaluate_bundle", request_body = EvaluateBundleBody, responses(
    (status = 200, body = BundleEvaluationView), (status = "4XX", body = ProblemView)
))]
#[post("/bundles/{code}/evaluate")]
pub async fn evaluate_bundle(
    ctx: web::Data<Ctx>,
    code: web::Path<String>,
    language: Accepted,
    body: Body<EvaluateBundleBody>,
) -> Reply {
    let published = bundles::current(&ctx, &code).await?;
    let EvaluateBundleBody { facts, applicant, certificates, channel } = body.value;
    let applicant = applicant.parse()?;
    let held: Vec<CertificateType> = certificates
        .iter()
        .enumerate()
        .map(|(index, code)| parse_code(&format!("/certificates/{index}"), CertificateType::parse(code)))
        .collect::<Result<_, _>>()?;
    let found = bundles::evaluate(&ctx, &published, &Facts::from(facts), &held, &applicant, channel);
    let door = bundles::door(&published, &found, channel);
    Ok(HttpResponse::Ok().json(evaluation(&ctx, &published, door, &found, language.0)))
}

fn evaluation(
    ctx: &Ctx,
    published: &PublishedBundle,
    Door { closed, not_offered }: Door,
    found: &Found<'_>,
    language: Language,
) -> BundleEvaluationView {
    let plan = &published.plan;
    let problem = Problem::new(Code::ValidationFailed).errors(found.field_errors.clone());
    let need = |code: &String| {
        let name = plan.material(code).map(|joint| joint.name.clone().into());
        name.map(|name| JointNeedView { code: code.clone(), name, required: found.required.contains(code) })
    };
    let doors = [&closed, &not_offered].into_iter().flatten().map(|refusal| refusal.detail.clone());
    let why_not = found.not_for.clone().into_iter().chain(doors).map(TextView::from);
    BundleEvaluationView {
        eligible: found.eligible && closed.is_none() && not_offered.is_none(),
        open: closed.is_none(),
        offered: not_offered.is_none(),
        why_not: why_not.collect(),
        field_errors: problem.view(language, "").errors,
        fields: found.shown.iter().map(shown).collect(),
        parts: plan
            .parts
            .iter()
            .zip(&found.parts)
            .map(|(planned, found)| part_evaluation(planned, found))
            .collect(),
        materials: found.offered.iter().filter_map(need).collect(),
        fee_fen: found.fee_fen,
        promised_due: ctx.calendar.current().due(local_date(ctx.clock.now()), plan.promised()),
    }
}

fn shown(field: &JointShown) -> ShownFieldView {
    ShownFieldView { pointer: field.pointer.clone(), required: field.required }
}

fn part_evaluation(planned: &Planned, found: &FoundPart<'_>) -> PartEvaluationView {
    let among = |conditions: &[&Condition], code: &str| conditions.iter().any(|other| other.code == code);
    let conditions = planned.guide.conditions.iter().map(|condition| ConditionView {
        code: condition.code.clone(),
        text: condition.text.clone().into(),
        state: match (found.needed, among(&found.unmet, &condition.code), among(&found.open, &condition.code))
        {
            (Some(true), true, _) => "not_met",
            (Some(true), false, false) => "met",
            (Some(true), false, true) | (Some(false) | None, _, _) => "unknown",
        },
    });
    PartEvaluationView {
        code: planned.part.code.clone(),
        needed: found.needed,
        conditions: conditions.collect(),
    }
}

/// 停止办理: the bundle takes no new applications; those under way go on.
#[utoipa::path(tag = "administration", operation_id = "withdraw_bundle", responses(
    (status = 204), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/bundles/{code}/withdraw")]
pub async fn withdraw_bundle(ctx: web::Data<Ctx>, caller: Caller, code: web::Path<String>) -> Reply {
    bundles::withdraw_bundle(&ctx, &caller, &code).await?;
    Ok(HttpResponse::NoContent().finish())
}
