//! Checking files of a catalogue together, against what the catalogue holds
//! already. Nothing is written; everything wrong in any of them is told at once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::bundles::{Plan, serving};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::RegionCode;
use crate::domain::guides::{
    Bundle, CertificateTypeEntry, FailedExample, FileKind, Guide, ItemFile, Origin, Part, Problem, Register,
    SourceFile, try_examples,
};
use crate::domain::text::Text;

/// A file with everything that is wrong in it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileProblems {
    pub file: String,
    pub problems: Vec<Problem>,
}

/// A file whose examples fail.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFailures {
    pub file: String,
    pub failed: Vec<FailedExample>,
}

/// What the files may lean on: what is in the catalogue already.
#[derive(Debug, Clone, Default)]
pub struct Base {
    /// By basic code.
    pub items: HashMap<String, Arc<ItemFile>>,
    pub register: Register,
    /// The guides in force that bundles may name.
    pub guides: Vec<Guide>,
}

/// Files that have nothing wrong. Each is given with its place among the files.
#[derive(Debug, Default)]
pub struct Checked {
    pub certificate_types: Vec<(usize, Vec<CertificateTypeEntry>)>,
    pub items: Vec<(usize, Arc<ItemFile>)>,
    pub guides: Vec<(usize, Guide)>,
    pub bundles: Vec<(usize, Bundle)>,
}

impl Checked {
    pub fn len(&self) -> usize {
        self.certificate_types.len() + self.items.len() + self.guides.len() + self.bundles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Tries the examples of every guide.
    pub fn try_examples(
        &self,
        files: &[(String, String)],
        calendar: &WorkCalendar,
        region_exists: &dyn Fn(&RegionCode) -> bool,
    ) -> Vec<FileFailures> {
        let failures = self.guides.iter().filter_map(|(place, guide)| {
            let failed = try_examples(guide, calendar, region_exists);
            let file = files.get(*place).map(|(file, _)| file.clone()).unwrap_or_default();
            (!failed.is_empty()).then_some(FileFailures { file, failed })
        });
        failures.collect()
    }
}

/// Reads every file: first the certificate types, then the items, the guides, the
/// bundles, so that each finds what it leans on whatever the order of the files.
pub fn check(files: &[(String, String)], base: &Base) -> Result<Checked, Vec<FileProblems>> {
    let mut checker = Checker { files, base: base.clone(), checked: Checked::default(), wrong: Vec::new() };
    let mut sources: Vec<Vec<(usize, SourceFile)>> = vec![Vec::new(); 4];
    for (place, (_, yaml)) in files.iter().enumerate() {
        let source = SourceFile::parse(yaml);
        match source.kind() {
            FileKind::CertificateTypes => sources[0].push((place, source)),
            FileKind::Item => sources[1].push((place, source)),
            FileKind::Guide => sources[2].push((place, source)),
            FileKind::Bundle => sources[3].push((place, source)),
        }
    }
    for (place, source) in sources.into_iter().flatten() {
        checker.read(place, source);
    }
    if checker.wrong.is_empty() { Ok(checker.checked) } else { Err(checker.wrong) }
}

struct Checker<'a> {
    files: &'a [(String, String)],
    /// What was there, and what the files read so far add.
    base: Base,
    checked: Checked,
    wrong: Vec<FileProblems>,
}

impl Checker<'_> {
    fn read(&mut self, place: usize, source: SourceFile) {
        let register = Some(&self.base.register);
        match source.kind() {
            FileKind::CertificateTypes => match source.into_certificate_types() {
                Ok(types) => {
                    self.base.register.extend(types.iter().cloned());
                    self.checked.certificate_types.push((place, types));
                }
                Err(problems) => self.refuse(place, problems),
            },
            FileKind::Item => match source.into_item(known(register)) {
                Ok(item) => self.keep_item(place, Arc::new(item)),
                Err(problems) => self.refuse(place, problems),
            },
            FileKind::Bundle => match source.to_bundle(known(register)) {
                Ok(bundle) => self.keep_bundle(place, &source, bundle),
                Err(problems) => self.refuse(place, problems),
            },
            FileKind::Guide => {
                let item = source.item_code().and_then(|code| self.base.items.get(code).cloned());
                match source.into_guide(item.as_deref(), known(register)) {
                    Ok(guide) => self.keep_guide(place, guide),
                    Err(problems) => self.refuse(place, problems),
                }
            }
        }
    }

    fn keep_item(&mut self, place: usize, item: Arc<ItemFile>) {
        let code = &item.item.basic_code;
        if self.checked.items.iter().any(|(_, other)| other.item.basic_code == *code) {
            return self.refuse(place, vec![given_twice("/basic_code")]);
        }
        self.base.items.insert(code.to_string(), item.clone());
        self.checked.items.push((place, item));
    }

    fn keep_guide(&mut self, place: usize, guide: Guide) {
        if self.checked.guides.iter().any(|(_, other)| other.code == guide.code) {
            return self.refuse(place, vec![given_twice("/code")]);
        }
        self.checked.guides.push((place, guide));
    }

    /// A bundle is checked against the guides given with it and those in force.
    fn keep_bundle(&mut self, place: usize, source: &SourceFile, bundle: Bundle) {
        if self.checked.bundles.iter().any(|(_, other)| other.code == bundle.code) {
            return self.refuse(place, vec![given_twice("/code")]);
        }
        let given: Vec<&Guide> = self.checked.guides.iter().map(|(_, guide)| guide).collect();
        let others = self.base.guides.iter().filter(|guide| given.iter().all(|new| new.code != guide.code));
        let all: Vec<&Guide> = given.iter().copied().chain(others).collect();
        let region = bundle.region.clone();
        let resolve = |part: &Part| serving(&part.implements, &region, all.iter().copied()).cloned();
        let (plan, misfits) = Plan::bind(bundle, &resolve);
        if misfits.is_empty() {
            self.checked.bundles.push((place, plan.bundle));
            return;
        }
        let problems = misfits.into_iter().map(|misfit| source.problem_at(&misfit.path, misfit.reason));
        self.refuse(place, problems.collect());
    }

    fn refuse(&mut self, place: usize, problems: Vec<Problem>) {
        let file = self.files.get(place).map(|(file, _)| file.clone()).unwrap_or_default();
        self.wrong.push(FileProblems { file, problems });
    }
}

/// A catalogue without a register does not check against it.
fn known(register: Option<&Register>) -> Option<&Register> {
    register.filter(|register| !register.types().is_empty())
}

fn given_twice(path: &str) -> Problem {
    let reason = Text::new(
        "另一个文件已是同一内容，请去掉其一。",
        "Another file holds the same one; leave one of them out.",
    );
    Problem { origin: Origin::File, line: 1, path: path.to_owned(), reason }
}
