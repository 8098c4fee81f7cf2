//! 情形引导: one guide, several ways of being handled. Each is a guide of its own,
//! made from the common part and its own, so that nothing downstream has to know
//! of scenarios.

use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Guide;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// 业务办理项
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub code: String,
    pub name: Text,
    /// The guide as it is in this scenario; it has no scenarios itself.
    pub guide: Arc<Guide>,
}

/// What tells one scenario from another at a glance; forms and materials are in
/// the guide, marked with their scenarios.
impl Serialize for Scenario {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { code, name, guide } = self;
        let mut view = serializer.serialize_struct("Scenario", 6)?;
        view.serialize_field("code", code)?;
        view.serialize_field("name", name)?;
        view.serialize_field("handling", &guide.handling)?;
        view.serialize_field("limits", &guide.limits)?;
        view.serialize_field("fee", &guide.fee)?;
        view.serialize_field("visits", &guide.visits)?;
        view.end()
    }
}

/// A question and the answers there are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Question {
    pub ask: Text,
    /// Never empty.
    pub answers: Vec<Answer>,
}

/// An answer leads to a scenario or to another question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Scenario {
        answer: Text,
        scenario: String,
    },
    Question {
        answer: Text,
        #[serde(flatten)]
        next: Question,
    },
}

impl Question {
    /// The scenarios it leads to.
    pub fn scenarios(&self) -> Vec<&str> {
        self.answers
            .iter()
            .flat_map(|answer| match answer {
                Answer::Scenario { scenario, .. } => vec![scenario.as_str()],
                Answer::Question { next, .. } => next.scenarios(),
            })
            .collect()
    }
}

impl Guide {
    /// The guide as it is handled in the scenario somebody chose, or what is wrong
    /// with his choice.
    pub fn in_scenario(&self, scenario: Option<&str>) -> Result<&Self, FieldError> {
        let of_all = |said: fn(&Scenario) -> String, between: &str| {
            self.scenarios.iter().map(said).collect::<Vec<_>>().join(between)
        };
        let in_chinese = || of_all(|one| format!("{}（{}）", one.code, one.name.zh), "、");
        let in_english = || of_all(|one| format!("{} ({})", one.code, one.name.en), ", ");
        let (code, zh, en) = match scenario {
            Some(code) if self.scenarios.iter().any(|s| s.code == code) => {
                return Ok(self.handled_as(scenario));
            }
            None if self.scenarios.is_empty() => return Ok(self),
            Some(_) if self.scenarios.is_empty() => (
                "unknown",
                "本事项不分情形，请去掉 scenario。".to_owned(),
                "This guide has no scenarios; leave `scenario` out.".to_owned(),
            ),
            Some(_) => (
                "unknown",
                format!("没有这个情形，可选：{}。", in_chinese()),
                format!("There is no such scenario; choose one of: {}.", in_english()),
            ),
            None => {
                let (zh, en) = (in_chinese(), in_english());
                ("required", format!("请选择情形：{zh}。"), format!("Choose a scenario: {en}."))
            }
        };
        Err(FieldError::new("/scenario", code, Text::new(zh, en)))
    }

    /// The guide as it is handled in a scenario; itself when it has none.
    pub fn handled_as(&self, scenario: Option<&str>) -> &Self {
        scenario
            .and_then(|code| self.scenarios.iter().find(|scenario| scenario.code == code))
            .map_or(self, |scenario| &scenario.guide)
    }
}
