//! The first two files of an author: an item and one agency's guide to it. As
//! written their example holds and they lack one thing, the legal basis, which only
//! the author knows; so he changes what works. Every section says in a line what it
//! is for.

use std::fmt;

use crate::domain::codes::{BasicCode, GuideCode, GuideLevel, ItemType, RegionCode, RegionLevel, Uscc};
use crate::domain::text::Text;

const ITEM: &str = include_str!("template/item.yaml");
const GUIDE: &str = include_str!("template/guide.yaml");
/// What stands in the item for its legal basis until the author puts in the real one.
pub(super) const PLACEHOLDERS: [&str; 4] =
    ["（请填写法律、法规或文件名称）", "(name the law or regulation)", "（请填写条款）", "（请抄录条文）"];
/// The longest name, in characters.
const MAX_NAME: usize = 100;
/// The main item of basic codes nobody has given out yet, and the first of its sub-items.
const UNLISTED: &str = "09999001";

/// What an author says to begin with, as he wrote it.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub name_zh: &'a str,
    pub name_en: &'a str,
    /// Two digits; when left out, what the basic code says, or else 20, a public service.
    pub item_type: Option<&'a str>,
    pub agency: &'a str,
    /// Twelve digits.
    pub region: &'a str,
    /// 1 to 6; when left out, that of the region.
    pub level: Option<u8>,
    /// Twelve digits; when left out, a code of the type that no catalogue uses.
    pub basic_code: Option<&'a str>,
}

/// What is wrong with one thing an author says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// `name_zh`, `name_en`, `type`, `agency`, `region`, `level` or `basic_code`.
    pub field: &'static str,
    pub detail: Text,
}

impl Unfit {
    fn new(field: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field, detail: Text::new(zh, en) }
    }
}

/// An item and a guide as YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub code: GuideCode,
    pub item: String,
    pub guide: String,
}

/// Writes the files, or tells everything that is wrong with what was wanted.
pub fn template(wanted: &Wanted<'_>) -> Result<Template, Vec<Unfit>> {
    let mut wrong = Vec::new();
    let mut keep = |unfit: Unfit| wrong.push(unfit);
    let zh = name(wanted.name_zh, "name_zh").map_err(&mut keep).ok();
    let en = name(wanted.name_en, "name_en").and_then(english).map_err(&mut keep).ok();
    let agency = Uscc::parse(wanted.agency).map_err(|error| keep(of("agency", error.detail))).ok();
    let region = RegionCode::parse(wanted.region).map_err(|error| keep(of("region", error.detail))).ok();
    let level = match (wanted.level, &region) {
        (Some(level), _) => numbered(level).map_err(&mut keep).ok(),
        (None, Some(region)) => Some(level_of(region.level())),
        (None, None) => None,
    };
    let basic_code = basic_code(wanted).map_err(&mut keep).ok();
    match (zh, en, agency, region, level, basic_code) {
        (Some(zh), Some(en), Some(agency), Some(region), Some(level), Some(basic_code)) => {
            let code = GuideCode::compose(&agency, level, &basic_code)
                .map_err(|error| vec![of("basic_code", error.detail)])?;
            let values = Values { zh, en, agency, region, basic_code, code };
            Ok(Template { item: values.fill(ITEM), guide: values.fill(GUIDE), code: values.code })
        }
        (..) => Err(wrong),
    }
}

/// What a code itself complains of.
fn of(field: &'static str, detail: Text) -> Unfit {
    Unfit { field, detail }
}

fn name<'a>(given: &'a str, field: &'static str) -> Result<&'a str, Unfit> {
    let given = given.trim();
    let is_plain =
        !given.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'));
    match given.chars().count() {
        1..=MAX_NAME if is_plain => Ok(given),
        _ => Err(Unfit::new(
            field,
            format!("请写成一行文字，1 到 {MAX_NAME} 个字。"),
            format!("Write one line of 1 to {MAX_NAME} characters."),
        )),
    }
}

fn english(given: &str) -> Result<&str, Unfit> {
    let is_english = given.is_ascii() && given.contains(|c: char| c.is_ascii_alphanumeric());
    is_english.then_some(given).ok_or_else(|| {
        Unfit::new(
            "name_en",
            "请写英文名称，例如 \"Old-age allowance\"。",
            "Write the name in English, like \"Old-age allowance\".",
        )
    })
}

fn numbered(level: u8) -> Result<GuideLevel, Unfit> {
    GuideLevel::ALL.into_iter().find(|known| known.code() == level).ok_or_else(|| {
        Unfit::new(
            "level",
            "行使层级应为 1 国家、2 省、3 市、4 县、5 乡镇、6 村。",
            "Write 1 nation, 2 province, 3 city, 4 county, 5 town or 6 village.",
        )
    })
}

fn level_of(region: RegionLevel) -> GuideLevel {
    match region {
        RegionLevel::Province => GuideLevel::Province,
        RegionLevel::City => GuideLevel::City,
        RegionLevel::County => GuideLevel::County,
        RegionLevel::Town => GuideLevel::Town,
        RegionLevel::Village | RegionLevel::Grid => GuideLevel::Village,
    }
}

fn basic_code(wanted: &Wanted<'_>) -> Result<BasicCode, Unfit> {
    let stated = wanted.item_type.map(ItemType::parse).transpose();
    let stated = stated.map_err(|error| of("type", error.detail))?;
    let Some(code) = wanted.basic_code else {
        let kind = stated.unwrap_or(ItemType::PublicService);
        return BasicCode::parse(&format!("00{}{UNLISTED}", kind.as_str()))
            .map_err(|error| of("basic_code", error.detail));
    };
    let code = BasicCode::parse(code.trim()).map_err(|error| of("basic_code", error.detail))?;
    if code.as_str().len() != 12 {
        return Err(Unfit::new(
            "basic_code",
            "请在旧编码前补上 2 位区划（国家为 00），共 12 位。",
            "Put the two digits of the region (00 for the nation) before an older code, twelve in all.",
        ));
    }
    match stated {
        Some(kind) if kind != code.item_type() => {
            let says = code.item_type();
            Err(Unfit::new(
                "type",
                format!("基本编码表明类型是 {}，请改成一致或不写。", says.as_str()),
                format!("The basic code says type {}; make them agree or leave it out.", says.as_str()),
            ))
        }
        Some(_) | None => Ok(code),
    }
}

struct Values<'a> {
    zh: &'a str,
    en: &'a str,
    agency: Uscc,
    region: RegionCode,
    basic_code: BasicCode,
    code: GuideCode,
}

impl Values<'_> {
    /// The text with every `@KEY@` replaced; what is put in is not read again.
    fn fill(&self, text: &str) -> String {
        let pieces = text.split('@').enumerate();
        pieces
            .map(|(index, piece)| if index % 2 == 0 { piece.to_owned() } else { self.value(piece) })
            .collect()
    }

    fn value(&self, key: &str) -> String {
        let Self { zh, en, agency, region, basic_code, code } = self;
        match key {
            "NAME_ZH" => quoted(zh),
            "NAME_EN" => quoted(en),
            "SUMMARY_ZH" => {
                quoted(format!("户籍在本地的居民可以申请办理“{zh}”。在线填写表单即可，5 个工作日内办结。"))
            }
            "SUMMARY_EN" => quoted(format!(
                "Residents registered here may apply for “{en}”. Fill in the form online; it is decided within 5 working days."
            )),
            "TYPE" => quoted(basic_code.item_type().as_str()),
            "AGENCY" => quoted(agency),
            "REGION" => quoted(region),
            "BASIC_CODE" => quoted(basic_code),
            "CODE" => quoted(code),
            other => format!("@{other}@"),
        }
    }
}

/// A double-quoted scalar (YAML 1.2.2 §7.3.1): nothing in it is read as anything but text.
fn quoted(text: impl fmt::Display) -> String {
    format!("\"{}\"", text.to_string().replace('\\', "\\\\").replace('"', "\\\""))
}

/// The item with a legal basis put in.
#[cfg(test)]
pub(super) fn founded(item: &str) -> String {
    PLACEHOLDERS.iter().fold(item.to_owned(), |item, mark| {
        assert!(item.contains(mark), "{mark}");
        item.replace(mark, if mark.is_ascii() { "Law" } else { "法律" })
    })
}

#[cfg(test)]
mod tests;
