//! Two mistakes at different places are both told, each as it is told alone.

use super::*;

/// What stands instead of a good text and keeps others from being read at all, or is what
/// they speak of.
const TAKES_OTHERS: &[&str] = &[
    "",
    "kind: itm\n",
    "kind: gide",
    "item: \"000553002000\"",
    "\nphone: {",
    "forms:\n",
    "  field:\n",
    "    - name: payBy\n",
    "    - nane: pay_by\n",
    "    - name: household\n",
    "type: choise\n      options:",
    "type: text\n      options:",
    "handling: promise",
    "handling: instant",
    "  basic_code: \"00055300\"",
    "  basic_code: \"000153001000\"",
    "- { cod: new, name: { zh: 首次",
    "scenario: newest\n",
    "    four_eyes: true\n    opinions: [{ agency: 11340705MBWXT0111D, name: { zh: 公安, en: Police }, limit: { days: 5, unit: working_day }, silence: consent }]\n",
    "    four_eyes: true\n    opinions: [{ agency: 11340705MBWXT0111D, name: { zh: 公安, en: Police }, limit: { days: 5, unit: working_day }, silence: consents }]\n",
];
/// All pairs take minutes in a debug build; this part of them is tried.
const STRIDE: usize = 4;

/// Of everything that is told the path and the words, whatever lines they name.
fn told(of: Of, yaml: &str) -> Vec<String> {
    let words = |problem: &Problem| {
        let words: String = problem.reason.en.chars().filter(|c| !c.is_ascii_digit()).collect();
        format!("{}: {words}", problem.path)
    };
    problems(of, yaml).iter().map(words).collect()
}

fn put_in(yaml: &str, mistake: &Mistake) -> Option<String> {
    yaml.contains(mistake.1).then(|| yaml.replacen(mistake.1, mistake.2, 1))
}

/// A sample with one mistake in it, and what is told of it.
struct Alone {
    mistake: &'static Mistake,
    file: String,
    told: Vec<String>,
}

impl Alone {
    fn of(mistake: &'static Mistake) -> Option<Self> {
        let file = put_in(sample(mistake.0), mistake)?;
        Some(Self { mistake, told: told(mistake.0, &file), file })
    }
}

#[test]
fn of_two_mistakes_neither_hides_the_other() {
    let others = WORDS.iter().chain(FORM).filter(|mistake| !TAKES_OTHERS.contains(&mistake.2));
    let all: Vec<Alone> = others.filter_map(Alone::of).collect();
    let mut hidden = Vec::new();
    let mut tried = 0;
    for (index, one) in all.iter().enumerate() {
        for other in all[index + 1..].iter().step_by(STRIDE).filter(|other| other.mistake.0 == one.mistake.0)
        {
            // They are at different places if it is the same whichever comes first.
            let Some(both) = put_in(&one.file, other.mistake) else { continue };
            if put_in(&other.file, one.mistake).as_ref() != Some(&both) {
                continue;
            }
            tried += 1;
            let found = told(one.mistake.0, &both);
            if one.told.iter().chain(&other.told).any(|alone| !found.contains(alone)) {
                hidden.push(format!("{:?} | {:?} -> {found:?}", one.mistake.2, other.mistake.2));
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(hidden.is_empty(), "{} of {tried}:\n{}", hidden.len(), hidden.join("\n"));
}
