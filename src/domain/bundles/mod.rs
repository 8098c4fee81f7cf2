//! 一件事: several guides applied for on one page. A [`Plan`] is a bundle bound to
//! the guides it names: what is asked once, what each part asks for itself, what
//! one part supplies to the next. A [`Progress`] is how far an application for it
//! has come. Cases stay ordinary cases; nothing here knows how one is handled.

mod answers;
mod application;
mod check;
mod evaluate;
mod fit;
mod graph;
mod plan;
mod progress;
mod resolve;
mod schema;
mod settle;
mod stated;
#[cfg(test)]
mod tests;
mod twice;

pub use application::{Application, Opening};
pub use check::Misfit;
pub use evaluate::{Found, FoundPart, JointShown, evaluate};
pub use graph::{Graph, Node};
pub use plan::{JointMaterial, Plan, Planned};
pub use progress::{
    Command, Event, Outcome, PartOutcome, PartState, Progress, Rules, Stage, Submission, WAIT_DAYS, Want,
    WhySkipped, decide, evolve,
};
pub use resolve::{InForce, Scope, serving};
pub use schema::joint_schema;
pub use settle::{Tally, is_still, next_tick_at, part_outcome};
