//! Finding items: by words, as residents type them, best first; or, without words,
//! all that fit in order of code. The index is made from the lines of the moment,
//! when somebody first searches them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::Catalogue;
use super::lines::{About, GuideLine, Lines, among};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::search::{Description, Entry, Query, SearchIndex};
use crate::domain::codes::{RegionCode, ServiceObject};
use crate::domain::guides::Guide;

/// What somebody looks for in the catalogue; every part that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// As typed; nothing in it has a special meaning.
    pub words: Option<String>,
    /// Guides that serve this region: its own, and those of regions above. Of each
    /// item those of the nearest region alone are found.
    pub region: Option<RegionCode>,
    pub audience: Option<ServiceObject>,
    pub topic: Option<String>,
    pub life_event: Option<String>,
    /// The item of the last hit of the page before.
    pub after: Option<String>,
    /// How many items at the most; none: all.
    pub items: Option<usize>,
}

/// Guides of an item that a list shows: a province has thousands of some, and a list of a
/// hundred items is to be small enough for a phone.
pub const GUIDES_SHOWN: usize = 5;

/// An item that was found.
#[derive(Debug)]
pub struct FoundItem {
    /// The first that fit, in order of code, so many as are shown: of those that serve the
    /// region asked for, by several agencies perhaps, or of all. Never none.
    pub guides: Vec<Arc<GuideLine>>,
    /// How many fit.
    pub count: usize,
    /// Whether others come after these.
    pub has_more: bool,
    /// How well it answers the words: from 0, and 0 without words.
    pub score: f32,
}

/// Items with guides in force that fit, in order.
pub async fn search(ctx: &Ctx, search: &Search) -> AppResult<Vec<FoundItem>> {
    let lines = ctx.catalogue.lines().await?;
    let index = ctx.catalogue.index(&lines).await?;
    let mut found = Vec::new();
    for hit in index.search(&Query::from(search))? {
        let of_item = among(&lines, &hit.item);
        // The hit names the first of the nearest region that has any.
        let nearest = search.region.as_ref().and_then(|_| of_item.iter().find(|line| line.code == hit.guide));
        let is_there = |line: &GuideLine| nearest.is_none_or(|nearest| line.region == nearest.region);
        let fits = |line: &GuideLine| is_there(line) && search.fits(line);
        found.extend(FoundItem::of(of_item, fits, None, GUIDES_SHOWN, hit.score));
    }
    Ok(found)
}

/// One item, with the page of its guides after that code; for a region of those that serve
/// it, which are of the nearest region with any. None when there is none.
pub async fn item(
    ctx: &Ctx,
    basic_code: &str,
    region: Option<&RegionCode>,
    after: Option<&str>,
    limit: usize,
) -> AppResult<Option<FoundItem>> {
    let lines = ctx.catalogue.lines().await?;
    let of_item = among(&lines, basic_code);
    let contains = |line: &GuideLine| region.is_none_or(|region| line.region.contains(region));
    // Among those that contain a place the smallest has the longest code.
    let digits = |line: &GuideLine| line.region.significant().len();
    let serving = of_item.iter().filter(|line| contains(line));
    let nearest = region.and_then(|_| serving.map(|line| digits(line)).max());
    let fits = |line: &GuideLine| contains(line) && nearest.is_none_or(|nearest| digits(line) == nearest);
    Ok(FoundItem::of(of_item, fits, after, limit, 0.0))
}

impl FoundItem {
    fn of(
        of_item: &[Arc<GuideLine>],
        fits: impl Fn(&GuideLine) -> bool,
        after: Option<&str>,
        limit: usize,
        score: f32,
    ) -> Option<Self> {
        let fitting = || of_item.iter().filter(|line| fits(line));
        let mut rest = fitting().filter(|line| after.is_none_or(|after| line.code.as_str() > after));
        let guides: Vec<_> = rest.by_ref().take(limit).cloned().collect();
        let has_more = rest.next().is_some();
        Some(Self { count: fitting().count(), guides, has_more, score })
            .filter(|found| !found.guides.is_empty())
    }
}

impl From<&Search> for Query {
    fn from(search: &Search) -> Self {
        Self {
            words: search.words.clone().unwrap_or_default(),
            region: search.region.clone(),
            audience: search.audience,
            topic: search.topic.clone(),
            life_event: search.life_event.clone(),
            limit: search.items.unwrap_or(usize::MAX),
            after: search.after.clone(),
        }
    }
}

impl Search {
    fn fits(&self, line: &GuideLine) -> bool {
        let about = &line.about;
        self.audience.is_none_or(|audience| about.service_objects.contains(&audience))
            && self.topic.as_ref().is_none_or(|topic| about.topics.contains(topic))
            && self.life_event.as_ref().is_none_or(|event| about.life_events.contains(event))
    }
}

impl Catalogue {
    /// The lines that the index is of, if there is one.
    pub(super) fn indexed(&self) -> Lines {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.as_ref().map(|(lines, _)| lines.clone()).unwrap_or_default()
    }

    /// The index of these lines. Making it takes its time, so it is made beside the
    /// threads that answer, and once for all who wait.
    pub(super) async fn index(&self, lines: &Lines) -> AppResult<Arc<SearchIndex>> {
        let kept = || {
            let kept = self.index.read().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().filter(|(of, _)| Arc::ptr_eq(of, lines)).map(|(_, index)| index.clone())
        };
        if let Some(index) = kept() {
            return Ok(index);
        }
        let _turn = self.indexing.lock().await;
        if let Some(index) = kept() {
            return Ok(index);
        }
        let of = lines.clone();
        let made = tokio::task::spawn_blocking(move || SearchIndex::build(entries(&of)));
        let made = made.await.map_err(|error| AppError::Internal(format!("no index was made: {error}")))?;
        let index = Arc::new(made?);
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = Some((lines.clone(), index.clone()));
        Ok(index)
    }
}

/// Lines of guides that say the same of themselves share its description.
fn entries(lines: &[Arc<GuideLine>]) -> impl Iterator<Item = Entry> {
    let mut described: HashMap<*const About, Arc<Description>> = HashMap::new();
    lines.iter().map(move |line| Entry {
        guide: line.code.clone(),
        item: line.item.clone(),
        region: line.region.clone(),
        description: described
            .entry(Arc::as_ptr(&line.about))
            .or_insert_with(|| Arc::new(describe(&line.about)))
            .clone(),
    })
}

/// A guide as the catalogue's search holds it.
pub fn entry_of(guide: &Guide) -> Entry {
    Entry {
        guide: guide.code.to_string(),
        item: guide.item.basic_code.to_string(),
        region: guide.region.clone(),
        description: Arc::new(describe(&About::from(guide))),
    }
}

fn describe(about: &About) -> Description {
    Description {
        name: about.name.clone(),
        summary: about.summary.clone(),
        aliases: about.aliases.clone(),
        agency: None,
        service_objects: about.service_objects.clone(),
        topics: about.topics.clone(),
        life_events: about.life_events.clone(),
    }
}
