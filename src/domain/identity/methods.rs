//! How somebody proved who he is (RFC 8176): the set of what he showed, from which
//! the assurance of the sign-in is derived and never stated apart.

use super::assurance::Aal;

/// One way to prove that an account is one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Method {
    Password,
    /// 短信验证码
    SmsCode,
    /// 动态口令 (RFC 6238)
    Totp,
    /// 通行密钥 that may be copied between a person's devices; the device checked
    /// the person.
    Passkey,
    /// A passkey that cannot leave the device it was made on.
    BoundPasskey,
}

/// What a method rests on; two of different kinds make two factors.
#[derive(PartialEq, Eq)]
enum Kind {
    Knowledge,
    Possession,
    /// Possession of a key that a finger, face or PIN unlocks.
    Both,
}

impl Method {
    pub const ALL: [Method; 5] =
        [Method::Password, Method::SmsCode, Method::Totp, Method::Passkey, Method::BoundPasskey];

    /// The word of RFC 8176 §2, or what its registry lacks.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Password => "pwd",
            Method::SmsCode => "sms",
            Method::Totp => "otp",
            Method::Passkey => "swk",
            Method::BoundPasskey => "hwk",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    fn kind(self) -> Kind {
        match self {
            Method::Password => Kind::Knowledge,
            Method::SmsCode | Method::Totp => Kind::Possession,
            Method::Passkey | Method::BoundPasskey => Kind::Both,
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of methods.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Methods(u8);

impl Methods {
    pub const NONE: Methods = Methods(0);

    #[must_use]
    pub fn with(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    pub fn contains(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// Both what was shown before and what was shown now.
    #[must_use]
    pub fn and(self, other: Methods) -> Self {
        Self(self.0 | other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Method> {
        Method::ALL.into_iter().filter(move |method| self.contains(*method))
    }

    /// How strong it is (NIST SP 800-63B-4): two factors need two kinds, so a code
    /// by SMS beside a code from an app is still one.
    pub fn aal(self) -> Aal {
        let has = |kind: Kind| self.iter().any(|method| method.kind() == kind);
        if self.contains(Method::BoundPasskey) {
            Aal::HARDWARE
        } else if has(Kind::Both) || (has(Kind::Knowledge) && has(Kind::Possession)) {
            Aal::TWO_FACTORS
        } else {
            Aal::ONE_FACTOR
        }
    }

    /// Words with blanks between.
    pub fn parse(text: &str) -> Option<Self> {
        text.split_whitespace().try_fold(Self::NONE, |set, word| Some(set.with(Method::parse(word)?)))
    }

    /// The `amr` claim (RFC 8176 §1): every method, and `mfa` when they are two factors.
    pub fn amr(self) -> Vec<&'static str> {
        let mfa = (self.aal() >= Aal::TWO_FACTORS).then_some("mfa");
        self.iter().map(Method::as_str).chain(mfa).collect()
    }
}

impl From<Method> for Methods {
    fn from(method: Method) -> Self {
        Self::NONE.with(method)
    }
}

impl std::fmt::Display for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self.iter().map(Method::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl std::fmt::Debug for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Methods({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> Methods {
        Methods::parse(words).unwrap()
    }

    fn all() -> impl Iterator<Item = Methods> {
        (0..1 << Method::ALL.len()).map(Methods)
    }

    #[test]
    fn every_set_is_read_back_as_itself() {
        for methods in all() {
            assert_eq!(Methods::parse(&methods.to_string()), Some(methods));
        }
        assert_eq!(Methods::parse("pwd face"), None);
    }

    #[test]
    fn two_codes_sent_to_one_phone_are_one_factor() {
        assert_eq!(of("sms otp").aal(), Aal::ONE_FACTOR);
        assert_eq!(of("pwd").aal(), Aal::ONE_FACTOR);
        assert_eq!(of("pwd sms").aal(), Aal::TWO_FACTORS);
        assert_eq!(of("pwd otp").aal(), Aal::TWO_FACTORS);
        assert_eq!(of("swk").aal(), Aal::TWO_FACTORS);
        assert_eq!(of("hwk").aal(), Aal::HARDWARE);
        assert_eq!(of("pwd sms").amr(), ["pwd", "sms", "mfa"]);
    }

    #[test]
    fn showing_more_never_weakens_a_sign_in() {
        for methods in all() {
            for more in Method::ALL {
                assert!(methods.with(more).aal() >= methods.aal(), "{methods:?} with {more:?}");
            }
        }
    }
}
