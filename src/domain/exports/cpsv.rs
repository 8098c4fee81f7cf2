//! A guide as linked data: the Core Public Service Vocabulary Application Profile
//! (CPSV-AP) 3.2.0 in JSON-LD. The context is part of the document, so that it can
//! be read without fetching anything; its terms are those of the profile.
//!
//! Resources are named below the guide's address: `…#material-hukou_book`. Without
//! a portal's address they stand below `urn:wanshitong:guides:CODE`.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::{About, Handout, Open, words};
use crate::domain::codes::ServiceObject;
use crate::domain::guides::{
    Condition, DayUnit, Download, Fee, Guide, LegalBasis, Limit, Material, MaterialSource, OfferedChannel,
    Venue,
};
use crate::domain::text::Text;

mod context;

use context::context;

/// The EU's list of languages, by which the profile names them.
const LANGUAGES: [&str; 2] = [
    "http://publications.europa.eu/resource/authority/language/ZHO",
    "http://publications.europa.eu/resource/authority/language/ENG",
];
const YUAN: &str = "http://publications.europa.eu/resource/authority/currency/CNY";
const RESPONSIBLE: &str = "http://data.europa.eu/m8g/CompetentAuthority";

/// What may stand in no address (RFC 3986), and did in some of old.
const IN_NO_ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The document.
pub fn cpsv(guide: &Guide, about: &About<'_>) -> Value {
    let of = Of { guide, about, base: base(guide, about) };
    json!({ "@context": context(), "@graph": of.graph() })
}

fn base(guide: &Guide, about: &About<'_>) -> String {
    match about.base_url {
        Some(url) => format!("{url}/api/v1/guides/{}", guide.code),
        None => format!("urn:wanshitong:guides:{}", guide.code),
    }
}

struct Of<'a> {
    guide: &'a Guide,
    about: &'a About<'a>,
    base: String,
}

impl Of<'_> {
    fn iri(&self, part: &str) -> String {
        format!("{}#{part}", self.base)
    }

    /// A resource of this guide: its type, its part of the address, what it says.
    fn node(&self, types: &str, part: &str, says: Value) -> Value {
        let types: Value = types.split(' ').map(Value::from).collect();
        let mut node = json!({ "@id": self.iri(part), "@type": types, "identifier": part });
        if let (Value::Object(node), Value::Object(says)) = (&mut node, says) {
            node.extend(says.into_iter().filter(|(_, value)| !value.is_null()));
        }
        node
    }

    fn graph(&self) -> Vec<Value> {
        let guide = self.guide;
        let mut graph =
            vec![self.service(), self.agency(), self.region(), self.participation(), self.contact()];
        graph.extend(LANGUAGES.map(|iri| json!({ "@id": iri, "@type": "dct:LinguisticSystem" })));
        graph.push(json!({ "@id": YUAN, "@type": "skos:Concept" }));
        graph.push(concept(RESPONSIBLE, &Text::new("主管部门", "Competent authority"), None));
        graph.extend(self.ways().iter().map(|way| self.way(*way)));
        graph.extend(guide.venues.iter().enumerate().flat_map(|(index, venue)| self.venue(index, venue)));
        graph.extend(self.bases().enumerate().map(|(index, basis)| self.legal_resource(index, basis)));
        graph.push(self.rule());
        graph.extend(guide.conditions.iter().map(|condition| self.requirement(condition)));
        graph.extend(guide.materials.iter().flat_map(|material| self.evidence(material)));
        graph.extend(self.outputs());
        graph.extend(self.costs());
        graph.extend(guide.item.life_events.iter().map(|event| self.event(event)));
        graph.extend(
            guide
                .topics
                .iter()
                .map(|topic| self.concept_of("topic", topic, &Text::new(topic.as_str(), topic.as_str()))),
        );
        graph.extend(guide.service_objects.iter().map(|object| self.audience(*object)));
        let kind = guide.item.item_type;
        graph.push(self.concept_of("item-type", kind.as_str(), &kind.text()));
        let status = self.status();
        graph.push(self.concept_of("status", status.0, &status.1));
        graph
    }

    fn service(&self) -> Value {
        let guide = self.guide;
        let ids = |parts: Vec<String>| -> Value { parts.into_iter().map(|part| self.iri(&part)).collect() };
        let all = |name: &str, count: usize| ids((0..count).map(|index| format!("{name}-{index}")).collect());
        let mut keywords: Vec<Value> =
            guide.item.aliases.iter().map(|alias| json!({ "@value": alias, "@language": "zh" })).collect();
        keywords.extend(guide.scenarios.iter().flat_map(|scenario| both(&scenario.name)));
        let mut node = json!({
            "@id": self.base,
            "@type": "cpsv:PublicService",
            "identifier": guide.code.as_str(),
            "title": both(&guide.item.name),
            "description": both(&guide.summary),
            "keyword": keywords,
            "language": LANGUAGES,
            "processingTime": self.processing_time(),
            "hasCompetentAuthority": self.iri("agency"),
            "hasParticipation": self.iri("participation"),
            "spatial": self.iri("region"),
            "contactPoint": self.iri("contact"),
            "follows": self.iri("rule"),
            "hasCost": self.costs().iter().map(|cost| cost["@id"].clone()).collect::<Value>(),
            "status": self.iri(&format!("status-{}", self.status().0)),
            "kind": self.iri(&format!("item-type-{}", guide.item.item_type.as_str())),
            "hasLegalResource": all("law", self.bases().count()),
            "produces": all("result", self.outputs().len()),
        });
        let lists = [
            ("hasChannel", ids(self.ways().iter().map(|way| format!("channel-{}", way.number())).collect())),
            (
                "holdsRequirement",
                ids(guide.conditions.iter().map(|one| format!("condition-{}", one.code)).collect()),
            ),
            ("hasInput", ids(guide.materials.iter().map(|one| format!("material-{}", one.code)).collect())),
            ("isGroupedBy", ids(guide.item.life_events.iter().map(|one| format!("event-{one}")).collect())),
            ("thematicArea", ids(guide.topics.iter().map(|one| format!("topic-{one}")).collect())),
            (
                "audience",
                ids(guide.service_objects.iter().map(|one| format!("audience-{}", one.code())).collect()),
            ),
        ];
        for (key, list) in lists {
            if let (Value::Object(node), false) = (&mut node, list == json!([])) {
                node.insert(key.to_owned(), list);
            }
        }
        node
    }

    fn agency(&self) -> Value {
        let name = self.about.agency_name(self.guide);
        let mut says =
            json!({ "prefLabel": both(&name), "title": both(&name), "spatial": self.iri("region") });
        let venues = 0..self.guide.venues.len();
        if !venues.is_empty() {
            says["address"] = venues.map(|index| self.iri(&format!("venue-{index}"))).collect();
        }
        let types = "cv:PublicOrganisation org:Organization foaf:Agent";
        self.named(types, "agency", self.guide.agency.as_str(), says)
    }

    /// A resource that is known by a code of its own.
    fn named(&self, types: &str, part: &str, identifier: &str, says: Value) -> Value {
        let mut node = self.node(types, part, says);
        node["identifier"] = Value::from(identifier);
        node
    }

    fn region(&self) -> Value {
        let name = self.about.region_name(self.guide);
        let label = json!({ "@value": name, "@language": "zh" });
        self.named("dct:Location", "region", self.guide.region.as_str(), json!({ "prefLabel": label }))
    }

    fn participation(&self) -> Value {
        let says = Text::new("负责受理并作出决定", "Takes the applications and decides on them");
        let says = json!({
            "role": RESPONSIBLE, "hasParticipant": self.iri("agency"), "description": both(&says),
        });
        self.node("cv:Participation", "participation", says)
    }

    fn contact(&self) -> Value {
        let telephone = &self.guide.telephone;
        let numbers = json!([telephone.enquiry, telephone.complaint]);
        self.node("cv:ContactPoint", "contact", json!({ "telephone": numbers }))
    }

    fn ways(&self) -> Vec<OfferedChannel> {
        words::offered(self.guide)
    }

    fn way(&self, way: OfferedChannel) -> Value {
        let mut says = json!({ "description": both(&words::way(way)), "ownedBy": self.iri("agency") });
        let count = self.guide.venues.len();
        if way == OfferedChannel::Window && count > 0 {
            let hours = (0..count).map(|index| self.iri(&format!("venue-{index}-hours")));
            says["openingHours"] = hours.collect();
        }
        self.node("cv:Channel", &format!("channel-{}", way.number()), says)
    }

    /// Where it is, and when it is open.
    fn venue(&self, index: usize, venue: &Venue) -> [Value; 2] {
        let address = json!({ "prefLabel": both(&venue.name), "fullAddress": both(&venue.address) });
        let hours = Text::new(
            format!("{}：{}", venue.name.zh, venue.hours.zh),
            format!("{}: {}", venue.name.en, venue.hours.en),
        );
        [
            self.node("locn:Address", &format!("venue-{index}"), address),
            json!({
                "@id": self.iri(&format!("venue-{index}-hours")),
                "@type": "http://www.w3.org/2006/time#TemporalEntity",
                "description": both(&hours),
            }),
        ]
    }

    fn bases(&self) -> impl Iterator<Item = &LegalBasis> {
        self.guide.item.legal_basis.iter().chain(self.guide.channels.iter().map(|limit| &limit.basis))
    }

    fn legal_resource(&self, index: usize, basis: &LegalBasis) -> Value {
        let words = format!("{}　{}", basis.article, basis.text);
        let says = json!({
            "title": both(&basis.law), "description": [{ "@value": words, "@language": "zh" }],
        });
        self.node("eli:LegalResource", &format!("law-{index}"), says)
    }

    /// How it is handled, which the law is behind.
    fn rule(&self) -> Value {
        let steps = words::by_scenario(self.guide, |guide| {
            vec![words::joined(&guide.flow, |step| step.name.clone())]
        });
        let steps = steps.into_iter().map(|(steps, scenarios)| match words::names(self.guide, &scenarios) {
            None => steps,
            Some(Text { zh, en }) => Text::new(format!("{zh}：{}", steps.zh), format!("{en}: {}", steps.en)),
        });
        let steps = one_text(&steps.collect::<Vec<_>>());
        let laws: Vec<String> =
            (0..self.bases().count()).map(|index| self.iri(&format!("law-{index}"))).collect();
        let says = json!({
            "title": both(&Text::new("办理流程", "How it is handled")),
            "description": both(&steps), "implements": laws, "language": LANGUAGES,
        });
        self.node("cpsv:Rule", "rule", says)
    }

    fn requirement(&self, condition: &Condition) -> Value {
        let only = self.only(&condition.scenarios).as_ref().map(both);
        let says = json!({ "title": both(&condition.text), "description": only });
        self.node("cv:Requirement", &format!("condition-{}", condition.code), says)
    }

    /// The material, and the kind of document it is where a certificate is one.
    fn evidence(&self, material: &Material) -> Vec<Value> {
        let part = format!("material-{}", material.code);
        let mut notes = vec![words::source(material)];
        notes.extend(words::necessity(&material.required));
        notes.extend(words::paper(material));
        notes.extend([&material.help, &material.standard].into_iter().flatten().cloned());
        notes.extend(self.only(&material.scenarios));
        let notes = one_text(&notes);
        let pages = self.pages(material);
        let mut says =
            json!({ "title": both(&material.name), "description": both(&notes), "language": LANGUAGES });
        if !pages.is_empty() {
            says["page"] = pages.iter().map(|page| page["@id"].clone()).collect();
        }
        let mut nodes = match &material.source {
            MaterialSource::Own | MaterialSource::Shared { .. } => {
                vec![self.node("cv:Evidence", &part, says)]
            }
            MaterialSource::Certificate { certificate_type } => {
                let kind = format!("{part}-type");
                says["conformsTo"] = Value::from(self.iri(&kind));
                let type_says = json!({ "prefLabel": both(&material.name) });
                let kind = self.named("cv:EvidenceType", &kind, certificate_type.as_str(), type_says);
                vec![self.node("cv:Evidence", &part, says), kind]
            }
        };
        nodes.extend(pages);
        nodes
    }

    /// The form and the sample of a material, where they have an address.
    fn pages(&self, material: &Material) -> Vec<Value> {
        let pages = [Handout::BlankForm, Handout::Sample].into_iter().filter_map(|handout| {
            let address = match handout.of(material)? {
                Download::Url(url) => utf8_percent_encode(url, IN_NO_ADDRESS).to_string(),
                Download::Text(_) if self.about.base_url.is_none() => return None,
                Download::Text(_) => {
                    format!("{}/materials/{}/{}", self.base, material.code, handout.as_str())
                }
            };
            Some(json!({ "@id": address, "@type": "foaf:Document", "title": both(&handout.title()) }))
        });
        pages.collect()
    }

    /// The scenarios something is limited to, where it is.
    fn only(&self, scenarios: &[impl AsRef<str>]) -> Option<Text> {
        let names = words::names(self.guide, scenarios)?;
        Some(Text::new(format!("仅限：{}", names.zh), format!("Only for: {}", names.en)))
    }

    /// What is issued, in whichever scenario.
    fn outputs(&self) -> Vec<Value> {
        let results =
            words::by_scenario(self.guide, |guide| guide.results.iter().map(words::result).collect());
        let output = |(index, (name, scenarios)): (usize, (Text, Vec<&str>))| {
            let only = self.only(&scenarios).as_ref().map(both);
            let says = json!({ "title": both(&name), "description": only, "language": LANGUAGES });
            self.node("cv:Output", &format!("result-{index}"), says)
        };
        results.into_iter().enumerate().map(output).collect()
    }

    /// What it costs, in whichever scenario.
    fn costs(&self) -> Vec<Value> {
        let fees = words::by_scenario(self.guide, |guide| vec![&guide.fee]);
        let cost = |(index, (fee, scenarios)): (usize, (&Fee, Vec<&str>))| {
            let (fen, basis) = match fee {
                Fee::Free => (0, words::fee(fee)),
                Fee::Charged { amount_fen, basis } => (*amount_fen, basis.clone()),
            };
            let notes: Vec<Text> = std::iter::once(basis).chain(self.only(&scenarios)).collect();
            let says = json!({
                "hasValue": format!("{}.{:02}", fen / 100, fen % 100),
                "currency": YUAN, "description": both(&one_text(&notes)),
            });
            let part = if index == 0 { "cost".to_owned() } else { format!("cost-{index}") };
            self.node("cv:Cost", &part, says)
        };
        fees.into_iter().enumerate().map(cost).collect()
    }

    /// The longest it is promised to take, in whichever scenario.
    fn processing_time(&self) -> String {
        let promised = words::by_scenario(self.guide, |guide| vec![days(guide.limits.promised)]);
        format!("P{}D", promised.into_iter().map(|(days, _)| days).max().unwrap_or_default())
    }

    /// People have life events, businesses have business events.
    fn event(&self, event: &str) -> Value {
        let natural = self.guide.service_objects.contains(&ServiceObject::NaturalPerson);
        let kind = if natural { "cv:LifeEvent cv:Event" } else { "cv:BusinessEvent cv:Event" };
        let words = event.replace('_', " ");
        let says = json!({ "title": [{ "@value": words, "@language": "en" }] });
        self.node(kind, &format!("event-{event}"), says)
    }

    fn concept_of(&self, scheme: &str, code: &str, name: &Text) -> Value {
        concept(&self.iri(&format!("{scheme}-{code}")), name, Some(code))
    }

    fn audience(&self, object: ServiceObject) -> Value {
        self.concept_of("audience", &object.code().to_string(), &object.text())
    }

    fn status(&self) -> (&'static str, Text) {
        match self.about.open(self.guide) {
            Open::Until(_) => ("active", Text::new("在用", "Active")),
            Open::No => ("inactive", Text::new("停止办理", "No longer offered")),
        }
    }
}

fn concept(iri: &str, name: &Text, code: Option<&str>) -> Value {
    let mut node = json!({ "@id": iri, "@type": "skos:Concept", "prefLabel": both(name) });
    if let Some(code) = code {
        node["notation"] = Value::from(code);
    }
    node
}

fn both(text: &Text) -> Vec<Value> {
    vec![json!({ "@value": text.zh, "@language": "zh" }), json!({ "@value": text.en, "@language": "en" })]
}

fn one_text(notes: &[Text]) -> Text {
    Text::new(
        notes.iter().map(|note| note.zh.as_str()).collect::<Vec<_>>().join("；"),
        notes.iter().map(|note| note.en.as_str()).collect::<Vec<_>>().join("; "),
    )
}

/// ISO 8601 has no working days; five of them last a week, and what is left over is
/// counted as it is, which is the least it can take.
fn days(limit: Limit) -> u16 {
    match limit.unit {
        DayUnit::CalendarDay => limit.days,
        DayUnit::WorkingDay => limit.days / 5 * 7 + limit.days % 5,
    }
}
