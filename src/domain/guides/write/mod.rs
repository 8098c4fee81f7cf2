//! A guide as the text of a file that stands by itself: with its item written
//! out, without what need not be said. Reading the text gives the same guide.

mod form;
mod outline;
mod words;

#[cfg(test)]
mod tests;

pub use outline::Outline;
use words::{cross_region, delivery, handling, offered, procedure, service_object};

use super::applicant::Applicant;
use super::model::{
    Answer, AutomaticDecision, ChannelLimit, Condition, CrossRegion, DayUnit, Download, Example,
    ExampleOutcome, Expectation, Fee, Guide, IdentityLevel, Item, LegalBasis, Limit, Limits, Material,
    MaterialSource, OpinionWanted, Paper, Question, Requirement, ResultKind, Scenario, Silence, Step,
    StepRole, Trust, Venue,
};
use crate::domain::codes::Gender;
use crate::domain::text::Text;

/// The text of a file that reads as this guide.
pub fn to_yaml(guide: &Guide) -> String {
    outline(guide).to_yaml()
}

/// The guide as such a file has it, before it is text.
pub fn outline(guide: &Guide) -> Outline {
    let mut whole = Entries::default();
    whole.add("format", Outline::Number(1));
    whole.add("code", Outline::text(guide.code.as_str()));
    whole.add("item", item(&guide.item));
    whole.add("agency", Outline::text(guide.agency.as_str()));
    whole.add("region", Outline::text(guide.region.as_str()));
    whole.add("summary", both(&guide.summary));
    whole.add("topics", texts(&guide.topics));
    whole.add("service_objects", words(&guide.service_objects, service_object));
    whole.add("handling", Outline::text(handling(guide.handling)));
    whole.add_unless(
        guide.identity == IdentityLevel { ial: 2, aal: 1 },
        "identity",
        Outline::mapping([
            ("ial", Outline::Number(guide.identity.ial.into())),
            ("aal", Outline::Number(guide.identity.aal.into())),
        ]),
    );
    whole.add_some("scenarios", &guide.scenarios, |one| scenario(guide, one));
    whole.add_if("questions", guide.questions.as_ref().map(question));
    whole.add("limits", limits(guide.limits));
    whole.add_some("special_procedures", &guide.special_procedures, |one| Outline::text(procedure(*one)));
    whole.add("fee", fee(&guide.fee));
    whole.add_some("conditions", &guide.conditions, condition);
    whole.add("form", form::form(&guide.form));
    whole.add_some("materials", &guide.materials, material);
    whole.add("flow", Outline::list(&guide.flow, step));
    whole.add("results", Outline::list(&guide.results, result));
    whole.add("delivery", words(&guide.delivery, delivery));
    whole.add_if("automatic", guide.automatic.as_ref().map(automatic));
    whole.add(
        "telephone",
        Outline::mapping([
            ("enquiry", Outline::text(&guide.telephone.enquiry)),
            ("complaint", Outline::text(&guide.telephone.complaint)),
        ]),
    );
    whole.add_unless(guide.visits == 0, "visits", Outline::Number(guide.visits.into()));
    let reach = guide.cross_region;
    whole.add_unless(reach == CrossRegion::None, "cross_region", Outline::text(cross_region(reach)));
    whole.add_some("venues", &guide.venues, venue);
    whole.add_if("channels", guide.channels.as_ref().map(channels));
    whole.add_if("effective_from", guide.effective_from.map(|day| Outline::text(day.to_string())));
    whole.add_if("effective_until", guide.effective_until.map(|day| Outline::text(day.to_string())));
    whole.add_some("examples", &guide.examples, example);
    whole.done()
}

/// A mapping in the making.
#[derive(Default)]
struct Entries(Vec<(String, Outline)>);

impl Entries {
    fn add(&mut self, key: &str, value: Outline) {
        self.0.push((key.to_owned(), value));
    }

    fn add_if(&mut self, key: &str, value: Option<Outline>) {
        if let Some(value) = value {
            self.add(key, value);
        }
    }

    fn add_unless(&mut self, is_usual: bool, key: &str, value: Outline) {
        self.add_if(key, (!is_usual).then_some(value));
    }

    /// A list, unless there is nothing in it.
    fn add_some<T>(&mut self, key: &str, items: &[T], outline: impl Fn(&T) -> Outline) {
        self.add_unless(items.is_empty(), key, Outline::list(items, outline));
    }

    fn add_texts(&mut self, key: &str, items: &[String]) {
        self.add_unless(items.is_empty(), key, texts(items));
    }

    fn done(self) -> Outline {
        Outline::Mapping(self.0)
    }
}

fn both(text: &Text) -> Outline {
    Outline::mapping([("zh", Outline::text(&text.zh)), ("en", Outline::text(&text.en))])
}

fn texts(texts: &[String]) -> Outline {
    Outline::list(texts, Outline::text)
}

fn words<T: Copy>(words: &[T], word: impl Fn(T) -> &'static str) -> Outline {
    Outline::list(words, |one| Outline::text(word(*one)))
}

fn item(item: &Item) -> Outline {
    let mut entries = Entries::default();
    entries.add("basic_code", Outline::text(item.basic_code.as_str()));
    entries.add("name", both(&item.name));
    entries.add("type", Outline::text(item.item_type.as_str()));
    entries.add("legal_basis", Outline::list(&item.legal_basis, basis));
    entries.add_texts("aliases", &item.aliases);
    entries.add_texts("life_events", &item.life_events);
    entries.done()
}

fn basis(basis: &LegalBasis) -> Outline {
    Outline::mapping([
        ("law", both(&basis.law)),
        ("article", Outline::text(&basis.article)),
        ("text", Outline::text(&basis.text)),
    ])
}

/// What a scenario says for itself is what is otherwise in it than in the whole.
fn scenario(whole: &Guide, scenario: &Scenario) -> Outline {
    let own = &scenario.guide;
    let mut entries = Entries::default();
    entries.add("code", Outline::text(&scenario.code));
    entries.add("name", both(&scenario.name));
    entries.add_unless(own.handling == whole.handling, "handling", Outline::text(handling(own.handling)));
    entries.add_unless(own.limits == whole.limits, "limits", limits(own.limits));
    entries.add_unless(own.fee == whole.fee, "fee", fee(&own.fee));
    entries.add_unless(own.results == whole.results, "results", Outline::list(&own.results, result));
    entries.add_unless(own.flow == whole.flow, "flow", Outline::list(&own.flow, step));
    if own.automatic != whole.automatic {
        entries.add_if("automatic", own.automatic.as_ref().map(automatic));
    }
    entries.add_unless(own.visits == whole.visits, "visits", Outline::Number(own.visits.into()));
    entries.done()
}

fn question(question: &Question) -> Outline {
    Outline::mapping([("ask", both(&question.ask)), ("answers", Outline::list(&question.answers, answer))])
}

fn answer(given: &Answer) -> Outline {
    match given {
        Answer::Scenario { answer, scenario } => {
            Outline::mapping([("answer", both(answer)), ("scenario", Outline::text(scenario))])
        }
        Answer::Question { answer, next } => {
            let mut whole = Outline::mapping([("answer", both(answer))]);
            for (key, value) in question(next).entries() {
                whole.put(key, value.clone());
            }
            whole
        }
    }
}

fn limits(limits: Limits) -> Outline {
    let Limits { legal, promised, correction, reply, rectification } = limits;
    let given = [
        ("legal", Some(legal)),
        ("promised", Some(promised)),
        ("correction", correction),
        ("reply", reply),
        ("rectification", rectification),
    ];
    Outline::mapping(given.into_iter().filter_map(|(key, given)| Some((key, limit(given?)))))
}

fn limit(limit: Limit) -> Outline {
    let unit = match limit.unit {
        DayUnit::WorkingDay => "working_day",
        DayUnit::CalendarDay => "calendar_day",
    };
    Outline::mapping([("days", Outline::Number(limit.days.into())), ("unit", Outline::text(unit))])
}

fn fee(fee: &Fee) -> Outline {
    match fee {
        Fee::Free => Outline::mapping([("free", Outline::Flag(true))]),
        Fee::Charged { amount_fen, basis } => {
            Outline::mapping([("amount_fen", number(*amount_fen)), ("basis", both(basis))])
        }
    }
}

/// Numbers of a guide are far below the bound.
fn number(number: u64) -> Outline {
    Outline::Number(i64::try_from(number).unwrap_or(i64::MAX))
}

fn condition(condition: &Condition) -> Outline {
    let mut entries = Entries::default();
    entries.add("code", Outline::text(&condition.code));
    entries.add("when", Outline::text(condition.when.source()));
    entries.add("text", both(&condition.text));
    entries.add_texts("scenarios", &condition.scenarios);
    entries.done()
}

/// `None` when it need not be said.
fn required(required: &Requirement) -> Option<Outline> {
    match required {
        Requirement::Required => None,
        Requirement::Optional => Some(Outline::Flag(false)),
        Requirement::When(rule) => Some(Outline::text(rule.source())),
    }
}

fn material(material: &Material) -> Outline {
    let mut entries = Entries::default();
    entries.add("code", Outline::text(&material.code));
    entries.add("name", both(&material.name));
    entries.add_if("help", material.help.as_ref().map(both));
    entries.add_if("required", required(&material.required));
    entries.add(
        "source",
        match &material.source {
            MaterialSource::Own => Outline::mapping([("own", Outline::Flag(true))]),
            MaterialSource::Certificate { certificate_type } => {
                Outline::mapping([("certificate", Outline::text(certificate_type.as_str()))])
            }
            MaterialSource::Shared { register } => Outline::mapping([("shared", Outline::text(register))]),
        },
    );
    entries.add_if("own_because", material.own_because.as_ref().map(both));
    let form = match material.paper {
        Paper::Original => Some("original"),
        Paper::Copy => Some("copy"),
        Paper::Electronic => None,
    };
    entries.add_if("paper", form.map(Outline::text));
    entries.add_unless(material.copies == 1, "copies", Outline::Number(material.copies.into()));
    entries.add_if("standard", material.standard.as_ref().map(both));
    let trust = match material.least_trust {
        Trust::A => Some("A"),
        Trust::B => Some("B"),
        // A promise is no trust a file can ask for.
        Trust::C | Trust::D => None,
    };
    entries.add_if("least_trust", trust.map(Outline::text));
    entries.add_unless(!material.promise_allowed, "promise_allowed", Outline::Flag(true));
    entries.add_unless(!material.deferrable, "deferrable", Outline::Flag(true));
    let reuse = |days: u16| Outline::mapping([("within_days", Outline::Number(days.into()))]);
    entries.add_if("reuse", material.reuse.map(|again| reuse(again.within_days)));
    entries.add_if("blank_form", material.blank_form.as_ref().map(download));
    entries.add_if("sample", material.sample.as_ref().map(download));
    entries.add_texts("scenarios", &material.scenarios);
    entries.done()
}

fn download(download: &Download) -> Outline {
    match download {
        Download::Text(text) => Outline::mapping([("text", Outline::text(text))]),
        Download::Url(url) => Outline::mapping([("url", Outline::text(url))]),
    }
}

fn step(step: &Step) -> Outline {
    let mut entries = Entries::default();
    entries.add("code", Outline::text(&step.code));
    entries.add("name", both(&step.name));
    let role = match step.role {
        StepRole::Handler => "handler",
        StepRole::Reviewer => "reviewer",
        StepRole::Approver => "approver",
    };
    entries.add("role", Outline::text(role));
    entries.add_unless(!step.four_eyes, "four_eyes", Outline::Flag(true));
    entries.add_some("opinions", &step.opinions, opinion);
    entries.done()
}

fn opinion(wanted: &OpinionWanted) -> Outline {
    let mut entries = Entries::default();
    entries.add("agency", Outline::text(wanted.agency.as_str()));
    entries.add("name", both(&wanted.name));
    entries.add("limit", limit(wanted.limit));
    let silence = match wanted.silence {
        Silence::Consents => "consents",
        Silence::Escalates => "escalates",
    };
    entries.add("silence", Outline::text(silence));
    entries.done()
}

fn result(result: &ResultKind) -> Outline {
    match result {
        ResultKind::Certificate { certificate_type, name, valid_months, attributes, determined } => {
            let mut entries = Entries::default();
            entries.add("type", Outline::text(certificate_type.as_str()));
            entries.add("name", both(name));
            entries.add_if("valid_months", valid_months.map(|months| Outline::Number(months.into())));
            entries.add_texts("attributes", attributes);
            entries.add_some("determined", determined, form::field);
            Outline::mapping([("certificate", entries.done())])
        }
        ResultKind::Letter { name } => {
            Outline::mapping([("letter", Outline::mapping([("name", both(name))]))])
        }
    }
}

fn automatic(automatic: &AutomaticDecision) -> Outline {
    Outline::mapping([
        ("verified", words(&automatic.verified, form::attribute)),
        ("approve_when", Outline::text(automatic.approve_when.source())),
    ])
}

fn venue(venue: &Venue) -> Outline {
    let mut entries = Entries::default();
    entries.add("name", both(&venue.name));
    entries.add("address", both(&venue.address));
    entries.add("hours", both(&venue.hours));
    entries.add_if("telephone", venue.telephone.as_ref().map(Outline::text));
    entries.done()
}

fn channels(channels: &ChannelLimit) -> Outline {
    Outline::mapping([("only", words(&channels.only, offered)), ("basis", basis(&channels.basis))])
}

fn example(example: &Example) -> Outline {
    let mut entries = Entries::default();
    entries.add("code", Outline::text(&example.code));
    entries.add("name", both(&example.name));
    entries.add_if("scenario", example.scenario.as_ref().map(Outline::text));
    entries.add("today", Outline::text(example.today.to_string()));
    entries.add("applicant", applicant(&example.applicant));
    let facts = example.facts.iter().map(|(name, value)| (name.as_str(), Outline::from_json(value)));
    entries.add_unless(example.facts.is_empty(), "facts", Outline::mapping(facts));
    entries.add("expect", expectation(&example.expect));
    entries.done()
}

/// An example has no number and no telephone: it is nobody.
fn applicant(applicant: &Applicant) -> Outline {
    let mut entries = Entries::default();
    entries.add("kind", Outline::text(applicant.kind.as_str()));
    entries.add_unless(applicant.name.is_empty(), "name", Outline::text(&applicant.name));
    entries.add_if("birth_date", applicant.birth_date.map(|day| Outline::text(day.to_string())));
    let gender = applicant.gender.map(|gender| match gender {
        Gender::Male => "male",
        Gender::Female => "female",
    });
    entries.add_if("gender", gender.map(Outline::text));
    entries.add_if("residence", applicant.residence.as_ref().map(|code| Outline::text(code.as_str())));
    entries.add("ial", Outline::Number(applicant.ial.into()));
    let verified: Vec<_> = applicant.verified.iter().copied().collect();
    entries.add_unless(verified.is_empty(), "verified", words(&verified, form::attribute));
    entries.done()
}

fn expectation(expect: &Expectation) -> Outline {
    let mut entries = Entries::default();
    entries.add_if("eligible", expect.eligible.map(Outline::Flag));
    entries.add_if("unmet", expect.unmet.as_deref().map(texts));
    entries.add_if("errors", expect.errors.as_deref().map(texts));
    entries.add_if("materials", expect.materials.as_deref().map(texts));
    entries.add_if("fee_fen", expect.fee_fen.map(number));
    let outcome = expect.outcome.map(|outcome| match outcome {
        ExampleOutcome::Approved => "approved",
        ExampleOutcome::Officer => "officer",
        ExampleOutcome::Refused => "refused",
    });
    entries.add_if("outcome", outcome.map(Outline::text));
    entries.add_if("promised_due", expect.promised_due.map(|day| Outline::text(day.to_string())));
    entries.done()
}
