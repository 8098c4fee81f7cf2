//! What came of a script, written so that two outcomes are the same exactly
//! when nobody could tell them apart: ids, serial numbers and the identifiers
//! of certificates give way to placeholders in the order they appear in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use uuid::Uuid;
use wanshitong::domain::cases::{Case, CommandName, Issued, StateName, results};

use super::script::Script;

pub struct Outcome {
    pub channel: &'static str,
    pub script: u64,
    pub guide: String,
    pub seen: Value,
    /// States the case was seen in.
    pub states: BTreeSet<StateName>,
    pub ending: Option<&'static str>,
    /// The commands that succeeded.
    pub done: BTreeSet<CommandName>,
    /// The channels its history names.
    pub doors: BTreeSet<String>,
}

impl Outcome {
    pub fn new(
        channel: &'static str,
        script: &Script,
        mut seen: Value,
        case: Option<&Case>,
        states: BTreeSet<StateName>,
    ) -> Self {
        Placeholders::of(case).put(&mut seen);
        let ending = case.and_then(|case| case.state.as_closed()).map(|closed| closed.ending.name());
        Self {
            channel,
            script: script.number,
            guide: script.guide.guide.code.to_string(),
            seen,
            states,
            ending,
            done: BTreeSet::new(),
            doors: BTreeSet::new(),
        }
    }
}

struct Placeholders {
    /// Texts that are replaced wherever they stand, the longest first.
    known: Vec<(String, String)>,
    ids: BTreeMap<Uuid, usize>,
}

impl Placeholders {
    fn of(case: Option<&Case>) -> Self {
        let mut known = Vec::new();
        if let Some(case) = case {
            let (issued, _) = results(&case.state);
            for (index, result) in issued.iter().enumerate() {
                if let Issued::Certificate { id, .. } = result {
                    known.push((id.to_string(), format!("<certificate {index}>")));
                }
            }
            if let Some(number) = case.case_no() {
                let serial = format!("{:04}", number.serial());
                let same = number.as_str().strip_suffix(&serial).unwrap_or_default();
                known.push((number.to_string(), format!("{same}<serial>")));
            }
        }
        Self { known, ids: BTreeMap::new() }
    }

    fn put(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Ok(id) = Uuid::try_parse(text) {
                    let next = self.ids.len();
                    *text = format!("<id {}>", self.ids.entry(id).or_insert(next));
                } else {
                    for (from, to) in &self.known {
                        if text.contains(from.as_str()) {
                            *text = text.replace(from.as_str(), to);
                        }
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.put(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Two outcomes of one script that are not the same.
pub struct Difference {
    pub script: u64,
    pub guide: String,
    pub between: [String; 2],
    /// Where it shows first, as a JSON pointer.
    pub pointer: String,
    pub values: [String; 2],
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = &self.between;
        let [here, there] = &self.values;
        write!(
            f,
            "script {} (guide {}) differs between {one} and {other} at {}:\n  {one}: {here}\n  {other}: {there}",
            self.script, self.guide, self.pointer
        )
    }
}

/// Every pair agrees, byte for byte in canonical JSON, exactly when all agree with the first.
pub fn differences<'a>(outcomes: impl IntoIterator<Item = (&'a str, &'a Outcome)>) -> Vec<Difference> {
    let mut outcomes = outcomes.into_iter();
    let Some((first_name, first)) = outcomes.next() else { return Vec::new() };
    // All numbers are whole, so equal values have equal canonical bytes and no others have.
    let differing = outcomes.filter(|(_, other)| other.seen != first.seen);
    differing
        .map(|(name, other)| {
            let (pointer, here, there) = first_difference(&first.seen, &other.seen, String::new());
            Difference {
                script: first.script,
                guide: first.guide.clone(),
                between: [first_name.to_owned(), name.to_owned()],
                pointer,
                values: [here, there],
            }
        })
        .collect()
}

fn first_difference(one: &Value, other: &Value, pointer: String) -> (String, String, String) {
    let members = |value: &Value| -> Option<Vec<(String, Value)>> {
        match value {
            Value::Object(map) => Some(map.clone().into_iter().collect()),
            Value::Array(items) => Some(
                items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        }
    };
    if let (Some(ones), Some(others)) = (members(one), members(other))
        && one.is_object() == other.is_object()
    {
        for (name, value) in &ones {
            match others.iter().find(|(other, _)| other == name) {
                Some((_, there)) if there == value => {}
                Some((_, there)) => return first_difference(value, there, format!("{pointer}/{name}")),
                None => return (format!("{pointer}/{name}"), value.to_string(), "nothing".to_owned()),
            }
        }
        if let Some((name, value)) = others.get(ones.len()) {
            return (format!("{pointer}/{name}"), "nothing".to_owned(), value.to_string());
        }
    }
    (pointer, one.to_string(), other.to_string())
}

/// How far the scripts came: a generator too weak to reach a state proves nothing about it.
#[derive(Default)]
pub struct Reached {
    pub scripts: usize,
    pub states: BTreeMap<String, usize>,
    pub endings: BTreeMap<String, usize>,
    pub replies: BTreeMap<String, usize>,
    /// Commands that succeeded.
    pub commands: BTreeMap<String, usize>,
    /// What happened, by the name of the event.
    pub events: BTreeMap<String, usize>,
    pub capacities: BTreeMap<String, usize>,
    pub bases: BTreeMap<String, usize>,
    pub materials: BTreeMap<String, usize>,
    pub doors: BTreeMap<String, usize>,
    pub guides_filed: BTreeMap<String, usize>,
}

impl Reached {
    /// Counts one script by its outcomes.
    pub fn count(&mut self, outcomes: &[Outcome]) {
        let outcome = &outcomes[0];
        let add =
            |counts: &mut BTreeMap<String, usize>, key: &str| *counts.entry(key.to_owned()).or_default() += 1;
        self.scripts += 1;
        for state in &outcome.states {
            add(&mut self.states, state.as_str());
        }
        add(&mut self.endings, outcome.ending.unwrap_or("open"));
        for command in &outcome.done {
            add(&mut self.commands, &format!("{command:?}"));
        }
        for reply in outcome.seen["replies"].as_array().unwrap() {
            let said = reply.get("why").unwrap_or(reply);
            add(&mut self.replies, said["code"].as_str().or(said["status"].as_str()).unwrap());
        }
        for event in outcome.seen["events"].as_array().into_iter().flatten() {
            add(&mut self.events, event["event"]["type"].as_str().unwrap());
            add(&mut self.capacities, event["by"]["as"].as_str().unwrap());
            if let Some(basis) = event["event"]["basis"].as_str() {
                add(&mut self.bases, basis);
            }
            if let Some(kind) = event["event"]["evidence"]["$private"]["kind"].as_str() {
                add(&mut self.materials, kind);
            }
            if event["event"]["type"] == "submitted" {
                add(&mut self.guides_filed, &outcome.guide);
            }
        }
        for outcome in outcomes {
            for door in &outcome.doors {
                add(&mut self.doors, door);
            }
        }
    }

    pub fn join(&mut self, other: Reached) {
        self.scripts += other.scripts;
        let into = |mine: &mut BTreeMap<String, usize>, others: BTreeMap<String, usize>| {
            others.into_iter().for_each(|(key, count)| *mine.entry(key).or_default() += count);
        };
        into(&mut self.states, other.states);
        into(&mut self.endings, other.endings);
        into(&mut self.replies, other.replies);
        into(&mut self.commands, other.commands);
        into(&mut self.events, other.events);
        into(&mut self.capacities, other.capacities);
        into(&mut self.bases, other.bases);
        into(&mut self.materials, other.materials);
        into(&mut self.doors, other.doors);
        into(&mut self.guides_filed, other.guides_filed);
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} scripts", self.scripts)?;
        writeln!(f, "  states     {:?}", self.states)?;
        writeln!(f, "  endings    {:?}", self.endings)?;
        writeln!(f, "  replies    {:?}", self.replies)?;
        writeln!(f, "  commands   {:?}", self.commands)?;
        writeln!(f, "  events     {:?}", self.events)?;
        writeln!(f, "  acted as   {:?}", self.capacities)?;
        writeln!(f, "  accepted   {:?}", self.bases)?;
        writeln!(f, "  materials  {:?}", self.materials)?;
        writeln!(f, "  channels   {:?}", self.doors)?;
        writeln!(
            f,
            "  filed      {} guides, fewest {:?}",
            self.guides_filed.len(),
            self.guides_filed.values().min()
        )
    }
}
