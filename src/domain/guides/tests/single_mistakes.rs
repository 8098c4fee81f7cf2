//! One mistake in a good file is told once, where it is: nothing else is said that
//! would be gone when it is mended.

mod pairs;

use super::VALID;
use super::reading::{CERTIFICATES, ITEM, LOCAL};
use crate::domain::guides::source::Origin;
use crate::domain::guides::{Problem, Register, SourceFile};

/// A file of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Of {
    /// A guide that writes its item out.
    Guide,
    Item,
    /// A guide that inherits.
    Local,
    Certificates,
}
use Of::{Certificates, Guide, Item, Local};

/// The file, a text of it, what stands there instead, the path and the words of what is
/// told. Its line is the first that differs.
type Mistake = (Of, &'static str, &'static str, &'static str, &'static str);

const WORDS: &[Mistake] = &[
    (Guide, "format: 1", "format: 2", "/format", "Only format 1 is known"),
    (Guide, "summary:", "sumary:", "/sumary", "did you mean summary?"),
    (Guide, "\ntelephone: {", "\nphone: {", "/phone", "did you mean telephone?"),
    (Guide, "topics: [elderly]", "topics: elderly", "/topics", "A list is needed"),
    (Guide, "handling: promised", "handling: promise", "/handling", "did you mean promised?"),
    (Guide, "handling: promised", "handling: instant", "/limits/promised", "within 1 day at most"),
    (Guide, "agency: 11340705MBWXT06130", "agency: 11340705MBWXT06131", "/agency", "check"),
    (Guide, "agency: 11340705MBWXT06130", "agency: 91350100M000100Y43", "/code", "make them agree"),
    (Guide, "region: \"340705000000\"", "region: \"34070500000\"", "/region", ""),
    (Guide, "  basic_code: \"000553001000\"", "  basic_code: \"00055300\"", "/item/basic_code", ""),
    (
        Guide,
        "  basic_code: \"000553001000\"",
        "  basic_code: \"000153001000\"",
        "/item/type",
        "make type agree",
    ),
    (Guide, "  type: \"05\"", "  type: \"01\"", "/item/type", "make type agree"),
    (Guide, "  legal_basis:", "  legal_bases:", "/item/legal_bases", "did you mean legal_basis?"),
    (Guide, "ial: 2,", "ial: 9,", "/identity/ial", "from 1 to 4"),
    (Guide, "days: 20,", "days: 2,", "/limits/promised", "must not exceed the legal one"),
    (Guide, "days: 20,", "days: twenty,", "/limits/legal/days", "whole number"),
    (Guide, "fee: { free: true }", "fee: { fre: true }", "/fee/fre", "did you mean free?"),
    (Guide, "fee: { free: true }", "fee: { costs: 5 }", "/fee/costs", "There is no key"),
    (Guide, "fee: { free: true }", "fee: {}", "/fee", "For no charge write"),
    (
        Guide,
        "source: { shared: population }",
        "source: { shred: population }",
        "/materials/3/source/shred",
        "did you mean shared?",
    ),
    (Guide, "source: { shared: population }", "source: {}", "/materials/3/source", "exactly one of own"),
    (
        Guide,
        "verified: [birth_date, residence]",
        "verified: [birth_day, residence]",
        "/automatic/verified/0",
        "did you mean birth_date?",
    ),
    (
        Guide,
        "    four_eyes: true\n",
        "    four_eyes: true\n    opinions: [{ agency: 11340705MBWXT0111D, name: { zh: 公安, en: Police }, limit: { days: 5, unit: working_day }, silence: consent }]\n",
        "/flow/1/opinions/0/silence",
        "did you mean consents?",
    ),
    // It is decided by rule when it is handed in.
    (
        Guide,
        "    four_eyes: true\n",
        "    four_eyes: true\n    opinions: [{ agency: 11340705MBWXT0111D, name: { zh: 公安, en: Police }, limit: { days: 5, unit: working_day }, silence: consents }]\n",
        "/flow/1/opinions",
        "before anybody could be asked",
    ),
    (Guide, "role: handler }", "role: handle }", "/flow/0/role", "did you mean handler?"),
    (Item, "least_trust: C", "least_trust: D", "/guide/materials/1/least_trust", "there are A, B, C"),
    (Item, "within_days: 180", "within_days: 0", "/guide/materials/1/reuse/within_days", "at least 1"),
    (Guide, "    role: approver", "    role: reviewer", "/flow", "its role must be approver"),
    (Guide, "en: Old-age allowance }", "eng: Old-age allowance }", "/item/name/eng", "did you mean en?"),
    (
        Certificates,
        "attributes: [name, id_number",
        "attributes: [name, name",
        "/types/0/attributes/1",
        "is used on line",
    ),
    (
        Certificates,
        "  - type: \"11100000000013338W002\"",
        "  - type: \"1110000000001333\"",
        "/types/1/type",
        "",
    ),
];

const FORM: &[Mistake] = &[
    (
        Guide,
        "^[0-9]{12,30}$",
        "^[0-9]{12}|[0-9]{16}$",
        "/form/fields/1/pattern",
        "The regular expression is wrong: with | outside of brackets",
    ),
    // A field that cannot be read is not missed by those that speak of it.
    (Guide, "    - name: pay_by\n", "    - name: payBy\n", "/form/fields/0/name", "is no name"),
    (Guide, "    - name: pay_by\n", "    - nane: pay_by\n", "/form/fields/0/nane", "did you mean name?"),
    (Guide, "    - name: pay_by\n", "    - name: household\n", "/form/fields/11/name", "is used on line"),
    (Guide, "form:\n", "forms:\n", "/forms", "did you mean form?"),
    (Guide, "  fields:\n", "  field:\n", "/form/field", "did you mean fields?"),
    // Nor is its answer of another type than it was meant to be.
    (
        Guide,
        "type: choice\n      options:",
        "type: choise\n      options:",
        "/form/fields/0/type",
        "did you mean choice?",
    ),
    (
        Guide,
        "type: choice\n      options:",
        "type: text\n      options:",
        "/form/fields/0/options",
        "There is no key “options”",
    ),
    (
        Guide,
        "type: number, min: 1, max: 20",
        "type: number, min: 21, max: 20",
        "/form/fields/11/max",
        "is above max",
    ),
    (
        Guide,
        "type: number, min: 1, max: 20",
        "type: number, min: one, max: 20",
        "/form/fields/11/min",
        "whole number",
    ),
    (
        Guide,
        "type: date, past: true, prefill: birth_date",
        "type: text, past: true, prefill: birth_date",
        "/form/fields/7/past",
        "There is no key “past”",
    ),
    // Nor is it said that it may be absent.
    (
        Guide,
        "type: date\n    - name: end_date",
        "type: date\n      required: ture\n    - name: end_date",
        "/form/fields/2/required",
        "There is no variable ture",
    ),
    (
        Guide,
        "type: number, min: 1, max: 20 }",
        "type: number, visible_when: facts.pay_by = 1 }",
        "/form/fields/11/visible_when",
        "Syntax error",
    ),
    (
        Guide,
        "visible_when: facts.pay_by == \"bank\"",
        "visible_when: facts.pay_by == \"bnak\"",
        "/form/fields/1/visible_when",
        "did you mean “bank”?",
    ),
    (
        Guide,
        "visible_when: facts.pay_by ==",
        "visibel_when: facts.pay_by ==",
        "/form/fields/1/visibel_when",
        "did you mean visible_when?",
    ),
    (
        Guide,
        "when: applicant.age >= 80\n",
        "when: applicant.agee >= 80\n",
        "/conditions/0/when",
        "did you mean age?",
    ),
    (Guide, "      at: end_date", "      at: end_day", "/form/rules/0/at", "The form has no field end_day"),
    (
        Item,
        "scenarios: [new, change]\n      - name: account",
        "scenarios: [new, chang]\n      - name: account",
        "/guide/form/fields/0/scenarios/1",
        "There is no scenario “chang”",
    ),
    (
        Item,
        "- { code: new, name: { zh: 首次",
        "- { cod: new, name: { zh: 首次",
        "/guide/scenarios/0/cod",
        "did you mean code?",
    ),
    (
        Item,
        "scenario: stop }",
        "scenario: stopp }",
        "/guide/questions/answers/1/answers/1/scenario",
        "There is no scenario “stopp”",
    ),
    (
        Item,
        "          - { name: age, label",
        "          - { nam: age, label",
        "/guide/form/fields/6/fields/1/nam",
        "did you mean name?",
    ),
    (
        Item,
        "    - code: bank_card\n",
        "    - code: household\n",
        "/guide/materials/2/code",
        "is used on line",
    ),
    (Item, "    - code: bank_card\n", "    - code: BankCard\n", "/guide/materials/1/code", "is no name"),
    (
        Item,
        "answer: { zh: 没有, en: \"No\" }",
        "answer: { zh: 没有 }",
        "/guide/questions/answers/0/answer/en",
        "en is missing",
    ),
    (
        Local,
        "- { name: since, required: true }",
        "- { name: since, requird: true }",
        "/form/fields/0/requird",
        "did you mean required?",
    ),
    (Local, "scenario: new\n", "scenario: newest\n", "/examples/0/scenario", "There is no scenario “newest”"),
    (Local, "item: \"000553001000\"", "item: \"000553002000\"", "/item", "The catalogue has no item"),
    (Local, "agency: 11340705MBWXT06130", "agency: 11340705MBWXT06131", "/agency", ""),
    (Local, "kind: guide", "kind: gide", "/kind", "did you mean guide?"),
    (Item, "kind: item\n", "", "/kind", "write kind: item"),
    (Item, "kind: item\n", "kind: itm\n", "/kind", "did you mean item?"),
];

/// What several places speak of is wrong once, and told at the first of them.
const NAMES: &[Mistake] = &[
    (
        Guide,
        "    - name: pay_by\n",
        "    - name: payby\n",
        "/form/fields/1/visible_when",
        "did you mean payby? (The same on line 100.)",
    ),
    (
        Guide,
        "{ value: bank,",
        "{ value: bnk,",
        "/form/fields/1/visible_when",
        "did you mean “bnk”? (The same on line 100.)",
    ),
    (
        Guide,
        "type: choice\n      options:",
        "type: choice\n      required: false\n      options:",
        "/form/fields/1/visible_when",
        "may be absent; test first: has(facts.pay_by) && … (The same on line 101.)",
    ),
    (
        Item,
        "    - code: stop\n",
        "    - code: stopp\n",
        "/guide/questions/answers/1/answers/1/scenario",
        "There is no scenario “stop”",
    ),
    (
        Item,
        "- { name: mobile, label:",
        "- { name: mobil, label:",
        "/guide/results/0/certificate/attributes/0",
        "The form has no field mobile; did you mean mobil?",
    ),
    (
        Item,
        "answer: { zh: 正在领取, en: \"Yes\" }",
        "answer: { zh: 没有, en: \"Yes\" }",
        "/guide/questions/answers/1/answer",
        "nobody gets here",
    ),
    (
        Item,
        "        visible_when: facts.pay_by == \"bank\"\n",
        "        visible_when: facts.pay_by == \"bank\" && facts.pay_by == \"cash\"\n",
        "/guide/form/fields/1/visible_when",
        "No answers can ever make this field visible",
    ),
];

/// What is told of the file itself, the others being as they are.
fn problems(of: Of, yaml: &str) -> Vec<Problem> {
    let types = if of == Certificates { yaml } else { CERTIFICATES };
    let register = match SourceFile::parse(types).into_certificate_types() {
        Ok(types) => Register::new(types),
        Err(problems) => return problems,
    };
    let source = SourceFile::parse(yaml);
    let item = || SourceFile::parse(ITEM).into_item(Some(&register)).unwrap();
    match of {
        Guide => source.into_guide(None, None).err(),
        Item if source.kind() == crate::domain::guides::FileKind::Item => {
            source.into_item(Some(&register)).err()
        }
        Item => source.into_guide(None, Some(&register)).err(),
        Local => source.into_guide(Some(&item()), Some(&register)).err(),
        Certificates => None,
    }
    .unwrap_or_default()
}

fn sample(of: Of) -> &'static str {
    match of {
        Guide => VALID,
        Item => ITEM,
        Local => LOCAL,
        Certificates => CERTIFICATES,
    }
}

/// The line of the first letter in which the two differ.
fn first_difference(before: &str, after: &str) -> usize {
    let same = before.bytes().zip(after.bytes()).take_while(|(a, b)| a == b).count();
    before.as_bytes()[..same].iter().filter(|byte| **byte == b'\n').count() + 1
}

fn checked((of, from, to, path, words): &Mistake) -> Result<(), String> {
    let before = sample(*of);
    if !before.contains(from) {
        return Err(format!("{of:?} does not say {from}"));
    }
    let after = before.replacen(from, to, 1);
    let told = problems(*of, &after);
    let [one] = told.as_slice() else { return Err(format!("{of:?} {to}: {told:#?}")) };
    let fits = one.origin == Origin::File && one.path == *path && one.reason.en.contains(words);
    match fits {
        true => Ok(()),
        false => Err(format!("{of:?} {to}: {one:#?}")),
    }
}

fn all_hold(mistakes: &[Mistake]) {
    let wrong: Vec<String> = mistakes.iter().filter_map(|mistake| checked(mistake).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_word_is_told_once_and_nothing_that_follows_from_it() {
    all_hold(WORDS);
}

#[test]
fn a_wrong_field_scenario_or_material_is_told_once_and_nothing_that_follows_from_it() {
    all_hold(FORM);
}

#[test]
fn what_several_places_speak_of_is_told_once() {
    all_hold(NAMES);
}

#[test]
fn a_wrong_word_is_told_on_its_own_line() {
    for (of, from, to, path, _) in WORDS.iter().chain(FORM) {
        let before = sample(*of);
        let after = before.replacen(from, to, 1);
        let line = first_difference(before, &after);
        let told = problems(*of, &after);
        // What two values say together is told at one of them.
        let is_of_two = [
            "/code",
            "/limits/promised",
            "/flow",
            "/item/type",
            "/form/fields/11/name",
            "/guide/materials/2/code",
            "/form/fields/0/options",
            "/kind",
        ];
        if let ([one], false) = (told.as_slice(), is_of_two.contains(path)) {
            let near = one.line.abs_diff(line) <= usize::from(one.reason.en.contains("is missing"));
            assert!(near, "{of:?} {to}: line {line}, {one:?}");
        }
    }
}
