//! `wanshitong catalog diff`: what a new version of a guide, or of a folder of
//! guides, changes for an applicant. Nothing is published or written.

use std::collections::HashMap;
use std::path::PathBuf;

use clap::Args;

use super::catalog::{read_files, refused};
use super::{Outcome, print};
use crate::app::catalog;
use crate::domain::guides::{self, FileKind, Guide, Register, SourceFile};

#[derive(Debug, Args)]
pub(super) struct Versions {
    /// A guide file, or a folder.
    old: PathBuf,
    /// A guide file, or a folder.
    new: PathBuf,
    /// Files or folders with the items and certificate types both versions lean on.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    with: Vec<PathBuf>,
}

pub(super) fn run(versions: &Versions) -> Outcome {
    let Versions { old, new, with } = versions;
    let base = leant_on(&read_files(with)?)?;
    let old = guides(&read_files(std::slice::from_ref(old))?, &base)?;
    let new = guides(&read_files(std::slice::from_ref(new))?, &base)?;
    print(&compared(&old, &new).join("\n"))
}

type Files = [(String, String)];

fn of_kinds(files: &Files, kinds: &[FileKind]) -> Vec<(String, String)> {
    files.iter().filter(|(_, yaml)| kinds.contains(&SourceFile::parse(yaml).kind())).cloned().collect()
}

/// The items and certificate types of the files; other guides are not looked at.
fn leant_on(files: &Files) -> Result<catalog::Base, String> {
    let files = of_kinds(files, &[FileKind::Item, FileKind::CertificateTypes]);
    let base = catalog::Base { has_others: true, ..catalog::Base::default() };
    let checked = catalog::check(&files, &base).map_err(|wrong| wrongs(&wrong))?;
    let mut register = Register::default();
    for (_, types) in checked.certificate_types {
        register.extend(types);
    }
    let items: HashMap<_, _> =
        checked.items.into_iter().map(|(_, item)| (item.item.basic_code.to_string(), item)).collect();
    Ok(catalog::Base { items, register, ..base })
}

/// The guides of the files, in order of code.
fn guides(files: &Files, base: &catalog::Base) -> Result<Vec<Guide>, String> {
    let files = of_kinds(files, &[FileKind::Item, FileKind::CertificateTypes, FileKind::Guide]);
    let checked = catalog::check(&files, base).map_err(|wrong| wrongs(&wrong))?;
    let mut guides: Vec<Guide> = checked.guides.into_iter().map(|(_, guide)| guide).collect();
    guides.sort_by(|a, b| a.code.as_str().cmp(b.code.as_str()));
    Ok(guides)
}

fn wrongs(wrong: &[catalog::FileProblems]) -> String {
    refused(wrong)
}

/// One guide against one is compared whatever its code; several by their codes.
fn compared(old: &[Guide], new: &[Guide]) -> Vec<String> {
    if let ([old], [new]) = (old, new) {
        return changes(old, new).unwrap_or_else(same);
    }
    let in_both = |guide: &Guide, others: &[Guide]| others.iter().any(|other| other.code == guide.code);
    let mut lines: Vec<String> = Vec::new();
    lines.extend(new.iter().filter(|guide| !in_both(guide, old)).map(|guide| headed("新增 added", guide)));
    lines.extend(old.iter().filter(|guide| !in_both(guide, new)).map(|guide| headed("取消 removed", guide)));
    for (before, guide) in
        new.iter().filter_map(|guide| Some((old.iter().find(|old| old.code == guide.code)?, guide)))
    {
        if let Some(told) = changes(before, guide) {
            lines.push(headed("变更 changed", guide));
            lines.extend(told.into_iter().map(|line| format!("  {line}")));
        }
    }
    if lines.is_empty() { same() } else { lines }
}

fn same() -> Vec<String> {
    vec!["没有申请人会注意到的变化 nothing an applicant would notice has changed".to_owned()]
}

fn headed(what: &str, guide: &Guide) -> String {
    format!("{what}: {} {} {}", guide.code, guide.item.name.zh, guide.item.name.en)
}

/// A line for each change; `None` when there is none.
fn changes(old: &Guide, new: &Guide) -> Option<Vec<String>> {
    let changes = guides::diff(old, new);
    let lines = changes.iter().map(|change| format!("{} | {}", change.text.zh, change.text.en));
    (!changes.is_empty()).then(|| lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: &str = include_str!("../data/sample/guides/old-age-allowance.yaml");
    const CARD: &str = include_str!("../data/sample/guides/elderly-preference-card.yaml");

    fn read(files: &[&str]) -> Vec<Guide> {
        let files: Vec<_> = files.iter().map(|yaml| ("guide.yaml".to_owned(), (*yaml).to_owned())).collect();
        guides(&files, &catalog::Base::default()).unwrap()
    }

    fn sooner() -> String {
        let sooner = ALLOWANCE.replace("promised: { days: 5,", "promised: { days: 3,");
        assert_ne!(sooner, ALLOWANCE);
        sooner
    }

    const LINE: &str = "承诺时限 5 → 3 个工作日 | promised limit 5 → 3 working days";

    #[test]
    fn one_guide_against_another_is_told_line_by_line() {
        assert_eq!(compared(&read(&[ALLOWANCE]), &read(&[&sooner()])), [LINE]);
        assert_eq!(compared(&read(&[ALLOWANCE]), &read(&[ALLOWANCE])), same());
    }

    #[test]
    fn folders_are_compared_guide_by_guide() {
        let (allowance, card) = (&read(&[ALLOWANCE])[0], &read(&[CARD])[0]);
        let both = read(&[ALLOWANCE, CARD]);
        assert_eq!(compared(&both, &read(&[CARD])), [headed("取消 removed", allowance)]);
        assert_eq!(compared(&read(&[ALLOWANCE]), &both), [headed("新增 added", card)]);
        assert_eq!(
            compared(&both, &read(&[CARD, &sooner()])),
            [headed("变更 changed", allowance), format!("  {LINE}")]
        );
        assert_eq!(compared(&both, &both), same());
    }

    #[test]
    fn a_file_with_mistakes_is_not_compared() {
        let files =
            [("guide.yaml".to_owned(), ALLOWANCE.replace("visits", "visit").replace("limits:", "limit:"))];
        let told = guides(&files, &catalog::Base::default()).unwrap_err();
        assert!(told.contains("guide.yaml:") && told.ends_with("problems"), "{told}");
    }
}
