//! The words of all items, kept compactly for a closer look: every phrase an item
//! goes by, as characters and as numbers of words, and how rare each word is.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::Entry;
use super::fold::{fold, is_han};
use super::inverted::{Part, Terms};
use super::pinyin::{smooth_syllable, spell, syllable};
use super::spoken::Heard;
use super::words::{Parts, is_word, parts};

/// Names that differ from guide to guide, aliases, agencies: no item needs more.
const NAMES: usize = 4;
const ALIASES: usize = 64;
const AGENCIES: usize = 8;
const CHARACTERS: usize = 400;

/// Something an item goes by.
#[derive(Debug, Clone, Copy)]
pub struct Phrase<'t> {
    /// Without stop words.
    pub text: &'t str,
    /// As written, Chinese and letters alone.
    pub full: &'t str,
    /// Words by number.
    pub words: &'t [u32],
    /// Whether it is an official name and not an alias.
    pub is_name: bool,
    /// Whether it is English.
    pub is_latin: bool,
}

#[derive(Debug)]
struct Place {
    text: Range<u32>,
    full: Range<u32>,
    words: Range<u32>,
    is_name: bool,
    is_latin: bool,
}

#[derive(Debug, Default)]
struct ItemPlace {
    phrases: Range<u32>,
    /// All words of its phrases, in order.
    words: Range<u32>,
    /// Those said about it besides, in order.
    more: Range<u32>,
}

#[derive(Debug, Default)]
pub struct Texts {
    numbers: HashMap<Arc<str>, u32>,
    spelt: Vec<Arc<str>>,
    /// How many items have the word in a phrase; then what that makes it worth.
    frequencies: Vec<u32>,
    rarities: Vec<f32>,
    items: Vec<ItemPlace>,
    phrases: Vec<Place>,
    characters: String,
    words: Vec<u32>,
}

impl Texts {
    /// Takes in the next item; gives the terms to find it by.
    pub fn add(&mut self, entries: &[Entry]) -> Terms {
        let mut terms = Terms::default();
        let mut own = BTreeSet::new();
        let first = self.phrases.len() as u32;
        for (phrase, is_name, is_latin) in phrases(entries) {
            self.add_phrase(&phrase, is_name, is_latin, &mut own, &mut terms);
        }
        let phrases = first..self.phrases.len() as u32;
        own.iter().for_each(|word| self.frequencies[*word as usize] += 1);
        let mut more = BTreeSet::new();
        for text in said_besides(entries) {
            let found = parts(&fold(&text, CHARACTERS));
            for word in found.words.iter().chain(&found.latin) {
                terms.add(Part::More, word);
                more.insert(self.number(word));
            }
        }
        let words = self.keep(own);
        let more = self.keep(more);
        self.items.push(ItemPlace { phrases, words, more });
        terms
    }

    fn add_phrase(
        &mut self,
        phrase: &str,
        is_name: bool,
        is_latin: bool,
        own: &mut BTreeSet<u32>,
        terms: &mut Terms,
    ) {
        let folded = fold(phrase, CHARACTERS);
        let found = parts(&folded);
        let full: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
        look_for(&found, &full, terms);
        if !is_latin {
            let spelling = spell(&full);
            by_threes(&spelling.letters, "~", terms);
            by_threes(&spelling.initials, "=", terms);
            terms.add(Part::Letters, format!("={}", spelling.initials));
            short_words(&full, &spelling.initials, terms);
        }
        let words: Vec<u32> = found.words.iter().chain(&found.latin).map(|word| self.number(word)).collect();
        own.extend(&words);
        for word in &found.within {
            terms.add(Part::Words, word);
            own.insert(self.number(word));
        }
        let text = if is_latin { Range::default() } else { self.keep_text(found.han.iter().collect()) };
        let place = Place { text, full: self.keep_text(full), words: self.keep(words), is_name, is_latin };
        self.phrases.push(place);
    }

    fn keep_text(&mut self, text: String) -> Range<u32> {
        let start = self.characters.len() as u32;
        self.characters.push_str(&text);
        start..self.characters.len() as u32
    }

    fn keep(&mut self, words: impl IntoIterator<Item = u32>) -> Range<u32> {
        let start = self.words.len() as u32;
        self.words.extend(words);
        start..self.words.len() as u32
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let (word, number) = (Arc::<str>::from(word), self.spelt.len() as u32);
        self.numbers.insert(word.clone(), number);
        self.spelt.push(word);
        self.frequencies.push(0);
        number
    }

    /// The number of a word that some item has.
    pub fn find(&self, word: &str) -> Option<u32> {
        self.numbers.get(word).copied()
    }

    pub fn spelt(&self, word: u32) -> &str {
        self.spelt.get(word as usize).map_or("", |word| word)
    }

    /// Nothing is added any more: what a word is worth is settled.
    pub fn close(&mut self) {
        self.rarities = self.frequencies.iter().map(|having| self.rarity_of(*having)).collect();
    }

    /// How much a word tells apart: ln(1 + (N - n + ½) / (n + ½)), as in BM25.
    fn rarity_of(&self, having: u32) -> f32 {
        let (all, having) = (self.items.len() as f32, having as f32);
        (1.0 + (all - having + 0.5) / (having + 0.5)).ln()
    }

    pub fn rarity(&self, word: Option<u32>) -> f32 {
        let known = word.and_then(|word| self.rarities.get(word as usize));
        known.copied().unwrap_or_else(|| self.rarity_of(0))
    }

    pub fn phrases(&self, item: u32) -> impl Iterator<Item = Phrase<'_>> {
        let places = self.items.get(item as usize).map(|item| item.phrases.clone()).unwrap_or_default();
        let text = |range: &Range<u32>| &self.characters[range.start as usize..range.end as usize];
        places.map(move |place| {
            let place = &self.phrases[place as usize];
            Phrase {
                text: text(&place.text),
                full: text(&place.full),
                words: self.kept(&place.words),
                is_name: place.is_name,
                is_latin: place.is_latin,
            }
        })
    }

    /// Whether a phrase of the item has the word, and whether anything said of it has.
    pub fn has(&self, item: u32, word: u32) -> (bool, bool) {
        let Some(item) = self.items.get(item as usize) else { return (false, false) };
        let has = |range: &Range<u32>| self.kept(range).binary_search(&word).is_ok();
        (has(&item.words), has(&item.more))
    }

    fn kept(&self, range: &Range<u32>) -> &[u32] {
        &self.words[range.start as usize..range.end as usize]
    }
}

/// The terms by which a query finds what it may mean.
pub fn terms_of(query: &Parts, heard: &Heard, folded: &str) -> Terms {
    let mut terms = Terms::default();
    let full: String = folded.chars().filter(|c| is_han(*c)).collect();
    look_for(query, &full, &mut terms);
    query.words.iter().chain(&query.latin).for_each(|word| terms.add(Part::More, word));
    // What was heard as several words is no initials, and where it is cut is known.
    let is_heard = heard.sureness == 1.0 && heard.words.len() > 1;
    for typed in query.letters.iter().chain([&query.letters.concat()]).filter(|_| !is_heard) {
        by_threes(typed, "~", &mut terms);
        by_threes(typed, "=", &mut terms);
        terms.add(Part::Letters, format!("={typed}"));
    }
    for word in heard.words.iter().flatten().copied() {
        terms.add(Part::Words, word);
        terms.add(Part::More, word);
    }
    sounds(&heard.sounds, &mut terms);
    terms
}

/// What both an item and a query have terms for.
fn look_for(found: &Parts, full: &str, terms: &mut Terms) {
    found.words.iter().for_each(|word| terms.add(Part::Words, word));
    for word in &found.latin {
        terms.add(Part::Letters, word);
        by_threes(word, "~", terms);
    }
    // Also of those with one between them, which survive a character that is wrong,
    // missing or in the other's place.
    for (at, first) in found.han.iter().enumerate() {
        for second in found.han.iter().skip(at + 1).take(2) {
            terms.add(Part::Pairs, format!("{first}{second}"));
        }
    }
    sounds(&full.chars().filter_map(syllable).collect::<Vec<_>>(), terms);
}

fn sounds(syllables: &[&'static str], terms: &mut Terms) {
    let syllables: Vec<_> = syllables.iter().map(|syllable| smooth_syllable(syllable)).collect();
    for pair in syllables.windows(2) {
        terms.add(Part::Sounds, pair.join("-"));
    }
}

/// Initials of words of two characters: of longer ones they are found by threes.
fn short_words(text: &str, initials: &str, terms: &mut Terms) {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    // Where every character has an initial, they stand at the same places.
    if initials.chars().count() + 1 != starts.len() {
        return;
    }
    for (ends, pair) in starts.windows(3).zip(initials.as_bytes().windows(2)) {
        if is_word(&text[ends[0]..ends[2]]) {
            terms.add(Part::Letters, format!("={}", String::from_utf8_lossy(pair)));
        }
    }
}

fn by_threes(letters: &str, mark: &str, terms: &mut Terms) {
    let letters: Vec<char> = letters.chars().collect();
    for three in letters.windows(3) {
        terms.add(Part::Letters, mark.chars().chain(three.iter().copied()).collect::<String>());
    }
}

/// What an item goes by, each once: its names and aliases, with `is_name` and `is_latin`.
fn phrases(entries: &[Entry]) -> Vec<(String, bool, bool)> {
    let mut found: Vec<(String, bool, bool)> = Vec::new();
    let mut add = |text: &str, is_name, is_latin| {
        if !text.trim().is_empty() && !found.iter().any(|(known, ..)| known == text) {
            found.push((text.to_owned(), is_name, is_latin));
        }
    };
    for name in distinct(entries.iter().map(|entry| entry.description.name.zh.as_str()), NAMES) {
        add(name, true, false);
        add(&without_brackets(name), true, false);
    }
    for name in distinct(entries.iter().map(|entry| entry.description.name.en.as_str()), NAMES) {
        add(name, true, true);
    }
    for alias in
        distinct(entries.iter().flat_map(|entry| &entry.description.aliases).map(String::as_str), ALIASES)
    {
        add(alias, false, !alias.chars().any(is_han));
    }
    found
}

/// Summary and agencies: what is said about an item besides what it goes by.
fn said_besides(entries: &[Entry]) -> impl Iterator<Item = String> {
    let summary = entries
        .first()
        .map(|entry| [entry.description.summary.zh.clone(), entry.description.summary.en.clone()]);
    let agencies = distinct(entries.iter().filter_map(|entry| entry.description.agency.as_deref()), AGENCIES);
    summary.into_iter().flatten().chain(agencies.into_iter().map(str::to_owned))
}

/// The first so many different texts.
fn distinct<'t>(texts: impl Iterator<Item = &'t str>, limit: usize) -> Vec<&'t str> {
    let mut found = Vec::new();
    for text in texts {
        if found.len() == limit {
            break;
        }
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// A name without what stands in brackets: `食品经营许可（新办）` is asked for as 食品经营许可.
fn without_brackets(name: &str) -> String {
    let mut depth = 0_u32;
    let outside = name.chars().filter(|c| match c {
        '(' | '（' | '〔' | '[' => {
            depth += 1;
            false
        }
        ')' | '）' | '〕' | ']' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    outside.collect()
}
