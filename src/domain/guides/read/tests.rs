mod examples;
mod inheritance;
mod scenarios;

use proptest::prelude::*;

use super::read_guide;
use crate::domain::guides::model::{Guide, Handling, Limits, MaterialSource};
use crate::domain::guides::problem::Problem;
use crate::domain::guides::source::MAX_FILE_BYTES;

const VALID: &str = include_str!("samples/valid.yaml");
const MISTAKES: &str = include_str!("samples/mistakes.yaml");

fn problems(yaml: &str) -> Vec<Problem> {
    read_guide(yaml).map(|_| Vec::new()).unwrap_or_else(|problems| problems)
}

/// The valid guide with one text replaced by another; every occurrence.
fn with(from: &str, to: &str) -> String {
    assert!(VALID.contains(from), "{from}");
    VALID.replace(from, to)
}

fn told(yaml: &str) -> String {
    problems(yaml).iter().map(|p| format!("{}:{}: {}\n", p.line, p.path, p.reason.en)).collect()
}

fn valid() -> Guide {
    read_guide(VALID).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn a_guide_without_mistakes_is_read_whole() {
    let guide = valid();
    assert_eq!(guide.code.as_str(), "11340705MBWXT061304000553001000");
    assert_eq!(guide.handling, Handling::Promised);
    assert_eq!(guide.form.fields.len(), 18);
    assert_eq!(guide.materials[3].source, MaterialSource::Shared { register: "population".to_owned() });
    assert_eq!(guide.telephone.enquiry, "0562-2800000");
    assert_eq!(
        guide.automatic.unwrap().approve_when.source(),
        r#"applicant.age >= 80 && in_region(applicant.residence, "340705000000")"#
    );
}

#[test]
fn every_mistake_of_a_file_is_told_at_its_line() {
    let mut expected: Vec<(usize, &str)> = Vec::new();
    for (index, line) in MISTAKES.lines().enumerate() {
        if let Some((_, marks)) = line.split_once("#! ") {
            expected.extend(marks.split(" | ").map(|mark| (index + 1, mark.trim())));
        }
    }
    assert!(expected.len() >= 50, "{}", expected.len());
    let mut unexpected = Vec::new();
    for problem in problems(MISTAKES) {
        let found = expected
            .iter()
            .position(|(line, mark)| *line == problem.line && problem.reason.en.contains(mark));
        match found {
            Some(index) => drop(expected.remove(index)),
            None => unexpected.push(problem.to_string()),
        }
    }
    assert!(
        expected.is_empty() && unexpected.is_empty(),
        "not told: {expected:#?}\nnot meant: {unexpected:#?}"
    );
}

#[test]
fn every_problem_is_told_in_both_languages() {
    for problem in problems(MISTAKES) {
        assert!(problem.reason.zh.chars().any(|c| c > '\u{2e80}'), "{problem}");
        assert!(!problem.reason.en.is_empty(), "{problem}");
    }
}

#[test]
fn a_problem_points_into_the_file() {
    let yaml = with("max_length: 30", "max_length: many");
    assert_eq!(
        told(&yaml),
        "40:/form/fields/1/max_length: Write a whole number from 0 to 4294967295 here, without quotes.\n"
    );
}

#[test]
fn a_mistake_in_the_form_does_not_set_off_others() {
    let yaml = with("type: choice\n      options:", "type: choise\n      options:");
    assert_eq!(told(&yaml).lines().count(), 1, "{}", told(&yaml));
}

#[test]
fn every_key_that_must_be_there_is_missed() {
    for key in [
        "format",
        "code",
        "item",
        "agency",
        "region",
        "summary",
        "topics",
        "service_objects",
        "handling",
        "limits",
        "fee",
        "form",
        "flow",
        "results",
        "delivery",
        "telephone",
    ] {
        let renamed = format!("x{key}");
        let yaml = VALID.replacen(&format!("\n{key}:"), &format!("\n{renamed}:"), 1);
        let yaml = if key == "format" { yaml.replacen("format:", "xformat:", 1) } else { yaml };
        let told = told(&yaml);
        assert!(told.contains(&format!("did you mean {key}?")), "{key}: {told}");
        assert_eq!(told.lines().count(), 1, "a misspelt key is one mistake: {told}");
    }
    for key in ["agency", "region", "handling", "fee", "delivery", "telephone"] {
        let kept = |line: &&str| !line.starts_with(&format!("{key}:"));
        let yaml: Vec<&str> = VALID.lines().filter(kept).collect();
        assert_eq!(told(&yaml.join("\n")), format!("1:/{key}: {key} is missing; add it.\n"));
    }
}

#[test]
fn the_plain_part_of_yaml_is_all_there_is() {
    for (yaml, part) in [
        ("".to_owned(), "The file is empty"),
        ("# nothing\n".to_owned(), "The file is empty"),
        ("[]".to_owned(), "Write `key: value` pairs"),
        (format!("{VALID}---\nformat: 1\n"), "A file holds one document"),
        (with("topics: [elderly]", "topics: &t [elderly]"), "no anchors"),
        (with("topics: [elderly]", "topics: *t"), "Not YAML"),
        (with("topics: [elderly]", "topics: &t [elderly]\nagain: *t"), "no anchors"),
        (with("when: applicant.age >= 80", "when: !facts.x"), "put it in quotes"),
        (with("when: applicant.age >= 80", "when: true ? true : false"), "Put text with"),
        (with("topics: [elderly]", "topics: [elderly"), "Not YAML"),
        (with("topics: [elderly]", "? [a]\n: b"), "A key must be text"),
        (format!("{}1{}", "[".repeat(100), "]".repeat(100)), "Nested too deeply"),
        ("- ".repeat(5_000), "Nested too deeply"),
        ("{a: ".repeat(100), "Nested too deeply"),
        ("{a: ".repeat(5_000), "Not YAML"),
        (" ".repeat(MAX_FILE_BYTES + 1), "The file is too large"),
        ("a: \"\\uD800\"".to_owned(), "Not YAML"),
        ("\u{0}".to_owned(), ""),
    ] {
        let told = told(&yaml);
        assert!(told.contains(part) && !told.is_empty(), "{part}: {told}");
    }
}

#[test]
fn values_yaml_would_change_must_be_quoted() {
    for (from, to) in [
        ("complaint: \"12345\"", "complaint: 12345"),
        ("region: \"340705000000\"", "region: 340705000000"),
        ("value: cash", "value: true"),
        ("value: cash", "value: 1e3"),
        ("value: cash", "value: 0x1F"),
        ("value: cash", "value: 0o17"),
        ("value: cash", "value: .5"),
        ("value: cash", "value: -.inf"),
    ] {
        assert!(told(&with(from, to)).contains("put it in quotes"), "{to}");
    }
    for to in ["value: no", "value: 2026-01-01", "value: 0562-1", "value: 1.2.3", "value: null_and_void"] {
        assert_eq!(told(&with("value: cash", to)), "", "{to}");
    }
    assert!(told(&with("value: cash", "value:")).contains("There is no value"));
    assert!(told(&with("value: cash", "value: ~")).contains("There is no value"));
}

#[test]
fn the_promised_limit_is_compared_across_units() {
    let limits = |legal: &str, promised: &str| {
        told(&with(
            "legal:    { days: 20, unit: working_day }\n  promised: { days: 5,  unit: working_day }",
            &format!("legal: {{ days: {legal} }}\n  promised: {{ days: {promised} }}"),
        ))
    };
    for (legal, promised, fits) in [
        ("5, unit: working_day", "5, unit: working_day", true),
        ("5, unit: working_day", "6, unit: working_day", false),
        ("18, unit: calendar_day", "5, unit: working_day", true),
        ("17, unit: calendar_day", "5, unit: working_day", false),
        ("5, unit: working_day", "5, unit: calendar_day", true),
        ("5, unit: working_day", "6, unit: calendar_day", false),
    ] {
        assert_eq!(limits(legal, promised).is_empty(), fits, "{legal} {promised}");
    }
    assert!(limits("5, unit: working_day", "0, unit: working_day").contains("handling: instant"));
    assert!(limits("0, unit: working_day", "1, unit: working_day").contains("at least 1 day"));
}

#[test]
fn limits_of_practice_are_the_usual_ones_unless_the_guide_has_its_own() {
    let usual = valid().limits;
    let days = |limits: Limits| [limits.correction(), limits.reply(), limits.rectification()].map(|l| l.days);
    assert_eq!(days(usual), [15, 3, 15]);
    let own = with("limits:\n", "limits:\n  correction: { days: 10, unit: working_day }\n");
    assert_eq!(days(read_guide(&own).unwrap().limits), [10, 3, 15]);
    let never = told(&own.replace("days: 10", "days: 0"));
    assert!(never.contains("limits/correction: This limit is at least 1 day"), "{never}");
}

#[test]
fn the_last_step_decides() {
    let (from, to) = (VALID.find("  - code: approve").unwrap(), VALID.find("results:").unwrap());
    let steps = &VALID[from..to];
    assert!(told(&with(steps, "")).contains("its role must be approver"));
    let instant =
        with(steps, "").replace("handling: promised", "handling: instant").replace("days: 5, ", "days: 0, ");
    assert_eq!(told(&instant), "");
    assert!(
        told(&with("role: handler }", "role: handler, four_eyes: true }"))
            .contains("Nobody acts before the first step")
    );
}

#[test]
fn an_older_guide_code_has_no_parts_to_compare() {
    assert_eq!(told(&with("\"11340705MBWXT061304000553001000\"", "\"11340705MBWXT06130000001\"")), "");
}

#[test]
fn an_expression_over_several_lines_is_read() {
    let yaml =
        with("approve_when: applicant.age >= 80 && ", "approve_when: >-\n    applicant.age >= 80\n    && ");
    assert_eq!(told(&yaml), "");
}

#[derive(Debug, Clone)]
enum Mutation {
    Delete(usize, usize),
    Insert(usize, String),
    Swap(usize, usize),
    Repeat(usize),
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let scrap = prop::sample::select(vec![
        ":",
        "- ",
        "\n",
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        "#",
        "&a ",
        "*a",
        "!x ",
        "|",
        ">",
        "?",
        "%",
        "@",
        "~",
        "null",
        "true",
        "99999999999999999999",
        "-1",
        "facts.",
        "applicant.",
        " ",
        "\t",
        "，",
        "\u{feff}",
        "\r",
        "---\n",
        "...\n",
        "code: x\n",
        "zh",
        "0",
    ]);
    let place = 0..VALID.len();
    prop::collection::vec(
        prop_oneof![
            (place.clone(), 0..40_usize).prop_map(|(at, length)| Mutation::Delete(at, length)),
            (place.clone(), scrap).prop_map(|(at, scrap)| Mutation::Insert(at, scrap.to_owned())),
            (place.clone(), place.clone()).prop_map(|(a, b)| Mutation::Swap(a, b)),
            place.prop_map(Mutation::Repeat),
        ],
        1..6,
    )
}

fn mutate(text: &str, mutations: &[Mutation]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for mutation in mutations {
        let length = characters.len().max(1);
        match mutation {
            Mutation::Delete(at, count) => {
                let at = at % length;
                characters.drain(at..(at + count).min(characters.len()));
            }
            Mutation::Insert(at, scrap) => {
                let at = at % length;
                characters.splice(at..at, scrap.chars());
            }
            Mutation::Swap(a, b) if !characters.is_empty() => characters.swap(a % length, b % length),
            Mutation::Swap(..) => {}
            Mutation::Repeat(at) => {
                let line: String =
                    text.lines().nth(at % text.lines().count()).unwrap_or("").to_owned() + "\n";
                let at = at % length;
                characters.splice(at..at, line.chars());
            }
        }
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_damaged_file_brings_the_reader_down(mutations in mutations()) {
        let damaged = mutate(VALID, &mutations);
        if let Err(problems) = read_guide(&damaged) {
            prop_assert!(!problems.is_empty());
            let lines = damaged.lines().count() + 1;
            for problem in problems {
                prop_assert!((1..=lines).contains(&problem.line), "{}", problem);
            }
        }
    }

    #[test]
    fn no_text_at_all_brings_the_reader_down(text in "[\\PC\\n]{0,200}") {
        prop_assert!(read_guide(&text).is_err());
    }
}

#[test]
fn what_nobody_can_meet_choose_or_keep_is_told() {
    let condition =
        |when: &str| VALID.replacen("    when: applicant.age >= 80", &format!("    when: {when}"), 1);
    for never in ["\"false\"", "1 > 2", "applicant.ial > 4", "applicant.age < 3 && applicant.age > 5"] {
        let found = told(&condition(never));
        assert!(found.contains("/conditions/0/when: Nobody can ever meet this"), "{never}: {found}");
    }
    assert_eq!(told(&condition("applicant.age >= 0")), "");
    // Whoever is known less well than the guide asks does not apply.
    let less = "applicant.ial < 2";
    assert!(told(&condition(less)).contains("Nobody can ever meet this"));
    let asks_less = condition(less).replace("identity: { ial: 2,", "identity: { ial: 1,");
    assert_eq!(told(&asks_less), "");
    let field = |more: &str| {
        let field = format!("    - {{ name: more, label: {{ zh: 更多, en: More }}, type: text, {more} }}\n");
        VALID.replacen("  fields:\n", &format!("  fields:\n{field}"), 1)
    };
    let less = field("visible_when: applicant.ial < 2");
    let found = told(&less);
    assert!(found.contains("/visible_when: No answers can ever make this field visible"), "{found}");
    assert_eq!(told(&less.replace("identity: { ial: 2,", "identity: { ial: 1,")), "");
    let found = told(&field("max_length: 11, pattern: \"^([0-9]{12}|[0-9]{16})$\""));
    assert!(found.contains("/pattern: A text that matches has 12 characters at the least"), "{found}");
    assert_eq!(told(&field("max_length: 12, pattern: \"^([0-9]{12}|[0-9]{16})$\"")), "");
    let found = told(&field("max_length: 12, pattern: ^a^b$"));
    assert!(found.contains("/pattern: No text matches this pattern"), "{found}");
    let and = |more: &str| {
        let second =
            format!("  - code: second\n    when: {more}\n    text: {{ zh: 又一条件, en: Another }}\n");
        told(&VALID.replacen("form:\n", &format!("{second}form:\n"), 1))
    };
    let found = and("applicant.age < 60");
    assert!(found.contains("/conditions/1/when: Nobody can meet this together with"), "{found}");
    assert_eq!(and("applicant.age < 90"), "");
    let texts = |length: u32| {
        let fields: String = (0..3)
            .map(|at| format!("    - {{ name: long{at}, label: {{ zh: 长文, en: Long }}, type: text, max_length: {length} }}\n"))
            .collect();
        told(&VALID.replacen("  fields:\n", &format!("  fields:\n{fields}"), 1))
    };
    let found = texts(10_000);
    assert!(found.contains("The max_length of the text fields comes to 3"), "{found}");
    assert_eq!(texts(5_000), "");
}

#[test]
fn an_option_is_written_as_its_answer_is_kept() {
    for (value, kept) in [("Ｂ", "B"), ("b  k", "b k")] {
        let found = told(&with("{ value: bank,", &format!("{{ value: \"{value}\",")));
        assert!(found.contains(&format!("/value: An answer is put as “{kept}”")), "{found}");
    }
}

#[test]
fn a_mark_to_be_filled_in_is_no_legal_basis() {
    let article = "article: 第三十三条";
    for mark in ["待补充", "TODO", "无", "\"-\"", "…", "tbd."] {
        let found = told(&with(article, &format!("article: {mark}")));
        assert!(
            found.contains("/item/legal_basis/0: This is still the template's text or a mark"),
            "{mark}: {found}"
        );
    }
    assert_eq!(told(&with(article, "article: 第三条之一")), "");
}

#[test]
fn an_address_is_one_a_browser_can_open_and_linked_data_can_name() {
    let of = |url: &str| {
        with("    deferrable: true\n", &format!("    deferrable: true\n    sample: {{ url: '{url}' }}\n"))
    };
    for good in [
        "https://example.gov.cn",
        "https://example.gov.cn:8443/a/b.pdf?x=1&y=(2)#p3",
        "https://example.gov.cn/%E6%A0%B7%E8%A1%A8.pdf",
    ] {
        assert_eq!(told(&of(good)), "", "{good}");
    }
    for (bad, sign) in [
        ("https://example.com/a b", " "),
        ("https://example.com/a\"b", "\""),
        ("https://example.com/c<>", "<"),
        ("https://example.com/样表.pdf", "样"),
        ("https://example.com/100%", "%"),
        ("https://example.com/a#b#c", "#"),
        ("https://exa_mple@com/", "_"),
        ("https:///a", "/"),
    ] {
        let yaml = of(bad);
        assert!(
            told(&yaml).contains(&format!("/materials/0/sample/url: No address holds “{sign}”")),
            "{bad}"
        );
        assert!(
            super::SourceFile::published(&yaml).into_guide(None, None).is_ok(),
            "{bad} was published before"
        );
    }
    assert!(told(&of("http://example.com")).contains("must start with https://"));
}
