//! Checking files of a catalogue together, against what the catalogue holds
//! already. Nothing is written; everything wrong in any of them is told at once.
//! Of the guides only what the caller keeps stays in memory: a province's hundred
//! thousand would not fit otherwise.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::cores::on_every_core;
use crate::domain::bundles::{Plan, serving};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::{GuideCode, RegionCode};
use crate::domain::guides::{
    Bundle, CertificateTypeEntry, FailedExample, FileKind, Guide, ItemFile, Origin, Part, Problem, Register,
    SourceFile, Statement, try_examples,
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
    /// Whether there are guides besides the files. What those put on certificates is
    /// not known here, so that no prefill is held against it.
    pub has_others: bool,
    /// Whether the files were published before, and say what they said then.
    pub are_published: bool,
}

impl Base {
    fn source(&self, yaml: &str) -> SourceFile {
        if self.are_published { SourceFile::published(yaml) } else { SourceFile::parse(yaml) }
    }
}

/// Files that have nothing wrong. Each is given with its place among the files.
#[derive(Debug)]
pub struct Checked<G = Guide> {
    pub certificate_types: Vec<(usize, Vec<CertificateTypeEntry>)>,
    pub items: Vec<(usize, Arc<ItemFile>)>,
    pub guides: Vec<(usize, G)>,
    pub bundles: Vec<(usize, Bundle)>,
}

impl<G> Checked<G> {
    pub fn len(&self) -> usize {
        self.certificate_types.len() + self.items.len() + self.guides.len() + self.bundles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Checked {
    /// Tries the examples of every guide.
    pub fn try_examples(
        &self,
        files: &[(String, String)],
        calendar: &WorkCalendar,
        region_exists: &dyn Fn(&RegionCode) -> bool,
    ) -> Vec<FileFailures> {
        let failures = self.guides.iter().filter_map(|(place, guide)| {
            let failed = try_examples(guide, calendar, region_exists);
            let file = name(files, *place);
            (!failed.is_empty()).then_some(FileFailures { file, failed })
        });
        failures.collect()
    }
}

/// What a file says it is, and the item it is or leans on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Survey {
    pub kind: FileKind,
    pub item: Option<String>,
    /// It starts from the item, rather than writing it out.
    pub inherits: bool,
    /// What it puts on certificates.
    pub states: Vec<Statement>,
}

pub(super) fn survey(files: &[(String, String)]) -> Vec<Survey> {
    on_every_core(files, |(_, yaml)| {
        let source = SourceFile::parse(yaml);
        let item = source.item_code().map(str::to_owned);
        Survey { kind: source.kind(), item, inherits: source.inherits(), states: source.statements() }
    })
}

/// Reads every file: first the certificate types, then the items, then the guides,
/// so that each finds what it leans on whatever the order of the files.
pub fn check(files: &[(String, String)], base: &Base) -> Result<Checked, Vec<FileProblems>> {
    check_each(files, &survey(files), base, |_, guide| guide)
}

/// The same; of each guide is kept what `keep` makes of it.
pub(super) fn check_each<G: Send>(
    files: &[(String, String)],
    surveys: &[Survey],
    base: &Base,
    keep: impl Fn(usize, Guide) -> G + Sync,
) -> Result<Checked<G>, Vec<FileProblems>> {
    let mut checker = Checker {
        files,
        base: base.clone(),
        certificate_types: Vec::new(),
        items: Vec::new(),
        wrong: Vec::new(),
    };
    if !base.has_others {
        let stated = surveys.iter().flat_map(|survey| &survey.states);
        stated.for_each(|statement| checker.base.register.state(statement.clone()));
    }
    let places = |wanted: FileKind| {
        surveys.iter().enumerate().filter(move |(_, survey)| survey.kind == wanted).map(|(place, _)| place)
    };
    places(FileKind::CertificateTypes).for_each(|place| checker.read_certificate_types(place));
    places(FileKind::Item).for_each(|place| checker.read_item(place));
    let guides: Vec<usize> = places(FileKind::Guide).collect();
    let Checker { base, certificate_types, items, mut wrong, .. } = checker;
    let read = on_every_core(&guides, |place| {
        let source = base.source(files.get(*place).map_or("", |(_, yaml)| yaml));
        let item = source.item_code().and_then(|code| base.items.get(code));
        let guide = source.into_guide(item.map(Arc::as_ref), known(&base.register))?;
        Ok((guide.code.clone(), keep(*place, guide)))
    });
    let mut seen: HashSet<GuideCode> = HashSet::new();
    let mut kept = Vec::with_capacity(read.len());
    for (place, read) in guides.into_iter().zip(read) {
        let file = || name(files, place);
        match read {
            Ok((code, guide)) if seen.insert(code.clone()) => kept.push((place, guide)),
            Ok(_) => wrong.push(FileProblems { file: file(), problems: vec![given_twice("/code")] }),
            Err(problems) => wrong.push(FileProblems { file: file(), problems }),
        }
    }
    let mut bundles = Vec::new();
    for place in places(FileKind::Bundle) {
        match read_bundle(files, surveys, place, &base) {
            Ok(bundle) if bundles.iter().any(|(_, other): &(usize, Bundle)| other.code == bundle.code) => {
                wrong.push(FileProblems { file: name(files, place), problems: vec![given_twice("/code")] });
            }
            Ok(bundle) => bundles.push((place, bundle)),
            Err(problems) => wrong.push(FileProblems { file: name(files, place), problems }),
        }
    }
    if wrong.is_empty() {
        Ok(Checked { certificate_types, items, guides: kept, bundles })
    } else {
        Err(wrong)
    }
}

/// A bundle is checked against the guides given with it and those in force, as far
/// as it names their items.
fn read_bundle(
    files: &[(String, String)],
    surveys: &[Survey],
    place: usize,
    base: &Base,
) -> Result<Bundle, Vec<Problem>> {
    let yaml = files.get(place).map_or("", |(_, yaml)| yaml);
    let source = SourceFile::parse(yaml);
    let bundle = source.to_bundle(known(&base.register))?;
    let is_named = |survey: &Survey| {
        let item = survey.item.as_deref();
        survey.kind == FileKind::Guide && item.is_some_and(|item| yaml.contains(item))
    };
    let named = surveys.iter().zip(files).filter(|(survey, _)| is_named(survey));
    let given: Vec<Guide> = named
        .filter_map(|(survey, (_, yaml))| {
            let item = survey.item.as_ref().and_then(|code| base.items.get(code));
            SourceFile::published(yaml).into_guide(item.map(Arc::as_ref), None).ok()
        })
        .collect();
    let others = base.guides.iter().filter(|guide| given.iter().all(|new| new.code != guide.code));
    let all: Vec<&Guide> = given.iter().chain(others).collect();
    let region = bundle.region.clone();
    let resolve = |part: &Part| serving(&part.implements, &region, all.iter().copied()).cloned();
    let (plan, misfits) = Plan::bind(bundle, &resolve);
    if misfits.is_empty() {
        return Ok(plan.bundle);
    }
    Err(misfits.into_iter().map(|misfit| source.problem_at(&misfit.path, misfit.reason)).collect())
}

/// Reads what guides lean on, one file after the other.
struct Checker<'a> {
    files: &'a [(String, String)],
    /// What was there, and what the files read so far add.
    base: Base,
    certificate_types: Vec<(usize, Vec<CertificateTypeEntry>)>,
    items: Vec<(usize, Arc<ItemFile>)>,
    wrong: Vec<FileProblems>,
}

impl Checker<'_> {
    fn source(&self, place: usize) -> SourceFile {
        self.base.source(self.files.get(place).map_or("", |(_, yaml)| yaml))
    }

    fn read_certificate_types(&mut self, place: usize) {
        match self.source(place).into_certificate_types() {
            Ok(types) => {
                self.base.register.extend(types.iter().cloned());
                self.certificate_types.push((place, types));
            }
            Err(problems) => self.refuse(place, problems),
        }
    }

    fn read_item(&mut self, place: usize) {
        match self.source(place).into_item(known(&self.base.register)) {
            Ok(item) => self.keep_item(place, Arc::new(item)),
            Err(problems) => self.refuse(place, problems),
        }
    }

    fn keep_item(&mut self, place: usize, item: Arc<ItemFile>) {
        let code = &item.item.basic_code;
        if self.items.iter().any(|(_, other)| other.item.basic_code == *code) {
            return self.refuse(place, vec![given_twice("/basic_code")]);
        }
        self.base.items.insert(code.to_string(), item.clone());
        self.items.push((place, item));
    }

    fn refuse(&mut self, place: usize, problems: Vec<Problem>) {
        self.wrong.push(FileProblems { file: name(self.files, place), problems });
    }
}

fn name(files: &[(String, String)], place: usize) -> String {
    files.get(place).map(|(file, _)| file.clone()).unwrap_or_default()
}

/// A catalogue without a register does not check against it.
fn known(register: &Register) -> Option<&Register> {
    Some(register).filter(|register| !register.types().is_empty())
}

fn given_twice(path: &str) -> Problem {
    let reason = Text::new(
        "另一个文件已是同一内容，请去掉其一。",
        "Another file holds the same one; leave one of them out.",
    );
    Problem { origin: Origin::File, line: 1, path: path.to_owned(), reason }
}
