//! The catalogue as listings and the search see it: of each guide in force one
//! light line, read from the store without compiling anything. Guides of one item
//! mostly say the same of themselves; what they say is held once for all of them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Catalogue;
use crate::app::error::{AppError, AppResult};
use crate::domain::bundles::InForce;
use crate::domain::codes::{ItemType, RegionCode, ServiceObject};
use crate::domain::guides::{Guide, Handling};
use crate::domain::text::Text;
use crate::domain::time::local_date;
use crate::store::GuideLineRecord;

/// What a guide says of itself in a listing; kept with each version as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    pub name: Text,
    pub item_type: ItemType,
    pub summary: Text,
    /// 即办件
    pub is_instant: bool,
    pub topics: Vec<String>,
    pub service_objects: Vec<ServiceObject>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub life_events: Vec<String>,
}

impl From<&Guide> for About {
    fn from(guide: &Guide) -> Self {
        Self {
            name: guide.item.name.clone(),
            item_type: guide.item.item_type,
            summary: guide.summary.clone(),
            is_instant: match guide.handling {
                Handling::Instant => true,
                Handling::Promised => false,
            },
            topics: guide.topics.clone(),
            service_objects: guide.service_objects.clone(),
            aliases: guide.item.aliases.clone(),
            life_events: guide.item.life_events.clone(),
        }
    }
}

/// A guide that takes new cases today.
#[derive(Debug, Clone, PartialEq)]
pub struct GuideLine {
    pub code: String,
    pub version: u32,
    /// The item's basic code.
    pub item: String,
    /// USCC of the agency.
    pub agency: String,
    pub region: RegionCode,
    /// Takes no new cases from then on, which is to come.
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub about: Arc<About>,
}

impl InForce for GuideLine {
    fn code(&self) -> &str {
        &self.code
    }

    fn item(&self) -> &str {
        &self.item
    }

    fn region(&self) -> &RegionCode {
        &self.region
    }

    fn topics(&self) -> &[String] {
        &self.about.topics
    }

    fn service_objects(&self) -> &[ServiceObject] {
        &self.about.service_objects
    }
}

/// Every guide that takes new cases, in order of item and code.
pub type Lines = Arc<Vec<Arc<GuideLine>>>;

/// Lines read from the store at once.
const PAGE: i64 = 4000;

impl Catalogue {
    /// Reads the lines of that moment. Those that are as before are not kept twice; when
    /// all are, so are the lines as a whole, and what was made of them still holds.
    pub(super) async fn read_lines(&self, at: DateTime<Utc>, before: Lines) -> AppResult<Lines> {
        let today = local_date(at);
        let known_lines = before.iter().map(|line| (line.code.as_str(), line)).collect();
        let mut reader = LineReader { lines: Vec::new(), known: HashMap::new(), known_lines, last: None };
        let mut after = None;
        loop {
            let page = self.store.list_guide_lines(at, today, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.code.clone());
            for record in page {
                let about = match &record.about {
                    Some(json) => reader.about(&record.code, json)?,
                    // Published before listings had it.
                    None => self.version(&record.code, record.version).await?.map_or_else(
                        || Err(AppError::Internal(format!("guide {} is gone", record.code))),
                        |published| Ok(Arc::new(About::from(&published.guide))),
                    )?,
                };
                reader.add(record, about, at, today)?;
            }
        }
        let mut lines = reader.finish();
        lines.sort_unstable_by(|a, b| (&a.item, &a.code).cmp(&(&b.item, &b.code)));
        let is_same =
            lines.len() == before.len() && lines.iter().zip(&*before).all(|(a, b)| Arc::ptr_eq(a, b));
        Ok(if is_same { before } else { Arc::new(lines) })
    }
}

/// Puts lines together from records that come in order of code and version.
struct LineReader<'a> {
    lines: Vec<Arc<GuideLine>>,
    known: HashMap<String, Arc<About>>,
    /// Lines as they were before, by code.
    known_lines: HashMap<&'a str, &'a Arc<GuideLine>>,
    /// The newest so far of the last code: its line, unless it takes no new cases.
    last: Option<(String, Option<Arc<GuideLine>>)>,
}

impl LineReader<'_> {
    fn about(&mut self, code: &str, json: &str) -> AppResult<Arc<About>> {
        if let Some(known) = self.known.get(json) {
            return Ok(known.clone());
        }
        let about: About = serde_json::from_str(json).map_err(|error| {
            AppError::Internal(format!("the line of guide {code} does not read: {error}"))
        })?;
        let about = Arc::new(about);
        self.known.insert(json.to_owned(), about.clone());
        Ok(about)
    }

    fn add(
        &mut self,
        record: GuideLineRecord,
        about: Arc<About>,
        at: DateTime<Utc>,
        today: NaiveDate,
    ) -> AppResult<()> {
        let is_open = record.withdrawn_at.is_none_or(|withdrawn| at < withdrawn)
            && record.effective_until.is_none_or(|until| today <= until);
        let region = RegionCode::parse(&record.region)
            .map_err(|_| AppError::Internal(format!("the region of guide {} is none", record.code)))?;
        let code = record.code.clone();
        let line = GuideLine {
            code: record.code,
            version: record.version,
            item: record.basic_code,
            agency: record.agency,
            region,
            withdrawn_at: record.withdrawn_at,
            about,
        };
        // Of one code the newer version counts.
        if let Some((_, before)) = self.last.take_if(|(last, _)| *last != code) {
            self.lines.extend(before);
        }
        let line = match self.known_lines.get(code.as_str()) {
            Some(known) if ***known == line => Arc::clone(known),
            _ => Arc::new(line),
        };
        self.last = Some((code, is_open.then_some(line)));
        Ok(())
    }

    fn finish(mut self) -> Vec<Arc<GuideLine>> {
        self.lines.extend(self.last.and_then(|(_, line)| line));
        self.lines
    }
}

/// Those of these lines that are of one item.
pub fn among<'l>(lines: &'l [Arc<GuideLine>], basic_code: &str) -> &'l [Arc<GuideLine>] {
    let start = lines.partition_point(|line| line.item.as_str() < basic_code);
    let count = lines[start..].partition_point(|line| line.item == basic_code);
    &lines[start..start + count]
}
