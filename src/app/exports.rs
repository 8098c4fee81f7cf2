//! A guide with what the registers know of its agency and region, for exports.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::catalog::{self, PublishedGuide};
use super::ctx::Ctx;
use super::error::AppResult;
use crate::domain::exports::About;
use crate::domain::text::Text;

/// A guide in force, and the names its codes stand for. One that is in no register
/// has none.
pub struct NamedGuide {
    pub published: Arc<PublishedGuide>,
    agency: Option<Text>,
    region: Option<String>,
    base_url: String,
    at: DateTime<Utc>,
}

impl NamedGuide {
    pub fn about(&self) -> About<'_> {
        About {
            agency: self.agency.as_ref(),
            region: self.region.as_deref(),
            version: Some(self.published.version),
            published_at: Some(self.published.published_at),
            withdrawn_at: self.published.withdrawn_at,
            at: Some(self.at),
            base_url: Some(&self.base_url),
        }
    }
}

/// The guide in force; what was withdrawn is still shown.
pub async fn current(ctx: &Ctx, code: &str) -> AppResult<NamedGuide> {
    let published = catalog::current(ctx, code).await?;
    let guide = &published.guide;
    let agency = ctx.store.find_agency(guide.agency.clone()).await?.map(|agency| agency.name);
    let region = ctx.store.find_region(guide.region.clone()).await?.map(|region| region.name);
    let base_url = ctx.identity.issuer().to_owned();
    Ok(NamedGuide { published, agency, region, base_url, at: ctx.clock.now() })
}
