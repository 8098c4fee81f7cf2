//! Passwords people choose, and the two policies an operator can hold them to.
//!
//! `asvs` (OWASP ASVS 5.0 §6.2, NIST SP 800-63B-4 §3.1.1.2) asks for length and
//! for what cannot be guessed, and for nothing else: rules of composition and
//! forced changes make passwords worse. `mlps3` is what assessors of 等级保护三级
//! (GB/T 22239—2019 8.1.4.1) ask for: kinds of characters, and a change every
//! ninety days.
//!
//! What always holds: everything wrong with a password is told at once, and a
//! password is never printed.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};

use super::common_passwords::COMMON;
use super::secret::same_bytes;
use crate::domain::codes::Mobile;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

pub const SHORTEST: usize = 8;
pub const LONGEST: usize = 128;

/// Words anybody would try first at this portal.
const CONTEXT: [&str; 6] = ["wanshitong", "万事通", "zhengwu", "政务服务", "12345", "portal"];

/// Which rules passwords are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PasswordProfile {
    #[default]
    Asvs,
    Mlps3,
}

/// The rules of a profile.
struct Rules {
    /// Of the four kinds of characters (lower case, upper case, digits, others)
    /// as many must occur.
    kinds: usize,
    /// How hard it must be to guess, 0–4, as zxcvbn estimates it.
    score: u8,
    /// Passwords used before that may not come again, the present one included.
    remembered: usize,
    /// After so long it must be changed.
    good_for: Option<TimeDelta>,
}

/// From how long before its end a password that must be changed says so.
const WARN_BEFORE: TimeDelta = TimeDelta::days(14);

/// Whether a password may still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordStanding {
    Good,
    /// It must be changed within so many days, today not counted.
    ExpiresSoon {
        days: u16,
    },
    /// It lets its owner in to change it, and nowhere else.
    Expired,
}

impl PasswordStanding {
    /// How many days are left, while it says so.
    pub fn expires_in_days(self) -> Option<u16> {
        match self {
            PasswordStanding::Good => None,
            PasswordStanding::ExpiresSoon { days } => Some(days),
            PasswordStanding::Expired => Some(0),
        }
    }
}

/// Whose password it is to be: what everybody knows of him makes a poor one.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub mobile: &'a Mobile,
    pub name: Option<&'a str>,
}

/// A password fit to be used. `Debug` does not show it, and it is wiped from memory
/// when it is dropped.
#[derive(Debug, Clone)]
pub struct Password(SecretString);

impl PartialEq for Password {
    fn eq(&self, other: &Self) -> bool {
        same_bytes(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for Password {}

impl PasswordProfile {
    pub const ALL: [PasswordProfile; 2] = [PasswordProfile::Asvs, PasswordProfile::Mlps3];

    pub fn as_str(self) -> &'static str {
        match self {
            PasswordProfile::Asvs => "asvs",
            PasswordProfile::Mlps3 => "mlps3",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == text)
    }

    fn rules(self) -> Rules {
        match self {
            PasswordProfile::Asvs => Rules { kinds: 1, score: 3, remembered: 0, good_for: None },
            PasswordProfile::Mlps3 => {
                Rules { kinds: 3, score: 2, remembered: 5, good_for: Some(TimeDelta::days(90)) }
            }
        }
    }

    /// How many of the passwords used last may not be chosen again.
    pub fn remembered(self) -> usize {
        self.rules().remembered
    }

    /// How a password chosen then stands now.
    pub fn standing(self, chosen_at: DateTime<Utc>, at: DateTime<Utc>) -> PasswordStanding {
        let Some(good_for) = self.rules().good_for else { return PasswordStanding::Good };
        let left = chosen_at + good_for - at;
        if left <= TimeDelta::zero() {
            PasswordStanding::Expired
        } else if left <= WARN_BEFORE {
            PasswordStanding::ExpiresSoon { days: u16::try_from(left.num_days()).unwrap_or(0) }
        } else {
            PasswordStanding::Good
        }
    }

    /// Checks a new password; gives everything that is wrong with it at once, at
    /// `pointer`.
    pub fn choose(self, text: &str, owner: Owner<'_>, pointer: &str) -> Result<Password, Vec<FieldError>> {
        let rules = self.rules();
        let length = text.chars().count();
        let plain = text.to_lowercase();
        let name = owner.name.map(|name| name.trim().to_lowercase());
        let name = name.filter(|name| name.chars().count() >= 2);
        let has_name = name.as_ref().is_some_and(|name| plain.contains(name));
        let has_mobile = plain.contains(owner.mobile.as_str());
        let fits = (SHORTEST..=LONGEST).contains(&length);
        // What is wrong anyway is not called guessable beside.
        let judged = fits && !has_name && !has_mobile;
        let is_common = judged && is_common(&plain);
        let is_weak = judged && !is_common && score(&plain, text, &owner) < rules.score;
        let broken = [
            (length < SHORTEST, Fault::TooShort),
            (length > LONGEST, Fault::TooLong),
            (kinds(text) < rules.kinds, Fault::TooUniform),
            (has_mobile, Fault::ContainsMobile),
            (has_name, Fault::ContainsName),
            (is_common, Fault::TooCommon),
            (is_weak, Fault::TooGuessable),
        ];
        let errors: Vec<FieldError> = broken
            .into_iter()
            .filter(|(broken, _)| *broken)
            .map(|(_, fault)| FieldError::new(pointer, fault.code(), fault.words()))
            .collect();
        if errors.is_empty() { Ok(Password(text.into())) } else { Err(errors) }
    }

    /// What to say to somebody who is about to choose one.
    pub fn advice(self) -> Text {
        match self {
            PasswordProfile::Asvs => Text::new(
                "至少 8 个字符；几个不相干的词最好记也最难猜。",
                "At least 8 characters; a few unrelated words are easy to remember and hard to guess.",
            ),
            PasswordProfile::Mlps3 => Text::new(
                "至少 8 个字符，须含大写字母、小写字母、数字、其他字符中的三种；不得与最近 5 次相同，每 90 天更换。",
                "At least 8 characters of three of these kinds: capital letters, small letters, digits, others. None of the last 5; to be changed every 90 days.",
            ),
        }
    }
}

/// What can be wrong with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    TooShort,
    TooLong,
    TooUniform,
    ContainsMobile,
    ContainsName,
    TooCommon,
    TooGuessable,
    /// It was used before, and not long ago.
    UsedBefore,
}

impl Fault {
    pub fn code(self) -> &'static str {
        match self {
            Fault::TooShort => "too_short",
            Fault::TooLong => "too_long",
            Fault::TooUniform => "too_uniform",
            Fault::ContainsMobile => "contains_mobile",
            Fault::ContainsName => "contains_name",
            Fault::TooCommon => "too_common",
            Fault::TooGuessable => "too_guessable",
            Fault::UsedBefore => "used_before",
        }
    }

    pub fn words(self) -> Text {
        let (zh, en) = match self {
            Fault::TooShort => {
                ("密码至少 8 个字符，请加长。", "The password needs at least 8 characters; make it longer.")
            }
            Fault::TooLong => {
                ("密码最多 128 个字符，请缩短。", "The password has at most 128 characters; make it shorter.")
            }
            Fault::TooUniform => (
                "密码须含大写字母、小写字母、数字、其他字符中的三种，请补上缺少的。",
                "The password needs three of these kinds: capital letters, small letters, digits, others. Add what is missing.",
            ),
            Fault::ContainsMobile => {
                ("密码不能包含您的手机号码。", "The password must not contain your mobile number.")
            }
            Fault::ContainsName => ("密码不能包含您的姓名。", "The password must not contain your name."),
            Fault::TooCommon => (
                "这个密码太常见，容易被猜中。请换一个，例如几个不相干的词。",
                "This password is too common and easily guessed. Choose another, such as a few unrelated words.",
            ),
            Fault::TooGuessable => (
                "这个密码容易被猜中。请加长，或换成几个不相干的词。",
                "This password is easily guessed. Make it longer, or choose a few unrelated words.",
            ),
            Fault::UsedBefore => (
                "这个密码最近用过，请换一个新的。",
                "You have used this password not long ago; choose a new one.",
            ),
        };
        Text::new(zh, en)
    }
}

impl Password {
    /// A password presented at sign-in. Whatever no account can have is none.
    pub fn presented(text: &str) -> Option<Self> {
        (1..=LONGEST).contains(&text.chars().count()).then(|| Self(text.into()))
    }

    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

/// How many of the four kinds of characters occur. A letter of a script without
/// capitals is one of the others.
fn kinds(text: &str) -> usize {
    let of = |is: fn(char) -> bool| usize::from(text.chars().any(is));
    let other = |c: char| !c.is_lowercase() && !c.is_uppercase() && !c.is_ascii_digit();
    of(char::is_lowercase) + of(char::is_uppercase) + of(|c| c.is_ascii_digit()) + of(other)
}

/// Different characters of a script with thousands of them that are hard enough to
/// guess whatever zxcvbn says, which takes every character for one of ten.
const HARD_ENOUGH: usize = 6;

/// How hard it is to guess, 0–4: zxcvbn's estimate, with the owner's number and
/// name and the portal's own words as what is tried first.
fn score(plain: &str, text: &str, owner: &Owner<'_>) -> u8 {
    let beyond_ascii: BTreeSet<char> = text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).collect();
    if beyond_ascii.len() >= HARD_ENOUGH && !CONTEXT.iter().any(|word| plain.contains(word)) {
        return 4;
    }
    let mobile = owner.mobile.as_str();
    // Its tail is what people keep of a number.
    let tail = mobile.get(3..).unwrap_or(mobile);
    let own = [mobile, tail].into_iter().chain(owner.name);
    let inputs: Vec<&str> = own.chain(CONTEXT).collect();
    u8::from(zxcvbn::zxcvbn(text, &inputs).score())
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
mod tests;
