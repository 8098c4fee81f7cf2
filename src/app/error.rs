//! The one error of every use case. What a person may read of it is decided in
//! `http/problem.rs`; the rest goes to the log.

use crate::domain::refusal::{FieldError, Refusal};
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
    /// `If-Match` named a version that is not the present one.
    Stale,
    /// The idempotency key was used for another request.
    KeyReused,
    /// The guide asks for a better-proven caller (RFC 9470).
    StepUp { refusal: Box<Refusal>, acr_values: String },
    /// Come back in so many seconds.
    TooMany { retry_after_seconds: u64 },
    /// Something outside is away; come back in a moment.
    Unavailable(String),
    /// A defect or damaged data: logged, never shown.
    Internal(String),
}

pub type AppResult<T> = Result<T, AppError>;

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
