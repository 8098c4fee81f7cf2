//! A guide with what the registers know of its agency and region, for exports.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::catalog::{self, FileProblems, PublishedGuide};
use super::ctx::Ctx;
use super::error::AppResult;
use super::identity::Caller;
use crate::domain::exports::About;
use crate::domain::guides::Guide;
use crate::domain::text::Text;

/// A guide, and the names its codes stand for. One that is in no register has none.
pub struct NamedGuide {
    of: Of,
    agency: Option<Text>,
    region: Option<String>,
    base_url: String,
    at: DateTime<Utc>,
}

enum Of {
    Published(Arc<PublishedGuide>),
    Draft(Box<Guide>),
}

impl Of {
    fn guide(&self) -> &Guide {
        match self {
            Self::Published(published) => &published.guide,
            Self::Draft(guide) => guide,
        }
    }
}

impl NamedGuide {
    async fn new(ctx: &Ctx, of: Of) -> AppResult<Self> {
        let guide = of.guide();
        let agency = ctx.store.find_agency(guide.agency.clone()).await?.map(|agency| agency.name);
        let region = ctx.store.find_region(guide.region.clone()).await?.map(|region| region.name);
        let base_url = ctx.identity.issuer().to_owned();
        Ok(Self { of, agency, region, base_url, at: ctx.clock.now() })
    }

    pub fn guide(&self) -> &Guide {
        self.of.guide()
    }

    pub fn about(&self) -> About<'_> {
        let published = match &self.of {
            Of::Published(published) => Some(published),
            Of::Draft(_) => None,
        };
        About {
            agency: self.agency.as_ref(),
            region: self.region.as_deref(),
            version: published.map(|published| published.version),
            published_at: published.map(|published| published.published_at),
            withdrawn_at: published.and_then(|published| published.withdrawn_at),
            at: Some(self.at),
            base_url: Some(&self.base_url),
        }
    }
}

/// The guide in force; what was withdrawn is still shown.
pub async fn current(ctx: &Ctx, code: &str) -> AppResult<NamedGuide> {
    NamedGuide::new(ctx, Of::Published(catalog::current(ctx, code).await?)).await
}

/// The guide that a draft is, beside those that are to be published with it; none when it
/// is of another kind.
pub async fn drafted(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    with: &[Uuid],
) -> AppResult<Result<Option<NamedGuide>, Vec<FileProblems>>> {
    Ok(match catalog::drafted_guide(ctx, caller, id, with).await? {
        Ok(Some(guide)) => Ok(Some(NamedGuide::new(ctx, Of::Draft(Box::new(guide))).await?)),
        Ok(None) => Ok(None),
        Err(problems) => Err(problems),
    })
}
