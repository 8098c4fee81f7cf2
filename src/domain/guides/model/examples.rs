//! Examples: facts, and what the guide must make of them. They are run before a
//! guide is published.

use chrono::NaiveDate;
use serde::Serialize;

use crate::domain::guides::applicant::Applicant;
use crate::domain::guides::facts::Facts;
use crate::domain::text::Text;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    pub code: String,
    pub name: Text,
    pub scenario: Option<String>,
    /// The day on which it is tried.
    pub today: NaiveDate,
    pub applicant: Applicant,
    pub facts: Facts,
    pub expect: Expectation,
}

/// What is left out is not compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Expectation {
    pub eligible: Option<bool>,
    /// Codes of the conditions not met, or not to be told from these facts.
    pub unmet: Option<Vec<String>>,
    /// Names of the fields with errors.
    pub errors: Option<Vec<String>>,
    /// Codes of the materials that must be there.
    pub materials: Option<Vec<String>>,
    pub fee_fen: Option<u64>,
    pub outcome: Option<ExampleOutcome>,
    pub promised_due: Option<NaiveDate>,
}

/// What becomes of an application with all its materials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExampleOutcome {
    /// By rule, at once.
    Approved,
    /// An officer decides.
    Officer,
    /// It cannot be submitted: a condition or the form is in the way.
    Refused,
}
