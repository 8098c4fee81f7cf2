//! Bundles as the portal serves them: read and bound to the guides in force once,
//! kept until the catalogue's epoch moves or a day begins. Publishing them goes with
//! the files of the catalogue, all or none.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::find::BundleIndex;
use super::open::closed;
use crate::app::cases::{Door, offered_through};
use crate::app::catalog::{GuideLine, Lines, Published, PublishedGuide, among};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::bundles::{self, Found, Misfit, Opening, Plan, serving};
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::{
    Applicant, Bundle, BundleCode, Facts, FileKind, Guide, Implements, OfferedChannel, Part, SourceFile, Whom,
};
use crate::domain::policy::{Operation, Target};
use crate::domain::time::local_date;
use crate::store::{BundleRecord, BundleWrite, Changes, Epoch};

/// A version of a bundle, bound to the guides in force.
pub struct PublishedBundle {
    pub plan: Plan,
    pub version: u32,
    pub content_hash: Vec<u8>,
    pub published_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// What does not fit any more, since a guide changed: it takes no new applications.
    pub misfits: Vec<Misfit>,
}

impl PublishedBundle {
    pub fn is_open(&self) -> bool {
        self.withdrawn_at.is_none() && self.misfits.is_empty()
    }
}

/// The bundles read so far, and their index.
#[derive(Default)]
pub struct Bundles {
    kept: RwLock<Kept>,
    /// Held while an index is made.
    pub(super) indexing: tokio::sync::Mutex<()>,
}

/// What was bound to the guides of a moment. The next one begins when anything is published
/// or withdrawn, and with a day that brings a guide into force.
#[derive(Default)]
pub(super) struct Kept {
    /// Of the catalogue when it was bound.
    generation: u64,
    versions: HashMap<(String, u32), Arc<PublishedBundle>>,
    pub index: Option<Arc<BundleIndex>>,
}

/// The catalogue of a moment: its generation, and the guides that take cases then.
pub(super) struct Moment {
    generation: u64,
    pub lines: Lines,
}

/// Bundles held before the cache is emptied.
const HELD: usize = 2_000;

impl Bundles {
    pub(super) async fn moment(&self, ctx: &Ctx) -> AppResult<Moment> {
        let generation = ctx.catalogue.generation();
        Ok(Moment { generation, lines: ctx.catalogue.lines().await? })
    }

    pub(super) fn kept<T>(&self, moment: &Moment, find: impl FnOnce(&Kept) -> Option<T>) -> Option<T> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if kept.generation == moment.generation { find(&kept) } else { None }
    }

    /// Keeps what was read for that moment, unless a later one has begun.
    pub(super) fn keep(&self, ctx: &Ctx, moment: &Moment, put: impl FnOnce(&mut Kept)) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if ctx.catalogue.generation() != moment.generation {
            return;
        }
        if kept.generation != moment.generation {
            *kept = Kept { generation: moment.generation, ..Kept::default() };
        }
        put(&mut kept);
    }

    /// That version, as it was when it was last read.
    pub(super) async fn version(
        &self,
        ctx: &Ctx,
        code: &str,
        version: u32,
    ) -> AppResult<Arc<PublishedBundle>> {
        let moment = self.moment(ctx).await?;
        let key = (code.to_owned(), version);
        if let Some(held) = self.kept(&moment, |kept| kept.versions.get(&key).cloned()) {
            return Ok(held);
        }
        self.bound(ctx, self.record(ctx, code, version).await?).await
    }

    async fn record(&self, ctx: &Ctx, code: &str, version: u32) -> AppResult<BundleRecord> {
        let gone = || AppError::Internal(format!("version {version} of bundle {code} is gone"));
        ctx.store.find_bundle(code.to_owned(), version).await?.ok_or_else(gone)
    }

    pub(super) async fn bound(&self, ctx: &Ctx, record: BundleRecord) -> AppResult<Arc<PublishedBundle>> {
        let moment = self.moment(ctx).await?;
        let key = (record.code.clone(), record.version);
        let held = self.kept(&moment, |kept| kept.versions.get(&key).cloned());
        if let Some(held) = held.filter(|held| held.withdrawn_at == record.withdrawn_at) {
            return Ok(held);
        }
        let bundle = read(&record)?;
        let mut guides = Guides::new();
        for part in &bundle.parts {
            if let Some(line) = line_of(&moment.lines, part, &bundle.region)
                && let Some(guide) = ctx.catalogue.current(&line.code).await?
            {
                guides.insert(part.code.clone(), guide);
            }
        }
        let bound = Arc::new(bind(record, bundle, &guides));
        self.keep(ctx, &moment, |kept| {
            if kept.versions.len() >= HELD {
                kept.versions.clear();
            }
            kept.versions.insert(key, bound.clone());
        });
        Ok(bound)
    }

    /// The version an application was opened under, with the guides its parts were
    /// found to be then, each as it is now.
    pub(super) async fn of_application(
        &self,
        ctx: &Ctx,
        opened: &Opening,
    ) -> AppResult<Arc<PublishedBundle>> {
        let record = self.record(ctx, opened.bundle.as_str(), opened.bundle_version).await?;
        let bound = self.bound(ctx, record.clone()).await?;
        let is_same = |part: &Part| {
            let now = bound.plan.part(&part.code).map(|planned| &planned.guide.code);
            now.is_some() && now == opened.guides.get(&part.code)
        };
        if bound.plan.bundle.parts.iter().all(is_same) {
            return Ok(bound);
        }
        let mut pinned = Guides::new();
        for (part, guide) in &opened.guides {
            if let Some(found) = ctx.catalogue.current(guide.as_str()).await? {
                pinned.insert(part.clone(), found);
            }
        }
        Ok(Arc::new(bind(record, bound.plan.bundle.clone(), &pinned)))
    }
}

/// The guide of each part.
type Guides = BTreeMap<String, Arc<PublishedGuide>>;

/// The line of the guide that a part of a bundle of this region is.
pub(super) fn line_of<'l>(lines: &'l Lines, part: &Part, region: &RegionCode) -> Option<&'l GuideLine> {
    let among = match &part.implements {
        Implements::Item(code) => among(lines, code.as_str()),
        Implements::Guide(_) => lines,
    };
    serving(&part.implements, region, among.iter().map(AsRef::as_ref))
}

pub(super) fn read(record: &BundleRecord) -> AppResult<Bundle> {
    SourceFile::parse(&record.yaml).to_bundle(None).map_err(|problems| {
        let first = problems.first().map(|problem| problem.reason.en.clone()).unwrap_or_default();
        AppError::Internal(format!(
            "bundle {} version {} no longer reads: {first}",
            record.code, record.version
        ))
    })
}

fn bind(record: BundleRecord, bundle: Bundle, guides: &Guides) -> PublishedBundle {
    let (plan, misfits) = Plan::bind(bundle, &|part| guides.get(&part.code).map(|found| found.guide.clone()));
    PublishedBundle {
        plan,
        misfits,
        version: record.version,
        content_hash: record.content_hash,
        published_at: record.published_at,
        withdrawn_at: record.withdrawn_at,
    }
}

/// The bundle in force; what was withdrawn is still shown.
pub async fn current(ctx: &Ctx, code: &str) -> AppResult<Arc<PublishedBundle>> {
    if BundleCode::parse(code).is_none() {
        return Err(AppError::NotFound);
    }
    let record = ctx.store.find_current_bundle(code.to_owned()).await?.ok_or(AppError::NotFound)?;
    ctx.bundles.bound(ctx, record).await
}

/// The dry run over all parts. Stores nothing.
pub fn evaluate<'b>(
    ctx: &Ctx,
    published: &'b PublishedBundle,
    facts: &Facts,
    held: &[CertificateType],
    applicant: &Applicant,
    channel: Option<OfferedChannel>,
) -> Found<'b> {
    let regions = ctx.catalogue.regions();
    let exists = |code: &RegionCode| regions.contains(code.as_str());
    let today = local_date(ctx.clock.now());
    bundles::evaluate(&published.plan, facts, held, Whom::Described(applicant), today, &exists, channel)
}

/// Whether anybody may apply now for the parts that were found to be needed, and through
/// this channel if one is named.
pub fn door(published: &PublishedBundle, found: &Found<'_>, channel: Option<OfferedChannel>) -> Door {
    let needed = found.parts.iter().filter(|part| part.needed == Some(true));
    let mut guides = needed.filter_map(|part| published.plan.part(part.code)).map(|planned| &planned.guide);
    Door {
        closed: (!published.is_open()).then(|| closed(published)),
        not_offered: channel
            .and_then(|channel| guides.find_map(|guide| offered_through(channel, guide).err())),
    }
}

/// The guides in force of the items these bundle files name.
pub async fn named(ctx: &Ctx, bundles: impl Iterator<Item = &str>) -> AppResult<Vec<Guide>> {
    let bundles: Vec<&str> = bundles.collect();
    if bundles.is_empty() {
        return Ok(Vec::new());
    }
    let mut guides = Vec::new();
    for line in ctx.catalogue.lines().await?.iter() {
        if bundles.iter().any(|yaml| yaml.contains(&line.item))
            && let Some(published) = ctx.catalogue.current(&line.code).await?
        {
            guides.push(published.guide.clone());
        }
    }
    Ok(guides)
}

/// Which of these bundles, checked with the other files, say anything new, and what
/// is to be written of them with the rest.
pub async fn for_publication(
    ctx: &Ctx,
    bundles: &[(usize, Bundle)],
    files: &[(String, String)],
    by: Option<Uuid>,
    at: DateTime<Utc>,
) -> AppResult<(Vec<Published>, Vec<BundleWrite>)> {
    let (mut published, mut writes) = (Vec::new(), Vec::new());
    for (place, bundle) in bundles {
        let code = bundle.code.to_string();
        let (file, yaml) = files.get(*place).cloned().unwrap_or_default();
        let before = ctx.store.find_current_bundle(code.clone()).await?;
        let same = before.as_ref().is_some_and(|record| {
            record.content_hash == bundle.content_hash() && record.withdrawn_at.is_none()
        });
        let version = before.as_ref().map_or(1, |record| record.version + u32::from(!same));
        if !same {
            writes.push(BundleWrite::publish(bundle, yaml, version, by, at));
        }
        published.push(Published {
            kind: FileKind::Bundle,
            file: Some(file),
            code,
            version,
            is_new_version: !same,
            takes_cases_again: before.is_some_and(|record| record.withdrawn_at.is_some()),
        });
    }
    Ok((published, writes))
}

/// 停止办理: no new applications; those under way go on to the end.
pub async fn withdraw_bundle(ctx: &Ctx, caller: &Caller, code: &str) -> AppResult<()> {
    let published = current(ctx, code).await?;
    let at = ctx.clock.now();
    allowed(caller, &published.plan.bundle, at)?;
    let mut changes = Changes::new();
    changes.write(BundleWrite::Withdraw { code: code.to_owned(), at }).write(Epoch::Catalogue);
    let entry = caller.entry(at, AuditAction::CatalogueChanged, Outcome::Succeeded).on(code);
    changes.audit(&entry.with(json!({ "withdrawn": true })));
    ctx.store.commit(changes).await?;
    ctx.catalogue.forget_guides();
    Ok(())
}

fn allowed(caller: &Caller, bundle: &Bundle, at: DateTime<Utc>) -> AppResult<()> {
    let target = Target::Catalogue { agency: Some(&bundle.leader) };
    permit(caller, Operation::PublishCatalogue, target, at).map(drop)
}
