//! Asking the policy on behalf of a use case. What it says no to becomes the
//! error the caller hears; what it refuses to staff on a case goes on record.

use chrono::{DateTime, Utc};

use super::ctx::{Ctx, new_id};
use super::error::{AppError, AppResult};
use super::identity::{Caller, acr};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::cases::By;
use crate::domain::identity::Aal;
use crate::domain::policy::{Operation, Target, Verdict, authorise};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::store::Changes;

/// In which capacity the caller may do it.
///
/// # Errors
/// `NotFound` when he may not know of it, `Forbidden` when he may not do it,
/// `StepUp` when one of his posts would allow it after a second factor.
pub fn permit(caller: &Caller, operation: Operation, target: Target<'_>, at: DateTime<Utc>) -> AppResult<By> {
    match authorise(&caller.actor, operation, target, at) {
        Verdict::Allow(by) => Ok(by),
        Verdict::Hidden => Err(AppError::NotFound),
        Verdict::Forbidden => Err(AppError::Forbidden),
        Verdict::StepUp => Err(second_factor_needed(caller)),
    }
}

/// The same for a case; an officer who reaches for what is not his leaves a trace.
pub async fn permit_on_case(
    ctx: &Ctx,
    caller: &Caller,
    operation: Operation,
    target: Target<'_>,
    case: uuid::Uuid,
) -> AppResult<By> {
    let at = ctx.clock.now();
    let permitted = permit(caller, operation, target, at);
    if matches!(permitted, Err(AppError::Forbidden)) && caller.acts_as_staff(at) {
        let entry = caller
            .entry(at, AuditAction::AccessRefused, Outcome::Refused)
            .on(case)
            .with(serde_json::json!({ "operation": format!("{operation:?}") }));
        let mut changes = Changes::new();
        changes.audit(&entry);
        ctx.store.commit(changes).await?;
    }
    permitted.map_err(|error| explained(error, operation))
}

/// Whether the caller has a worklist at all.
pub fn permit_work(caller: &Caller, at: DateTime<Utc>) -> AppResult<()> {
    let operation = Operation::ListWork;
    let permitted = permit(caller, operation, Target::Platform, at).map(drop);
    permitted.map_err(|error| explained(error.or_forbidden(), operation))
}

/// A refusal that says where to go instead, where there is such a place.
fn explained(error: AppError, operation: Operation) -> AppError {
    let (zh, en) = match operation {
        Operation::ListWork => (
            "这里是工作人员的待办。您本人的办件见 /api/v1/me/cases。",
            "This is the worklist of staff. Your own cases are at /api/v1/me/cases.",
        ),
        Operation::EditCase | Operation::SubmitCase | Operation::RateCase => (
            "这一步由申请人一方办理。您在窗口帮办的，请申请人取得接续码（POST /api/v1/cases/{id}/handoff）交给您。",
            "This is for the applicant's side. To help him at a counter, let him get a code (POST /api/v1/cases/{id}/handoff) and hand it to you.",
        ),
        _ => return error,
    };
    match error {
        AppError::Forbidden => Refusal::new(RefusalCode::Forbidden, zh, en).into(),
        other => other,
    }
}

/// Posts ask for two factors (RFC 9470): the challenge names what to ask for.
pub fn second_factor_needed(caller: &Caller) -> AppError {
    let refusal = Refusal::new(
        RefusalCode::InsufficientIdentity,
        "以工作人员身份办理须完成双因素认证。请用动态口令或通行密钥重新登录后再试。",
        "Acting in a post needs two factors. Sign in again with a one-time password or a passkey, then try again.",
    );
    AppError::StepUp { refusal: Box::new(refusal), acr_values: acr(caller.ial, Aal::TWO_FACTORS.get()) }
}

impl Caller {
    /// Whether he comes as an officer: two factors shown, and a post in force.
    pub fn acts_as_staff(&self, at: DateTime<Utc>) -> bool {
        use crate::domain::policy::StaffScope;
        match self.actor.scopes.staff {
            StaffScope::TwoFactors => self.actor.posts.iter().any(|post| post.in_force(at)),
            StaffScope::Absent | StaffScope::OneFactor => false,
        }
    }

    /// An entry of the audit trail for something he did or tried.
    pub fn entry(&self, at: DateTime<Utc>, action: AuditAction, outcome: Outcome) -> AuditEntry {
        AuditEntry::new(new_id(at), at, action, outcome)
            .by(self.actor.account)
            .through(&self.client.id)
            .in_request(self.request_id.clone())
    }
}
