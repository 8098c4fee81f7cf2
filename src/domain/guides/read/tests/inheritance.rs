//! What a guide takes over from its item, and what it says for itself.

use serde_json::json;

use super::super::{ItemFile, SourceFile};
use crate::domain::guides::model::{Condition, Field, FieldKind, Guide, MaterialSource};
use crate::domain::guides::source::Origin;
use crate::domain::guides::template::founded;
use crate::domain::guides::{
    Applicant, ApplicantKind, Facts, Problem, Register, Wanted, form_schema, holds, template,
};

pub(super) struct Files {
    pub item: String,
    pub guide: String,
}

impl Files {
    /// An item and a guide that have nothing wrong.
    pub fn new() -> Self {
        let files = template(&Wanted {
            name_zh: "事项",
            name_en: "Item",
            item_type: None,
            agency: "11340705MBWXT06130",
            region: "340705000000",
            level: None,
            basic_code: None,
        })
        .unwrap();
        Self { item: founded(&files.item), guide: files.guide }
    }

    /// With these lines at the end of the guide.
    pub fn local(lines: &str) -> Self {
        let Self { item, guide } = Self::new();
        Self { item, guide: format!("{guide}\n{lines}\n") }
    }

    /// With these lines at the end of what the item gives its guides.
    pub fn common(self, lines: &str) -> Self {
        let lines: Vec<String> = lines.lines().map(|line| format!("  {line}")).collect();
        Self { item: format!("{}{}\n", self.item, lines.join("\n")), ..self }
    }

    /// With a text of the item replaced.
    pub fn item_with(self, from: &str, to: &str) -> Self {
        assert!(self.item.contains(from), "{from}");
        Self { item: self.item.replace(from, to), ..self }
    }

    pub fn guide_with(self, from: &str, to: &str) -> Self {
        assert!(self.guide.contains(from), "{from}");
        Self { guide: self.guide.replace(from, to), ..self }
    }

    pub fn item(&self) -> Result<ItemFile, Vec<Problem>> {
        SourceFile::parse(&self.item).into_item(None)
    }

    pub fn read(&self, register: Option<&Register>) -> Result<Guide, Vec<Problem>> {
        let item = self.item().unwrap_or_else(|problems| panic!("{problems:?}"));
        SourceFile::parse(&self.guide).into_guide(Some(&item), register)
    }

    pub fn guide(&self) -> Guide {
        self.read(None).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    pub fn told(&self) -> String {
        self.told_with(None)
    }

    pub fn told_with(&self, register: Option<&Register>) -> String {
        lines(self.read(register).map(drop))
    }
}

pub(super) fn lines(read: Result<(), Vec<Problem>>) -> String {
    let problems = read.err().unwrap_or_default();
    problems.iter().map(|p| format!("{:?}:{}: {}\n", p.origin, p.path, p.reason.en)).collect()
}

fn names(guide: &Guide) -> Vec<&str> {
    guide.form.fields.iter().map(|field| field.name.as_str()).collect()
}

fn field<'g>(guide: &'g Guide, name: &str) -> &'g Field {
    guide.form.field(name).unwrap()
}

#[test]
fn what_the_guide_leaves_out_is_the_items() {
    let guide = Files::new().guide();
    assert_eq!((guide.limits.legal.days, guide.limits.promised.days), (20, 5));
    assert_eq!(names(&guide)[..3], ["mobile", "since", "reason"]);
    assert_eq!((guide.flow.len(), guide.materials.len(), guide.conditions.len()), (2, 1, 1));
    assert_eq!(guide.item.name.en, "Item");
}

#[test]
fn an_entry_of_a_known_name_changes_the_keys_it_gives_and_a_new_one_is_added() {
    let files = Files::local(
        "form:\n  fields:\n    - { name: reason, max_length: 7 }\n    - { name: extra, label: { zh: 另, en: Extra }, type: boolean }\n\
         conditions:\n  - { code: residence, text: { zh: 住本区, en: Lives here } }\n\
         materials:\n  - { code: authorisation, copies: 3 }",
    );
    let guide = files.guide();
    assert_eq!(names(&guide)[2], "reason");
    assert_eq!(names(&guide).last(), Some(&"extra"));
    let reason = field(&guide, "reason");
    assert_eq!(reason.label.en, "Reason for applying");
    assert_eq!(reason.kind, FieldKind::Text { max_length: 7, multiline: true, pattern: None });
    let Condition { when, text, .. } = &guide.conditions[0];
    assert_eq!(
        (when.source(), text.en.as_str()),
        ("in_region(applicant.residence, guide.region)", "Lives here")
    );
    assert_eq!((guide.materials[0].copies, &guide.materials[0].source), (3, &MaterialSource::Own));
    assert_eq!(guide.form.rules.len(), 1, "the rules are the item's still");
}

#[test]
fn an_entry_is_left_out_by_name() {
    let files = Files::local(
        "form:\n  fields: [{ name: reason, omit: true }]\n  rules: [{ code: within_a_year, omit: true }]\n\
         conditions: [{ code: residence, omit: true }]",
    )
    .guide_with("      reason: 需要办理\n", "");
    let guide = files.guide();
    assert!(!names(&guide).contains(&"reason") && names(&guide).contains(&"since"));
    assert!(guide.form.rules.is_empty() && guide.conditions.is_empty());
    let alone = "To leave out an entry of the item write { name: …, omit: true }";
    for (nothing, said) in [
        ("{ name: nobody, omit: true }", "The item has no entry “nobody” to leave out; it has "),
        ("{ name: reasn, omit: true }", "“reasn” to leave out; did you mean “reason”?"),
        ("{ name: reason, omit: false }", alone),
        ("{ name: reason, omit: true, max_length: 7 }", alone),
    ] {
        let problems = Files::local(&format!("form: {{ fields: [{nothing}] }}")).read(None).unwrap_err();
        let [one] = problems.as_slice() else { panic!("{nothing}: {problems:#?}") };
        assert!(one.path == "/form/fields/0/omit" && one.reason.en.contains(said), "{one:?}");
    }
}

#[test]
fn no_guide_takes_longer_than_the_law_gives() {
    let told = |lines: &str| {
        let files = Files::new();
        let kept: Vec<&str> = files.guide.lines().filter(|line| !line.starts_with("limits:")).collect();
        Files { guide: format!("{}\n{lines}\n", kept.join("\n")), ..files }.told()
    };
    let limits = |legal: &str| {
        format!("limits: {{ legal: {{ {legal} }}, promised: {{ days: 1, unit: working_day }} }}")
    };
    for (legal, is_longer) in [
        ("days: 20, unit: working_day", false),
        ("days: 19, unit: working_day", false),
        ("days: 20, unit: calendar_day", false),
        ("days: 21, unit: working_day", true),
        ("days: 21, unit: calendar_day", true),
    ] {
        let found = told(&limits(legal));
        assert_eq!(
            found.contains("/limits/legal: This legal limit may be longer"),
            is_longer,
            "{legal}: {found}"
        );
    }
    let scenario = "scenarios: [{ code: slow, name: { zh: 慢, en: Slow }, limits: { legal: { days: 30, unit: working_day } } }]\n\
                    questions: { ask: { zh: 问, en: Which }, answers: [{ answer: { zh: 慢, en: Slow }, scenario: slow }] }";
    let found = told(&format!("{}\n{scenario}", limits("days: 20, unit: working_day")));
    assert!(found.contains("/scenarios/0/limits/legal: This legal limit may be longer"), "{found}");
}

#[test]
fn other_values_are_replaced_whole() {
    let guide = Files::local(
        "topics: [elderly]\ndelivery: [courier]\nflow:\n  - { code: decide, name: { zh: 决定, en: Decision }, role: approver }",
    )
    .guide();
    assert_eq!((guide.topics, guide.flow.len(), guide.delivery.len()), (vec!["elderly".to_owned()], 1, 1));
    // The keys within `source` are not laid over each other.
    let guide = Files::local(
        "form: { fields: [{ name: authorisation_file, omit: true }] }\n\
         materials: [{ code: authorisation, source: { shared: population } }]",
    )
    .guide();
    assert_eq!(guide.materials[0].source, MaterialSource::Shared { register: "population".to_owned() });
}

#[test]
fn a_telephone_and_an_identity_are_laid_over_key_by_key() {
    let files = Files::new()
        .guide_with(
            r#"telephone: { enquiry: "12345", complaint: "12345" }"#,
            "telephone: { enquiry: 0562-2800001 }",
        )
        .common("telephone: { enquiry: \"10000\", complaint: \"12345\" }");
    let guide = Files { guide: format!("{}identity: {{ ial: 3 }}\n", files.guide), ..files }.guide();
    assert_eq!(
        (guide.telephone.enquiry.as_str(), guide.telephone.complaint.as_str()),
        ("0562-2800001", "12345")
    );
    assert_eq!((guide.identity.ial, guide.identity.aal), (3, 1));
}

#[test]
fn a_problem_points_into_the_file_it_stands_in() {
    let files =
        Files::local("form:\n  fields: [{ name: since, omit: true }, { name: reason, max_length: 0 }]")
            .guide_with("      since: \"2026-01-15\"\n", "");
    let problems = files.read(None).unwrap_err();
    let at = |origin: Origin| problems.iter().find(|problem| problem.origin == origin).unwrap();
    // One here; there one of the rule that asks for the field and the place of its message.
    assert_eq!(problems.len(), 2, "{problems:?}");
    let own = at(Origin::File);
    assert_eq!(own.path, "/form/fields/1/max_length");
    assert!(files.guide.lines().nth(own.line - 1).unwrap().contains("max_length: 0"));
    let inherited = at(Origin::Item);
    assert_eq!(inherited.path, "/guide/form/rules/0/when");
    assert!(files.item.lines().nth(inherited.line - 1).unwrap().contains("years(facts.since, today)"));
}

#[test]
fn what_guides_start_from_is_checked_in_the_items_own_file() {
    let told = |files: Files| lines(files.item().map(drop));
    let files = || Files::new();
    assert!(
        told(files().item_with("years(facts.since", "years(facts.sinse"))
            .contains("/guide/form/rules/0/when")
    );
    assert!(told(files().common("region: \"340705000000\"")).contains("is for each agency's guide to say"));
    assert!(told(files().common("topix: [a]")).contains("There is no key “topix”"));
    // What it leaves out, each agency says.
    assert_eq!(told(files().item_with("  delivery: [electronic, self_collect]\n", "")), "");
    let missing = files().item_with("  delivery: [electronic, self_collect]\n", "").told();
    assert!(missing.contains("File:/delivery: delivery is missing"), "{missing}");
    // But an entry is whole.
    assert!(told(files().item_with("        type: declaration\n", "")).contains("type is missing"));
}

#[test]
fn an_item_nobody_has_is_told() {
    let item = Files::new().item().unwrap();
    let guide = Files::new().guide;
    let without = lines(SourceFile::parse(&guide).into_guide(None, None).map(drop));
    assert!(without.contains("The catalogue has no item 002009999001"), "{without}");
    let other = guide.replace("002009999001", "002009999002");
    assert!(
        lines(SourceFile::parse(&other).into_guide(Some(&item), None).map(drop))
            .contains("no item 002009999002")
    );
}

#[test]
fn an_item_written_out_is_the_same_at_every_level() {
    let basis = "[{ law: { zh: 法律, en: Law }, article: 法律, text: 法律 }]";
    let stated = |name: &str, basis: &str| {
        let item = format!(
            "item: {{ basic_code: \"002009999001\", name: {{ zh: {name}, en: Item }}, type: \"20\", legal_basis: {basis} }}"
        );
        let body: String = Files::new()
            .item
            .split_once("\nguide:\n")
            .unwrap()
            .1
            .lines()
            .fold(String::new(), |all, line| all + line.strip_prefix("  ").unwrap_or(line) + "\n");
        let body = body.replace("limits:\n  legal: { days: 20, unit: working_day }\n", "");
        let files = Files::new()
            .guide_with("item: \"002009999001\"", &item)
            .guide_with("limits:\n", "limits:\n  legal: { days: 20, unit: working_day }\n");
        Files { guide: format!("{}\n{body}", files.guide), ..files }.told()
    };
    assert_eq!(stated("事项", basis), "");
    let told = stated("别的事项", basis);
    assert!(told.starts_with("File:/item/name: The name differs from that of the item “Item”"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    let told = stated("事项", &basis.replace("article: 法律", "article: 第一条"));
    assert!(told.starts_with("File:/item/legal_basis: The legal basis differs"), "{told}");
}

#[test]
fn the_region_of_the_guide_is_put_into_what_the_item_says() {
    let files = Files::new().item_with(
        "      - name: truth\n",
        "      - { name: place, label: { zh: 地点, en: Place }, type: region, under: guide }\n      - name: truth\n",
    );
    let other = Files::new().guide_with("region: \"340705000000\"", "region: \"340706000000\"");
    let there = |residence: &str, guide: &Guide| {
        let applicant = Applicant {
            kind: ApplicantKind::NaturalPerson,
            name: String::new(),
            id_number: None,
            birth_date: None,
            gender: None,
            residence: residence.parse().ok(),
            mobile: None,
            ial: 1,
            verified: Default::default(),
        };
        holds(&guide.conditions[0].when, &Facts::new(), &applicant, "2026-03-02".parse().unwrap())
    };
    let (here, elsewhere) = (files.guide(), other.guide());
    assert!(there("340705005002", &here) && !there("340705005002", &elsewhere));
    assert!(there("340706000000", &elsewhere) && !there("340706000000", &here));
    let schema = form_schema(&here.form);
    assert_eq!(schema["properties"]["place"]["pattern"], json!("^340705[0-9]*$"));
    assert_eq!(schema["properties"]["place"]["x-wanshitong"]["under"], json!("340705000000"));
}
