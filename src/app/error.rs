//! The one error of every use case. What a person may read of it is decided in
//! `http/problem.rs`; the rest goes to the log.

use crate::domain::refusal::{FieldError, Refusal};
use crate::domain::text::Text;
use crate::store;

#[derive(Debug)]
pub enum AppError {
    /// A rule said no.
    Refused(Refusal),
    /// The request itself is not right: `errors` says where.
    Invalid(Vec<FieldError>),
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The caller knows of it and may not do this.
    Forbidden,
    /// Nobody is signed in, or the token is not good any more.
    Unauthenticated,
    /// The token is good, and the proof that its key is at hand is not (RFC 9449
    /// §7.1): what is wrong, for the developer of the client.
    UnfitProof(&'static str),
    /// `If-Match` named a version that is not the present one.
    Stale,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The guide asks for a better-proven caller (RFC 9470).
    StepUp { refusal: Box<Refusal>, acr_values: String },
    /// It takes a sign-in no older than this (RFC 9470).
    SignInAgain { max_age_seconds: u64 },
    /// A file under way goes on from another byte.
    WrongOffset { received_bytes: u64 },
    /// Come back in so many seconds.
    TooMany { retry_after_seconds: u64 },
    /// Something outside is away; come back in a moment.
    Unavailable(String),
    /// The same, where the person is to be told what is away and what to do
    /// meanwhile. `why` is for the operator's log.
    Away { words: Box<Text>, why: String },
    /// A defect or damaged data: logged, never shown.
    Internal(String),
}

pub type AppResult<T> = Result<T, AppError>;

impl AppError {
    /// Where whoever may not act may not know either.
    pub fn or_not_found(self) -> Self {
        if matches!(self, AppError::Forbidden) { AppError::NotFound } else { self }
    }

    /// Where everybody knows of it: an operation, a list.
    pub fn or_forbidden(self) -> Self {
        if matches!(self, AppError::NotFound) { AppError::Forbidden } else { self }
    }
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        AppError::Refused(refusal)
    }
}

impl From<store::Error> for AppError {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Stale => AppError::Stale,
            store::Error::Replayed => AppError::KeyReused,
            store::Error::Busy => AppError::Unavailable("the queue is full".to_owned()),
            store::Error::Unavailable(why) => AppError::Unavailable(why),
            store::Error::Duplicate(_) | store::Error::Corrupt { .. } => {
                AppError::Internal(error.to_string())
            }
        }
    }
}

impl From<super::ports::PortError> for AppError {
    fn from(error: super::ports::PortError) -> Self {
        AppError::Unavailable(error.to_string())
    }
}
