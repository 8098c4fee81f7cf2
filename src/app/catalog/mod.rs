//! The catalogue as the portal serves it: answers that lie ready, and guides read and
//! compiled when somebody asks for them, true until the catalogue's epoch moves or a day
//! begins. What is in force depends on the day in China; an open case keeps the version it
//! was submitted under, whatever happens here.

mod answers;
mod check;
mod compare;
mod cores;
mod drafts;
mod fan_out;
mod find;
mod held;
mod issuing;
mod lines;
mod prepare;
mod present;
mod publish;
mod withdraw;
mod written;

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub use answers::{Answer, Writer};
pub use check::{Base, Checked, FileFailures, FileProblems, check};
pub use compare::{Content, DraftDiff, changes, diff_draft, heading, service_name};
pub use drafts::{
    DraftFile, DraftQuery, ShownDraft, begin, drafted_guide, hand_in, list_drafts, publish_drafts,
    read_draft, reject_draft, report_on,
};
pub use find::{FoundItem, Search, entry_of, item, search};
pub use lines::{About, GuideLine, Lines, among};
pub use present::{has_register, has_territory};
pub use publish::{Faults, Published, Tried, look_through, publish};
pub use withdraw::withdraw;

use chrono::{DateTime, Utc};

use super::ctx::{Clock, Ctx};
use super::error::{AppError, AppResult};
use super::search::SearchIndex;
use crate::domain::cases::Case;
use crate::domain::codes::{GuideCode, RegionCode};
use crate::domain::guides::{
    self, Applicant, Evaluation, Facts, Guide, ItemFile, OfferedChannel, SourceFile, Whom, register_yaml,
};
use crate::domain::time::{local_date, local_day_number};
use crate::store::{GuideRecord, ItemRecord, Store};
use answers::{Answers, MOST_BYTES};
use held::Held;

pub use crate::store::{DraftRecord as Draft, DraftState};

/// A version of a guide, ready for use.
pub struct PublishedGuide {
    pub guide: Guide,
    pub version: u32,
    /// The version of the item it inherits from, if it does.
    pub item_version: Option<u32>,
    pub content_hash: Vec<u8>,
    pub published_at: DateTime<Utc>,
    /// Takes no new cases from then on; that may be to come.
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl PublishedGuide {
    /// The guide as it is in the scenario of this case.
    pub fn for_case(&self, case: &Case) -> &Guide {
        self.guide.handled_as(case.opened.scenario.as_deref())
    }

    /// 停止办理: whether it takes no new cases then; open ones go on.
    pub fn is_closed(&self, at: DateTime<Utc>) -> bool {
        self.guide.is_closed(self.withdrawn_at, at)
    }
}

/// Compiled guides in memory, by code and by version, mostly the same.
const GUIDES_HELD: usize = 2000;
/// Items in memory, for guides to be compiled from.
const ITEMS_HELD: usize = 400;

pub struct Catalogue {
    store: Store,
    clock: Clock,
    current: Held<String, Arc<PublishedGuide>>,
    versions: Held<(String, u32), Arc<PublishedGuide>>,
    /// Kept when the others are forgotten: but for its withdrawal a version never changes.
    compiled: Held<(String, u32), Arc<PublishedGuide>>,
    items: Held<(String, u32), Arc<ItemFile>>,
    /// Kept when the others are forgotten, to be given again when they still hold.
    answers: Answers,
    writer: Writer,
    /// The last generation that was made ready for.
    ready: AtomicU64,
    /// Every guide that takes new cases, and the generation that is true of; none until
    /// somebody asks.
    lines: RwLock<Option<(u64, Lines)>>,
    /// The index of some lines; none until somebody searches.
    index: RwLock<Option<(Lines, Arc<SearchIndex>)>>,
    /// Held while an index is made.
    indexing: tokio::sync::Mutex<()>,
    regions: RwLock<Arc<HashSet<String>>>,
    /// Held from reading regions to replacing them, so that nobody replaces what is
    /// newer than what he read.
    reloading: tokio::sync::Mutex<()>,
    /// Held while lines are read: many who ask at once wait for one reading.
    reading: tokio::sync::Mutex<()>,
    /// Counts the times guides were forgotten, so that what was read before is not
    /// kept after.
    generation: AtomicU64,
    /// The number of the day in China that what is kept was read on.
    day: AtomicI64,
}

impl Catalogue {
    pub async fn load(store: Store, clock: Clock, writer: Writer) -> AppResult<Self> {
        let catalogue = Self {
            store,
            clock,
            current: Held::new(GUIDES_HELD),
            versions: Held::new(GUIDES_HELD),
            compiled: Held::new(GUIDES_HELD),
            items: Held::new(ITEMS_HELD),
            answers: Answers::new(MOST_BYTES),
            writer,
            ready: AtomicU64::new(0),
            lines: RwLock::default(),
            index: RwLock::default(),
            indexing: tokio::sync::Mutex::default(),
            regions: RwLock::default(),
            reloading: tokio::sync::Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            generation: AtomicU64::new(1),
            day: AtomicI64::new(0),
        };
        catalogue.reload_regions().await?;
        Ok(catalogue)
    }

    /// Forgets all guides: something was published or withdrawn, or a day began.
    pub fn forget_guides(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        self.current.clear();
        self.versions.clear();
    }

    pub async fn reload_regions(&self) -> AppResult<()> {
        let _turn = self.reloading.lock().await;
        let codes = self.store.list_region_codes().await?.into_iter().collect();
        *self.regions.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(codes);
        Ok(())
    }

    /// All region codes there are.
    pub fn regions(&self) -> Arc<HashSet<String>> {
        self.regions.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The time, and the generation of what may be kept that is read for it. When a
    /// day has begun, what was kept is forgotten first.
    fn moment(&self) -> (DateTime<Utc>, u64) {
        let generation = self.generation.load(Ordering::SeqCst);
        let at = self.clock.now();
        let today = local_day_number(at);
        if self.day.load(Ordering::SeqCst) == today {
            return (at, generation);
        }
        self.day.store(today, Ordering::SeqCst);
        self.forget_guides();
        (at, self.generation.load(Ordering::SeqCst))
    }

    /// Moves whenever guides are forgotten. What is made of guides is what they are while
    /// it stays.
    pub fn generation(&self) -> u64 {
        self.moment().1
    }

    fn is_present(&self, generation: u64) -> bool {
        self.generation.load(Ordering::SeqCst) == generation
    }

    /// The version in force today, if it is in memory.
    pub fn held(&self, code: &str) -> Option<Arc<PublishedGuide>> {
        self.moment();
        self.current.get(code)
    }

    /// The version in force today; one that was withdrawn is still given.
    pub async fn current(&self, code: &str) -> AppResult<Option<Arc<PublishedGuide>>> {
        if let Some(held) = self.held(code) {
            return Ok(Some(held));
        }
        let (at, generation) = self.moment();
        let Some(record) = self.record_in_force(code, at).await? else { return Ok(None) };
        let key = code.to_owned();
        let guide = self.compiled(record).await?;
        let version = (key.clone(), guide.version);
        self.current.insert_if(key, guide.clone(), || self.is_present(generation));
        self.versions.insert_if(version, guide.clone(), || self.is_present(generation));
        Ok(Some(guide))
    }

    async fn record_in_force(&self, code: &str, at: DateTime<Utc>) -> AppResult<Option<GuideRecord>> {
        if GuideCode::parse(code).is_err() {
            return Ok(None);
        }
        Ok(self.store.find_current_guide(code.to_owned(), local_date(at)).await?)
    }

    /// That version, in force or not.
    pub async fn version(&self, code: &str, version: u32) -> AppResult<Option<Arc<PublishedGuide>>> {
        let (_, generation) = self.moment();
        let key = (code.to_owned(), version);
        if let Some(held) = self.versions.get(&key) {
            return Ok(Some(held));
        }
        if GuideCode::parse(code).is_err() {
            return Ok(None);
        }
        let Some(record) = self.store.find_guide(code.to_owned(), version).await? else { return Ok(None) };
        let guide = self.compiled(record).await?;
        self.versions.insert_if(key, guide.clone(), || self.is_present(generation));
        Ok(Some(guide))
    }

    /// Every guide that takes new cases today, in order of item and code.
    pub async fn lines(&self) -> AppResult<Lines> {
        self.lines_of_now().await.map(|(_, lines)| lines)
    }

    /// The same, and the generation that they are true of.
    async fn lines_of_now(&self) -> AppResult<(u64, Lines)> {
        let kept = |generation| {
            let kept = self.lines.read().unwrap_or_else(PoisonError::into_inner).clone();
            kept.filter(|(of, _)| *of == generation)
        };
        if let Some(kept) = kept(self.moment().1) {
            return Ok(kept);
        }
        let _turn = self.reading.lock().await;
        let (at, generation) = self.moment();
        if let Some(kept) = kept(generation) {
            return Ok(kept);
        }
        let lines = self.read_lines(at, self.indexed()).await?;
        *self.lines.write().unwrap_or_else(PoisonError::into_inner) = Some((generation, lines.clone()));
        Ok((generation, lines))
    }

    /// An item at a version.
    async fn item(&self, basic_code: &str, version: u32) -> AppResult<Arc<ItemFile>> {
        let key = (basic_code.to_owned(), version);
        if let Some(held) = self.items.get(&key) {
            return Ok(held);
        }
        let record = self.store.find_item(basic_code.to_owned(), version).await?;
        let gone = || AppError::Internal(format!("item {basic_code} version {version} is gone"));
        self.read_item(&record.ok_or_else(gone)?)
    }

    fn read_item(&self, record: &ItemRecord) -> AppResult<Arc<ItemFile>> {
        let key = (record.basic_code.clone(), record.version);
        if let Some(held) = self.items.get(&key) {
            return Ok(held);
        }
        let item = SourceFile::published(&record.yaml).into_item(None).map_err(|problems| {
            let (code, version) = (&record.basic_code, record.version);
            AppError::Internal(format!("item {code} version {version} {}", no_longer_reads(&problems)))
        })?;
        let item = Arc::new(item);
        // A version of an item never changes, so nothing of it is ever forgotten.
        self.items.insert_if(key, item.clone(), || true);
        Ok(item)
    }

    async fn compiled(&self, record: GuideRecord) -> AppResult<Arc<PublishedGuide>> {
        let key = (record.code.clone(), record.version);
        if let Some(known) = self.compiled.get(&key).filter(|one| one.withdrawn_at == record.withdrawn_at) {
            return Ok(known);
        }
        let guide = Arc::new(self.compile(record).await?);
        self.compiled.insert_if(key, guide.clone(), || true);
        Ok(guide)
    }

    async fn compile(&self, record: GuideRecord) -> AppResult<PublishedGuide> {
        let item = match record.item_version {
            Some(version) => Some(self.item(&record.basic_code, version).await?),
            None => None,
        };
        let guide =
            SourceFile::published(&record.yaml).into_guide(item.as_deref(), None).map_err(|problems| {
                let (code, version) = (&record.code, record.version);
                AppError::Internal(format!("guide {code} version {version} {}", no_longer_reads(&problems)))
            })?;
        Ok(PublishedGuide {
            guide,
            version: record.version,
            item_version: record.item_version,
            content_hash: record.content_hash,
            published_at: record.published_at,
            withdrawn_at: record.withdrawn_at,
        })
    }
}

fn no_longer_reads(problems: &[guides::Problem]) -> String {
    let first = problems.first().map(|problem| problem.reason.en.as_str()).unwrap_or_default();
    format!("no longer reads: {first}")
}

/// The guide in force; what was withdrawn is still shown.
pub async fn current(ctx: &Ctx, code: &str) -> AppResult<Arc<PublishedGuide>> {
    ctx.catalogue.current(code).await?.ok_or(AppError::NotFound)
}

pub async fn version(ctx: &Ctx, code: &str, version: u32) -> AppResult<Arc<PublishedGuide>> {
    ctx.catalogue.version(code, version).await?.ok_or(AppError::NotFound)
}

/// The dry run: what do I need, may I, what does it cost. Stores nothing.
pub fn evaluate<'g>(
    ctx: &Ctx,
    guide: &'g Guide,
    facts: &Facts,
    applicant: &Applicant,
    channel: Option<OfferedChannel>,
) -> Evaluation<'g> {
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    guides::evaluate(guide, facts, Whom::Described(applicant), local_date(ctx.clock.now()), &exists, channel)
}

/// A published file as it was written: of a guide the local one in force, of an item
/// the present version, or the whole register for `certificate_types`.
pub async fn source(ctx: &Ctx, code: &str) -> AppResult<Option<String>> {
    if code == CERTIFICATE_TYPES {
        return register_file(ctx).await.map(Some);
    }
    let today = local_date(ctx.clock.now());
    if let Some(guide) = ctx.store.find_current_guide(code.to_owned(), today).await? {
        return Ok(Some(guide.yaml));
    }
    let items = ctx.store.list_current_items(vec![code.to_owned()]).await?;
    Ok(items.into_iter().next().map(|item| item.yaml))
}

/// What the register of certificate types is called where guides and items have codes.
pub const CERTIFICATE_TYPES: &str = "certificate_types";

async fn register_file(ctx: &Ctx) -> AppResult<String> {
    Ok(register_yaml(&ctx.store.list_certificate_types().await?))
}
