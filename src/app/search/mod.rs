//! The search a resident uses: finds items by words, plain-language phrases, pinyin,
//! initials and with slips of the finger, and with each the guide that serves an
//! address.
//!
//! An index is made of plain values and never changes; when the catalogue does, another
//! is made. The same entries in any order make the same index, and a tie goes to the
//! lower code, so that any instance on any database gives the same answers. What an
//! index holds is items: a hundred thousand guides implement a few thousand of them.
//! Bundles have an index of their own, each an item with itself for its only guide.

mod fold;
mod inverted;
mod items;
mod pinyin;
mod rank;
mod slips;
mod spoken;
mod texts;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::inverted::Inverted;
use self::items::{Filter, Guides};
use self::rank::Question;
use self::texts::{Texts, terms_of};
use super::{AppError, AppResult};
use crate::domain::codes::{RegionCode, ServiceObject};
use crate::domain::text::Text;

/// Characters of a query that are read; the rest is cut.
pub const QUERY_CHARACTERS: usize = 100;
/// Items that get a closer look, and so the most that words can find.
const CANDIDATES: usize = 100;
/// What a hit must be worth, of what the best is, and at all.
const OF_THE_BEST: f32 = 0.3;
const AT_LEAST: f32 = 0.25;
/// What BM25 adds at most to the closer look.
const BM25: f32 = 0.25;

/// A guide in force, as far as it is searched.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Unique.
    pub guide: String,
    /// The item's basic code, 12 digits.
    pub item: String,
    pub region: RegionCode,
    /// The same for many guides of one item.
    pub description: Arc<Description>,
}

/// What a guide says of itself.
#[derive(Debug, Clone)]
pub struct Description {
    pub name: Text,
    pub summary: Text,
    /// What residents call it.
    pub aliases: Vec<String>,
    pub agency: Option<String>,
    pub service_objects: Vec<ServiceObject>,
    pub topics: Vec<String>,
    pub life_events: Vec<String>,
}

/// What is looked for; every part that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// As typed; nothing in it has a special meaning. Without words every item fits.
    pub words: String,
    /// Guides that serve this region: its own, and those of regions above.
    pub region: Option<RegionCode>,
    pub audience: Option<ServiceObject>,
    pub topic: Option<String>,
    pub life_event: Option<String>,
    pub limit: usize,
    /// The item of the last hit of the page before.
    pub after: Option<String>,
}

/// An item that was found, and the guide of it that serves: the nearest to the region
/// asked for, or the one of the highest level.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub item: String,
    pub guide: String,
    /// Comparable within one answer only; 0 when no words were given.
    pub score: f32,
}

/// Everything in force at one moment, ready to be searched from many threads.
pub struct SearchIndex {
    codes: Vec<Box<str>>,
    guides: Guides,
    texts: Texts,
    inverted: Inverted,
}

impl SearchIndex {
    /// Makes the index; a guide given twice counts once. Takes the time of a request for
    /// a city and seconds for a hundred thousand different items: not for a thread that
    /// answers others.
    pub fn build(entries: impl IntoIterator<Item = Entry>) -> AppResult<Self> {
        let mut entries = Vec::from_iter(entries);
        entries.sort_by(|a, b| (&a.item, &a.guide).cmp(&(&b.item, &b.guide)));
        entries.dedup_by(|a, b| a.guide == b.guide);
        let items = || entries.chunk_by(|a, b| a.item == b.item);
        let codes = items().filter_map(|entries| Some(entries.first()?.item.as_str().into())).collect();
        let mut texts = Texts::default();
        let inverted = Inverted::new(items().map(|entries| texts.add(entries))).map_err(broken)?;
        texts.close();
        Ok(Self { codes, guides: Guides::new(items()), texts, inverted })
    }

    /// The items that fit: the best first, or in order of code when there are no words.
    pub fn search(&self, query: &Query) -> AppResult<Vec<Hit>> {
        let filter = self.guides.filter(query);
        let fitting = self.guides.fitting(&filter);
        let folded = fold::fold(&query.words, QUERY_CHARACTERS);
        if folded.trim().is_empty() {
            return Ok(self.listed(query, &filter, fitting));
        }
        let ranked = self.ranked(&folded, fitting.as_deref())?;
        let mut hits = ranked.into_iter().filter_map(|(item, score)| self.hit(item, &filter, score));
        if let Some(last) = &query.after {
            hits.find(|hit| hit.item == *last);
        }
        Ok(hits.take(query.limit).collect())
    }

    fn listed(&self, query: &Query, filter: &Filter, fitting: Option<Vec<u32>>) -> Vec<Hit> {
        let is_next = |item: &u32| {
            query.after.as_ref().is_none_or(|last| self.codes[*item as usize].as_ref() > last.as_str())
        };
        let items = fitting.unwrap_or_else(|| (0..self.guides.items()).collect());
        let hits = items.into_iter().filter(is_next).filter_map(|item| self.hit(item, filter, 0.0));
        hits.take(query.limit).collect()
    }

    fn hit(&self, item: u32, filter: &Filter, score: f32) -> Option<Hit> {
        let guide = self.guides.serving(item, filter)?.to_owned();
        Some(Hit { item: self.codes.get(item as usize)?.to_string(), guide, score })
    }

    /// Items with words in common, the best first, ties in order of code.
    fn ranked(&self, folded: &str, fitting: Option<&[u32]>) -> AppResult<Vec<(u32, f32)>> {
        let parts = words::parts(folded);
        let heard = spoken::hear(&parts.letters);
        let terms = terms_of(&parts, &heard, folded);
        let question = Question::new(&self.texts, parts, heard);
        let found = self.inverted.candidates(terms, fitting, CANDIDATES).map_err(broken)?;
        let most = found.first().map_or(1.0, |(_, score)| *score);
        let scored = found.into_iter().map(|(item, bm25)| {
            let score = question.score(item);
            // Without any likeness BM25 has found but a coincidence.
            (item, if score > 0.0 { score + BM25 * bm25 / most } else { 0.0 })
        });
        let mut scored: Vec<(u32, f32)> = scored.collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let least = scored.first().map_or(0.0, |(_, best)| best * OF_THE_BEST).max(AT_LEAST);
        scored.retain(|(_, score)| *score >= least);
        Ok(scored)
    }
}

fn broken(error: tantivy::TantivyError) -> AppError {
    AppError::Internal(format!("the search index failed: {error}"))
}
