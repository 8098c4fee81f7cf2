//! Two mistakes at different places are both told, each as it is told alone.

use super::*;

/// What stands instead of a good text and keeps others from being read at all, or is what
/// they speak of.
const TAKES_OTHERS: &[&str] = &[];

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

#[test]
fn of_two_mistakes_neither_hides_the_other() {
    let all: Vec<&Mistake> = WORDS.iter().chain(FORM).collect();
    let mut hidden = Vec::new();
    let mut tried = 0;
    for (index, one) in all.iter().enumerate() {
        for other in all[index + 1..].iter().filter(|other| other.0 == one.0 && other.1 != one.1) {
            let good = sample(one.0);
            let (Some(first), Some(second)) = (put_in(good, one), put_in(good, other)) else { continue };
            let Some(both) = put_in(&first, other).filter(|both| put_in(&second, one).as_ref() == Some(both))
            else {
                continue;
            };
            if TAKES_OTHERS.contains(&one.2) || TAKES_OTHERS.contains(&other.2) {
                continue;
            }
            tried += 1;
            let found = told(one.0, &both);
            let missed = [told(one.0, &first), told(one.0, &second)].concat();
            if missed.iter().any(|alone| !found.contains(alone)) {
                hidden.push(format!("{:?} | {:?} -> {found:?}", one.2, other.2));
            }
        }
    }
    assert!(tried > 300, "{tried}");
    assert!(hidden.is_empty(), "{} of {tried}:\n{}", hidden.len(), hidden.join("\n"));
}
