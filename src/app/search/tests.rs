//! The search as a whole, on a small catalogue.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

fn entry(item: &str, zh: &str, en: &str, aliases: &[&str], region_code: &str, serial: u32) -> Entry {
    let level = region(region_code).level() as u8 + 2;
    Entry {
        guide: format!("{serial:018}{level}{item}"),
        item: item.to_owned(),
        region: region(region_code),
        description: Arc::new(Description {
            name: Text::new(zh, en),
            summary: Text::new("符合条件的居民可以在线申请。", "Residents may apply online."),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            agency: Some("铜官区人民政府".to_owned()),
            service_objects: vec![ServiceObject::NaturalPerson],
            topics: vec!["general".to_owned()],
            life_events: Vec::new(),
        }),
    }
}

const BIRTH: &str = "000709010001";
const CARD: &str = "002014021001";
const RESIDENCE: &str = "000709013001";
const PASSPORT: &str = "002009021001";
const COMPANY: &str = "000731001001";

const PROVINCE: &str = "340000000000";
const CITY: &str = "340700000000";
const COUNTY: &str = "340705000000";
const TOWN: &str = "340705005000";
const VILLAGE: &str = "340705005002";

fn catalogue() -> Vec<Entry> {
    let mut company = entry(
        COMPANY,
        "企业设立登记（有限责任公司）",
        "Registration of a new company",
        &["开公司"],
        COUNTY,
        7,
    );
    Arc::make_mut(&mut company.description).service_objects = vec![ServiceObject::Enterprise];
    Arc::make_mut(&mut company.description).topics = vec!["business_start".to_owned()];
    Arc::make_mut(&mut company.description).life_events = vec!["business".to_owned()];
    vec![
        entry(BIRTH, "新生儿出生登记", "Registration of a newborn", &["婴儿落户"], COUNTY, 1),
        entry(BIRTH, "新生儿出生登记", "Registration of a newborn", &["婴儿落户"], "340706000000", 2),
        entry(CARD, "社会保障卡申领", "Application for a social-security card", &["社保卡"], PROVINCE, 3),
        entry(CARD, "社会保障卡申领", "Application for a social-security card", &[], TOWN, 4),
        entry(CARD, "社会保障卡申领", "Application for a social-security card", &[], CITY, 5),
        entry(RESIDENCE, "居住证申领", "Residence permit", &[], CITY, 6),
        entry(PASSPORT, "普通护照预受理", "Ordinary passport", &["出国证件"], CITY, 8),
        company,
    ]
}

fn words(words: &str) -> Query {
    Query { words: words.to_owned(), limit: 10, ..Query::default() }
}

fn find(query: &Query) -> Vec<Hit> {
    SearchIndex::build(catalogue()).unwrap().search(query).unwrap()
}

/// The item that comes first.
fn first(index: &SearchIndex, typed: &str) -> Option<String> {
    index.search(&words(typed)).unwrap().into_iter().next().map(|hit| hit.item)
}

#[test]
fn an_item_is_found_however_it_is_asked_for() {
    let index = SearchIndex::build(catalogue()).unwrap();
    for (typed, item) in [
        ("新生儿出生登记", BIRTH),
        ("小孩上户口", BIRTH),
        ("孩子出生了怎么上户口？", BIRTH),
        ("我想给宝宝落户，需要什么材料", BIRTH),
        ("xsecsdj", BIRTH),
        ("xinshenger chusheng", BIRTH),
        ("newborns", BIRTH),
        ("社保卡", CARD),
        ("社會保障卡", CARD),
        ("shebaoka", CARD),
        ("SBK", CARD),
        ("ＳＢＫ", CARD),
        ("sbk怎么办", CARD),
        ("开一家公司", COMPANY),
        ("护照", PASSPORT),
        ("hz", PASSPORT),
        ("xhshk", BIRTH),
        ("xiaohaisanghukou", BIRTH),
        ("jzz", RESIDENCE),
    ] {
        assert_eq!(first(&index, typed).as_deref(), Some(item), "{typed}");
    }
}

#[test]
fn a_slip_of_the_finger_is_forgiven() {
    let index = SearchIndex::build(catalogue()).unwrap();
    for (typed, item) in [
        ("居主证", RESIDENCE),
        ("居民证", RESIDENCE),
        ("居住", RESIDENCE),
        ("居证住", RESIDENCE),
        ("juzhuzeng", RESIDENCE),
        ("jzuhuzheng", RESIDENCE),
        ("社会保险卡", CARD),
        ("设保卡", CARD),
        ("shebaka", CARD),
        ("pasport", PASSPORT),
        ("passprot", PASSPORT),
    ] {
        assert_eq!(first(&index, typed).as_deref(), Some(item), "{typed}");
    }
}

#[test]
fn the_guide_is_that_of_the_nearest_region() {
    let code = |serial: u32, level, item: &str| Some(format!("{serial:018}{level}{item}"));
    for (place, card, birth) in [
        (VILLAGE, code(4, 5, CARD), code(1, 4, BIRTH)),
        (TOWN, code(4, 5, CARD), code(1, 4, BIRTH)),
        ("340705006001", code(5, 3, CARD), code(1, 4, BIRTH)),
        ("340706100000", code(5, 3, CARD), code(2, 4, BIRTH)),
        (CITY, code(5, 3, CARD), None),
        ("340100000000", code(3, 2, CARD), None),
        ("110101000000", None, None),
        ("340705005002001", code(4, 5, CARD), code(1, 4, BIRTH)),
    ] {
        let found = |typed: &str, item: &str| {
            let hits = find(&Query { region: Some(region(place)), ..words(typed) });
            hits.into_iter().find(|hit| hit.item == item).map(|hit| hit.guide)
        };
        assert_eq!((found("社保卡", CARD), found("小孩上户口", BIRTH)), (card, birth), "{place}");
    }
    let anywhere = find(&words("社保卡"));
    assert_eq!(Some(anywhere[0].guide.clone()), code(3, 2, CARD), "the highest when no region is asked for");
}

#[test]
fn every_filter_must_hold_for_the_same_guide() {
    let items = |query: Query| find(&query).into_iter().map(|hit| hit.item).collect::<Vec<_>>();
    let enterprise = Some(ServiceObject::Enterprise);
    assert_eq!(items(Query { audience: enterprise, ..words("") }), [COMPANY]);
    assert_eq!(items(Query { topic: Some("business_start".into()), ..words("登记") }), [COMPANY]);
    assert_eq!(items(Query { life_event: Some("business".into()), ..words("") }), [COMPANY]);
    assert!(items(Query { audience: enterprise, ..words("护照") }).is_empty());
    assert!(items(Query { topic: Some("nothing".into()), ..words("") }).is_empty());

    let mut entries = catalogue();
    Arc::make_mut(&mut entries[3].description).service_objects = vec![ServiceObject::Enterprise];
    let index = SearchIndex::build(entries).unwrap();
    let person = Some(ServiceObject::NaturalPerson);
    let query = Query { audience: person, region: Some(region(VILLAGE)), ..words("社保卡") };
    let guide = &index.search(&query).unwrap()[0].guide;
    assert!(guide.starts_with("0000000000000000053"), "the nearest that serves persons: {guide}");

    let mut entries = catalogue();
    Arc::make_mut(&mut entries[4].description).topics = vec!["elderly".to_owned()];
    let index = SearchIndex::build(entries).unwrap();
    let query = Query { topic: Some("elderly".into()), ..words("社保卡") };
    assert_eq!(index.search(&query).unwrap().len(), 1);
    let here = Query { region: Some(region(VILLAGE)), ..query };
    assert_eq!(index.search(&here).unwrap(), [], "the town's own guide is not about it");
}

#[test]
fn without_words_items_come_in_order_of_code_page_by_page() {
    let index = SearchIndex::build(catalogue()).unwrap();
    for typed in ["", "  \u{3000}"] {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let query = Query { words: typed.to_owned(), limit: 2, after: after.clone(), ..Query::default() };
            let Some(last) = index.search(&query).unwrap().last().cloned() else { break };
            listed.extend(index.search(&query).unwrap().into_iter().map(|hit| hit.item));
            after = Some(last.item);
        }
        assert_eq!(listed, [BIRTH, RESIDENCE, COMPANY, PASSPORT, CARD]);
    }
}

#[test]
fn ranked_pages_follow_each_other() {
    let all = find(&words("登记"));
    assert!(all.len() > 1);
    let rest = find(&Query { after: Some(all[0].item.clone()), ..words("登记") });
    assert_eq!(rest, all[1..]);
}

#[test]
fn nothing_typed_has_a_special_meaning_or_costs_much() {
    let index = SearchIndex::build(catalogue()).unwrap();
    assert_eq!(first(&index, "+社保卡 AND (NOT *)~9 \"").as_deref(), Some(CARD));
    let endless = ["社保卡".repeat(10_000), "a".repeat(1 << 20), "登".repeat(5_000), "\u{10FFFF}".repeat(99)];
    for typed in endless.iter().map(String::as_str).chain([
        "*",
        "name:社保卡^9",
        "[a TO z]",
        "'; DROP TABLE items;--",
        "\0\u{202E}\u{FEFF}",
        "%",
        "👶🏽",
        "e\u{301}",
        "ﬁ",
        "İ",
        "𠮷",
    ]) {
        let hits = index.search(&words(typed)).unwrap();
        assert!(hits.len() <= 10);
    }
    assert!(index.search(&words("qwxzk")).unwrap().is_empty());
    assert!(index.search(&Query { limit: 0, ..words("社保卡") }).unwrap().is_empty());
}

#[test]
fn an_empty_catalogue_finds_nothing() {
    let index = SearchIndex::build([]).unwrap();
    assert!(
        index.search(&words("社保卡")).unwrap().is_empty() && index.search(&words("")).unwrap().is_empty()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_same_entries_in_any_order_give_the_same_answers(
        entries in Just(catalogue()).prop_shuffle(),
        typed in "[a-z社保卡户口登记公司]{0,8}",
    ) {
        let query = words(&typed);
        let shuffled = SearchIndex::build(entries).unwrap();
        prop_assert_eq!(shuffled.search(&query).unwrap(), find(&query));
    }

    #[test]
    fn whatever_is_typed_is_answered(typed in any::<String>(), place in "34[01]{4}00[01]00[01]") {
        let region = Some(region(&place));
        let hits = find(&Query { region: region.clone(), ..words(&typed) });
        prop_assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
        let served = find(&Query { region, ..words("") });
        prop_assert!(hits.iter().all(|hit| served.iter().any(|other| other.guide == hit.guide)));
    }
}
