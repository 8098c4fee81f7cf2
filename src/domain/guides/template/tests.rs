use proptest::prelude::*;

use super::*;
use crate::domain::calendar::WorkCalendar;
use crate::domain::guides::{Guide, SourceFile, try_examples};

const PLAIN: Wanted<'static> = Wanted {
    name_zh: "高龄津贴申领",
    name_en: "Old-age allowance",
    item_type: None,
    agency: "11340705MBWXT06130",
    region: "340705000000",
    level: None,
    basic_code: None,
};

/// The guide the files make, if nothing is wrong with them.
fn read(files: &Template) -> Guide {
    let item =
        SourceFile::parse(&founded(&files.item)).into_item(None).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let guide = SourceFile::parse(&files.guide).into_guide(Some(&item), None);
    guide.unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

fn holds(guide: &Guide) {
    let calendar = WorkCalendar::parse(include_str!("../../../data/calendar-cn.csv")).unwrap();
    assert_eq!(guide.examples.len(), 1);
    assert_eq!(try_examples(guide, &calendar, &|_| true), Vec::new());
}

fn refused(wanted: &Wanted<'_>) -> String {
    let wrong = template(wanted).unwrap_err();
    let line = |Unfit { field, detail }: &Unfit| format!("{field}: {} {}\n", detail.zh, detail.en);
    wrong.iter().map(line).collect()
}

#[test]
fn the_files_are_a_guide_whose_example_holds() {
    let files = template(&PLAIN).unwrap();
    let guide = read(&files);
    holds(&guide);
    assert_eq!(guide.code.as_str(), "11340705MBWXT061304002009999001");
    assert_eq!(guide.code, files.code);
    assert_eq!(guide.item.name, Text::new("高龄津贴申领", "Old-age allowance"));
    assert!(guide.item.aliases.is_empty() && guide.summary.zh.contains("高龄津贴申领"));
    assert!(!files.item.contains('@') && !files.guide.contains('@'));
}

#[test]
fn a_legal_basis_that_was_not_put_in_is_missing() {
    let item = template(&PLAIN).unwrap().item;
    let line = item.lines().position(|line| line.contains("- law:")).unwrap() + 1;
    let founded = founded(&item);
    for left in [item.clone(), founded.replace("article: 法律", "article: （请填写条款）")] {
        let wrong = SourceFile::parse(&left).into_item(None).unwrap_err();
        let [problem] = wrong.as_slice() else { panic!("{wrong:?}") };
        assert_eq!((problem.line, problem.path.as_str()), (line, "/legal_basis/0"));
        assert!(problem.reason.en.contains("name the law and the article"), "{problem:?}");
    }
    // What was published before this was looked for goes on being read.
    SourceFile::published(&item).into_item(None).unwrap();
}

#[test]
fn codes_follow_from_each_other() {
    let of = |wanted: &Wanted<'_>| {
        let guide = read(&template(wanted).unwrap());
        holds(&guide);
        (guide.code.to_string()[18..].to_owned(), guide.item.item_type.as_str())
    };
    assert_eq!(of(&Wanted { item_type: Some("05"), ..PLAIN }), ("4000509999001".to_owned(), "05"));
    assert_eq!(of(&Wanted { region: "340700000000", ..PLAIN }), ("3002009999001".to_owned(), "20"));
    assert_eq!(of(&Wanted { region: "340705005002", ..PLAIN }).0, "6002009999001");
    assert_eq!(of(&Wanted { region: "340000000000", level: Some(1), ..PLAIN }).0, "1002009999001");
    assert_eq!(of(&Wanted { basic_code: Some("000553001000"), ..PLAIN }), ("4000553001000".to_owned(), "05"));
}

#[test]
fn what_is_wrong_is_told_at_once_and_says_what_to_do() {
    let told = refused(&Wanted { agency: "1", region: "34", level: Some(9), name_en: "事项", ..PLAIN });
    for word in ["agency: ", "region: ", "Write 1 nation", "name_en: ", "Write the name in English"] {
        assert!(told.contains(word), "{told}");
    }
    assert_eq!(told.lines().count(), 4, "{told}");
    let told = refused(&Wanted { item_type: Some("11"), ..PLAIN });
    assert!(told.starts_with("type: ") && told.contains("20 public service"), "{told}");
    let told = refused(&Wanted { item_type: Some("20"), basic_code: Some("000553001000"), ..PLAIN });
    assert!(told.contains("says type 05; make them agree"), "{told}");
    let told = refused(&Wanted { basic_code: Some("0553001000"), ..PLAIN });
    assert!(told.contains("twelve in all"), "{told}");
    let told = refused(&Wanted { basic_code: Some("12"), ..PLAIN });
    assert!(told.starts_with("basic_code: "), "{told}");
    for name in ["", "  ", "一\n二", "\u{2028}甲\u{2028}乙", &"长".repeat(101)] {
        let told = refused(&Wanted { name_zh: name, ..PLAIN });
        assert!(told.starts_with("name_zh: ") && told.contains("Write one line of 1 to 100"), "{told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_name_is_kept_as_it_is(
        zh in r#"([:#"'{}\[\]&*!|>%@,?`~\\ -]|[一-龥]|\PC){1,40}"#,
        en in r#"[ -~]{0,20}[a-zA-Z0-9][ -~]{0,20}"#,
    ) {
        prop_assume!(!zh.trim().is_empty());
        let wanted = Wanted { name_zh: &zh, name_en: &en, ..PLAIN };
        match template(&wanted) {
            Ok(files) => {
                let guide = read(&files);
                holds(&guide);
                prop_assert_eq!(guide.item.name, Text::new(zh.trim(), en.trim()));
            }
            Err(wrong) => {
                // Only what cannot be seen in a line is refused.
                let unseen = |c: char| c.is_control() || "\u{2028}\u{2029}\u{feff}".contains(c);
                prop_assert!(zh.contains(unseen), "{:?}", wrong);
            }
        }
    }
}
