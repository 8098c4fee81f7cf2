//! A guide to be read out on the telephone: one short sentence a line, what people
//! ask first, and no codes, articles or marks that cannot be spoken.

use super::sheet::is_handed_in;
use super::{About, Open, words};
use crate::domain::guides::{Condition, Fee, Guide, Material, MaterialSource, Requirement, ResultKind};
use crate::domain::text::{Language, Text};

/// The sentences, each on a line of its own.
pub fn phone(guide: &Guide, about: &About<'_>, scenario: Option<&str>, language: Language) -> String {
    let chosen = scenario.and_then(|code| guide.scenarios.iter().find(|one| one.code == code));
    let as_handled = chosen.map_or(guide, |scenario| &scenario.guide);
    let mut sentences = Sentences { out: Vec::new(), language };
    sentences.say(guide.item.name.clone());
    if let Some(scenario) = chosen {
        sentences.say(scenario.name.clone());
    } else if !guide.scenarios.is_empty() {
        let names = words::joined(&guide.scenarios, |scenario| scenario.name.clone());
        let count = guide.scenarios.len();
        sentences.say(Text::new(
            format!("分{count}种情形：{}", names.zh),
            format!("There are {count} situations: {}", names.en),
        ));
    }
    sentences.say(guide.summary.clone());
    if let Some(agency) = about.agency {
        sentences.say(Text::new(format!("由{}办理", agency.zh), format!("It is handled by: {}", agency.en)));
    }
    match about.open(guide) {
        Open::No => sentences.say(Text::new("本事项已停止受理", "No new applications are taken")),
        Open::Until(Some(last)) => sentences
            .say(Text::new(format!("本事项受理至{last}"), format!("Applications are taken until {last}"))),
        Open::Until(None) => {}
    }
    conditions(&mut sentences, as_handled);
    materials(&mut sentences, as_handled);
    terms(&mut sentences, as_handled);
    let venues = &as_handled.venues;
    for venue in venues {
        sentences.say(Text::new(
            format!("办理地点：{}，{}", venue.name.zh, venue.address.zh),
            format!("Where to go: {}, {}", venue.name.en, venue.address.en),
        ));
        sentences
            .say(Text::new(format!("办理时间：{}", venue.hours.zh), format!("Hours: {}", venue.hours.en)));
    }
    let number = &as_handled.telephone.enquiry;
    sentences.say(Text::new(format!("咨询电话：{number}"), format!("For questions, call {number}")));
    sentences.out.join("\n") + "\n"
}

/// Before what belongs to some scenarios only.
const ONLY: (&str, &str) = ("仅限", "Only for ");

fn conditions(sentences: &mut Sentences, guide: &Guide) {
    if guide.conditions.is_empty() {
        return;
    }
    sentences.say(Text::new("要符合下面的条件", "These conditions must be met"));
    for Condition { code: _, when: _, text, scenarios } in &guide.conditions {
        sentences.say(within(guide, scenarios, ONLY, text.clone()));
    }
}

/// The text after the names of the scenarios it is limited to, if it is.
fn within(guide: &Guide, scenarios: &[impl AsRef<str>], (zh, en): (&str, &str), text: Text) -> Text {
    match words::names(guide, scenarios) {
        None => text,
        Some(names) => {
            Text::new(format!("{zh}{}：{}", names.zh, text.zh), format!("{en}{}: {}", names.en, text.en))
        }
    }
}

fn materials(sentences: &mut Sentences, guide: &Guide) {
    let handed_in: Vec<&Material> = guide.materials.iter().filter(|one| is_handed_in(one)).collect();
    if handed_in.is_empty() {
        return sentences.say(Text::new("不用提交材料", "There is nothing to hand in"));
    }
    let count = handed_in.len();
    sentences.say(match handed_in.iter().all(|material| material.scenarios.is_empty()) {
        true => {
            Text::new(format!("要准备的材料最多{count}件"), format!("You may need up to {count} documents"))
        }
        false => Text::new(
            format!("各种情形的材料一共{count}件"),
            format!("In all situations together there are {count} documents"),
        ),
    });
    for (index, material) in handed_in.into_iter().enumerate() {
        let number = index + 1;
        let name = &material.name;
        let paper = words::paper(material);
        let (zh, en) = paper.map_or((String::new(), String::new()), |paper| {
            (format!("，{}", paper.zh), format!(", {}", paper.en))
        });
        let named = Text::new(format!("{}{zh}", name.zh), format!("{}{en}", name.en));
        let named = within(guide, &material.scenarios, ONLY, named);
        sentences
            .say(Text::new(format!("第{number}件，{}", named.zh), format!("Number {number}: {}", named.en)));
        if let MaterialSource::Certificate { .. } = material.source {
            sentences.say(Text::new(
                "有电子证照的，不用带",
                "With an electronic certificate, you need not bring it",
            ));
        }
        match material.required {
            Requirement::Required => {}
            Requirement::Optional => sentences.say(Text::new("这件可以不交", "This one is optional")),
            Requirement::When(_) => {
                sentences.say(Text::new("这件视情况需要", "This one is needed in some situations"))
            }
        }
        if material.deferrable {
            sentences.say(Text::new("这件可以后补", "This one may follow later"));
        }
        if material.promise_allowed {
            sentences.say(Text::new("这件可以用书面承诺代替", "A signed promise may stand in for this one"));
        }
    }
}

/// What a scenario may say for itself, under its name where not all say the same.
fn terms(sentences: &mut Sentences, guide: &Guide) {
    let said: [fn(&Guide) -> Vec<Text>; 5] = [
        |guide| vec![time(guide)],
        |guide| vec![fee(guide)],
        |guide| vec![visits(guide)],
        |guide| vec![ways(guide)],
        |guide| guide.results.iter().map(received).collect(),
    ];
    for (text, scenarios) in said.into_iter().flat_map(|of| words::by_scenario(guide, of)) {
        sentences.say(within(guide, &scenarios, ("", ""), text));
    }
}

fn time(guide: &Guide) -> Text {
    let promised = words::limit(guide.limits.promised);
    match guide.limits.promised.days {
        0 => Text::new("当场就能办好", "It is decided on the spot"),
        _ => Text::new(
            format!("受理后{}内办结", promised.zh),
            format!("It is decided within {} of acceptance", promised.en),
        ),
    }
}

fn fee(guide: &Guide) -> Text {
    let fee = words::fee(&guide.fee);
    match guide.fee {
        Fee::Free => Text::new("不收费", "It is free"),
        Fee::Charged { .. } => Text::new(format!("收费{}", fee.zh), format!("It costs {}", fee.en)),
    }
}

fn visits(guide: &Guide) -> Text {
    match guide.visits {
        0 => Text::new("不用到现场", "You need not come in person"),
        1 => Text::new("要到现场1次", "You have to come once"),
        more => Text::new(format!("要到现场{more}次"), format!("You have to come {more} times")),
    }
}

fn ways(guide: &Guide) -> Text {
    let ways = words::joined(words::offered(guide), words::way);
    Text::new(format!("办理方式：{}", ways.zh), format!("How to apply: {}", ways.en))
}

fn received(result: &ResultKind) -> Text {
    let name = words::result(result);
    Text::new(format!("办好以后，您会收到{}", name.zh), format!("You will receive: {}", name.en))
}

struct Sentences {
    out: Vec<String>,
    language: Language,
}

impl Sentences {
    /// One thing, in as many sentences as it has.
    fn say(&mut self, text: Text) {
        let (ends, stop): (&[char], char) = match self.language {
            Language::Zh => (&['。', '；', '！', '？', '\n'], '。'),
            Language::En => (&['\n'], '.'),
        };
        for sentence in split(text.get(self.language), ends, self.language) {
            let spoken = spoken(&sentence, self.language);
            if spoken.is_empty() {
                continue;
            }
            let is_closed = spoken.ends_with(['。', '！', '？', '.', '!', '?']);
            let spoken = spoken.trim_end_matches(['；', ';', '，', ',', '：', ':']);
            self.out.push(if is_closed { spoken.to_owned() } else { format!("{spoken}{stop}") });
        }
    }
}

/// A text after each of the marks that end a sentence; in English, after one that
/// a blank follows, so that numbers stay whole.
fn split(text: &str, ends: &[char], language: Language) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if let Some(sentence) = sentences.last_mut() {
            sentence.push(character);
        }
        let before_blank = characters.peek() == Some(&' ');
        let ends_english = language == Language::En && before_blank && ".;!?".contains(character);
        if ends.contains(&character) || ends_english {
            sentences.push(String::new());
        }
    }
    sentences
}

/// Without the marks nobody speaks, and with the words for those that compare.
fn spoken(sentence: &str, language: Language) -> String {
    let mut kept = String::new();
    let mut rest = sentence;
    while let Some(character) = rest.chars().next() {
        let before = sentence[..sentence.len() - rest.len()].trim_end().chars().next_back();
        rest = &rest[character.len_utf8()..];
        if let Some((word, length)) = comparison(character, before, rest) {
            rest = &rest[length..];
            kept.push_str(&match language {
                Language::Zh => word.zh,
                Language::En => format!(" {} ", word.en),
            });
        } else if !character.is_control() && !"《》〈〉【】“”\"*_#|<>".contains(character) {
            kept.push(character);
        }
    }
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The word for a mark that compares, and how many bytes of what follows belong to
/// it. Without a number beside it, `<` may as well be a bracket.
fn comparison(mark: char, before: Option<char>, after: &str) -> Option<(Text, usize)> {
    let or_equal = after.strip_prefix(['=', '＝']);
    let operand = after.trim_start().trim_start_matches(['-', '¥', '￥']);
    let of_number = operand.starts_with(char::is_numeric) || before.is_some_and(char::is_numeric);
    let length = or_equal.map_or(0, |rest| after.len() - rest.len());
    match (mark, or_equal) {
        ('≤' | '≦' | '⩽', _) => Some((Text::new("不超过", "at most"), 0)),
        ('≥' | '≧' | '⩾', _) => Some((Text::new("不低于", "at least"), 0)),
        ('<' | '＜', Some(_)) => Some((Text::new("不超过", "at most"), length)),
        ('>' | '＞', Some(_)) => Some((Text::new("不低于", "at least"), length)),
        ('<' | '＜' | '‹', None) if of_number => Some((Text::new("小于", "less than"), 0)),
        ('>' | '＞' | '›', None) if of_number => Some((Text::new("大于", "more than"), 0)),
        _ => None,
    }
}
