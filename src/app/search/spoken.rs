//! Letters read as Chinese, with blanks or without: `xiaohaishanghukou` is 小孩 上户口,
//! and so is `xhshk`, whichever words of the catalogue mean the same.

use std::ops::RangeInclusive;

use super::pinyin::{begins_a_syllable, spelt_syllable};
use super::words::{self, Spelt};

/// More letters are no phrase.
const MOST: usize = 64;
/// Letters of the longest word that is looked up.
const LONGEST: usize = 24;
/// Fewer initials are anything, and more are nothing that somebody types.
const INITIALS: RangeInclusive<usize> = 3..=12;
/// How sure it is that a word with a slip is meant, or words by their initials.
const WITH_A_SLIP: f32 = 0.85;
const BY_INITIALS: f32 = 0.8;

/// What was heard, without the words of mere asking.
#[derive(Debug, Default, PartialEq)]
pub struct Heard {
    /// Words with synonyms, each as the first of them; or each as all it may be.
    pub words: Vec<Vec<&'static str>>,
    /// How sure the words are, at most 1.
    pub sureness: f32,
    /// All syllables.
    pub sounds: Vec<&'static str>,
}

/// The best way to a place: the fewest letters outside of known words, then the fewest pieces.
#[derive(Clone, Copy)]
struct Way {
    cost: (usize, usize),
    from: usize,
}

/// Reads letters as syllables to the last of them, which may be typed in part; else as
/// initials of words. Nothing when they are neither.
pub fn hear(letters: &[String]) -> Heard {
    let typed = letters.concat();
    let is_read = typed.len() <= MOST && typed.bytes().all(|letter| letter.is_ascii_lowercase());
    if !is_read {
        return Heard::default();
    }
    let begun = |rest: &str| rest.is_empty() || begins_a_syllable(rest);
    let mut heard = match pieces(&typed, spelling, begun) {
        Some(pieces) => in_full(&pieces),
        None => by_initials(&typed),
    };
    if heard.words.is_empty() {
        let meant: Vec<_> = words::spelt_with_a_slip(&typed).map(|word| word.first).collect();
        if !meant.is_empty() {
            (heard.words, heard.sureness) = (vec![meant], WITH_A_SLIP);
        }
    }
    heard
}

/// What a piece costs that is spelt in full.
fn spelling(piece: &str) -> Option<usize> {
    match known(piece) {
        Some((_, slurred)) => Some(slurred),
        None => spelt_syllable(piece).map(str::len),
    }
}

/// The word spelt so, and what is against it.
fn known(piece: &str) -> Option<(&'static Spelt, usize)> {
    words::spelt(piece).map(|word| (word, 0)).or_else(|| Some((words::spelt_alike(piece)?, 1)))
}

fn in_full(pieces: &[&str]) -> Heard {
    let mut heard = Heard { sureness: 1.0, ..Heard::default() };
    for piece in pieces {
        match known(piece) {
            Some((word, _)) if word.is_stop => {}
            Some((word, _)) => {
                heard.words.push(vec![word.first]);
                heard.sounds.extend(&word.sounds);
            }
            None => heard.sounds.extend(spelt_syllable(piece)),
        }
    }
    heard
}

fn by_initials(typed: &str) -> Heard {
    let is_known = |piece: &str| words::with_initials(piece).next().map(|_| 0);
    let is_phrase = INITIALS.contains(&typed.len());
    let Some(pieces) = is_phrase.then(|| pieces(typed, is_known, str::is_empty)).flatten() else {
        return Heard::default();
    };
    let meant = |piece: &str| -> Vec<&'static str> {
        words::with_initials(piece).filter(|word| !word.is_stop).map(|word| word.first).collect()
    };
    let words = pieces.into_iter().map(meant).filter(|words| !words.is_empty()).collect();
    Heard { words, sureness: BY_INITIALS, sounds: Vec::new() }
}

/// The pieces it is best cut into, each at what it costs; what is left at the end must
/// satisfy `may_end`.
fn pieces(
    typed: &str,
    cost: impl Fn(&str) -> Option<usize>,
    may_end: impl Fn(&str) -> bool,
) -> Option<Vec<&str>> {
    let ways = ways(typed, cost);
    let last = |end: &usize| ways[*end].is_some() && may_end(&typed[*end..]);
    let mut end = (1..=typed.len()).rev().find(last)?;
    let mut pieces = Vec::new();
    while let Some(way) = ways[end].filter(|_| end > 0) {
        pieces.push(&typed[way.from..end]);
        end = way.from;
    }
    pieces.reverse();
    Some(pieces)
}

fn ways(typed: &str, cost: impl Fn(&str) -> Option<usize>) -> Vec<Option<Way>> {
    let mut ways = vec![None; typed.len() + 1];
    ways[0] = Some(Way { cost: (0, 0), from: 0 });
    for end in 1..=typed.len() {
        for from in end.saturating_sub(LONGEST)..end {
            let Some(Way { cost: (before, pieces), .. }) = ways[from] else { continue };
            let Some(more) = cost(&typed[from..end]) else { continue };
            let cost = (before + more, pieces + 1);
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
        let Heard { words, sounds, .. } = hear(&letters);
        (words.concat(), sounds.join(" "))
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
    fn like_sounds_slips_and_initials_are_understood() {
        assert_eq!(heard("xiaohaisanghukou"), heard("xiaohaishanghukou"));
        assert_eq!(heard("tuixu"), (vec!["退休", "退役"], "tui xu".to_owned()));
        let (words, sounds) = heard("xhshk");
        assert!(words.contains(&"孩子") && words.contains(&"落户") && sounds.is_empty(), "{words:?}");
    }

    #[test]
    fn what_is_no_chinese_is_not_heard() {
        for typed in ["passport", "sf", "shenfenzhen1", "", "zqxiaohai"] {
            assert_eq!(heard(typed), (vec![], String::new()), "{typed}");
        }
    }
}
