//! Bundles as the portal serves them: read and bound to the guides in force once,
//! kept until guides are forgotten: the catalogue's epoch moves or a day begins.
//! Publishing them goes with the files of the catalogue, all or none.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::open::closed;
use crate::app::cases::{Door, offered_through};
use crate::app::catalog::{Published, PublishedGuide};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::bundles::{self, Found, Misfit, Opening, Plan, serving};
use crate::domain::codes::{CertificateType, RegionCode};
use crate::domain::guides::{
    Applicant, Bundle, BundleCode, Facts, FileKind, Guide, OfferedChannel, Part, SourceFile, Whom,
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

/// The bundles read so far.
#[derive(Default)]
pub struct Bundles(RwLock<Kept>);

#[derive(Default)]
struct Kept {
    /// Of the catalogue when they were bound: a bundle is what its guides are that day.
    generation: u64,
    versions: HashMap<(String, u32), Arc<PublishedBundle>>,
}

/// Bundles held before all are let go.
const HELD: usize = 2_000;

impl Bundles {
    async fn bound(&self, ctx: &Ctx, record: BundleRecord) -> AppResult<Arc<PublishedBundle>> {
        let key = (record.code.clone(), record.version);
        let generation = ctx.catalogue.generation();
        if let Some(held) = self.held(&key, generation)
            && held.withdrawn_at == record.withdrawn_at
        {
            return Ok(held);
        }
        let guides = named(ctx, std::iter::once(record.yaml.as_str())).await?;
        let resolve =
            |part: &Part, region: &RegionCode| serving(&part.implements, region, guides.iter()).cloned();
        let bundle = Arc::new(bind(record, &resolve)?);
        // What was read before guides were forgotten is not kept after.
        if ctx.catalogue.generation() == generation {
            self.keep(key, bundle.clone(), generation);
        }
        Ok(bundle)
    }

    fn held(&self, key: &(String, u32), generation: u64) -> Option<Arc<PublishedBundle>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.versions.get(key).filter(|_| kept.generation == generation).cloned()
    }

    fn keep(&self, key: (String, u32), bundle: Arc<PublishedBundle>, generation: u64) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.generation > generation {
            return;
        }
        if kept.generation < generation || kept.versions.len() >= HELD {
            kept.versions.clear();
            kept.generation = generation;
        }
        kept.versions.insert(key, bundle);
    }

    /// The version an application was opened under, with the guides its parts were
    /// found to be then, each as it is now.
    pub(super) async fn of_application(
        &self,
        ctx: &Ctx,
        opened: &Opening,
    ) -> AppResult<Arc<PublishedBundle>> {
        let code = opened.bundle.to_string();
        let gone =
            || AppError::Internal(format!("version {} of bundle {code} is gone", opened.bundle_version));
        let record = ctx.store.find_bundle(code.clone(), opened.bundle_version).await?.ok_or_else(gone)?;
        let bound = self.bound(ctx, record.clone()).await?;
        let is_same = |part: &Part| {
            let now = bound.plan.part(&part.code).map(|planned| &planned.guide.code);
            now.is_some() && now == opened.guides.get(&part.code)
        };
        if bound.plan.bundle.parts.iter().all(is_same) {
            return Ok(bound);
        }
        let mut pinned: BTreeMap<&str, Arc<PublishedGuide>> = BTreeMap::new();
        for (part, guide) in &opened.guides {
            if let Some(found) = ctx.catalogue.current(guide.as_str()).await? {
                pinned.insert(part, found);
            }
        }
        let resolve =
            |part: &Part, _: &RegionCode| pinned.get(part.code.as_str()).map(|found| found.guide.clone());
        bind(record, &resolve).map(Arc::new)
    }
}

type Resolve<'a> = dyn Fn(&Part, &RegionCode) -> Option<Guide> + 'a;

fn bind(record: BundleRecord, resolve: &Resolve<'_>) -> AppResult<PublishedBundle> {
    let bundle = SourceFile::parse(&record.yaml).to_bundle(None).map_err(|problems| {
        let first = problems.first().map(|problem| problem.reason.en.clone()).unwrap_or_default();
        AppError::Internal(format!(
            "bundle {} version {} no longer reads: {first}",
            record.code, record.version
        ))
    })?;
    let region = bundle.region.clone();
    let (plan, misfits) = Plan::bind(bundle, &|part| resolve(part, &region));
    Ok(PublishedBundle {
        plan,
        misfits,
        version: record.version,
        content_hash: record.content_hash,
        published_at: record.published_at,
        withdrawn_at: record.withdrawn_at,
    })
}

/// The bundle in force; what was withdrawn is still shown.
pub async fn current(ctx: &Ctx, code: &str) -> AppResult<Arc<PublishedBundle>> {
    if BundleCode::parse(code).is_none() {
        return Err(AppError::NotFound);
    }
    let record = ctx.store.find_current_bundle(code.to_owned()).await?.ok_or(AppError::NotFound)?;
    ctx.bundles.bound(ctx, record).await
}

/// Bundles in force, in order of code; those that take no applications now are not among them.
pub async fn all(
    ctx: &Ctx,
    region: Option<&RegionCode>,
    life_event: Option<&str>,
    after: Option<String>,
    limit: i64,
) -> AppResult<Vec<Arc<PublishedBundle>>> {
    let wanted = usize::try_from(limit).unwrap_or(0);
    let mut found = Vec::new();
    let mut after = after;
    while found.len() < wanted {
        let page = ctx.store.list_bundles(after, limit).await?;
        let Some(last) = page.last().map(|record| record.code.clone()) else { break };
        for record in page {
            let published = ctx.bundles.bound(ctx, record).await?;
            let bundle = &published.plan.bundle;
            let fits = region.is_none_or(|region| bundle.region.contains(region))
                && life_event.is_none_or(|event| bundle.life_events.iter().any(|of| of == event));
            if fits && published.is_open() && found.len() < wanted {
                found.push(published);
            }
        }
        after = Some(last);
    }
    Ok(found)
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
    Ok(ctx.store.commit(changes).await?)
}

fn allowed(caller: &Caller, bundle: &Bundle, at: DateTime<Utc>) -> AppResult<()> {
    let target = Target::Catalogue { agency: Some(&bundle.leader) };
    permit(caller, Operation::PublishCatalogue, target, at).map(drop)
}
