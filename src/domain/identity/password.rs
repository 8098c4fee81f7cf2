//! Passwords people choose: 8–128 characters, none of the most common, nothing
//! everybody knows about them. No rules of composition: they make passwords
//! worse (NIST SP 800-63B-4 §3.1.1.2).

use std::fmt;

use super::common_passwords::COMMON;
use crate::domain::codes::Mobile;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

pub const SHORTEST: usize = 8;
pub const LONGEST: usize = 128;

/// A password fit to be used. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Checks a new password of the person with this number and name; gives
    /// everything that is wrong with it at once, at `pointer`.
    pub fn choose(
        text: &str,
        mobile: &Mobile,
        name: Option<&str>,
        pointer: &str,
    ) -> Result<Self, Vec<FieldError>> {
        let length = text.chars().count();
        let plain = text.to_lowercase();
        let name = name.map(|name| name.trim().to_lowercase()).filter(|name| name.chars().count() >= 2);
        let rules: [(bool, &'static str, &str, &str); 5] = [
            (
                length < SHORTEST,
                "too_short",
                "密码至少 8 个字符，请加长。",
                "The password needs at least 8 characters; make it longer.",
            ),
            (
                length > LONGEST,
                "too_long",
                "密码最多 128 个字符，请缩短。",
                "The password has at most 128 characters; make it shorter.",
            ),
            (
                plain.contains(mobile.as_str()),
                "contains_mobile",
                "密码不能包含您的手机号码。",
                "The password must not contain your mobile number.",
            ),
            (
                name.is_some_and(|name| plain.contains(&name)),
                "contains_name",
                "密码不能包含您的姓名。",
                "The password must not contain your name.",
            ),
            (
                length >= SHORTEST && is_common(&plain),
                "too_common",
                "这个密码太常见，容易被猜中。请换一个，例如几个不相干的词。",
                "This password is too common and easily guessed. Choose another, such as a few unrelated words.",
            ),
        ];
        let errors: Vec<FieldError> = rules
            .into_iter()
            .filter(|(broken, ..)| *broken)
            .map(|(_, code, zh, en)| FieldError::new(pointer, code, Text::new(zh, en)))
            .collect();
        if errors.is_empty() { Ok(Self(text.to_owned())) } else { Err(errors) }
    }

    /// A password presented at sign-in. Whatever no account can have is none.
    pub fn presented(text: &str) -> Option<Self> {
        (1..=LONGEST).contains(&text.chars().count()).then(|| Self(text.to_owned()))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// On the list, or a single character or a run of neighbours throughout.
fn is_common(plain: &str) -> bool {
    COMMON.contains(&plain) || is_run(plain, 0) || is_run(plain, 1) || is_run(plain, -1)
}

/// Whether each character is `step` after the one before.
fn is_run(text: &str, step: i64) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    codes.windows(2).all(|pair| pair[1] - pair[0] == step)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn errors(text: &str) -> Vec<&'static str> {
        let mobile = Mobile::parse("13800001234").unwrap();
        match Password::choose(text, &mobile, Some("Li Xiang"), "/password") {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.code).collect(),
        }
    }

    #[test]
    fn a_good_password_of_any_script_is_accepted() {
        for text in ["correct horse battery", "一条小路通向山顶的寺", "x8Kq2v!m"] {
            assert_eq!(errors(text), Vec::<&str>::new(), "{text}");
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
        ] {
            assert_eq!(errors(text), [code], "{text}");
        }
        assert_eq!(errors(&"长密码".repeat(43)), ["too_long"]);
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
        fn no_text_makes_it_panic_and_whatever_is_chosen_can_be_presented(text in "\\PC{0,140}") {
            let mobile = Mobile::parse("13800001234").unwrap();
            if let Ok(password) = Password::choose(&text, &mobile, None, "/password") {
                prop_assert_eq!(Password::presented(&text), Some(password));
            }
        }
    }
}
