//! The sample city: 铜陵市 with its real region tree, invented agencies and
//! counters, and guides written from practice.

use crate::app::catalog;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::organisation::{self, Table};

/// Regions of 铜陵市 as of 2023-06-30: National Bureau of Statistics, by the
/// china-division package (WTFPL).
const REGIONS: &str = include_str!("../../data/sample/regions.csv");
const AGENCIES: &str = include_str!("../../data/sample/agencies.csv");
const COUNTERS: &str = include_str!("../../data/sample/counters.csv");

macro_rules! guides {
    ($($name:literal),+ $(,)?) => {
        /// The sample guides: file name and YAML.
        pub const GUIDES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../data/sample/guides/", $name)))),+];
    };
}

guides!(
    "childbirth-registration.yaml",
    "compulsory-school-enrolment.yaml",
    "disability-certificate.yaml",
    "disability-subsidies.yaml",
    "elderly-preference-card.yaml",
    "extreme-poverty-support.yaml",
    "flexible-employment-insurance.yaml",
    "food-business-licence.yaml",
    "household-transfer.yaml",
    "housing-fund-withdrawal.yaml",
    "human-resources-service-licence.yaml",
    "identity-card-renewal.yaml",
    "minimum-living-allowance.yaml",
    "newborn-registration.yaml",
    "old-age-allowance.yaml",
    "passport-preacceptance.yaml",
    "public-place-hygiene-licence.yaml",
    "public-rental-housing.yaml",
    "real-estate-register-enquiry.yaml",
    "resident-medical-insurance.yaml",
    "road-occupation-permit.yaml",
    "social-security-card.yaml",
    "sole-trader-registration.yaml",
    "temporary-assistance.yaml",
    "unemployment-benefit.yaml",
    "veterans-preference-card.yaml",
);

/// Imports the city the way an administrator would.
pub async fn found(ctx: &Ctx) -> AppResult<()> {
    for (table, csv) in [(Table::Regions, REGIONS), (Table::Agencies, AGENCIES), (Table::Counters, COUNTERS)]
    {
        organisation::import(ctx, None, table, csv.as_bytes())
            .await?
            .map_err(|errors| AppError::Internal(format!("sample {table:?}: {errors:?}")))?;
    }
    let files = GUIDES.iter().map(|(name, yaml)| ((*name).to_owned(), (*yaml).to_owned())).collect();
    catalog::publish(ctx, None, files)
        .await?
        .map_err(|problems| AppError::Internal(format!("sample guides: {problems:?}")))?;
    Ok(())
}
