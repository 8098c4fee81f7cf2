//! What is kept of a guide that was checked: enough to publish it, and nothing that
//! was compiled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::lines::About;
use crate::app::ctx::Ctx;
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::{RegionCode, Uscc};
use crate::domain::guides::{FailedExample, Guide, try_examples};
use crate::domain::text::Text;
use crate::store::NewGuide;

/// A guide that has nothing wrong, and how its examples went.
pub(super) struct Prepared {
    pub code: String,
    pub agency: Uscc,
    region: String,
    pub basic_code: String,
    pub content_hash: [u8; 32],
    effective_from: Option<NaiveDate>,
    effective_until: Option<NaiveDate>,
    about: Arc<Abridged>,
    /// How many examples there are.
    pub tried: usize,
    pub failed: Vec<FailedExample>,
}

/// Guides of one item mostly say the same, and then share this.
struct Abridged {
    name: Text,
    json: String,
}

/// Prepares guides from many threads.
pub(super) struct Preparer {
    calendar: Arc<WorkCalendar>,
    regions: Arc<HashSet<String>>,
    known: Mutex<HashMap<String, Arc<Abridged>>>,
}

/// What a version has beyond its guide.
pub(super) struct Edition {
    pub version: u32,
    pub yaml: String,
    pub item_version: Option<u32>,
    pub at: DateTime<Utc>,
    pub published_by: Option<Uuid>,
    pub edited_by: Option<Uuid>,
}

impl Preparer {
    pub fn new(ctx: &Ctx) -> Self {
        Self { calendar: ctx.calendar.current(), regions: ctx.catalogue.regions(), known: Mutex::default() }
    }

    pub fn prepare(&self, guide: &Guide) -> Prepared {
        let exists = |code: &RegionCode| self.regions.contains(code.as_str());
        Prepared {
            code: guide.code.to_string(),
            agency: guide.agency.clone(),
            region: guide.region.to_string(),
            basic_code: guide.item.basic_code.to_string(),
            content_hash: guide.content_hash(),
            effective_from: guide.effective_from,
            effective_until: guide.effective_until,
            about: self.abridge(guide),
            tried: guide.examples.len(),
            failed: try_examples(guide, &self.calendar, &exists),
        }
    }

    fn abridge(&self, guide: &Guide) -> Arc<Abridged> {
        let json = serde_json::to_string(&About::from(guide)).unwrap_or_default();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&json) {
            return known.clone();
        }
        let abridged = Arc::new(Abridged { name: guide.item.name.clone(), json: json.clone() });
        known.insert(json, abridged.clone());
        abridged
    }
}

impl Prepared {
    /// As the store takes it.
    pub fn edition(&self, edition: Edition) -> NewGuide {
        NewGuide {
            code: self.code.clone(),
            version: edition.version,
            yaml: edition.yaml,
            content_hash: self.content_hash.to_vec(),
            agency: self.agency.to_string(),
            region: self.region.clone(),
            basic_code: self.basic_code.clone(),
            name: self.about.name.clone(),
            item_version: edition.item_version,
            effective_from: self.effective_from,
            effective_until: self.effective_until,
            about: self.about.json.clone(),
            published_at: edition.at,
            published_by: edition.published_by,
            edited_by: edition.edited_by,
            superseded_at: None,
            withdrawn_at: None,
        }
    }
}
