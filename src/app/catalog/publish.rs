//! Publication: of guides, items and certificate types, all or none.
//!
//! Whoever publishes has decided on what he read: when anybody else changes the
//! catalogue meanwhile, nothing is written and he looks again. What fails its own
//! examples, or those of a guide that inherits from it, is not published.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::CERTIFICATE_TYPES;
use super::check::{Checked, FileFailures, FileProblems, Survey, check_each, survey};
use super::fan_out::NewItem;
use super::prepare::{Edition, Prepared, Preparer};
use super::present::Present;
use crate::app::bundles;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::guides::{CertificateTypeEntry, FileKind};
use crate::store::{
    self, BundleWrite, CatalogWrite, Changes, DraftRecord, DraftState, DraftWrite, Epoch, ItemRecord,
    ItemWrite, NewGuide, RaiseFrom,
};

/// Everything that stands in the way of a publication.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Faults {
    pub problems: Vec<FileProblems>,
    pub failures: Vec<FileFailures>,
    /// Examples that were tried, of the files and of what inherits from them; none while
    /// the files have problems.
    pub tried: Tried,
}

/// How many examples were tried, of how many guides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    pub guides: usize,
    pub examples: usize,
}

impl Tried {
    pub fn add(&mut self, examples: usize) {
        self.guides += 1;
        self.examples += examples;
    }
}

impl Faults {
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty() && self.failures.is_empty()
    }
}

/// What a publication did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub kind: FileKind,
    /// The file it was read from; none for a guide that got a new version because its
    /// item did.
    pub file: Option<String>,
    pub code: String,
    /// 0 for certificate types, which have none.
    pub version: u32,
    /// False when the file says nothing new.
    pub is_new_version: bool,
    /// It lifts a withdrawal (停止办理), begun or to come.
    pub takes_cases_again: bool,
}

/// Who publishes what.
pub(super) struct Order<'a> {
    /// None: whoever holds the database.
    pub by: Option<&'a Caller>,
    pub files: &'a [(String, String)],
    /// The drafts the files come from, one for each; or none.
    pub drafts: &'a [DraftRecord],
}

/// How often it is looked again when the catalogue changes meanwhile.
pub(super) const ATTEMPTS: usize = 5;
/// Guides written in one transaction; an item goes with all its heirs.
const BATCH: usize = 2000;
/// Codes asked for in one query.
pub(super) const CODES: usize = 500;
/// Codes named in an entry of the audit trail; the rest is counted.
const NAMED: usize = 200;

/// Publishes files directly, as whoever holds the database may. All are checked before
/// anything is written; what is in force already is left alone. Very many are written
/// in several transactions: after a crash in between, publish the same files again.
pub async fn publish(ctx: &Ctx, files: Vec<(String, String)>) -> AppResult<Result<Vec<Published>, Faults>> {
    for _ in 0..ATTEMPTS {
        let epoch = ctx.store.epoch(Epoch::Catalogue).await?;
        match attempt(ctx, &Order { by: None, files: &files, drafts: &[] }, epoch).await {
            Err(AppError::Stale) => {}
            other => return other,
        }
    }
    Err(AppError::Stale)
}

/// What stands in the way of publishing these files, in them and in what inherits from
/// their items. Writes nothing.
pub async fn look_through(ctx: &Ctx, files: &[(String, String)]) -> AppResult<Faults> {
    rehearse(ctx, &Order { by: None, files, drafts: &[] }).await
}

pub(super) async fn rehearse(ctx: &Ctx, order: &Order<'_>) -> AppResult<Faults> {
    Ok(match examine(ctx, order).await? {
        Ok(examined) => Faults { tried: examined.tried, ..Faults::default() },
        Err(faults) => faults,
    })
}

/// Files that may be published, and what that would write.
pub(super) struct Examined {
    tried: Tried,
    at: DateTime<Utc>,
    surveys: Vec<Survey>,
    checked: Checked<Prepared>,
    /// Those that are new.
    types: Vec<CertificateTypeEntry>,
    items: Vec<ItemRecord>,
    /// The version of each item that is in force once all is published.
    versions: HashMap<String, u32>,
    heirs: Vec<NewGuide>,
}

/// Checks the files and tries their examples, and those of all that inherits from them.
pub(super) async fn examine(ctx: &Ctx, order: &Order<'_>) -> AppResult<Result<Examined, Faults>> {
    let at = ctx.clock.now();
    let surveys = survey(order.files);
    let present = Present::read(ctx, order.files, &surveys).await?;
    let preparer = Preparer::new(ctx);
    let mut checked =
        match check_each(order.files, &surveys, &present.base, |_, guide| preparer.prepare(&guide)) {
            Ok(checked) => checked,
            Err(problems) => return Ok(Err(Faults { problems, ..Faults::default() })),
        };
    let mut faults = Faults::default();
    for (place, guide) in &mut checked.guides {
        faults.tried.add(guide.tried);
        let failed = std::mem::take(&mut guide.failed);
        if !failed.is_empty() {
            faults.failures.push(FileFailures { file: order.file(*place), failed });
        }
    }
    let types = checked
        .certificate_types
        .iter()
        .flat_map(|(_, types)| types)
        .filter(|entry| present.base.register.find(&entry.certificate_type) != Some(entry));
    let types: Vec<CertificateTypeEntry> = types.cloned().collect();
    let mut versions: HashMap<String, u32> =
        present.items.iter().map(|(code, (version, _))| (code.clone(), *version)).collect();
    let published_too: HashSet<&str> = checked.guides.iter().map(|(_, guide)| guide.code.as_str()).collect();
    let (mut items, mut heirs) = (Vec::new(), Vec::new());
    for (place, item) in &checked.items {
        let code = item.item.basic_code.to_string();
        let yaml = order.yaml(*place);
        let content_hash = Sha256::digest(yaml.as_bytes()).to_vec();
        let before = present.items.get(&code);
        if before.is_some_and(|(_, hash)| *hash == content_hash) {
            continue;
        }
        let version = before.map_or(1, |(version, _)| version + 1);
        let (published_by, edited_by) = (order.publisher(), order.editor(*place));
        let before = present.base.items.get(&code).cloned();
        let new = NewItem { item, before, file: order.file(*place), version, at, published_by, edited_by };
        new.meet_others(ctx, &published_too, &mut faults).await?;
        heirs.append(&mut new.fan_out(ctx, &preparer, &published_too, &mut faults).await?);
        versions.insert(code.clone(), version);
        items.push(ItemRecord {
            basic_code: code,
            version,
            yaml: yaml.to_owned(),
            content_hash,
            published_at: at,
            published_by,
            edited_by,
        });
    }
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    Ok(Ok(Examined { tried: faults.tried, at, surveys, checked, types, items, versions, heirs }))
}

impl Order<'_> {
    fn file(&self, place: usize) -> String {
        self.files.get(place).map(|(file, _)| file.clone()).unwrap_or_default()
    }

    fn yaml(&self, place: usize) -> &str {
        self.files.get(place).map_or("", |(_, yaml)| yaml)
    }

    fn publisher(&self) -> Option<Uuid> {
        self.by.map(|caller| caller.actor.account)
    }

    fn editor(&self, place: usize) -> Option<Uuid> {
        self.drafts.get(place).map(|draft| draft.edited_by)
    }
}

/// One try, on the catalogue as it is at this epoch.
///
/// # Errors
/// `Stale` when the catalogue was changed since.
pub(super) async fn attempt(
    ctx: &Ctx,
    order: &Order<'_>,
    epoch: i64,
) -> AppResult<Result<Vec<Published>, Faults>> {
    let examined = match examine(ctx, order).await? {
        Ok(examined) => examined,
        Err(faults) => return Ok(Err(faults)),
    };
    let mut published = examined.of_items(order);
    let (mut told, bundles) =
        bundles::for_publication(ctx, &examined.checked.bundles, order.files, order.publisher(), examined.at)
            .await?;
    published.append(&mut told);
    let mut guides = Vec::new();
    for chunk in examined.checked.guides.chunks(CODES) {
        let (mut told, mut new) = examined.decide(ctx, order, chunk).await?;
        published.append(&mut told);
        guides.append(&mut new);
    }
    if published.iter().all(|one| !one.is_new_version) && order.drafts.is_empty() {
        return Ok(Ok(published));
    }
    write(ctx, order, examined, (guides, bundles), &published, epoch).await?;
    Ok(Ok(published))
}

/// A guide's place among the prepared, and the version it gets.
type Numbered = (usize, u32);

impl Examined {
    fn of_items(&self, order: &Order<'_>) -> Vec<Published> {
        let mut published = Vec::new();
        for (place, types) in &self.checked.certificate_types {
            published.push(Published {
                kind: FileKind::CertificateTypes,
                file: Some(order.file(*place)),
                code: CERTIFICATE_TYPES.to_owned(),
                version: 0,
                is_new_version: types.iter().any(|entry| self.types.contains(entry)),
                takes_cases_again: false,
            });
        }
        for (place, item) in &self.checked.items {
            let code = item.item.basic_code.to_string();
            published.push(Published {
                kind: FileKind::Item,
                file: Some(order.file(*place)),
                version: self.versions.get(&code).copied().unwrap_or_default(),
                is_new_version: self.items.iter().any(|new| new.basic_code == code),
                takes_cases_again: false,
                code,
            });
        }
        published.extend(self.heirs.iter().map(|heir| Published {
            kind: FileKind::Guide,
            file: None,
            code: heir.code.clone(),
            version: heir.version,
            is_new_version: true,
            takes_cases_again: false,
        }));
        published
    }

    /// Which of these guides say anything new, and the versions they get.
    async fn decide(
        &self,
        ctx: &Ctx,
        order: &Order<'_>,
        guides: &[(usize, Prepared)],
    ) -> AppResult<(Vec<Published>, Vec<Numbered>)> {
        let codes = guides.iter().map(|(_, guide)| guide.code.clone()).collect();
        let newest = ctx.store.list_newest_guides(codes).await?;
        let newest: HashMap<&str, _> = newest.iter().map(|record| (record.code.as_str(), record)).collect();
        let (mut published, mut new) = (Vec::with_capacity(guides.len()), Vec::new());
        for (place, guide) in guides {
            let before = newest.get(guide.code.as_str());
            let inherits = self.surveys.get(*place).is_some_and(|survey| survey.inherits);
            let is_same = before.is_some_and(|record| {
                record.content_hash == guide.content_hash
                    && record.withdrawn_at.is_none()
                    && record.item_version.is_some() == inherits
                    // What is laid over the item may differ and come to the same today.
                    && (!inherits || record.yaml == order.yaml(*place))
            });
            let version = before.map_or(1, |record| record.version + u32::from(!is_same));
            if !is_same {
                new.push((*place, version));
            }
            published.push(Published {
                kind: FileKind::Guide,
                file: Some(order.file(*place)),
                code: guide.code.clone(),
                version,
                is_new_version: !is_same,
                takes_cases_again: before.is_some_and(|record| record.withdrawn_at.is_some()),
            });
        }
        Ok((published, new))
    }

    fn edition(&self, order: &Order<'_>, guide: &Prepared, place: usize, version: u32) -> NewGuide {
        let inherits = self.surveys.get(place).is_some_and(|survey| survey.inherits);
        guide.edition(Edition {
            version,
            yaml: order.yaml(place).to_owned(),
            item_version: self.versions.get(&guide.basic_code).copied().filter(|_| inherits),
            at: self.at,
            published_by: order.publisher(),
            edited_by: order.editor(place),
        })
    }
}

/// Writes it all: what guides lean on with the first of them.
async fn write(
    ctx: &Ctx,
    order: &Order<'_>,
    mut examined: Examined,
    (guides, bundles): (Vec<Numbered>, Vec<BundleWrite>),
    published: &[Published],
    epoch: i64,
) -> AppResult<()> {
    let at = examined.at;
    let mut changes = Changes::new();
    for bundle in bundles {
        changes.write(bundle);
    }
    if !examined.types.is_empty() {
        let types = std::mem::take(&mut examined.types);
        let by = order.publisher();
        changes.write(CatalogWrite::Item(ItemWrite::CertificateTypes { types, at, by }));
    }
    for item in std::mem::take(&mut examined.items) {
        changes.write(CatalogWrite::Item(ItemWrite::Publish(item)));
    }
    if !examined.heirs.is_empty() {
        changes.write(CatalogWrite::publish(std::mem::take(&mut examined.heirs)));
    }
    for draft in order.drafts {
        let by = order.publisher().unwrap_or_default();
        let decided = DraftWrite::Decide { id: draft.id, state: DraftState::Published, by, at };
        changes.write(CatalogWrite::Draft(decided));
    }
    changes.audit(&entry(order, at, published));
    let prepared: HashMap<usize, &Prepared> =
        examined.checked.guides.iter().map(|(place, guide)| (*place, guide)).collect();
    let mut epoch = epoch;
    let mut rest = guides.as_slice();
    loop {
        let (batch, more) = rest.split_at(rest.len().min(BATCH));
        let editions = batch.iter().filter_map(|(place, version)| {
            Some(examined.edition(order, prepared.get(place)?, *place, *version))
        });
        changes.write(RaiseFrom { epoch: Epoch::Catalogue, value: epoch });
        changes.write(CatalogWrite::publish(editions.collect()));
        commit(ctx, std::mem::take(&mut changes)).await?;
        epoch += 1;
        rest = more;
        if rest.is_empty() {
            ctx.catalogue.forget_guides();
            return Ok(());
        }
    }
}

pub(super) async fn commit(ctx: &Ctx, changes: Changes) -> AppResult<()> {
    match ctx.store.commit(changes).await {
        // Somebody else published it first a moment ago.
        Err(store::Error::Duplicate(_)) => Err(AppError::Stale),
        other => Ok(other?),
    }
}

fn entry(order: &Order<'_>, at: DateTime<Utc>, published: &[Published]) -> AuditEntry {
    let action = AuditAction::CatalogueChanged;
    let entry = match order.by {
        Some(caller) => caller.entry(at, action, Outcome::Succeeded),
        None => AuditEntry::new(new_id(at), at, action, Outcome::Succeeded),
    };
    let new = || published.iter().filter(|one| one.is_new_version);
    let named: Vec<String> = new().take(NAMED).map(|one| format!("{} {}", one.code, one.version)).collect();
    let drafts: Vec<Uuid> = order.drafts.iter().map(|draft| draft.id).collect();
    let through = if order.by.is_none() { "command line" } else { "drafts" };
    entry.with(json!({ "published": named, "count": new().count(), "through": through, "drafts": drafts }))
}
