//! A table of the documents that says by which test a promise is shown must name
//! tests that are there: whoever renames one is told where it was promised.

use super::source::Source;
use super::{TREE, reports};

/// The title of the column that names tests.
const COLUMN: &str = "shown by";

fn promises_without_a_test(files: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        let mut in_table = false;
        for (number, line) in file.text.lines().enumerate() {
            let place = || format!("{}:{}", file.path, number + 1);
            let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
            let is_row = line.starts_with('|');
            let is_head = is_row && cells.last() == Some(&COLUMN);
            if is_row && in_table && !line.starts_with("|---") {
                // Between backticks.
                let names: Vec<&str> =
                    cells.last().copied().unwrap_or_default().split('`').skip(1).step_by(2).collect();
                if names.is_empty() {
                    found.push(format!("{}: shown by nothing", place()));
                }
                let missing = names.into_iter().filter(|name| !is_there(files, name));
                found.extend(missing.map(|name| format!("{}: there is no test `{name}`", place())));
            }
            in_table = is_row && (in_table || is_head);
        }
    }
    found
}

/// Whether a name of the column leads to a test: a file or folder of them, or, when
/// the last part is no module, functions that begin with it.
fn is_there(files: &[Source], name: &str) -> bool {
    if let Some(peer) = name.strip_prefix("peers/") {
        let names = ["", "_test"].map(|end| format!("tests/peers/{peer}{end}."));
        return files.iter().any(|file| names.iter().any(|name| file.path.starts_with(name)));
    }
    let parts: Vec<&str> = name.split("::").filter(|part| *part != "*").collect();
    let program = ["domain", "app", "http", "store", "gateways"].contains(&parts[0]);
    let rooms: &[&str] = match program {
        true => &["src/"],
        false => &["tests/it/", "tests/it/identity/", "tests/it/defence/", "tests/it/people/"],
    };
    let modules: Vec<&str> = parts.iter().copied().filter(|part| *part != "tests").collect();
    let whole = rooms.iter().any(|room| has_test(files, room, &modules, ""));
    whole
        || modules.split_last().is_some_and(|(function, modules)| {
            let function = function.trim_end_matches(['…', '*']);
            rooms.iter().any(|room| has_test(files, room, modules, function))
        })
}

/// Whether a module, or one inside it, has a test whose name begins so. Without a
/// module, any file of the room will do.
fn has_test(files: &[Source], room: &str, modules: &[&str], begins: &str) -> bool {
    let path = format!("{room}{}", modules.join("/"));
    let (alone, inside) = (format!("{path}.rs"), format!("{path}/"));
    let belongs = |file: &&Source| file.path == alone || file.path.starts_with(&inside) || modules.is_empty();
    let of_rust = files.iter().filter(|file| file.path.starts_with(room) && file.path.ends_with(".rs"));
    of_rust.filter(belongs).any(|file| tests_of(&file.text).any(|test| test.starts_with(begins)))
}

/// The names of the functions that stand under an attribute that ends in `test]`, and
/// those that a macro gives to a test for each database, one beside the other.
fn tests_of(text: &str) -> impl Iterator<Item = &str> {
    let attributes = text.match_indices("test]\n").map(|(at, _)| &text[at..]);
    let written = attributes.filter_map(|rest| rest.split_once("fn ")?.1.split(['(', '<']).next());
    let pairs = text.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(' '));
    written.chain(
        pairs.filter(|(one, other)| other.strip_suffix("_on_postgres") == Some(one)).map(|(one, _)| one),
    )
}

/// What can be put on record, is somewhere.
#[test]
fn every_action_of_the_audit_trail_is_entered_by_somebody() {
    let written = |word: &str| {
        // Where the actions are listed they are not entered.
        let inside = |file: &&Source| file.is_program() && file.path != "src/domain/audit.rs";
        TREE.iter().filter(inside).any(|file| file.said.iter().collect::<String>().contains(word))
    };
    for action in wanshitong::domain::audit::AuditAction::ALL {
        let word = format!("AuditAction::{action:?}");
        assert!(written(&word), "{word}");
    }
}

#[test]
fn what_is_promised_is_shown_by_tests_that_are_there() {
    let table = |cell: &str| {
        format!("| promise | shown by |\n|---|---|\n| we do | {cell} |\n\n| a | b |\n| `x` | `y` |\n")
    };
    let test = ("tests/it/identity/keys.rs", "#[test]\nfn keys_turn() {}\n");
    let given = |cell: &str| {
        promises_without_a_test(&[Source::new("docs/a.md", table(cell)), Source::new(test.0, test.1)])
    };
    for cell in
        ["`keys::*`", "`identity::keys::*`", "`keys::keys_turn`", "`keys::keys_…`, twice", "`keys_turn`"]
    {
        assert_eq!(given(cell), Vec::<String>::new(), "{cell}");
    }
    for cell in ["`keys::keys_rust`", "`locks::*`", "`domain::keys`", "`peers/keys`", "hope"] {
        let found = given(cell);
        assert!(found.len() == 1 && found[0].starts_with("docs/a.md:3: "), "{cell}: {found:?}");
    }
    reports(
        promises_without_a_test,
        "no test `keys_turn`",
        ("a.md", &table("`keys_turn`")),
        ("a.md", "| `x` |"),
    );
    let found = promises_without_a_test(&TREE);
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}
