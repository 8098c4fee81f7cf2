//! Who issues what is asked for. A certificate that a material or a prefilled field
//! wants must be the result of some guide, in the files or in the catalogue, or the
//! register must say who issues it elsewhere.

use std::collections::BTreeSet;

use super::check::{Base, Survey};
use crate::app::ctx::Ctx;
use crate::app::error::AppResult;
use crate::domain::codes::CertificateType;
use crate::domain::guides::{Problem, Register, SourceFile};

/// Guides read from the store at once.
pub(super) const PAGE: i64 = 200;

/// Types of the register the files ask for that neither they nor anybody elsewhere issue.
fn wanting<'s>(surveys: &'s [Survey], register: &Register) -> BTreeSet<&'s CertificateType> {
    let issued: BTreeSet<&CertificateType> =
        surveys.iter().flat_map(|survey| &survey.certificates.issued).collect();
    let asked = surveys.iter().flat_map(|survey| &survey.certificates.asked);
    asked
        .map(|asked| &asked.certificate_type)
        .filter(|of| !issued.contains(of))
        .filter(|of| register.find(of).is_none_or(|entry| entry.elsewhere.is_none()))
        .collect()
}

/// Those of the types the files want for which the catalogue has somebody who issues them.
pub(super) async fn supplied(
    ctx: &Ctx,
    surveys: &[Survey],
    register: &Register,
) -> AppResult<BTreeSet<CertificateType>> {
    let mut supplied = BTreeSet::new();
    for of in wanting(surveys, register) {
        if is_issued(ctx, of).await? {
            supplied.insert(of.clone());
        }
    }
    Ok(supplied)
}

/// Items are looked through first: there are few, and guides take their results from them.
async fn is_issued(ctx: &Ctx, of: &CertificateType) -> AppResult<bool> {
    let issues = |yaml: &String| SourceFile::parse(yaml).certificate_uses().issued.contains(of);
    if ctx.store.list_items_naming(of.to_string()).await?.iter().any(issues) {
        return Ok(true);
    }
    let mut after = None;
    loop {
        let page = ctx.store.list_guides_naming(of.to_string(), ctx.clock.now(), after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(false) };
        after = Some(last.clone());
        if page.iter().any(|(_, yaml)| issues(yaml)) {
            return Ok(true);
        }
    }
}

/// Each place of the files that asks for what nobody issues, with the file's place. A
/// type the register does not have is told when its file is read.
pub(super) fn unissued(surveys: &[Survey], base: &Base) -> Vec<(usize, Problem)> {
    let Some(issued) = &base.issued else { return Vec::new() };
    let mut wanting = wanting(surveys, &base.register);
    wanting.retain(|of| !issued.contains(of));
    let mut told = Vec::new();
    for (place, survey) in surveys.iter().enumerate() {
        let asked = survey.certificates.asked.iter();
        for asked in asked.filter(|asked| wanting.contains(&asked.certificate_type)) {
            let entry = base.register.find(&asked.certificate_type);
            told.extend(entry.map(|entry| (place, asked.is_issued_by_nobody(entry))));
        }
    }
    told
}
