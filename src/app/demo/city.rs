//! The sample city: 铜陵市 with its real region tree, invented agencies and
//! counters, and a catalogue written from practice.

use super::samples;
use crate::app::catalog;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::organisation::{self, Table};

/// Regions of 铜陵市 as of 2023-06-30: National Bureau of Statistics, by the
/// china-division package (WTFPL).
const REGIONS: &str = include_str!("../../data/sample/regions.csv");
const AGENCIES: &str = include_str!("../../data/sample/agencies.csv");
const COUNTERS: &str = include_str!("../../data/sample/counters.csv");

/// Imports the city the way an administrator would.
pub async fn found(ctx: &Ctx) -> AppResult<()> {
    for (table, csv) in [(Table::Regions, REGIONS), (Table::Agencies, AGENCIES), (Table::Counters, COUNTERS)]
    {
        organisation::import(ctx, None, table, csv.as_bytes())
            .await?
            .map_err(|errors| AppError::Internal(format!("sample {table:?}: {errors:?}")))?;
    }
    catalog::publish(ctx, samples::files())
        .await?
        .map_err(|faults| AppError::Internal(format!("sample catalogue: {faults:?}")))?;
    Ok(())
}
