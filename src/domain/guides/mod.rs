//! Guides (办事指南): one file describes one service, and everything the portal
//! does with it follows from that file: the form and its checks, who is
//! eligible, which materials are asked for, how and how fast it is decided.
//!
//! A [`Guide`] exists only if its file had no mistake; see [`read_guide`].

mod applicant;
mod automatic;
mod diff;
mod evaluate;
mod examples;
mod expr;
mod facts;
mod form;
mod hash;
mod json_schema;
mod known;
mod materials;
mod memo;
pub mod model;
mod pattern;
mod prefill;
mod problem;
mod reach;
mod read;
mod register;
mod rows;
mod source;
mod suggest;
mod template;
mod validate;
mod value;
mod write;

#[cfg(test)]
mod tests;

/// The format of the files as JSON Schema (2020-12), for editors.
pub const FILE_SCHEMA: &str = include_str!("../../../openapi/guide.schema.json");

pub use applicant::{Applicant, ApplicantKind, IdNumber};
pub use automatic::system_may_decide;
pub use diff::{About, Change, diff, diff_bundles, diff_certificate_types, diff_items, undone};
pub use evaluate::{Evaluation, evaluate};
pub use examples::{FailedExample, try_examples};
pub use expr::{EvalError, Expr, Scope};
pub use facts::{Facts, MAX_FACTS_BYTES};
pub use form::{holds, normalise, normalise_for, normalise_in_place, tidy_patch};
pub use json_schema::{form_schema, json_schema};
pub use known::{Unsaid, Whom};
pub use materials::{MaterialNeed, requirements};
pub use model::*;
pub use pattern::Pattern;
pub use prefill::{FilledFrom, Prefilled, Stated, prefill, prefill_from};
pub use problem::Problem;
pub use read::{
    CertificateTypeEntry, CertificateUses, FileKind, ItemFile, SourceFile, StatedItem, may_follow,
    read_guide, register_yaml,
};
pub use register::{Register, Statement};
pub use rows::with_rows_in_full;
pub use source::{MAX_FILE_BYTES, Origin};
pub use template::{Template, Unfit, Wanted, template};
pub use validate::{
    Shown, check_channel, check_complete, check_partial, judge, read_answers, surely_unmet, unmet_conditions,
};
pub use value::is_answer;
pub use write::{Outline, outline, to_yaml};
