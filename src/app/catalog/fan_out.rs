//! What a new version of an item does to the guides that inherit from it: each that
//! is changed by it gets a new version with the same local file. If one of them no
//! longer reads, or an example of it fails, the item is not published.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::check::{FileFailures, FileProblems};
use super::cores::on_every_core;
use super::prepare::{Edition, Prepared, Preparer};
use super::publish::Faults;
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::guides::{ItemFile, Problem, SourceFile};
use crate::domain::time::local_date;
use crate::store::{GuideRecord, NewGuide};

/// Heirs read from the store at once.
const PAGE: usize = 1000;

/// An item's version about to be published.
pub(super) struct NewItem<'a> {
    pub item: &'a Arc<ItemFile>,
    /// The version in force, if there is one.
    pub before: Option<Arc<ItemFile>>,
    /// The name of its file.
    pub file: String,
    pub version: u32,
    pub at: DateTime<Utc>,
    pub published_by: Option<Uuid>,
    pub edited_by: Option<Uuid>,
}

impl NewItem<'_> {
    /// The new versions of its heirs, but for those that are published with it. What
    /// takes no new cases any more is left as it is. Adds to the faults whatever stands
    /// in the way, under the guide's code.
    pub async fn fan_out(
        &self,
        ctx: &Ctx,
        preparer: &Preparer,
        published_too: &HashSet<&str>,
        faults: &mut Faults,
    ) -> AppResult<Vec<NewGuide>> {
        let code = self.item.item.basic_code.to_string();
        let today = local_date(self.at);
        let mut editions = Vec::new();
        let mut after = None;
        loop {
            let page = ctx.store.list_heirs(code.clone(), self.at, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(editions) };
            after = Some(last.code.clone());
            let heirs: Vec<GuideRecord> =
                page.into_iter().filter(|heir| !published_too.contains(heir.code.as_str())).collect();
            let read = on_every_core(&heirs, |heir| {
                let is_open = heir.withdrawn_at.is_none_or(|withdrawn| self.at < withdrawn)
                    && heir.effective_until.is_none_or(|until| today <= until);
                is_open.then(|| self.read(heir, preparer))
            });
            let mut read = read.into_iter();
            for versions in heirs.chunk_by(|a, b| a.code == b.code) {
                let read: Vec<_> = read.by_ref().take(versions.len()).collect();
                self.publish_again(versions, read, faults, &mut editions);
            }
        }
    }

    /// 四级四同: guides that write the item out themselves say the same of it as before; if
    /// one would not, the item is not published without it.
    pub async fn meet_others(
        &self,
        ctx: &Ctx,
        published_too: &HashSet<&str>,
        faults: &mut Faults,
    ) -> AppResult<()> {
        let code = self.item.item.basic_code.to_string();
        let mut after = None;
        loop {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
            let page = ctx.store.list_guides_apart(code.clone(), self.at, after, limit).await?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            for (guide, yaml) in page.iter().filter(|(guide, _)| !published_too.contains(guide.as_str())) {
                let problems = SourceFile::parse(yaml).differences(self.item);
                if !problems.is_empty() {
                    let file = format!("{guide} ({})", self.item.item.name.zh);
                    faults.problems.push(FileProblems { file, item: None, problems });
                }
            }
        }
    }

    /// What certificates there are was checked when each of the two was handed in. What was
    /// wrong with the guide before is not the new item's doing.
    fn read(&self, heir: &GuideRecord, preparer: &Preparer) -> Result<Prepared, Vec<Problem>> {
        let with = |item: &Arc<ItemFile>| SourceFile::parse(&heir.yaml).into_guide(Some(item), None);
        let mut problems = match with(self.item) {
            Ok(guide) => return Ok(preparer.prepare(&guide)),
            Err(problems) => problems,
        };
        let known = self.before.as_ref().and_then(|before| with(before).err()).unwrap_or_default();
        problems.retain(|new| known.iter().all(|old| (&old.path, &old.reason) != (&new.path, &new.reason)));
        if !problems.is_empty() {
            return Err(problems);
        }
        let guide = SourceFile::published(&heir.yaml).into_guide(Some(self.item), None)?;
        Ok(preparer.prepare(&guide))
    }

    /// The versions of one code that are in force or to come, in ascending order. From
    /// the first that is changed on, all are published again: a newer version would
    /// otherwise stand in the place of one to come.
    fn publish_again(
        &self,
        versions: &[GuideRecord],
        read: Vec<Option<Result<Prepared, Vec<Problem>>>>,
        faults: &mut Faults,
        editions: &mut Vec<NewGuide>,
    ) {
        let newest = versions.last().map_or(0, |last| last.version);
        let mut again: Vec<NewGuide> = Vec::new();
        for (record, read) in versions.iter().zip(read) {
            let file = || format!("{} ({})", record.code, self.item.item.name.zh);
            let prepared = match read {
                None => continue,
                Some(Err(problems)) => {
                    let item = Some(self.file.clone());
                    faults.problems.push(FileProblems { file: file(), item, problems });
                    continue;
                }
                Some(Ok(mut prepared)) => {
                    faults.tried.add(prepared.tried);
                    if !prepared.failed.is_empty() {
                        let failed = std::mem::take(&mut prepared.failed);
                        faults.failures.push(FileFailures { file: file(), failed });
                    }
                    prepared
                }
            };
            if again.is_empty() && prepared.content_hash.as_slice() == record.content_hash {
                continue;
            }
            let edition = Edition {
                version: newest + 1 + u32::try_from(again.len()).unwrap_or(u32::MAX),
                yaml: record.yaml.clone(),
                item_version: Some(self.version),
                at: self.at,
                published_by: self.published_by,
                edited_by: self.edited_by,
            };
            let mut next = prepared.edition(edition);
            next.withdrawn_at = record.withdrawn_at;
            if let Some(before) = again.last_mut() {
                before.superseded_at = Some(next.in_force_from());
            }
            again.push(next);
        }
        editions.append(&mut again);
    }
}
