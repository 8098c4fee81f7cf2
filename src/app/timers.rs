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
    loop {
        let due = ctx.store.list_cases_to_tick(at, PAGE).await?;
        let mut progressed = false;
        for id in &due {
            match cases::tick(ctx, *id, at).await {
                Ok(true) => {
                    changed += 1;
                    progressed = true;
                }
                Ok(false) => {}
                // One damaged case must not stop the clock for all others.
                Err(error) => tracing::error!(case = %id, ?error, "the clock could not act on a case"),
            }
        }
        if due.len() < PAGE as usize || !progressed {
            return Ok(changed);
        }
    }
}
