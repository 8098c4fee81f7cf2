//! 行政区划: the tree of regions a platform serves, read from a CSV file. A file
//! that was accepted is a forest without gaps or cycles: every parent is in it,
//! lies strictly higher, and its code leads its children's. Levels may be
//! skipped, as where towns lie straight under a city.

use std::collections::HashMap;

use serde::Serialize;

use super::codes::{RegionCode, RegionLevel};
use super::csv_rows::{Faults, RowError, Table};

/// The longest name a region may have, in characters.
const LONGEST_NAME: usize = 60;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Region {
    pub code: RegionCode,
    pub name: String,
    /// Always the level its code tells.
    pub level: RegionLevel,
    /// `None` at the top of a tree.
    pub parent: Option<RegionCode>,
}

/// Reads `code,name,level,parent`; `parent` is empty at the top of a tree.
/// Parents may come after their children. Refuses with every wrong row.
pub fn parse_regions(csv: &[u8]) -> Result<Vec<Region>, Vec<RowError>> {
    // Lines of all codes that could be read, even in rows that are wrong
    // otherwise: one wrong row should not make its children wrong as well.
    let mut lines = HashMap::new();
    let mut table = Table::read(csv, ["code", "name", "level", "parent"], |line, row, faults| {
        read_region(line, row, &mut lines, faults)
    });
    check_parents(&mut table, &lines);
    table.refuse_when_empty();
    table.finish()
}

fn read_region(
    line: u64,
    [code, name, level, parent]: [&str; 4],
    lines: &mut HashMap<RegionCode, u64>,
    faults: &mut Faults,
) -> Option<Region> {
    let name = faults.name("name", name, LONGEST_NAME);
    let level = read_level(level, faults);
    let parent = match parent {
        "" => Some(None),
        parent => faults.keep(RegionCode::parse(parent)).map(Some),
    };
    let code = faults.keep(RegionCode::parse(code))?;
    faults.unique(lines, &code, line);
    if let Some(level) = level
        && level != code.level()
    {
        let (told, meant) = (level.text(), code.level().text());
        faults.add(
            format!("{code} 是{}代码，level 列却写 {}。请改正其一。", meant.zh, told.en),
            format!(
                "{code} is a {} code, but the column level says {}. Correct one of them.",
                meant.en, told.en
            ),
        );
    }
    if let Some(Some(parent)) = &parent
        && (parent == &code || !parent.contains(&code))
    {
        faults.add(
            format!("{parent} 不是 {code} 的上级，上级代码去掉末尾的零应是本代码的开头。请改正 parent 列。"),
            format!("{parent} does not lie above {code}: without its zeros at the end it must be the beginning of {code}. Correct the column parent."),
        );
    }
    Some(Region { code, name, level: level?, parent: parent? })
}

fn read_level(word: &str, faults: &mut Faults) -> Option<RegionLevel> {
    let level = RegionLevel::ALL.into_iter().find(|level| level.as_str() == word);
    if level.is_none() {
        let words = RegionLevel::ALL.map(RegionLevel::as_str).join(", ");
        faults
            .add(format!("level 列应为 {words} 之一。"), format!("The column level must be one of {words}."));
    }
    level
}

/// What can only be told with the whole file in hand. That some region has no
/// parent needs no check of its own: the highest one would lack its parent.
fn check_parents(table: &mut Table<Region>, lines: &HashMap<RegionCode, u64>) {
    let mut faults = Vec::new();
    for (line, region) in &table.rows {
        match &region.parent {
            Some(parent) if !lines.contains_key(parent) => faults.push((
                *line,
                format!("上级 {parent} 不在文件中。请补上这一行或改正 parent 列；若 {0} 已是最上级，请将该列留空。", region.code),
                format!("The parent {parent} is not in the file. Add its row, correct the column parent, or leave it empty if {} is the top.", region.code),
            )),
            Some(_) => {}
            None => {
                let above = region.code.possible_ancestors().find(|code| lines.contains_key(code));
                faults.extend(above.map(|above| (
                    *line,
                    format!("文件中已有其上级 {above}，parent 列却为空。请填写上级代码。"),
                    format!("The column parent is empty, though the file has {above}, which lies above. Fill it in."),
                )));
            }
        }
    }
    for (line, zh, en) in faults {
        table.refuse(line, zh, en);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &[u8] = include_bytes!("../data/sample/regions.csv");

    fn parse(rows: &str) -> Result<Vec<Region>, Vec<RowError>> {
        parse_regions(format!("code,name,level,parent\n{rows}").as_bytes())
    }

    fn wrong_lines(rows: &str) -> Vec<u64> {
        parse(rows).unwrap_err().iter().map(|error| error.line).collect()
    }

    #[test]
    fn the_sample_city_is_accepted_whole() {
        let regions = parse_regions(SAMPLE).unwrap();
        assert_eq!(regions.len(), 526);
        let tops: Vec<_> = regions.iter().filter(|region| region.parent.is_none()).collect();
        assert_eq!(tops.len(), 1);
        assert!(regions.iter().all(|region| tops[0].code.contains(&region.code)));
    }

    #[test]
    fn levels_may_be_skipped_and_parents_may_come_later() {
        let regions = parse(
            "441900003000,东城街道,town,441900000000\n\
             441900003002,某社区,village,441900000000\n\
             441900000000,东莞市,city,440000000000\n\
             440000000000,广东省,province,\n\
             441900003002001,第一网格,grid,441900003002\n",
        )
        .unwrap();
        assert_eq!(regions[0].level, RegionLevel::Town);
        assert_eq!(regions[4].level, RegionLevel::Grid);
    }

    #[test]
    fn every_wrong_row_is_told_with_its_line() {
        let lines = wrong_lines(
            "340000000000,安徽省,province,\n\
             34070000000,铜陵市,city,340000000000\n\
             340100000000,合肥市,county,340000000000\n\
             340200000000,芜湖市,town-like,340000000000\n\
             340300000000,,city,340000000000\n\
             340000000000,安徽省,province,\n\
             350100000000,福州市,city,340000000000\n\
             340400000000,淮南市,city,340400000000\n\
             340502000000,某区,county,340500000000\n\
             340600000000,淮北市,city,\n\
             340800000000,安庆市,city\n\
             341000000000,黄山市,city,34\n",
        );
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    }

    #[test]
    fn a_wrong_row_does_not_make_its_children_wrong() {
        assert_eq!(wrong_lines("340000000000,,province,\n340700000000,铜陵市,city,340000000000\n"), [2]);
    }

    #[test]
    fn a_lower_region_is_no_parent() {
        assert_eq!(
            wrong_lines("340000000000,安徽省,province,340700000000\n340700000000,铜陵市,city,340000000000\n"),
            [2]
        );
    }

    #[test]
    fn a_file_without_its_top_is_refused_where_the_parent_is_missing() {
        assert_eq!(wrong_lines("340700000000,铜陵市,city,340000000000\n"), [2]);
        assert_eq!(wrong_lines(""), [1]);
        assert_eq!(parse_regions(b"").unwrap_err().len(), 1);
    }

    #[test]
    fn an_overlong_name_is_refused() {
        let row = |length: usize| format!("340000000000,{},province,\n", "省".repeat(length));
        assert!(parse(&row(60)).is_ok());
        assert_eq!(wrong_lines(&row(61)), [2]);
    }
}
