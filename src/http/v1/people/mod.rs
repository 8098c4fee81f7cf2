//! People over the web: proving who one is, organisations, mandates, one's own
//! account, and what officers do at a counter. For the portal's own clients alone.

mod account;
mod counter;
mod mandates;
mod organizations;
mod proofs;

use actix_web::HttpResponse;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;

use crate::domain::codes::{CodeError, Mobile};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::http::problem::{Code, Problem};
use crate::http::routes::Routes;

pub use organizations::OrganizationView;
pub use proofs::IdentityProofView;

type Reply = Result<HttpResponse, Problem>;

/// Registers the operations.
pub fn register(routes: &mut Routes<'_, '_>) {
    routes
        .service(account::change_me)
        .service(account::close_me)
        .service(proofs::list_proofs)
        .service(proofs::prove)
        .service(organizations::list_organizations)
        .service(organizations::find_organization)
        .service(organizations::read_organization)
        .service(organizations::appoint)
        .service(organizations::change_member)
        .service(organizations::end_member)
        .service(mandates::list_mandates)
        .service(mandates::offer)
        .service(mandates::redeem)
        .service(mandates::read_mandate)
        .service(mandates::accept)
        .service(mandates::decline)
        .service(mandates::end)
        .service(mandates::delegate)
        .service(mandates::claim_ward)
        .service(counter::identify)
        .service(counter::record_proof)
        .service(counter::withdraw_proof)
        .service(counter::issue_helper_code)
        .service(counter::witness_guardian)
        .service(counter::end_guardian);
}

/// Everything at once; `next` is always null.
#[derive(Debug, Serialize, ToSchema)]
pub struct Whole<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Whole<T> {
    fn of(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

fn wrong(errors: Vec<FieldError>) -> Problem {
    Problem::new(Code::ValidationFailed).errors(errors)
}

fn coded(pointer: &str, error: CodeError) -> FieldError {
    FieldError::new(pointer, error.code, error.detail)
}

fn required(pointer: &str, zh: &str, en: &str) -> FieldError {
    FieldError::new(pointer, "required", Text::new(zh, en))
}

/// A mobile number that must be given.
fn mobile(text: Option<&str>) -> Result<Mobile, FieldError> {
    let missing = || required("/mobile", "请填写手机号码。", "Give a mobile number.");
    Mobile::parse(text.ok_or_else(missing)?).map_err(|error| coded("/mobile", error))
}

/// A version that is the same exactly as long as the whole answer is.
fn fingerprint(view: &impl Serialize) -> u64 {
    let json = serde_json::to_vec(view).unwrap_or_default();
    let hash = Sha256::digest(&json);
    hash.iter().take(6).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
