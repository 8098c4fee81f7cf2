//! Use cases: load, ask the domain, write. One function each; no SQL, no HTTP.

pub mod audit;
pub mod bundles;
pub mod calendar;
pub mod cases;
pub mod catalog;
pub mod certificates;
pub mod consistency;
pub mod ctx;
pub mod demo;
pub mod error;
pub mod exports;
pub mod files;
pub mod identity;
pub mod notices;
pub mod numbers;
pub mod once;
pub mod organisation;
pub mod people;
pub mod permit;
pub mod ports;
pub mod posts;
pub mod retention;
pub mod roots;
pub mod seals;
pub mod search;
pub mod settings;
pub mod timers;
pub mod upkeep;
pub mod verify;
pub mod work;

pub use crate::store::random;
pub use ctx::{Clock, Ctx, new_id};
pub use error::{AppError, AppResult};
pub use settings::Settings;
