use proptest::prelude::*;

use super::*;

fn errors(profile: PasswordProfile, text: &str) -> Vec<&'static str> {
    let mobile = Mobile::parse("13800001234").unwrap();
    let owner = Owner { mobile: &mobile, name: Some("Li Xiang") };
    match profile.choose(text, owner, "/password") {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| error.code).collect(),
    }
}

#[test]
fn a_good_password_of_any_script_is_accepted() {
    for text in ["correct horse battery", "一条小路通向山顶的寺", "x8Kq2v!m7", "sample-city-2026"] {
        assert_eq!(errors(PasswordProfile::Asvs, text), Vec::<&str>::new(), "{text}");
    }
    for text in ["Correct horse battery 7", "x8Kq2v!m", "一条小路-Shan-7"] {
        assert_eq!(errors(PasswordProfile::Mlps3, text), Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn what_everybody_guesses_is_refused() {
    for (text, code) in [
        ("1234567", "too_short"),
        ("password", "too_common"),
        ("PassWord", "too_common"),
        ("88888888", "too_common"),
        ("23456789", "too_common"),
        ("hgfedcba", "too_common"),
        ("woaini1314", "too_common"),
        ("a13800001234", "contains_mobile"),
        ("iam li xiang 8", "contains_name"),
        ("P@ssw0rd2024", "too_guessable"),
        ("Wanshitong!", "too_guessable"),
        ("00001234aa", "too_guessable"),
        ("sunshine99", "too_guessable"),
        ("qwer1234zxcv", "too_guessable"),
        ("我爱你我爱你我爱", "too_guessable"),
    ] {
        assert_eq!(errors(PasswordProfile::Asvs, text), [code], "{text}");
    }
    assert_eq!(errors(PasswordProfile::Asvs, &"长密码".repeat(43)), ["too_long"]);
}

#[test]
fn the_profile_of_the_protection_scheme_asks_for_three_kinds_and_tells_everything_at_once() {
    assert_eq!(errors(PasswordProfile::Mlps3, "correct horse battery"), ["too_uniform"]);
    assert_eq!(errors(PasswordProfile::Mlps3, "abc"), ["too_short", "too_uniform"]);
    assert_eq!(errors(PasswordProfile::Mlps3, "13800001234 li xiang"), ["contains_mobile", "contains_name"]);
    assert_eq!(errors(PasswordProfile::Mlps3, "Passw0rd1"), ["too_guessable"]);
}

#[test]
fn a_password_ages_only_where_the_profile_says_so() {
    let chosen = DateTime::UNIX_EPOCH;
    let after = |days| chosen + TimeDelta::days(days);
    assert_eq!(PasswordProfile::Asvs.standing(chosen, after(100_000)), PasswordStanding::Good);
    let standing = |days| PasswordProfile::Mlps3.standing(chosen, after(days));
    assert_eq!(standing(0), PasswordStanding::Good);
    assert_eq!(standing(75), PasswordStanding::Good);
    assert_eq!(standing(76), PasswordStanding::ExpiresSoon { days: 14 });
    assert_eq!(standing(89), PasswordStanding::ExpiresSoon { days: 1 });
    assert_eq!(standing(90), PasswordStanding::Expired);
    // A clock that went back makes nothing expire.
    assert_eq!(standing(-5), PasswordStanding::Good);
}

#[test]
fn every_profile_and_fault_has_a_name_of_its_own() {
    for profile in PasswordProfile::ALL {
        assert_eq!(PasswordProfile::parse(profile.as_str()), Some(profile));
        assert!(profile.advice().zh.contains("8") && profile.advice().en.contains("8"));
    }
    assert_eq!(PasswordProfile::parse("ASVS"), None);
}

#[test]
fn the_list_is_fit_for_looking_up() {
    for common in COMMON {
        assert!(common.chars().count() >= SHORTEST && common.to_lowercase() == *common, "{common}");
    }
    assert!(COMMON.is_sorted() && COMMON.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn a_password_is_not_printed() {
    let password = Password::presented("correct horse").unwrap();
    assert!(!format!("{password:?}").contains("horse"));
    assert!(Password::presented("").is_none() && Password::presented(&"a".repeat(129)).is_none());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_whatever_is_chosen_can_be_presented(
        text in "\\PC{0,140}", profile in proptest::sample::select(PasswordProfile::ALL.to_vec()),
    ) {
        let mobile = Mobile::parse("13800001234").unwrap();
        let owner = Owner { mobile: &mobile, name: None };
        if let Ok(password) = profile.choose(&text, owner, "/password") {
            prop_assert_eq!(Password::presented(&text), Some(password));
        }
    }

    #[test]
    fn whatever_is_added_no_password_holds_its_owners_number(before in "\\PC{0,20}", after in "\\PC{0,20}") {
        let text = format!("{before}13800001234{after}");
        for profile in PasswordProfile::ALL {
            prop_assert!(errors(profile, &text).contains(&"contains_mobile"));
        }
    }
}
