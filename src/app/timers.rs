//! What the passing of time does: drafts lapse, silence becomes acceptance.
//! Every instance may run this; the version guard lets one of them win.

use super::cases;
use super::ctx::Ctx;
use super::error::AppResult;

/// Cases looked at in one go.
const PAGE: i64 = 100;

/// Lets the clock act on every case that is due; gives how many changed.
pub async fn run(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let mut changed = 0;
    let mut after = None;
    loop {
        let due = ctx.store.list_cases_to_tick(at, after, PAGE).await?;
        let Some(last) = due.last().copied() else { return Ok(changed) };
        for (_, id) in due {
            match cases::tick(ctx, id, at).await {
                Ok(acted) => changed += usize::from(acted),
                // One damaged case must not stop the clock for all others.
                Err(error) => tracing::error!(case = %id, ?error, "the clock could not act on a case"),
            }
        }
        after = Some(last);
    }
}
