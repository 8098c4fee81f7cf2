//! What a text is made of: words of Chinese by jieba, words of English, with
//! synonyms brought to one word and the words of mere asking left out. Item and
//! query go through the same hands.
//!
//! The dictionary is jieba's (MIT, Sun Junyi and contributors), words of at most six
//! characters met at least fifty times: a seventh of it, and words enough for the
//! language of services together with the synonyms, which are words too.

use std::collections::{HashMap, HashSet};
use std::io::BufReader;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use jieba_rs::Jieba;

use super::fold::is_han;
use super::pinyin::{smooth, spell, syllable};
use super::slips::is_one_slip;

const DICTIONARY: &[u8] = include_bytes!("../../data/search/words.txt.gz");
const SYNONYMS: &str = include_str!("../../data/search/synonyms.txt");
const STOP_WORDS: &str = include_str!("../../data/search/stopwords.txt");

/// Makes jieba keep a synonym whole, whatever its parts are worth.
const SURELY_A_WORD: usize = 100_000;
const LETTERS_WITH_A_SLIP: usize = 5;

/// Read on first use: a portal that is never searched does not pay for it.
static WORDS: LazyLock<Words> = LazyLock::new(Words::read);

/// Dictionary, synonyms and stop words.
struct Words {
    jieba: Jieba,
    /// A word to the first of its group.
    synonyms: HashMap<&'static str, &'static str>,
    stop: HashSet<&'static str>,
    /// Synonyms and stop words of several characters, by the letters they are typed with.
    typed: Typed,
}

#[derive(Default)]
struct Typed {
    words: Vec<Spelt>,
    /// By all letters, and by those that are left when like sounds are one.
    spelt: HashMap<String, usize>,
    smooth: HashMap<String, usize>,
    initials: HashMap<String, Vec<usize>>,
}

/// A word known by its pinyin.
pub struct Spelt {
    /// The first of its synonyms.
    pub first: &'static str,
    pub sounds: Vec<&'static str>,
    pub is_stop: bool,
    letters: String,
}

/// The word spelt so; of several that sound alike the first of the lists.
pub fn spelt(letters: &str) -> Option<&'static Spelt> {
    WORDS.typed.get(WORDS.typed.spelt.get(letters))
}

/// The word that sounds like this to who does not tell like sounds apart.
pub fn spelt_alike(letters: &str) -> Option<&'static Spelt> {
    WORDS.typed.get(WORDS.typed.smooth.get(&smooth(letters)))
}

/// The words that this spells with a slip; none of a short one, which too many would be.
pub fn spelt_with_a_slip(letters: &str) -> impl Iterator<Item = &'static Spelt> {
    let words = WORDS.typed.words.iter().filter(|_| letters.len() >= LETTERS_WITH_A_SLIP);
    words.filter(|word| !word.is_stop && is_one_slip(letters, &word.letters))
}

/// The words with these initials.
pub fn with_initials(letters: &str) -> impl Iterator<Item = &'static Spelt> {
    let places = WORDS.typed.initials.get(letters).map_or(&[][..], Vec::as_slice);
    places.iter().filter_map(|place| WORDS.typed.get(Some(place)))
}

/// Whether this is a word, and not a piece of one or of two.
pub fn is_word(text: &str) -> bool {
    WORDS.synonyms.contains_key(text) || WORDS.jieba.has_word(text)
}

/// A stretch of one script in a folded text.
enum Run<'t> {
    Han(&'t str),
    Latin(&'t str),
}

/// A text taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Chinese words, the short ones within long ones too, as the first of their synonyms.
    pub words: Vec<String>,
    /// What synonyms are made of: an item is found by it too, but nobody asks for it.
    pub within: Vec<String>,
    /// Words of letters and digits, as the first of their synonyms.
    pub latin: Vec<String>,
    /// The Chinese characters of words that are not stop words.
    pub han: Vec<char>,
    /// Letters and digits as they were typed.
    pub letters: Vec<String>,
}

/// Takes a folded text apart. One that is nothing but stop words keeps them.
pub fn parts(folded: &str) -> Parts {
    let found = WORDS.parts(folded, true);
    let is_empty = found.han.is_empty() && found.latin.is_empty();
    if is_empty { WORDS.parts(folded, false) } else { found }
}

impl Words {
    fn read() -> Self {
        let unpacked = &mut BufReader::new(GzDecoder::new(DICTIONARY));
        let mut jieba = Jieba::with_dict(unpacked).unwrap_or_else(|_| Jieba::empty());
        let lines = |text: &'static str| text.lines().filter(|line| !line.starts_with('#'));
        let (mut synonyms, mut typed) = (HashMap::new(), Typed::default());
        for group in lines(SYNONYMS) {
            let first = group.split(' ').next().unwrap_or_default();
            for word in group.split(' ') {
                synonyms.insert(word, first);
                typed.add(word, first, false);
                if word.chars().all(is_han) && word.chars().count() > 1 {
                    jieba.add_word(word, Some(SURELY_A_WORD), None);
                }
            }
        }
        let stop: HashSet<_> = lines(STOP_WORDS).flat_map(|line| line.split(' ')).collect();
        lines(STOP_WORDS).flat_map(|line| line.split(' ')).for_each(|word| typed.add(word, word, true));
        for word in stop.iter().filter(|word| word.chars().all(is_han) && word.chars().count() > 2) {
            jieba.add_word(word, Some(SURELY_A_WORD), None);
        }
        Self { jieba, synonyms, stop, typed }
    }

    fn parts(&self, folded: &str, without_stop_words: bool) -> Parts {
        let mut parts = Parts::default();
        let is_left_out = |word: &str| without_stop_words && self.stop.contains(word);
        for run in runs(folded) {
            match run {
                Run::Han(run) => {
                    for token in self.jieba.cut(run, false).iter().filter(|token| !is_left_out(token.word)) {
                        parts.han.extend(token.word.chars());
                        let mut words = self.jieba.cut_for_search(token.word, false);
                        words.retain(|word| !is_left_out(word.word));
                        let words = words.iter().map(|word| self.first(word.word).to_owned());
                        if self.synonyms.contains_key(token.word) {
                            parts.words.push(self.first(token.word).to_owned());
                            parts.within.extend(words);
                        } else {
                            parts.words.extend(words);
                        }
                    }
                }
                Run::Latin(run) => {
                    if !is_left_out(run) {
                        parts.letters.push(run.to_owned());
                        parts.latin.push(self.first(singular(run)).to_owned());
                    }
                }
            }
        }
        parts
    }

    fn first<'w>(&self, word: &'w str) -> &'w str
    where
        'static: 'w,
    {
        self.synonyms.get(word).copied().unwrap_or(word)
    }
}

impl Typed {
    fn add(&mut self, word: &'static str, first: &'static str, is_stop: bool) {
        if word.chars().count() < 2 || !word.chars().all(is_han) {
            return;
        }
        let (spelling, place) = (spell(word), self.words.len());
        self.spelt.entry(spelling.letters.clone()).or_insert(place);
        self.smooth.entry(smooth(&spelling.letters)).or_insert(place);
        self.initials.entry(spelling.initials).or_default().push(place);
        let sounds = word.chars().filter_map(syllable).collect();
        self.words.push(Spelt { first, sounds, is_stop, letters: spelling.letters });
    }

    fn get(&self, place: Option<&usize>) -> Option<&Spelt> {
        self.words.get(*place?)
    }
}

/// English in the plural, roughly; the same rough word on both sides is enough.
fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => word,
    }
}

fn runs(folded: &str) -> Vec<Run<'_>> {
    let kind = |c: char| match c {
        _ if is_han(c) => 1,
        _ if c.is_alphanumeric() => 2,
        _ => 0,
    };
    let mut runs = Vec::new();
    let mut rest = folded;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        match kind(first) {
            1 => runs.push(Run::Han(run)),
            2 => runs.push(Run::Latin(run)),
            _ => {}
        }
        rest = after;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::super::fold::fold;
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let parts = parts(&fold(text, 100));
        parts.words.into_iter().chain(parts.latin).collect()
    }

    #[test]
    fn the_dictionary_is_there() {
        assert!(WORDS.jieba.has_word("证明") && WORDS.jieba.has_word("上户口"));
    }

    #[test]
    fn questions_become_the_words_they_are_about() {
        assert_eq!(words("孩子出生了怎么上户口？"), ["孩子", "出生", "落户"]);
        assert_eq!(words("小孩入户需要什么材料"), ["孩子", "落户"]);
        assert_eq!(words("最低生活保障金"), ["低保"]);
        assert_eq!(words("Where do I renew ID cards"), ["renew", "identity", "certificate"]);
    }

    #[test]
    fn traditional_and_full_width_writing_is_read() {
        assert_eq!(words("社會保障卡"), words("社保卡"));
        assert_eq!(words("ＡＢＣ"), ["abc"]);
    }

    #[test]
    fn nothing_but_stop_words_is_still_a_question() {
        assert_eq!(words("怎么办"), ["怎么", "怎么办"]);
        assert!(words("？！()").is_empty());
    }

    #[test]
    fn a_word_has_one_group() {
        let all = SYNONYMS.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(' '));
        let mut seen = HashSet::new();
        let twice: Vec<_> = all.filter(|word| !seen.insert(*word)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
