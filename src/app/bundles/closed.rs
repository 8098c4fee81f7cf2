//! What a publication does to bundles: one that does not fit its guides any more takes no
//! applications, and whoever published is told.

use std::collections::BTreeSet;

use super::find::left_out;
use crate::app::catalog::Published;
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::bundles::Misfit;
use crate::domain::codes::GuideCode;
use crate::domain::guides::FileKind;
use crate::store::BundleRecord;

/// A bundle that takes no applications, and the first thing that does not fit.
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedBundle {
    pub code: String,
    pub misfit: Misfit,
}

/// Records read from the store at once.
const PAGE: i64 = 200;

/// The bundles that take no applications among those that name an item of what was published.
/// That is done, whatever may be found of them: what cannot be read is told to the log.
pub async fn closed(ctx: &Ctx, published: &[Published]) -> Vec<ClosedBundle> {
    let found = find(ctx, published).await;
    found.inspect_err(|error| tracing::error!(?error, "bundles were not looked through")).unwrap_or_default()
}

async fn find(ctx: &Ctx, published: &[Published]) -> AppResult<Vec<ClosedBundle>> {
    let items = items(published);
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let (mut closed, mut after) = (Vec::new(), None);
    loop {
        let page = ctx.store.list_bundles(after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(closed) };
        after = Some(last.code.clone());
        let names = |record: &BundleRecord| items.iter().any(|item| record.yaml.contains(item));
        for record in page.into_iter().filter(|record| record.withdrawn_at.is_none() && names(record)) {
            let bundle = match ctx.bundles.bound(ctx, record).await {
                Ok(bundle) => bundle,
                Err(AppError::Internal(error)) => {
                    left_out(&error);
                    continue;
                }
                Err(other) => return Err(other),
            };
            let misfit = bundle.misfits.first().cloned();
            closed.extend(
                misfit.map(|misfit| ClosedBundle { code: bundle.plan.bundle.code.to_string(), misfit }),
            );
        }
    }
}

/// The basic codes of what has a new version; of a guide whose code does not say, its code.
fn items(published: &[Published]) -> BTreeSet<String> {
    let new = published.iter().filter(|one| one.is_new_version);
    new.filter_map(|one| match one.kind {
        FileKind::Item => Some(one.code.clone()),
        FileKind::Guide => {
            let item = GuideCode::parse(&one.code).ok().and_then(|code| code.basic_code());
            Some(item.map_or_else(|| one.code.clone(), |item| item.to_string()))
        }
        FileKind::Bundle | FileKind::CertificateTypes => None,
    })
    .collect()
}
