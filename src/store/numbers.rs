//! Case numbers are reserved in blocks, each block on record: a number is given
//! once, and every gap is a block whose instance died or was stopped.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::conn::Conn;
use super::dialect;
use super::error::Result;
use super::schema::number_blocks;
use super::types::{At, Key};

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
}
