//! 办件: the case kernel. Commands go in, events come out, a case is the fold of
//! its events. Pure: the clock, ids, numbers and randomness are arguments.

mod accepted;
mod case;
pub mod clock;
mod command;
mod decide;
mod decided;
pub mod desk;
mod draft;
mod event;
mod evolve;
pub mod history;
pub mod letters;
mod submitted;
#[cfg(test)]
mod tests;

pub use accepted::{DELIVERY_LIMIT, next_step};
pub use case::*;
pub use command::*;
pub use decide::{Act, DRAFT_DAYS, Rules, decide, next_tick_at, open};
pub use draft::{only_the_counter_sees_originals, unfit};
pub use event::*;
pub use evolve::{OutOfPlace, begin, evolve, results};
pub use history::{Digest, Head, Provenance, Record};
pub use submitted::INTAKE_LIMIT;
