//! Regions, agencies and counters: reading them, and importing them from CSV.

use serde_json::json;

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use crate::domain::agencies::{Agency, Counter, parse_agencies, parse_counters};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::{CounterCode, RegionCode};
use crate::domain::csv_rows::RowError;
use crate::domain::policy::{Operation, Target};
use crate::domain::regions::{Region, parse_regions};
use crate::store::{Changes, Epoch, OrganisationWrite};

/// A kind of table the portal imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Regions,
    Agencies,
    Counters,
}

/// Imports a CSV file, whole or not at all; gives the number of rows. `caller` is
/// none for the sample city.
pub async fn import(
    ctx: &Ctx,
    caller: Option<&Caller>,
    table: Table,
    csv: &[u8],
) -> AppResult<Result<usize, Vec<RowError>>> {
    let parsed = match table {
        Table::Regions => parse_regions(csv).map(|rows| (rows.len(), OrganisationWrite::Regions(rows))),
        Table::Agencies => parse_agencies(csv).map(|rows| (rows.len(), OrganisationWrite::Agencies(rows))),
        Table::Counters => parse_counters(csv).map(|rows| (rows.len(), OrganisationWrite::Counters(rows))),
    };
    let (count, write) = match parsed {
        Ok(parsed) => parsed,
        Err(errors) => return Ok(Err(errors)),
    };
    let mut changes = Changes::new();
    changes.write(write).write(Epoch::Organisation);
    if let Some(caller) = caller {
        let entry = caller.entry(ctx.clock.now(), AuditAction::OrganisationChanged, Outcome::Succeeded);
        changes.audit(&entry.on(format!("{table:?}").to_lowercase()).with(json!({ "rows": count })));
    }
    ctx.store.commit(changes).await?;
    ctx.catalogue.reload_regions().await?;
    Ok(Ok(count))
}

/// Who may change the organisation: asked before anything of the file is read.
pub fn permit(ctx: &Ctx, caller: &Caller) -> AppResult<()> {
    super::permit::permit(caller, Operation::ManageOrganisation, Target::Platform, ctx.clock.now()).map(drop)
}

pub async fn find_region(ctx: &Ctx, code: RegionCode) -> AppResult<Region> {
    ctx.store.find_region(code).await?.ok_or(AppError::NotFound)
}

/// Children of `parent`, or the topmost regions.
pub async fn list_regions(
    ctx: &Ctx,
    parent: Option<RegionCode>,
    after: Option<String>,
    limit: i64,
) -> AppResult<Vec<Region>> {
    Ok(ctx.store.list_regions(parent, after, limit).await?)
}

pub async fn list_agencies(
    ctx: &Ctx,
    region: Option<RegionCode>,
    after: Option<String>,
    limit: i64,
) -> AppResult<Vec<Agency>> {
    Ok(ctx.store.list_agencies(region, after, limit).await?)
}

/// A counter or kiosk, if there is one of that code.
pub async fn find_counter(ctx: &Ctx, code: CounterCode) -> AppResult<Option<Counter>> {
    Ok(ctx.store.find_counter(code).await?)
}

pub async fn list_counters(
    ctx: &Ctx,
    region: Option<RegionCode>,
    after: Option<String>,
    limit: i64,
) -> AppResult<Vec<Counter>> {
    Ok(ctx.store.list_counters(region, after, limit).await?)
}
