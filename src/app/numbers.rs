//! Giving out case numbers: from blocks reserved on disk, once each. A number
//! taken for a submission that did not happen goes back and is given next; one
//! that may have reached the disk never does.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::{AppError, AppResult};
use crate::domain::codes::{CaseNo, GuideCode};
use crate::domain::time::local_date;
use crate::store::{Block, Store};

/// Largest block: what a process that dies leaves as a gap at the most.
const LARGEST_BLOCK: u32 = 256;
/// Series of past days are forgotten when this many are held.
const SERIES_HELD: usize = 50_000;

pub struct Numbers {
    instance: Uuid,
    series: Mutex<HashMap<String, Series>>,
    /// Held while a block is being reserved, so that a rush reserves one block, not many.
    reserving: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Series {
    returned: Vec<i64>,
    next: i64,
    /// One past the last number of the block.
    end: i64,
    block: u32,
}

/// A number in hand. Until it is [`sent`](Taken::sent), it goes back when dropped.
pub struct Taken<'a> {
    numbers: &'a Numbers,
    series: String,
    serial: i64,
    goes_back: bool,
    pub case_no: CaseNo,
}

impl Numbers {
    pub fn new(instance: Uuid) -> Self {
        Self { instance, series: Mutex::default(), reserving: tokio::sync::Mutex::default() }
    }

    /// The next number of this guide on this day (China time).
    pub async fn take(&self, store: &Store, guide: &GuideCode, at: DateTime<Utc>) -> AppResult<Taken<'_>> {
        let day = local_date(at);
        let series = format!("{guide}{}", day.format("%Y%m%d"));
        let serial = match self.take_held(&series) {
            Some(serial) => serial,
            None => self.reserve(store, &series, at).await?,
        };
        let number =
            u32::try_from(serial).map_err(|_| AppError::Internal(format!("series {series} is exhausted")))?;
        let case_no = CaseNo::compose(guide, day, number)
            .map_err(|error| AppError::Internal(format!("{series}: {}", error.detail.en)))?;
        Ok(Taken { numbers: self, series, serial, goes_back: true, case_no })
    }

    fn take_held(&self, series: &str) -> Option<i64> {
        let mut held = self.lock();
        let series = held.get_mut(series)?;
        series.returned.pop().or_else(|| {
            (series.next < series.end).then(|| {
                series.next += 1;
                series.next - 1
            })
        })
    }

    async fn reserve(&self, store: &Store, series: &str, at: DateTime<Utc>) -> AppResult<i64> {
        let _one_at_a_time = self.reserving.lock().await;
        if let Some(serial) = self.take_held(series) {
            return Ok(serial);
        }
        // Blocks double: a quiet guide leaves no gaps, a busy one seldom waits.
        let count = self.lock().get(series).map_or(1, |held| (held.block * 2).min(LARGEST_BLOCK));
        let block = Block { series: series.to_owned(), count, instance: self.instance, at };
        let first = store.reserve_numbers(block).await?;
        let mut held = self.lock();
        if held.len() >= SERIES_HELD {
            let today = local_date(at).format("%Y%m%d").to_string();
            held.retain(|series, _| series.ends_with(&today));
        }
        let entry = held.entry(series.to_owned()).or_default();
        entry.block = count;
        entry.next = first + 1;
        entry.end = first + i64::from(count);
        Ok(first)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Series>> {
        self.series.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Taken<'_> {
    /// It is handed over to be written. Who stops waiting from here on (a sender
    /// who hangs up) cannot know whether it was, so it does not go back by itself.
    pub fn sent(mut self) -> Self {
        self.goes_back = false;
        self
    }

    /// What came of it: it goes back where nothing can have been written.
    pub fn settle<T>(mut self, written: &AppResult<T>) {
        self.goes_back = match written {
            Ok(_) | Err(AppError::Unavailable(_) | AppError::Internal(_)) => false,
            Err(_) => true,
        };
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.goes_back {
            let mut held = self.numbers.lock();
            held.entry(std::mem::take(&mut self.series)).or_default().returned.push(self.serial);
        }
    }
}
