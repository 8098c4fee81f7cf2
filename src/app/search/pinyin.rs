//! How Chinese sounds: what people type who type letters, and what they mistype
//! when the keyboard offers another character of the same sound.

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
}
