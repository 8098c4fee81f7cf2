//! `/me/mandates` and `/me/wards`: letting others act, and acting for others.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Reply, Whole, mobile, required, wrong};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::once::{Answer, Claim};
use crate::app::people::guardians::{self, WardRequest};
use crate::app::people::helpers;
use crate::app::people::mandates::{self, OfferRequest, Recipient, Reply as Word, ShownMandate};
use crate::domain::codes::mask_mobile;
use crate::domain::mandates::{Mandate, MandateState};
use crate::http::address::address;
use crate::http::extract::{Body, OnceKey, etag, mark_replay};
use crate::http::problem::{Problem, ProblemView};
use crate::http::v1::command_bodies::NoBody;

/// 授权, as one of its sides sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FullMandateView {
    pub id: Uuid,
    /// `agency`, `guardian` or `administrator`.
    pub kind: String,
    /// Whether one gave it, or it was given to one.
    pub is_given: bool,
    pub principal: Uuid,
    /// Masked until it was accepted.
    pub principal_name: String,
    /// Null while nobody accepted it.
    pub agent: Option<Uuid>,
    pub agent_name: Option<String>,
    /// The number it was offered to, masked; to whom gave it.
    pub mobile: Option<String>,
    /// Guide codes; null means all.
    pub guides: Option<Vec<String>>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    pub may_delegate: bool,
    /// The mandate it was given on from.
    pub parent: Option<Uuid>,
    /// `offered`, `lapsed`, `accepted`, `declined` or `ended`.
    pub state: String,
    pub offered_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// `principal`, `agent`, `officer`, `parent` (the mandate it was given on from
    /// ended) or `registry`.
    pub ended_by: Option<String>,
    #[serde(skip)]
    version: i64,
}

impl FullMandateView {
    fn bare(mandate: Mandate) -> Self {
        let (mut agent, mut accepted_at, mut ended_at, mut ended_by) = (None, None, None, None);
        match &mandate.state {
            MandateState::Offered { .. } | MandateState::Declined { .. } => {}
            MandateState::Accepted { agent: by, at, .. } => (agent, accepted_at) = (Some(*by), Some(*at)),
            MandateState::Ended { agent: of, accepted_at: accepted, by, at, .. } => {
                (agent, accepted_at) = (of.filter(|_| accepted.is_some()), *accepted);
                (ended_at, ended_by) = (Some(*at), Some(by.as_str().to_owned()));
            }
        }
        Self {
            id: mandate.id,
            kind: mandate.kind.as_str().to_owned(),
            is_given: false,
            principal: mandate.principal,
            principal_name: String::new(),
            agent,
            agent_name: None,
            mobile: None,
            guides: mandate.terms.guides.map(|guides| guides.into_iter().collect()),
            valid_from: mandate.terms.from,
            valid_until: mandate.terms.until,
            may_delegate: mandate.terms.may_delegate,
            parent: mandate.parent,
            state: String::new(),
            offered_at: mandate.offered_at,
            accepted_at,
            ended_at,
            ended_by,
            version: mandate.version,
        }
    }
}

impl From<ShownMandate> for FullMandateView {
    fn from(shown: ShownMandate) -> Self {
        let ShownMandate { mandate, standing, principal_name, agent_name, mobile, is_given } = shown;
        Self {
            is_given,
            principal_name,
            agent_name,
            mobile: mobile.map(|mobile| mask_mobile(mobile.as_str())),
            state: standing.as_str().to_owned(),
            ..Self::bare(mandate)
        }
    }
}

/// Mandates one gave, for oneself and one's organisations, and those given to one.
#[utoipa::path(tag = "people", operation_id = "list_mandates", security(("bearer" = [])), responses(
    (status = 200, body = Whole<FullMandateView>), (status = "4XX", body = ProblemView)
))]
#[get("/me/mandates")]
pub async fn list_mandates(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let items = mandates::list(&ctx, &caller).await?.into_iter().map(FullMandateView::from).collect();
    Ok(HttpResponse::Ok().json(Whole::of(items)))
}

/// An offer, to a mobile number or to an agent one had before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferBody {
    /// An organisation of one's own; left out: oneself.
    pub principal: Option<Uuid>,
    pub mobile: Option<String>,
    pub person_id: Option<Uuid>,
    /// Guide codes; left out: all.
    pub guides: Option<Vec<String>>,
    /// Left out: from now on.
    pub valid_from: Option<DateTime<Utc>>,
    /// Left out: until it is ended.
    pub valid_until: Option<DateTime<Utc>>,
    /// 转委托
    #[serde(default)]
    pub may_delegate: bool,
}

impl OfferBody {
    fn parse(self, claim: Option<Claim>) -> Result<OfferRequest, Problem> {
        let to = match (self.mobile, self.person_id) {
            (Some(number), None) => Recipient::Mobile(mobile(Some(&number)).map_err(|e| wrong(vec![e]))?),
            (None, Some(person)) => Recipient::Person(person),
            (None, None) | (Some(_), Some(_)) => {
                let zh = "请提供 mobile 或 person_id 之一。";
                let en = "Give one of `mobile` and `person_id`.";
                return Err(wrong(vec![required("/mobile", zh, en)]));
            }
        };
        Ok(OfferRequest {
            principal: self.principal,
            to,
            guides: self.guides,
            from: self.valid_from,
            until: self.valid_until,
            may_delegate: self.may_delegate,
            claim,
        })
    }
}

fn made(answer: Answer<ShownMandate>) -> HttpResponse {
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    let view = FullMandateView::from(answer.value);
    let at = (LOCATION, format!("/api/v1/me/mandates/{}", view.id));
    response.insert_header(at).insert_header((ETAG, tag(&view))).json(view)
}

fn done(answer: Answer<ShownMandate>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    mark_replay(&mut response, &answer);
    let view = FullMandateView::from(answer.value);
    response.insert_header((ETAG, tag(&view))).json(view)
}

fn tag(view: &FullMandateView) -> String {
    etag(u64::try_from(view.version).unwrap_or_default())
}

/// Offers a mandate. Asks for identity level 2. Whether the number has an account
/// is not told.
#[utoipa::path(tag = "people", operation_id = "offer_mandate", request_body = OfferBody, responses(
    (status = 201, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/mandates")]
pub async fn offer(ctx: web::Data<Ctx>, caller: Caller, once: OnceKey, body: Body<OfferBody>) -> Reply {
    let claim = once.claim(&caller, body.digest);
    Ok(made(mandates::offer(&ctx, &caller, body.value.parse(claim)?).await?))
}

/// One mandate.
#[utoipa::path(tag = "people", operation_id = "read_mandate", security(("bearer" = [])), responses(
    (status = 200, body = FullMandateView), (status = "4XX", body = ProblemView)
))]
#[get("/me/mandates/{id}")]
pub async fn read_mandate(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    Ok(done(Answer::first(mandates::read(&ctx, &caller, *id).await?)))
}

/// Accepts an offer to oneself. Asks for identity level 2.
#[utoipa::path(tag = "people", operation_id = "accept_mandate", request_body = NoBody, responses(
    (status = 200, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/mandates/{id}/accept")]
pub async fn accept(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    once: OnceKey,
    body: Body<NoBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    Ok(done(mandates::reply(&ctx, &caller, *id, Word::Accept, claim).await?))
}

/// Declines an offer to oneself.
#[utoipa::path(tag = "people", operation_id = "decline_mandate", request_body = NoBody, responses(
    (status = 200, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/mandates/{id}/decline")]
pub async fn decline(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    once: OnceKey,
    body: Body<NoBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    Ok(done(mandates::reply(&ctx, &caller, *id, Word::Decline, claim).await?))
}

/// Ends a mandate, or takes an offer back, with everything given on from it. The
/// agent acts by it nowhere within a second.
#[utoipa::path(tag = "people", operation_id = "end_mandate", request_body = NoBody, responses(
    (status = 200, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/mandates/{id}/end")]
pub async fn end(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>, _body: Body<NoBody>) -> Reply {
    Ok(done(Answer::first(mandates::end(&ctx, &caller, *id).await?)))
}

/// 转委托: gives a mandate on, never further than it goes. By its agent, where the
/// principal allowed it; `principal` and `person_id` are left out.
#[utoipa::path(tag = "people", operation_id = "delegate_mandate", request_body = OfferBody, responses(
    (status = 201, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/mandates/{id}/delegate")]
pub async fn delegate(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    once: OnceKey,
    body: Body<OfferBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    Ok(made(mandates::delegate(&ctx, &caller, *id, body.value.parse(claim)?).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedeemBody {
    /// Eight letters, as the officer handed them over.
    pub code: String,
}

/// 帮办码: becomes the agent of whoever got the code at a counter. Asks for identity
/// level 2.
#[utoipa::path(tag = "people", operation_id = "redeem_helper_code", request_body = RedeemBody, responses(
    (status = 201, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/mandates/redeem")]
pub async fn redeem(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    caller: Caller,
    once: OnceKey,
    body: Body<RedeemBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let from = address(&request);
    Ok(made(helpers::redeem(&ctx, &caller, from, &body.value.code, claim).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WardBody {
    /// The child's.
    pub name: String,
    /// The child's.
    pub id_number: String,
    /// One's own household register (居民户口簿), which names the child.
    pub certificate_id: String,
}

/// 监护: becomes guardian of a child of one's own, until it is of age. Asks for
/// identity level 3.
#[utoipa::path(tag = "people", operation_id = "claim_ward", request_body = WardBody, responses(
    (status = 201, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/wards")]
pub async fn claim_ward(ctx: web::Data<Ctx>, caller: Caller, once: OnceKey, body: Body<WardBody>) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let WardBody { name, id_number, certificate_id } = body.value;
    let request = WardRequest { name, id_number, certificate: certificate_id, claim };
    Ok(made(guardians::claim(&ctx, &caller, request).await?))
}
