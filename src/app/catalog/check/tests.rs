use super::*;
use crate::domain::codes::Uscc;

const ITEM: &str = include_str!("../../../domain/guides/read/samples/item.yaml");
const LOCAL: &str = include_str!("../../../domain/guides/read/samples/local.yaml");
const TYPES: &str = include_str!("../../../domain/guides/read/samples/certificates.yaml");
const WRITTEN_OUT: &str = include_str!("../../../domain/guides/read/samples/valid.yaml");
const BUNDLE: &str = include_str!("../../../data/sample/bundles/company.yaml");

fn files(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given.iter().map(|(name, yaml)| ((*name).to_owned(), (*yaml).to_owned())).collect()
}

/// Of every problem the file, its line and what is said in English.
fn told(given: &[(&str, &str)], base: &Base) -> Vec<String> {
    let wrong = check(&files(given), base).err().unwrap_or_default();
    let of = |file: &FileProblems| -> Vec<String> {
        let name = &file.file;
        file.problems.iter().map(|p| format!("{name}:{}: {}: {}", p.line, p.path, p.reason.en)).collect()
    };
    wrong.iter().flat_map(of).collect()
}

fn with(yaml: &str, from: &str, to: &str) -> String {
    assert!(yaml.contains(from), "{from}");
    yaml.replacen(from, to, 1)
}

fn line_of(yaml: &str, words: &str) -> usize {
    yaml.lines().position(|line| line.contains(words)).unwrap() + 1
}

/// Where it is looked into who issues what.
fn whole() -> Base {
    Base { issued: Some(BTreeSet::new()), ..Base::default() }
}

const ELSEWHERE: &str =
    "    elsewhere: { zh: 全国其他地方的公安机关, en: Public-security organs elsewhere in the country }\n";

#[test]
fn what_nobody_issues_is_told_wherever_it_is_asked_for() {
    let types = with(TYPES, ELSEWHERE, "");
    let given = |local: &str| told(&[("t", &types), ("i", ITEM), ("g", local)], &whole());
    let found = given(LOCAL);
    assert_eq!(found.len(), 2, "{found:#?}");
    let lines = [line_of(ITEM, "- { name: holder"), line_of(ITEM, "source: { certificate:")];
    for (told, line) in found.iter().zip(lines) {
        assert!(told.starts_with(&format!("i:{line}: /guide/")), "{told}");
        assert!(told.contains("Nobody issues “Resident identity card”"), "{told}");
    }
    // A guide has it among its results.
    let issuing = format!(
        "{LOCAL}results:\n  - certificate: {{ type: \"11100000000013338W001\", name: {{ zh: 居民身份证, en: Card }} }}\n"
    );
    // What it says on it is another matter, and not looked into beside guides not seen here.
    let base = Base { has_others: true, ..whole() };
    assert_eq!(told(&[("t", &types), ("i", ITEM), ("g", &issuing)], &base), [""; 0]);
    // The register says who issues it elsewhere.
    assert_eq!(told(&[("t", TYPES), ("i", ITEM), ("g", LOCAL)], &whole()), [""; 0]);
    // Somebody in the catalogue does.
    let of = CertificateType::parse("11100000000013338W001").unwrap();
    let base = Base { issued: Some(BTreeSet::from([of])), ..Base::default() };
    assert_eq!(told(&[("t", &types), ("i", ITEM), ("g", LOCAL)], &base), [""; 0]);
    // Nobody asked.
    assert_eq!(told(&[("t", &types), ("i", ITEM), ("g", LOCAL)], &Base::default()), [""; 0]);
}

#[test]
fn an_agency_hands_out_only_what_the_register_lets_it_issue() {
    let types = with(TYPES, "issuers: [11340705MBWXT06130]", "issuers: [91350100M000100Y43]");
    let found = told(&[("t", &types), ("i", ITEM), ("g", LOCAL)], &whole());
    let [told] = found.as_slice() else { panic!("{found:#?}") };
    let line = line_of(ITEM, "- certificate: { type:");
    assert!(told.starts_with(&format!("g:{line}: /guide/results/0/certificate/type: ")), "{told}");
    assert!(told.contains("11340705MBWXT06130 does not issue “Senior card”"), "{told}");
}

#[test]
fn a_guide_that_writes_its_item_out_says_the_same_as_the_catalogue() {
    let item = SourceFile::parse(ITEM).into_item(None).unwrap();
    let code = item.item.basic_code.to_string();
    let base = Base { items: HashMap::from([(code, Arc::new(item))]), ..Base::default() };
    let basis = "text: 国家鼓励地方建立八十周岁以上低收入老年人高龄津贴制度。";
    let same = with(
        WRITTEN_OUT,
        basis,
        "text: 国家建立和完善老年人福利制度，根据经济社会发展水平和老年人的实际需要，增加老年人的社会福利。",
    );
    assert_eq!(told(&[("g", &same)], &base), [""; 0]);
    for (from, to, what) in [
        ("name: { zh: 高龄津贴申领,", "name: { zh: 高龄津贴,", "/item/name: The name differs"),
        ("article: 第三十三条", "article: 第三十四条", "/item/legal_basis: The legal basis differs"),
    ] {
        let found = told(&[("g", &with(&same, from, to))], &base);
        assert!(matches!(found.as_slice(), [told] if told.contains(what)), "{found:#?}");
    }
}

#[test]
fn an_items_mistakes_are_told_once_and_its_guides_own_at_the_same_time() {
    let item = with(ITEM, "type: choice", "type: choise");
    let item = with(&item, "handling: promised", "handlin: promised");
    let local = with(LOCAL, "cross_region: city", "cross_region: town");
    let found = told(&[("i", &item), ("g", &local)], &whole());
    let at = |file: &str, yaml: &str, words: &str| format!("{file}:{}: ", line_of(yaml, words));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with(&at("i", &item, "handlin: promised")), "{found:#?}");
    assert!(found[1].starts_with(&at("i", &item, "type: choise")), "{found:#?}");
    assert!(found[2].starts_with(&at("g", &local, "cross_region: town")), "{found:#?}");
    for (from, to) in [("kind: item", "kind: itme"), ("basic_code:", "basic_cod:"), ("kind: item\n", "")] {
        let found = told(&[("i", &with(ITEM, from, to)), ("g", LOCAL)], &whole());
        assert_eq!(found.len(), 1, "{to}: {found:#?}");
        assert!(found[0].starts_with("i:"), "{found:#?}");
    }
}

#[test]
fn a_register_with_mistakes_takes_nothing_with_it() {
    let types = with(TYPES, "supplies: [居民身份证,", "supplys: [居民身份证,");
    let found = told(&[("t", &types), ("i", ITEM), ("g", LOCAL)], &whole());
    assert!(matches!(found.as_slice(), [told] if told.starts_with("t:")), "{found:#?}");
    // What the other entries say is held against the rest all the same.
    let unheard = with(TYPES, "\ntypes:\n", "\ntypes:\n  - { typ: x }\n");
    let sound = told(&[("t", TYPES), ("i", &asking_again())], &whole());
    assert!(!sound.is_empty());
    let found = told(&[("t", &unheard), ("i", &asking_again())], &whole());
    assert!(sound.iter().all(|told| found.contains(told)), "{found:#?}");
}

/// The item with a document asked for that a certificate supplies.
fn asking_again() -> String {
    with(
        ITEM,
        "  materials:\n",
        "  materials:\n    - { code: own_card, name: { zh: 居民身份证, en: Identity card }, source: { own: true } }\n",
    )
}

#[test]
fn a_bundle_does_not_miss_a_guide_that_has_mistakes() {
    let part = BUNDLE.split("item: \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let guide = with(WRITTEN_OUT, "basic_code: \"000553001000\"", &format!("basic_code: \"{part}\""));
    let alone = told(&[("b", BUNDLE)], &Base::default());
    assert!(alone.iter().any(|told| told.starts_with("b:")), "{alone:#?}");
    let found = told(&[("b", BUNDLE), ("g", &guide)], &Base::default());
    assert!(!found.is_empty() && found.iter().all(|told| told.starts_with("g:")), "{found:#?}");
}

#[test]
fn a_text_that_is_not_translated_is_told_with_the_rest() {
    let item = with(ITEM, "help: { zh: 本人的一类账户, en:", "help: { zh: Account of your own, en:");
    let local = with(
        LOCAL,
        "zh: 区政务服务中心, en: District service centre",
        "zh: 区政务服务中心, en: 区政务 centre",
    );
    let found = told(&[("i", &item), ("g", &local)], &whole());
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("/guide/form/fields/1/help/zh: zh must be Chinese"), "{found:#?}");
    assert!(found[1].contains("/venues/0/name/en: “区政务” in en is not translated"), "{found:#?}");
    // What the reader refuses is told once.
    let local = with(
        LOCAL,
        "zh: 区政务服务中心, en: District service centre",
        "zh: 区政务服务中心, en: 区政务服务中心",
    );
    let found = told(&[("i", ITEM), ("g", &local)], &whole());
    assert!(matches!(found.as_slice(), [told] if told.contains("/venues/0/name/en")), "{found:#?}");
}

#[test]
fn what_has_a_provisional_code_is_replaced_by_no_other_item() {
    let code = ITEM.lines().find_map(|line| line.strip_prefix("basic_code: ")).unwrap();
    let name = ITEM.lines().find(|line| line.starts_with("name: ")).unwrap();
    let other_name = "name: { zh: 另一件事, en: Another matter }";
    for (own, refused) in [("\"000509999001\"", true), (code, false)] {
        let first = with(ITEM, code, own);
        let item = SourceFile::parse(&first).into_item(None).unwrap();
        let base = Base {
            items: [(item.item.basic_code.to_string(), Arc::new(item))].into(),
            has_others: true,
            ..Base::default()
        };
        assert_eq!(told(&[("i", &first)], &base), [""; 0], "its own next version");
        let other = with(&first, name, other_name);
        let found = told(&[("i", &other)], &base);
        assert_eq!(!found.is_empty(), refused, "{found:#?}");
        let place = format!("i:{}: /basic_code: ", line_of(&other, "basic_code:"));
        assert!(
            found.iter().all(|told| told.starts_with(&place) && told.contains("--basic-code")),
            "{found:#?}"
        );
        // One that keeps its name in one of the languages is the same item, renamed.
        let known = &base.items.values().next().unwrap().item.name;
        for (from, to) in [(known.zh.as_str(), "另一件事"), (known.en.as_str(), "Another matter")] {
            let line = with(name, from, to);
            assert_eq!(told(&[("i", &with(&first, name, &line))], &base), [""; 0], "{line}");
        }
    }
}

#[test]
fn a_mistake_in_one_file_hides_none_that_does_not_rest_on_it() {
    // An item with a mistake, and what its guide says and lacks for itself.
    let item = with(ITEM, "  handling: promised\n", "  handling: promised\n  visits: x\n");
    let own =
        "conditions:\n  - { code: own, when: applicant.age == \"1\", text: { zh: 条件, en: Condition } }\n";
    let local = with(LOCAL, "conditions:\n", own);
    let found = told(&[("i", &item), ("g", &local)], &whole());
    assert!(found.iter().any(|told| told.starts_with("i:") && told.contains("/guide/visits")), "{found:#?}");
    assert!(
        found.iter().any(|told| told.contains("/conditions/") && told.contains("do not go together")),
        "{found:#?}"
    );
    assert_eq!(found.len(), 2, "{found:#?}");
    // The same code twice, the second with a mistake.
    let wrong = with(LOCAL, "cross_region: city", "cross_region: town");
    let found = told(&[("i", ITEM), ("g", LOCAL), ("h", &wrong)], &Base::default());
    assert!(found.iter().any(|told| told.contains("/code: Another file holds the same")), "{found:#?}");
    assert!(found.iter().any(|told| told.contains("/cross_region")), "{found:#?}");
}

#[test]
fn a_bundle_with_a_mistake_is_held_against_the_guides_all_the_same() {
    let alone = told(&[("b", BUNDLE)], &Base::default());
    let wrong = format!("{BUNDLE}alias: [开店]\n");
    let found = told(&[("b", &wrong)], &Base::default());
    assert!(!alone.is_empty() && alone.iter().all(|told| found.contains(told)), "{found:#?}");
    assert!(found.iter().any(|told| told.contains("There is no key “alias”")), "{found:#?}");
    // What all parts share may be what is wrong.
    let found = told(&[("b", &format!("{BUNDLE}frm: {{}}\n"))], &Base::default());
    assert_eq!(found.len(), 1, "{found:#?}");
}

/// Of every problem the file it stands in and its line.
fn places(given: &[(&str, &str)], base: &Base) -> Vec<(String, usize)> {
    let wrong = check(&files(given), base).err().unwrap_or_default();
    let of = |file: &FileProblems| -> Vec<(String, usize)> {
        file.problems.iter().map(|problem| (file.file_of(problem).to_owned(), problem.line)).collect()
    };
    wrong.iter().flat_map(of).collect()
}

#[test]
fn what_is_wrong_in_the_item_is_told_with_the_name_of_its_file() {
    // The item's certificate states a field that the guide leaves out.
    let local = with(LOCAL, "- { name: needs, omit: true }", "- { name: mobile, omit: true }");
    let local = with(&local, "      mobile: \"13812345678\"\n", "");
    let line = line_of(ITEM, "attributes: [mobile]");
    assert_eq!(places(&[("i", ITEM), ("g", &local)], &whole()), [("i".to_owned(), line)]);
    let item = SourceFile::parse(ITEM).into_item(None).unwrap();
    let code = item.item.basic_code.to_string();
    let base = Base { items: HashMap::from([(code.clone(), Arc::new(item))]), ..whole() };
    assert_eq!(places(&[("g", &local)], &base), [(format!("item {code}"), line)]);
    // What neither says is the guide's to say.
    let item = with(ITEM, "\nguide:\n", "\nguide:\n  telephone: { complaint: \"12345\" }\n");
    let local = with(LOCAL, "telephone: { enquiry: 0562-2806131, complaint: \"12345\" }\n", "");
    assert_eq!(places(&[("i", &item), ("g", &local)], &whole()), [("g".to_owned(), 1)]);
}

#[test]
fn a_thing_given_twice_is_told_where_its_code_stands() {
    for (given, line) in [
        ([("i", ITEM), ("again", ITEM), ("t", TYPES)], line_of(ITEM, "basic_code:")),
        ([("i", ITEM), ("g", LOCAL), ("again", LOCAL)], line_of(LOCAL, "code:")),
    ] {
        assert!(line > 1);
        assert_eq!(places(&given, &whole()), [("again".to_owned(), line)]);
    }
}

#[test]
fn a_new_guide_has_not_ended_and_one_that_is_published_may_have() {
    let local = with(LOCAL, "effective_until: 2030-12-31", "effective_until: 2026-03-01");
    let given = [("i", ITEM), ("g", local.as_str())];
    let on = |day: &str| Base { today: day.parse().ok(), ..whole() };
    assert_eq!(told(&given, &on("2026-03-01")), [""; 0], "its last day is not over");
    let found = told(&given, &on("2026-03-02"));
    let place = format!("g:{}: /effective_until: 2026-03-01 is over", line_of(&local, "effective_until:"));
    assert!(matches!(found.as_slice(), [told] if told.starts_with(&place)), "{found:#?}");
    let unchanged = Base { unchanged: HashSet::from([1]), ..on("2026-03-02") };
    assert_eq!(told(&given, &unchanged), [""; 0]);
    assert_eq!(told(&given, &whole()), [""; 0], "nobody said what day it is");
}

#[test]
fn whose_a_file_is_and_whom_it_serves_is_told_with_all_that_is_wrong_in_it() {
    let agency = Uscc::parse("11340705MBWXT06130").unwrap();
    let beijing = RegionCode::parse("110000000000").unwrap();
    let territory = Territory { agencies: Some([(agency, beijing)].into()), regions: None };
    let base = Base { territory, ..whole() };
    let local = with(LOCAL, "cross_region: city", "cross_region: town");
    let found = places(&[("i", ITEM), ("g", &local)], &base);
    let mut lines = vec![line_of(&local, "region: \""), line_of(&local, "cross_region: town")];
    lines.sort_unstable();
    assert_eq!(found, lines.into_iter().map(|line| ("g".to_owned(), line)).collect::<Vec<_>>());
    let found = told(&[("b", BUNDLE)], &base);
    assert!(found[0].contains(": /leader: The portal has no agency"), "{found:#?}");
    assert!(found[1..].iter().all(|told| told.contains("No guide of item")), "{found:#?}");
}

#[test]
fn a_mistake_in_the_head_of_an_item_hides_nothing_below_it() {
    let item = with(ITEM, "  handling: promised\n", "  handling: promised\n  visits: x\n");
    let local =
        with(LOCAL, "promised: { days: 3, unit: working_day }", "promised: { days: 30, unit: working_day }");
    for (from, to) in [
        ("legal_basis:", "legal_bases:"),
        ("    article: 第三十三条\n", ""),
        ("type: \"05\"", "type: \"99\""),
        ("zh: 高龄津贴申领, en: Old-age allowance", "zh: 高龄津贴申领"),
        ("aliases: [高龄补贴, 八十岁老人补贴]", "aliases: 高龄补贴"),
    ] {
        let found = told(&[("i", &with(&item, from, to)), ("g", &local)], &whole());
        for below in ["i:", "/guide/visits", "/limits/promised"] {
            assert!(found.iter().any(|told| told.contains(below)), "{to}: {below}: {found:#?}");
        }
    }
    // Of one of which nothing parses it is not said that it is missing.
    let found = told(&[("i", &with(ITEM, "type: \"05\"", "type: !05")), ("g", LOCAL)], &Base::default());
    assert!(found.iter().all(|told| told.starts_with("i:")), "{found:#?}");
}

#[test]
fn what_a_written_out_item_says_otherwise_is_told_beside_what_does_not_read() {
    let item = SourceFile::parse(ITEM).into_item(None).unwrap();
    let base = Base {
        items: HashMap::from([(item.item.basic_code.to_string(), Arc::new(item))]),
        ..Base::default()
    };
    let wrong = with(WRITTEN_OUT, "name: { zh: 高龄津贴申领,", "name: { zh: 高龄津贴,");
    let wrong = with(&wrong, "article: 第三十三条", "artikel: 第三十三条");
    let found = told(&[("g", &wrong)], &base);
    assert!(found.iter().any(|told| told.contains("/item/name: The name differs")), "{found:#?}");
    assert!(found.iter().any(|told| told.contains("artikel")), "{found:#?}");
}

/// The item written out by another agency.
fn by_another(yaml: &str) -> String {
    yaml.replace("11340705MBWXT06130", "91350100M000100Y43")
}

#[test]
fn an_item_is_not_written_out_under_another_code() {
    let other = WRITTEN_OUT.replace("000553001000", "000553002000");
    let item = Arc::new(SourceFile::parse(ITEM).into_item(None).unwrap());
    let base = Base { items: HashMap::from([("000553001000".to_owned(), item)]), ..Base::default() };
    let place =
        format!("g:{}: /item/basic_code: The item “Old-age allowance”", line_of(&other, "basic_code:"));
    for found in [told(&[("g", &other)], &base), told(&[("g", &other), ("i", ITEM)], &Base::default())] {
        assert!(matches!(found.as_slice(), [told] if told.starts_with(&place)), "{found:#?}");
        assert!(
            found[0].contains("write item: \"000553001000\"")
                || found[0].contains("Write item: \"000553001000\"")
        );
    }
    // What is called otherwise, or is of another type, is another thing.
    let renamed = with(&other, "zh: 高龄津贴申领,", "zh: 高龄津贴申领（代办）,");
    let of_type = with(&other.replace("000553002000", "000753002000"), "type: \"05\"", "type: \"07\"");
    for another in [renamed, of_type] {
        assert_eq!(told(&[("g", &another)], &base), [""; 0]);
    }
    // The basic catalogue has come to list what had a provisional code.
    let provisional = ITEM.replace("000553001000", "000509999001");
    assert_eq!(told(&[("i", &provisional), ("g", WRITTEN_OUT)], &Base::default()), [""; 0]);
}

#[test]
fn guides_that_write_the_same_item_out_say_the_same() {
    let same = by_another(WRITTEN_OUT);
    let stated = SourceFile::parse(WRITTEN_OUT).stated_item().unwrap();
    let published = || HashMap::from([("000553001000".to_owned(), ("G".to_owned(), stated.clone()))]);
    let base = Base { written_out: published(), has_others: true, ..Base::default() };
    assert_eq!(told(&[("a", WRITTEN_OUT), ("b", &same)], &Base::default()), [""; 0]);
    assert_eq!(told(&[("b", &same)], &base), [""; 0]);
    for (from, to, key, words) in [
        ("name: { zh: 高龄津贴申领,", "name: { zh: 高龄津贴,", "name", "The name differs"),
        ("article: 第三十三条", "article: 第三十四条", "legal_basis", "The legal basis differs"),
    ] {
        let unlike = with(&same, from, to);
        for (found, whose) in [
            (told(&[("a", WRITTEN_OUT), ("b", &unlike)], &Base::default()), "as a writes it out"),
            (told(&[("b", &unlike)], &base), "as the published guide G writes it out"),
        ] {
            let [told] = found.as_slice() else { panic!("{found:#?}") };
            assert!(told.starts_with("b:") && told.contains(&format!(": /item/{key}: {words}")), "{told}");
            assert!(told.contains(whose), "{told}");
        }
        let published_before = Base { are_published: true, ..base.clone() };
        assert_eq!(told(&[("b", &unlike)], &published_before), [""; 0]);
    }
    // A provisional code is nobody's: two agencies may have taken the same for two things.
    let first = WRITTEN_OUT.replace("000553001000", "000509999001");
    let other =
        with(&by_another(&first), "zh: 高龄津贴申领, en: Old-age allowance", "zh: 另一件事, en: Another");
    let found = told(&[("a", &first), ("b", &other)], &Base::default());
    assert!(
        matches!(found.as_slice(), [told] if told.contains(": /item/basic_code: This provisional")),
        "{found:#?}"
    );
}

#[test]
fn a_guide_that_writes_its_item_out_does_not_differ_from_what_does_not_read() {
    let basis = "text: 国家鼓励地方建立八十周岁以上低收入老年人高龄津贴制度。";
    let same = with(
        WRITTEN_OUT,
        basis,
        "text: 国家建立和完善老年人福利制度，根据经济社会发展水平和老年人的实际需要，增加老年人的社会福利。",
    );
    for (from, to) in [
        ("legal_basis:", "legal_bases:"),
        ("zh: 高龄津贴申领, en: Old-age allowance", "zh: 高龄津贴申领"),
        ("basic_code: \"000553001000\"", "basic_cod: \"000553001000\""),
    ] {
        let found = told(
            &[("i", &with(ITEM, from, to)), ("g", &same), ("h", &by_another(WRITTEN_OUT))],
            &Base::default(),
        );
        assert!(
            found.iter().all(|told| told.starts_with("i:") || told.contains("/legal_basis: ")),
            "{to}: {found:#?}"
        );
        assert!(found.iter().all(|told| !told.starts_with("g:")), "{to}: {found:#?}");
    }
}
