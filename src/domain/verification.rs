//! What a check of everything stored can find: faults, each with its place, what is
//! wrong there and what to do.

use std::fmt;

use chrono::NaiveDate;
use uuid::Uuid;

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The case as it stands: its columns, its document, its key.
    Case,
    /// A record of its history, by number.
    Record(u64),
    /// A letter, by its id.
    Letter(String),
    /// What a letter was printed as, by the letter's id.
    Print(String),
    /// A certificate, by its identifier.
    Certificate(String),
    /// A file handed in: the code of the material, and the SHA-256 the history knows.
    Material { code: String, digest: String },
    /// An application for a bundle, as it stands.
    Application(Uuid),
    /// A file handed in with one: the code of the joint material, and its SHA-256.
    JointMaterial { application: Uuid, code: String, digest: String },
    /// The signed root of a day.
    Root(NaiveDate),
    /// The case numbers of one guide and day.
    Series(String),
    /// A table that cannot be read to its end.
    Table(&'static str),
    /// The keys receipts, certificates and roots are signed with.
    Keys,
}

/// Which case a fault is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseName {
    pub id: Uuid,
    /// As the row says; a draft has none.
    pub case_no: Option<String>,
}

/// One thing that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub case: Option<CaseName>,
    pub part: Part,
    pub why: String,
}

impl Fault {
    pub fn new(part: Part, why: impl Into<String>) -> Self {
        Self { case: None, part, why: why.into() }
    }

    pub fn of_case(case: &CaseName, part: Part, why: impl Into<String>) -> Self {
        Self { case: Some(case.clone()), part, why: why.into() }
    }

    /// For whoever keeps the portal.
    pub fn what_to_do(&self) -> &'static str {
        match &self.part {
            Part::Case => {
                "its row can be made anew from its history; until then restore it from the latest backup in which it verifies"
            }
            Part::Record(_) => {
                "restore the record from the latest backup in which it verifies, and find out who could write to the database"
            }
            Part::Letter(_) | Part::Certificate(_) => {
                "restore its row from the latest backup in which it verifies; whoever holds a copy holds the genuine one"
            }
            Part::Print(_) => {
                "restore the file in the folder of the case, and its row in letter_papers, from the latest backup in which it verifies"
            }
            Part::Material { .. } => {
                "restore the file in the folder of the case from the latest backup of the file store"
            }
            Part::Application(_) => {
                "restore its row in bundle_applications from the latest backup in which it verifies"
            }
            Part::JointMaterial { .. } => {
                "restore the file in the folder of the application from the latest backup of the file store"
            }
            Part::Root(_) => {
                "restore the row from the latest backup in which it verifies; copies of the root are wherever it was published"
            }
            Part::Series(_) => {
                "restore the table number_blocks from the latest backup, and compare the cases of that day with their receipts"
            }
            Part::Table(_) => {
                "the rest of it was not looked at: restore it from the latest backup, and look again"
            }
            Part::Keys => {
                "restore the table signing_keys from the latest backup and compare it with the published keys"
            }
        }
    }
}

impl fmt::Display for CaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.case_no {
            Some(case_no) => write!(f, "case {case_no} ({})", self.id),
            None => write!(f, "draft {}", self.id),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Case => write!(f, "its present state"),
            Part::Record(seq) => write!(f, "record {seq}"),
            Part::Letter(id) => write!(f, "letter {id}"),
            Part::Print(id) => write!(f, "print of letter {id}"),
            Part::Certificate(id) => write!(f, "certificate {id}"),
            Part::Material { code, digest } => write!(f, "material {code} (file {digest})"),
            Part::Application(id) => write!(f, "application {id}"),
            Part::JointMaterial { application, code, digest } => {
                write!(f, "application {application}, material {code} (file {digest})")
            }
            Part::Root(day) => write!(f, "root of {day}"),
            Part::Series(series) => write!(f, "numbers {series}"),
            Part::Table(name) => write!(f, "table {name}"),
            Part::Keys => write!(f, "signing keys"),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(case) = &self.case {
            write!(f, "{case}, ")?;
        }
        write!(f, "{}: {}. What to do: {}.", self.part, self.why, self.what_to_do())
    }
}
