//! Rows that two parts ask for, and rows that only look so.

use super::plan::{BUNDLE, bind, bind_published, bind_to, guides};
use crate::domain::bundles::*;
use crate::domain::guides::{Field, FieldKind, Guide};

const NAME: &str = "姓名";
const NUMBER: &str = "公民身份号码";
const SINCE: &str = "用工之日";
const WAGE: &str = "月工资";

/// A table of these columns, called this.
fn table(name: &str, label: &str, columns: &[&str], like: &Field) -> Field {
    let column = |(number, label): (usize, &&str)| {
        let mut column = like.clone();
        (column.name, column.label.zh) = (format!("column_{number}"), (*label).to_owned());
        column
    };
    let mut table = like.clone();
    let fields = columns.iter().enumerate().map(column).collect();
    (table.name, table.label.zh) = (name.to_owned(), label.to_owned());
    table.kind = FieldKind::Group { fields, min: 1, max: 20 };
    table
}

/// What is told of the last part when it asks for a table of the columns `other`, and the
/// first for one of the columns `one`.
fn told(one: &[&str], other: &[&str], facts: &str) -> Vec<Misfit> {
    let mut guides = guides();
    let like = guides[0].form.fields[0].clone();
    let put = |guide: &mut Guide, table| guide.form.fields.push(table);
    put(&mut guides[0], table("staff", "参保职工", one, &like));
    put(&mut guides[2], table("people", "发卡人员", other, &like));
    let yaml = BUNDLE.replacen("facts: { number: child_number }", facts, 1);
    assert!(yaml.contains(facts));
    bind_to(&yaml, &guides).1
}

const AS_IT_IS: &str = "facts: { number: child_number }";

#[test]
fn one_list_that_two_parts_ask_for_is_told_whatever_each_calls_it() {
    for (one, other) in [
        (&[NAME, NUMBER, SINCE][..], &[NAME, NUMBER, SINCE][..]),
        (&[NAME, NUMBER, SINCE, WAGE], &[SINCE, NAME, NUMBER]),
        (&[NAME, NUMBER, SINCE], &[WAGE, NAME, NUMBER, SINCE]),
    ] {
        let misfits = told(one, other, AS_IT_IS);
        assert_eq!(misfits.len(), 1, "{misfits:?}");
        assert_eq!(misfits[0].path, "/parts/2/facts");
        let (zh, en) = (&misfits[0].reason.zh, &misfits[0].reason.en);
        assert!(zh.contains("发卡人员") && zh.contains("参保职工") && zh.contains("people: { own: true }"));
        assert!(en.contains("asked in registration") && en.contains("people: { own: true }"), "{en}");
        // Who means another list says so.
        let meant = "facts: { number: child_number, people: { own: true } }";
        assert_eq!(told(one, other, meant), []);
    }
}

#[test]
fn lists_of_other_people_are_no_list_copied() {
    for (one, other) in [
        // Any list of people has these.
        (&[NAME, NUMBER][..], &[NAME, NUMBER][..]),
        (&[NAME, NUMBER, SINCE, WAGE], &[NAME, NUMBER]),
        // Each has what the other does not.
        (&[NAME, NUMBER, SINCE], &[NAME, NUMBER, WAGE]),
    ] {
        assert_eq!(told(one, other, AS_IT_IS), []);
    }
}

/// Rows are others than the applicant, and than whoever an earlier certificate is about.
#[test]
fn a_column_is_answered_by_no_field_and_by_no_certificate() {
    assert_eq!(told(&[WAGE], &["新生儿姓名", "编制的号码", "孩子姓名"], AS_IT_IS), []);
}

#[test]
fn one_guide_may_ask_for_two_lists_of_the_same_columns() {
    let mut guides = guides();
    let like = guides[0].form.fields[0].clone();
    for (name, label) in [("sellers", "转让方"), ("buyers", "受让方")] {
        guides[0].form.fields.push(table(name, label, &[NAME, NUMBER, SINCE], &like));
    }
    assert_eq!(bind_to(BUNDLE, &guides).1, []);
}

/// What is told of the registration when the joint form asks this besides.
fn told_beside(field: &str) -> Vec<Misfit> {
    let yaml = BUNDLE.replacen("later:", &format!("    - {field}\nlater:"), 1);
    let (_, misfits) = bind(&yaml);
    misfits.into_iter().filter(|misfit| misfit.path == "/parts/0/facts").collect()
}

#[test]
fn a_question_by_the_name_of_a_shared_one_is_told_of_whatever_its_label() {
    let yaml = BUNDLE.replacen("child_name: child_name, born: born }", "child_name: child_name }", 1);
    let misfits = bind(&yaml).1;
    assert_eq!(misfits.len(), 1, "{misfits:#?}");
    assert_eq!(misfits[0].path, "/parts/0/facts");
    for said in [&misfits[0].reason.zh, &misfits[0].reason.en] {
        assert!(said.contains("born: born") && said.contains("born: { own: true }"), "{said}");
    }
    // A bundle that is published goes on.
    assert_eq!(bind_published(&yaml, &guides()).1, []);
    // A choice of the same options, or of some of them, is the same question.
    let choice = |other: &str| {
        format!(
            "{{ name: with, label: {{ zh: 随谁, en: Whom }}, type: choice, options: [{{ value: mother, label: {{ zh: 母, en: Mother }} }}, {{ value: {other}, label: {{ zh: 另, en: Another }} }}] }}"
        )
    };
    assert_eq!(told_beside(&choice("father")).len(), 1);
    // Others mean something else, though both have one in common.
    assert_eq!(told_beside(&choice("aunt")), []);
}

#[test]
fn what_only_has_the_name_of_a_shared_question_is_another() {
    for field in [
        "{ name: with, label: { zh: 随行人员, en: Companions }, type: text }",
        // What is declared is what it says.
        "{ name: truth, label: { zh: 申请属实, en: All is so }, type: declaration }",
    ] {
        assert_eq!(told_beside(field), [], "{field}");
    }
}
