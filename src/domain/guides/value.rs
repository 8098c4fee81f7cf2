//! Whether one answer fits its field: type, form and bounds.

use chrono::NaiveDate;
use serde_json::{Map, Value};

use super::expr::date;
use super::form::is_empty_row;
use super::model::{Choice, Field, FieldKind, Requirement};
use super::pattern::Pattern;
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::codes::{CodeError, Mobile, RegionCode, RegionLevel, ResidentId, Uscc};
use crate::domain::text::Text;

/// The longest detail of an address, in characters.
pub(super) const MAX_DETAIL: u32 = 200;

/// What is wrong with an answer. The detail completes a sentence that starts
/// with the label of the field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wrong {
    pub code: &'static str,
    pub detail: Text,
    /// The part of the answer it is about, as the rest of a JSON pointer.
    pub below: String,
}

impl Wrong {
    fn new(code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, detail: Text::new(zh, en), below: String::new() }
    }

    pub fn required() -> Self {
        Self::new("required", "为必填项，请填写。", "this is required; please answer it.")
    }

    /// Whether more of the answer may simply be still to come, as in a draft.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.code, "required" | "too_few" | "not_affirmed" | "too_coarse")
    }

    fn wrong_type(zh: &str, en: &str) -> Self {
        Self::new("wrong_type", format!("应为{zh}。"), format!("this must be {en}."))
    }

    /// The same, of a part of the answer.
    fn below(self, part: &str) -> Self {
        Self { below: format!("{part}{}", self.below), ..self }
    }

    /// The same, of a field of a row.
    fn of_cell(self, row: usize, field: &Field) -> Self {
        let (row_no, label) = (row + 1, &field.label);
        let detail = Text::new(
            format!("第 {row_no} 行“{}”{}", label.zh, self.detail.zh),
            format!("row {row_no}, “{}”: {}", label.en, self.detail.en),
        );
        Self { detail, ..self }.below(&format!("/{row}/{}", field.name))
    }
}

impl From<CodeError> for Wrong {
    fn from(error: CodeError) -> Self {
        Self::new(error.code, format!("有误：{}", error.detail.zh), error.detail.en)
    }
}

/// Whether this value answers a field of this kind.
pub fn is_answer(kind: &FieldKind, value: &Value) -> bool {
    check_value(kind, value).is_empty()
}

/// What can be judged without knowing the day or the regions. `value` is in
/// canonical form.
pub(super) fn check_value(kind: &FieldKind, value: &Value) -> Vec<Wrong> {
    match kind {
        FieldKind::Text { max_length, multiline: _, pattern } => {
            with_text(value, |text| check_text(text, *max_length, pattern.as_ref()))
        }
        FieldKind::Number { min, max } => check_number(value, *min, *max, |n| n.to_string()),
        FieldKind::Money { min, max } => check_number(value, *min, *max, yuan),
        FieldKind::Date { .. } => with_text(value, |text| match date(text) {
            Some(_) => Vec::new(),
            None => vec![Wrong::new(
                "not_a_date",
                "应为真实存在的日期，写成 2026-01-31 的形式。",
                "this must be a date that exists, written like 2026-01-31.",
            )],
        }),
        FieldKind::Boolean => match value {
            Value::Bool(_) => Vec::new(),
            _ => vec![Wrong::wrong_type("是或否（true 或 false）", "true or false")],
        },
        FieldKind::Choice { options } => with_text(value, |text| check_option(options, text)),
        FieldKind::MultiChoice { options, min, max } => check_chosen(value, options, *min, *max),
        FieldKind::Region { under } => with_text(value, |text| check_under(text, under.as_ref())),
        FieldKind::Address { under } => check_address(value, under.as_ref()),
        FieldKind::ResidentId => {
            with_text(value, |text| canonical_code(text, ResidentId::parse(text), ResidentId::expose))
        }
        FieldKind::Uscc => with_text(value, |text| canonical_code(text, Uscc::parse(text), Uscc::as_str)),
        FieldKind::Mobile => {
            with_text(value, |text| canonical_code(text, Mobile::parse(text), Mobile::as_str))
        }
        FieldKind::Group { fields, min, max } => check_rows(value, fields, *min, *max),
        FieldKind::File { .. } => vec![Wrong::new(
            "not_an_answer",
            "请上传文件，不要在这里填写。",
            "upload the file; nothing is to be entered here.",
        )],
        FieldKind::Declaration => match value {
            Value::Bool(true) => Vec::new(),
            Value::Bool(false) => vec![Wrong::new(
                "not_affirmed",
                "：请阅读并勾选确认后再继续。",
                "read this and tick it to go on.",
            )],
            _ => vec![Wrong::wrong_type("勾选确认（true）", "ticked (true)")],
        },
    }
}

fn with_text(value: &Value, check: impl FnOnce(&str) -> Vec<Wrong>) -> Vec<Wrong> {
    match value {
        Value::String(text) => check(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            vec![Wrong::wrong_type("文字", "text")]
        }
    }
}

fn check_text(text: &str, max_length: u32, pattern: Option<&Pattern>) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if text.is_empty() {
        wrong.push(Wrong::required());
    }
    let length = text.chars().count();
    if length > max_length as usize {
        wrong.push(Wrong::new(
            "too_long",
            format!("最多 {max_length} 个字，现有 {length} 个，请删减。"),
            format!("at most {max_length} characters, but there are {length}; shorten it."),
        ));
    }
    if let Some(pattern) = pattern
        && !pattern.is_match(text)
    {
        wrong.push(Wrong::new(
            "wrong_format",
            "格式不对，请对照填写说明核对后重新填写。",
            "the format is wrong; compare it with the instructions and enter it again.",
        ));
    }
    wrong
}

fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}¥{}.{:02}", fen / 100, fen % 100)
}

fn check_number(
    value: &Value,
    min: Option<i64>,
    max: Option<i64>,
    show: impl Fn(i64) -> String,
) -> Vec<Wrong> {
    let Some(number) = value.as_i64() else {
        return vec![Wrong::wrong_type("整数", "a whole number")];
    };
    let (min, max) = (min.unwrap_or(-MAX_WHOLE), max.unwrap_or(MAX_WHOLE));
    if number < min {
        let min = show(min);
        return vec![Wrong::new(
            "too_small",
            format!("不能小于 {min}。"),
            format!("this must be {min} or more."),
        )];
    }
    if number > max {
        let max = show(max);
        return vec![Wrong::new(
            "too_large",
            format!("不能大于 {max}。"),
            format!("this must be {max} or less."),
        )];
    }
    Vec::new()
}

fn check_option(options: &[Choice], text: &str) -> Vec<Wrong> {
    if options.iter().any(|option| option.value == text) {
        return Vec::new();
    }
    vec![not_an_option(options)]
}

fn not_an_option(options: &[Choice]) -> Wrong {
    let names = |language: fn(&Choice) -> &str| options.iter().map(language).collect::<Vec<_>>();
    Wrong::new(
        "not_an_option",
        format!("请从选项中选择：{}。", names(|option| &option.label.zh).join("、")),
        format!("choose one of: {}.", names(|option| &option.label.en).join(", ")),
    )
}

fn check_chosen(value: &Value, options: &[Choice], min: u32, max: Option<u32>) -> Vec<Wrong> {
    let Value::Array(chosen) = value else {
        return vec![Wrong::wrong_type("选项列表", "a list of options")];
    };
    let mut wrong = Vec::new();
    if chosen.iter().any(|item| item.as_str().is_none_or(|text| !check_option(options, text).is_empty())) {
        wrong.push(not_an_option(options));
    }
    if chosen.iter().enumerate().any(|(index, item)| chosen[..index].contains(item)) {
        wrong.push(Wrong::new(
            "chosen_twice",
            "有重复的选项，请去掉。",
            "an option is chosen twice; remove one.",
        ));
    }
    let min = min.max(1) as usize;
    if chosen.len() < min {
        wrong.push(Wrong::new("too_few", format!("至少选 {min} 项。"), format!("choose at least {min}.")));
    }
    if let Some(max) = max
        && chosen.len() > max as usize
    {
        wrong.push(Wrong::new("too_many", format!("最多选 {max} 项。"), format!("choose at most {max}.")));
    }
    wrong
}

fn check_rows(value: &Value, fields: &[Field], min: u32, max: u32) -> Vec<Wrong> {
    let Value::Array(rows) = value else {
        return vec![Wrong::wrong_type("若干行", "a list of rows")];
    };
    let given = || rows.iter().enumerate().filter(|(_, row)| !is_empty_row(row));
    let mut wrong: Vec<Wrong> = given().flat_map(|(index, row)| check_row(index, row, fields)).collect();
    let count = given().count();
    if count < min as usize {
        wrong.push(Wrong::new("too_few", format!("至少填 {min} 行。"), format!("at least {min} rows.")));
    }
    if count > max as usize {
        wrong.push(Wrong::new("too_many", format!("最多填 {max} 行。"), format!("at most {max} rows.")));
    }
    wrong
}

fn check_row(index: usize, row: &Value, fields: &[Field]) -> Vec<Wrong> {
    let Value::Object(members) = row else {
        let wrong = Wrong::wrong_type("一行（字段和值）", "a row (fields and values)");
        return vec![wrong.below(&format!("/{index}"))];
    };
    let mut wrong = Vec::new();
    for field in fields {
        let of_field = match members.get(&field.name) {
            None if matches!(field.required, Requirement::Required) => vec![Wrong::required()],
            None => Vec::new(),
            Some(value) => check_value(&field.kind, value),
        };
        wrong.extend(of_field.into_iter().map(|wrong| wrong.of_cell(index, field)));
    }
    for name in members.keys().filter(|name| fields.iter().all(|field| field.name != **name)) {
        let unknown = Wrong::new(
            "unknown_field",
            format!("第 {} 行没有“{name}”这一项，请去掉。", index + 1),
            format!("row {} has no field “{name}”; leave it out.", index + 1),
        );
        wrong.push(unknown.below(&format!("/{index}/{}", name.replace('~', "~0").replace('/', "~1"))));
    }
    wrong
}

/// A code that parses, and is written in the one way it is stored.
fn canonical_code<T>(text: &str, code: Result<T, CodeError>, stored: fn(&T) -> &str) -> Vec<Wrong> {
    match code {
        Ok(code) if stored(&code) == text => Vec::new(),
        Ok(_) => vec![Wrong::new(
            "wrong_format",
            "含有多余的空格或符号，请去掉。",
            "there are blanks or signs that do not belong; remove them.",
        )],
        Err(error) => vec![error.into()],
    }
}

fn check_under(text: &str, under: Option<&RegionCode>) -> Vec<Wrong> {
    match (RegionCode::parse(text), under) {
        (Err(error), _) => vec![error.into()],
        (Ok(region), Some(under)) if !under.contains(&region) => vec![Wrong::new(
            "outside_region",
            "不在本事项的办理区域内，请选择区域内的地址。",
            "this lies outside the area served; choose a place within it.",
        )],
        (Ok(_), _) => Vec::new(),
    }
}

/// 县级: what a postal address in China names at least.
pub(super) const ADDRESS_LEVEL: RegionLevel = RegionLevel::County;

fn check_deep_enough(text: &str, under: Option<&RegionCode>) -> Vec<Wrong> {
    let wrong = check_under(text, under);
    match RegionCode::parse(text) {
        Ok(region) if wrong.is_empty() && region.level() < ADDRESS_LEVEL => vec![Wrong::new(
            "too_coarse",
            "请继续选择到县（市、区）或更下一级。",
            "choose on, down to the county or district at least.",
        )],
        Ok(_) | Err(_) => wrong,
    }
}

fn check_address(value: &Value, under: Option<&RegionCode>) -> Vec<Wrong> {
    let Value::Object(members) = value else {
        return vec![Wrong::wrong_type("地址（地区和详细地址）", "an address (region and detail)")];
    };
    let mut wrong = member(members, "region", "/region", |text| check_deep_enough(text, under));
    wrong.extend(member(members, "detail", "/detail", |text| check_text(text, MAX_DETAIL, None)));
    if members.keys().any(|name| !matches!(name.as_str(), "region" | "detail")) {
        wrong.push(Wrong::new(
            "unknown_field",
            "只含 region 和 detail 两项，请去掉其他项。",
            "an address has region and detail only; leave the rest out.",
        ));
    }
    wrong
}

fn member(
    members: &Map<String, Value>,
    name: &str,
    below: &str,
    check: impl FnOnce(&str) -> Vec<Wrong>,
) -> Vec<Wrong> {
    let wrong = match members.get(name) {
        None => vec![Wrong::required()],
        Some(value) => with_text(value, check),
    };
    wrong.into_iter().map(|wrong| wrong.below(below)).collect()
}

/// What can be judged only with the day and the register of regions at hand.
pub(super) fn check_in_time_and_place(
    kind: &FieldKind,
    value: &Value,
    today: NaiveDate,
    exists: &dyn Fn(&RegionCode) -> bool,
) -> Vec<Wrong> {
    let FieldKind::Group { fields, .. } = kind else {
        return check_day(kind, value, today).into_iter().chain(check_region(kind, value, exists)).collect();
    };
    let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut wrong = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        for (field, value) in fields.iter().filter_map(|field| Some((field, row.get(&field.name)?))) {
            let of_cell = check_in_time_and_place(&field.kind, value, today, exists);
            wrong.extend(of_cell.into_iter().map(|wrong| wrong.of_cell(index, field)));
        }
    }
    wrong
}

/// Dates that must not be past or future, as of `today`.
fn check_day(kind: &FieldKind, value: &Value, today: NaiveDate) -> Option<Wrong> {
    let FieldKind::Date { past, future } = kind else {
        return None;
    };
    let day = value.as_str().and_then(date)?;
    if *past && day > today {
        return Some(Wrong::new("in_the_future", "不能晚于今天。", "this must not be after today."));
    }
    if *future && day < today {
        return Some(Wrong::new("in_the_past", "不能早于今天。", "this must not be before today."));
    }
    None
}

/// Regions that must be in the register.
fn check_region(kind: &FieldKind, value: &Value, exists: &dyn Fn(&RegionCode) -> bool) -> Option<Wrong> {
    let (text, below) = match kind {
        FieldKind::Region { .. } => (value.as_str(), ""),
        FieldKind::Address { .. } => (value.get("region").and_then(Value::as_str), "/region"),
        FieldKind::Text { .. }
        | FieldKind::Number { .. }
        | FieldKind::Money { .. }
        | FieldKind::Date { .. }
        | FieldKind::Boolean
        | FieldKind::Choice { .. }
        | FieldKind::MultiChoice { .. }
        | FieldKind::ResidentId
        | FieldKind::Uscc
        | FieldKind::Mobile
        | FieldKind::Declaration
        | FieldKind::Group { .. }
        | FieldKind::File { .. } => return None,
    };
    let region = RegionCode::parse(text?).ok()?;
    (!exists(&region)).then(|| {
        Wrong::new(
            "unknown_region",
            "没有这个地区，请从列表中重新选择。",
            "there is no such region; choose it from the list.",
        )
        .below(below)
    })
}
