use proptest::prelude::*;

use super::Pattern;
use super::portable::scan;

#[test]
fn what_browsers_read_differently_is_refused_with_what_to_write_instead() {
    for (pattern, words) in [
        (r"^\d+$", r"\d cannot be used; write [0-9]"),
        (r"^[\d]+$", r"\d cannot be used; write [0-9]"),
        (r"^\w+$", "write [0-9A-Za-z_]"),
        (r"^\s$", "write a blank"),
        (r"^\pN$", r"\p cannot be used; write the characters themselves"),
        (r"^\p{Han}+$", "write the characters themselves, like [一-龥]"),
        (r"^[^\x{4e00}]$", "write the characters themselves"),
        (r"^\u{4e00}$", "write the characters themselves"),
        (r"\Aa\z", r"\A cannot be used; write ^"),
        (r"^a\z", r"\z cannot be used; write $"),
        (r"^\bA$", r"\b cannot be used"),
        (r"^(a)\1$", r"\1 cannot be used"),
        (r"^a\-b$", "the character without the backslash"),
        (r"^a\_b$", "the character without the backslash"),
        (r"^[\_]$", "the character without the backslash"),
        ("^a\\", r"take away the \ at the end"),
        ("^a++$", "+ cannot follow what says how often"),
        ("^a*?$", "? cannot follow what says how often"),
        ("^a{2}{3}$", "{ cannot follow what says how often"),
        ("^*a$", "nothing before * to repeat"),
        ("^(?:+a)$", "nothing before + to repeat"),
        ("^a|?$", "nothing before ? to repeat"),
        ("^a{,3}$", "{3}, {3,} or {3,5}"),
        ("^a{x}$", "{3}, {3,} or {3,5}"),
        ("^a{3$", "{3}, {3,} or {3,5}"),
        ("^a{+3}$", "{3}, {3,} or {3,5}"),
        ("^a{5,3}$", "{3}, {3,} or {3,5}"),
        ("^a{1001}$", "1000 times at most"),
        ("^a}$", r"write \} for the sign }"),
        ("^a]$", r"write \] for the sign ]"),
        ("^(?i)a$", "(?i cannot be used; a group is (…) or (?:…)"),
        ("^(?P<n>a)$", "(?P cannot be used"),
        ("^(?=a)a$", "(?= cannot be used"),
        ("^(a$", "( has no other half"),
        ("^a)$", ") has no other half"),
        ("^[0-9$", "[ has no other half"),
        ("^[[:digit:]]{12,30}$", "[:…:] cannot be used"),
        ("^[a[b]]$", r"write \[ for the sign ["),
        ("^[a-z&&b]$", "no operations && -- ~~"),
        ("^[a~~b]$", "no operations && -- ~~"),
        ("^[a--b]$", r"write \- for the sign -"),
        ("^[0-9-]$", r"write \- for the sign -"),
        ("^[-0-9]$", r"write \- for the sign -"),
        ("^[a-f-z]$", r"write \- for the sign -"),
        ("^[(]$", r"write \( for the sign ("),
        ("^[]a]$", "[ ] is empty"),
        ("^[^]$", "[ ] is empty"),
        ("^[z-a]$", "write a-z"),
        (r"^([一-龥]{1000}){1000}$", "too large"),
    ] {
        let told = Pattern::parse(pattern).expect_err(pattern);
        assert!(told.en.contains(words), "{pattern}: {told:?}");
    }
}

#[test]
fn what_is_read_alike_everywhere_passes() {
    for pattern in [
        r"^[0-9A-Za-z\-]{6,30}$",
        "^[一-龥·]{2,20}$",
        "^皖[A-Z][0-9A-Z]{5,6}$",
        r"^1[.]2\.156(a|b)?(?:c|)*$",
        r"^[\]\[\^\-\\\/\|]$",
        r"^[a\-z \n]+$",
        r"^\$\/$",
        r"^[^\^]$",
        "^[A^]$",
        "^𠀀{3,}.+$",
    ] {
        assert!(Pattern::whole(pattern).is_ok(), "{pattern}: {:?}", Pattern::whole(pattern));
    }
}

#[test]
fn a_pattern_of_a_field_holds_for_the_whole_value() {
    for (pattern, words) in [
        ("^[0-9]{12}|[0-9]{16}$", "write ^(A|B)$"),
        ("[0-9]+", "start it with ^ and end it with $"),
        ("^[0-9]+", "start it with ^"),
        (r"^a\$", "end it with $"),
        ("^(a$)", "end it with $"),
    ] {
        let told = Pattern::whole(pattern).expect_err(pattern);
        assert!(told.en.contains(words), "{pattern}: {told:?}");
        assert!(Pattern::parse(pattern).is_ok(), "{pattern}");
    }
    let either = Pattern::whole("^([0-9]{12}|[0-9]{16})$").expect("in brackets");
    assert!(either.is_match("621700000000") && !either.is_match("621700000000乱写"));
}

#[test]
fn how_long_a_text_must_be_is_known() {
    for (pattern, least) in [
        ("^[0-9]{12,30}$", Some(12)),
        ("^([0-9]{12}|[0-9]{16})$", Some(12)),
        ("^(?:皖[A-Z]){2}(-[0-9])?$", Some(4)),
        ("^a*$", Some(0)),
        ("^(a$|bb$)c?$", Some(1)),
        ("^𠀀+一$", Some(2)),
        ("^a^b$", None),
        ("^a$b$", None),
        ("^(b^|ccc)$", Some(3)),
        ("^(a$)b$", None),
        ("^(a$|b$)c$", None),
        ("^a(^b|^c)$", None),
        ("^(a$|b)c$", Some(2)),
        ("^a*(^b|ccc)$", Some(1)),
        ("^(ab$){2}$", None),
        ("^(ab$)*$", Some(0)),
        ("^(ab){2,}c$", Some(5)),
    ] {
        assert_eq!(Pattern::parse(pattern).unwrap().shortest(), least, "{pattern}");
    }
}

const PIECES: &[&str] = &[
    "a", "-", "z", "一", "𠀀", " ", "0", "9", ",", "[", "]", "[^", "^", "$", "(", "(?:", ")", "|", "*", "+",
    "?", "{", "}", "{2}", "{1,3}", "{2,}", r"\", r"\\", r"\.", r"\-", r"\n", r"\d", r"\]", "&", "~", "/",
    ":", ".", "#", "<", "!", "[a-z]", "[^0-9]", "_", "%", "=", "P",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_pattern_that_passes_compiles(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..10)) {
        let pattern = pieces.concat();
        if scan(&pattern).is_ok() {
            let compiled = regex::Regex::new(&pattern);
            prop_assert!(compiled.is_ok(), "{pattern}: {compiled:?}");
        }
    }

    #[test]
    fn no_text_is_shorter_than_what_is_said_of_its_pattern(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..8),
        text in prop::collection::vec(prop::sample::select(&["a", "z", "一", "0", "9", "-", "𠀀", " ", "P"][..]), 0..5),
    ) {
        let Ok(pattern) = Pattern::parse(&format!("^{}$", pieces.concat())) else { return Ok(()) };
        if pattern.is_match(&text.concat()) {
            let least = pattern.shortest();
            prop_assert!(least.is_some_and(|least| least <= text.len()), "{pattern:?}: {least:?}, {text:?}");
        }
    }
}
