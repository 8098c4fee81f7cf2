//! What a value may be, and what is left of it when something is known to hold.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use crate::domain::codes::RegionCode;

/// What a value may be; always more than it can be, never less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Range {
    Truth {
        yes: bool,
        no: bool,
    },
    /// Both ends included. A date is the number of its day.
    Whole(i64, i64),
    /// One of these texts.
    Words(BTreeSet<String>),
    /// This region, or one that lies within it.
    Within(RegionCode),
    Anything,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Other,
    Less,
    AtMost,
}

impl Range {
    pub const ALL_NUMBERS: Self = Self::Whole(i64::MIN, i64::MAX);

    pub fn of_truth(truth: bool) -> Self {
        Self::Truth { yes: truth, no: !truth }
    }

    pub fn of_text(text: &str) -> Self {
        Self::Words(BTreeSet::from([text.to_owned()]))
    }

    pub fn of_day(day: NaiveDate) -> Self {
        let number = i64::from(day.num_days_from_ce());
        Self::Whole(number, number)
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Truth { yes, no } => !yes && !no,
            Self::Whole(least, most) => least > most,
            Self::Words(words) => words.is_empty(),
            Self::Within(_) | Self::Anything => false,
        }
    }

    /// What is left when it lies in this region, or does not; `None`: nothing is.
    pub fn lying_in(&self, region: &RegionCode, truth: bool) -> Option<Self> {
        match (self, truth) {
            (Self::Words(_), _) => self
                .of_words(|word| RegionCode::parse(word).is_ok_and(|word| region.contains(&word)) == truth),
            (Self::Within(known), true) if known.contains(region) => Some(Self::Within(region.clone())),
            (Self::Within(known), truth) => (region.contains(known) == truth).then(|| self.clone()),
            (Self::Anything, true) => Some(Self::Within(region.clone())),
            (_, _) => Some(self.clone()),
        }
    }

    /// What is left of texts of which this is so; `None`: nothing is.
    pub fn of_words(&self, is_so: impl Fn(&str) -> bool) -> Option<Self> {
        let Self::Words(words) = self else { return Some(self.clone()) };
        let left = Self::Words(words.iter().filter(|word| is_so(word)).cloned().collect());
        (!left.is_empty()).then_some(left)
    }
}

/// What is left of both when the relation holds between them; `None`: it cannot.
pub(super) fn related(left: &Range, relation: Relation, right: &Range) -> Option<(Range, Range)> {
    let (left, right) = match (left, right) {
        (Range::Whole(..), Range::Words(words)) => (left.clone(), day_of(words)),
        (Range::Words(words), Range::Whole(..)) => (day_of(words), right.clone()),
        (left, right) => (left.clone(), right.clone()),
    };
    let left_over = match (left, relation, right) {
        (Range::Whole(a, b), relation, Range::Whole(c, d)) => numbers((a, b), relation, (c, d)),
        (Range::Words(a), Relation::Equal, Range::Words(b)) => {
            let both: BTreeSet<String> = a.intersection(&b).cloned().collect();
            (Range::Words(both.clone()), Range::Words(both))
        }
        (Range::Words(a), Relation::Other, Range::Words(b)) => {
            (Range::Words(without(&a, &b)), Range::Words(without(&b, &a)))
        }
        (Range::Anything, Relation::Equal, Range::Words(words)) => {
            (Range::Words(words.clone()), Range::Words(words))
        }
        (Range::Words(words), Relation::Equal, Range::Anything) => {
            (Range::Words(words.clone()), Range::Words(words))
        }
        (Range::Within(region), Relation::Equal, words @ Range::Words(_))
        | (words @ Range::Words(_), Relation::Equal, Range::Within(region)) => {
            let both = words.lying_in(&region, true)?;
            (both.clone(), both)
        }
        (Range::Within(a), Relation::Equal, Range::Within(b)) => {
            let both = Range::Within(a).lying_in(&b, true)?;
            (both.clone(), both)
        }
        (Range::Truth { yes: a, no: b }, Relation::Equal, Range::Truth { yes: c, no: d }) => {
            let both = Range::Truth { yes: a && c, no: b && d };
            (both.clone(), both)
        }
        (Range::Truth { yes: a, no: b }, Relation::Other, Range::Truth { yes: c, no: d }) => {
            (Range::Truth { yes: a && d, no: b && c }, Range::Truth { yes: c && b, no: d && a })
        }
        (left, _, right) => (left, right),
    };
    Some(left_over).filter(|(left, right)| !left.is_empty() && !right.is_empty())
}

/// A date written out, where it is compared with dates.
fn day_of(words: &BTreeSet<String>) -> Range {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [one] => one.parse().map_or(Range::Anything, Range::of_day),
        _ => Range::Anything,
    }
}

/// Those that may still differ from the one other, if there is but one.
fn without(words: &BTreeSet<String>, others: &BTreeSet<String>) -> BTreeSet<String> {
    match others.len() {
        1 => words.difference(others).cloned().collect(),
        _ => words.clone(),
    }
}

type Span = (i64, i64);

fn numbers((a, b): Span, relation: Relation, (c, d): Span) -> (Range, Range) {
    let ((a, b), (c, d)) = match relation {
        Relation::Equal => ((a.max(c), b.min(d)), (a.max(c), b.min(d))),
        Relation::AtMost => ((a, b.min(d)), (c.max(a), d)),
        Relation::Less => ((a, b.min(d.saturating_sub(1))), (c.max(a.saturating_add(1)), d)),
        Relation::Other => (apart((a, b), (c, d)), apart((c, d), (a, b))),
    };
    (Range::Whole(a, b), Range::Whole(c, d))
}

/// The span without its end, where that is the only number the other can be.
fn apart((a, b): Span, (c, d): Span) -> Span {
    match c == d {
        true if a == b && a == c => (1, 0),
        true if a == c => (a.saturating_add(1), b),
        true if b == c => (a, b.saturating_sub(1)),
        _ => (a, b),
    }
}
