//! `/api/v1/bundle-applications`: one application for all parts of a bundle, and one
//! progress. The cases it leads to are under `/cases`, as all others.

use std::collections::BTreeMap;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, patch, post, put, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::case_views::{CaseLineView, EvidenceView};
use super::cases::ApplicantBody;
use super::command_bodies::{NoBody, WithdrawBody};
use super::materials::{EvidenceBody, upload};
use super::{Page, PageQuery, TextView};
use crate::app::Ctx;
use crate::app::bundles::{self, ApplicationReply, OpenApplication};
use crate::app::identity::Caller;
use crate::app::once::Answer;
use crate::domain::bundles::{Outcome, PartOutcome, PartState, Planned, Stage, Tally, Want, WhySkipped};
use crate::domain::cases::clock::Light;
use crate::domain::guides::{Facts, FilledFrom};
use crate::domain::time::local_date;
use crate::http::extract::{Body, IfMatch, OnceKey, Query, etag, mark_replay};
use crate::http::problem::{Problem, ProblemView};
use crate::http::uploads::Uploads;

type Reply = Result<HttpResponse, Problem>;

/// An application for a bundle, as its applicant sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BundleApplicationView {
    pub id: Uuid,
    /// The number in the `ETag`; name it in `If-Match`.
    pub version: u64,
    pub bundle: ApplicationBundleView,
    pub applicant_id: Uuid,
    /// `draft`, `under_way` or `ended`.
    pub state: &'static str,
    /// `complete`, `partial`, `failed`, `withdrawn` or `lapsed`, once ended.
    #[schema(value_type = Option<String>)]
    pub outcome: Option<Outcome>,
    pub progress: ProgressView,
    /// Shared answers by name; those of a part in an object under its code.
    #[schema(value_type = Object)]
    pub facts: BTreeMap<String, Value>,
    /// Which answers of a draft the portal filled in, from where, and as of when: by field,
    /// or `part.field`.
    #[schema(value_type = Object)]
    pub prefilled: BTreeMap<String, FilledFrom>,
    /// By the code of the joint material.
    pub materials: BTreeMap<String, EvidenceView>,
    pub parts: Vec<PartView>,
    pub opened_at: DateTime<Utc>,
    /// A draft left untouched until then lapses.
    pub expires_at: Option<DateTime<Utc>>,
    pub submitted_at: Option<DateTime<Utc>>,
    /// The last day of the joint promise. Days on which a part stands still are not counted:
    /// it is held, its case is sent back for correction, or is in a special procedure. While
    /// that lasts it is the day it would be were it over today.
    pub promised_due: Option<NaiveDate>,
    /// `green`, `yellow` or `red`, while it is under way; while a part stands still, as it was
    /// when that began.
    #[schema(value_type = Option<String>)]
    pub light: Option<Light>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ApplicationBundleView {
    pub code: String,
    pub version: u32,
    pub name: TextView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// Parts whose agency has answered: approved, denied or refused.
    pub done: usize,
    /// Parts that came to an end without an answer: taken back, expired, or not applied for
    /// any more. What is neither is still to come.
    pub stopped: usize,
    /// Parts that are applied for.
    pub all: usize,
}

/// How far one part has come.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    pub code: String,
    pub name: TextView,
    pub guide_code: String,
    /// `waiting`, `ready`, `held`, `filed`, `ended` or `skipped`.
    pub state: &'static str,
    /// Of a part that has ended: `issued`, `denied`, `refused`, `withdrawn` or `expired`.
    #[schema(value_type = Option<String>)]
    pub outcome: Option<PartOutcome>,
    /// Of a part that was skipped: why, in words for the applicant.
    pub skipped: Option<SkippedView>,
    /// Of a part that is held: what it wants before it can be filed.
    pub wants: Vec<WantView>,
    /// A part that is held is given up then.
    pub held_until: Option<DateTime<Utc>>,
    /// Its case, once filed: state, number, light and due day.
    pub case: Option<CaseLineView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SkippedView {
    /// `not_needed`, `after`, `withdrawn`, `lapsed` or `closed` (its guide takes no new cases).
    pub reason: &'static str,
    /// The part that was not approved, where that is the reason.
    pub after: Option<String>,
    pub text: TextView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WantView {
    /// Into the joint facts and materials.
    pub pointer: String,
    pub code: String,
    pub detail: TextView,
}

impl From<&Want> for WantView {
    fn from(want: &Want) -> Self {
        Self { pointer: want.pointer.clone(), code: want.code.clone(), detail: want.detail.clone().into() }
    }
}

fn view(ctx: &Ctx, reply: &ApplicationReply) -> BundleApplicationView {
    let application = &reply.application;
    let progress = &application.progress;
    let submission = progress.submission();
    let (today, calendar) = (local_date(ctx.clock.now()), ctx.calendar.current());
    let (state, expires_at, ended_at) = match &progress.stage {
        Stage::Draft { expires_at } => ("draft", Some(*expires_at), None),
        Stage::UnderWay { .. } => ("under_way", None, None),
        Stage::Ended { at, .. } => ("ended", None, Some(*at)),
    };
    let unit = reply.bundle.plan.promised().unit;
    let day = ended_at.map_or(today, local_date);
    let light = match &progress.stage {
        Stage::UnderWay { submission } => Some(submission.light(unit, &calendar, today)),
        Stage::Draft { .. } | Stage::Ended { .. } => None,
    };
    let Tally { done, stopped, all } = progress.tally();
    BundleApplicationView {
        id: application.id,
        version: application.version,
        bundle: ApplicationBundleView {
            code: application.opened.bundle.to_string(),
            version: application.opened.bundle_version,
            name: reply.bundle.plan.bundle.name.clone().into(),
        },
        applicant_id: application.opened.party,
        state,
        outcome: progress.outcome(),
        progress: ProgressView { done, stopped, all },
        prefilled: match &progress.stage {
            Stage::Draft { .. } => application.prefilled.clone(),
            Stage::UnderWay { .. } | Stage::Ended { .. } => BTreeMap::new(),
        },
        facts: application
            .facts
            .known()
            .into_iter()
            .flat_map(Facts::iter)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        materials: application.materials.iter().map(|(code, e)| (code.clone(), e.known().into())).collect(),
        parts: reply.bundle.plan.parts.iter().map(|planned| part(ctx, reply, planned.code())).collect(),
        opened_at: application.opened.at,
        expires_at,
        submitted_at: submission.map(|submission| submission.at),
        promised_due: submission.map(|submission| submission.due_on(unit, &calendar, day)),
        light,
        ended_at,
    }
}

fn part(ctx: &Ctx, reply: &ApplicationReply, code: &str) -> PartView {
    let plan = &reply.bundle.plan;
    let name = |code: &str| plan.part(code).map(|planned| planned.guide.item.name.clone());
    let state = reply.application.progress.parts.get(code);
    let (word, outcome, wants, held_until) = match state {
        Some(PartState::Waiting) | None => ("waiting", None, Vec::new(), None),
        Some(PartState::Ready) => ("ready", None, Vec::new(), None),
        Some(PartState::Held { expires_at, wants, .. }) => {
            ("held", None, wants.iter().map(WantView::from).collect(), Some(*expires_at))
        }
        Some(PartState::Filed { .. }) => ("filed", None, Vec::new(), None),
        Some(PartState::Ended { outcome, .. }) => ("ended", Some(*outcome), Vec::new(), None),
        Some(PartState::Skipped { .. }) => ("skipped", None, Vec::new(), None),
    };
    let skipped = match state {
        Some(PartState::Skipped { why, .. }) => Some(skipped(why, plan.part(code), &name)),
        Some(PartState::Waiting | PartState::Ready | PartState::Held { .. }) | None => None,
        Some(PartState::Filed { .. } | PartState::Ended { .. }) => None,
    };
    let guide = plan.part(code).map(|planned| &planned.guide);
    PartView {
        code: code.to_owned(),
        name: name(code).unwrap_or_else(|| crate::domain::text::Text::new(code, code)).into(),
        guide_code: guide.map(|guide| guide.code.to_string()).unwrap_or_default(),
        state: word,
        outcome,
        skipped,
        wants,
        held_until,
        case: reply
            .cases
            .get(code)
            .map(|case| CaseLineView::of(case, &ctx.calendar.current(), ctx.clock.now())),
    }
}

fn skipped(
    why: &WhySkipped,
    planned: Option<&Planned>,
    name: &dyn Fn(&str) -> Option<crate::domain::text::Text>,
) -> SkippedView {
    use crate::domain::text::Text;
    let (reason, after, text) = match why {
        WhySkipped::NotNeeded => {
            ("not_needed", None, Text::new("按所填内容无需办理。", "The answers do not call for it."))
        }
        WhySkipped::After { part } => {
            let of = name(part).unwrap_or_else(|| Text::new(part, part));
            let text = Text::new(
                format!("“{}”没有办成，本事项随之不再办理。处理后可以单独申请。", of.zh),
                format!(
                    "“{}” was not approved, so this part is not applied for. Once that is settled, apply for it by itself.",
                    of.en
                ),
            );
            ("after", Some(part.clone()), text)
        }
        WhySkipped::Withdrawn => {
            ("withdrawn", None, Text::new("申请已撤回。", "The application was taken back."))
        }
        WhySkipped::Closed => {
            let ask = planned.map_or("12345", |planned| planned.guide.telephone.enquiry.as_str());
            let text = Text::new(
                format!(
                    "办事指南已停止受理，本事项未能提交，并非您的原因。改在哪里办理，请查看办事指南或致电 {ask} 咨询。"
                ),
                format!(
                    "Its guide stopped taking applications before this part could be submitted; it is nothing you did or left undone. See the guide, or call {ask}, for where to apply now."
                ),
            );
            ("closed", None, text)
        }
        WhySkipped::Lapsed => (
            "lapsed",
            None,
            Text::new(
                "逾期没有补齐，本事项不再办理。可以单独申请。",
                "What it wanted never came. It can be applied for by itself.",
            ),
        ),
    };
    SkippedView { reason, after, text: text.into() }
}

fn respond(
    ctx: &Ctx,
    response: &mut actix_web::HttpResponseBuilder,
    answer: &Answer<ApplicationReply>,
) -> HttpResponse {
    response.insert_header((ETAG, etag(answer.value.application.version)));
    mark_replay(response, answer);
    response.json(view(ctx, &answer.value))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenApplicationBody {
    /// Left out: the caller himself. A mandate must be for every guide of the bundle.
    pub applicant: Option<ApplicantBody>,
    /// First answers to the joint form.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
}

/// Opens an application for all parts of a bundle: a draft with what is known filled in.
#[utoipa::path(tag = "bundles", operation_id = "open_bundle_application", request_body = OpenApplicationBody,
    responses((status = 201, body = BundleApplicationView), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[post("/bundles/{code}/applications")]
pub async fn open(
    ctx: web::Data<Ctx>,
    caller: Caller,
    code: web::Path<String>,
    once: OnceKey,
    body: Body<OpenApplicationBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let applicant = ApplicantBody::parse(body.value.applicant)?;
    let request =
        OpenApplication { bundle: code.into_inner(), applicant, facts: Facts::from(body.value.facts), claim };
    let answer = bundles::open(&ctx, &caller, request).await?;
    let location = format!("/api/v1/bundle-applications/{}", answer.value.application.id);
    Ok(respond(&ctx, HttpResponse::Created().insert_header((LOCATION, location)), &answer))
}

/// One application: each part with its state, case number, light and due day.
#[utoipa::path(tag = "bundles", operation_id = "read_bundle_application", responses(
    (status = 200, body = BundleApplicationView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/bundle-applications/{id}")]
pub async fn read(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let value = bundles::read(&ctx, &caller, *id).await?;
    Ok(respond(&ctx, &mut HttpResponse::Ok(), &Answer::first(value)))
}

/// Saves answers: a JSON merge patch (RFC 7396) on the joint facts. What a filed part
/// rests on is settled.
#[utoipa::path(tag = "bundles", operation_id = "save_bundle_facts", request_body = Object, responses(
    (status = 200, body = BundleApplicationView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[patch("/bundle-applications/{id}/facts")]
pub async fn save(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    version: IfMatch,
    body: Body<Map<String, Value>>,
) -> Reply {
    let value = bundles::save(&ctx, &caller, *id, version.0, body.value).await?;
    Ok(respond(&ctx, &mut HttpResponse::Ok(), &Answer::first(value)))
}

/// Hands a document in, once for all parts it serves: a file, a certificate reference,
/// or a promise.
#[utoipa::path(tag = "bundles", operation_id = "attach_bundle_material",
    request_body(content(
        (Vec<u8> = "application/pdf"), (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"),
        (Vec<u8> = "application/ofd"), (EvidenceBody = "application/json")
    )),
    responses((status = 200, body = BundleApplicationView), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[put("/bundle-applications/{id}/materials/{code}")]
pub async fn attach(
    ctx: web::Data<Ctx>,
    uploads: web::Data<Uploads>,
    caller: Caller,
    path: web::Path<(Uuid, String)>,
    version: IfMatch,
    request: HttpRequest,
    payload: web::Payload,
) -> Reply {
    let (id, code) = path.into_inner();
    // The permit bounds the memory all uploads take together.
    let (upload, _permit) = upload(&uploads, &request, payload).await?;
    let value = bundles::attach(&ctx, &caller, id, version.0, code, upload).await?;
    Ok(respond(&ctx, &mut HttpResponse::Ok(), &Answer::first(value)))
}

/// 提交: hands in all parts; those that come after none are filed at once, the others
/// when their turn comes. Of an application under way it says that what a part wanted
/// is there now.
#[utoipa::path(tag = "bundles", operation_id = "submit_bundle_application", request_body = NoBody, responses(
    (status = 200, body = BundleApplicationView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/bundle-applications/{id}/submit")]
pub async fn submit(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    version: IfMatch,
    once: OnceKey,
    body: Body<NoBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let answer = bundles::submit(&ctx, &caller, *id, version.0, claim).await?;
    Ok(respond(&ctx, &mut HttpResponse::Ok(), &answer))
}

/// 撤回: what is not filed is not applied for any more; cases that are not decided
/// are taken back.
#[utoipa::path(tag = "bundles", operation_id = "withdraw_bundle_application", request_body = WithdrawBody,
    responses((status = 200, body = BundleApplicationView), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[post("/bundle-applications/{id}/withdraw")]
pub async fn withdraw(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    version: IfMatch,
    once: OnceKey,
    body: Body<WithdrawBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let answer = bundles::withdraw(&ctx, &caller, *id, version.0, claim, body.value.reason).await?;
    Ok(respond(&ctx, &mut HttpResponse::Ok(), &answer))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MineQuery {
    limit: Option<i64>,
    after: Option<String>,
}

/// The caller's own applications for bundles and those of his principals, newest first.
#[utoipa::path(tag = "me", operation_id = "list_my_bundle_applications", params(
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses(
    (status = 200, body = Page<BundleApplicationView>), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/me/bundle-applications")]
pub async fn list_mine(ctx: web::Data<Ctx>, caller: Caller, query: Query<MineQuery>) -> Reply {
    let page = PageQuery { limit: query.0.limit, after: query.0.after };
    let limit = page.limit()?;
    let found = bundles::list_mine(&ctx, &caller, page.after_id()?, limit).await?;
    let views = found.iter().map(|reply| view(&ctx, reply)).collect();
    Ok(HttpResponse::Ok().json(Page::new(views, limit, |view: &BundleApplicationView| view.id.to_string())))
}
