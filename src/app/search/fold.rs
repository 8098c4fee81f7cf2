//! Writing that means the same becomes the same: full-width and capital letters,
//! and traditional characters.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Simplified characters, each followed by its traditional ones.
const TRADITIONAL: &str = include_str!("../../data/search/traditional.txt");

static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let groups = TRADITIONAL.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(' '));
    let pairs = groups.flat_map(|group| {
        let mut characters = group.chars();
        let simplified = characters.next();
        characters.filter_map(move |traditional| Some((traditional, simplified?)))
    });
    pairs.collect()
});

/// The first `limit` characters of a text, folded.
pub fn fold(text: &str, limit: usize) -> String {
    text.chars().take(limit).flat_map(|c| folded(c).to_lowercase()).collect()
}

fn folded(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        // Full-width forms stand at a fixed distance from ASCII (Unicode, FF01–FF5E).
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        // On keyboards ü is v.
        'ü' | 'Ü' => 'v',
        _ if is_han(c) => SIMPLIFIED.get(&c).copied().unwrap_or(c),
        _ => c,
    }
}

/// Whether it is a Chinese character of the basic block or extension A.
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}')
}
