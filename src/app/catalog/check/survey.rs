//! The first look at a file: what it is and what it leans on, before anything of it is
//! checked.

use chrono::NaiveDate;

use crate::app::catalog::cores::on_every_core;
use crate::domain::codes::Uscc;
use crate::domain::guides::{CertificateUses, FileKind, Problem, SourceFile, Statement};

/// What a file says it is, and the item it is or leans on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app::catalog) struct Survey {
    pub kind: FileKind,
    pub item: Option<String>,
    /// Of a guide or a bundle, as written.
    pub code: Option<String>,
    /// The agency of a guide, the leader of a bundle.
    pub agency: Option<Uscc>,
    pub effective_until: Option<NaiveDate>,
    /// It starts from the item, rather than writing it out.
    pub inherits: bool,
    /// What it puts on certificates.
    pub states: Vec<Statement>,
    pub certificates: CertificateUses,
    /// What it says it is, nothing is.
    pub is_of_no_kind: bool,
    pub untranslated: Vec<Problem>,
}

/// Looks through every file once.
pub(in crate::app::catalog) fn survey(files: &[(String, String)]) -> Vec<Survey> {
    on_every_core(files, |(_, yaml)| {
        let source = SourceFile::parse(yaml);
        let item = source.item_code().map(str::to_owned);
        Survey {
            kind: source.kind(),
            item,
            code: source.code().map(str::to_owned),
            agency: source.agency(),
            effective_until: source.effective_until(),
            inherits: source.inherits(),
            states: source.statements(),
            certificates: source.certificate_uses(),
            is_of_no_kind: source.is_of_no_kind(),
            untranslated: source.untranslated(),
        }
    })
}
