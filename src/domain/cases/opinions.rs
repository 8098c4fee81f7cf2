//! 征求意见 (联合办理, 行政许可法 26): when a step's turn comes, the agencies its
//! guide names are asked at once, each with a clock of its own. What silence means
//! is the guide's to say.

use chrono::{DateTime, Utc};

use super::attention::said;
use super::case::{Accepted, Consultation};
use super::command::GiveOpinion;
use super::decide::{Act, Rules, act};

use super::event::{AskedAgency, By, CaseEvent};
use crate::domain::guides::Step;
use crate::domain::private::Private;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// The question to the agencies of a step, if it has any.
pub(super) fn asked(rules: Rules<'_>, step: Option<&Step>, at: DateTime<Utc>) -> Option<CaseEvent> {
    let step = step.filter(|step| !step.opinions.is_empty())?;
    let agencies = step.opinions.iter().map(|wanted| AskedAgency {
        agency: wanted.agency.clone(),
        name: wanted.name.clone(),
        due: rules.calendar.due(local_date(at), wanted.limit),
        silence: wanted.silence,
    });
    Some(CaseEvent::OpinionsAsked { step: step.code.clone(), agencies: agencies.collect() })
}

pub(super) fn give(state: &Accepted, command: GiveOpinion, by: &By) -> Result<Vec<Act>, Refusal> {
    let GiveOpinion { agency, consents, text } = command;
    let open = |asked: &&Consultation| asked.agency == agency && asked.answer.is_none();
    if !state.opinions.iter().any(|asked| open(&asked)) {
        return Err(Refusal::new(
            RefusalCode::WrongState,
            "目前没有向该部门征求的、尚待答复的意见。",
            "No opinion is wanted of this agency at present.",
        ));
    }
    // Consent needs no words; an objection does.
    let text = match consents {
        true => Private::Known(text.trim().to_owned()),
        false => said("/text", &text)?,
    };
    Ok(vec![act(by, CaseEvent::OpinionGiven { agency, consents, text })])
}

impl Accepted {
    /// The agency the case waits for longest: of those that have not answered, the one
    /// whose time is over first.
    pub fn slowest(&self) -> Option<&Consultation> {
        self.opinions.iter().filter(|asked| asked.answer.is_none()).min_by_key(|asked| asked.due)
    }
}

/// A step is taken when nobody is left to be heard.
pub(super) fn all_heard(state: &Accepted, step: &Step) -> Result<(), Refusal> {
    let waiting = state.opinions.iter().filter(|asked| asked.step == step.code && asked.answer.is_none());
    let names: Vec<&Text> = waiting.map(|asked| &asked.name).collect();
    if names.is_empty() {
        return Ok(());
    }
    let list = |word: fn(&Text) -> &str| names.iter().map(|name| word(name)).collect::<Vec<_>>().join("、");
    Err(Refusal::new(
        RefusalCode::WrongStep,
        format!("尚待{}答复意见，答复后再办理本环节。", list(|name| &name.zh)),
        format!("Opinions are still wanted of {}; take the step when they are in.", list(|name| &name.en)),
    ))
}
