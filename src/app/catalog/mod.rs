//! The catalogue as the portal serves it: guides read and compiled once, kept
//! until the catalogue's epoch moves.

mod check;

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

pub use check::{Base, Checked, FileFailures, FileProblems, check};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::json;

use super::bundles;
use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::cases::Case;
use crate::domain::codes::{GuideCode, RegionCode, ServiceObject};
use crate::domain::guides::{self, Applicant, Evaluation, Facts, Guide};
use crate::domain::policy::{Operation, Target};
use crate::domain::time::local_date;
use crate::store::{self, CatalogWrite, Changes, Epoch, GuideFilter, GuideRecord, Store};

/// A version of a guide, ready for use.
pub struct PublishedGuide {
    pub guide: Guide,
    pub version: u32,
    pub content_hash: Vec<u8>,
    pub published_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// The answer to a public read, written once by whoever serves it.
    pub answer: OnceLock<Written>,
}

impl PublishedGuide {
    /// The guide as it is in the scenario of this case.
    pub fn for_case(&self, case: &Case) -> &Guide {
        self.guide.handled_as(case.opened.scenario.as_deref())
    }
}

/// An answer as bytes: as they are, and compressed (RFC 1952).
pub struct Written {
    pub plain: Bytes,
    pub gzip: Bytes,
}

/// Guides held before the cache is emptied.
const GUIDES_HELD: usize = 20_000;

type Held<K> = RwLock<HashMap<K, Arc<PublishedGuide>>>;

pub struct Catalogue {
    store: Store,
    current: Held<String>,
    versions: Held<(String, u32)>,
    /// Every guide in force, in order of code; none until somebody asks.
    listed: RwLock<Option<Arc<Vec<Arc<PublishedGuide>>>>>,
    regions: RwLock<Arc<HashSet<String>>>,
    /// Held from reading regions to replacing them, so that nobody replaces what is
    /// newer than what he read.
    reloading: tokio::sync::Mutex<()>,
    /// Counts the times guides were forgotten, so that what was read before is not
    /// kept after.
    generation: AtomicU64,
}

impl Catalogue {
    pub async fn load(store: Store) -> AppResult<Self> {
        let catalogue = Self {
            store,
            current: RwLock::default(),
            versions: RwLock::default(),
            listed: RwLock::default(),
            regions: RwLock::default(),
            reloading: tokio::sync::Mutex::default(),
            generation: AtomicU64::new(0),
        };
        catalogue.reload_regions().await?;
        Ok(catalogue)
    }

    /// Forgets all guides: something was published or withdrawn.
    pub fn forget_guides(&self) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut versions = self.versions.write().unwrap_or_else(PoisonError::into_inner);
        let mut listed = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::SeqCst);
        current.clear();
        versions.clear();
        *listed = None;
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

    /// The version in force, or the newest when the guide was withdrawn.
    pub async fn current(&self, code: &str) -> AppResult<Option<Arc<PublishedGuide>>> {
        if let Some(held) = self.current.read().unwrap_or_else(PoisonError::into_inner).get(code) {
            return Ok(Some(held.clone()));
        }
        if GuideCode::parse(code).is_err() {
            return Ok(None);
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let Some(record) = self.store.find_current_guide(code.to_owned()).await? else { return Ok(None) };
        let guide = Arc::new(compile(record)?);
        self.hold(&self.current, code.to_owned(), &guide, generation);
        Ok(Some(guide))
    }

    /// Every guide in force, in order of code.
    pub async fn all(&self) -> AppResult<Arc<Vec<Arc<PublishedGuide>>>> {
        if let Some(listed) = self.listed.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(listed);
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.list_guides(GuideFilter { after, limit: 500 }).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.code.clone());
            for record in page {
                all.extend(self.current(&record.code).await?);
            }
        }
        let all = Arc::new(all);
        let mut listed = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) == generation {
            *listed = Some(all.clone());
        }
        Ok(all)
    }

    pub async fn version(&self, code: &str, version: u32) -> AppResult<Option<Arc<PublishedGuide>>> {
        let key = (code.to_owned(), version);
        if let Some(held) = self.versions.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Some(held.clone()));
        }
        if GuideCode::parse(code).is_err() {
            return Ok(None);
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let Some(record) = self.store.find_guide(code.to_owned(), version).await? else { return Ok(None) };
        let guide = Arc::new(compile(record)?);
        self.hold(&self.versions, key, &guide, generation);
        Ok(Some(guide))
    }

    /// Keeps what was read in that generation, if it is still the present one.
    fn hold<K: Hash + Eq>(&self, held: &Held<K>, key: K, guide: &Arc<PublishedGuide>, generation: u64) {
        let mut held = held.write().unwrap_or_else(PoisonError::into_inner);
        if self.generation.load(Ordering::SeqCst) != generation {
            return;
        }
        if held.len() >= GUIDES_HELD {
            held.clear();
        }
        held.insert(key, guide.clone());
    }
}

fn compile(record: GuideRecord) -> AppResult<PublishedGuide> {
    let guide = guides::read_guide(&record.yaml).map_err(|problems| {
        let first = problems.first().map(|problem| problem.reason.en.clone()).unwrap_or_default();
        AppError::Internal(format!(
            "guide {} version {} no longer reads: {first}",
            record.code, record.version
        ))
    })?;
    Ok(PublishedGuide {
        guide,
        version: record.version,
        content_hash: record.content_hash,
        published_at: record.published_at,
        withdrawn_at: record.withdrawn_at,
        answer: OnceLock::new(),
    })
}

/// The guide in force; what was withdrawn is still shown.
pub async fn current(ctx: &Ctx, code: &str) -> AppResult<Arc<PublishedGuide>> {
    ctx.catalogue.current(code).await?.ok_or(AppError::NotFound)
}

pub async fn version(ctx: &Ctx, code: &str, version: u32) -> AppResult<Arc<PublishedGuide>> {
    ctx.catalogue.version(code, version).await?.ok_or(AppError::NotFound)
}

/// What somebody looks for in the catalogue; every part that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// Part of the name, in either language.
    pub words: Option<String>,
    /// Guides that serve this region: its own, and those of regions above.
    pub region: Option<RegionCode>,
    pub audience: Option<ServiceObject>,
    pub topic: Option<String>,
}

/// Guides in force that fit, in order of item and code.
pub async fn search(ctx: &Ctx, search: &Search) -> AppResult<Vec<Arc<PublishedGuide>>> {
    let all = ctx.catalogue.all().await?;
    let mut found: Vec<_> = all.iter().filter(|published| search.fits(&published.guide)).cloned().collect();
    found.sort_by(|a, b| {
        let key = |published: &Arc<PublishedGuide>| {
            (published.guide.item.basic_code.clone(), published.guide.code.clone())
        };
        key(a).cmp(&key(b))
    });
    Ok(found)
}

impl Search {
    fn fits(&self, guide: &Guide) -> bool {
        let words = self.words.as_deref().map(str::to_lowercase);
        words.is_none_or(|words| {
            guide.item.name.zh.contains(&words) || guide.item.name.en.to_lowercase().contains(&words)
        }) && self.region.as_ref().is_none_or(|region| guide.region.contains(region))
            && self.audience.is_none_or(|audience| guide.service_objects.contains(&audience))
            && self.topic.as_ref().is_none_or(|topic| guide.topics.contains(topic))
    }
}

/// The dry run: what do I need, may I, what does it cost. Stores nothing.
pub fn evaluate<'g>(ctx: &Ctx, guide: &'g Guide, facts: &Facts, applicant: &Applicant) -> Evaluation<'g> {
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    guides::evaluate(guide, facts, applicant, local_date(ctx.clock.now()), &exists)
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub code: String,
    pub version: u32,
    /// False when the file says nothing new.
    pub is_new_version: bool,
}

/// Publishes guides, all or none. A file whose content is already in force is left alone.
pub async fn publish(
    ctx: &Ctx,
    by: Option<&Caller>,
    files: Vec<(String, String)>,
) -> AppResult<Result<Vec<Imported>, Vec<FileProblems>>> {
    let at = ctx.clock.now();
    if let Some(caller) = by {
        allowed(caller, Target::Platform, at)?;
    }
    let base = Base { guides: bundles::named_by(ctx, &files).await?, ..Base::default() };
    let checked = match check(&files, &base) {
        Ok(checked) => checked,
        Err(problems) => return Ok(Err(problems)),
    };
    if let Some(caller) = by {
        for (_, guide) in &checked.guides {
            permit(caller, guide, at)?;
        }
    }
    let mut changes = Changes::new();
    let mut imported = Vec::new();
    for (place, guide) in &checked.guides {
        let yaml = files.get(*place).map(|(_, yaml)| yaml.clone()).unwrap_or_default();
        let code = guide.code.to_string();
        let before = ctx.store.find_current_guide(code.clone()).await?;
        let same = before.as_ref().is_some_and(|record| {
            record.content_hash == guide.content_hash() && record.withdrawn_at.is_none()
        });
        let version = before.as_ref().map_or(1, |record| record.version + u32::from(!same));
        if !same {
            let by = by.map(|caller| caller.actor.account);
            changes.write(CatalogWrite::publish(guide, yaml, version, by, at));
        }
        imported.push(Imported { code, version, is_new_version: !same });
    }
    imported.extend(bundles::publish(ctx, by, &checked, &files, &mut changes).await?);
    if imported.iter().any(|import| import.is_new_version) {
        changes.write(Epoch::Catalogue);
        if let Some(caller) = by {
            let versions = imported.iter().filter(|import| import.is_new_version);
            let versions: Vec<String> =
                versions.map(|import| format!("{} {}", import.code, import.version)).collect();
            let entry = caller.entry(at, AuditAction::CatalogueChanged, Outcome::Succeeded);
            changes.audit(&entry.with(json!({ "published": versions })));
        }
        match ctx.store.commit(changes).await {
            // Somebody else published it first a moment ago.
            Err(store::Error::Duplicate(_)) => return Err(AppError::Stale),
            other => other?,
        }
        ctx.catalogue.forget_guides();
        ctx.bundles.forget();
    }
    Ok(Ok(imported))
}

/// 停止办理: no new cases; open ones are handled to the end.
pub async fn withdraw(ctx: &Ctx, caller: &Caller, code: &str) -> AppResult<()> {
    let published = current(ctx, code).await?;
    let at = ctx.clock.now();
    permit(caller, &published.guide, at)?;
    let mut changes = Changes::new();
    changes.write(CatalogWrite::Withdraw { code: code.to_owned(), at }).write(Epoch::Catalogue);
    let entry = caller.entry(at, AuditAction::CatalogueChanged, Outcome::Succeeded).on(code);
    changes.audit(&entry.with(json!({ "withdrawn": true })));
    ctx.store.commit(changes).await?;
    ctx.catalogue.forget_guides();
    ctx.bundles.forget();
    Ok(())
}

fn permit(caller: &Caller, guide: &Guide, at: DateTime<Utc>) -> AppResult<()> {
    allowed(caller, Target::Catalogue { agency: &guide.agency }, at)
}

fn allowed(caller: &Caller, target: Target<'_>, at: DateTime<Utc>) -> AppResult<()> {
    permit::permit(caller, Operation::ManageCatalogue, target, at).map(drop)
}
