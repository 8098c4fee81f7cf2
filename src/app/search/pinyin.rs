//! How Chinese sounds: what people type who type letters, and what they mistype
//! when the keyboard offers another character of the same sound.

use std::collections::HashMap;
use std::sync::LazyLock;

use pinyin::ToPinyin as _;

use super::fold::is_han;

/// The syllable of a character, without its tone; none for what is not Chinese.
pub fn syllable(c: char) -> Option<&'static str> {
    match c.to_pinyin()?.plain() {
        "nü" => Some("nv"),
        "lü" => Some("lv"),
        "nüe" => Some("nve"),
        "lüe" => Some("lve"),
        plain => Some(plain),
    }
}

/// Syllables as who does not tell like sounds apart says them (模糊音): `zh`, `ch`, `sh` as
/// `z`, `c`, `s`, and `ng` as `n`.
pub fn smooth(letters: &str) -> String {
    let mut smooth = String::with_capacity(letters.len());
    for letter in letters.chars() {
        match (smooth.chars().last(), letter) {
            (Some('z' | 'c' | 's'), 'h') | (Some('n'), 'g') => {}
            _ => smooth.push(letter),
        }
    }
    smooth
}

/// Every syllable there is, and how it is said so.
static SYLLABLES: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
    let syllables = ('\u{4e00}'..='\u{9fff}').filter_map(syllable);
    syllables.map(|syllable| (syllable, smooth(syllable))).collect()
});

/// The syllable spelt so, if there is one.
pub fn spelt_syllable(letters: &str) -> Option<&'static str> {
    SYLLABLES.get_key_value(letters).map(|(syllable, _)| *syllable)
}

/// Whether some syllable begins so.
pub fn begins_a_syllable(letters: &str) -> bool {
    SYLLABLES.keys().any(|syllable| syllable.starts_with(letters))
}

/// The syllable as who does not tell like sounds apart says it.
pub fn smooth_syllable(syllable: &'static str) -> &'static str {
    SYLLABLES.get(syllable).map_or(syllable, String::as_str)
}

/// A text in letters.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Spelling {
    /// Whole syllables, one after the other.
    pub letters: String,
    /// Where in `letters` a syllable begins, and the end.
    pub starts: Vec<usize>,
    /// The first letter of every syllable.
    pub initials: String,
}

/// Spells the Chinese of a folded text; letters and digits stand for themselves.
pub fn spell(text: &str) -> Spelling {
    let mut spelling = Spelling::default();
    let mut buffer = [0; 4];
    for c in text.chars() {
        let said = match c {
            _ if is_han(c) => syllable(c),
            _ if c.is_ascii_alphanumeric() => Some(&*c.encode_utf8(&mut buffer)),
            _ => None,
        };
        if let Some(said) = said {
            spelling.starts.push(spelling.letters.len());
            spelling.letters.push_str(said);
            spelling.initials.extend(said.chars().next());
        }
    }
    spelling.starts.push(spelling.letters.len());
    spelling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_spelt_in_full_and_by_initials() {
        let spelling = spell("社保卡 b2（女）");
        assert_eq!((spelling.letters.as_str(), spelling.initials.as_str()), ("shebaokab2nv", "sbkb2n"));
        assert_eq!(spelling.starts, [0, 3, 6, 8, 9, 10, 12]);
    }

    #[test]
    fn like_sounds_are_one() {
        assert_eq!(smooth("zhengshangchunnengg"), "zensancunnen");
        assert_eq!(smooth_syllable("zhuang"), "zuan");
    }
}
