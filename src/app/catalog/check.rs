//! Checking files of a catalogue together, against what the catalogue holds
//! already. Nothing is written; everything wrong in any of them is told at once.
//! Of the guides only what the caller keeps stays in memory: a province's hundred
//! thousand would not fit otherwise.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::cores::on_every_core;
use super::issuing::unissued;
use crate::domain::bundles::{Plan, serving};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::{BasicCode, CertificateType, GuideCode, RegionCode};
use crate::domain::guides::{
    Bundle, CertificateTypeEntry, CertificateUses, FailedExample, FileKind, Guide, ItemFile, Origin, Part,
    Problem, Register, SourceFile, Statement, try_examples,
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
    /// Certificate types the files ask for that somebody in the catalogue issues. None:
    /// whether anybody issues what is asked for is not looked into.
    pub issued: Option<BTreeSet<CertificateType>>,
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
    /// What is in the first of the files.
    pub fn of_first(mut self) -> Self {
        self.certificate_types.retain(|(place, _)| *place == 0);
        self.items.retain(|(place, _)| *place == 0);
        self.guides.retain(|(place, _)| *place == 0);
        self.bundles.retain(|(place, _)| *place == 0);
        self
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
    pub certificates: CertificateUses,
    /// What it says it is, nothing is.
    pub is_of_no_kind: bool,
    pub untranslated: Vec<Problem>,
}

pub(super) fn survey(files: &[(String, String)]) -> Vec<Survey> {
    on_every_core(files, |(_, yaml)| {
        let source = SourceFile::parse(yaml);
        let item = source.item_code().map(str::to_owned);
        Survey {
            kind: source.kind(),
            item,
            inherits: source.inherits(),
            states: source.statements(),
            certificates: source.certificate_uses(),
            is_of_no_kind: source.is_of_no_kind(),
            untranslated: source.untranslated(),
        }
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
        surveys,
        base: base.clone(),
        certificate_types: Vec::new(),
        items: Vec::new(),
        wrong: BTreeMap::new(),
    };
    if !base.has_others {
        let stated = surveys.iter().flat_map(|survey| &survey.states);
        stated.for_each(|statement| checker.base.register.state(statement.clone()));
    }
    checker.each(FileKind::CertificateTypes, Checker::read_certificate_types);
    checker.each(FileKind::Item, Checker::read_item);
    let guides = checker.read_guides(&keep);
    let bundles = checker.read_bundles();
    if checker.register().is_some() {
        for (place, problem) in unissued(surveys, &checker.base) {
            checker.wrong.entry(place).or_default().push(problem);
        }
    }
    checker.find_untranslated();
    let Checker { certificate_types, items, wrong, .. } = checker;
    if wrong.is_empty() {
        return Ok(Checked { certificate_types, items, guides, bundles });
    }
    let told = wrong.into_iter().map(|(place, mut problems)| {
        problems.sort_by_key(|problem| (problem.origin, problem.line));
        FileProblems { file: name(files, place), problems }
    });
    Err(told.collect())
}

/// Reads what others lean on first, one file after the other. A file with mistakes takes
/// nothing with it: what leans on it is told its own mistakes, and not that it is missing.
struct Checker<'a> {
    files: &'a [(String, String)],
    surveys: &'a [Survey],
    /// What was there, and what the files read so far add.
    base: Base,
    certificate_types: Vec<(usize, Vec<CertificateTypeEntry>)>,
    items: Vec<(usize, Arc<ItemFile>)>,
    /// By the file's place.
    wrong: BTreeMap<usize, Vec<Problem>>,
}

struct BrokenItems<'a> {
    codes: HashSet<&'a str>,
    /// One of them says no code that can be read.
    is_open: bool,
}

impl BrokenItems<'_> {
    /// Whether the item of this code is, or may be, one of them.
    fn have(&self, code: &str, is_there: bool) -> bool {
        self.codes.contains(code) || (self.is_open && !is_there)
    }
}

impl Checker<'_> {
    fn each(&mut self, kind: FileKind, read: fn(&mut Self, usize)) {
        self.places(kind).into_iter().for_each(|place| read(self, place));
    }

    /// A text that was refused already is not judged again.
    fn find_untranslated(&mut self) {
        for (place, survey) in
            self.surveys.iter().enumerate().filter(|(_, survey)| !survey.untranslated.is_empty())
        {
            let told = self.wrong.entry(place).or_default();
            let is_new = |problem: &&Problem| {
                let place = (problem.line, &problem.path);
                !told.iter().any(|told| told.origin == Origin::File && (told.line, &told.path) == place)
            };
            let new: Vec<Problem> = survey.untranslated.iter().filter(is_new).cloned().collect();
            told.extend(new);
        }
    }

    fn places(&self, wanted: FileKind) -> Vec<usize> {
        let surveys = self.surveys.iter().enumerate();
        surveys.filter(|(_, survey)| survey.kind == wanted).map(|(place, _)| place).collect()
    }

    fn source(&self, place: usize) -> SourceFile {
        self.base.source(self.files.get(place).map_or("", |(_, yaml)| yaml))
    }

    fn is_wrong(&self, place: usize) -> bool {
        self.wrong.contains_key(&place)
    }

    /// A catalogue without a register does not check against it, nor against one that
    /// could not be read whole.
    fn register(&self) -> Option<&Register> {
        let is_whole = !self.places(FileKind::CertificateTypes).into_iter().any(|place| self.is_wrong(place));
        Some(&self.base.register).filter(|register| is_whole && !register.types().is_empty())
    }

    fn read_certificate_types(&mut self, place: usize) {
        match self.source(place).into_certificate_types() {
            Ok(types) => {
                self.base.register.extend(types.iter().cloned());
                self.certificate_types.push((place, types));
            }
            Err(problems) => drop(self.wrong.insert(place, problems)),
        }
    }

    fn read_item(&mut self, place: usize) {
        let (item, problems) = self.source(place).read_item(self.register());
        let item = item.map(Arc::new);
        if !problems.is_empty() {
            self.wrong.insert(place, problems);
        }
        let Some(item) = item else { return };
        let code = &item.item.basic_code;
        if self.items.iter().any(|(_, other)| other.item.basic_code == *code) {
            self.wrong.entry(place).or_default().push(given_twice("/basic_code"));
            return;
        }
        if let Some(known) = self.base.items.get(code.as_str())
            && code.is_provisional()
            && known.item.name.zh != item.item.name.zh
        {
            self.wrong.entry(place).or_default().push(taken(&known.item.name));
            return;
        }
        self.base.items.insert(code.to_string(), item.clone());
        self.items.push((place, item));
    }

    /// The items that are given and have mistakes.
    fn broken_items(&self) -> BrokenItems<'_> {
        let given = self.surveys.iter().enumerate();
        let is_broken = |(place, survey): &(usize, &Survey)| {
            (self.is_wrong(*place) && survey.kind == FileKind::Item) || survey.is_of_no_kind
        };
        let (mut codes, mut is_open) = (HashSet::new(), false);
        for (_, survey) in given.filter(is_broken) {
            let code = survey.item.as_deref().filter(|code| BasicCode::parse(code).is_ok());
            is_open |= code.is_none();
            codes.extend(code);
        }
        BrokenItems { codes, is_open }
    }

    fn read_guides<G: Send>(&mut self, keep: &(impl Fn(usize, Guide) -> G + Sync)) -> Vec<(usize, G)> {
        let guides = self.places(FileKind::Guide);
        let (broken, register) = (self.broken_items(), self.register());
        let read = on_every_core(&guides, |place| {
            let source = self.source(*place);
            let item = source.item_code().and_then(|code| self.base.items.get(code));
            if source.inherits() && source.item_code().is_some_and(|code| broken.have(code, item.is_some())) {
                return Err(source.own_problems(item.map(Arc::as_ref), register));
            }
            let guide = source.into_guide(item.map(Arc::as_ref), register)?;
            Ok((guide.code.clone(), keep(*place, guide)))
        });
        let mut seen: HashSet<GuideCode> = HashSet::new();
        let mut kept = Vec::with_capacity(read.len());
        for (place, read) in guides.into_iter().zip(read) {
            match read {
                Ok((code, guide)) if seen.insert(code.clone()) => kept.push((place, guide)),
                Ok(_) => drop(self.wrong.insert(place, vec![given_twice("/code")])),
                // Only its item is wrong.
                Err(problems) if problems.is_empty() => {}
                Err(problems) => drop(self.wrong.insert(place, problems)),
            }
        }
        kept
    }

    fn read_bundles(&mut self) -> Vec<(usize, Bundle)> {
        let mut bundles: Vec<(usize, Bundle)> = Vec::new();
        for place in self.places(FileKind::Bundle) {
            match self.read_bundle(place) {
                Ok(bundle) if bundles.iter().any(|(_, other)| other.code == bundle.code) => {
                    self.wrong.insert(place, vec![given_twice("/code")]);
                }
                Ok(bundle) => bundles.push((place, bundle)),
                Err(problems) => drop(self.wrong.insert(place, problems)),
            }
        }
        bundles
    }

    /// A bundle is checked against the guides given with it and those in force, as far
    /// as it names their items. Whether it fits is not told while one of those, or the
    /// item of one, has mistakes.
    fn read_bundle(&self, place: usize) -> Result<Bundle, Vec<Problem>> {
        let yaml = self.files.get(place).map_or("", |(_, yaml)| yaml);
        let source = SourceFile::parse(yaml);
        let bundle = source.to_bundle(self.register())?;
        let is_named = |(_, survey): &(usize, &Survey)| {
            let item = survey.item.as_deref();
            survey.kind != FileKind::Bundle && item.is_some_and(|item| yaml.contains(item))
        };
        let named: Vec<_> = self.surveys.iter().enumerate().filter(is_named).collect();
        if named.iter().any(|(place, _)| self.is_wrong(*place)) {
            return Ok(bundle);
        }
        let given = named.into_iter().filter(|(_, survey)| survey.kind == FileKind::Guide);
        let given: Vec<Guide> = given
            .filter_map(|(place, survey)| {
                let item = survey.item.as_ref().and_then(|code| self.base.items.get(code));
                let yaml = self.files.get(place).map_or("", |(_, yaml)| yaml);
                SourceFile::published(yaml).into_guide(item.map(Arc::as_ref), None).ok()
            })
            .collect();
        let others = self.base.guides.iter().filter(|guide| given.iter().all(|new| new.code != guide.code));
        let all: Vec<&Guide> = given.iter().chain(others).collect();
        let region = bundle.region.clone();
        let resolve = |part: &Part| serving(&part.implements, &region, all.iter().copied()).cloned();
        let (plan, mut misfits) = Plan::bind(bundle, &resolve);
        if !self.base.are_published {
            misfits.extend(plan.faults_of_a_new_file());
            misfits.sort_by(|a, b| a.path.cmp(&b.path));
        }
        if misfits.is_empty() {
            return Ok(plan.bundle);
        }
        Err(misfits.into_iter().map(|misfit| source.problem_at(&misfit.path, misfit.reason)).collect())
    }
}

fn name(files: &[(String, String)], place: usize) -> String {
    files.get(place).map(|(file, _)| file.clone()).unwrap_or_default()
}

/// A provisional code is nobody's name for anything: what has it is another item.
fn taken(name: &Text) -> Problem {
    let reason = Text::new(
        format!(
            "该临时编码已用于“{}”。请另编一个（如末三位改为 002）：catalog new --basic-code …，实施编码也随之修改。",
            name.zh
        ),
        format!(
            "This provisional code is that of “{}” already. Give another, e.g. ending in 002: catalog new --basic-code …; the guides' codes follow.",
            name.en
        ),
    );
    Problem { origin: Origin::File, line: 1, path: "/basic_code".to_owned(), reason }
}

fn given_twice(path: &str) -> Problem {
    let reason = Text::new(
        "另一个文件已是同一内容，请去掉其一。",
        "Another file holds the same one; leave one of them out.",
    );
    Problem { origin: Origin::File, line: 1, path: path.to_owned(), reason }
}
