//! 办件: the case kernel. Commands go in, events come out, a case is the fold of
//! its events. Pure: the clock, ids, numbers and randomness are arguments.

mod accepted;
pub mod alike;
mod attention;
mod case;
pub mod clock;
mod command;
mod command_name;
mod correcting;
mod decide;
mod decided;
pub mod desk;
mod draft;
mod ended;
mod event;
mod evidence;
mod evolve;
pub mod history;
pub mod letters;
pub mod merkle;
mod opinions;
pub mod papers;
mod parts;
mod procedures;
mod state_name;
mod submitted;
#[cfg(test)]
mod tests;
mod timers;
mod wording;

pub use accepted::{DELIVERY_LIMIT, next_step, role_whose_turn};
pub use attention::*;
pub use case::*;
pub use command::*;
pub use command_name::CommandName;
pub use correcting::mended;
pub use decide::{Act, Rules, decide, open};
pub use draft::{handed_in_by, only_the_counter_sees_originals, original_not_seen, unfit};
pub use event::*;
pub use evidence::{Evidence, MAX_DOCUMENT_BYTES, MediaType, Standing};
pub use evolve::{OutOfPlace, begin, evolve, results};
pub use history::{Digest, Head, Provenance, Record};
pub use state_name::StateName;
pub use submitted::INTAKE_LIMIT;
pub use timers::next_tick_at;
