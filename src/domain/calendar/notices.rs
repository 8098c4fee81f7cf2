//! 放假安排: reading the notices, and what was counted with before each of them came.

use std::collections::HashMap;
use std::iter::successors;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use sha2::{Digest, Sha256};

use super::{Exception, WorkCalendar, is_weekend};
use crate::domain::csv_rows::{Faults, RowError, Table};
use crate::domain::text::Text;

/// The festival whose days off begin in the year before.
const NEW_YEAR: &str = "元旦";

impl WorkCalendar {
    /// Reads `date,kind,festival` with `kind` `work` (a make-up working day) or
    /// `rest` (a day off). Refuses with every wrong row. Its earlier editions know one
    /// year's notice less each, as notices come out one by one.
    pub fn parse(csv: &str) -> Result<Self, Vec<RowError>> {
        read_exceptions(csv, |_, _| {}).map(|exceptions| Self::of(exceptions).with_its_past())
    }

    /// This calendar, and those that were in force before it, the latest first. A day
    /// that was told by one of them is explained by that one.
    pub fn editions(&self) -> impl Iterator<Item = &Self> {
        successors(Some(self), |edition| edition.earlier.as_deref())
    }

    /// The edition of that version, or this one where it is none of them.
    pub fn edition(&self, version: &str) -> &Self {
        self.editions().find(|edition| edition.version == version).unwrap_or(self)
    }

    fn with_its_past(mut self) -> Self {
        let Some(&last) = self.noticed.last() else { return self };
        let is_known =
            |e: &&Exception| e.date.year() < last && !(e.date.year() == last - 1 && e.is_of_next_year());
        let known = Self::of(self.exceptions.iter().filter(is_known).cloned().collect());
        self.earlier = Some(Arc::new(known.with_its_past()));
        self
    }

    /// The calendar with the notice of one year put in the place of what was known
    /// of that year. A notice may reach back into the last days of the year before.
    ///
    /// # Errors
    /// Every wrong row; a row outside of the year; no row of the year at all.
    pub fn with_notice(&self, year: i32, csv: &str) -> Result<Self, Vec<RowError>> {
        let entered = read_exceptions(csv, |exception, faults| {
            let date = exception.date;
            if date.year() != year && (date.year(), date.month()) != (year - 1, 12) {
                faults.add(
                    format!("{date} 不属于 {year} 年的放假安排，请删去此行。"),
                    format!("{date} is no day of the notice of {year}; remove this row."),
                );
            }
        })?;
        if !entered.iter().any(|exception| exception.date.year() == year) {
            let zh = format!("文件中没有 {year} 年的日期，请上传该年的放假安排。");
            let en = format!("The file has no day of {year}; send the notice of that year.");
            return Err(vec![RowError { line: 1, reason: Text::new(zh, en) }]);
        }
        let kept = self.exceptions.iter().filter(|kept| {
            let replaced = kept.date.year() == year && !kept.is_of_next_year();
            !replaced && entered.iter().all(|new| new.date != kept.date)
        });
        let known = Self::of(kept.cloned().chain(entered.iter().cloned()).collect());
        Ok(match known == *self {
            true => self.clone(),
            false => Self { earlier: Some(Arc::new(self.clone())), ..known },
        })
    }

    /// The days the notices say something about: the day, whether it is worked,
    /// and for the sake of which festival.
    pub fn exceptions(&self) -> impl Iterator<Item = (NaiveDate, bool, &str)> {
        self.exceptions.iter().map(|e| (e.date, e.worked, e.festival.as_str()))
    }

    /// The years whose notice is in.
    pub fn noticed_years(&self) -> impl Iterator<Item = i32> {
        self.noticed.iter().copied()
    }

    /// `exceptions` have each date once.
    fn of(mut exceptions: Vec<Exception>) -> Self {
        exceptions.sort_by_key(|exception| exception.date);
        let mut canonical = String::new();
        let mut balance = 0;
        for exception in &mut exceptions {
            balance += i32::from(exception.worked) - i32::from(!is_weekend(exception.date));
            exception.balance = balance;
            let kind = if exception.worked { "work" } else { "rest" };
            canonical += &format!("{},{kind},{}\n", exception.date, exception.festival);
        }
        // A notice reaches back into the last days of the year before, which
        // alone does not make that year a noticed one.
        let noticed =
            exceptions.iter().map(|e| e.date).filter(|d| d.month() < 12).map(|d| d.year()).collect();
        Self { version: hex(&Sha256::digest(canonical)), exceptions, noticed, earlier: None }
    }
}

impl Exception {
    /// The last days of a December may be of the next year's notice.
    fn is_of_next_year(&self) -> bool {
        self.date.month() == 12 && self.festival.contains(NEW_YEAR)
    }
}

fn read_exceptions(
    csv: &str,
    check: impl Fn(&Exception, &mut Faults),
) -> Result<Vec<Exception>, Vec<RowError>> {
    let mut lines = HashMap::new();
    let table = Table::read(csv.as_bytes(), ["date", "kind", "festival"], |line, row, faults| {
        let exception = read_exception(row, faults)?;
        faults.unique(&mut lines, &exception.date, line);
        check(&exception, faults);
        Some(exception)
    });
    table.finish()
}

fn read_exception([date, kind, festival]: [&str; 3], faults: &mut Faults) -> Option<Exception> {
    let festival = faults.name("festival", festival, 30);
    let worked = match kind {
        "work" => Some(true),
        "rest" => Some(false),
        _ => {
            faults.add(
                "kind 列应为 work（调休上班）或 rest（放假）。",
                "The column kind must be work (a make-up working day) or rest (a day off).",
            );
            None
        }
    };
    // Chrono also reads 2026-1-1; the canonical form is the only one accepted.
    let parsed = date.parse::<NaiveDate>().ok().filter(|parsed| parsed.to_string() == date);
    if parsed.is_none() {
        faults.add(
            "date 列应为存在的日期，写作 2026-01-01 的样式。",
            "The column date must be a date that exists, written like 2026-01-01.",
        );
    }
    Some(Exception { date: parsed?, worked: worked?, festival, balance: 0 })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
