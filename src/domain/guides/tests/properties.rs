//! Rules that hold for every form and every answer.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{applicant, everywhere, guide, today};
use crate::domain::canonical::MAX_WHOLE;
use crate::domain::codes::{Mobile, RegionCode, ResidentId, Uscc};
use crate::domain::guides::*;
use crate::domain::text::Text;

/// Answers of every kind, right and wrong, and everything in between.
fn answers() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        " ",
        "a",
        "b",
        "c",
        "d",
        " a ",
        "ａ",
        "2026-01-31",
        "2026-02-30",
        "2026-1-1",
        "0000-01-01",
        "10000-01-01",
        "11010519491231002X",
        "11010519491231002x",
        "110105194912310021",
        "44052418800101001４",
        "91350100M000100Y43",
        "91350100m000100y43",
        "91350100M000100Y4Z",
        "13812345678",
        "+86 138-1234-5678",
        "12812345678",
        "340705005002",
        "340705000000",
        "340100000000",
        "000000000000",
        "370102013006008",
        "34070500500",
        "x\ny",
        "\u{0}",
        "甲乙丙丁",
    ]);
    let leaf = prop_oneof![
        3 => texts.prop_map(Value::from),
        1 => "\\PC{0,8}".prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => (-12..12_i64).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => prop::sample::select(vec![1.0, -0.0, 0.5, 1e15, 1e300]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("region|detail|x", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    prop::sample::subsequence(vec!["a", "b", "c", "甲乙丙丁"], 1..=4).prop_map(|values| {
        values
            .into_iter()
            .map(|value| Choice { value: value.to_owned(), label: Text::new(value, value) })
            .collect()
    })
}

fn bounds() -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    (prop::option::of(-9..0_i64), prop::option::of(0..9_i64))
}

fn under() -> impl Strategy<Value = Option<RegionCode>> {
    prop::option::of(prop::sample::select(vec!["340000000000", "340705000000", "340705005002"]))
        .prop_map(|code| code.and_then(|code| RegionCode::parse(code).ok()))
}

fn kinds() -> impl Strategy<Value = FieldKind> {
    let pattern = prop::option::of(prop::sample::select(vec!["^[a-z]$", "^[0-9]{2,}$", "^.+$"]))
        .prop_map(|pattern| pattern.and_then(|pattern| Pattern::parse(pattern).ok()));
    prop_oneof![
        (2..6_u32, any::<bool>(), pattern).prop_map(|(max_length, multiline, pattern)| {
            FieldKind::Text { max_length, multiline, pattern }
        }),
        bounds().prop_map(|(min, max)| FieldKind::Number { min, max }),
        bounds().prop_map(|(min, max)| FieldKind::Money { min, max }),
        Just(FieldKind::Date { past: false, future: false }),
        Just(FieldKind::Boolean),
        choices().prop_map(|options| FieldKind::Choice { options }),
        (choices(), 0..3_u32, prop::option::of(2..4_u32))
            .prop_map(|(options, min, max)| FieldKind::MultiChoice { options, min, max }),
        under().prop_map(|under| FieldKind::Region { under }),
        under().prop_map(|under| FieldKind::Address { under }),
        Just(FieldKind::ResidentId),
        Just(FieldKind::Uscc),
        Just(FieldKind::Mobile),
        Just(FieldKind::Declaration),
    ]
}

/// Forms without conditions.
fn forms() -> impl Strategy<Value = Form> {
    let kinds = prop_oneof![4 => kinds(), 1 => groups()];
    fields(kinds, 1..4).prop_map(|fields| Form { rules: Vec::new(), fields })
}

fn groups() -> impl Strategy<Value = FieldKind> {
    let plain = kinds().prop_filter("no declarations in rows", |kind| *kind != FieldKind::Declaration);
    (fields(plain, 1..3), 0..2_u32, 1..3_u32).prop_map(|(fields, min, max)| FieldKind::Group {
        fields,
        min: min.min(max),
        max,
    })
}

fn fields(
    kinds: impl Strategy<Value = FieldKind>,
    count: std::ops::Range<usize>,
) -> impl Strategy<Value = Vec<Field>> {
    prop::collection::vec((kinds, any::<bool>()), count).prop_map(|fields| {
        let field = |(index, (kind, required))| Field {
            name: format!("f{index}"),
            label: Text::new("项", "item"),
            help: None,
            kind,
            required: if required { Requirement::Required } else { Requirement::Optional },
            visible_when: None,
            prefill: None,
            scenarios: Vec::new(),
        };
        fields.into_iter().enumerate().map(field).collect()
    })
}

fn some_facts(names: &'static str) -> impl Strategy<Value = Facts> {
    prop::collection::btree_map(names, answers(), 0..5)
        .prop_map(|members| Facts::from(members.into_iter().collect::<Map<_, _>>()))
}

/// A right answer to a field, now and then.
fn right(kind: &FieldKind) -> Value {
    match kind {
        FieldKind::Text { pattern: Some(pattern), .. } => {
            json!(["a", "12"].into_iter().find(|text| pattern.is_match(text)))
        }
        FieldKind::Text { .. } => json!("a"),
        FieldKind::Number { .. } | FieldKind::Money { .. } => json!(0),
        FieldKind::Date { .. } => json!("2024-02-29"),
        FieldKind::Boolean => json!(false),
        FieldKind::Choice { options } => json!(options[0].value),
        FieldKind::MultiChoice { options, .. } => options.iter().map(|o| o.value.clone()).collect(),
        FieldKind::Region { .. } => json!("340705005002"),
        FieldKind::Address { .. } => json!({ "region": "340705005002", "detail": "1" }),
        FieldKind::ResidentId => json!("11010519491231002X"),
        FieldKind::Uscc => json!("91350100M000100Y43"),
        FieldKind::Mobile => json!("13812345678"),
        FieldKind::Declaration => json!(true),
        FieldKind::Group { fields, .. } => {
            let row = fields.iter().map(|field| (field.name.clone(), right(&field.kind)));
            json!([row.collect::<Map<_, _>>()])
        }
        FieldKind::File { .. } => json!(null),
    }
}

fn guide_with(form: Form) -> Guide {
    Guide { form, ..guide() }
}

fn schema_accepts(form: &Form, facts: &Facts) -> bool {
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .with_format("resident-id", |text: &str| ResidentId::parse(text).is_ok())
        .with_format("uscc", |text: &str| Uscc::parse(text).is_ok())
        .with_format("region-code", |text: &str| RegionCode::parse(text).is_ok())
        .build(&form_schema(form))
        .unwrap();
    validator.is_valid(&Value::Object(facts.as_map().clone()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_schema_accepts_what_a_submission_accepts(
        form in forms(), facts in some_facts("f[0-3]"), keep in prop::collection::vec(0..3_u8, 4),
    ) {
        let mut facts = facts;
        for (field, keep) in form.fields.iter().zip(keep) {
            if keep > 0 {
                facts.set(field.name.as_str(), right(&field.kind));
            }
        }
        let facts = normalise(&form, &facts, &applicant(), today());
        let accepted = schema_accepts(&form, &facts);
        let guide = guide_with(form);
        let errors = check_complete(&guide, &facts, &applicant(), today(), &everywhere);
        prop_assert_eq!(accepted, errors.is_empty(), "{:?} {:?}", facts, errors);
    }

    #[test]
    fn normalising_twice_is_normalising_once(facts in some_facts("pay_by|bank_account|start_date|home|needs|mobile|id_number|remark|household|x")) {
        let form = guide().form;
        let once = normalise(&form, &facts, &applicant(), today());
        prop_assert_eq!(&normalise(&form, &once, &applicant(), today()), &once);
    }

    #[test]
    fn normalising_any_form_twice_is_normalising_once(form in forms(), facts in some_facts("f[0-3]")) {
        let once = normalise(&form, &facts, &applicant(), today());
        prop_assert_eq!(&normalise(&form, &once, &applicant(), today()), &once);
    }

    #[test]
    fn whatever_is_complete_would_have_been_a_good_draft(form in forms(), facts in some_facts("f[0-3]")) {
        let facts = normalise(&form, &facts, &applicant(), today());
        let draft = check_partial(&form, &facts);
        let guide = guide_with(form);
        if check_complete(&guide, &facts, &applicant(), today(), &everywhere).is_empty() {
            prop_assert_eq!(draft, Vec::new());
        }
    }

    #[test]
    fn no_answer_brings_the_checks_down(
        facts in some_facts("pay_by|bank_account|start_date|end_date|home|born_in|needs|mobile|sex|born|household|income|truthful|[a-z/~]{1,3}"),
    ) {
        let guide = guide();
        let outcome = evaluate(&guide, &facts, Whom::Known(&applicant()), today(), &everywhere, None);
        check_partial(&guide.form, &facts);
        prop_assert_eq!(outcome.materials.len(), guide.materials.len());
    }

    #[test]
    fn right_answers_are_accepted(kind in kinds()) {
        let field = Field { kind, ..guide().form.fields[0].clone() };
        let facts = Facts::from(Map::from_iter([(field.name.clone(), right(&field.kind))]));
        let possible = !matches!(&field.kind, FieldKind::MultiChoice { options, min, max }
            if options.len() < *min as usize || max.is_some_and(|max| options.len() > max as usize));
        let guide = guide_with(Form { fields: vec![field], rules: Vec::new() });
        let errors = check_complete(&guide, &facts, &applicant(), today(), &everywhere);
        prop_assert!(errors.is_empty() || !possible, "{:?}", errors);
    }

    #[test]
    fn whole_numbers_stay_within_what_json_can_carry(number in any::<i64>()) {
        let field = Field { kind: FieldKind::Number { min: None, max: None }, ..guide().form.fields[0].clone() };
        let facts = Facts::from(Map::from_iter([(field.name.clone(), json!(number))]));
        let form = Form { fields: vec![field], rules: Vec::new() };
        prop_assert_eq!(check_partial(&form, &facts).is_empty(), number.unsigned_abs() <= MAX_WHOLE.unsigned_abs());
    }

    #[test]
    fn a_mobile_number_is_one_fact_however_it_is_written(number in "1[3-9][0-9]{9}", prefix in "(\\+86)?[ -]?") {
        let form = guide().form;
        let facts = Facts::from(Map::from_iter([("mobile".to_owned(), json!(format!("{prefix}{number}")))]));
        let clean = normalise(&form, &facts, &applicant(), today());
        prop_assert_eq!(clean.get("mobile"), Some(&json!(number.clone())));
        prop_assert!(Mobile::parse(&number).is_ok());
    }
}
