//! What can go wrong between the rules and the disk. Absence is not an error: it is `Option`.

/// Why the store could not do it.
#[derive(Debug, Clone)]
pub enum Error {
    /// Somebody else changed the row since it was read. Nothing was written.
    Stale,
    /// The idempotency key was used before. Nothing was written.
    Replayed,
    /// A value that must be unique exists already: the constraint's name. Nothing was written.
    Duplicate(String),
    /// The queue is full: come back in a moment. Nothing was written.
    Busy,
    /// A stored row contradicts itself or cannot be read.
    Corrupt { table: &'static str, id: String, why: String },
    /// The database cannot be reached or refuses to work.
    Unavailable(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Stale => write!(f, "changed by somebody else since it was read"),
            Error::Replayed => write!(f, "the idempotency key was used before"),
            Error::Duplicate(constraint) => write!(f, "exists already ({constraint})"),
            Error::Busy => write!(f, "the queue is full"),
            Error::Corrupt { table, id, why } => write!(f, "corrupt row {id} in {table}: {why}"),
            Error::Unavailable(why) => write!(f, "the database is unavailable: {why}"),
        }
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn corrupt(table: &'static str, id: impl ToString, why: impl ToString) -> Self {
        Error::Corrupt { table, id: id.to_string(), why: why.to_string() }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as E};
        match error {
            E::DatabaseError(Kind::UniqueViolation, info) => Error::Duplicate(
                info.constraint_name().map_or_else(|| info.message().to_owned(), str::to_owned),
            ),
            E::DatabaseError(Kind::SerializationFailure, _) => Error::Stale,
            E::DeserializationError(why) => Error::corrupt("?", "?", why),
            other => Error::Unavailable(other.to_string()),
        }
    }
}

impl From<diesel::ConnectionError> for Error {
    fn from(error: diesel::ConnectionError) -> Self {
        Error::Unavailable(error.to_string())
    }
}
