//! 短信验证码: six digits sent to a mobile number. Good for five minutes and five
//! tries; a new one is sent a minute later at the earliest.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::secret::same_bytes;
use crate::domain::text::Text;

pub const LIFETIME: TimeDelta = TimeDelta::minutes(5);
pub const RESEND_AFTER: TimeDelta = TimeDelta::seconds(60);
pub const MOST_FAILURES: u32 = 5;

/// What a code is asked for; a code for one purpose is none for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    Register,
    SignIn,
    /// Beside what was shown already.
    SecondFactor,
    /// A new password, of somebody signed in or of who forgot the old one.
    ResetPassword,
    /// Another number for an account: sent to the new one.
    NewMobile,
    /// 注销
    CloseAccount,
    /// Shows an officer that the account is of the person before him.
    ProveIdentity,
}

impl Purpose {
    pub const ALL: [Purpose; 7] = [
        Purpose::Register,
        Purpose::SignIn,
        Purpose::SecondFactor,
        Purpose::ResetPassword,
        Purpose::NewMobile,
        Purpose::CloseAccount,
        Purpose::ProveIdentity,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Register => "register",
            Purpose::SignIn => "sign_in",
            Purpose::SecondFactor => "second_factor",
            Purpose::ResetPassword => "reset_password",
            Purpose::NewMobile => "new_mobile",
            Purpose::CloseAccount => "close_account",
            Purpose::ProveIdentity => "prove_identity",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// Six digits. `Debug` does not show them.
#[derive(Clone, PartialEq, Eq)]
pub struct SmsCode(String);

impl SmsCode {
    /// Every code is as likely as any other, to within one in 10¹³.
    pub fn from_random(random: [u8; 8]) -> Self {
        Self(format!("{:06}", u64::from_le_bytes(random) % 1_000_000))
    }

    /// Blanks are dropped; anything but six digits is none.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(Self(digits))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SmsCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmsCode(…)")
    }
}

/// A code that was sent, known by a keyed digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCode {
    pub digest: Vec<u8>,
    pub sent_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub failures: u32,
}

/// What an answer to a pending code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is the code, which is used up with it.
    Right,
    /// It is not; this many failures now stand against the code.
    Wrong { failures: u32 },
    /// The code is too old or was guessed at too often, whatever the answer.
    Spent,
}

impl PendingCode {
    pub fn new(digest: Vec<u8>, at: DateTime<Utc>) -> Self {
        Self { digest, sent_at: at, expires_at: at + LIFETIME, failures: 0 }
    }

    pub fn answer(&self, digest: &[u8], at: DateTime<Utc>) -> Answer {
        if at >= self.expires_at || self.failures >= MOST_FAILURES {
            Answer::Spent
        } else if same_bytes(&self.digest, digest) {
            Answer::Right
        } else {
            Answer::Wrong { failures: self.failures + 1 }
        }
    }

    /// How long to wait before another may be sent.
    pub fn resend_wait(&self, at: DateTime<Utc>) -> Option<TimeDelta> {
        let wait = self.sent_at + RESEND_AFTER - at;
        (wait > TimeDelta::zero()).then_some(wait)
    }
}

/// The message with the code in it.
pub fn message(purpose: Purpose, code: &SmsCode) -> Text {
    let code = code.expose();
    match purpose {
        Purpose::Register => Text::new(
            format!("【万事通】注册验证码 {code}，5 分钟内有效。任何人索要均请勿提供。"),
            format!("[Wanshitong] {code} is your code to register, good for 5 minutes. Give it to nobody."),
        ),
        Purpose::SignIn => Text::new(
            format!("【万事通】登录验证码 {code}，5 分钟内有效。任何人索要均请勿提供。"),
            format!("[Wanshitong] {code} is your code to sign in, good for 5 minutes. Give it to nobody."),
        ),
        Purpose::SecondFactor => Text::new(
            format!("【万事通】二次验证码 {code}，5 分钟内有效。如非本人登录，请立即修改密码。"),
            format!(
                "[Wanshitong] {code} is your second-factor code, good for 5 minutes. Not you? Change your password."
            ),
        ),
        Purpose::ResetPassword => Text::new(
            format!("【万事通】修改密码验证码 {code}，5 分钟内有效。任何人索要均请勿提供。"),
            format!(
                "[Wanshitong] {code} is your code to set a new password, good for 5 minutes. Give it to nobody."
            ),
        ),
        Purpose::NewMobile => Text::new(
            format!("【万事通】更换手机号码验证码 {code}，5 分钟内有效。任何人索要均请勿提供。"),
            format!(
                "[Wanshitong] {code} is your code to use this number with your account, good for 5 minutes. Give it to nobody."
            ),
        ),
        Purpose::CloseAccount => Text::new(
            format!("【万事通】注销账号验证码 {code}，5 分钟内有效。如非本人操作，请立即修改密码。"),
            format!(
                "[Wanshitong] {code} is your code to close your account, good for 5 minutes. Not you? Change your password."
            ),
        ),
        Purpose::ProveIdentity => Text::new(
            format!("【万事通】窗口实名核验验证码 {code}，5 分钟内有效。仅在您本人位于窗口时告知工作人员。"),
            format!(
                "[Wanshitong] {code} proves at the counter that this account is yours, good for 5 minutes. Tell it only to the officer before you."
            ),
        ),
    }
}

/// What the owner of a number learns instead of a code when there is nothing to
/// prove. The one who asked sees no difference.
pub fn message_without_code(purpose: Purpose) -> Text {
    match purpose {
        Purpose::Register | Purpose::NewMobile => Text::new(
            "【万事通】该手机号已有账号，请直接登录。如非本人操作，请忽略。",
            "[Wanshitong] This number has an account already: just sign in. If you did not ask, ignore this.",
        ),
        Purpose::SignIn
        | Purpose::SecondFactor
        | Purpose::ResetPassword
        | Purpose::CloseAccount
        | Purpose::ProveIdentity => Text::new(
            "【万事通】该手机号尚未注册，请先注册。如非本人操作，请忽略。",
            "[Wanshitong] This number has no account yet: register first. If you did not ask, ignore this.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pending(failures: u32) -> PendingCode {
        PendingCode { failures, ..PendingCode::new(vec![1], DateTime::UNIX_EPOCH) }
    }

    #[test]
    fn only_six_digits_are_a_code() {
        assert_eq!(SmsCode::parse(" 012 345 ").unwrap().expose(), "012345");
        for text in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(SmsCode::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_fifth_failure_is_the_last_try() {
        let start = DateTime::UNIX_EPOCH;
        assert_eq!(pending(4).answer(&[2], start), Answer::Wrong { failures: 5 });
        assert_eq!(pending(4).answer(&[1], start), Answer::Right);
        assert_eq!(pending(5).answer(&[1], start), Answer::Spent);
    }

    #[test]
    fn a_code_is_good_for_less_than_five_minutes() {
        let end = DateTime::UNIX_EPOCH + LIFETIME;
        assert_eq!(pending(0).answer(&[1], end - TimeDelta::microseconds(1)), Answer::Right);
        assert_eq!(pending(0).answer(&[1], end), Answer::Spent);
    }

    #[test]
    fn another_code_takes_a_minute() {
        let code = pending(0);
        assert_eq!(code.resend_wait(code.sent_at + TimeDelta::seconds(59)), Some(TimeDelta::seconds(1)));
        assert_eq!(code.resend_wait(code.sent_at + RESEND_AFTER), None);
    }

    #[test]
    fn only_the_message_with_the_code_shows_it() {
        let code = SmsCode::from_random(42_u64.to_le_bytes());
        assert_eq!(code.expose(), "000042");
        for purpose in Purpose::ALL {
            assert!(
                message(purpose, &code).zh.contains("000042")
                    && message(purpose, &code).en.contains("000042")
            );
            assert_eq!(Purpose::parse(purpose.as_str()), Some(purpose));
        }
        assert!(!format!("{code:?}").contains("42"));
    }

    proptest! {
        #[test]
        fn every_random_number_makes_a_code_that_is_read_back(random in any::<[u8; 8]>()) {
            let code = SmsCode::from_random(random);
            prop_assert_eq!(SmsCode::parse(code.expose()), Some(code));
        }

        #[test]
        fn no_run_of_wrong_answers_is_longer_than_five(answers in proptest::collection::vec(2_u8..9, 0..20)) {
            let mut code = pending(0);
            let mut tried = 0;
            for answer in answers {
                match code.answer(&[answer], DateTime::UNIX_EPOCH) {
                    Answer::Wrong { failures } => { code.failures = failures; tried += 1; }
                    Answer::Spent => {}
                    Answer::Right => prop_assert!(false),
                }
            }
            prop_assert!(tried <= MOST_FAILURES);
        }
    }
}
