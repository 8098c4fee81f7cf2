//! The daily roots: signed, in an unbroken row, and what the records of their days give.

use chrono::NaiveDate;

use super::{Findings, Verifier};
use crate::app::error::AppResult;
use crate::app::roots::{DAILY_ROOT, RootClaims, digest_of, hashes, range_of};
use crate::app::seals::SealKeys;
use crate::domain::cases::Digest;
use crate::domain::cases::history::{GENESIS, hex};
use crate::domain::cases::merkle;
use crate::domain::verification::{Fault, Part};
use crate::store::{DailyRoot, Error};

/// Roots read in one go.
const PAGE: i64 = 100;

impl Verifier<'_> {
    pub(super) async fn roots(&self, keys: Option<&SealKeys>, findings: &mut Findings<'_>) -> AppResult<()> {
        let mut after = String::new();
        let mut before: Option<(NaiveDate, Digest)> = None;
        loop {
            let page = self.store.list_roots_after(after.clone(), PAGE).await;
            let Some(page) = findings.read("daily_roots", page)? else { return Ok(()) };
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.day);
            for root in page {
                findings.counts.roots += 1;
                let Ok(day) = root.day.parse::<NaiveDate>() else {
                    let why = format!("the day `{}` of a root is no date", root.day);
                    findings.found([Fault::new(Part::Table("daily_roots"), why)]);
                    continue;
                };
                let mut why = wrong_in_itself(&root, day, before, keys);
                why.extend(self.wrong_leaves(&root, day).await?);
                findings.found(why.into_iter().map(|why| Fault::new(Part::Root(day), why)));
                before = Some((day, digest_of(&root.jws)));
            }
        }
    }

    async fn wrong_leaves(&self, root: &DailyRoot, day: NaiveDate) -> AppResult<Option<String>> {
        let leaves = match self.store.leaves_of(range_of(day)).await {
            Ok(leaves) => hashes(&leaves),
            Err(Error::Corrupt { table, id, why }) => {
                return Ok(Some(format!("the records of its day do not read: {table} {id}, {why}")));
            }
            Err(error) => return Err(error.into()),
        };
        let same = merkle::root(&leaves).as_slice() == root.root;
        Ok((!same).then(|| {
            "the records of its day do not give it: one was changed, taken away or added".to_owned()
        }))
    }
}

fn wrong_in_itself(
    root: &DailyRoot,
    day: NaiveDate,
    before: Option<(NaiveDate, Digest)>,
    keys: Option<&SealKeys>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let previous = before.map_or(GENESIS, |(_, digest)| digest);
    if root.previous != previous {
        wrong.push("it does not continue the root before it".to_owned());
    }
    if let Some((before, _)) = before.filter(|(before, _)| before.succ_opt() != Some(day)) {
        wrong.push(format!("the roots between {before} and it are not there"));
    }
    if let Some(keys) = keys {
        let claims = keys.verify(&root.jws, DAILY_ROOT);
        let claims = claims.and_then(|claims| serde_json::from_value::<RootClaims>(claims).ok());
        let says = RootClaims {
            day,
            cases: u64::try_from(root.cases).unwrap_or(u64::MAX),
            root: hex(&root.root),
            previous: hex(&root.previous),
        };
        if claims != Some(says) {
            wrong.push("its signature is not this portal's over what it says".to_owned());
        }
    }
    wrong
}
