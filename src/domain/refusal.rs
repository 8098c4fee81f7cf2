//! How a rule says no. A `Refusal` is an ordinary answer of the domain: it names
//! the rule by a stable code, tells the person what to do next, and points at
//! every offending field at once.

use super::text::Text;

/// One thing wrong with the input. `pointer` is an RFC 6901 JSON pointer into
/// the facts (`/facts/birth_date`), the materials (`/materials/id_card`) or the
/// request body (`/mobile`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub pointer: String,
    /// Stable, machine-readable: `required`, `too_long`, `not_a_date`…
    pub code: &'static str,
    pub detail: Text,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: Text) -> Self {
        Self { pointer: pointer.into(), code, detail }
    }
}

/// A rule said no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: RefusalCode,
    pub detail: Text,
    /// The article that demands it, where there is one: 行政许可法第三十二条.
    pub article: Option<&'static str>,
    pub errors: Vec<FieldError>,
}

impl Refusal {
    pub fn new(code: RefusalCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, detail: Text::new(zh, en), article: None, errors: Vec::new() }
    }

    pub fn article(mut self, article: &'static str) -> Self {
        self.article = Some(article);
        self
    }

    pub fn errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }
}

/// The rules that can say no. One code, one HTTP status, one title: the table
/// is in `http/problem.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalCode {
    /// The command does not exist in the state the case is in.
    WrongState,
    /// The facts or materials break the guide's rules; `errors` lists all of them.
    ValidationFailed,
    /// The applicant does not meet a condition of the guide.
    NotEligible,
    /// The guide takes no applications now (withdrawn, or not yet in force).
    GuideClosed,
    /// The law wants the guide handled through other channels than this one.
    ChannelNotOffered,
    /// The guide asks for a better-proven identity than the caller has.
    InsufficientIdentity,
    /// It is for somebody else to do.
    Forbidden,
    /// The four-eyes rule: this person already acted on the step before.
    SamePerson,
    /// The step is not the one whose turn it is.
    WrongStep,
    /// The uploaded bytes are not of an accepted type.
    UnsupportedMaterial,
    /// The certificate is unknown, revoked, expired or somebody else's.
    UnusableCertificate,
    /// A registry does not know what was entered; which part of it is not told.
    NotConfirmed,
    /// A one-time code is wrong, used or expired.
    InvalidCode,
    /// The new password is too weak or too short.
    WeakPassword,
    /// The password is right and must be changed before it lets anybody in.
    PasswordExpired,
    /// The account or resource exists already.
    AlreadyExists,
    /// Another officer works on the case.
    Held,
    /// Too many tries; wait.
    TooManyAttempts,
}
