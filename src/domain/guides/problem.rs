//! What is wrong with a guide file, and where.

use std::cell::RefCell;
use std::fmt;

use super::source::{Node, Origin};
use crate::domain::text::Text;

/// One mistake of a guide file; the file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stands in the file that was read, or in the item's it inherits from.
    pub origin: Origin,
    /// Counted from 1.
    pub line: usize,
    /// An RFC 6901 pointer into the file; empty for the whole of it.
    pub path: String,
    /// What is wrong and what to do about it.
    pub reason: Text,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} {}", self.line, self.path, self.reason.zh, self.reason.en)
    }
}

impl Problem {
    fn place(&self) -> Place {
        (self.origin, self.line, self.path.clone())
    }
}

/// Where a problem stands.
type Place = (Origin, usize, String);

/// What a complaint rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rests {
    /// The value it stands at: it is wrong whatever the rest of the file says.
    Itself,
    /// Something not being there that an item may supply.
    Absence,
    /// Something that is said elsewhere: a name, an option, whether a field has an
    /// answer. Where several places say so in the same words, it is one mistake, and
    /// most likely one of the place they all speak of.
    Another,
}

/// A problem, and the other places it was met at.
#[derive(Debug)]
struct Told {
    problem: Problem,
    rests: Rests,
    also: Vec<Place>,
}

/// Collects problems while a file is read, so that all are told at once.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Told>>);

impl Problems {
    pub fn starting_with(problems: Vec<Problem>) -> Self {
        let told =
            problems.into_iter().map(|problem| Told { problem, rests: Rests::Itself, also: Vec::new() });
        Self(RefCell::new(told.collect()))
    }

    /// Something is wrong with this value.
    pub fn at(&self, node: &Node, zh: impl Into<String>, en: impl Into<String>) {
        self.add(node, Text::new(zh, en), Rests::Itself);
    }

    /// What this value speaks of is not there, or not so.
    pub fn astray(&self, node: &Node, zh: impl Into<String>, en: impl Into<String>) {
        self.add(node, Text::new(zh, en), Rests::Another);
    }

    pub fn add(&self, node: &Node, reason: Text, rests: Rests) {
        let problem = Problem { origin: node.origin, line: node.line, path: node.path.clone(), reason };
        self.push(problem, rests);
    }

    pub fn push(&self, problem: Problem, rests: Rests) {
        let mut told = self.0.borrow_mut();
        let is_said_so = |known: &&mut Told| {
            rests == Rests::Another
                && (known.rests, known.problem.origin, &known.problem.reason)
                    == (rests, problem.origin, &problem.reason)
        };
        match told.iter_mut().find(is_said_so) {
            Some(known) => known.also.push(problem.place()),
            None => told.push(Told { problem, rests, also: Vec::new() }),
        }
    }

    /// Takes over what is wrong in one scenario and not told yet.
    pub fn take_over(&self, others: Self, reason: impl Fn(&Text) -> Text) {
        for Told { problem, rests, .. } in others.0.into_inner() {
            if !self.has(&problem) {
                let reason = reason(&problem.reason);
                self.push(Problem { reason, ..problem }, rests);
            }
        }
    }

    /// Whether something is wrong at that place already.
    fn has(&self, other: &Problem) -> bool {
        let place = other.place();
        self.0.borrow().iter().any(|told| told.problem.place() == place || told.also.contains(&place))
    }

    /// What was read, if nothing is wrong with it.
    pub fn or<T>(self, read: Option<T>) -> Result<T, Vec<Problem>> {
        let problems = self.into_sorted();
        match read {
            Some(read) if problems.is_empty() => Ok(read),
            Some(_) | None => Err(problems),
        }
    }

    /// In the order of the file.
    pub fn into_sorted(self) -> Vec<Problem> {
        sorted(self.0.into_inner().into_iter().map(Told::whole).collect())
    }

    /// Those that stand in the file itself and would stand there whatever its item says;
    /// where all is there that the item says, what is missing besides. An entry of a list
    /// may be one of the item's that has a mistake in its name.
    pub fn into_own(self, is_all: bool) -> Vec<Problem> {
        let told = self.0.into_inner().into_iter();
        let is_entry = |path: &str| path.split('/').any(|step| step.parse::<usize>().is_ok());
        let own = told.filter(|told| {
            let stands = match told.rests {
                Rests::Itself => true,
                Rests::Absence => is_all && !is_entry(&told.problem.path),
                Rests::Another => false,
            };
            stands && told.problem.origin == Origin::File
        });
        sorted(own.map(Told::whole).collect())
    }
}

impl Told {
    /// The problem, with the lines it was met on besides.
    fn whole(self) -> Problem {
        let Told { mut problem, mut also, .. } = self;
        also.sort();
        also.dedup();
        let lines: Vec<String> = also.iter().map(|(_, line, _)| line.to_string()).collect();
        if !lines.is_empty() {
            let Text { zh, en } = problem.reason;
            problem.reason = Text::new(
                format!("{zh}（第 {} 行同此。）", lines.join("、")),
                format!("{en} (The same on line {}.)", lines.join(", ")),
            );
        }
        problem
    }
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (a.origin, a.line, &a.path).cmp(&(b.origin, b.line, &b.path)));
    problems
}
