//! 停止办理: no new cases from a day on; open ones are handled to the end.

use chrono::NaiveDate;
use serde_json::json;

use super::version;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::domain::time::{local_date, start_of_local_day};
use crate::store::{CatalogWrite, Changes, Epoch};

/// `from` is the first day without new cases; none: at once. Publishing the guide
/// again lifts it.
pub async fn withdraw(ctx: &Ctx, caller: &Caller, code: &str, from: Option<NaiveDate>) -> AppResult<()> {
    let at = ctx.clock.now();
    permit(caller, Operation::PublishCatalogue, Target::Platform, at)?;
    let newest = ctx.store.list_newest_guides(vec![code.to_owned()]).await?;
    let newest = newest.first().ok_or(AppError::NotFound)?;
    let published = version(ctx, code, newest.version).await?;
    let target = Target::Catalogue { agency: Some(&published.guide.agency) };
    permit(caller, Operation::PublishCatalogue, target, at)?;
    if from.is_some_and(|day| day < local_date(at)) {
        let words =
            Text::new("日期已过，请填今天或以后的日期。", "That day is over; give today or a later one.");
        return Err(AppError::Invalid(vec![FieldError::new("/from", "out_of_range", words)]));
    }
    let begins = from.map_or(at, |day| start_of_local_day(day).max(at));
    let mut changes = Changes::new();
    changes.write(CatalogWrite::Withdraw { code: code.to_owned(), from: begins, at }).write(Epoch::Catalogue);
    let entry = caller.entry(at, AuditAction::CatalogueChanged, Outcome::Succeeded).on(code);
    changes.audit(&entry.with(json!({ "withdrawn": true, "from": begins })));
    ctx.store.commit(changes).await?;
    ctx.catalogue.forget_guides();
    Ok(())
}
