//! The guide with every part in rows and columns, and back. What differs in
//! shape from one entry to the next in the guide language (a fee or none, a
//! requirement or a rule, a certificate or a letter) has the same keys in every row.

use std::collections::BTreeSet;

use crate::domain::guides::Outline;

/// The keys a table row has in place of a requirement.
const NECESSITY: &str = "necessity";
const RULE: &str = "required_when";

/// The whole guide in rows.
pub(super) fn flatten(mut guide: Outline) -> Outline {
    guide.take("format");
    if let Some(fee) = guide.take("fee") {
        let is_free = fee.get("free").is_some();
        guide.put("charged", Outline::Flag(!is_free));
        guide.put("fees", Outline::List(if is_free { Vec::new() } else { vec![fee] }));
    }
    say_usual(&mut guide, &[("visits", Outline::Number(0)), ("cross_region", Outline::text("none"))]);
    say_usual(&mut guide, &[("identity.ial", Outline::Number(2)), ("identity.aal", Outline::Number(1))]);
    change_each(&mut guide, "materials", |material| {
        say_usual(material, &[("paper", Outline::text("electronic")), ("copies", Outline::Number(1))]);
        flatten_requirement(material);
        if let Some(source) = material.take("source") {
            for (key, value) in source.entries() {
                material.put("origin", Outline::text(key));
                if key != "own" {
                    material.put(key, value.clone());
                }
            }
        }
    });
    change_each(&mut guide, "results", |result| {
        let Some((kind, says)) = result.entries().first().cloned() else { return };
        let mut row = Outline::mapping([("kind", Outline::Text(kind))]);
        for (key, value) in says.entries() {
            row.put(key, value.clone());
        }
        *result = row;
    });
    if let Some(mut form) = guide.take("form") {
        change_each(&mut form, "fields", flatten_field);
        guide.put("fields", form.take("fields").unwrap_or(Outline::List(Vec::new())));
        guide.put("rules", form.take("rules").unwrap_or(Outline::List(Vec::new())));
    }
    if let Some(questions) = guide.take("questions") {
        let mut rows = Vec::new();
        flatten_question(&questions, &mut rows, &mut 0);
        guide.put("answers", Outline::List(rows));
    }
    guide
}

/// The guide such rows came from.
pub(super) fn restore(mut flat: Outline) -> Outline {
    let mut guide = Outline::mapping([("format", Outline::Number(1))]);
    let fees = flat.take("fees");
    let charged = flat.take("charged");
    match (fees.as_ref().map(Outline::items), charged) {
        (Some([fee, ..]), _) => guide.put("fee", fee.clone()),
        (_, Some(Outline::Flag(false))) => {
            guide.put("fee", Outline::mapping([("free", Outline::Flag(true))]))
        }
        (_, _) => {}
    }
    change_each(&mut flat, "materials", |material| {
        restore_requirement(material);
        restore_source(material);
    });
    change_each(&mut flat, "results", |result| {
        let kind = match result.take("kind") {
            Some(Outline::Text(kind)) => kind,
            _ => return,
        };
        *result = Outline::Mapping(vec![(kind, result.clone())]);
    });
    change_each(&mut flat, "fields", restore_field);
    for (key, list) in [("form.fields", "fields"), ("form.rules", "rules")] {
        if let Some(rows) = flat.take(list).filter(|rows| !rows.items().is_empty()) {
            guide.put(key, rows);
        }
    }
    if let Some(rows) = flat.take("answers").filter(|rows| !rows.items().is_empty()) {
        guide.put("questions", restore_question(rows.items(), 1, &mut BTreeSet::new()));
    }
    if flat.get("topics").is_none() {
        guide.put("topics", Outline::List(Vec::new()));
    }
    for (key, value) in flat.entries() {
        let is_empty = matches!(value, Outline::List(items) if items.is_empty());
        if !is_empty || key == "topics" {
            guide.put(key, value.clone());
        }
    }
    guide
}

/// In a table, what is usual is said as well.
fn say_usual(row: &mut Outline, usual: &[(&str, Outline)]) {
    for (path, value) in usual {
        if row.at(path).is_none() {
            row.put(path, value.clone());
        }
    }
}

fn change_each(guide: &mut Outline, key: &str, change: impl Fn(&mut Outline)) {
    let Some(Outline::List(mut items)) = guide.get(key).cloned() else { return };
    items.iter_mut().for_each(change);
    guide.put(key, Outline::List(items));
}

fn flatten_requirement(row: &mut Outline) {
    let (word, rule) = match row.take("required") {
        None | Some(Outline::Flag(true)) => ("required", None),
        Some(Outline::Flag(false)) => ("optional", None),
        Some(rule) => ("conditional", Some(rule)),
    };
    row.put(NECESSITY, Outline::text(word));
    if let Some(rule) = rule {
        row.put(RULE, rule);
    }
}

fn restore_requirement(row: &mut Outline) {
    let (word, rule) = (row.take(NECESSITY), row.take(RULE));
    match (word, rule) {
        (_, Some(rule)) => row.put("required", rule),
        (Some(Outline::Text(word)), None) if word == "optional" => row.put("required", Outline::Flag(false)),
        // Whatever is no such word stands where the reader will refuse it.
        (Some(Outline::Text(word)), None) if word != "required" => row.put("required", Outline::Text(word)),
        (_, None) => {}
    }
}

fn restore_source(material: &mut Outline) {
    let origin = match material.take("origin") {
        Some(Outline::Text(origin)) => origin,
        _ => String::new(),
    };
    let of = [("certificate", material.take("certificate")), ("shared", material.take("shared"))];
    if origin == "own" {
        material.put("source.own", Outline::Flag(true));
    }
    for (key, value) in of {
        if let Some(value) = value {
            material.put(&format!("source.{key}"), value);
        }
    }
}

fn flatten_field(field: &mut Outline) {
    // A file has no requirement of its own: its material has.
    if field.get("type") != Some(&Outline::text("file")) {
        flatten_requirement(field);
    }
    match field.take("prefill") {
        Some(Outline::Text(particular)) => field.put("prefill_from", Outline::Text(particular)),
        Some(certificate) => {
            for (key, value) in certificate.entries() {
                field.put(&format!("prefill_{key}"), value.clone());
            }
        }
        None => {}
    }
}

fn restore_field(field: &mut Outline) {
    restore_requirement(field);
    if let Some(particular) = field.take("prefill_from") {
        field.put("prefill", particular);
    }
    for key in ["certificate", "attribute"] {
        if let Some(value) = field.take(&format!("prefill_{key}")) {
            field.put(&format!("prefill.{key}"), value);
        }
    }
}

/// A row for each answer; questions are numbered as they are met.
fn flatten_question(question: &Outline, rows: &mut Vec<Outline>, count: &mut i64) -> i64 {
    *count += 1;
    let number = *count;
    for answer in question.get("answers").map(Outline::items).unwrap_or_default() {
        let mut row = Outline::mapping([("question", Outline::Number(number))]);
        for key in ["ask", "answer", "scenario"] {
            let from = if key == "ask" { question } else { answer };
            if let Some(value) = from.get(key) {
                row.put(key, value.clone());
            }
        }
        let place = rows.len();
        rows.push(row);
        if answer.get("answers").is_some() {
            let next = flatten_question(answer, rows, count);
            rows[place].put("next", Outline::Number(next));
        }
    }
    number
}

/// A question is reached once: rows that lead back, or to one question twice, end
/// in a question without answers, which the reader refuses.
fn restore_question(rows: &[Outline], number: i64, reached: &mut BTreeSet<i64>) -> Outline {
    let mut question = Outline::Mapping(Vec::new());
    if !reached.insert(number) {
        return question;
    }
    let own: Vec<&Outline> =
        rows.iter().filter(|row| row.get("question") == Some(&Outline::Number(number))).collect();
    if let Some(ask) = own.iter().find_map(|row| row.get("ask")) {
        question.put("ask", ask.clone());
    }
    let mut answers = Vec::new();
    for row in own {
        let mut answer = Outline::Mapping(Vec::new());
        for key in ["answer", "scenario"] {
            if let Some(value) = row.get(key) {
                answer.put(key, value.clone());
            }
        }
        if let Some(Outline::Number(next)) = row.get("next") {
            let below = restore_question(rows, *next, reached);
            for key in ["ask", "answers"] {
                answer.put(key, below.get(key).cloned().unwrap_or(Outline::List(Vec::new())));
            }
        }
        answers.push(answer);
    }
    question.put("answers", Outline::List(answers));
    question
}
