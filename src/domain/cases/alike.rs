//! What two applications under one version of a guide have in common when they ask for
//! the same: the same answers, the same scenario, documents of the same kinds. Decided
//! differently they deserve a second look.
//!
//! Who somebody is must not make a difference, so it is left out: numbers of people
//! and organisations, mobile numbers, free text (names, accounts, reasons in one's own
//! words) and the detail of an address. A date of birth that the portal filled in
//! counts as the age at submission; where somebody lives counts as the region.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::case::{Case, Decision, Filing};
use super::evidence::Evidence;
use crate::domain::guides::{Field, FieldKind, Form, Particular, Prefill};
use crate::domain::time::local_date;

/// The one thing two decisions may differ in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    Approved,
    Denied,
}

impl Judgement {
    pub fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Approved { .. } => Judgement::Approved,
            Decision::Denied { .. } => Judgement::Denied,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Judgement::Approved => "approved",
            Judgement::Denied => "denied",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Judgement::Approved, Judgement::Denied].into_iter().find(|each| each.as_str() == text)
    }
}

/// What a decided case is compared by; none when it is not decided, or erased.
pub fn comparable(case: &Case, form: &Form) -> Option<(Judgement, Value)> {
    let decided = case.state.decided()?;
    let filing = &decided.accepted.filing;
    let facts = filing.facts.known()?;
    let answers = facts.iter().map(|(name, value)| (name.as_str(), value));
    let asked = json!({
        "scenario": case.opened.scenario,
        "facts": compared(&form.fields, answers, filing.at),
        "materials": materials(filing)?,
    });
    Some((Judgement::of(&decided.decision), asked))
}

fn compared<'a>(
    fields: &[Field],
    answers: impl Iterator<Item = (&'a str, &'a Value)>,
    at: DateTime<Utc>,
) -> Map<String, Value> {
    let compared = answers.filter_map(|(name, value)| {
        let field = fields.iter().find(|field| field.name == name)?;
        Some((name.to_owned(), answer(field, value, at)?))
    });
    compared.collect()
}

/// One answer as it counts; none where it does not.
fn answer(field: &Field, value: &Value, at: DateTime<Utc>) -> Option<Value> {
    match &field.kind {
        FieldKind::ResidentId | FieldKind::Uscc | FieldKind::Mobile => None,
        FieldKind::Text { .. } | FieldKind::File { .. } => None,
        FieldKind::Address { .. } => value.get("region").cloned(),
        FieldKind::Date { .. } if is_birth_date(field) => {
            let born: NaiveDate = value.as_str()?.parse().ok()?;
            Some(local_date(at).years_since(born).map_or(Value::Null, Value::from))
        }
        FieldKind::Group { fields, .. } => {
            let rows = value.as_array()?.iter().map(|row| {
                let cells = row.as_object().into_iter().flatten();
                Value::Object(compared(fields, cells.map(|(name, value)| (name.as_str(), value)), at))
            });
            Some(rows.collect())
        }
        FieldKind::Number { .. }
        | FieldKind::Money { .. }
        | FieldKind::Date { .. }
        | FieldKind::Boolean
        | FieldKind::Choice { .. }
        | FieldKind::MultiChoice { .. }
        | FieldKind::Region { .. }
        | FieldKind::Declaration => Some(value.clone()),
    }
}

fn is_birth_date(field: &Field) -> bool {
    matches!(field.prefill, Some(Prefill::Applicant(Particular::BirthDate)))
}

/// What kind of document stands for each material.
fn materials(filing: &Filing) -> Option<Map<String, Value>> {
    let kinds = filing.materials.iter().map(|(code, evidence)| {
        let kind = match evidence.known()? {
            Evidence::File { .. } => "file",
            Evidence::Certificate { .. } => "certificate",
            Evidence::Promise => "promise",
        };
        Some((code.clone(), Value::from(kind)))
    });
    kinds.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::guides::{Guide, read_guide};

    fn road() -> Guide {
        read_guide(include_str!("../../data/sample/guides/road-occupation-permit.yaml")).unwrap()
    }

    fn of(answers: &Value) -> Map<String, Value> {
        let at = "2026-03-02T01:30:00Z".parse().unwrap();
        let answers = answers.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
        compared(&road().form.fields, answers, at)
    }

    fn answers() -> Value {
        json!({
            "matter": "occupy",
            "project_name": "房屋外墙维修搭设脚手架",
            "reason": "外墙渗水，需搭设脚手架维修。",
            "place": { "region": "340705005002", "detail": "长江中路北侧" },
            "parts": ["footway"],
            "area": 24,
            "start_date": "2026-03-09",
            "affects_traffic": false,
            "site_manager": "方书文",
            "site_manager_mobile": "13900000003",
            "promise": true,
        })
    }

    #[test]
    fn who_somebody_is_and_what_he_says_in_his_own_words_does_not_count() {
        let mut other = answers();
        other["site_manager"] = json!("王一");
        other["site_manager_mobile"] = json!("13900000009");
        other["reason"] = json!("刷漆。");
        other["place"]["detail"] = json!("长江中路南侧");
        assert_eq!(of(&answers()), of(&other));
        let left = of(&answers());
        for name in ["project_name", "reason", "site_manager", "site_manager_mobile"] {
            assert!(!left.contains_key(name), "{name}");
        }
    }

    #[test]
    fn what_is_asked_for_counts() {
        for (pointer, value) in [
            ("/area", json!(25)),
            ("/parts", json!(["carriageway"])),
            ("/affects_traffic", json!(true)),
            ("/start_date", json!("2026-03-10")),
            ("/place/region", json!("340705005003")),
        ] {
            let mut other = answers();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_ne!(of(&answers()), of(&other), "{pointer}");
        }
    }

    #[test]
    fn a_birth_date_counts_as_an_age() {
        let mut field = road().form.fields.iter().find(|field| field.name == "start_date").unwrap().clone();
        field.prefill = Some(Prefill::Applicant(Particular::BirthDate));
        let at = "2026-03-02T01:30:00Z".parse().unwrap();
        let aged = |born: &str| answer(&field, &json!(born), at);
        assert_eq!(aged("1944-03-02"), Some(json!(82)));
        assert_eq!(aged("1944-03-03"), Some(json!(81)));
        assert_eq!(aged("1943-12-01"), aged("1944-01-01"));
    }
}
