//! Finding filed cases by their number, or by who applied: open ones and closed.

use diesel::prelude::*;
use uuid::Uuid;

use crate::domain::codes::{RegionCode, Uscc};
use crate::domain::work::Reach;
use crate::store::Store;
use crate::store::cases::within_reach;
use crate::store::conn::Conn;
use crate::store::error::Result;
use crate::store::schema::{case_keys, cases};
use crate::store::types::Key;

/// Cases of one name looked at in one go.
const LOOKED_AT: i64 = 200;
/// Sorts after everything a case number goes on with, in the order of any language.
const LAST: &str = "ZZZZZZZZZZZZZZZZZZZZZZZZZZ";

type Lies = (Key, String, String);

impl Store {
    /// The filed cases within reach that are found by a key, those opened last first.
    pub async fn find_cases_by_key(
        &self,
        digest: Vec<u8>,
        reach: Reach,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let wanted = usize::try_from(limit).unwrap_or(0);
            let (mut found, mut after) = (Vec::new(), after.map(Key));
            while found.len() < wanted {
                let page = page(conn, &digest, after)?;
                let Some(last) = page.last().copied() else { break };
                after = Some(last);
                let is_last = i64::try_from(page.len()).is_ok_and(|count| count < LOOKED_AT);
                let lie: Vec<Lies> = cases::table
                    .filter(cases::id.eq_any(page))
                    .order(cases::id.desc())
                    .select((cases::id, cases::agency, cases::region))
                    .load(conn)?;
                found.extend(lie.into_iter().filter(|lies| is_within(&reach, lies)).map(|lies| lies.0.0));
                if is_last {
                    break;
                }
            }
            found.truncate(wanted);
            Ok(found)
        })
        .await
    }

    /// The filed cases within reach whose number begins so, in the order of their numbers.
    pub async fn find_cases_by_number(
        &self,
        begins: String,
        reach: Reach,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Uuid>> {
        self.read(move |conn| {
            let mut query = cases::table
                .filter(cases::case_no.ge(begins.clone()))
                .filter(cases::case_no.le(format!("{begins}{LAST}")))
                .filter(within_reach(&reach))
                .into_boxed();
            if let Some(after) = after {
                query = query.filter(cases::case_no.gt(after));
            }
            let found: Vec<Key> = query.order(cases::case_no).limit(limit).select(cases::id).load(conn)?;
            Ok(found.into_iter().map(|key| key.0).collect())
        })
        .await
    }

    /// The same of one number, whole.
    pub async fn find_case_by_number(&self, case_no: String, reach: Reach) -> Result<Option<Uuid>> {
        self.read(move |conn| {
            let one = cases::table.filter(cases::case_no.eq(case_no)).filter(within_reach(&reach));
            Ok(one.select(cases::id).first::<Key>(conn).optional()?.map(|key| key.0))
        })
        .await
    }
}

fn page(conn: &mut Conn, digest: &[u8], after: Option<Key>) -> QueryResult<Vec<Key>> {
    let mut query = case_keys::table.filter(case_keys::digest.eq(digest)).into_boxed();
    if let Some(after) = after {
        query = query.filter(case_keys::case_id.lt(after));
    }
    query.order(case_keys::case_id.desc()).limit(LOOKED_AT).select(case_keys::case_id).load(conn)
}

fn is_within(reach: &Reach, (_, agency, region): &Lies) -> bool {
    Uscc::parse(agency).is_ok_and(|agency| reach.agencies.contains(&agency))
        || RegionCode::parse(region).is_ok_and(|region| reach.covers(&region))
}
