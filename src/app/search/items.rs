//! Items, and the table of the guides that implement them: which guide of an item
//! serves somebody, found by region code without looking at the others.

use std::collections::HashMap;

use crate::domain::codes::{RegionCode, RegionLevel, ServiceObject};

use super::{Entry, Query};

/// A region as a number that orders regions by level, the highest first, and then
/// by code: the count of significant digits, and these digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct RegionKey(u64);

/// One guide, in as few bytes as it needs to be filtered.
#[derive(Debug)]
struct Row {
    region: RegionKey,
    /// One bit for each service object.
    audiences: u8,
    /// Which set of topics and life events it has.
    tags: u32,
    code: Box<str>,
}

/// Guides by item; items are numbered in order of code.
#[derive(Debug, Default)]
pub struct Guides {
    rows: Vec<Row>,
    /// For each item where its rows begin, and the end; those of an item are in order
    /// of region and code.
    starts: Vec<u32>,
    /// Items by region that has a guide of them, in order.
    by_region: HashMap<RegionKey, Vec<u32>>,
    tag_sets: Vec<Tags>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
struct Tags {
    topics: Vec<String>,
    life_events: Vec<String>,
}

/// What a guide must be besides having the words.
pub struct Filter {
    /// The region asked for and those above it, nearest first.
    regions: Option<Vec<RegionKey>>,
    audience: Option<u8>,
    /// For each tag set whether it has what is asked for.
    tags: Option<Vec<bool>>,
}

impl RegionKey {
    fn new(digits: &str) -> Self {
        let number = digits.parse::<u64>().unwrap_or(0);
        Self((digits.len() as u64) << 56 | number)
    }

    /// A region and all that contain it, nearest first.
    fn upwards(region: &RegionCode) -> Vec<Self> {
        let code = region.significant();
        let digits = RegionLevel::ALL.into_iter().rev().map(RegionLevel::digits);
        digits.filter_map(|digits| code.get(..digits)).map(Self::new).collect()
    }
}

fn bit(audience: ServiceObject) -> u8 {
    1 << audience.code()
}

impl Guides {
    /// `items` are groups of entries in order of item.
    pub fn new<'e>(items: impl Iterator<Item = &'e [Entry]>) -> Self {
        let mut guides = Self::default();
        let mut known: HashMap<Tags, u32> = HashMap::new();
        for (number, entries) in items.enumerate() {
            guides.starts.push(guides.rows.len() as u32);
            let mut rows: Vec<Row> = entries.iter().map(|entry| guides.row(entry, &mut known)).collect();
            rows.sort_by(|a, b| (a.region, &a.code).cmp(&(b.region, &b.code)));
            for row in &rows {
                let served = guides.by_region.entry(row.region).or_default();
                if served.last() != Some(&(number as u32)) {
                    served.push(number as u32);
                }
            }
            guides.rows.extend(rows);
        }
        guides.starts.push(guides.rows.len() as u32);
        guides
    }

    fn row(&mut self, entry: &Entry, known: &mut HashMap<Tags, u32>) -> Row {
        let tags = Tags {
            topics: entry.description.topics.clone(),
            life_events: entry.description.life_events.clone(),
        };
        let next = self.tag_sets.len() as u32;
        let number = *known.entry(tags.clone()).or_insert(next);
        if number == next {
            self.tag_sets.push(tags);
        }
        Row {
            region: RegionKey::new(entry.region.significant()),
            audiences: entry
                .description
                .service_objects
                .iter()
                .fold(0, |bits, audience| bits | bit(*audience)),
            tags: number,
            code: entry.guide.as_str().into(),
        }
    }

    pub fn filter(&self, query: &Query) -> Filter {
        let has = |tags: &Tags| {
            query.topic.as_ref().is_none_or(|topic| tags.topics.contains(topic))
                && query.life_event.as_ref().is_none_or(|event| tags.life_events.contains(event))
        };
        let asks = query.topic.is_some() || query.life_event.is_some();
        Filter {
            regions: query.region.as_ref().map(RegionKey::upwards),
            audience: query.audience.map(bit),
            tags: asks.then(|| self.tag_sets.iter().map(has).collect()),
        }
    }

    /// The items that some guide makes fit, in order; none when every item does.
    pub fn fitting(&self, filter: &Filter) -> Option<Vec<u32>> {
        if filter.regions.is_none() && filter.audience.is_none() && filter.tags.is_none() {
            return None;
        }
        let mut items: Vec<u32> = match &filter.regions {
            Some(regions) => {
                let served = regions.iter().filter_map(|region| self.by_region.get(region));
                served.flatten().copied().collect()
            }
            None => (0..self.items()).collect(),
        };
        items.sort_unstable();
        items.dedup();
        items.retain(|item| self.serving(*item, filter).is_some());
        Some(items)
    }

    pub fn items(&self) -> u32 {
        (self.starts.len() as u32).saturating_sub(1)
    }

    /// The code of the guide of an item that serves: of the nearest region with one for
    /// the audience, or of the highest that fits when no region is asked for; the first by
    /// code of several.
    pub fn serving(&self, item: u32, filter: &Filter) -> Option<&str> {
        let ends = self.starts.get(item as usize..item as usize + 2)?;
        let rows = self.rows.get(ends[0] as usize..ends[1] as usize)?;
        let found = match &filter.regions {
            None => rows.iter().find(|row| filter.fits(row)),
            // Whose guide it is does not hang on what is looked for: the county's comes
            // before the city's, or the item is not found.
            Some(regions) => regions.iter().find_map(|region| {
                let first = rows.partition_point(|row| row.region < *region);
                let there = rows[first..].iter().take_while(|row| row.region == *region);
                let mut serving = there.filter(|row| filter.serves(row)).peekable();
                serving.peek()?;
                Some(serving.find(|row| filter.is_about(row)))
            })?,
        };
        found.map(|row| &*row.code)
    }
}

impl Filter {
    fn fits(&self, row: &Row) -> bool {
        self.serves(row) && self.is_about(row)
    }

    fn serves(&self, row: &Row) -> bool {
        self.audience.is_none_or(|audience| row.audiences & audience != 0)
    }

    fn is_about(&self, row: &Row) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags.get(row.tags as usize).copied().unwrap_or(false))
    }
}
