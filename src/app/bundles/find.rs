//! Finding bundles: as items are found, by the same search, in an index of their own.
//! Among the items they would change how rare a word is, and so the order in which items
//! come; and a bundle has no guide of its own to be found by.

use std::collections::HashMap;
use std::sync::Arc;

use super::catalogue::{Bundles, PublishedBundle, line_of, read};
use crate::app::catalog::{FoundItem, Lines, Search};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::search::{Description, Entry, Query, SearchIndex};
use crate::domain::bundles::{InForce, Scope};
use crate::domain::guides::{Bundle, Part};
use crate::store::BundleRecord;

/// What all of them are called. Beside other words these say nothing and are left out.
const CALLED: [&str; 3] = ["一件事", "一件事一次办", "高效办成一件事"];
/// Bundles named beside the items that were found.
pub const NAMED: usize = 3;
/// What a bundle named there must be worth, of what the best item is, and at all: half of
/// what the very words are worth that it goes by.
const AS_WELL: f32 = 0.85;
const AT_LEAST: f32 = 1.0;
/// Records read from the store at once.
const PAGE: i64 = 200;

/// The bundles that are not withdrawn, ready to be searched.
pub(super) struct BundleIndex {
    search: SearchIndex,
    /// By code, the version in force.
    versions: HashMap<String, u32>,
}

/// Bundles that take applications and fit: the best first, or in order of code when there
/// are no words; a page of them.
pub async fn search(ctx: &Ctx, search: &Search) -> AppResult<Vec<Arc<PublishedBundle>>> {
    found(ctx, search, |_| true).await
}

/// Those that answer the words as well as the items that were found do, three at the most:
/// for whoever looks for an item and does not know that it goes together with others. None
/// without words, and none on the pages after the first.
pub async fn beside(ctx: &Ctx, search: &Search, items: &[FoundItem]) -> AppResult<Vec<Arc<PublishedBundle>>> {
    if search.words.is_none() || search.after.is_some() {
        return Ok(Vec::new());
    }
    let best = items.first().map_or(0.0, |item| item.score);
    found(ctx, &Search { items: Some(NAMED), ..search.clone() }, |score| answers_as_well(score, best)).await
}

/// Whether a bundle of this score answers the words as well as the best item does.
pub fn answers_as_well(score: f32, best_item: f32) -> bool {
    score >= AT_LEAST && score >= best_item * AS_WELL
}

/// Those whose score will do; no lower one does when one does not.
async fn found(
    ctx: &Ctx,
    search: &Search,
    will_do: impl Fn(f32) -> bool,
) -> AppResult<Vec<Arc<PublishedBundle>>> {
    let index = ctx.bundles.index(ctx).await?;
    // How many of them are open is not known before they are looked at.
    let query = Query { limit: usize::MAX, ..Query::from(search) };
    let wanted = search.items.unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for hit in index.search.search(&query)?.into_iter().take_while(|hit| will_do(hit.score)) {
        if found.len() >= wanted {
            break;
        }
        let version = index.versions.get(&hit.item).copied().unwrap_or_default();
        match ctx.bundles.version(ctx, &hit.item, version).await {
            Ok(bundle) if bundle.is_open() => found.push(bundle),
            Ok(_) => {}
            Err(AppError::Internal(error)) => left_out(&error),
            Err(other) => return Err(other),
        }
    }
    Ok(found)
}

/// A damaged bundle must not hide all the others.
pub(super) fn left_out(error: &str) {
    tracing::error!(%error, "a bundle is left out of a list");
}

impl Bundles {
    /// The index of the moment. Making it takes its time, so it is made beside the threads
    /// that answer, and once for all who wait.
    async fn index(&self, ctx: &Ctx) -> AppResult<Arc<BundleIndex>> {
        let moment = self.moment(ctx).await?;
        if let Some(index) = self.kept(&moment, |kept| kept.index.clone()) {
            return Ok(index);
        }
        let _turn = self.indexing.lock().await;
        let moment = self.moment(ctx).await?;
        if let Some(index) = self.kept(&moment, |kept| kept.index.clone()) {
            return Ok(index);
        }
        let (mut records, mut after) = (Vec::new(), None);
        loop {
            let mut page = ctx.store.list_bundles(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.code.clone());
            records.append(&mut page);
        }
        let lines = moment.lines.clone();
        let made = tokio::task::spawn_blocking(move || BundleIndex::build(&records, &lines));
        let made = made.await.map_err(|error| AppError::Internal(format!("no index was made: {error}")))?;
        let index = Arc::new(made?);
        self.keep(ctx, &moment, |kept| kept.index = Some(index.clone()));
        Ok(index)
    }
}

impl BundleIndex {
    fn build(records: &[BundleRecord], lines: &Lines) -> AppResult<Self> {
        let (mut entries, mut versions) = (Vec::new(), HashMap::new());
        for record in records {
            match read(record) {
                Ok(bundle) => {
                    entries.push(entry_of(&bundle, |part| line_of(lines, part, &bundle.region)));
                    versions.insert(record.code.clone(), record.version);
                }
                Err(AppError::Internal(error)) => left_out(&error),
                Err(other) => return Err(other),
            }
        }
        Ok(Self { search: SearchIndex::build(entries)?, versions })
    }
}

/// A bundle as its search holds it: an item with itself for its only guide.
pub fn entry_of<'g, G: InForce + 'g>(bundle: &Bundle, guide: impl Fn(&Part) -> Option<&'g G>) -> Entry {
    let Scope { topics, service_objects } = Scope::of(bundle, guide);
    Entry {
        guide: bundle.code.to_string(),
        item: bundle.code.to_string(),
        region: bundle.region.clone(),
        description: Arc::new(Description {
            name: bundle.name.clone(),
            summary: bundle.summary.clone(),
            aliases: CALLED.into_iter().map(str::to_owned).chain(bundle.aliases.iter().cloned()).collect(),
            agency: None,
            service_objects,
            topics,
            life_events: bundle.life_events.clone(),
        }),
    }
}
