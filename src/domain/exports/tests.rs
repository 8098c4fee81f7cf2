//! The exports of one guide that says everything, and of all sample guides.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::plain::COLUMNS;
use super::tables::{self, Tables};
use super::{About, Format, Part, cpsv, phone, plain, sheet, width};
use crate::domain::guides::{Guide, ItemFile, SourceFile, read_guide, to_yaml};
use crate::domain::text::{Language, Text};

const RICH: &str = include_str!("samples/rich.yaml");
static GUIDE: LazyLock<Guide> = LazyLock::new(|| read(RICH));
static AGENCY: LazyLock<Text> =
    LazyLock::new(|| Text::new("铜官区民政局", "Tongguan District Civil Affairs Bureau"));

fn read(yaml: &str) -> Guide {
    read_guide(yaml).unwrap_or_else(|problems| panic!("{problems:#?}\n{yaml}"))
}

fn about() -> About<'static> {
    About {
        agency: Some(&AGENCY),
        region: Some("铜官区"),
        version: Some(3),
        published_at: DateTime::from_timestamp(1_772_300_000, 0),
        withdrawn_at: None,
        at: DateTime::from_timestamp(1_772_400_000, 0),
        base_url: Some("https://portal.example"),
    }
}

/// Every guide of the sample city, what it inherits included, and the rich one.
fn samples() -> Vec<Guide> {
    let texts = |folder: &str| -> Vec<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample").join(folder);
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    };
    let items = texts("items").into_iter().map(|yaml| SourceFile::parse(&yaml).into_item(None).unwrap());
    let items: BTreeMap<String, ItemFile> =
        items.map(|item| (item.item.basic_code.to_string(), item)).collect();
    let guide = |yaml: String| {
        let source = SourceFile::parse(&yaml);
        let item = source.item_code().and_then(|code| items.get(code));
        source.into_guide(item, None).unwrap_or_else(|problems| panic!("{problems:#?}"))
    };
    let samples: Vec<Guide> = texts("guides").into_iter().map(guide).chain([GUIDE.clone()]).collect();
    assert!(samples.len() > 90, "{} samples", samples.len());
    samples
}

// ── Tables ──────────────────────────────────────────────────────────────────

#[test]
fn tables_give_back_the_same_guide() {
    for guide in samples() {
        let about = about();
        let tables = Tables::new(&guide, &about);
        let from_json = read(&tables::from_json(&tables.to_json()).unwrap());
        assert_eq!(from_json, guide);
        let from_csv = read(&tables::from_csv(&tables::csv_files(&tables)).unwrap());
        assert_eq!(from_csv, guide);
        assert_eq!(from_csv.content_hash(), guide.content_hash());
    }
}

#[test]
fn tables_of_the_rich_guide() {
    let about = about();
    let tables = Tables::new(&GUIDE, &about);
    insta::assert_snapshot!("tables", tables.to_json());
    let files = tables::csv_files(&tables);
    assert_eq!(files.len(), tables::codes().count() - 1, "all but the fees: this guide is free");
    let shown = ["item.csv", "materials.csv", "x_questions.csv"].map(|name| {
        let (_, text) = files.iter().find(|(file, _)| file == name).unwrap();
        format!("── {name}\n{}", text.trim_start_matches('\u{feff}').replace("\r\n", "\n"))
    });
    insta::assert_snapshot!("csv", shown.join("\n"));
}

#[test]
fn a_spreadsheet_runs_nothing_and_rounds_nothing() {
    let about = about();
    for (name, text) in tables::csv_files(&Tables::new(&GUIDE, &about)) {
        assert!(text.starts_with('\u{feff}') && text.contains("\r\n"), "{name}");
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        for record in reader.records() {
            for cell in &record.unwrap() {
                let begins = cell.trim_start();
                assert!(!begins.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{name}: {cell}");
                let digits = cell.bytes().all(|byte| byte.is_ascii_digit());
                assert!(!(digits && cell.len() > 11), "{name}: {cell}");
            }
        }
    }
    let conditions = tables::csv(&Tables::new(&GUIDE, &about), tables::table("conditions").unwrap());
    assert!(conditions.contains("'=年满80周岁"), "{conditions}");
}

#[test]
fn columns_and_tables_have_codes_of_their_own() {
    let document: Value = serde_json::from_str(&Tables::new(&GUIDE, &about()).to_json()).unwrap();
    let mut tables = BTreeMap::new();
    for table in document["tables"].as_array().unwrap() {
        let mut columns: Vec<&str> = table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column["code"].as_str().unwrap())
            .collect();
        let count = columns.len();
        columns.sort_unstable();
        columns.dedup();
        assert_eq!(columns.len(), count, "{}", table["code"]);
        tables.insert(table["code"].as_str().unwrap(), count);
    }
    assert_eq!(tables.len(), tables::codes().count());
}

#[test]
fn what_is_wrong_in_tables_is_told_with_its_place() {
    let wrong = |name: &str, text: &str| {
        let problems = tables::from_csv(&[(name.to_owned(), text.to_owned())]).unwrap_err();
        let told = problems.iter().map(|one| format!("{} {} {}", one.table, one.row, one.column));
        told.collect::<Vec<_>>()
    };
    assert_eq!(wrong("nothing.csv", "a\r\n"), ["nothing 0 "]);
    assert_eq!(
        wrong("materials.csv", "code,材料份数(copies),x\na,two,1\n"),
        ["materials 1 copies", "materials 1 x"]
    );
    assert_eq!(wrong("materials.csv", "code,x_deferrable\na,是\nb,maybe\n"), ["materials 2 x_deferrable"]);
    assert_eq!(wrong("x_fields.csv", "name,options\na,[\n"), ["x_fields 1 options"]);
    assert_eq!(wrong("item.csv", "name\na\nb\n"), ["item 2 "]);
    assert_eq!(tables::from_json("{}").unwrap_err().len(), 1);
    let json = json!({ "format": "wanshitong-guide-tables/1", "tables": [
        { "code": "item", "rows": [{ "visits": "many", "charged": 1 }] }
    ] });
    let problems = tables::from_json(&json.to_string()).unwrap_err();
    assert_eq!(problems.iter().map(|one| one.column.as_str()).collect::<Vec<_>>(), ["charged", "visits"]);
}

#[test]
fn tables_without_a_fee_leave_the_word_to_the_reader() {
    let about = about();
    let mut files = tables::csv_files(&Tables::new(&GUIDE, &about));
    files.retain(|(name, _)| name != "flow.csv");
    let yaml = tables::from_csv(&files).unwrap();
    let problems = read_guide(&yaml).unwrap_err();
    assert!(problems.iter().any(|problem| problem.path == "/flow"), "{problems:?}");
}

#[test]
fn questions_that_lead_in_a_circle_end() {
    let csv = "question,ask,answer,next\n1,一,甲,2\n2,二,乙,1\n2,二,丙,2\n";
    let yaml = tables::from_csv(&[("x_questions".to_owned(), csv.to_owned())]).unwrap();
    assert!(yaml.contains("answers: []"), "{yaml}");
}

#[test]
fn people_may_write_words_yes_and_chinese_marks() {
    let csv = "\u{feff}实施编码（guide_code）,服务对象(service_objects),charged,handling\n'0123,自然;1；enterprise,否,promised\n";
    let yaml = tables::from_csv(&[("item.csv".to_owned(), csv.to_owned())]).unwrap();
    assert!(yaml.contains("code: \"0123\""), "{yaml}");
    assert!(yaml.contains("service_objects: [自然, natural_person, enterprise]"), "{yaml}");
    assert!(yaml.contains("fee: { free: true }") && yaml.contains("handling: promised"), "{yaml}");
}

/// Texts that mean something to YAML, CSV, spreadsheets and HTML, as an agency could write them.
fn texts() -> impl Strategy<Value = String> {
    let signs = prop::sample::select(vec![
        "=1+1",
        "'a",
        "''",
        "-",
        "@x",
        "a,b",
        "a;b\\",
        "社保；医保",
        "\"",
        "a\r\nb",
        "a\nb",
        "012",
        "123456789012345",
        "true",
        "null",
        "<b>&amp;</b>",
        "a: b",
        "# a",
        "是",
        "[1]",
        "{}",
        "＝x",
        "\u{feff}a",
    ]);
    prop_oneof![signs.prop_map(str::to_owned), "\\PC{1,20}"]
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("a guide has no empty text", |text| !text.is_empty())
}

proptest! {
    // Each case reads a long guide three times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_a_guide_says_comes_back(words in prop::collection::vec(texts(), 12)) {
        let mut guide = GUIDE.clone();
        let text = |at: usize| Text::new(words[at].clone(), format!("en {}", words[at]).trim().to_owned());
        guide.item.name = text(0);
        guide.item.aliases = vec![words[1].clone()];
        // Signs alone are no legal basis.
        guide.item.legal_basis[0].article = format!("第三条{}", words[2]);
        guide.item.legal_basis[0].text = format!("条文{}", words[3]);
        guide.scenarios.clear();
        guide.questions = None;
        guide.examples.clear();
        for condition in &mut guide.conditions { condition.scenarios.clear(); condition.text = text(4); }
        for field in &mut guide.form.fields { field.scenarios.clear(); field.label = text(5); }
        for rule in &mut guide.form.rules { rule.scenarios.clear(); rule.text = text(6); }
        for material in &mut guide.materials { material.scenarios.clear(); material.name = text(7); }
        guide.materials[2].sample = Some(crate::domain::guides::Download::Text(words[8].clone()));
        guide.materials[1].help = Some(text(9));
        guide.venues[0].hours = text(10);
        guide.summary = text(11);
        let about = about();
        let tables = Tables::new(&guide, &about);
        prop_assert_eq!(&read(&to_yaml(&guide)), &guide);
        prop_assert_eq!(&read(&tables::from_json(&tables.to_json()).unwrap()), &guide);
        prop_assert_eq!(&read(&tables::from_csv(&tables::csv_files(&tables)).unwrap()), &guide);
    }
}

// ── Linked data ─────────────────────────────────────────────────────────────

#[test]
fn linked_data_of_the_rich_guide() {
    let document = cpsv::cpsv(&GUIDE, &about());
    insta::assert_snapshot!("cpsv", format!("{document:#}"));
}

#[test]
fn every_resource_that_is_named_is_there() {
    for guide in samples() {
        let document = cpsv::cpsv(&guide, &about());
        let graph = document["@graph"].as_array().unwrap();
        let there: Vec<&str> = graph.iter().map(|node| node["@id"].as_str().unwrap()).collect();
        let mut sorted = there.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), there.len(), "{}: a resource is described twice", guide.code);
        let context = document["@context"].as_object().unwrap();
        let is_link = |term: &str| context.get(term).is_some_and(|term| term["@type"] == "@id");
        for (term, value) in graph.iter().flat_map(|node| node.as_object().unwrap()) {
            assert!(term.starts_with('@') || context.contains_key(term), "{term} has no meaning");
            let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for value in values.iter().filter(|_| is_link(term)) {
                assert!(there.contains(&value.as_str().unwrap()), "{}: {term} {value}", guide.code);
            }
        }
    }
}

#[test]
fn a_withdrawn_guide_says_so_everywhere() {
    let about = About { withdrawn_at: about().published_at, ..about() };
    assert!(cpsv::cpsv(&GUIDE, &about).to_string().contains("status-inactive"));
    assert!(plain(&sheet(&GUIDE, &about, None), Language::Zh).contains("停止办理"));
    assert!(phone(&GUIDE, &about, None, Language::Zh).contains("本事项已停止受理。"));
}

#[test]
fn a_guide_is_offered_until_its_last_day_and_not_after() {
    let at = |seconds| DateTime::from_timestamp(seconds, 0);
    let status = |guide: &Guide, about: &About| cpsv::cpsv(guide, about).to_string();
    // To be withdrawn on 2026-03-12: until then it is open, and says until when.
    let about = About { withdrawn_at: at(1_773_270_000), ..about() };
    assert!(status(&GUIDE, &about).contains("status-active"));
    assert!(phone(&GUIDE, &about, None, Language::Zh).contains("本事项受理至2026-03-12。"));
    // From the first moment of that day on: the last cases are those of the day before.
    let midnight = "2026-03-11T16:00:00Z".parse().ok();
    let at_midnight = About { withdrawn_at: midnight, ..about };
    assert!(GUIDE.is_closed(midnight, midnight.unwrap()));
    assert!(phone(&GUIDE, &at_midnight, None, Language::Zh).contains("本事项受理至2026-03-11。"));
    // Its last day has passed.
    let ended = Guide { effective_until: "2026-02-28".parse().ok(), ..GUIDE.clone() };
    let about = About { withdrawn_at: None, ..about };
    assert!(status(&ended, &about).contains("status-inactive"));
    assert!(phone(&ended, &about, None, Language::En).contains("No new applications are taken."));
}

// ── Words ───────────────────────────────────────────────────────────────────

#[test]
fn text_and_telephone_of_the_rich_guide() {
    for language in Language::ALL {
        let tag = language.tag();
        insta::assert_snapshot!(format!("text_{tag}"), plain(&sheet(&GUIDE, &about(), None), language));
        insta::assert_snapshot!(format!("phone_{tag}"), phone(&GUIDE, &about(), Some("change"), language));
    }
}

#[test]
fn a_slip_fits_the_printer() {
    for guide in samples() {
        let scenarios = guide.scenarios.iter().map(|scenario| Some(scenario.code.as_str()));
        for scenario in scenarios.chain([None]) {
            for language in Language::ALL {
                let text = plain(&sheet(&guide, &about(), scenario), language);
                let long = text.lines().find(|line| width(line) > COLUMNS);
                assert_eq!(long, None, "{}", guide.code);
            }
        }
    }
}

#[test]
fn what_is_read_out_is_sentences() {
    for guide in samples() {
        for language in Language::ALL {
            for sentence in phone(&guide, &about(), None, language).lines() {
                assert!(sentence.ends_with(['。', '？', '！', '.', '?', '!']), "{sentence}");
                assert!(!sentence.contains(['《', '<', '*', '#', '_']), "{sentence}");
                let longest = if language == Language::Zh { 120 } else { 400 };
                assert!(sentence.chars().count() <= longest, "{}: {sentence}", guide.code);
            }
        }
    }
}

#[test]
fn a_scenario_shows_what_is_its_own() {
    let title = |sheet: &super::Sheet| sheet.section("scenarios").is_some();
    let (whole, change) = (sheet(&GUIDE, &about(), None), sheet(&GUIDE, &about(), Some("change")));
    assert!(title(&whole) && !title(&change));
    let count = |sheet: &super::Sheet, code: &str| match &sheet.section(code).unwrap().part {
        Part::List(entries) | Part::Steps(entries) => entries.len(),
        Part::Pairs(pairs) => pairs.len(),
    };
    assert_eq!((count(&whole, "materials"), count(&change, "materials")), (4, 3));
    assert_eq!((count(&whole, "flow"), count(&change, "flow")), (3, 1));
    let text = plain(&change, Language::Zh);
    assert!(text.contains("收费：12.50元") && text.contains("承诺时限：当场办结"), "{text}");
}

/// The guide of a sample item, which is of this name.
fn sample(name: &str) -> Guide {
    samples().into_iter().find(|guide| guide.item.name.zh == name).unwrap()
}

#[test]
fn what_belongs_to_one_scenario_is_never_said_of_all() {
    let divorce = sample("离婚登记");
    let said = phone(&divorce, &about(), None, Language::Zh);
    for sentence in [
        "仅限冷静期满领取离婚证：自收到申请之日起三十日的冷静期已经届满。",
        "仅限冷静期内撤回申请：自收到申请之日起未超过三十日。",
        "提出离婚登记申请：办好以后，您会收到离婚登记申请受理回执单。",
        "冷静期满领取离婚证：办好以后，您会收到离婚证。",
    ] {
        assert!(said.lines().any(|line| line == sentence), "{sentence}\n{said}");
    }
    let whole = sheet(&divorce, &about(), None);
    let entries = |code: &str| match &whole.section(code).unwrap().part {
        Part::List(entries) | Part::Steps(entries) => {
            entries.iter().map(|entry| (entry.name.zh.clone(), entry.notes.clone())).collect::<Vec<_>>()
        }
        Part::Pairs(_) => Vec::new(),
    };
    let notes = |code: &str, name: &str| {
        let found = entries(code).into_iter().find(|(entry, _)| entry == name);
        found.unwrap().1.into_iter().map(|note| note.zh).collect::<Vec<_>>()
    };
    assert_eq!(notes("scenarios", "提出离婚登记申请"), ["办理结果：离婚登记申请受理回执单"]);
    assert!(notes("results", "离婚证").contains(&"适用于：冷静期满领取离婚证".to_owned()));
    // Somebody who chose hears of his scenario alone.
    let chosen = phone(&divorce, &about(), Some("application"), Language::Zh);
    assert!(chosen.contains("您会收到离婚登记申请受理回执单") && !chosen.contains("仅限"), "{chosen}");
}

#[test]
fn linked_data_names_what_every_scenario_issues_costs_and_asks_for() {
    for guide in samples() {
        let document = cpsv::cpsv(&guide, &about());
        let graph = document["@graph"].as_array().unwrap();
        let titles = |of: &str| -> Vec<&str> {
            let nodes =
                graph.iter().filter(|node| node["@type"].as_array().is_some_and(|types| types[0] == of));
            nodes.filter_map(|node| node["title"][0]["@value"].as_str()).collect()
        };
        for own in guide.scenarios.iter().map(|scenario| &scenario.guide) {
            for result in own.results.iter().map(super::words::result) {
                assert!(titles("cv:Output").contains(&result.zh.as_str()), "{}: {}", guide.code, result.zh);
            }
        }
        let node = |part: &str| graph.iter().find(|node| node["identifier"] == part).unwrap();
        let belonging =
            guide.conditions.iter().map(|one| (format!("condition-{}", one.code), &one.scenarios));
        let materials = guide.materials.iter().map(|one| (format!("material-{}", one.code), &one.scenarios));
        for (part, scenarios) in belonging.chain(materials) {
            let is_marked = node(&part)["description"].to_string().contains("仅限：");
            assert_eq!(is_marked, !scenarios.is_empty(), "{}: {part}", guide.code);
        }
    }
    let costs = cpsv::cpsv(&GUIDE, &about())["@graph"][0]["hasCost"].clone();
    assert_eq!(costs.as_array().map(Vec::len), Some(2), "one scenario is free, the other is not");
}

#[test]
fn an_address_of_old_is_put_so_that_linked_data_can_name_it() {
    let mut guide = GUIDE.clone();
    let url = "https://example.com/a b\"c<>".to_owned();
    guide.materials[0].sample = Some(crate::domain::guides::Download::Url(url));
    let document = cpsv::cpsv(&guide, &about()).to_string();
    assert!(document.contains("https://example.com/a%20b%22c%3C%3E"), "{document}");
}

#[test]
fn marks_that_compare_are_spoken_and_brackets_are_not() {
    let said = |summary: Text, language| {
        let guide = Guide { summary, ..GUIDE.clone() };
        phone(&guide, &About::default(), Some("new"), language).lines().nth(2).unwrap().to_owned()
    };
    for (written, zh, en) in [
        ("收入<2000元且>0元", "收入小于2000元且大于0元。", "收入 less than 2000元且 more than 0元."),
        ("年龄 >= 60", "年龄 不低于 60。", "年龄 at least 60."),
        ("18 < 年龄≤60", "18 小于 年龄不超过60。", "18 less than 年龄 at most 60."),
        ("按<示例办法>办理", "按示例办法办理。", "按示例办法办理."),
        ("<b>不收费</b>", "b不收费/b。", "b不收费/b."),
    ] {
        assert_eq!(said(Text::new(written, written), Language::Zh), zh);
        assert_eq!(said(Text::new(written, written), Language::En), en);
    }
}

#[test]
fn formats_are_known_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
    assert_eq!(Format::parse("pdf"), None);
}
