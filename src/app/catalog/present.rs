//! What the catalogue and the portal's registers hold of what files lean on.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::Catalogue;
use super::check::{Base, Survey, survey};
use super::issuing::supplied;
use super::publish::CODES;
use crate::app::bundles;
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::codes::Uscc;
use crate::domain::guides::FileKind;
use crate::domain::territory::Territory;
use crate::domain::time::local_date;

/// Whether there is a register of certificate types to check against.
pub async fn has_register(ctx: &Ctx) -> AppResult<bool> {
    Ok(!ctx.store.list_certificate_types().await?.is_empty())
}

/// What files may lean on in this catalogue.
pub async fn base_for(ctx: &Ctx, files: &[(String, String)]) -> AppResult<Base> {
    Ok(Present::read(ctx, files, &survey(files)).await?.base)
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
        Ok(Self { base, items })
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
