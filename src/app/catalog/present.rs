//! What the catalogue and the portal's registers hold of what files lean on.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::Catalogue;
use super::check::{Base, Survey};
use super::issuing::{PAGE, supplied};
use super::publish::CODES;
use crate::app::bundles;
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::codes::Uscc;
use crate::domain::guides::{FileKind, SourceFile, StatedItem};
use crate::domain::territory::Territory;
use crate::domain::time::local_date;

/// Whether there is a register of certificate types to check against.
pub async fn has_register(ctx: &Ctx) -> AppResult<bool> {
    Ok(!ctx.store.list_certificate_types().await?.is_empty())
}

/// What the catalogue holds of what the files lean on.
pub(super) struct Present {
    pub base: Base,
    /// Version and hash of each item.
    pub items: HashMap<String, (u32, Vec<u8>)>,
}

impl Present {
    pub async fn read(ctx: &Ctx, files: &[(String, String)], surveys: &[Survey]) -> AppResult<Self> {
        let codes: HashSet<&str> = surveys.iter().filter_map(|survey| survey.item.as_deref()).collect();
        let codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
        let mut base = Base { has_others: true, ..Base::default() };
        let mut items = HashMap::new();
        base.register.extend(ctx.store.list_certificate_types().await?);
        base.territory = territory(ctx, surveys).await?;
        let today = local_date(ctx.clock.now());
        base.today = Some(today);
        base.unchanged = ended_and_unchanged(ctx, files, surveys, today).await?;
        let bundles = surveys.iter().zip(files).filter(|(survey, _)| survey.kind == FileKind::Bundle);
        base.issued = Some(supplied(ctx, surveys, &base.register).await?);
        base.guides = bundles::named(ctx, bundles.map(|(_, (_, yaml))| yaml.as_str())).await?;
        for codes in codes.chunks(CODES) {
            for record in ctx.store.list_current_items(codes.to_vec()).await? {
                base.items.insert(record.basic_code.clone(), Catalogue::read_item(&ctx.catalogue, &record)?);
                items.insert(record.basic_code, (record.version, record.content_hash));
            }
        }
        of_written_out(ctx, files, surveys, &mut base).await?;
        Ok(Self { base, items })
    }
}

/// Of items that the files write out and the catalogue has under no such code: the items that
/// are called so, and what a guide in force says that writes the same out.
async fn of_written_out(
    ctx: &Ctx,
    files: &[(String, String)],
    surveys: &[Survey],
    base: &mut Base,
) -> AppResult<()> {
    let given: HashSet<&str> = surveys.iter().filter_map(|survey| survey.code.as_deref()).collect();
    // Guides that write the same out and call it otherwise are told that.
    let mut sought: HashSet<&str> = HashSet::new();
    let mut names: HashSet<String> = HashSet::new();
    for (survey, (_, yaml)) in surveys.iter().zip(files) {
        let is_apart = survey.kind == FileKind::Guide && !survey.inherits;
        let code = survey.item.as_deref().filter(|code| is_apart && !base.items.contains_key(*code));
        let Some(code) = code.filter(|code| sought.insert(code)) else { continue };
        if let Some(other) = other_writer(ctx, code, &given).await? {
            base.written_out.insert(code.to_owned(), other);
        }
        names.extend(SourceFile::parse(yaml).stated_item().and_then(|item| item.name).map(|name| name.zh));
    }
    for name in names {
        for record in ctx.store.list_current_items_saying(&name).await? {
            let item = Catalogue::read_item(&ctx.catalogue, &record)?;
            if item.item.name.zh == name {
                base.items.entry(record.basic_code).or_insert(item);
            }
        }
    }
    Ok(())
}

/// A guide that takes new cases, is not given here, and writes the item out.
async fn other_writer(
    ctx: &Ctx,
    basic_code: &str,
    given: &HashSet<&str>,
) -> AppResult<Option<(String, StatedItem)>> {
    let today = local_date(ctx.clock.now());
    let mut after = None;
    loop {
        let page = ctx.store.list_guides_apart(basic_code.to_owned(), ctx.clock.now(), after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(None) };
        after = Some(last.clone());
        for (guide, yaml) in page.into_iter().filter(|(guide, _)| !given.contains(guide.as_str())) {
            let source = SourceFile::parse(&yaml);
            let is_over = source.effective_until().is_some_and(|until| until < today);
            if let Some(item) = source.stated_item().filter(|_| !is_over) {
                return Ok(Some((guide, item)));
            }
        }
    }
}

/// The regions of the portal, and those of its agencies whose the files are.
async fn territory(ctx: &Ctx, surveys: &[Survey]) -> AppResult<Territory> {
    let regions = Some(ctx.catalogue.regions()).filter(|regions| !regions.is_empty());
    if ctx.store.list_agencies(None, None, 1).await?.is_empty() {
        return Ok(Territory { agencies: None, regions });
    }
    let named: HashSet<&Uscc> = surveys.iter().filter_map(|survey| survey.agency.as_ref()).collect();
    let named: Vec<String> = named.into_iter().map(ToString::to_string).collect();
    let mut agencies = HashMap::with_capacity(named.len());
    for codes in named.chunks(CODES) {
        let known = ctx.store.list_agencies_named(codes.to_vec()).await?;
        agencies.extend(known.into_iter().map(|agency| (agency.uscc, agency.region)));
    }
    Ok(Territory { agencies: Some(agencies), regions })
}

/// Whether the portal has agencies and regions to check against.
pub async fn has_territory(ctx: &Ctx) -> AppResult<bool> {
    Ok(territory(ctx, &[]).await?.is_whole())
}

/// The places of guides that took their last case before today and are published word
/// for word: a catalogue goes on being published whole when some of it has ended.
async fn ended_and_unchanged(
    ctx: &Ctx,
    files: &[(String, String)],
    surveys: &[Survey],
    today: NaiveDate,
) -> AppResult<HashSet<usize>> {
    let ended = surveys.iter().zip(files).enumerate().filter_map(|(place, (survey, (_, yaml)))| {
        survey.effective_until.filter(|until| *until < today)?;
        Some((survey.code.as_deref()?, (place, yaml)))
    });
    let ended: HashMap<&str, (usize, &String)> = ended.collect();
    let codes: Vec<String> = ended.keys().map(|code| (*code).to_owned()).collect();
    let mut unchanged = HashSet::new();
    for codes in codes.chunks(CODES) {
        let published = ctx.store.list_newest_guides(codes.to_vec()).await?;
        let same = published.iter().filter_map(|guide| {
            let (place, yaml) = ended.get(guide.code.as_str())?;
            (**yaml == guide.yaml).then_some(*place)
        });
        unchanged.extend(same);
    }
    Ok(unchanged)
}
