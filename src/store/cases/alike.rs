//! Cases that asked for the same and were decided differently, found by the keyed
//! digest of what they asked for.

use diesel::dsl::{count_star, max, min};
use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::cases::alike::Judgement;
use crate::store::Store;
use crate::store::error::{Error, Result};
use crate::store::schema::cases;
use crate::store::types::Key;

/// By what a decided case is compared with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// Keyed digest of what was asked for.
    pub digest: Vec<u8>,
    pub judgement: Judgement,
}

/// Cases with one digest and one judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedAlike {
    pub judgement: Judgement,
    pub count: i64,
    /// The latest of them.
    pub cases: Vec<Uuid>,
}

impl Store {
    /// Digests under which a version of a guide has decisions of both kinds, in order,
    /// after `after`.
    pub async fn list_decided_differently(
        &self,
        guide: String,
        version: u32,
        after: Vec<u8>,
        limit: i64,
    ) -> Result<Vec<Vec<u8>>> {
        let version = i32::try_from(version).unwrap_or(i32::MAX);
        self.read(move |conn| {
            let found: Vec<Option<Vec<u8>>> = cases::table
                .filter(cases::guide.eq(guide))
                .filter(cases::guide_version.eq(version))
                .filter(cases::facts_digest.gt(after))
                .group_by(cases::facts_digest)
                .having(max(cases::decision).gt(min(cases::decision)))
                .order(cases::facts_digest)
                .limit(limit)
                .select(cases::facts_digest)
                .load(conn)?;
            Ok(found.into_iter().flatten().collect())
        })
        .await
    }

    /// The cases of one digest: how many of each judgement, and the latest of each.
    pub async fn judged_alike(
        &self,
        guide: String,
        version: u32,
        digest: Vec<u8>,
        latest: i64,
    ) -> Result<Vec<JudgedAlike>> {
        let version = i32::try_from(version).unwrap_or(i32::MAX);
        self.read(move |conn| {
            let alike = cases::table
                .filter(cases::guide.eq(&guide))
                .filter(cases::guide_version.eq(version))
                .filter(cases::facts_digest.eq(&digest));
            let counts: Vec<(Option<String>, i64)> = alike
                .group_by(cases::decision)
                .order(cases::decision)
                .select((cases::decision, count_star()))
                .load(conn)?;
            let mut found = Vec::new();
            for (decision, count) in counts {
                let judgement = decision.as_deref().and_then(Judgement::parse);
                let judgement =
                    judgement.ok_or_else(|| Error::corrupt("cases", &guide, "a decision that is none"))?;
                let ids: Vec<Key> = alike
                    .filter(cases::decision.eq(judgement.as_str()))
                    .order(cases::id.desc())
                    .limit(latest)
                    .select(cases::id)
                    .load(conn)?;
                found.push(JudgedAlike { judgement, count, cases: ids.into_iter().map(|id| id.0).collect() });
            }
            Ok(found)
        })
        .await
    }
}
