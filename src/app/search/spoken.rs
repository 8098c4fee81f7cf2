//! Letters read as Chinese, with blanks or without: `xiaohaishanghukou` is 小孩 上户口,
//! whichever words of the catalogue mean the same.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::pinyin::syllable;
use super::words;

/// More letters are no phrase.
const MOST: usize = 64;
/// Letters of the longest word that is looked up.
const LONGEST: usize = 24;

static SYLLABLES: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| ('\u{4e00}'..='\u{9fff}').filter_map(syllable).collect());

/// What was heard, without the words of mere asking.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Words with synonyms, as the first of them.
    pub words: Vec<&'static str>,
    /// All syllables.
    pub sounds: Vec<&'static str>,
}

/// The best way to a place: the fewest letters outside of known words, then the fewest pieces.
#[derive(Clone, Copy)]
struct Way {
    cost: (usize, usize),
    from: usize,
}

/// Reads letters as syllables to the last of them, which may be typed in part; nothing
/// when they are none.
pub fn hear(letters: &[String]) -> Heard {
    let typed = letters.concat();
    let is_read = typed.len() <= MOST && typed.bytes().all(|letter| letter.is_ascii_lowercase());
    let Some(ways) = is_read.then(|| ways(&typed)) else { return Heard::default() };
    let mut pieces = Vec::new();
    let begun = |rest: &str| rest.is_empty() || SYLLABLES.iter().any(|syllable| syllable.starts_with(rest));
    let last = |end: &usize| ways[*end].is_some() && begun(&typed[*end..]);
    let mut end = (0..=typed.len()).rev().find(last).unwrap_or(0);
    while end > 0 {
        let Some(way) = ways[end] else { return Heard::default() };
        pieces.push(&typed[way.from..end]);
        end = way.from;
    }
    let mut heard = Heard::default();
    for piece in pieces.into_iter().rev() {
        match words::spelt(piece) {
            Some(word) if word.is_stop => {}
            Some(word) => {
                heard.words.push(word.first);
                heard.sounds.extend(&word.sounds);
            }
            None => heard.sounds.extend(SYLLABLES.get(piece)),
        }
    }
    heard
}

fn ways(typed: &str) -> Vec<Option<Way>> {
    let mut ways = vec![None; typed.len() + 1];
    ways[0] = Some(Way { cost: (0, 0), from: 0 });
    for end in 1..=typed.len() {
        for from in end.saturating_sub(LONGEST)..end {
            let Some(Way { cost: (unknown, pieces), .. }) = ways[from] else { continue };
            let piece = &typed[from..end];
            let unknown = match words::spelt(piece) {
                Some(_) => unknown,
                None if SYLLABLES.contains(piece) => unknown + piece.len(),
                None => continue,
            };
            let cost = (unknown, pieces + 1);
            if ways[end].is_none_or(|known: Way| cost < known.cost) {
                ways[end] = Some(Way { cost, from });
            }
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(typed: &str) -> (Vec<&'static str>, String) {
        let letters: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let Heard { words, sounds } = hear(&letters);
        (words, sounds.join(" "))
    }

    #[test]
    fn words_are_heard_where_no_blank_is() {
        assert_eq!(heard("xiaohaishanghukou"), (vec!["孩子", "落户"], "xiao hai shang hu kou".to_owned()));
        assert_eq!(heard("xiaohai shanghukou"), heard("xiaohaishanghukou"));
        assert_eq!(heard("zenmebanjiehunzheng").1, "jie hun zheng", "what is mere asking is left out");
        assert_eq!(heard("zhuanyi").1, "zhuan yi");
        assert_eq!(heard("xiaohaishanghuk").1, "xiao hai shang hu", "the last is not typed yet");
    }

    #[test]
    fn what_is_no_chinese_is_not_heard() {
        for typed in ["passport", "sfz", "shenfenzhen1", "", "zxiaohai"] {
            assert_eq!(heard(typed), (vec![], String::new()), "{typed}");
        }
    }
}
