//! `wanshitong catalog new`, `check`, `test` and `diff` as an author runs them: what they
//! end with, and where they say a mistake stands.

use wanshitong::domain::guides::SourceFile;

use super::*;

fn catalog(folder: &Folder, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_wanshitong");
    Command::new(program).arg("catalog").args(arguments).current_dir(&folder.0).output().unwrap()
}

fn printed(folder: &Folder, arguments: &[&str]) -> String {
    let output = catalog(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let output = catalog(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The folder with `item.yaml`, its legal basis put in, and `guide.yaml` in it.
fn begun() -> Folder {
    let folder = new();
    for (from, to) in [
        (
            "（请填写法律、法规或文件名称）, en: (name the law or regulation)",
            "《示例条例》, en: Sample Regulations",
        ),
        ("（请填写条款）", "第一条"),
        ("（请抄录条文）", "年满八十周岁的居民可以申领高龄津贴。"),
    ] {
        rewrite(&folder, "item.yaml", from, to, "item.yaml");
    }
    folder
}

/// The folder with the two files as `new` writes them.
fn new() -> Folder {
    let folder = Folder::new();
    let wanted = ["new", "--name-zh", "高龄津贴申领", "--name-en", "Old-age allowance", "--type", "05"];
    let said = printed(&folder, &wanted);
    assert!(said.contains("guide code 11340705MBWXT061304000509999001"), "{said}");
    folder
}

/// A file of the folder with a text replaced, under another name.
fn rewrite(folder: &Folder, file: &str, from: &str, to: &str, name: &str) {
    let text = std::fs::read_to_string(folder.file(file)).unwrap();
    assert!(text.contains(from), "{from}");
    folder.write(name, &text.replacen(from, to, 1));
}

fn line_of(folder: &Folder, file: &str, words: &str) -> usize {
    let text = std::fs::read_to_string(folder.file(file)).unwrap();
    text.lines().position(|line| line.contains(words)).unwrap() + 1
}

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/data/sample");
const BOTH: [&str; 2] = ["item.yaml", "guide.yaml"];

#[test]
fn what_new_writes_passes_with_its_legal_basis_and_is_never_written_over() {
    let unfounded = refused(&new(), &[&["check"], BOTH.as_slice()].concat());
    assert!(unfounded.contains("/legal_basis/0: ") && unfounded.contains("\n1 problem"), "{unfounded}");
    let folder = begun();
    let checked = printed(&folder, &[&["check"], BOTH.as_slice()].concat());
    assert!(checked.starts_with("2 files, nothing wrong\n"), "{checked}");
    assert!(checked.contains("Certificate types were not checked"), "{checked}");
    let tried = printed(&folder, &[&["test"], BOTH.as_slice()].concat());
    assert_eq!(tried, "1 example of 1 guide, each as expected\n");
    let said = refused(&folder, &["new", "--name-zh", "别的", "--name-en", "Other"]);
    assert!(said.contains("item.yaml"), "{said}");
    let said = refused(&folder, &["new", "--name-zh", "别的", "--name-en", "别的", "--out", "more"]);
    assert!(said.contains("--name-en") && !folder.file("more").exists(), "{said}");
    let usage = catalog(&folder, &["new", "--name-zh", "别的"]);
    assert_eq!(usage.status.code(), Some(2), "what clap misses");
}

#[test]
fn check_says_of_every_mistake_in_which_line_it_stands() {
    let folder = begun();
    rewrite(&folder, "guide.yaml", "visits: 0", "visit: 0", "wrong.yaml");
    rewrite(&folder, "wrong.yaml", "days: 5, unit: working_day", "days: 50, unit: working_day", "wrong.yaml");
    let said = refused(&folder, &["check", "item.yaml", "wrong.yaml"]);
    let at =
        |words: &str, path: &str| format!("wrong.yaml:{}: {path}: ", line_of(&folder, "wrong.yaml", words));
    assert!(said.lines().any(|line| line.contains(&at("visit: 0", "/visit"))), "{said}");
    assert!(said.lines().any(|line| line.contains(&at("days: 50", "/limits/promised"))), "{said}");
    assert!(said.contains("\n2 problems\n"), "{said}");
    assert!(refused(&folder, &["test", "item.yaml", "wrong.yaml"]).contains("2 problems"));
    assert!(refused(&folder, &["check", "nowhere.yaml"]).contains("nowhere.yaml cannot be read"));
}

#[test]
fn test_says_which_example_comes_out_otherwise() {
    let folder = begun();
    rewrite(&folder, "guide.yaml", "eligible: true", "eligible: false", "wrong.yaml");
    let said = refused(&folder, &["test", "item.yaml", "wrong.yaml"]);
    assert!(said.contains("wrong.yaml: usual: "), "{said}");
}

#[test]
fn test_tries_examples_with_the_regions_of_a_portal_that_is_named() {
    let folder = begun();
    let field =
        "form: { fields: [{ name: home, label: { zh: 居住地, en: Home }, type: region }] }\nexamples:\n";
    rewrite(&folder, "guide.yaml", "examples:\n", field, "guide.yaml");
    rewrite(&folder, "guide.yaml", "truth: true", "truth: true\n      home: \"340705005002\"", "guide.yaml");
    printed(&folder, &[&["test"], BOTH.as_slice()].concat());
    let config = "[server]\nlisten = \"127.0.0.1:1\"\npublic_url = \"http://127.0.0.1:1\"\n\
                  [database]\nurl = \"sqlite:portal.db\"\n[keys]\nmaster_key_file = \"master.key\"\n\
                  [sms]\nurl = \"http://127.0.0.1:9\"\napp_id = \"a\"\nsecret = \"s\"\n[files]\nfolder = \"files\"\n";
    folder.write("portal.toml", config);
    let key = program(&["keys", "new"]).output().unwrap().stdout;
    folder.write("master.key", &String::from_utf8(key).unwrap());
    let mut migrate = program(&["migrate", "--config", "portal.toml"]);
    assert!(migrate.current_dir(&folder.0).output().unwrap().status.success());
    let said = refused(&folder, &[&["test", "--config", "portal.toml"], BOTH.as_slice()].concat());
    assert!(said.contains("guide.yaml: usual: ") && said.contains("home"), "it has no regions: {said}");
}

#[test]
fn without_a_file_nothing_is_in_order() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("empty")).unwrap();
    for command in ["check", "test"] {
        let said = refused(&folder, &[command]);
        assert!(said.contains("No file was given; name YAML files, or a folder of them."), "{said}");
        let said = refused(&folder, &[command, "empty"]);
        assert!(said.contains("There is no YAML file (.yaml, .yml) in empty"), "{said}");
    }
    let said = refused(&folder, &["diff", "empty", "empty"]);
    assert!(said.contains("empty holds nothing to compare"), "{said}");
}

#[test]
fn the_sample_city_passes_with_its_register_of_certificate_types() {
    let folder = Folder::new();
    let said = printed(&folder, &["check", SAMPLE]);
    assert!(said.ends_with("files, nothing wrong\n"), "{said}");
    let types = format!("{SAMPLE}/certificate-types.yaml");
    assert_eq!(printed(&folder, &["check", &types]), "1 file, nothing wrong\n");
    let tried = printed(&folder, &["test", SAMPLE]);
    assert!(tried.ends_with("guides, each as expected\n"), "{tried}");
}

/// The numbers at the beginning of what is said.
fn counted(said: &str) -> Vec<usize> {
    said.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

#[test]
fn the_sample_city_has_sixty_items_and_more_and_tries_each_of_its_guides() {
    let folder = Folder::new();
    let files = |folder: &str| std::fs::read_dir(format!("{SAMPLE}/{folder}")).unwrap().count();
    let guides = files("guides");
    let mut codes = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(format!("{SAMPLE}/guides")).unwrap() {
        let source = SourceFile::parse(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        codes.insert(source.item_code().unwrap().to_owned());
    }
    assert!(codes.len() >= 60, "{} items", codes.len());
    let checked = counted(&printed(&folder, &["check", SAMPLE]));
    assert_eq!(checked[0], guides + files("items") + files("bundles") + 1, "the register is one more");
    let tried = counted(&printed(&folder, &["test", SAMPLE]));
    assert_eq!(tried[1], guides);
    assert!(tried[0] >= 2 * guides, "{} examples of {guides} guides", tried[0]);
}

#[test]
fn diff_tells_what_a_guide_an_item_and_a_bundle_change() {
    let folder = begun();
    rewrite(&folder, "guide.yaml", "days: 5, unit: working_day", "days: 3, unit: working_day", "sooner.yaml");
    let said = printed(&folder, &["diff", "guide.yaml", "sooner.yaml", "--with", "item.yaml"]);
    assert_eq!(said, "承诺时限 5 → 3 个工作日 | promised limit 5 → 3 working days\n");
    let without_its_item = refused(&folder, &["diff", "guide.yaml", "sooner.yaml"]);
    let at = format!("guide.yaml:{}: /item: ", line_of(&folder, "guide.yaml", "item: \""));
    assert!(without_its_item.contains(&at), "{without_its_item}");

    rewrite(&folder, "item.yaml", "legal: { days: 20,", "legal: { days: 15,", "stricter.yaml");
    let said = printed(&folder, &["diff", "item.yaml", "stricter.yaml"]);
    assert!(
        said.contains("every guide that inherits from this item, unless an agency says otherwise:\n"),
        "{said}"
    );
    assert!(said.ends_with("法定时限 20 → 15 个工作日 | legal limit 20 → 15 working days\n"), "{said}");
    let said = printed(&folder, &["diff", "item.yaml", "item.yaml"]);
    assert_eq!(said, "没有申请人会注意到的变化 nothing an applicant would notice has changed\n");

    let newborn = format!("{SAMPLE}/bundles/newborn.yaml");
    let text = std::fs::read_to_string(&newborn).unwrap();
    let (start, end) = (text.find("  - code: maternity_allowance").unwrap(), text.find("\nform:\n").unwrap());
    folder.write("fewer.yaml", &format!("{}{}", text[..start].trim_end(), &text[end..]));
    let said = printed(&folder, &["diff", &newborn, "fewer.yaml", "--with", SAMPLE]);
    assert!(said.starts_with("少联办一项：“生育津贴"), "{said}");
    assert!(said.lines().count() == 1, "{said}");

    let said = refused(&folder, &["diff", "item.yaml", &newborn]);
    assert!(said.contains("cannot be compared with 一件事 bundle newborn"), "{said}");
}
