//! What a printed guide says, in which order: one list of sections, from which
//! the page, the kiosk's slip and the words for the telephone are made, so that
//! all of them say the same.

use chrono::NaiveDate;

use super::{About, Handout, words};
use crate::domain::guides::{
    Download, Fee, Guide, LegalBasis, Material, MaterialSource, ResultKind, Scenario, Venue,
};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// A guide in sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub title: Text,
    /// The scenario it is for, where one was chosen.
    pub scenario: Option<Text>,
    pub summary: Text,
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// `basics`, `materials`…: stable, for anchors.
    pub code: &'static str,
    pub title: Text,
    pub part: Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Labels and values.
    Pairs(Vec<(Text, Text)>),
    /// Entries in no order that matters.
    List(Vec<Entry>),
    /// One after the other.
    Steps(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: Text,
    pub notes: Vec<Text>,
    /// The words of the law, which are Chinese in every language.
    pub quote: Option<String>,
    /// Pages to take away: what they are, and their addresses below the guide's.
    pub links: Vec<(Text, String)>,
}

impl Entry {
    fn named(name: Text) -> Self {
        Self { name, notes: Vec::new(), quote: None, links: Vec::new() }
    }
}

/// The sheet of a guide, or of one of its scenarios.
pub fn sheet(guide: &Guide, about: &About<'_>, scenario: Option<&str>) -> Sheet {
    let chosen = scenario.and_then(|code| guide.scenarios.iter().find(|one| one.code == code));
    let as_handled = chosen.map_or(guide, |scenario| &scenario.guide);
    let mut sections = vec![basics(as_handled, about)];
    if chosen.is_none() {
        add(&mut sections, "scenarios", "办理情形", "Situations", scenarios(guide));
    }
    let conditions = as_handled.conditions.iter().map(|condition| Entry {
        notes: only_for(guide, &condition.scenarios).into_iter().collect(),
        ..Entry::named(condition.text.clone())
    });
    add(&mut sections, "conditions", "受理条件", "Who may apply", conditions.collect());
    let materials = as_handled.materials.iter().map(|one| material(guide, one));
    add(&mut sections, "materials", "申请材料", "What is needed", materials.collect());
    let steps = as_handled
        .flow
        .iter()
        .map(|step| Entry { notes: vec![words::role(step.role)], ..Entry::named(step.name.clone()) });
    let part = Part::Steps(steps.collect());
    sections.push(Section { code: "flow", title: Text::new("办理流程", "How it is handled"), part });
    let results = words::by_scenario(as_handled, |guide| guide.results.iter().collect());
    let results = results.into_iter().map(|(one, scenarios)| {
        let mut entry = result(one);
        entry.notes.extend(only_for(guide, &scenarios));
        entry
    });
    add(&mut sections, "results", "办理结果", "What you receive", results.collect());
    add(&mut sections, "venues", "办理地点", "Where to go", venues(as_handled));
    add(&mut sections, "legal_basis", "设定依据", "Legal basis", bases(as_handled));
    Sheet {
        title: guide.item.name.clone(),
        scenario: chosen.map(|scenario| scenario.name.clone()),
        summary: guide.summary.clone(),
        sections,
    }
}

fn add(sections: &mut Vec<Section>, code: &'static str, zh: &str, en: &str, entries: Vec<Entry>) {
    if !entries.is_empty() {
        sections.push(Section { code, title: Text::new(zh, en), part: Part::List(entries) });
    }
}

fn basics(guide: &Guide, about: &About<'_>) -> Section {
    let mut pairs = Vec::new();
    let mut pair = |zh: &str, en: &str, value: Text| pairs.push((Text::new(zh, en), value));
    let same = |value: String| Text::new(value.clone(), value);
    pair("实施主体", "Agency", about.agency_name(guide));
    pair("服务区域", "Region", same(about.region_name(guide)));
    pair("服务对象", "For whom", words::objects(&guide.service_objects));
    pair("事项类型", "Kind of act", guide.item.item_type.text());
    pair("办件类型", "Kind of handling", words::handling(guide.handling));
    pair("法定时限", "Time limit by law", words::limit(guide.limits.legal));
    pair("承诺时限", "Promised time", words::limit(guide.limits.promised));
    if !guide.special_procedures.is_empty() {
        let procedures = words::joined(guide.special_procedures.iter().copied(), words::procedure);
        pair("不计入时限", "Not counted in the time", procedures);
    }
    pair("收费", "Fee", words::fee(&guide.fee));
    if let Fee::Charged { basis, .. } = &guide.fee {
        pair("收费依据", "Basis of the fee", basis.clone());
    }
    pair("到现场次数", "Visits", words::visits(guide.visits));
    pair("通办范围", "Where to apply", words::cross_region(guide.cross_region));
    pair("办理形式", "How to apply", words::joined(words::offered(guide), words::way));
    pair(
        "结果送达",
        "How the result arrives",
        words::joined(guide.delivery.iter().copied(), words::delivery),
    );
    pair("咨询电话", "Enquiries", same(guide.telephone.enquiry.clone()));
    pair("投诉电话", "Complaints", same(guide.telephone.complaint.clone()));
    let day = |day: NaiveDate| same(day.to_string());
    if let Some(from) = guide.effective_from {
        pair("生效日期", "In force from", day(from));
    }
    if let Some(until) = guide.effective_until {
        pair("受理截止日期", "Applications until", day(until));
    }
    if let Some(at) = about.withdrawn_at {
        pair("停止办理", "No applications from", day(local_date(at)));
    }
    pair("实施编码", "Code of the guide", same(guide.code.to_string()));
    if let (Some(version), Some(at)) = (about.version, about.published_at) {
        let at = local_date(at);
        let words = Text::new(format!("第{version}版，{at}发布"), format!("{version}, published on {at}"));
        pair("版本", "Version", words);
    }
    Section { code: "basics", title: Text::new("基本信息", "At a glance"), part: Part::Pairs(pairs) }
}

/// The scenarios, each with what it says otherwise than the guide.
fn scenarios(guide: &Guide) -> Vec<Entry> {
    let common = terms(guide);
    let entry = |scenario: &Scenario| {
        let own = terms(&scenario.guide).into_iter().zip(&common).filter(|(own, common)| own != *common);
        let notes = own.map(|((zh, en, value), _)| {
            Text::new(format!("{zh}：{}", value.zh), format!("{en}: {}", value.en))
        });
        Entry { notes: notes.collect(), ..Entry::named(scenario.name.clone()) }
    };
    guide.scenarios.iter().map(entry).collect()
}

/// What a scenario may say otherwise than its guide.
fn terms(guide: &Guide) -> [(&'static str, &'static str, Text); 7] {
    [
        ("办件类型", "Kind of handling", words::handling(guide.handling)),
        ("法定时限", "Time limit by law", words::limit(guide.limits.legal)),
        ("承诺时限", "Promised time", words::limit(guide.limits.promised)),
        ("收费", "Fee", words::fee(&guide.fee)),
        ("到现场次数", "Visits", words::visits(guide.visits)),
        ("办理流程", "How it is handled", words::joined(&guide.flow, |step| step.name.clone())),
        ("办理结果", "What you receive", words::joined(&guide.results, words::result)),
    ]
}

/// In which situations an entry counts, where not in all.
fn only_for(guide: &Guide, scenarios: &[impl AsRef<str>]) -> Option<Text> {
    let names = words::names(guide, scenarios)?;
    Some(Text::new(format!("适用于：{}", names.zh), format!("Only for: {}", names.en)))
}

fn material(guide: &Guide, material: &Material) -> Entry {
    let mut notes: Vec<Text> = words::necessity(&material.required).into_iter().collect();
    notes.push(words::source(material));
    notes.extend(words::paper(material));
    notes.extend(material.help.clone());
    if let Some(standard) = &material.standard {
        notes.push(Text::new(format!("受理标准：{}", standard.zh), format!("It must be: {}", standard.en)));
    }
    if let Some(why) = &material.own_because {
        notes.push(Text::new(
            format!("须自备的理由：{}", why.zh),
            format!("Why you have to bring it: {}", why.en),
        ));
    }
    if material.promise_allowed {
        notes.push(Text::new("可以书面承诺代替", "A signed promise may stand in for it"));
    }
    if material.deferrable {
        notes.push(Text::new("可以容缺后补", "It may follow after acceptance"));
    }
    if let Some(reuse) = material.reuse {
        let days = reuse.within_days;
        notes.push(Text::new(
            format!("{days}天内提交过的，不用再交"),
            format!("One handed in within {days} days serves again"),
        ));
    }
    notes.extend(only_for(guide, &material.scenarios));
    let links = [Handout::BlankForm, Handout::Sample].into_iter().filter_map(|handout| {
        let address = match handout.of(material)? {
            Download::Url(url) => url.clone(),
            Download::Text(_) => format!("/materials/{}/{}", material.code, handout.as_str()),
        };
        Some((handout.title(), address))
    });
    Entry { notes, links: links.collect(), ..Entry::named(material.name.clone()) }
}

fn result(result: &ResultKind) -> Entry {
    match result {
        ResultKind::Certificate { name, valid_months, .. } => {
            let valid = match valid_months {
                Some(months) => Text::new(
                    format!("电子证照，有效期{months}个月"),
                    format!("Electronic certificate, valid for {months} months"),
                ),
                None => Text::new("电子证照，长期有效", "Electronic certificate that does not expire"),
            };
            Entry { notes: vec![valid], ..Entry::named(name.clone()) }
        }
        ResultKind::Letter { name } => Entry::named(name.clone()),
    }
}

fn venues(guide: &Guide) -> Vec<Entry> {
    let entry = |venue: &Venue| {
        let mut notes = vec![venue.address.clone(), venue.hours.clone()];
        notes.extend(venue.telephone.clone().map(|number| Text::new(number.clone(), number)));
        Entry { notes, ..Entry::named(venue.name.clone()) }
    };
    guide.venues.iter().map(entry).collect()
}

fn bases(guide: &Guide) -> Vec<Entry> {
    let limiting = guide.channels.iter().map(|limit| &limit.basis);
    let entry = |basis: &LegalBasis| Entry {
        quote: Some(format!("{}　{}", basis.article, basis.text)),
        ..Entry::named(basis.law.clone())
    };
    guide.item.legal_basis.iter().chain(limiting).map(entry).collect()
}

impl Sheet {
    /// The section of this code, if there is anything in it.
    pub fn section(&self, code: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.code == code)
    }
}

/// Whether somebody has to hand it in, or may have to.
pub(super) fn is_handed_in(material: &Material) -> bool {
    !matches!(material.source, MaterialSource::Shared { .. })
}
