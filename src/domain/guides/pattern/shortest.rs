//! How long a text must be at the least for a pattern to match it.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The fewest characters of a text that the pattern matches; `None` when it matches none.
/// Never too many: what cannot be told counts as none.
pub(super) fn shortest(pattern: &str) -> Option<usize> {
    regex_syntax::parse(pattern).map_or(Some(0), |tree| fewest(&tree).into_iter().flatten().min())
}

/// The fewest characters of what matches a part: anywhere, at the start of the text alone, at
/// its end alone, and of what is the whole text; `None` where nothing does.
type Fewest = [Option<usize>; 4];

const STARTS: usize = 1;
const ENDS: usize = 2;
const NOTHING: Fewest = [None; 4];

/// So many characters, wherever they stand.
fn anywhere(characters: usize) -> Fewest {
    [Some(characters), None, None, None]
}

fn fewest(tree: &Hir) -> Fewest {
    match tree.kind() {
        HirKind::Look(Look::Start) => [None, Some(0), None, None],
        HirKind::Look(Look::End) => [None, None, Some(0), None],
        HirKind::Empty | HirKind::Look(_) => anywhere(0),
        HirKind::Literal(literal) => anywhere(String::from_utf8_lossy(&literal.0).chars().count()),
        HirKind::Class(class) if is_empty(class) => NOTHING,
        HirKind::Class(_) => anywhere(1),
        HirKind::Capture(capture) => fewest(&capture.sub),
        HirKind::Alternation(sides) => sides.iter().map(fewest).fold(NOTHING, either),
        HirKind::Concat(parts) => parts.iter().map(fewest).fold(anywhere(0), one_after_the_other),
        HirKind::Repetition(repetition) => {
            let once = fewest(&repetition.sub);
            let times = (0..repetition.min).fold(anywhere(0), |before, _| one_after_the_other(before, once));
            if repetition.min == 0 { either(times, once) } else { times }
        }
    }
}

fn either(one: Fewest, other: Fewest) -> Fewest {
    std::array::from_fn(|place| one[place].into_iter().chain(other[place]).min())
}

/// Nothing stands before a start or behind an end.
fn one_after_the_other(first: Fewest, second: Fewest) -> Fewest {
    let mut both = NOTHING;
    for (place, length) in first.into_iter().enumerate() {
        for (after, more) in second.into_iter().enumerate() {
            let (Some(length), Some(more)) = (length, more) else { continue };
            let is_apart = (after & STARTS != 0 && length > 0) || (place & ENDS != 0 && more > 0);
            if !is_apart {
                let known = both[place | after];
                both[place | after] = known.into_iter().chain([length.saturating_add(more)]).min();
            }
        }
    }
    both
}

fn is_empty(class: &Class) -> bool {
    match class {
        Class::Unicode(class) => class.ranges().is_empty(),
        Class::Bytes(class) => class.ranges().is_empty(),
    }
}
