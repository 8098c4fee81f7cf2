//! 工作日历: the calendar in force: the built-in notices, and before them those an
//! administrator entered. Kept in memory until `Epoch::Calendar` moves.

use std::sync::{Arc, PoisonError, RwLock};

use serde_json::json;

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::calendar::WorkCalendar;
use crate::domain::csv_rows::RowError;
use crate::domain::policy::{Operation, Target};
use crate::store::{Changes, Epoch, PutNotice, Store};

/// See the module.
pub struct Calendars {
    store: Store,
    built_in: WorkCalendar,
    current: RwLock<Arc<WorkCalendar>>,
    /// Held from reading to replacing, so that nobody replaces what is newer than
    /// what he read.
    reloading: tokio::sync::Mutex<()>,
}

impl Calendars {
    /// The notices entered, over those of a file.
    pub async fn load(store: Store, built_in: WorkCalendar) -> AppResult<Self> {
        let current = RwLock::new(Arc::new(built_in.clone()));
        let calendars = Self { store, built_in, current, reloading: tokio::sync::Mutex::default() };
        calendars.reload().await?;
        Ok(calendars)
    }

    /// The calendar to count with; it does not change under whoever holds it.
    pub fn current(&self) -> Arc<WorkCalendar> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks again at what was entered. Called when `Epoch::Calendar` has moved.
    pub async fn reload(&self) -> AppResult<()> {
        let _turn = self.reloading.lock().await;
        let mut calendar = self.built_in.clone();
        for (year, csv) in self.store.list_notices().await? {
            calendar = calendar.with_notice(year, &csv).map_err(|errors| unreadable(year, &errors))?;
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(calendar);
        Ok(())
    }
}

fn unreadable(year: i32, errors: &[RowError]) -> AppError {
    AppError::Internal(format!("the stored notice of {year} does not read: {errors:?}"))
}

/// Who may enter a notice: asked before anything of the file is read.
pub fn permit_change(ctx: &Ctx, caller: &Caller) -> AppResult<()> {
    permit(caller, Operation::ManageOrganisation, Target::Platform, ctx.clock.now()).map(drop)
}

/// Enters the notice of a year, whole or not at all; gives the calendar then in force.
pub async fn enter_notice(
    ctx: &Ctx,
    caller: &Caller,
    year: i32,
    csv: &str,
) -> AppResult<Result<Arc<WorkCalendar>, Vec<RowError>>> {
    permit_change(ctx, caller)?;
    let before = ctx.calendar.current();
    if let Err(errors) = before.with_notice(year, csv) {
        return Ok(Err(errors));
    }
    let at = ctx.clock.now();
    let details = json!({ "year": year, "before": before.version() });
    let mut changes = Changes::new();
    changes
        .write(PutNotice { year, csv: csv.to_owned(), at, by: caller.actor.account })
        .write(Epoch::Calendar)
        .audit(&caller.entry(at, AuditAction::CalendarChanged, Outcome::Succeeded).on(year).with(details));
    ctx.store.commit(changes).await?;
    ctx.calendar.reload().await?;
    Ok(Ok(ctx.calendar.current()))
}
