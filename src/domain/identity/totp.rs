//! 动态口令 (RFC 6238): six digits every thirty seconds, from a secret that an app
//! keeps, and recovery codes for who lost the app.
//!
//! What always holds: a step is accepted once; secrets are not printed.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use totp_rs::{Algorithm, Builder, Totp};

/// How long a secret waits for its first code.
pub const CONFIRM_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// Recovery codes given at once.
pub const RECOVERY_CODES: usize = 10;

const DIGITS: u8 = 6;
const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one that are taken too (RFC 6238 §5.2).
const SKEW_STEPS: u16 = 1;
/// No 0, 1, I, O: they are taken for each other on paper.
const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The 160-bit secret an app and the portal share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpKey([u8; 20]);

impl TotpKey {
    pub fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    pub fn expose(&self) -> &[u8; 20] {
        &self.0
    }

    /// As it is typed into an app (RFC 4648 §6).
    pub fn base32(&self) -> String {
        totp_rs::Secret::new_stack(self.0).to_base32()
    }

    /// What an app reads from a picture (Google Authenticator's Key URI Format).
    /// `account` tells the owner which of his accounts it is.
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (escaped(issuer), escaped(account));
        let secret = self.base32();
        format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
        )
    }

    /// The step this code belongs to, if it is the code of a step about now that
    /// lies after `last_step`.
    pub fn check(&self, code: &str, last_step: u64, at: DateTime<Utc>) -> Option<u64> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        if digits.len() != usize::from(DIGITS) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let second = u64::try_from(at.timestamp()).ok()?;
        self.totp()?.check(&digits, second).filter(|step| *step > last_step)
    }

    fn totp(&self) -> Option<Totp> {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW_STEPS)
            .with_step_duration(STEP_SECONDS)
            .with_secret(totp_rs::Secret::new_stack(self.0))
            .build()
            .ok()
    }
}

impl fmt::Debug for TotpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpKey(…)")
    }
}

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The app of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticator {
    pub key: TotpKey,
    pub created_at: DateTime<Utc>,
    /// None until its first code came.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The last step a code was accepted of; 0 before the first.
    pub last_step: u64,
}

impl Authenticator {
    pub fn new(key: TotpKey, at: DateTime<Utc>) -> Self {
        Self { key, created_at: at, confirmed_at: None, last_step: 0 }
    }

    pub fn is_confirmed(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// Whether its first code may still come.
    pub fn awaits_its_code(&self, at: DateTime<Utc>) -> bool {
        !self.is_confirmed() && at < self.created_at + CONFIRM_WITHIN
    }

    /// The step of a first code that confirms it in time.
    pub fn confirm(&self, code: &str, at: DateTime<Utc>) -> Option<u64> {
        self.key.check(code, self.last_step, at).filter(|_| self.awaits_its_code(at))
    }

    /// The step of a code that proves the owner.
    pub fn prove(&self, code: &str, at: DateTime<Utc>) -> Option<u64> {
        self.key.check(code, self.last_step, at).filter(|_| self.is_confirmed())
    }
}

/// 恢复码: ten characters of 50 random bits. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    pub fn from_random(random: [u8; 10]) -> Self {
        Self(random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
    }

    /// However it was typed: blanks and hyphens are dropped, small letters raised.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let fits = plain.len() == 10 && plain.bytes().all(|byte| LETTERS.contains(&byte));
        fits.then_some(Self(plain))
    }

    /// Without the hyphen.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As it is shown: `ABCDE-FGH23`.
    pub fn shown(&self) -> String {
        let (left, right) = self.0.split_at(5);
        format!("{left}-{right}")
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6238 appendix B, SHA-1, cut to six digits.
    const KEY: &[u8; 20] = b"12345678901234567890";
    const VECTORS: [(i64, &str); 6] = [
        (59, "287082"),
        (1_111_111_109, "081804"),
        (1_111_111_111, "050471"),
        (1_234_567_890, "005924"),
        (2_000_000_000, "279037"),
        (20_000_000_000, "353130"),
    ];

    fn second(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn key() -> TotpKey {
        TotpKey::from_bytes(*KEY)
    }

    #[test]
    fn the_codes_of_the_standard_are_accepted_one_step_early_or_late_and_no_more() {
        for (at, code) in VECTORS {
            let step = u64::try_from(at / 30).unwrap();
            let shifts = [(-60, None), (-30, Some(step)), (0, Some(step)), (30, Some(step)), (60, None)];
            for (shift, found) in shifts.into_iter().filter(|(shift, _)| at + shift >= 0) {
                assert_eq!(key().check(code, 0, second(at + shift)), found, "{code} {shift}");
            }
        }
    }

    #[test]
    fn a_step_is_accepted_once_and_none_before_it_any_more() {
        let at = second(1_111_111_111);
        let step = key().check("050471", 0, at).unwrap();
        assert_eq!(key().check("050471", step, at), None);
        assert_eq!(key().check("081804", step, at), None, "the step before");
        assert_eq!(key().check("050471", step - 1, at), Some(step));
    }

    #[test]
    fn only_six_digits_are_a_code() {
        let at = second(59);
        assert!(key().check(" 287 082 ", 0, at).is_some());
        for text in ["", "28708", "2870820", "28708a", "２８７０８２", "+87082", "-87082"] {
            assert_eq!(key().check(text, 0, at), None, "{text}");
        }
    }

    #[test]
    fn an_app_is_confirmed_within_ten_minutes_and_proves_nothing_before() {
        let made = second(1_111_111_111 - 60);
        let app = Authenticator::new(key(), made);
        let at = second(1_111_111_111);
        assert!(app.confirm("050471", at).is_some() && app.prove("050471", at).is_none());
        assert!(Authenticator::new(key(), at - CONFIRM_WITHIN).confirm("050471", at).is_none());
        let confirmed = Authenticator { confirmed_at: Some(made), ..app };
        assert!(confirmed.prove("050471", at).is_some() && confirmed.confirm("050471", at).is_none());
    }

    #[test]
    fn the_uri_says_everything_an_app_needs() {
        assert_eq!(
            key().uri("万事通", "138****1234"),
            "otpauth://totp/%E4%B8%87%E4%BA%8B%E9%80%9A:138%2A%2A%2A%2A1234?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=%E4%B8%87%E4%BA%8B%E9%80%9A&algorithm=SHA1&digits=6&period=30"
        );
        assert!(!format!("{:?}", key()).contains("123"));
    }

    proptest! {
        #[test]
        fn a_recovery_code_is_read_back_however_it_is_typed(random in any::<[u8; 10]>()) {
            let code = RecoveryCode::from_random(random);
            let printed = format!("{code:?}");
            prop_assert!(!printed.contains(code.expose()));
            for typed in [code.shown(), code.shown().to_lowercase(), code.expose().to_owned(), format!(" {} ", code.shown())] {
                prop_assert_eq!(RecoveryCode::parse(&typed), Some(code.clone()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,24}") {
            let _ = RecoveryCode::parse(&text);
            let _ = key().check(&text, 0, second(59));
        }
    }
}
