//! What a new version of a guide changes, in the words of an applicant; of an item,
//! of a bundle and of the register of certificate types likewise. Every part is taken
//! apart by name, so that a part added to the language cannot be left out here.
//! Examples alone are not told: nobody but the author reads them.

mod bundle;
mod certificate_types;
mod form;
mod handling;
mod item;
mod materials;
mod offer;
mod undone;
mod words;

#[cfg(test)]
mod tests;

pub use bundle::diff_bundles;
pub use certificate_types::diff_certificate_types;
pub use item::diff_items;
pub use undone::undone;

use serde::Serialize;

use super::model::{Guide, Scenario};
use crate::domain::text::Text;
use words::{arrow, joined, named, plain, quoted};

/// What a change is about; what an applicant asks first stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// 服务对象: who may apply at all.
    ServiceObject,
    /// What is applied for together, and in which order: the parts of a bundle.
    Part,
    /// 受理条件
    Condition,
    /// 申请材料
    Material,
    /// A field of the form, or a check across fields.
    Question,
    /// 收费
    Fee,
    /// 办件类型, 法定时限 and 承诺时限.
    TimeLimit,
    /// 到办事现场次数
    Visit,
    /// What is issued, and for how long it is valid.
    Result,
    /// How the result reaches the applicant.
    Delivery,
    /// How well the applicant must be known.
    Identity,
    /// 办理渠道
    OfferedThrough,
    /// 通办范围, and the region served.
    Region,
    /// 办理地点 and 办理时间.
    Venue,
    /// 咨询 and 监督投诉 numbers.
    Telephone,
    /// When the guide is in force.
    Effect,
    /// 业务办理项 and the questions that lead to them.
    Scenario,
    /// Decisions by rule.
    AutomaticDecision,
    /// 特别程序 and the steps of the flow.
    Procedure,
    /// The agency, and the codes.
    Agency,
    /// 法律依据
    Law,
    /// Names, explanations and search words: how it is said, not what holds.
    Wording,
}

/// One change, as a line for an applicant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub about: About,
    pub text: Text,
}

/// What `new` changes in `old`, in order of [`About`]; nothing for the same guide.
/// What a scenario changes beyond the guide as a whole carries the scenario's name.
pub fn diff(old: &Guide, new: &Guide) -> Vec<Change> {
    in_order(told(old, new))
}

fn in_order(told: Vec<Told>) -> Vec<Change> {
    let mut changes: Vec<Change> = told.into_iter().map(Told::into_change).collect();
    changes.sort_by_key(|change| change.about);
    changes
}

fn told(old: &Guide, new: &Guide) -> Vec<Told> {
    let names = new.scenarios.iter().chain(&old.scenarios);
    let names = names.map(|scenario| (scenario.code.clone(), scenario.name.clone())).collect();
    let mut teller = Teller { names, ..Teller::default() };
    whole(&mut teller, old, new);
    teller.told
}

/// Every part of the two guides.
fn whole(teller: &mut Teller, old: &Guide, new: &Guide) {
    let Guide {
        code,
        item,
        agency,
        region,
        summary,
        topics,
        service_objects,
        handling,
        identity,
        scenarios,
        questions,
        limits,
        special_procedures,
        fee,
        conditions,
        form,
        materials,
        flow,
        results,
        delivery,
        automatic,
        telephone,
        visits,
        cross_region,
        venues,
        channels,
        effective_from,
        effective_until,
        examples: _,
    } = old;
    offer::codes(teller, (code, agency, region), (&new.code, &new.agency, &new.region));
    offer::item(teller, item, &new.item);
    offer::words(teller, (summary, topics), (&new.summary, &new.topics));
    offer::service_objects(teller, service_objects, &new.service_objects);
    offer::identity(teller, *identity, new.identity);
    offer::telephone(teller, telephone, &new.telephone);
    offer::visits(teller, *visits, new.visits);
    offer::cross_region(teller, *cross_region, new.cross_region);
    offer::venues(teller, venues, &new.venues);
    offer::channels(teller, channels.as_ref(), new.channels.as_ref());
    offer::effect(teller, (*effective_from, *effective_until), (new.effective_from, new.effective_until));
    handling::kind(teller, *handling, new.handling);
    handling::limits(teller, *limits, new.limits);
    handling::fee(teller, fee, &new.fee);
    handling::special_procedures(teller, special_procedures, &new.special_procedures);
    handling::flow(teller, flow, &new.flow);
    handling::results(teller, results, &new.results);
    handling::delivery(teller, delivery, &new.delivery);
    handling::automatic(teller, automatic.as_ref(), new.automatic.as_ref());
    handling::conditions(teller, conditions, &new.conditions);
    form::form(teller, form, &new.form);
    materials::materials(teller, materials, &new.materials);
    handling::questions(teller, questions.as_ref(), new.questions.as_ref());
    in_scenarios(teller, (old, scenarios), (new, &new.scenarios));
}

type Whole<'a> = (&'a Guide, &'a [Scenario]);

/// The scenarios that came and went, and what each changes that the whole guide
/// does not say already: one that came, in what held for everybody; where none are
/// left, what holds for everybody in each. A scenario that goes on as before where
/// the whole guide changes is named there.
fn in_scenarios(teller: &mut Teller, (old_guide, old): Whole<'_>, (new_guide, new): Whole<'_>) {
    let by_code = Pairs::of(old, new, |scenario| scenario.code.clone());
    // One of the same name under another code is the same to an applicant.
    let by_name = Pairs::of(&by_code.dropped, &by_code.added, |scenario| scenario.name.zh.clone());
    for scenario in &by_name.added {
        came_or_went(teller, &scenario.name, ("新增办理情形", "one case more"));
    }
    for scenario in &by_name.dropped {
        came_or_went(teller, &scenario.name, ("取消办理情形", "one case fewer"));
    }
    if by_code.moved {
        teller.tell(About::Wording, "办理情形的先后顺序有调整", "the cases are listed in another order");
    }
    let renamed = by_name.kept.into_iter().map(|(old, new)| (*old, *new));
    for (old, new) in by_code.kept.into_iter().chain(renamed) {
        let Scenario { code, name, guide } = old;
        named(teller, About::Scenario, ("办理情形", "case"), name, &new.name);
        let called = quoted(&new.name);
        let (zh, en) = (format!("办理情形{}的代码", called.zh), format!("code of the case {}", called.en));
        arrow(teller, About::Scenario, (&zh, &en), &plain(code), &plain(&new.code));
        own(teller, &new.name, told(guide, &new.guide));
    }
    if !by_name.added.is_empty() {
        let before = shared(old_guide);
        for scenario in &by_name.added {
            own(teller, &scenario.name, told(&before, &scenario.guide));
        }
    }
    // Where others are left, nobody is handled as the whole guide says.
    for scenario in by_name.dropped.iter().filter(|_| new.is_empty()) {
        own(teller, &scenario.name, told(&scenario.guide, new_guide));
    }
}

fn came_or_went(teller: &mut Teller, name: &Text, (zh, en): (&str, &str)) {
    let name = quoted(name);
    teller.tell(About::Scenario, format!("{zh}：{}", name.zh), format!("{en}: {}", name.en));
}

/// The guide as a scenario of it would be that says nothing of its own.
fn shared(guide: &Guide) -> Guide {
    let mut shared = Guide { scenarios: Vec::new(), questions: None, ..guide.clone() };
    shared.conditions.retain(|condition| condition.scenarios.is_empty());
    shared.materials.retain(|material| material.scenarios.is_empty());
    shared.form.fields.retain(|field| field.scenarios.is_empty());
    shared.form.rules.retain(|rule| rule.scenarios.is_empty());
    shared
}

/// What changes in a scenario: what the whole guide says does not hold in it, and
/// what it does not say, under the scenario's name.
fn own(teller: &mut Teller, name: &Text, own: Vec<Told>) {
    for change in teller.told.iter_mut().filter(|change| change.may_be_a_scenarios_own()) {
        if !own.iter().any(|told| told.says(change)) {
            change.except.push(name.clone());
        }
    }
    let name = quoted(name);
    for mut told in own {
        if teller.has(&told) {
            continue;
        }
        told.text = Text::new(
            format!("情形{}：{}", name.zh, told.text.zh),
            format!("in the case {}: {}", name.en, told.text.en),
        );
        told.of_scenario = true;
        teller.told.push(told);
    }
}

/// A change before it is a line.
#[derive(Debug)]
struct Told {
    about: About,
    text: Text,
    /// The names of the only scenarios it holds in; empty: everywhere.
    only: Vec<Text>,
    /// The names of the scenarios it does not hold in.
    except: Vec<Text>,
    of_scenario: bool,
}

impl Told {
    fn into_change(self) -> Change {
        let Self { about, mut text, only, except, of_scenario: _ } = self;
        for (zh, en, names) in
            [("仅限情形", "only in the case", &only), ("除外情形", "not in the case", &except)]
        {
            if !names.is_empty() {
                let names = joined(names);
                text = Text::new(
                    format!("{}（{zh}：{}）", text.zh, names.zh),
                    format!("{} ({en}: {})", text.en, names.en),
                );
            }
        }
        Change { about, text }
    }

    fn says(&self, other: &Self) -> bool {
        self.about == other.about && self.text == other.text
    }

    /// Whether a scenario may say something else of it.
    fn may_be_a_scenarios_own(&self) -> bool {
        match self.about {
            About::Fee
            | About::TimeLimit
            | About::Visit
            | About::Result
            | About::AutomaticDecision
            | About::Procedure => self.only.is_empty() && !self.of_scenario,
            About::ServiceObject
            | About::Part
            | About::Condition
            | About::Material
            | About::Question
            | About::Delivery
            | About::Identity
            | About::OfferedThrough
            | About::Region
            | About::Venue
            | About::Telephone
            | About::Effect
            | About::Scenario
            | About::Agency
            | About::Law
            | About::Wording => false,
        }
    }
}

/// Collects what there is to tell.
#[derive(Debug, Default)]
struct Teller {
    told: Vec<Told>,
    only: Vec<Text>,
    /// What the scenarios are called, by code.
    names: Vec<(String, Text)>,
}

impl Teller {
    fn tell(&mut self, about: About, zh: impl Into<String>, en: impl Into<String>) {
        let (only, except) = (self.only.clone(), Vec::new());
        self.told.push(Told { about, text: Text::new(zh, en), only, except, of_scenario: false });
    }

    /// Tells something of the entries that belong to these scenarios alone; with
    /// none, they belong wherever what holds them does.
    fn within(&mut self, scenarios: &[String], tell: impl FnOnce(&mut Self)) {
        let only = match scenarios {
            [] => self.only.clone(),
            codes => self.called(codes),
        };
        let before = std::mem::replace(&mut self.only, only);
        tell(self);
        self.only = before;
    }

    /// The names of scenarios; one without a name goes by its code.
    fn called(&self, codes: &[String]) -> Vec<Text> {
        let name = |code: &String| self.names.iter().find(|(known, _)| known == code);
        codes.iter().map(|code| name(code).map_or_else(|| plain(code), |(_, name)| name.clone())).collect()
    }

    fn has(&self, other: &Told) -> bool {
        self.told.iter().any(|told| told.says(other))
    }

    /// Which scenarios an entry belongs to.
    fn belonging(&mut self, about: About, name: &Text, old: &[String], new: &[String]) {
        let words = |teller: &Self, codes: &[String]| match codes {
            [] => Text::new("所有情形", "every case"),
            codes => joined(&teller.called(codes)),
        };
        if differ(old, new) {
            let zh = format!("{}适用的情形", quoted(name).zh);
            let en = format!("cases that {} belongs to", quoted(name).en);
            let (old, new) = (words(self, old), words(self, new));
            arrow(self, about, (&zh, &en), &old, &new);
        } else if old != new {
            let name = quoted(name);
            self.tell(
                About::Wording,
                format!("{}适用情形的先后顺序有调整", name.zh),
                format!("the cases that {} belongs to come in another order", name.en),
            );
        }
    }
}

/// Whether two sets differ; their order does not count.
fn differ<T: PartialEq>(old: &[T], new: &[T]) -> bool {
    old.iter().any(|value| !new.contains(value)) || new.iter().any(|value| !old.contains(value))
}

/// The entries of two lists, by what tells them apart.
struct Pairs<'a, T> {
    kept: Vec<(&'a T, &'a T)>,
    dropped: Vec<&'a T>,
    added: Vec<&'a T>,
    /// Whether those in both stand in another order.
    moved: bool,
}

impl<'a, T> Pairs<'a, T> {
    fn of<K: PartialEq>(old: &'a [T], new: &'a [T], key: impl Fn(&T) -> K) -> Self {
        let mut places: Vec<usize> = Vec::new();
        let mut pairs = Self { kept: Vec::new(), dropped: Vec::new(), added: Vec::new(), moved: false };
        // Each with one other at the most: of two results of a name one may go.
        for entry in old {
            let mut free = new.iter().enumerate().filter(|(place, _)| !places.contains(place));
            match free.find(|(_, other)| key(other) == key(entry)) {
                Some((place, other)) => {
                    places.push(place);
                    pairs.kept.push((entry, other));
                }
                None => pairs.dropped.push(entry),
            }
        }
        let others = new.iter().enumerate().filter(|(place, _)| !places.contains(place));
        pairs.added = others.map(|(_, entry)| entry).collect();
        pairs.moved = !places.is_sorted();
        pairs
    }
}
