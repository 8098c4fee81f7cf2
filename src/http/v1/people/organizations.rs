//! `/me/organizations`: organisations one acts for, and their members.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::mandates::FullMandateView;
use super::{Reply, Whole, coded, fingerprint, mobile, wrong};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::people::members::{self, ShownMember};
use crate::app::people::organizations::{self, ShownOrganization};
use crate::domain::codes::Uscc;
use crate::http::extract::{Body, IfMatch, OnceKey, etag, mark_replay};
use crate::http::problem::ProblemView;

/// 法人, as a member sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationView {
    /// The `person_id` cases are opened for.
    pub id: Uuid,
    pub uscc: Option<String>,
    pub name: String,
    /// `active`, `dormant`, `revoked` or `deregistered`.
    pub status: String,
    pub legal_representative: String,
    pub address: Option<String>,
    pub registered_capital_fen: Option<i64>,
    /// When the business registry was last asked.
    pub checked_at: DateTime<Utc>,
    /// One's own place: `legal_representative` or `administrator`.
    pub role: String,
    pub since: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    /// Left out in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MemberView {
    pub id: Uuid,
    pub person_id: Uuid,
    pub name: String,
    pub role: String,
    pub since: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
    /// The version `If-Match` names, as in `"v1"`.
    pub version: i64,
}

impl From<ShownMember> for MemberView {
    fn from(shown: ShownMember) -> Self {
        let ShownMember { membership, name } = shown;
        Self {
            id: membership.id,
            person_id: membership.member,
            name,
            role: membership.role.as_str().to_owned(),
            since: membership.since,
            valid_until: membership.until,
            version: membership.version,
        }
    }
}

impl From<ShownOrganization> for OrganizationView {
    fn from(shown: ShownOrganization) -> Self {
        let ShownOrganization { person, record, place, members } = shown;
        Self {
            id: person.id,
            uscc: person.applicant.id_number.as_ref().map(|number| number.expose().to_owned()),
            name: person.applicant.name,
            status: record.status.as_str().to_owned(),
            legal_representative: record.extract.representative_name,
            address: record.extract.address,
            registered_capital_fen: record.extract.registered_capital_fen,
            checked_at: record.checked_at,
            role: place.role.as_str().to_owned(),
            since: place.since,
            valid_until: place.until,
            members: members.into_iter().map(MemberView::from).collect(),
        }
    }
}

/// The organisations one acts for.
#[utoipa::path(tag = "people", operation_id = "list_organizations", security(("bearer" = [])), responses(
    (status = 200, body = Whole<OrganizationView>), (status = "4XX", body = ProblemView)
))]
#[get("/me/organizations")]
pub async fn list_organizations(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let items = organizations::list(&ctx, &caller).await?.into_iter().map(OrganizationView::from).collect();
    Ok(HttpResponse::Ok().json(Whole::of(items)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindOrganizationBody {
    /// 统一社会信用代码
    pub uscc: String,
}

/// Finds an organisation whose legal representative one is, or looks at the business
/// registry again. Asks for identity level 2.
#[utoipa::path(tag = "people", operation_id = "find_organization", request_body = FindOrganizationBody, responses(
    (status = 201, body = OrganizationView), (status = "4XX", body = ProblemView), (status = 503, body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/organizations")]
pub async fn find_organization(
    ctx: web::Data<Ctx>,
    caller: Caller,
    once: OnceKey,
    body: Body<FindOrganizationBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let uscc = Uscc::parse(&body.value.uscc).map_err(|error| wrong(vec![coded("/uscc", error)]))?;
    let answer = organizations::find(&ctx, &caller, &uscc, claim).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    let view = OrganizationView::from(answer.value);
    let at = (LOCATION, format!("/api/v1/me/organizations/{}", view.id));
    Ok(response.insert_header(at).json(view))
}

/// One organisation, with its members.
#[utoipa::path(tag = "people", operation_id = "read_organization", security(("bearer" = [])), responses(
    (status = 200, body = OrganizationView), (status = "4XX", body = ProblemView)
))]
#[get("/me/organizations/{id}")]
pub async fn read_organization(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    let view = OrganizationView::from(organizations::read(&ctx, &caller, *id).await?);
    Ok(HttpResponse::Ok().insert_header((ETAG, etag(fingerprint(&view)))).json(view))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppointBody {
    /// The mobile number of whom to invite.
    pub mobile: Option<String>,
    /// Left out: until his place is ended.
    pub valid_until: Option<DateTime<Utc>>,
}

/// Invites an administrator, who finds the offer among his mandates. By the legal
/// representative.
#[utoipa::path(tag = "people", operation_id = "appoint_member", request_body = AppointBody, responses(
    (status = 201, body = FullMandateView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/organizations/{id}/members")]
pub async fn appoint(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    once: OnceKey,
    body: Body<AppointBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let AppointBody { mobile: number, valid_until } = body.value;
    let number = mobile(number.as_deref()).map_err(|error| wrong(vec![error]))?;
    let answer = members::appoint(&ctx, &caller, *id, number, valid_until, claim).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    let view = FullMandateView::from(answer.value);
    let at = (LOCATION, format!("/api/v1/me/mandates/{}", view.id));
    Ok(response.insert_header(at).json(view))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberBody {
    /// Null or left out: until his place is ended.
    pub valid_until: Option<DateTime<Utc>>,
}

/// Says until when an administrator stays.
#[utoipa::path(tag = "people", operation_id = "change_member", request_body = MemberBody, responses(
    (status = 200, body = MemberView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[patch("/me/organizations/{id}/members/{member}")]
pub async fn change_member(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    version: IfMatch,
    body: Body<MemberBody>,
) -> Reply {
    let (organization, member) = path.into_inner();
    let until = body.value.valid_until;
    let shown = members::change(&ctx, &caller, organization, member, until, version.0).await?;
    let view = MemberView::from(shown);
    let tag = (ETAG, etag(u64::try_from(view.version).unwrap_or_default()));
    Ok(HttpResponse::Ok().insert_header(tag).json(view))
}

/// Ends an administrator's place, or one's own. He acts for the organisation nowhere
/// within a second.
#[utoipa::path(tag = "people", operation_id = "end_member", security(("bearer" = [])), responses(
    (status = 204), (status = "4XX", body = ProblemView)
))]
#[delete("/me/organizations/{id}/members/{member}")]
pub async fn end_member(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    version: IfMatch,
) -> Reply {
    let (organization, member) = path.into_inner();
    members::end(&ctx, &caller, organization, member, version.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
