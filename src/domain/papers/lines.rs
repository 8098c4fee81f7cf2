//! Where lines break (避头尾, GB/T 15834 5.1): between Han characters anywhere, but
//! no line begins with a closing mark or ends with an opening one; words of other
//! scripts stay whole. Spaces at the end of a line take no room.
//!
//! What always holds: nothing is lost, no line is wider than the column, and a rule
//! is broken only where the line has no place that keeps it.

use std::ops::Range;

use super::font::Glyph;

/// What may not begin a line.
const CLOSING: &str = "、。，；：！？）》〉」』】〕〗…—～％‰℃·”’,.;:!?)]}%";
/// What may not end one.
const OPENING: &str = "（《〈「『【〔〖“‘￥＄¥$([{№";

/// The lines of a text, as ranges that follow each other without a gap. Widths are
/// in the units of the glyphs; `indent` is taken off the first line.
pub(super) fn lines(text: &[Glyph], column: u32, indent: u32) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let room = column.saturating_sub(if start == 0 { indent } else { 0 });
        let end = line_end(text, start, room);
        lines.push(start..end);
        start = end;
    }
    lines
}

/// Width of a line as it is drawn: without the spaces at its end.
pub(super) fn width(line: &[Glyph]) -> u32 {
    let end = line.iter().rposition(|glyph| glyph.character != ' ').map_or(0, |last| last + 1);
    line.iter().take(end).map(|glyph| glyph.width).sum()
}

fn line_end(text: &[Glyph], start: usize, room: u32) -> usize {
    let (mut taken, mut full, mut best) = (0, start, None);
    for (at, glyph) in text.iter().enumerate().skip(start) {
        if glyph.character != ' ' && taken + glyph.width > room {
            break;
        }
        taken += glyph.width;
        full = at + 1;
        if may_break(text, full) {
            best = Some(full);
        }
    }
    if full == text.len() {
        return full;
    }
    // A word wider than the column is cut, if possible where the marks allow it.
    let bearable = |at: &usize| !violates(text, *at);
    let forced = || (start + 1..=full).rev().find(bearable).unwrap_or(full);
    best.unwrap_or_else(forced).max(start + 1)
}

/// Whether a line may end before the character at `at`.
pub(super) fn may_break(text: &[Glyph], at: usize) -> bool {
    let (Some(before), Some(after)) = (character(text, at.wrapping_sub(1)), character(text, at)) else {
        return at == text.len();
    };
    if after == ' ' || violates(text, at) {
        return false;
    }
    // After a slash or hyphen inside a word or an address, not after that of `https://`.
    let joins =
        matches!(before, '/' | '-') && character(text, at.wrapping_sub(2)).is_some_and(char::is_alphanumeric);
    before == ' ' || is_han(before) || is_han(after) || (joins && after.is_alphabetic())
}

/// Whether breaking there would begin a line with a closing mark, end one with an
/// opening mark, or tear a double dash.
pub(super) fn violates(text: &[Glyph], at: usize) -> bool {
    let ends_badly =
        at.checked_sub(1).and_then(|at| character(text, at)).is_some_and(|c| OPENING.contains(c));
    ends_badly || character(text, at).is_some_and(|c| CLOSING.contains(c))
}

fn character(text: &[Glyph], at: usize) -> Option<char> {
    text.get(at).map(|glyph| glyph.character)
}

/// Han characters, their punctuation and full-width forms: everything set in squares.
fn is_han(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FFEF}' | '\u{20000}'..='\u{3FFFF}')
        || ('①'..='⑳').contains(&c)
}
