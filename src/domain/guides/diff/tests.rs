use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::domain::codes::{CertificateType, RegionCode, ServiceObject};
use crate::domain::guides::model::*;
use crate::domain::guides::{ItemFile, Pattern, SourceFile, read_guide};

const VALID: &str = include_str!("../read/samples/valid.yaml");

fn read(yaml: &str) -> Guide {
    read_guide(yaml).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// A guide that uses nearly all of the language.
fn rich() -> Guide {
    read(&format!(
        "{}{}",
        VALID
            .replace(
                "    - { name: truthful,",
                "    - name: relatives\n      label: { zh: 家属, en: Relatives }\n      type: group\n      max: 5\n      fields:\n        \
                 - { name: called, label: { zh: 称呼, en: Called }, type: text, required: false }\n    - { name: truthful,",
            )
            .replace(
                "    deferrable: true\n",
                "    deferrable: true\n    standard: { zh: 页面完整, en: All pages }\n    reuse: { within_days: 180 }\n",
            )
            .replace(
                "  - { code: new, name: { zh: 首次申领, en: First application } }",
                "  - { code: new, name: { zh: 首次申领, en: First application } }\n  \
                 - { code: change, name: { zh: 变更, en: Change }, fee: { amount_fen: 500, basis: { zh: 价目, en: Price list } } }",
            )
            .replace("    source: { shared: population }", "    source: { shared: population }\n    scenarios: [new]"),
        "venues: [{ name: { zh: 大厅, en: Hall }, address: { zh: 一路1号, en: 1 First Road }, hours: { zh: 周一至周五, en: Monday to Friday } }]\n\
         questions: { ask: { zh: 领过吗, en: Had it before }, answers: [{ answer: { zh: 没有, en: No }, scenario: new }, { answer: { zh: 领过, en: Yes }, scenario: change }] }\n",
    ))
}

/// The guide with texts replaced; each must be there.
fn rewritten(yaml: &str, replaced: &[(&str, &str)]) -> Guide {
    let yaml = replaced.iter().fold(yaml.to_owned(), |yaml, (from, to)| {
        assert!(yaml.contains(from), "{from}");
        yaml.replacen(from, to, 1)
    });
    read(&yaml)
}

fn lines(changes: &[Change]) -> String {
    changes
        .iter()
        .map(|change| format!("{:?}: {} | {}\n", change.about, change.text.zh, change.text.en))
        .collect()
}

#[test]
fn what_a_new_version_changes_is_told_in_an_applicants_words() {
    let new = rewritten(
        VALID,
        &[
            ("  promised: { days: 5,", "  promised: { days: 3,"),
            ("fee: { free: true }", "fee: { amount_fen: 1000, basis: { zh: 价目表, en: Price list } }"),
            (
                "when: applicant.age >= 80\n    text: { zh: 年满80周岁, en: Aged 80 or over }",
                "when: applicant.age >= 70\n    text: { zh: 年满70周岁, en: Aged 70 or over }",
            ),
            (
                "  - code: bank_card\n    name: { zh: 银行卡, en: Bank card }\n    required: facts.pay_by == \"bank\"\n    source: { own: true }\n",
                "  - { code: photo, name: { zh: 照片, en: Photograph }, source: { own: true }, scenarios: [new] }\n",
            ),
            ("    copies: 2\n", ""),
            (
                "        - { value: cash, label: { zh: 现金, en: Cash } }",
                "        - { value: card, label: { zh: 社保卡, en: Social-security card } }",
            ),
            ("type: address, under: \"340700000000\"", "type: address"),
            ("max: 10000000, required: facts.household > 1", "max: 20000000, required: false"),
            (
                "type: uscc, required: false }",
                "type: uscc, required: false }\n    - { name: ward, label: { zh: 社区, en: Ward }, type: text }",
            ),
            (
                "    - { name: born_in, label: { zh: 籍贯, en: Native place }, type: region, required: false }\n",
                "",
            ),
            ("valid_months: 120", "valid_months: 60"),
            (
                "delivery: [electronic]",
                "delivery: [electronic, courier]\nvisits: 1\ncross_region: city\neffective_from: 2026-05-01",
            ),
            ("enquiry: 0562-2800000", "enquiry: 0562-2811111"),
            (
                "  - { code: new, name: { zh: 首次申领, en: First application } }",
                "  - { code: new, name: { zh: 首次申领, en: First application }, visits: 2 }\n  - { code: again, name: { zh: 再次申领, en: Applying again } }",
            ),
            ("service_objects: [natural_person]", "service_objects: [natural_person, other]"),
        ],
    );
    insta::assert_snapshot!(lines(&diff(&read(VALID), &new)));
}

#[test]
fn the_same_guide_has_nothing_to_tell() {
    for guide in [read(VALID), rich()] {
        assert_eq!(diff(&guide, &guide.clone()), []);
    }
}

type Mutation = (About, fn(&mut Guide));

fn field<'g>(guide: &'g mut Guide, name: &str) -> &'g mut Field {
    guide.form.fields.iter_mut().find(|field| field.name == name).unwrap()
}

fn text() -> Text {
    Text::new("别的", "something else")
}

fn certificate_type() -> CertificateType {
    CertificateType::parse("11100000000013338W002").unwrap()
}

fn scenario(guide: &mut Guide, change: fn(&mut Guide)) {
    change(Arc::make_mut(&mut guide.scenarios[1].guide));
}

/// One change of every part of a guide, and what it is about.
const MUTATIONS: &[Mutation] = &[
    (About::Agency, |g| {
        g.code = crate::domain::codes::GuideCode::parse("11340705MBWXT061305000553001000").unwrap()
    }),
    (About::Agency, |g| g.agency = crate::domain::codes::Uscc::parse("91350100M000100Y43").unwrap()),
    (About::Region, |g| g.region = RegionCode::parse("340706000000").unwrap()),
    (About::Agency, |g| g.item.basic_code = crate::domain::codes::BasicCode::parse("000553002000").unwrap()),
    (About::Wording, |g| g.item.name = text()),
    (About::Law, |g| g.item.item_type = crate::domain::codes::ItemType::PublicService),
    (About::Law, |g| g.item.legal_basis[0].text = "别的条文".to_owned()),
    (About::Law, |g| g.item.legal_basis[0].article = "第一条".to_owned()),
    (About::Law, |g| g.item.legal_basis[0].law.zh = "别的法".to_owned()),
    (About::Wording, |g| g.item.legal_basis[0].law.en = "Another name".to_owned()),
    (About::Wording, |g| g.item.aliases.push("老人钱".to_owned())),
    (About::Wording, |g| g.item.life_events.push("retirement".to_owned())),
    (About::Wording, |g| g.summary = text()),
    (About::Wording, |g| g.topics.push("housing".to_owned())),
    (About::ServiceObject, |g| g.service_objects.push(ServiceObject::Enterprise)),
    (About::TimeLimit, |g| g.handling = Handling::Instant),
    (About::Identity, |g| g.identity.ial = 3),
    (About::Identity, |g| g.identity.aal = 2),
    (About::Scenario, |g| drop(g.scenarios.pop())),
    (About::Scenario, |g| g.scenarios[0].name = text()),
    (About::Wording, |g| g.scenarios.swap(0, 1)),
    (About::Fee, |g| scenario(g, |own| own.fee = Fee::Free)),
    (About::Visit, |g| scenario(g, |own| own.visits = 3)),
    (About::Scenario, |g| g.questions = None),
    (About::Scenario, |g| g.questions.as_mut().unwrap().ask = text()),
    (About::TimeLimit, |g| g.limits.legal.days = 30),
    (About::TimeLimit, |g| g.limits.promised.unit = DayUnit::CalendarDay),
    (About::Procedure, |g| g.special_procedures.push(SpecialProcedure::Hearing)),
    (About::Fee, |g| g.fee = Fee::Charged { amount_fen: 1, basis: text() }),
    (About::Condition, |g| drop(g.conditions.pop())),
    (About::Condition, |g| g.conditions[0].text = text()),
    (About::Condition, |g| g.conditions[0].when = g.automatic.clone().unwrap().approve_when),
    (About::Condition, |g| g.conditions[0].scenarios = vec!["new".to_owned()]),
    (About::Question, |g| drop(g.form.fields.pop())),
    (About::Wording, |g| g.form.fields.swap(0, 1)),
    (About::Wording, |g| g.form.fields[0].label = text()),
    (About::Wording, |g| g.form.fields[0].help = Some(text())),
    (About::Question, |g| g.form.fields[0].required = Requirement::Optional),
    (About::Question, |g| field(g, "bank_account").visible_when = None),
    (About::Question, |g| field(g, "applicant_name").prefill = None),
    (About::Question, |g| field(g, "mobile").scenarios = vec!["new".to_owned()]),
    (About::Question, |g| field(g, "mobile").kind = FieldKind::Boolean),
    (About::Question, |g| {
        field(g, "remark").kind = FieldKind::Text { max_length: 9, multiline: true, pattern: None }
    }),
    (About::Question, |g| {
        field(g, "remark").kind = FieldKind::Text { max_length: 200, multiline: false, pattern: None }
    }),
    (About::Question, |g| {
        let pattern = Pattern::parse("^a$").ok();
        field(g, "remark").kind = FieldKind::Text { max_length: 200, multiline: true, pattern };
    }),
    (About::Question, |g| field(g, "household").kind = FieldKind::Number { min: None, max: Some(20) }),
    (About::Question, |g| field(g, "income").kind = FieldKind::Money { min: Some(0), max: None }),
    (About::Question, |g| field(g, "born").kind = FieldKind::Date { past: false, future: false }),
    (About::Question, |g| field(g, "home").kind = FieldKind::Address { under: None }),
    (About::Question, |g| field(g, "born_in").kind = FieldKind::Region { under: Some(g_region()) }),
    (About::Question, |g| options(g, "pay_by", |options| drop(options.pop()))),
    (About::Wording, |g| options(g, "pay_by", |options| options.swap(0, 1))),
    (About::Wording, |g| options(g, "pay_by", |options| options[0].label = text())),
    (About::Question, |g| options(g, "needs", |options| drop(options.pop()))),
    (About::Question, |g| group(g, |rows| rows[0].required = Requirement::Required)),
    (About::Question, |g| group(g, |rows| rows[0].name = "other".to_owned())),
    (About::Question, |g| drop(g.form.rules.pop())),
    (About::Wording, |g| g.form.rules[0].text = text()),
    (About::Wording, |g| g.form.rules[0].at = "start_date".to_owned()),
    (About::Question, |g| g.form.rules[0].when = g.conditions[0].when.clone()),
    (About::Law, |g| g.form.rules[0].basis = Some(g.item.legal_basis[0].clone())),
    (About::Question, |g| g.form.rules[0].scenarios = vec!["new".to_owned()]),
    (About::Material, |g| drop(g.materials.remove(0))),
    (About::Material, |g| drop(g.materials.pop())),
    (About::Wording, |g| g.materials.swap(0, 1)),
    (About::Wording, |g| g.materials[0].name = text()),
    (About::Wording, |g| g.materials[0].help = Some(text())),
    (About::Material, |g| g.materials[0].required = Requirement::Optional),
    (About::Material, |g| {
        g.materials[0].source = MaterialSource::Certificate { certificate_type: certificate_type() }
    }),
    (About::Material, |g| {
        g.materials[1].source = MaterialSource::Certificate { certificate_type: certificate_type() }
    }),
    (About::Material, |g| g.materials[0].paper = Paper::Copy),
    (About::Material, |g| g.materials[0].copies = 3),
    (About::Material, |g| g.materials[0].standard = None),
    (About::Material, |g| g.materials[0].least_trust = Trust::B),
    (About::Material, |g| g.materials[0].promise_allowed = true),
    (About::Material, |g| g.materials[0].deferrable = false),
    (About::Material, |g| g.materials[0].reuse = None),
    (About::Wording, |g| g.materials[0].blank_form = Some(Download::Text("表".to_owned()))),
    (About::Wording, |g| g.materials[0].sample = Some(Download::Url("https://a.example".to_owned()))),
    (About::Wording, |g| g.materials[0].own_because = Some(text())),
    (About::Material, |g| g.materials[0].scenarios = vec!["new".to_owned()]),
    (About::Procedure, |g| drop(g.flow.remove(0))),
    (About::Procedure, |g| g.flow.swap(0, 1)),
    (About::Wording, |g| g.flow[0].name = text()),
    (About::Procedure, |g| g.flow[0].role = StepRole::Reviewer),
    (About::Procedure, |g| g.flow[1].four_eyes = false),
    (About::Result, |g| drop(g.results.pop())),
    (About::Wording, |g| g.results.swap(0, 1)),
    (About::Result, |g| certificate(g, |months, _, _| *months = None)),
    (About::Result, |g| certificate(g, |_, says, _| says.push("born".to_owned()))),
    (About::Wording, |g| certificate(g, |_, _, name| *name = text())),
    (About::Delivery, |g| g.delivery.push(Delivery::Courier)),
    (About::AutomaticDecision, |g| g.automatic = None),
    (About::AutomaticDecision, |g| g.automatic.as_mut().unwrap().verified.clear()),
    (About::AutomaticDecision, |g| g.automatic.as_mut().unwrap().approve_when = g.conditions[0].when.clone()),
    (About::Telephone, |g| g.telephone.enquiry = "12345".to_owned()),
    (About::Telephone, |g| g.telephone.complaint = "12388".to_owned()),
    (About::Visit, |g| g.visits = 1),
    (About::Region, |g| g.cross_region = CrossRegion::Nation),
    (About::Venue, |g| g.venues.clear()),
    (About::Venue, |g| g.venues[0].address = text()),
    (About::Venue, |g| g.venues[0].hours = text()),
    (About::Venue, |g| g.venues[0].telephone = Some("12345".to_owned())),
    (About::Wording, |g| g.venues[0].name.en = "The hall".to_owned()),
    (About::OfferedThrough, |g| {
        let basis = g.item.legal_basis[0].clone();
        g.channels = Some(ChannelLimit { only: vec![OfferedChannel::Window], basis });
    }),
    (About::Effect, |g| g.effective_from = "2026-05-01".parse().ok()),
    (About::Effect, |g| g.effective_until = "2026-05-01".parse().ok()),
];

fn g_region() -> RegionCode {
    RegionCode::parse("340700000000").unwrap()
}

fn options(guide: &mut Guide, name: &str, change: fn(&mut Vec<Choice>)) {
    match &mut field(guide, name).kind {
        FieldKind::Choice { options } | FieldKind::MultiChoice { options, .. } => change(options),
        other => panic!("{other:?}"),
    }
}

fn group(guide: &mut Guide, change: fn(&mut Vec<Field>)) {
    let FieldKind::Group { fields, .. } = &mut field(guide, "relatives").kind else { panic!("no group") };
    change(fields);
}

fn certificate(guide: &mut Guide, change: fn(&mut Option<u16>, &mut Vec<String>, &mut Text)) {
    let ResultKind::Certificate { valid_months, attributes, name, .. } = &mut guide.results[0] else {
        panic!("no certificate")
    };
    change(valid_months, attributes, name);
}

#[test]
fn any_single_change_is_told_for_what_it_is_and_so_is_its_undoing() {
    let old = rich();
    for (place, (about, mutate)) in MUTATIONS.iter().enumerate() {
        let mut new = old.clone();
        mutate(&mut new);
        for changes in [diff(&old, &new), diff(&new, &old)] {
            let told = changes.iter().map(|change| change.about);
            assert!(told.clone().any(|told| told == *about), "{place}: {about:?}: {changes:?}");
        }
    }
}

#[test]
fn what_all_scenarios_share_is_told_once_and_what_is_one_scenarios_own_under_its_name() {
    let old = rich();
    let mut new = old.clone();
    new.limits.promised.days = 4;
    for scenario in &mut new.scenarios {
        Arc::make_mut(&mut scenario.guide).limits.promised.days = 4;
    }
    Arc::make_mut(&mut new.scenarios[1].guide).visits = 2;
    assert_eq!(
        lines(&diff(&old, &new)),
        "TimeLimit: 承诺时限 5 → 4 个工作日 | promised limit 5 → 4 working days\n\
         Visit: 情形“变更”：到现场次数：不用到现场 → 2 次 | in the case “Change”: visits in person: none → 2\n"
    );
}

const SLOW: &str = "scenarios: [{ code: slow, name: { zh: 加急之外, en: Slow }, limits: { promised: { days: 19, unit: working_day } }, \
    fee: { amount_fen: 10000, basis: { zh: 价目, en: Price list } }, visits: 2 }]\n";

/// The guide without scenarios, and with one that says all for itself.
fn none_and_one() -> (Guide, Guide) {
    let scenarios = "scenarios:\n  - { code: new, name: { zh: 首次申领, en: First application } }\n";
    let none = with(VALID, &[(scenarios, "")])
        .replace("    scenarios: [new]\n", "")
        .replace(", scenarios: [new] }", " }");
    let none = none
        .replace("    scenario: new\n", "")
        .replace("days: 10, unit: working_day", "days: 20, unit: working_day");
    let one = format!("{none}{SLOW}").replace("    today: ", "    scenario: slow\n    today: ");
    (read(&none), read(&one))
}

#[test]
fn what_the_first_scenario_of_a_guide_changes_is_told_and_so_is_what_the_last_took_away() {
    let (none, one) = none_and_one();
    assert_eq!(
        lines(&diff(&none, &one)),
        "Fee: 情形“加急之外”：收费 不收费 → ¥100.00 | in the case “Slow”: fee free → ¥100.00\n\
         Fee: 情形“加急之外”：新增收费依据：价目 | in the case “Slow”: new: basis of the fee: Price list\n\
         TimeLimit: 情形“加急之外”：承诺时限 5 → 19 个工作日 | in the case “Slow”: promised limit 5 → 19 working days\n\
         Visit: 情形“加急之外”：到现场次数：不用到现场 → 2 次 | in the case “Slow”: visits in person: none → 2\n\
         Scenario: 新增办理情形：“加急之外” | one case more: “Slow”\n"
    );
    assert_eq!(
        lines(&diff(&one, &none)),
        "Fee: 情形“加急之外”：收费 ¥100.00 → 不收费 | in the case “Slow”: fee ¥100.00 → free\n\
         TimeLimit: 情形“加急之外”：承诺时限 19 → 5 个工作日 | in the case “Slow”: promised limit 19 → 5 working days\n\
         Visit: 情形“加急之外”：到现场次数：2 次 → 不用到现场 | in the case “Slow”: visits in person: 2 → none\n\
         Scenario: 取消办理情形：“加急之外” | one case fewer: “Slow”\n"
    );
}

#[test]
fn a_scenario_under_another_code_is_still_the_same_to_an_applicant() {
    let (_, old) = none_and_one();
    let mut new = old.clone();
    new.scenarios[0].code = "slow2".to_owned();
    let code = "Scenario: 办理情形“加急之外”的代码：slow → slow2 | code of the case “Slow”: slow → slow2\n";
    assert_eq!(lines(&diff(&old, &new)), code);
    Arc::make_mut(&mut new.scenarios[0].guide).visits = 0;
    let visits = "Visit: 情形“加急之外”：到现场次数：2 次 → 不用到现场 | in the case “Slow”: visits in person: 2 → none\n";
    assert_eq!(lines(&diff(&old, &new)), format!("{visits}{code}"));
}

#[test]
fn another_rule_is_told_even_where_its_text_changes_too() {
    let age = "when: applicant.age >= 80\n    text: { zh: 年满80周岁, en: Aged 80 or over }";
    let new = rewritten(
        VALID,
        &[(age, "when: applicant.age >= 90\n    text: { zh: 年满规定年龄, en: Of the required age }")],
    );
    assert_eq!(
        lines(&diff(&read(VALID), &new)),
        "Condition: 条件：年满80周岁 → 年满规定年龄 | condition: Aged 80 or over → Of the required age\n\
         Condition: 条件的判断规则有变：年满规定年龄 | another rule for the condition: Of the required age\n"
    );
}

#[test]
fn what_changes_in_one_language_alone_is_told_in_both() {
    let told = |from: &str, to: &str| lines(&diff(&read(VALID), &rewritten(VALID, &[(from, to)])));
    let condition =
        |texts: &str| told("text: { zh: 年满80周岁, en: Aged 80 or over }", &format!("text: {{ {texts} }}"));
    assert_eq!(
        condition("zh: 年满80周岁, en: Eighty or older"),
        "Condition: 条件（英文）：Aged 80 or over → Eighty or older | condition: Aged 80 or over → Eighty or older\n"
    );
    assert_eq!(
        condition("zh: 已满八十周岁, en: Aged 80 or over"),
        "Condition: 条件：年满80周岁 → 已满八十周岁 | condition (in Chinese): 年满80周岁 → 已满八十周岁\n"
    );
    let letter = |zh: &str, en: &str| {
        let mut guide = read(VALID);
        guide.results = vec![ResultKind::Letter { name: Text::new(zh, en) }];
        guide
    };
    assert_eq!(
        lines(&diff(&letter("通知书", "Notice"), &letter("告知书", "Notice"))),
        "Wording: 结果文书“通知书”改称“告知书” | the letter “Notice” is now called “告知书” in Chinese\n"
    );
}

#[test]
fn what_comes_new_is_told_with_all_there_is_to_prepare() {
    let old = read(VALID);
    let mut new = old.clone();
    new.fee = Fee::Charged { amount_fen: 100, basis: text() };
    let (zh, en) = (|zh: &str| Text::new(zh, zh), Some("0562-2800001".to_owned()));
    let venue = Venue { name: zh("厅"), address: zh("街"), hours: zh("日"), telephone: en };
    new.venues = vec![venue];
    let photo = Material {
        code: "photo".to_owned(),
        name: zh("照"),
        paper: Paper::Original,
        copies: 3,
        required: Requirement::Optional,
        source: MaterialSource::Own,
        ..old.materials[0].clone()
    };
    new.materials.push(photo);
    let told = lines(&diff(&old, &new));
    for line in [
        "new: basis of the fee: something else",
        "多交一份材料：“照”（原件 3 份、可不交） | one material more: “照” (original × 3, optional)",
        "新增办理地点：“厅”，街，日，电话 0562-2800001",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
}

const TRANSFER: &str = include_str!("../../../data/sample/items/household-transfer.yaml");
const COMPANY: &str = include_str!("../../../data/sample/bundles/company.yaml");

fn with(yaml: &str, replaced: &[(&str, &str)]) -> String {
    replaced.iter().fold(yaml.to_owned(), |yaml, (from, to)| {
        assert!(yaml.contains(from), "{from}");
        yaml.replacen(from, to, 1)
    })
}

fn item(yaml: &str) -> ItemFile {
    SourceFile::parse(yaml).into_item(None).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn an_item_is_told_as_what_its_guides_inherit() {
    let new = with(
        TRANSFER,
        &[
            ("aliases: [迁户口,", "aliases: [迁户,"),
            ("legal: { days: 20,", "legal: { days: 15,"),
            ("  fee: { free: true }\n", ""),
            ("  delivery: [self_collect, courier, electronic]\n", "  delivery: [electronic]\n"),
            ("telephone: { complaint", "telephone: { enquiry: \"12333\", complaint"),
            ("    - code: from_outside\n", "    - code: from_afar\n"),
        ],
    );
    let changes = diff_items(&item(TRANSFER), &item(&new)).unwrap();
    assert_eq!(
        lines(&changes),
        "Condition: 新增条件：现户口登记地在本地以外 | new condition: The present registration is elsewhere\n\
         Condition: 取消条件：现户口登记地在本地以外 | condition dropped: The present registration is elsewhere\n\
         Fee: 收费不再统一规定，由各部门自定 | fee: from now on as each agency says\n\
         TimeLimit: 法定时限 20 → 15 个工作日 | legal limit 20 → 15 working days\n\
         Delivery: 结果送达方式去掉：窗口自取 | ways to receive the result, dropped: collected at the window\n\
         Delivery: 结果送达方式去掉：邮寄 | ways to receive the result, dropped: by courier\n\
         Telephone: 咨询电话改为统一规定，部门另有规定的除外 | telephone for enquiries: from now on the same everywhere, unless an agency says otherwise\n\
         Wording: 别称增加：迁户 | also known as, added: 迁户\n\
         Wording: 别称去掉：迁户口 | also known as, dropped: 迁户口\n"
    );
}

#[test]
fn every_sample_item_can_be_compared() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/data/sample/items");
    let mut before = item(TRANSFER);
    for entry in std::fs::read_dir(folder).unwrap() {
        let one = item(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        assert_eq!(diff_items(&one, &one), Some(Vec::new()), "{}", one.item.name.en);
        let is_same = one.item.basic_code == before.item.basic_code;
        assert_eq!(diff_items(&before, &one).unwrap().is_empty(), is_same, "{}", one.item.name.en);
        before = one;
    }
    let bare = TRANSFER.split_once("guide:\n").unwrap().0;
    assert_eq!(diff_items(&item(bare), &item(bare)), Some(Vec::new()));
    assert!(!diff_items(&item(TRANSFER), &item(bare)).unwrap().is_empty());
}

/// Whatever is changed in a bundle is told, but for the meaning of what stays.
#[test]
fn every_part_of_a_bundle_is_told() {
    let read = |yaml: &str| SourceFile::parse(yaml).to_bundle(None).unwrap();
    let old = read(COMPANY);
    let told = |new: &Bundle| lines(&diff_bundles(&old, new, &|_| None));
    assert_eq!(told(&old), "");
    type Change = fn(&mut Bundle);
    let changes: [(Change, &str); 14] = [
        (|bundle| bundle.name = Text::new("新", "New"), "is now called"),
        (|bundle| bundle.summary = Text::new("新", "New"), "summary now"),
        (|bundle| bundle.region = RegionCode::parse("340706000000").unwrap(), "region served"),
        (|bundle| bundle.aliases.push("新".to_owned()), "also known as, added"),
        (|bundle| drop(bundle.life_events.pop()), "life events, dropped"),
        (|bundle| drop(bundle.parts.pop()), "one service fewer"),
        (|bundle| bundle.parts[1].after = Vec::new(), "waits for: “"),
        (|bundle| bundle.parts[1].scenario = Some("other".to_owned()), "case: "),
        (
            |bundle| bundle.parts[0].on_refusal = OnRefusal::Continue,
            "if it is refused: is not applied for → goes on",
        ),
        (|bundle| drop(bundle.parts[0].facts.pop_first()), "asked once, as “"),
        (|bundle| drop(bundle.form.fields.pop()), "asked once for all services: one question fewer"),
        (|bundle| bundle.promised.days += 1, "joint promised limit"),
        (|bundle| bundle.telephone.enquiry = "12333".to_owned(), "telephone for enquiries"),
        (
            |bundle| {
                let serves = [("a".to_owned(), "b".to_owned())].into();
                let name = Text::new("章程", "Articles");
                bundle.materials.push(SharedMaterial { code: "new".to_owned(), name, help: None, serves });
            },
            "handed in once for several services: “Articles”",
        ),
    ];
    for (change, words) in changes {
        let mut new = old.clone();
        change(&mut new);
        let lines = told(&new);
        assert!(lines.contains(words), "{words}: {lines}");
    }
}

proptest! {
    #[test]
    fn any_two_changes_are_both_told_in_order(
        first in prop::sample::select(MUTATIONS), second in prop::sample::select(MUTATIONS),
        fee in 1..100_000_u64, days in 6..20_u16,
    ) {
        let old = rich();
        let mut new = old.clone();
        new.fee = Fee::Charged { amount_fen: fee, basis: text() };
        new.limits.promised.days = days;
        Arc::make_mut(&mut new.scenarios[0].guide).fee = new.fee.clone();
        for scenario in &mut new.scenarios {
            Arc::make_mut(&mut scenario.guide).limits.promised.days = days;
        }
        let changes = diff(&old, &new);
        prop_assert_eq!(changes.len(), 3);
        // The other scenario has a fee of its own.
        let told = format!("fee free → ¥{}.{:02} (not in the case: Change)", fee / 100, fee % 100);
        prop_assert_eq!(&changes[0].text.en, &told);
        prop_assert_eq!(&changes[1].text.en, "new: basis of the fee: something else (not in the case: Change)");
        prop_assert_eq!(&changes[2].text.en, &format!("promised limit 5 → {days} working days"));
        let mut new = old.clone();
        (first.1)(&mut new);
        let one = diff(&old, &new);
        prop_assert!(!one.is_empty());
        prop_assert_eq!(diff(&new, &new.clone()), Vec::new());
        let mut other = old.clone();
        (second.1)(&mut other);
        let between = diff(&new, &other);
        prop_assert_eq!(between.is_empty(), new == other);
        prop_assert!(between.is_sorted_by_key(|change| change.about));
    }

    /// Whoever compares two versions learns what a scenario comes to now, whichever of
    /// the guide and its scenarios says so.
    #[test]
    fn whatever_changes_for_somebody_is_told_him(old in versions(), new in versions()) {
        let changes = diff(&old, &new);
        prop_assert_eq!(changes.is_empty(), old == new);
        let told = |name: Option<&Text>, about: About, to: &str| {
            changes.iter().filter(|change| change.about == about).any(|change| {
                let line = &change.text.en;
                let of_him = |name: &Text| match line.starts_with("in the case ") {
                    true => line.starts_with(&format!("in the case “{}”", name.en)),
                    false => line.split_once("(not in the case").is_none_or(|(_, names)| !names.contains(&name.en)),
                };
                line.contains(&format!("→ {to}")) && name.is_none_or(of_him)
            })
        };
        for (name, before, after) in ways(&old, &new) {
            let days = after.limits.promised.days;
            if before.limits != after.limits {
                prop_assert!(told(name, About::TimeLimit, &format!("{days} ")), "{name:?} {days}: {changes:?}");
            }
            let fee = match &after.fee {
                Fee::Free => "free".to_owned(),
                Fee::Charged { amount_fen, .. } => format!("¥{}.00", amount_fen / 100),
            };
            if before.fee != after.fee {
                prop_assert!(told(name, About::Fee, &fee), "{name:?} {fee}: {changes:?}");
            }
            let visits = if after.visits == 0 { "none".to_owned() } else { after.visits.to_string() };
            if before.visits != after.visits {
                prop_assert!(told(name, About::Visit, &visits), "{name:?} {visits}: {changes:?}");
            }
        }
    }
}

static COMMON: LazyLock<Guide> = LazyLock::new(|| shared(&rich()));

/// Guides of few values, so that two of them often agree: with up to three scenarios.
fn versions() -> impl Strategy<Value = Guide> {
    let terms = || (2..5_u16, 0..3_u64, 0..3_u8);
    let names = prop::sample::select(vec!["Alpha", "Beta", "Gamma"]);
    let scenario = (prop::sample::select(vec!["a", "b", "c", "d"]), names, terms());
    (terms(), prop::collection::vec(scenario, 0..4)).prop_map(|(terms, scenarios)| {
        let set = |guide: &mut Guide, (days, yuan, visits): (u16, u64, u8)| {
            guide.limits.promised.days = days;
            guide.visits = visits;
            guide.fee = match yuan {
                0 => Fee::Free,
                yuan => Fee::Charged { amount_fen: yuan * 100, basis: text() },
            };
        };
        let mut guide = COMMON.clone();
        set(&mut guide, terms);
        let mut made: Vec<Scenario> = Vec::new();
        for (code, name, terms) in scenarios {
            let (mut own, name) = (guide.clone(), Text::new(name, name));
            set(&mut own, terms);
            if made.iter().all(|known| known.code != code && known.name != name) {
                made.push(Scenario { code: code.to_owned(), name, guide: Arc::new(own) });
            }
        }
        guide.scenarios = made;
        guide
    })
}

/// In which ways something was handled before and is now, and the scenario's name now.
fn ways<'g>(old: &'g Guide, new: &'g Guide) -> Vec<(Option<&'g Text>, &'g Guide, &'g Guide)> {
    let mut ways = Vec::new();
    for Scenario { code, name, guide } in &new.scenarios {
        let is_dropped = |one: &&Scenario| new.scenarios.iter().all(|other| other.code != one.code);
        let by_name = || old.scenarios.iter().filter(is_dropped).find(|one| one.name == *name);
        let before = match old.scenarios.iter().find(|one| one.code == *code) {
            None if old.scenarios.iter().all(|one| one.code != *code) => by_name(),
            found => found,
        };
        ways.push((Some(name), before.map_or(old, |before| &before.guide), &**guide));
    }
    if new.scenarios.is_empty() {
        ways.extend(old.scenarios.iter().map(|one| (Some(&one.name), &*one.guide, new)));
        ways.extend(old.scenarios.is_empty().then_some((None, old, new)));
    }
    ways
}
