//! Checking files of a catalogue together, against what the catalogue holds
//! already. Nothing is written; everything wrong in any of them is told at once.
//! Of the guides only what the caller keeps stays in memory: a province's hundred
//! thousand would not fit otherwise.

mod alike;
mod survey;
#[cfg(test)]
mod tests;
mod wrong;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::cores::on_every_core;
use super::issuing::unissued;
use crate::domain::bundles::{Plan, serving};
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::{BasicCode, CertificateType, GuideCode, RegionCode};
use crate::domain::guides::{
    Bundle, CertificateTypeEntry, FailedExample, FileKind, Guide, ItemFile, Origin, Part, Problem, Register,
    SourceFile, StatedItem, may_follow, try_examples,
};
use crate::domain::territory::Territory;
pub(super) use survey::{Survey, survey};
use wrong::{given_twice, is_another, over, taken};

/// A file with everything that is wrong in it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileProblems {
    pub file: String,
    /// The file of the item it inherits from, for what is wrong there: its name, or
    /// `item CODE` when it is not among the files. None when it inherits from none.
    pub item: Option<String>,
    pub problems: Vec<Problem>,
}

impl FileProblems {
    /// The name of the file a problem stands in.
    pub fn file_of(&self, problem: &Problem) -> &str {
        match (problem.origin, &self.item) {
            (Origin::Item, Some(item)) => item,
            (Origin::Item, None) | (Origin::File, _) => &self.file,
        }
    }
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
    /// By basic code: those the files are of, and those called as an item they write out.
    pub items: HashMap<String, Arc<ItemFile>>,
    /// By basic code, of what the files write out: a guide in force besides them that writes
    /// it out too, and what that says.
    pub written_out: HashMap<String, (String, StatedItem)>,
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
    pub territory: Territory,
    /// The day a new file must not have ended before; none: that is not looked into.
    pub today: Option<NaiveDate>,
    /// The places of files that are published as they are: they may have ended since.
    pub unchanged: HashSet<usize>,
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
    checker.find_unlike();
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
    let item_files = item_files(files, surveys);
    let told = wrong.into_iter().map(|(place, mut problems)| {
        problems.sort_by_key(|problem| (problem.origin, problem.line));
        let inherited = surveys.get(place).filter(|survey| survey.inherits);
        let item = inherited.and_then(|survey| survey.item.as_deref()).map(|code| {
            item_files.get(code).map_or_else(|| format!("item {code}"), |file| (*file).to_owned())
        });
        FileProblems { file: name(files, place), item, problems }
    });
    Err(told.collect())
}

/// The names of the files of items, by basic code.
fn item_files<'f>(files: &'f [(String, String)], surveys: &'f [Survey]) -> HashMap<&'f str, &'f str> {
    let given = surveys.iter().zip(files).filter(|(survey, _)| survey.kind == FileKind::Item);
    given.filter_map(|(survey, (file, _))| Some((survey.item.as_deref()?, file.as_str()))).collect()
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

    /// A catalogue without a register does not check against it.
    fn register(&self) -> Option<&Register> {
        Some(&self.base.register).filter(|register| !register.types().is_empty())
    }

    fn read_certificate_types(&mut self, place: usize) {
        let read = self.source(place).read_certificate_types();
        self.base.register.extend(read.types.iter().cloned());
        read.unread.into_iter().for_each(|of| self.base.register.leave_open(of));
        match read.problems.is_empty() {
            true => self.certificate_types.push((place, read.types)),
            false => drop(self.wrong.insert(place, read.problems)),
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
            let twice = given_twice(&self.source(place), "/basic_code");
            self.wrong.entry(place).or_default().push(twice);
            return;
        }
        if let Some(known) = self.base.items.get(code.as_str())
            && code.is_provisional()
            && item.stated().name.is_some_and(|name| is_another(&known.item.name, &name))
        {
            let taken = self.source(place).problem_at("/basic_code", taken(&known.item.name));
            self.wrong.entry(place).or_default().push(taken);
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
        let read_now: HashSet<&str> =
            self.items.iter().map(|(_, item)| item.item.basic_code.as_str()).collect();
        let read = on_every_core(&guides, |place| {
            let source = self.source(*place);
            let item = source.item_code().and_then(|code| self.base.items.get(code));
            let unfit = self.unfit_here(*place, &source, "/agency");
            if source.inherits() && source.item_code().is_some_and(|code| broken.have(code, item.is_some())) {
                let is_to_be = source.item_code().is_some_and(|code| read_now.contains(code));
                let own = source.own_problems(item.map(Arc::as_ref), is_to_be, register);
                return Err([own, unfit].concat());
            }
            match source.into_guide(item.map(Arc::as_ref), register) {
                Ok(guide) if unfit.is_empty() => Ok(keep(*place, guide)),
                Ok(_) => Err(unfit),
                Err(problems) => Err([problems, unfit].concat()),
            }
        });
        let mut seen: HashSet<GuideCode> = HashSet::new();
        let mut kept = Vec::with_capacity(read.len());
        for (place, read) in guides.into_iter().zip(read) {
            let code = self.surveys.get(place).and_then(|survey| survey.code.as_deref());
            let code = code.and_then(|code| GuideCode::parse(code).ok());
            let is_repeated = code.is_some_and(|code| !seen.insert(code));
            match read {
                Ok(guide) if !is_repeated => kept.push((place, guide)),
                Ok(_) => {}
                // Only its item is wrong.
                Err(problems) if problems.is_empty() => {}
                Err(problems) => drop(self.wrong.insert(place, problems)),
            }
            if is_repeated {
                let twice = given_twice(&self.source(place), "/code");
                self.wrong.entry(place).or_default().push(twice);
            }
        }
        kept
    }

    /// What keeps a file from being published on this portal, today: whose it is, whom it
    /// serves, and that it has ended.
    fn unfit_here(&self, place: usize, source: &SourceFile, owner: &str) -> Vec<Problem> {
        let (territory, agency) = (&self.base.territory, source.agency());
        let unfit_agency = agency.as_ref().and_then(|agency| territory.unfit_agency(agency));
        let region = source.region();
        let unfit_region = region.and_then(|region| territory.unfit_region(&region, agency.as_ref()));
        let is_over = |until: &NaiveDate| self.base.today.is_some_and(|today| *until < today);
        let is_new = !self.base.unchanged.contains(&place);
        let over = source.effective_until().filter(|until| is_new && is_over(until)).map(over);
        let told = [(owner, unfit_agency), ("/region", unfit_region), ("/effective_until", over)];
        told.into_iter().filter_map(|(path, text)| Some(source.problem_at(path, text?))).collect()
    }

    fn read_bundles(&mut self) -> Vec<(usize, Bundle)> {
        let mut bundles: Vec<(usize, Bundle)> = Vec::new();
        for place in self.places(FileKind::Bundle) {
            let (bundle, problems) = self.read_bundle(place);
            if !problems.is_empty() {
                self.wrong.insert(place, problems);
                continue;
            }
            match bundle {
                Some(bundle) if bundles.iter().any(|(_, other)| other.code == bundle.code) => {
                    let twice = given_twice(&self.source(place), "/code");
                    self.wrong.insert(place, vec![twice]);
                }
                Some(bundle) => bundles.push((place, bundle)),
                None => {}
            }
        }
        bundles
    }

    /// A bundle is checked against the guides given with it and those in force, as far
    /// as it names their items. Whether it fits is not told while one of those, or the
    /// item of one, has mistakes.
    fn read_bundle(&self, place: usize) -> (Option<Bundle>, Vec<Problem>) {
        let yaml = self.files.get(place).map_or("", |(_, yaml)| yaml);
        let source = SourceFile::parse(yaml);
        let (bundle, mut problems) = source.read_bundle(self.register());
        problems.extend(self.unfit_here(place, &source, "/leader"));
        let Some(bundle) = bundle else { return (None, problems) };
        let is_named = |(_, survey): &(usize, &Survey)| {
            let item = survey.item.as_deref();
            survey.kind != FileKind::Bundle && item.is_some_and(|item| yaml.contains(item))
        };
        let named: Vec<_> = self.surveys.iter().enumerate().filter(is_named).collect();
        if named.iter().any(|(place, _)| self.is_wrong(*place)) {
            return (Some(bundle), problems);
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
        let follows = |path: &str| problems.iter().any(|mistake| may_follow(path, mistake));
        let misfits: Vec<Problem> = misfits
            .into_iter()
            .filter(|misfit| !follows(&misfit.path))
            .map(|misfit| source.problem_at(&misfit.path, misfit.reason))
            .collect();
        problems.extend(misfits);
        (Some(plan.bundle), problems)
    }
}

fn name(files: &[(String, String)], place: usize) -> String {
    files.get(place).map(|(file, _)| file.clone()).unwrap_or_default()
}
