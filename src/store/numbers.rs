//! Case numbers are reserved in blocks, each block on record: a number is given
//! once, and every gap is a block whose instance died or was stopped.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::dialect;
use super::error::Result;
use super::schema::{cases, number_blocks, number_series};
use super::types::{At, Key};
use crate::domain::numbers::NumberBlock;

/// The next numbers of a series, wanted by one running instance.
#[derive(Debug, Clone)]
pub struct Block {
    /// A guide code and a day: what comes before the serial in a case number.
    pub series: String,
    pub count: u32,
    pub instance: Uuid,
    pub at: DateTime<Utc>,
}

impl Block {
    /// Gives the last number of the block.
    pub(super) fn reserve(&self, conn: &mut Conn) -> QueryResult<i64> {
        let count = i64::from(self.count);
        let last = dialect::reserve_numbers(conn, &self.series, count)?;
        diesel::insert_into(number_blocks::table)
            .values((
                number_blocks::series.eq(&self.series),
                number_blocks::first.eq(last - count + 1),
                number_blocks::last.eq(last),
                number_blocks::instance.eq(Key(self.instance)),
                number_blocks::reserved_at.eq(At(self.at)),
            ))
            .execute(conn)?;
        Ok(last)
    }
}

impl Store {
    /// Reserves a block, durably; gives its first number.
    pub async fn reserve_numbers(&self, block: Block) -> Result<i64> {
        let count = i64::from(block.count);
        let last = self.inner.committer.reserve(block).await?;
        Ok(last - count + 1)
    }

    /// Series by name, after `after`, each with the last number reserved of it. One
    /// that has blocks alone is among them, with 0.
    pub async fn list_series(&self, after: String, limit: i64) -> Result<Vec<(String, i64)>> {
        self.read(move |conn| {
            let mut series: Vec<(String, i64)> = number_series::table
                .filter(number_series::series.gt(&after))
                .order(number_series::series)
                .limit(limit)
                .load(conn)?;
            let blocks: Vec<String> = number_blocks::table
                .filter(number_blocks::series.gt(&after))
                .select(number_blocks::series)
                .distinct()
                .order(number_blocks::series)
                .limit(limit)
                .load(conn)?;
            let known: std::collections::HashSet<String> =
                series.iter().map(|(series, _)| series.clone()).collect();
            series.extend(blocks.into_iter().filter(|name| !known.contains(name)).map(|name| (name, 0)));
            // Digits and capitals: every collation agrees on their order.
            series.sort();
            series.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(series)
        })
        .await
    }

    /// The blocks of a series, in order, and the numbers of it that cases have, which
    /// begin with its name.
    pub async fn numbers_of(&self, series: String) -> Result<(Vec<NumberBlock>, Vec<String>)> {
        self.read(move |conn| {
            super::verify::in_one_moment(conn, |conn| {
                let blocks: Vec<(i64, i64, Key, At)> = number_blocks::table
                    .filter(number_blocks::series.eq(&series))
                    .order(number_blocks::first)
                    .select((
                        number_blocks::first,
                        number_blocks::last,
                        number_blocks::instance,
                        number_blocks::reserved_at,
                    ))
                    .load(conn)?;
                let numbers: Vec<Option<String>> = cases::table
                    .filter(cases::case_no.gt(&series))
                    .filter(cases::case_no.le(format!("{series}9999999999")))
                    .select(cases::case_no)
                    .load(conn)?;
                let block = |(first, last, instance, at): (i64, i64, Key, At)| NumberBlock {
                    first,
                    last,
                    instance: instance.0,
                    reserved_at: at.0,
                };
                Ok((blocks.into_iter().map(block).collect(), numbers.into_iter().flatten().collect()))
            })
        })
        .await
    }

    /// Whether anything was ever reserved of a series.
    pub async fn has_series(&self, series: String) -> Result<bool> {
        self.read(move |conn| {
            let blocks = number_blocks::table.filter(number_blocks::series.eq(&series)).count();
            Ok(blocks.get_result::<i64>(conn)? > 0)
        })
        .await
    }

    /// Numbers that cases have, in order, after `after`.
    pub async fn list_numbers(&self, after: String, limit: i64) -> Result<Vec<(Uuid, String)>> {
        self.read(move |conn| {
            let rows: Vec<(Key, Option<String>)> = cases::table
                .filter(cases::case_no.gt(&after))
                .order(cases::case_no)
                .limit(limit)
                .select((cases::id, cases::case_no))
                .load(conn)?;
            Ok(rows.into_iter().filter_map(|(id, number)| Some((id.0, number?))).collect())
        })
        .await
    }
}
