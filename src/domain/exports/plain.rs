//! A guide as plain text, for a kiosk's printer: no markup, lines of at most
//! [`COLUMNS`] columns where a Chinese character takes two.

use super::sheet::{Entry, Part, Sheet};
use crate::domain::text::{Language, Text};

/// What an 80 mm receipt printer has.
pub const COLUMNS: usize = 38;

/// Marks that may not begin a line.
const CLOSING: &str = "，。、；：！？）》〉”’】％,.;:!?)%";
/// Marks that may not end one.
const OPENING: &str = "（《〈“‘【(";

/// The sheet as text in one language, with a line feed after each line.
pub fn plain(sheet: &Sheet, language: Language) -> String {
    let mut slip = Slip { out: String::new(), language };
    let rule = "=".repeat(COLUMNS);
    slip.line(&rule);
    slip.text("", "", &sheet.title);
    if let Some(scenario) = &sheet.scenario {
        let words = Text::new(format!("情形：{}", scenario.zh), format!("Situation: {}", scenario.en));
        slip.text("", "", &words);
    }
    slip.line(&rule);
    slip.text("", "", &sheet.summary);
    for section in &sheet.sections {
        slip.line("");
        slip.text("", "", &Text::new(format!("【{}】", section.title.zh), section.title.en.to_uppercase()));
        match &section.part {
            Part::Pairs(pairs) => {
                for (label, value) in pairs {
                    slip.text("", "  ", &pair(label, value));
                }
            }
            Part::List(entries) | Part::Steps(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    slip.entry(index + 1, entry);
                }
            }
        }
    }
    slip.out
}

fn pair(label: &Text, value: &Text) -> Text {
    Text::new(format!("{}：{}", label.zh, value.zh), format!("{}: {}", label.en, value.en))
}

struct Slip {
    out: String,
    language: Language,
}

impl Slip {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A text, its first line after `first` and the others after `rest`.
    fn text(&mut self, first: &str, rest: &str, text: &Text) {
        self.words(first, rest, text.get(self.language));
    }

    fn words(&mut self, first: &str, rest: &str, words: &str) {
        let mut before = first;
        for paragraph in words.split('\n') {
            for line in wrapped(paragraph, COLUMNS - width(first).max(width(rest))) {
                self.out.push_str(before);
                self.line(&line);
                before = rest;
            }
        }
    }

    fn entry(&mut self, number: usize, entry: &Entry) {
        let first = format!("{number}. ");
        let indent = " ".repeat(first.len());
        self.text(&first, &indent, &entry.name);
        for note in &entry.notes {
            self.text("   - ", "     ", note);
        }
        if let Some(quote) = &entry.quote {
            self.words("   ", "   ", quote);
        }
        for (what, _) in &entry.links {
            let words =
                Text::new(format!("可在本机打印：{}", what.zh), format!("Can be printed here: {}", what.en));
            self.text("   - ", "     ", &words);
        }
    }
}

/// A paragraph in lines of at most `columns`, broken between words, and between
/// any two Chinese characters that marks do not hold together.
fn wrapped(paragraph: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(paragraph) {
        let blank = piece.trim().is_empty();
        if width(&line) + width(piece.trim_end()) > columns && !line.is_empty() {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            if blank {
                continue;
            }
        }
        for character in piece.chars().filter_map(printed) {
            if width(&line) + width_of(character) > columns {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            if !(line.is_empty() && character == ' ' && !lines.is_empty()) {
                line.push(character);
            }
        }
    }
    if !line.trim_end().is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The stretches no line is broken in.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, character) in text.char_indices() {
        if let Some(before) = before
            && may_break(before, character)
        {
            pieces.push(&text[start..at]);
            start = at;
        }
        before = Some(character);
    }
    pieces.push(&text[start..]);
    pieces
}

fn may_break(before: char, after: char) -> bool {
    if CLOSING.contains(after) || OPENING.contains(before) || after == ' ' {
        return false;
    }
    before == ' ' || width_of(before) == 2 || width_of(after) == 2
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// Two columns for what a Chinese font draws in a square; where fonts differ, two,
/// so that a line is never longer than it may be (UAX #11).
fn width_of(character: char) -> usize {
    match u32::from(character) {
        0x0300..=0x036f | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfe00..=0xfe0f | 0xfeff => 0,
        0x1100..=0x115f | 0x2010..=0x2027 | 0x2030..=0x205e | 0x2100..=0x303e | 0x3041..=0xa4cf => 2,
        0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 => 2,
        0x1f000..=0x3fffd => 2,
        0xb0 | 0xb1 | 0xb7 | 0xd7 | 0xf7 | 0xa7 => 2,
        _ => 1,
    }
}

/// What a printer is sent: no control character, and none that turns the order of
/// the others about.
fn printed(character: char) -> Option<char> {
    match character {
        '\t' | '\r' => Some(' '),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => None,
        character if character.is_control() => None,
        character => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CLOSING, COLUMNS, width, wrapped};

    #[test]
    fn a_chinese_character_takes_two_columns_and_a_letter_one() {
        assert_eq!(width("高龄津贴 80"), 11);
        assert_eq!(width("“５”"), 6);
    }

    #[test]
    fn no_line_begins_with_a_mark_that_closes() {
        let text = "年满八十周岁的本区居民可以申请按月领取，高龄津贴。户籍须在本区。";
        let lines = wrapped(text, COLUMNS);
        assert_eq!(lines.concat(), text);
        assert!(lines.iter().all(|line| !line.starts_with(|c| CLOSING.contains(c))), "{lines:?}");
    }

    #[test]
    fn english_is_broken_between_words() {
        let lines = wrapped("Residents of the district aged 80 or over may claim it.", 20);
        assert_eq!(lines, ["Residents of the", "district aged 80 or", "over may claim it."]);
    }

    #[test]
    fn nothing_that_turns_the_order_of_letters_reaches_the_printer() {
        assert_eq!(wrapped("a\u{202e}b\u{1b}[31mc", COLUMNS), ["ab[31mc"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_letter_is_lost(text in "[\\PC 高龄，。（》]{0,200}") {
            let lines = wrapped(&text, COLUMNS);
            prop_assert!(lines.iter().all(|line| width(line) <= COLUMNS), "{lines:?}");
            let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphanumeric()).collect() };
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
