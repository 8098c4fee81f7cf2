//! The closer look: how well an item answers a question. BM25 knows words only; this
//! looks at whole phrases, at their order, their sound and their letters, and at how
//! much of the question the item leaves open.

use super::pinyin::{Spelling, smooth_syllable, spell, syllable};
use super::slips::{is_one_slip, slips_within};
use super::spoken::Heard;
use super::texts::{Phrase, Texts};
use super::words::{Parts, is_word};

/// An alias counts a little less than a name; it may fit several items.
const ALIAS: f32 = 0.97;
/// A word only said about an item, against one it goes by.
const SAID: f32 = 0.4;
/// The same sound in other characters, or other characters in between.
const SOUNDS: f32 = 0.9;
const MISTYPED: f32 = 0.85;
/// Sounds that not everybody tells apart.
const ALIKE: f32 = 0.95;
/// How far likeness of signs stands in for words, which a slip has torn apart.
const SIGNS_COVER: f32 = 0.9;
/// Nothing is more like a phrase than itself.
const EXACT: f32 = 1.1;
const LETTERS_A_CHARACTER: f32 = 3.0;
/// Pieces of pinyin that are looked at one by one.
const PIECES: usize = 8;
/// Longer stretches are compared by pairs of characters alone.
const TYPO_CHARACTERS: std::ops::RangeInclusive<usize> = 3..=8;
const TYPO_LETTERS: std::ops::RangeInclusive<usize> = 4..=40;
const WORD_INITIALS: std::ops::RangeInclusive<usize> = 2..=4;
const INITIALS: std::ops::RangeInclusive<usize> = 5..=12;

/// A question, read once for all items.
pub struct Question<'t> {
    texts: &'t Texts,
    words: Vec<Word>,
    latin: Vec<Word>,
    han: Vec<char>,
    sounds: Vec<&'static str>,
    /// What was typed in letters: all of it in one, then the pieces if there are several.
    pieces: Vec<String>,
    /// The words heard in the letters, how sure they are, and all syllables.
    heard: Vec<Word>,
    sureness: f32,
    syllables: Vec<&'static str>,
    /// The same to who does not tell like sounds apart.
    smooth: Vec<&'static str>,
    /// How much of it is Chinese.
    han_share: f32,
}

/// A word asked for: its number if any item has it, and how rare it is. Of one that may be
/// several, the numbers of all, and how rare the least rare is.
struct Word {
    numbers: Vec<u32>,
    rarity: f32,
    spelt: String,
}

impl<'t> Question<'t> {
    pub fn new(texts: &'t Texts, parts: Parts, heard: Heard) -> Self {
        let any = |spelt: &[&str]| {
            let numbers: Vec<u32> = spelt.iter().filter_map(|spelt| texts.find(spelt)).collect();
            let rarities = numbers.iter().map(|number| texts.rarity(Some(*number)));
            let rarity = rarities.reduce(f32::min).unwrap_or_else(|| texts.rarity(None));
            Word { numbers, rarity, spelt: spelt.first().copied().unwrap_or_default().to_owned() }
        };
        let word = |spelt: String| any(&[&spelt]);
        let latin: usize = parts.letters.iter().map(String::len).sum();
        let (han, latin) = (parts.han.len() as f32 * LETTERS_A_CHARACTER, latin as f32);
        let mut pieces = vec![parts.letters.concat()];
        if parts.letters.len() > 1 {
            pieces.extend(parts.letters.into_iter().take(PIECES));
        }
        let mut words = parts.words;
        words.sort();
        words.dedup();
        Self {
            texts,
            words: words.into_iter().map(word).collect(),
            latin: parts.latin.into_iter().map(word).collect(),
            sounds: parts.han.iter().filter_map(|c| syllable(*c)).collect(),
            han: parts.han,
            pieces,
            heard: heard.words.iter().map(|words| any(words)).collect(),
            sureness: heard.sureness,
            smooth: smoothed(&heard.sounds),
            syllables: heard.sounds,
            han_share: if han + latin > 0.0 { han / (han + latin) } else { 0.0 },
        }
    }

    /// From 0 to about 2: how like the most like phrase is, and how much of what was asked
    /// the item has at all.
    pub fn score(&self, item: u32) -> f32 {
        let mut score = 0.0;
        if self.han_share > 0.0 {
            let [best, signs] = self.in_chinese(item);
            let covered = self.covered(item, &self.words).max(SIGNS_COVER * signs);
            score += self.han_share * (best + covered);
        }
        if self.han_share < 1.0 {
            let english =
                self.best(item, |phrase| if phrase.is_latin { self.in_english(phrase) } else { 0.0 });
            let [heard, said] = self.in_speech(item);
            let spelled = self.in_pinyin(item).max(heard);
            let covered = self.covered(item, &self.latin).max(english).max(spelled).max(said);
            score += (1.0 - self.han_share) * (english.max(spelled) + covered);
        }
        score
    }

    fn best(&self, item: u32, likeness: impl Fn(&Phrase<'_>) -> f32) -> f32 {
        self.texts.phrases(item).map(|phrase| likeness(&phrase) * worth(&phrase)).fold(0.0, f32::max)
    }

    /// How much of what was asked the item has words for.
    fn covered(&self, item: u32, words: &[Word]) -> f32 {
        let all: f32 = words.iter().map(|word| word.rarity).sum();
        let had = words.iter().map(|word| {
            let has = word.numbers.iter().map(|number| self.texts.has(item, *number));
            match has.reduce(|one, other| (one.0 || other.0, one.1 || other.1)) {
                Some((true, _)) => word.rarity,
                Some((_, true)) => word.rarity * SAID,
                _ => 0.0,
            }
        });
        share(had.sum(), all)
    }

    /// The likeness of the most like phrase by words and signs, and by signs alone.
    fn in_chinese(&self, item: u32) -> [f32; 2] {
        let mut best = [0.0_f32; 2];
        for phrase in self.texts.phrases(item).filter(|phrase| !phrase.is_latin) {
            let text: Vec<char> = phrase.text.chars().collect();
            let signs = self.signs(&text);
            let words = self.in_words(&phrase, &self.words, Word::may_be);
            let both = if text == self.han { EXACT } else { 0.5 * words + 0.5 * signs };
            best = [best[0].max(both * worth(&phrase)), best[1].max(signs * worth(&phrase))];
        }
        best
    }

    /// Likeness of characters and their sound, in order.
    fn signs(&self, text: &[char]) -> f32 {
        let mut signs = pairs_shared(&self.han, text);
        if signs < 1.0 && self.han.len() > 1 {
            let sounds: Vec<&str> = text.iter().filter_map(|c| syllable(*c)).collect();
            let same = if sounds == self.sounds { 1.0 } else { pairs_shared(&self.sounds, &sounds) };
            signs = signs.max(SOUNDS * same);
        }
        if TYPO_CHARACTERS.contains(&self.han.len()) {
            let common = in_common(&self.han, text);
            if common > 1 && common + 1 >= self.han.len().min(text.len()) {
                let like = share(2.0 * common as f32, (self.han.len() + text.len()) as f32);
                signs = signs.max(MISTYPED * like);
            }
        }
        signs
    }

    /// The likeness of the most like phrase to what was heard in the letters, and how much
    /// of that the item has words for.
    fn in_speech(&self, item: u32) -> [f32; 2] {
        if self.syllables.len() < 2 && self.heard.is_empty() {
            return [0.0; 2];
        }
        let likeness = self.best(item, |phrase| {
            if phrase.is_latin {
                return 0.0;
            }
            let words = self.sureness * self.in_words(phrase, &self.heard, Word::may_be);
            if self.sureness < 1.0 {
                return words;
            }
            let sounds = self.in_sounds(phrase);
            sounds.max(0.5 * words + 0.5 * sounds)
        });
        [SOUNDS * likeness, SOUNDS * self.sureness * self.covered(item, &self.heard)]
    }

    fn in_sounds(&self, phrase: &Phrase<'_>) -> f32 {
        let sounds: Vec<&'static str> = phrase.text.chars().filter_map(syllable).collect();
        let same = pairs_shared(&self.syllables, &sounds);
        if same == 1.0 {
            return same;
        }
        same.max(ALIKE * pairs_shared(&self.smooth, &smoothed(&sounds)))
    }

    /// Letters as one piece, or each piece for itself.
    fn in_pinyin(&self, item: u32) -> f32 {
        let mut best = vec![0.0_f32; self.pieces.len()];
        for phrase in self.texts.phrases(item).filter(|phrase| !phrase.is_latin) {
            let spelling = spell(phrase.full);
            for (best, typed) in best.iter_mut().zip(&self.pieces) {
                let likeness = spelled(typed, &spelling).max(initials_of_a_word(typed, &phrase, &spelling));
                *best = best.max(likeness * worth(&phrase));
            }
        }
        let whole = best.first().copied().unwrap_or(0.0);
        let pieces = || self.pieces.iter().skip(1).map(|piece| piece.len() as f32);
        let likeness = best.iter().skip(1).zip(pieces()).map(|(best, length)| best * length);
        whole.max(share(likeness.sum(), pieces().sum()))
    }

    fn in_english(&self, phrase: &Phrase<'_>) -> f32 {
        self.in_words(phrase, &self.latin, |word, other| {
            let spelt = self.texts.spelt(other);
            word.may_be(other)
                || (word.spelt.len() > 2 && spelt.starts_with(&word.spelt))
                || (TYPO_LETTERS.contains(&word.spelt.len()) && is_one_slip(&word.spelt, spelt))
        })
    }

    /// The words that both have, weighed by their rarity, against all of either (F1).
    fn in_words(&self, phrase: &Phrase<'_>, words: &[Word], same: impl Fn(&Word, u32) -> bool) -> f32 {
        let rarity = |word: &u32| self.texts.rarity(Some(*word));
        let (mut both, mut asked) = (0.0, 0.0);
        for word in words {
            let had = phrase.words.iter().find(|other| same(word, **other));
            both += had.map_or(0.0, rarity);
            asked += had.map_or(word.rarity, rarity);
        }
        share(2.0 * both, asked + phrase.words.iter().map(rarity).sum::<f32>())
    }
}

impl Word {
    fn may_be(&self, other: u32) -> bool {
        self.numbers.contains(&other)
    }
}

fn smoothed(sounds: &[&'static str]) -> Vec<&'static str> {
    sounds.iter().map(|sound| smooth_syllable(sound)).collect()
}

fn worth(phrase: &Phrase<'_>) -> f32 {
    if phrase.is_name { 1.0 } else { ALIAS }
}

fn share(part: f32, whole: f32) -> f32 {
    if whole > 0.0 { (part / whole).min(1.0) } else { 0.0 }
}

/// Neighbouring pairs that both have, against all of either (Dice).
fn pairs_shared<T: PartialEq>(one: &[T], other: &[T]) -> f32 {
    if one.len() < 2 || other.len() < 2 {
        let contained = one.len() == 1 && other.contains(&one[0]);
        return if contained { 1.0 / other.len() as f32 } else { 0.0 };
    }
    let both = one.windows(2).filter(|pair| other.windows(2).any(|there| there == *pair)).count();
    share(2.0 * both as f32, (one.len() + other.len() - 2) as f32)
}

/// The length of the longest common subsequence.
fn in_common<T: PartialEq>(one: &[T], other: &[T]) -> usize {
    let mut row = vec![0; other.len() + 1];
    for a in one {
        let mut before = 0;
        for (at, b) in other.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if a == b { before + 1 } else { above.max(row[at]) };
            before = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// How like a phrase is of which one word begins its characters with these letters.
fn initials_of_a_word(typed: &str, phrase: &Phrase<'_>, spelling: &Spelling) -> f32 {
    let initials = spelling.initials.as_str();
    if !WORD_INITIALS.contains(&typed.len()) || !initials.contains(typed) {
        return 0.0;
    }
    let characters: Vec<char> = phrase.full.chars().collect();
    let stands_at = |(at, _)| characters.get(at..at + typed.len()).map(String::from_iter);
    // Where every character has an initial, they stand at the same places.
    let mut places = initials.match_indices(typed).filter_map(stands_at);
    let has = characters.len() == initials.len() && places.any(|piece: String| is_word(&piece));
    if has { 0.65 + 0.35 * typed.len() as f32 / initials.len() as f32 } else { 0.0 }
}

/// How well letters spell a phrase: in full, by initials, in part, or with a slip.
fn spelled(typed: &str, phrase: &Spelling) -> f32 {
    let (full, initials) = (phrase.letters.as_str(), phrase.initials.as_str());
    if typed.len() < 2 || initials.is_empty() {
        return 0.0;
    }
    if typed == full || typed == initials {
        return EXACT;
    }
    let part = |whole: &str| typed.len() as f32 / whole.len() as f32;
    let mut best = 0.0_f32;
    for (at, _) in full.match_indices(typed) {
        let is_start = phrase.starts.binary_search(&at).is_ok();
        let is_end = phrase.starts.binary_search(&(at + typed.len())).is_ok();
        let likeness = if is_end { 0.65 } else { 0.3 } + 0.35 * part(full);
        best = best.max(if is_start { likeness } else { 0.0 });
    }
    if typed.len() > 2 && initials.contains(typed) {
        let leads = if initials.starts_with(typed) { 0.1 } else { 0.0 };
        best = best.max(0.45 + leads + 0.4 * part(initials));
    }
    if best == 0.0 && TYPO_LETTERS.contains(&typed.len()) {
        if is_one_slip(typed, full) {
            // A short word is soon another: `yibao`, `dibao`.
            best = if typed.len() > 5 { 0.75 } else { 0.5 };
        } else if typed.len() > 5 && slips_within(typed, full) <= 1 {
            best = 0.4 + 0.35 * part(full).min(1.0);
        } else if full.len() > 4 && typed.contains(full) {
            // Typed with more around it: `zenmeban` before the name of the thing.
            best = 0.4 + 0.4 * full.len() as f32 / typed.len() as f32;
        }
    }
    // Of initials every letter is a word: a slip among few makes them those of another.
    if best == 0.0 && INITIALS.contains(&typed.len()) && slips_within(typed, initials) <= 1 {
        best = 0.3 + 0.25 * part(initials).min(1.0);
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_spell_in_full_by_initials_and_in_part() {
        let phrase = spell("社会保障卡申领");
        let scores = ["shehuibaozhangkashenling", "shbzksl", "shehuibaozhangka", "shbzk", "shehuibaozangka"]
            .map(|typed| spelled(typed, &phrase));
        assert!(scores.windows(2).all(|pair| pair[0] >= pair[1] && pair[1] > 0.5), "{scores:?}");
        assert_eq!(spelled("gongjijin", &phrase), 0.0);
        let passport = spell("护照预受理");
        assert!(spelled("hzyyl", &passport) > 0.4, "one of five initials mistaken");
        assert_eq!((spelled("hzxxl", &passport), spelled("hzy", &spell("慢性病"))), (0.0, 0.0));
    }

    #[test]
    fn likeness_of_characters() {
        let [one, other] = ["居主证", "居住证"].map(|text| text.chars().collect::<Vec<_>>());
        assert_eq!((in_common(&one, &other), pairs_shared(&one, &other)), (2, 0.0));
        assert_eq!(pairs_shared(&other, &other), 1.0);
    }
}
