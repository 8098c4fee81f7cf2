//! `/persons`: what officers do for the person before them. Numbers of people come
//! in bodies, never in addresses.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::proofs::IdentityProofView;
use super::{Reply, mobile, required, wrong};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::people::counter::{self, Identified, Seen};
use crate::app::people::{guardians, helpers};
use crate::domain::codes::{Mobile, mask_id};
use crate::domain::mandates::Mandate;
use crate::http::extract::{Body, OnceKey, mark_replay};
use crate::http::problem::{Problem, ProblemView};

/// Somebody on record, as an officer who has him before him sees him.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentifiedView {
    pub id: Uuid,
    pub name: String,
    /// Masked.
    pub id_number: Option<String>,
    /// How well the person is known now, 1–4.
    pub ial: u8,
    pub has_account: bool,
    pub identity_proofs: Vec<IdentityProofView>,
}

impl IdentifiedView {
    fn new(found: Identified, at: DateTime<Utc>) -> Self {
        let Identified { person, ial, has_account, proofs } = found;
        let shown = |proof: crate::domain::identity::IdentityProof| {
            let (in_force, of_account) = (proof.in_force(at), proof.account.is_some());
            IdentityProofView::new(proof, in_force, of_account)
        };
        Self {
            id: person.id,
            name: person.applicant.name,
            id_number: person.applicant.id_number.as_ref().map(|number| mask_id(number.expose())),
            ial: ial.get(),
            has_account,
            identity_proofs: proofs.into_iter().map(shown).collect(),
        }
    }
}

/// As on the card.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyBody {
    pub name: String,
    pub id_number: String,
}

/// 核验身份: finds whoever stands at the counter by his card, or puts him on record
/// by it at level 4. By a counter officer.
#[utoipa::path(tag = "people", operation_id = "identify_person", request_body = IdentifyBody, responses(
    (status = 200, body = IdentifiedView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/persons")]
pub async fn identify(ctx: web::Data<Ctx>, caller: Caller, body: Body<IdentifyBody>) -> Reply {
    let IdentifyBody { name, id_number } = body.value;
    let found = counter::identify(&ctx, &caller, &name, &id_number).await?;
    Ok(HttpResponse::Ok().json(IdentifiedView::new(found, ctx.clock.now())))
}

/// What an officer saw.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// 3 or 4.
    pub level: u8,
    /// `face_match` (level 3) or `in_person` (3 or 4).
    pub method: String,
    /// Kind of document and reference of the scan; no number of a person.
    pub evidence: String,
    /// The last day it is believed, as that of the card; left out: as long as the
    /// method is.
    pub valid_until: Option<NaiveDate>,
    /// The number of the person's own account, for the proof to count when he signs
    /// in with it…
    pub mobile: Option<String>,
    /// …and the code sent to it for `prove_identity`, as he reads it out.
    pub code: Option<String>,
}

impl ProofBody {
    fn parse(self) -> Result<Seen, Problem> {
        let account: Option<(Mobile, String)> = match (self.mobile, self.code) {
            (None, None) => None,
            (Some(number), Some(code)) => {
                Some((mobile(Some(&number)).map_err(|error| wrong(vec![error]))?, code))
            }
            (Some(_), None) => {
                let zh = "请填写发到该号码的验证码，由本人读出。";
                let en = "Give the code sent to that number, as the person reads it out.";
                return Err(wrong(vec![required("/code", zh, en)]));
            }
            (None, Some(_)) => {
                return Err(wrong(vec![required("/mobile", "请填写手机号码。", "Give the mobile number.")]));
            }
        };
        let Self { level, method, evidence, valid_until, .. } = self;
        Ok(Seen { level, method, evidence, valid_until, account })
    }
}

/// Records that the person was proven at the counter, level 3 or 4.
#[utoipa::path(tag = "people", operation_id = "record_identity_proof", request_body = ProofBody, responses(
    (status = 201, body = IdentifiedView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/persons/{id}/identity-proofs")]
pub async fn record_proof(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<ProofBody>,
) -> Reply {
    let found = counter::record_proof(&ctx, &caller, *id, body.value.parse()?).await?;
    Ok(HttpResponse::Created().json(IdentifiedView::new(found, ctx.clock.now())))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// Kept for good; no number of a person.
    pub reason: String,
}

/// Takes back a proof that turned out to be none; the level falls at once.
#[utoipa::path(tag = "people", operation_id = "withdraw_identity_proof", request_body = ReasonBody, responses(
    (status = 200, body = IdentifiedView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/persons/{id}/identity-proofs/{proof}/withdraw")]
pub async fn withdraw_proof(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    body: Body<ReasonBody>,
) -> Reply {
    let (person, proof) = path.into_inner();
    let found = counter::withdraw_proof(&ctx, &caller, person, proof, &body.value.reason).await?;
    Ok(HttpResponse::Ok().json(IdentifiedView::new(found, ctx.clock.now())))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HelperCodeBody {
    /// Guide codes; at least one.
    pub guides: Vec<String>,
    /// When the help ends, thirty days from now at the latest.
    pub valid_until: DateTime<Utc>,
}

/// Shown once.
#[derive(Serialize, ToSchema)]
pub struct HelperCodeView {
    /// Eight letters.
    pub code: String,
    pub expires_at: DateTime<Utc>,
    pub valid_until: DateTime<Utc>,
}

/// 帮办码: for whoever helps the person before the officer. Ten minutes, once.
#[utoipa::path(tag = "people", operation_id = "issue_helper_code", request_body = HelperCodeBody, responses(
    (status = 201, body = HelperCodeView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/persons/{id}/helper-codes")]
pub async fn issue_helper_code(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<HelperCodeBody>,
) -> Reply {
    let HelperCodeBody { guides, valid_until } = body.value;
    let handed = helpers::issue(&ctx, &caller, *id, guides, valid_until).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(HelperCodeView {
        code: handed.code.to_string(),
        expires_at: handed.issued.expires_at,
        valid_until: handed.issued.valid_until,
    }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardianBody {
    /// The guardian, who stands there with the child; identified before.
    pub guardian: Uuid,
    /// What shows it: kind of document and reference; no number of a person.
    pub evidence: String,
}

/// 监护 on record.
#[derive(Debug, Serialize, ToSchema)]
pub struct GuardianView {
    pub id: Uuid,
    pub ward: Uuid,
    pub guardian: Option<Uuid>,
    pub valid_from: DateTime<Utc>,
    /// The child's eighteenth birthday.
    pub valid_until: Option<DateTime<Utc>>,
    pub state: String,
}

impl GuardianView {
    fn new(mandate: &Mandate, at: DateTime<Utc>) -> Self {
        Self {
            id: mandate.id,
            ward: mandate.principal,
            guardian: mandate.agent(),
            valid_from: mandate.terms.from,
            valid_until: mandate.terms.until,
            state: mandate.standing(at).as_str().to_owned(),
        }
    }
}

/// 监护: puts a guardian on record, both being present.
#[utoipa::path(tag = "people", operation_id = "witness_guardian", request_body = GuardianBody, responses(
    (status = 201, body = GuardianView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/persons/{id}/guardians")]
pub async fn witness_guardian(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    once: OnceKey,
    body: Body<GuardianBody>,
) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let GuardianBody { guardian, evidence } = body.value;
    let answer = guardians::witness(&ctx, &caller, *id, guardian, &evidence, claim).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    Ok(response.json(GuardianView::new(&answer.value, ctx.clock.now())))
}

/// Ends a guardianship.
#[utoipa::path(tag = "people", operation_id = "end_guardian", request_body = ReasonBody, responses(
    (status = 200, body = GuardianView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/persons/{id}/guardians/{mandate}/end")]
pub async fn end_guardian(
    ctx: web::Data<Ctx>,
    caller: Caller,
    path: web::Path<(Uuid, Uuid)>,
    body: Body<ReasonBody>,
) -> Reply {
    let (ward, mandate) = path.into_inner();
    let ended = guardians::end(&ctx, &caller, ward, mandate, &body.value.reason).await?;
    Ok(HttpResponse::Ok().json(GuardianView::new(&ended, ctx.clock.now())))
}
