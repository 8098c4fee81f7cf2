//! 批量受理: many cases accepted with one request, each in its own right.

use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::app::cases::{Action, CaseReply, Request, act};
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::app::identity::Caller;
use crate::app::once::{Answer, Claim};
use crate::app::permit::permit_work;

pub const MOST_IN_A_BATCH: usize = 100;

/// Accepted at the same time, so that one flush carries several.
const AT_ONCE: usize = 8;

/// What became of one case of a batch.
pub struct BatchResult {
    pub case: Uuid,
    pub outcome: AppResult<Answer<CaseReply>>,
}

/// Accepts each case or tells why not, in the order given. The key of the batch is one
/// for each of its cases: repeated after a break, none is accepted twice, and those
/// that were are answered as the first time.
///
/// # Errors
/// `Forbidden` for whoever has no worklist.
pub async fn accept_all(
    ctx: &Ctx,
    caller: &Caller,
    cases: Vec<Uuid>,
    claim: Option<&Claim>,
) -> AppResult<Vec<BatchResult>> {
    permit_work(caller, ctx.clock.now())?;
    let each = cases.into_iter().map(|case| async move {
        let claim = claim.map(|claim| of_one(claim, case));
        let request = Request { case, expected_version: None, claim, action: Action::Accept };
        BatchResult { case, outcome: act(ctx, caller, request).await }
    });
    Ok(futures_util::stream::iter(each).buffered(AT_ONCE).collect().await)
}

fn of_one(claim: &Claim, case: Uuid) -> Claim {
    let mut hash = Sha256::new();
    hash.update(claim.key);
    hash.update(case.as_bytes());
    Claim { key: hash.finalize().into(), request_digest: claim.request_digest }
}
