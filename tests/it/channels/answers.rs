//! Answers to any form: right ones, made from the kinds of its fields and bent
//! until the guide's rules are content, and wrong ones.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};
use wanshitong::domain::codes::{RegionCode, Uscc};
use wanshitong::domain::guides::{
    Applicant, Choice, Facts, Field, FieldKind, Guide, Whom, evaluate, prefill,
};

use super::people::{resident_id, with_check_character};
use super::random::Random;

/// What answers are made from.
pub struct Answers<'a> {
    pub guide: &'a Guide,
    pub applicant: &'a Applicant,
    pub today: NaiveDate,
    /// All regions there are, in order.
    pub regions: &'a [RegionCode],
}

/// Texts for fields with a pattern: one of them fits every pattern of the sample.
const FITTING: [&str; 18] = [
    "6217000012345678",
    "AB123456",
    "R340000017",
    "LIN XIAOLAN",
    "340705001001GB00001F00010001",
    "11010519491231002X31",
    "34070512345",
    "340705123456",
    "林晓岚",
    "铜陵市样例有限公司",
    "JY13407050000001",
    "12:30",
    "0562-2810613",
    "LSVAA49J132047371",
    "皖GA1234",
    "E12345678",
    "A123456789",
    "C1",
];
const WORDS: [&str; 6] =
    ["幸福里小区 3 号楼", "铜陵市样例单位", "ＡＢＣ１２３", " 周围 有 空格 ", "Sample", "林晓岚"];

impl Answers<'_> {
    /// Answers the guide would take, if there are any for this applicant; and
    /// whether it would.
    pub fn convincing(&self, random: &mut Random) -> (Facts, bool) {
        let mut facts = Facts::new();
        for field in &self.guide.form.fields {
            facts.set(field.name.as_str(), self.answer(field, random));
        }
        let exists = |code: &RegionCode| self.regions.binary_search(code).is_ok();
        for _ in 0..10 {
            let redo = {
                let said =
                    evaluate(self.guide, &facts, Whom::Known(self.applicant), self.today, &exists, None);
                if said.field_errors.is_empty() && said.eligible {
                    return (facts, true);
                }
                self.to_reconsider(&said)
            };
            if redo.is_empty() {
                break;
            }
            for name in redo {
                if let Some(field) = self.guide.form.field(&name).filter(|_| random.chance(70)) {
                    facts.set(name, self.answer(field, random));
                }
            }
        }
        (facts, false)
    }

    /// The fields whose answers stand in the way.
    fn to_reconsider(&self, said: &wanshitong::domain::guides::Evaluation<'_>) -> BTreeSet<String> {
        let wrong = said.field_errors.iter().filter_map(|error| error.pointer.split('/').nth(2));
        let wrong: BTreeSet<String> = wrong.map(str::to_owned).collect();
        let rules = self.guide.form.rules.iter().filter(|rule| wrong.contains(&rule.at));
        let asked = rules.map(|rule| &rule.when).chain(said.unmet.iter().chain(&said.open).map(|c| &c.when));
        let asked: BTreeSet<String> = asked.flat_map(|rule| rule.fields().clone()).collect();
        wrong.into_iter().chain(asked).collect()
    }

    fn answer(&self, field: &Field, random: &mut Random) -> Value {
        let known = field.prefill.as_ref().and_then(|_| {
            let noon = self.today.and_time(chrono::NaiveTime::MIN).and_utc();
            let known = prefill(&self.guide.form, self.applicant, &[], noon).facts;
            known.get(&field.name).filter(|value| value.is_string()).cloned()
        });
        match known {
            Some(value) if random.chance(75) => value,
            Some(_) | None => self.fresh_answer(&field.kind, random),
        }
    }

    fn fresh_answer(&self, kind: &FieldKind, random: &mut Random) -> Value {
        match kind {
            FieldKind::Text { max_length, pattern: None, .. } => {
                let word = if random.chance(40) { self.applicant.name.as_str() } else { random.pick(&WORDS) };
                Value::from(word.chars().take(*max_length as usize).collect::<String>())
            }
            FieldKind::Text { max_length, pattern: Some(pattern), .. } => {
                let fits = |text: &&&str| pattern.is_match(text) && text.len() <= *max_length as usize;
                let fitting: Vec<_> = FITTING.iter().filter(fits).collect();
                assert!(!fitting.is_empty(), "no text is ready for {pattern:?}: add one");
                Value::from(**random.pick(&fitting))
            }
            FieldKind::Number { min, max } | FieldKind::Money { min, max } => {
                let low = min.unwrap_or(0);
                let high = max.unwrap_or(1_000_000).max(low);
                let most = if random.chance(60) { (low + 12).min(high) } else { high };
                Value::from(random.between(low, most))
            }
            FieldKind::Date { past, future } => Value::from(self.day(*past, *future, random).to_string()),
            FieldKind::Boolean => Value::from(random.chance(50)),
            FieldKind::Choice { options } => Value::from(random.pick(options).value.as_str()),
            FieldKind::MultiChoice { options, min, max } => chosen(options, *min, *max, random),
            FieldKind::Region { under } => Value::from(self.region(under.as_ref(), random)),
            FieldKind::Address { under } => {
                json!({ "region": self.region(under.as_ref(), random), "detail": *random.pick(&WORDS) })
            }
            FieldKind::ResidentId => {
                let born = self.today - Days::new(random.between(1, 30_000) as u64);
                Value::from(resident_id(random.below(8000) as u64, born).expose())
            }
            FieldKind::Uscc => {
                let body = format!("91340705MA2T{:05}", random.below(100_000));
                Value::from(with_check_character(&body, Uscc::parse).as_str())
            }
            FieldKind::Mobile => Value::from(format!("138{:08}", random.below(100_000_000))),
            FieldKind::Declaration => Value::from(true),
            FieldKind::Group { fields, min, max } => {
                let rows = random.between(i64::from(*min).max(1), i64::from(*max).min(3));
                let row = |random: &mut Random| -> Value {
                    let cells =
                        fields.iter().map(|cell| (cell.name.clone(), self.fresh_answer(&cell.kind, random)));
                    Value::Object(cells.collect())
                };
                (0..rows).map(|_| row(random)).collect()
            }
            FieldKind::File { .. } => Value::Null,
        }
    }

    /// What whoever issues enters.
    pub fn determined(&self, random: &mut Random) -> Map<String, Value> {
        let fields = self.guide.determined().fields;
        fields.iter().map(|field| (field.name.clone(), self.fresh_answer(&field.kind, random))).collect()
    }

    fn day(&self, past: bool, future: bool, random: &mut Random) -> NaiveDate {
        let back = match random.below(4) {
            0 => random.between(0, 3),
            1 => random.between(0, 90),
            2 => random.between(90, 3000),
            _ => random.between(3000, 20_000),
        };
        let ahead = random.between(0, 45);
        let behind = past || (!future && random.chance(50));
        let today = self.today;
        if behind { today - Days::new(back as u64) } else { today + Days::new(ahead as u64) }
    }

    fn region(&self, under: Option<&RegionCode>, random: &mut Random) -> String {
        let district = RegionCode::parse("340705000000").unwrap();
        let near = random.chance(80);
        let fits = |code: &&RegionCode| under.is_none_or(|under| under.contains(code));
        let mut fitting: Vec<_> = self.regions.iter().filter(fits).collect();
        if near && fitting.iter().any(|code| district.contains(code)) {
            fitting.retain(|code| district.contains(code));
        }
        if fitting.is_empty() { "340705005002".to_owned() } else { random.pick(&fitting).to_string() }
    }

    /// A patch that spoils the answers in one way or another.
    pub fn spoiled(&self, random: &mut Random) -> Map<String, Value> {
        let field = random.pick(&self.guide.form.fields);
        let spoiler = match random.below(13) {
            0 => Value::Null,
            1 => json!(2.0),
            2 => json!(0.5),
            3 => json!(-1),
            4 => json!("2026-02-30"),
            5 => json!("零\u{0}字符"),
            6 => json!("字".repeat(500)),
            7 => json!([]),
            8 => json!(["gold", "gold"]),
            9 => json!({ "region": "340705005002" }),
            10 => json!({ "region": null, "detail": 1.5, "street": "x" }),
            11 => json!(false),
            _ => json!(9_007_199_254_740_993_i64),
        };
        let name = match random.below(12) {
            0 => "no_such_field",
            1 => "$private",
            _ => field.name.as_str(),
        };
        Map::from_iter([(name.to_owned(), spoiler)])
    }
}

fn chosen(options: &[Choice], min: u32, max: Option<u32>, random: &mut Random) -> Value {
    let most = max.map_or(options.len(), |max| max as usize).min(options.len());
    let count = random.between(i64::from(min.max(1)), most as i64) as usize;
    let mut all: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
    random.shuffle(&mut all);
    Value::from(all[..count.min(all.len())].to_vec())
}
