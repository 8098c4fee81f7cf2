//! The answers of a whole bundle: shared ones under their own names, those of a
//! part in an object under the part's code. Each answer is given once; the facts
//! of a case are put together from it.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::fit::narrowed;
use super::plan::{Plan, Planned};
use crate::domain::codes::RegionCode;
use crate::domain::guides::{
    self, Applicant, Facts, Form, Given, MAX_FACTS_BYTES, Prefilled, Stated, Whom, check_partial, judge,
    normalise, normalise_for,
};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// The most bytes the answers to a bundle may take: a form for each part.
const MAX_JOINT_BYTES: usize = 4 * MAX_FACTS_BYTES;

impl Plan {
    /// The shared answers alone.
    pub(super) fn shared(&self, joint: &Facts) -> Facts {
        let mut shared = Facts::new();
        for (name, value) in joint.iter().filter(|(name, _)| self.bundle.part(name).is_none()) {
            shared.set(name.as_str(), value.clone());
        }
        shared
    }

    /// The answers given for a part alone.
    fn of_part(joint: &Facts, part: &str) -> Facts {
        match joint.get(part) {
            Some(Value::Object(members)) => Facts::from(members.clone()),
            Some(_) | None => Facts::new(),
        }
    }

    /// The facts of the case of a part: shared answers, fixed ones, its own.
    pub fn facts_of(&self, planned: &Planned, joint: &Facts, whom: Whom<'_>, today: NaiveDate) -> Facts {
        let shared = normalise_for(&self.bundle.form, &self.shared(joint), whom, today);
        let own = Self::of_part(joint, planned.code());
        let mut facts = Facts::new();
        for field in planned.guide.form.fields.iter().filter(|field| field.kind.has_answer()) {
            let value = match planned.part.facts.get(&field.name) {
                Some(Given::Shared(name)) => shared.get(name).map(|value| narrowed(value, &field.kind)),
                Some(Given::Fixed(value)) => Some(value.clone()),
                Some(Given::Own | Given::Stated { .. }) | None => own.get(&field.name).cloned(),
            };
            if let Some(value) = value {
                facts.set(field.name.as_str(), value);
            }
        }
        facts
    }

    /// What a part's turn asks of the shared answers that did not exist before: that
    /// they are there now, also where its own form would do without.
    pub fn later_faults(
        &self,
        planned: &Planned,
        joint: &Facts,
        applicant: &Applicant,
        today: NaiveDate,
        region_exists: &dyn Fn(&RegionCode) -> bool,
    ) -> Vec<FieldError> {
        let shared = normalise(&self.bundle.form, &self.shared(joint), applicant, today);
        let mut faults =
            judge(&self.bundle.form, &shared, Whom::Known(applicant), today, region_exists).errors;
        faults.retain(|fault| {
            let name = fault.pointer.split('/').nth(2).unwrap_or_default();
            let is_its = planned.part.facts.values().any(|given| *given == Given::Shared(name.to_owned()));
            is_its && self.bundle.later.contains_key(name)
        });
        faults
    }

    /// Where in the answers of the bundle a pointer into a case of this part leads.
    pub fn joint_pointer(&self, planned: &Planned, pointer: &str) -> String {
        let code = planned.code();
        let mut steps = pointer.splitn(4, '/').skip(1);
        match (steps.next(), steps.next(), steps.next()) {
            (Some("facts"), Some(name), rest) => {
                let below = rest.map(|rest| format!("/{rest}")).unwrap_or_default();
                match planned.part.facts.get(name) {
                    Some(Given::Shared(shared)) => format!("/facts/{shared}{below}"),
                    Some(Given::Fixed(_) | Given::Own | Given::Stated { .. }) | None => {
                        format!("/facts/{code}/{name}{below}")
                    }
                }
            }
            (Some("materials"), Some(material), None) => {
                let serves = |(part, of): &(String, String)| part == code && of == material;
                let joint = self.materials.iter().find(|joint| joint.serves.iter().any(serves));
                match joint {
                    Some(joint) => format!("/materials/{}", joint.code),
                    None => format!("/materials/{code}.{material}"),
                }
            }
            _ => format!("/parts/{code}{pointer}"),
        }
    }

    /// Checks answers that may be incomplete: every one must be of a known field and
    /// well-formed.
    pub fn check_partial(&self, joint: &Facts) -> Vec<FieldError> {
        let mut errors = check_partial(&self.bundle.form, &self.shared(joint));
        if joint.size() > MAX_JOINT_BYTES {
            let words = Text::new(
                "填报内容过多，请精简文字后重试。",
                "The answers are too long altogether; shorten the texts.",
            );
            errors.push(FieldError::new("/facts", "too_large", words));
        }
        for planned in &self.parts {
            let code = planned.code();
            match joint.get(code) {
                None => {}
                Some(Value::Object(members)) => {
                    let own = Facts::from(members.clone());
                    let wrong = check_partial(&planned.open_form(), &own);
                    let pointed = |error: FieldError| {
                        let rest = error.pointer.strip_prefix("/facts").unwrap_or_default().to_owned();
                        FieldError { pointer: format!("/facts/{code}{rest}"), ..error }
                    };
                    errors.extend(wrong.into_iter().map(pointed));
                }
                Some(_) => errors.push(FieldError::new(
                    format!("/facts/{code}"),
                    "not_an_object",
                    Text::new(
                        "应为该事项各字段的答案：{ 字段: 值 }。",
                        "The answers of that part: { field: value }.",
                    ),
                )),
            }
        }
        errors
    }

    /// What the portal knows already, for the shared form and for each section, and from
    /// where: by field, or `part.field`.
    pub fn prefill(&self, applicant: &Applicant, certificates: &[Stated], at: DateTime<Utc>) -> Prefilled {
        let known = |form: &Form| guides::prefill(form, applicant, certificates, at);
        let mut joint = known(&self.bundle.form);
        for planned in &self.parts {
            let Prefilled { facts, from } = known(&planned.section);
            if !facts.is_empty() {
                let code = planned.code();
                joint.facts.set(code, Value::Object(facts.into_map()));
                joint.from.extend(from.into_iter().map(|(field, from)| (format!("{code}.{field}"), from)));
            }
        }
        joint
    }

    /// The names of the answers a patch changes: shared ones, and `(part, field)`.
    pub(super) fn touched<'a>(
        &self,
        patch: &'a Map<String, Value>,
    ) -> (Vec<&'a str>, Vec<(&'a str, &'a str)>) {
        let (mut shared, mut own) = (Vec::new(), Vec::new());
        for (name, value) in patch {
            match (self.bundle.part(name), value) {
                (Some(_), Value::Object(members)) => {
                    own.extend(members.keys().map(|field| (name.as_str(), field.as_str())));
                }
                (Some(_), _) => own.push((name.as_str(), "")),
                (None, _) => shared.push(name.as_str()),
            }
        }
        (shared, own)
    }
}
