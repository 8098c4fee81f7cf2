//! Values, rules and state machines. Knows nobody: no I/O, no clock, no
//! randomness, no database, no web. Time and ids come in as arguments.

pub mod agencies;
pub mod audit;
pub mod bundles;
pub mod calendar;
pub mod canonical;
pub mod cases;
pub mod certificates;
pub mod codes;
pub mod csv_rows;
pub mod exports;
pub mod guides;
pub mod handoff;
pub mod identity;
pub mod key_uses;
pub mod limits;
pub mod mandates;
pub mod network;
pub mod numbers;
pub mod organizations;
pub mod papers;
pub mod policy;
pub mod posts;
pub mod private;
pub mod refusal;
pub mod regions;
pub mod registries;
pub mod retention;
pub mod territory;
pub mod text;
pub mod time;
pub mod verification;
pub mod work;
