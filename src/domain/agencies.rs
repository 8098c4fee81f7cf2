//! 实施机构 and 办理点: the departments that implement items, and the counters
//! and kiosks where people are received. Both come from CSV files. Whether their
//! regions are known is for whoever stores them to check.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::codes::{CounterCode, RegionCode, Uscc};
use super::csv_rows::{Faults, RowError, Table};
use super::text::Text;

/// The longest name, address or opening hours, in characters.
const LONGEST_TEXT: usize = 120;
/// The longest word for a kind of agency.
const LONGEST_KIND: usize = 40;

/// A department of a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Agency {
    pub uscc: Uscc,
    pub region: RegionCode,
    /// What its counterparts in all regions share, such as `public_security`:
    /// small letters, digits and `_`.
    pub kind: String,
    pub name: Text,
}

/// A place where people hand in and collect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counter {
    pub code: CounterCode,
    pub region: RegionCode,
    pub kind: CounterKind,
    pub name: Text,
    /// In Chinese, as the post writes it.
    pub address: String,
    pub hours: Text,
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CounterKind {
    /// 窗口, with staff.
    Window,
    /// 自助终端, without.
    Kiosk,
}

impl CounterKind {
    pub const ALL: [Self; 2] = [Self::Window, Self::Kiosk];

    /// The kind of this word, if it is one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word for it in files and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Kiosk => "kiosk",
        }
    }
}

/// Reads `uscc,region,kind,name_zh,name_en`. Refuses with every wrong row.
pub fn parse_agencies(csv: &[u8]) -> Result<Vec<Agency>, Vec<RowError>> {
    let columns = ["uscc", "region", "kind", "name_zh", "name_en"];
    let mut lines = HashMap::new();
    let mut table = Table::read(csv, columns, |line, row, faults| {
        let [uscc, region, kind, name_zh, name_en] = row;
        let uscc = faults.keep(Uscc::parse(uscc));
        let region = faults.keep(RegionCode::parse(region));
        let kind = read_kind(kind, faults);
        let name = bilingual(["name_zh", "name_en"], [name_zh, name_en], faults);
        let uscc = uscc?;
        faults.unique(&mut lines, &uscc, line);
        Some(Agency { uscc, region: region?, kind, name })
    });
    table.refuse_when_empty();
    table.finish()
}

/// Reads `code,region,kind,name_zh,name_en,address,hours_zh,hours_en`, where
/// `kind` is `window` or `kiosk`. Refuses with every wrong row.
pub fn parse_counters(csv: &[u8]) -> Result<Vec<Counter>, Vec<RowError>> {
    let columns = ["code", "region", "kind", "name_zh", "name_en", "address", "hours_zh", "hours_en"];
    let mut lines = HashMap::new();
    let mut table = Table::read(csv, columns, |line, row, faults| {
        let [code, region, kind, name_zh, name_en, address, hours_zh, hours_en] = row;
        let code = faults.keep(CounterCode::parse(code));
        let region = faults.keep(RegionCode::parse(region));
        let kind = read_counter_kind(kind, faults);
        let name = bilingual(["name_zh", "name_en"], [name_zh, name_en], faults);
        let address = faults.name("address", address, LONGEST_TEXT);
        let hours = bilingual(["hours_zh", "hours_en"], [hours_zh, hours_en], faults);
        let code = code?;
        faults.unique(&mut lines, &code, line);
        Some(Counter { code, region: region?, kind: kind?, name, address, hours })
    });
    table.refuse_when_empty();
    table.finish()
}

fn bilingual(columns: [&str; 2], [zh, en]: [&str; 2], faults: &mut Faults) -> Text {
    Text::new(faults.name(columns[0], zh, LONGEST_TEXT), faults.name(columns[1], en, LONGEST_TEXT))
}

fn read_kind(word: &str, faults: &mut Faults) -> String {
    let word = faults.name("kind", word, LONGEST_KIND);
    if !word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        faults.add(
            "kind 列只能用小写字母、数字和下划线，如 public_security。",
            "The column kind may only have small letters, digits and underscores, like public_security.",
        );
    }
    word
}

fn read_counter_kind(word: &str, faults: &mut Faults) -> Option<CounterKind> {
    let kind = CounterKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    if kind.is_none() {
        faults.add(
            "kind 列应为 window（窗口）或 kiosk（自助终端）。",
            "The column kind must be window or kiosk.",
        );
    }
    kind
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::regions::parse_regions;
    use super::*;
    use crate::domain::codes::RegionLevel;

    const REGIONS: &[u8] = include_bytes!("../data/sample/regions.csv");
    const AGENCIES: &[u8] = include_bytes!("../data/sample/agencies.csv");
    const COUNTERS: &[u8] = include_bytes!("../data/sample/counters.csv");

    fn lines(errors: Vec<RowError>) -> Vec<u64> {
        errors.into_iter().map(|error| error.line).collect()
    }

    #[test]
    fn the_sample_city_has_agencies_and_counters_in_known_regions_only() {
        let known: BTreeSet<_> =
            parse_regions(REGIONS).unwrap().into_iter().map(|region| region.code).collect();
        let agencies = parse_agencies(AGENCIES).unwrap();
        assert_eq!(agencies.len(), 75);
        assert!(agencies.iter().all(|agency| known.contains(&agency.region)));
        let counters = parse_counters(COUNTERS).unwrap();
        assert!(counters.iter().all(|counter| known.contains(&counter.region)));
    }

    #[test]
    fn every_town_county_and_the_city_of_the_sample_have_a_window() {
        let counters = parse_counters(COUNTERS).unwrap();
        let staffed: BTreeSet<_> = counters
            .iter()
            .filter(|counter| counter.kind == CounterKind::Window)
            .map(|counter| counter.region.clone())
            .collect();
        for region in parse_regions(REGIONS).unwrap() {
            let expected = (RegionLevel::City..=RegionLevel::Town).contains(&region.level);
            assert_eq!(staffed.contains(&region.code), expected, "{}", region.name);
        }
        assert!(counters.iter().any(|counter| counter.kind == CounterKind::Kiosk));
    }

    #[test]
    fn every_wrong_agency_is_told_with_its_line() {
        let wrong = parse_agencies(
            "uscc,region,kind,name_zh,name_en\n\
             91350100M000100Y43,340700000000,health,卫健委,Health\n\
             91350100M000100Y44,340700000000,health,卫健委,Health\n\
             91350100M000100Y43,340700000000,health,卫健委,Health\n\
             91512081MA62K0260E,3407,Health Office,,Health\n\
             91512081MA62K0260E,340700000000,,卫健委,Health\n"
                .as_bytes(),
        );
        assert_eq!(lines(wrong.unwrap_err()), [3, 4, 5, 5, 5, 6, 6]);
    }

    #[test]
    fn every_wrong_counter_is_told_with_its_line() {
        let wrong = parse_counters(
            "code,region,kind,name_zh,name_en,address,hours_zh,hours_en\n\
             hall,340700000000,window,大厅,Hall,某路 1 号,工作日,Weekdays\n\
             hall,340700000000,window,大厅,Hall,某路 1 号,工作日,Weekdays\n\
             HALL,340700000000,window,大厅,Hall,某路 1 号,工作日,Weekdays\n\
             a,340700000000,shop,大厅,Hall,某路 1 号,工作日,Weekdays\n\
             b,340700000000,kiosk,大厅,Hall,,工作日,\n\
             c,340700000000,kiosk\n"
                .as_bytes(),
        );
        assert_eq!(lines(wrong.unwrap_err()), [3, 4, 5, 6, 6, 7]);
    }
}
