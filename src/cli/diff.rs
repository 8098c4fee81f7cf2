//! `wanshitong catalog diff`: what a new version of files of the catalogue changes for
//! an applicant. Nothing is published or written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::catalog::{read_files, refused};
use super::{Outcome, print};
use crate::app::catalog::{self, Content, FileProblems};
use crate::domain::guides::{Change, FileKind, Guide, Implements, Register, SourceFile};
use crate::domain::text::Text;

#[derive(Debug, Args)]
pub(super) struct Versions {
    /// A guide, an item, a bundle or certificate types; or a folder of such files.
    old: PathBuf,
    /// Likewise.
    new: PathBuf,
    /// Files or folders with the items and certificate types both versions lean on, and
    /// the guides that bundles name.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    with: Vec<PathBuf>,
}

pub(super) fn run(versions: &Versions) -> Outcome {
    let Versions { old, new, with } = versions;
    let base = leant_on(&read_files(with)?)?;
    let read = |path: &Path| -> Result<Vec<Content>, String> {
        let contents = contents(&read_files(&[path.to_owned()])?, &base)?;
        if contents.is_empty() {
            let what = "a guide, an item, a bundle, certificate types, or a folder of their YAML files";
            return Err(format!("{} holds nothing to compare; give {what}", path.display()));
        }
        Ok(contents)
    };
    let (old, new) = (read(old)?, read(new)?);
    print(&compared(&old, &new, &base)?.join("\n"))
}

type Files = [(String, String)];

fn of_kinds(files: &Files, kinds: &[FileKind]) -> Vec<(String, String)> {
    files.iter().filter(|(_, yaml)| kinds.contains(&SourceFile::parse(yaml).kind())).cloned().collect()
}

/// The items and certificate types of the files, and the guides as far as they read.
fn leant_on(files: &Files) -> Result<catalog::Base, String> {
    let firm = of_kinds(files, &[FileKind::Item, FileKind::CertificateTypes]);
    let base = catalog::Base { has_others: true, are_published: true, ..catalog::Base::default() };
    let checked = catalog::check(&firm, &base).map_err(|wrong| refused(&wrong))?;
    let mut register = Register::default();
    for (_, types) in checked.certificate_types {
        register.extend(types);
    }
    let items: HashMap<_, _> =
        checked.items.into_iter().map(|(_, item)| (item.item.basic_code.to_string(), item)).collect();
    let read = |(_, yaml): &(String, String)| {
        let source = SourceFile::published(yaml);
        let item = source.item_code().and_then(|code| items.get(code)).cloned();
        source.into_guide(item.as_deref(), None).ok()
    };
    let guides = of_kinds(files, &[FileKind::Guide]).iter().filter_map(read).collect();
    Ok(catalog::Base { items, register, guides, ..base })
}

/// What is in the files. Of a bundle it is its own file that is read: whether the guides
/// it names fit is for `catalog check` to say.
fn contents(files: &Files, base: &catalog::Base) -> Result<Vec<Content>, String> {
    let others = of_kinds(files, &[FileKind::Item, FileKind::CertificateTypes, FileKind::Guide]);
    let (mut wrong, mut contents) = (Vec::new(), Vec::new());
    match catalog::check(&others, base) {
        Ok(checked) => contents = Content::of(checked),
        Err(found) => wrong = found,
    }
    for (file, yaml) in of_kinds(files, &[FileKind::Bundle]) {
        match SourceFile::parse(&yaml).to_bundle(None) {
            Ok(bundle) => contents.push(Content::Bundle(Box::new(bundle))),
            Err(problems) => wrong.push(FileProblems { file, item: None, problems }),
        }
    }
    contents.sort_by_key(code);
    if wrong.is_empty() { Ok(contents) } else { Err(refused(&wrong)) }
}

/// One file against one is compared whatever its code; several kind by kind: one of a
/// kind against one, others by their codes.
fn compared(old: &[Content], new: &[Content], base: &catalog::Base) -> Result<Vec<String>, String> {
    let guides: Vec<Guide> = [old, new].concat().into_iter().filter_map(guide).collect();
    let guides = [guides.as_slice(), &base.guides].concat();
    let called = |part: &Implements| {
        let of_item = || match part {
            Implements::Item(code) => Some(base.items.get(code.as_str())?.item.name.clone()),
            Implements::Guide(_) => None,
        };
        catalog::service_name(&guides, part).or_else(of_item)
    };
    let changes = |old: &Content, new: &Content| {
        catalog::changes(old, new, &called).ok_or_else(|| {
            let (old, new) = (labelled(old), labelled(new));
            format!("{old} cannot be compared with {new}; give two versions of the same thing")
        })
    };
    if let ([old], [new]) = (old, new) {
        return Ok(told(old, &changes(old, new)?));
    }
    let mut lines: Vec<String> = Vec::new();
    for kind in [FileKind::Guide, FileKind::Bundle, FileKind::Item, FileKind::CertificateTypes] {
        let (old, new) = (of_kind(old, kind), of_kind(new, kind));
        let one_each = old.len() == 1 && new.len() == 1;
        let other = |content: &Content, others: &[&'_ Content]| {
            others.iter().position(|other| one_each || code(other) == code(content))
        };
        let without = |contents: &[&Content], others: &[&Content], what: &str| -> Vec<String> {
            let alone = contents.iter().filter(|content| other(content, others).is_none());
            alone.map(|content| headed(what, content)).collect()
        };
        lines.extend(without(&new, &old, "新增 added"));
        lines.extend(without(&old, &new, "取消 removed"));
        for after in &new {
            let Some(before) = other(after, &old).and_then(|place| old.get(place)) else { continue };
            let changes = changes(before, after)?;
            if !changes.is_empty() {
                lines.push(headed("变更 changed", after));
                lines.extend(told(after, &changes).into_iter().map(|line| format!("  {line}")));
            }
        }
    }
    let heading = catalog::heading(FileKind::Guide, &[]);
    Ok(if lines.is_empty() { vec![format!("{} {}", heading.zh, heading.en)] } else { lines })
}

fn of_kind(contents: &[Content], kind: FileKind) -> Vec<&Content> {
    contents.iter().filter(|content| content.kind() == kind).collect()
}

fn guide(content: Content) -> Option<Guide> {
    match content {
        Content::Guide(guide) => Some(*guide),
        Content::Item(_) | Content::Bundle(_) | Content::CertificateTypes(_) => None,
    }
}

fn code(content: &Content) -> String {
    match content {
        Content::Guide(guide) => guide.code.to_string(),
        Content::Item(item) => item.item.basic_code.to_string(),
        Content::Bundle(bundle) => bundle.code.to_string(),
        Content::CertificateTypes(_) => catalog::CERTIFICATE_TYPES.to_owned(),
    }
}

fn labelled(content: &Content) -> String {
    let code = code(content);
    let named = |kind: &str, Text { zh, en }: &Text| format!("{kind}{code} {zh} {en}");
    match content {
        Content::Guide(guide) => named("", &guide.item.name),
        Content::Item(item) => named("事项 item ", &item.item.name),
        Content::Bundle(bundle) => named("一件事 bundle ", &bundle.name),
        Content::CertificateTypes(_) => "证照目录 certificate types".to_owned(),
    }
}

fn headed(what: &str, content: &Content) -> String {
    format!("{what}: {}", labelled(content))
}

/// A line for each change; before those of an item, whom they concern.
fn told(content: &Content, changes: &[Change]) -> Vec<String> {
    let heading = catalog::heading(content.kind(), changes);
    let heading = match (content.kind(), changes) {
        (_, []) => Some(format!("{} {}", heading.zh, heading.en)),
        (FileKind::Item, _) => Some(format!("{} | {}:", heading.zh, heading.en)),
        (FileKind::Guide | FileKind::Bundle | FileKind::CertificateTypes, _) => None,
    };
    let lines = changes.iter().map(|change| format!("{} | {}", change.text.zh, change.text.en));
    heading.into_iter().chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWANCE: &str = include_str!("../data/sample/guides/old-age-allowance.yaml");
    const CARD: &str = include_str!("../data/sample/guides/elderly-preference-card.yaml");
    const TRANSFER: &str = include_str!("../data/sample/items/household-transfer.yaml");
    const NEWBORN: &str = include_str!("../data/sample/bundles/newborn.yaml");
    const TYPES: &str = include_str!("../data/sample/certificate-types.yaml");
    const SAME: &str = "没有申请人会注意到的变化 nothing an applicant would notice has changed";

    fn read(files: &[&str]) -> Vec<Content> {
        let files: Vec<_> = files.iter().map(|yaml| ("guide.yaml".to_owned(), (*yaml).to_owned())).collect();
        contents(&files, &catalog::Base::default()).unwrap()
    }

    fn diff(old: &[&str], new: &[&str]) -> Vec<String> {
        compared(&read(old), &read(new), &catalog::Base::default()).unwrap()
    }

    fn with(yaml: &str, from: &str, to: &str) -> String {
        assert!(yaml.contains(from), "{from}");
        yaml.replacen(from, to, 1)
    }

    fn sooner() -> String {
        with(ALLOWANCE, "promised: { days: 5,", "promised: { days: 3,")
    }

    const LINE: &str = "承诺时限 5 → 3 个工作日 | promised limit 5 → 3 working days";

    #[test]
    fn one_guide_against_another_is_told_line_by_line() {
        assert_eq!(diff(&[ALLOWANCE], &[&sooner()]), [LINE]);
        assert_eq!(diff(&[ALLOWANCE], &[ALLOWANCE]), [SAME]);
    }

    #[test]
    fn folders_are_compared_guide_by_guide() {
        let (allowance, card) = (&read(&[ALLOWANCE])[0], &read(&[CARD])[0]);
        assert_eq!(diff(&[ALLOWANCE, CARD], &[CARD]), [headed("取消 removed", allowance)]);
        assert_eq!(diff(&[ALLOWANCE], &[ALLOWANCE, CARD]), [headed("新增 added", card)]);
        assert_eq!(
            diff(&[ALLOWANCE, CARD], &[CARD, &sooner()]),
            [headed("变更 changed", allowance), format!("  {LINE}")]
        );
        assert_eq!(diff(&[ALLOWANCE, CARD], &[CARD, ALLOWANCE]), [SAME]);
    }

    #[test]
    fn of_items_and_bundles_it_is_told_what_changes_too() {
        let tighter = with(TRANSFER, "legal: { days: ", "legal: { days: 1");
        let lines = diff(&[TRANSFER], &[&tighter]);
        assert!(lines[0].contains("沿用本事项") && lines[1].starts_with("法定时限 "), "{lines:?}");
        assert_eq!(lines.len(), 2, "{lines:?}");
        let sooner = with(NEWBORN, "promised: { days: 6,", "promised: { days: 5,");
        let line = "联合承诺时限 6 → 5 个工作日 | joint promised limit 6 → 5 working days";
        assert_eq!(diff(&[NEWBORN], &[&sooner]), [line]);
        let renamed = with(TYPES, "en: ", "en: New ");
        assert!(diff(&[TYPES], &[&renamed])[0].contains("is now called"), "{renamed}");
        for file in [TRANSFER, NEWBORN, TYPES] {
            assert_eq!(diff(&[file], &[file]), [SAME]);
        }
        let all = diff(&[TRANSFER, NEWBORN], &[&tighter, &sooner]);
        let headings: Vec<&String> = all.iter().filter(|line| line.starts_with("变更")).collect();
        assert_eq!(headings.len(), 2, "{all:?}");
    }

    #[test]
    fn what_is_not_of_a_kind_is_not_compared() {
        let told = compared(&read(&[ALLOWANCE]), &read(&[NEWBORN]), &catalog::Base::default()).unwrap_err();
        assert!(told.contains("cannot be compared with 一件事 bundle newborn"), "{told}");
    }

    #[test]
    fn a_file_with_mistakes_is_not_compared() {
        let mistaken = [
            ALLOWANCE.replace("visits", "visit").replace("limits:", "limit:"),
            with(NEWBORN, "parts:", "part:"),
        ];
        for yaml in mistaken {
            let files = [("guide.yaml".to_owned(), yaml)];
            let told = contents(&files, &catalog::Base::default()).unwrap_err();
            assert!(told.contains("guide.yaml:") && told.contains("problem"), "{told}");
        }
    }
}
