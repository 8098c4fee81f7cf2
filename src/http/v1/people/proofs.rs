//! `/me/identity-proofs`: 实名核验 by oneself.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Reply, Whole};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::people::proving::{self, OwnProof, ProveRequest};
use crate::domain::identity::{IdentityProof, Verifier};
use crate::http::extract::{Body, OnceKey, mark_replay};
use crate::http::problem::ProblemView;

/// What shows who somebody is.
#[derive(Debug, Serialize, ToSchema)]
pub struct IdentityProofView {
    pub id: Uuid,
    /// 2–4.
    pub level: u8,
    /// `population_registry`, `household_register`, `business_registry`,
    /// `face_match` or `in_person`.
    pub method: String,
    pub evidence: String,
    /// `registry` or `officer`.
    pub verified_by: String,
    pub at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub is_in_force: bool,
    /// Whether it counts when one signs in with this account, and not only at a counter.
    pub counts_here: bool,
}

impl IdentityProofView {
    pub fn new(proof: IdentityProof, is_in_force: bool, counts_here: bool) -> Self {
        let verified_by = match proof.verifier {
            Verifier::Registry => "registry",
            Verifier::Officer(_) => "officer",
        };
        Self {
            id: proof.id,
            level: proof.ial.get(),
            method: proof.method.as_str().to_owned(),
            evidence: proof.evidence,
            verified_by: verified_by.to_owned(),
            at: proof.at,
            expires_at: proof.expires_at,
            withdrawn_at: proof.withdrawn_at,
            is_in_force,
            counts_here,
        }
    }
}

impl From<OwnProof> for IdentityProofView {
    fn from(own: OwnProof) -> Self {
        Self::new(own.proof, own.is_in_force, own.counts_here)
    }
}

/// What shows who one is, the latest first.
#[utoipa::path(tag = "people", operation_id = "list_identity_proofs", security(("bearer" = [])), responses(
    (status = 200, body = Whole<IdentityProofView>), (status = "4XX", body = ProblemView)
))]
#[get("/me/identity-proofs")]
pub async fn list_proofs(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let items = proving::list(&ctx, &caller).await?.into_iter().map(IdentityProofView::from).collect();
    Ok(HttpResponse::Ok().json(Whole::of(items)))
}

/// As on the identity card.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProveBody {
    pub name: String,
    /// 18 characters.
    pub id_number: String,
}

/// 二要素核验: name and number against the population registry; level 2. What does
/// not match is answered with 422 `not_confirmed`, whichever part it is. Five
/// failures a day.
#[utoipa::path(tag = "people", operation_id = "prove_identity", request_body = ProveBody, responses(
    (status = 201, body = IdentityProofView), (status = "4XX", body = ProblemView), (status = 503, body = ProblemView)
), security(("bearer" = [])))]
#[post("/me/identity-proofs")]
pub async fn prove(ctx: web::Data<Ctx>, caller: Caller, once: OnceKey, body: Body<ProveBody>) -> Reply {
    let claim = once.claim(&caller, body.digest);
    let ProveBody { name, id_number } = body.value;
    let answer = proving::prove(&ctx, &caller, ProveRequest { name, id_number, claim }).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &answer);
    let at = (LOCATION, "/api/v1/me/identity-proofs");
    Ok(response.insert_header(at).json(IdentityProofView::from(answer.value)))
}
