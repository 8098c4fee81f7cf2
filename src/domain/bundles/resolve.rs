//! Which guide a part is: that of its item that serves the bundle's region, the
//! nearest agency's where several do; and what a bundle is about, since its guides are.

use std::collections::BTreeSet;

use crate::domain::codes::{RegionCode, ServiceObject};
use crate::domain::guides::{Bundle, Guide, Implements, Part};

/// What a bundle wants to know of the guides in force: a guide says it, and a light
/// line of one.
pub trait InForce {
    fn code(&self) -> &str;
    /// The item's basic code.
    fn item(&self) -> &str;
    fn region(&self) -> &RegionCode;
    fn topics(&self) -> &[String];
    fn service_objects(&self) -> &[ServiceObject];
}

impl InForce for Guide {
    fn code(&self) -> &str {
        self.code.as_str()
    }

    fn item(&self) -> &str {
        self.item.basic_code.as_str()
    }

    fn region(&self) -> &RegionCode {
        &self.region
    }

    fn topics(&self) -> &[String] {
        &self.topics
    }

    fn service_objects(&self) -> &[ServiceObject] {
        &self.service_objects
    }
}

/// The guide of a part among those in force.
pub fn serving<'g, G: InForce>(
    implements: &Implements,
    region: &RegionCode,
    guides: impl IntoIterator<Item = &'g G>,
) -> Option<&'g G> {
    let mut guides = guides.into_iter();
    match implements {
        Implements::Guide(code) => guides.find(|guide| guide.code() == code.as_str()),
        Implements::Item(item) => guides
            .filter(|guide| guide.item() == item.as_str() && guide.region().contains(region))
            .max_by(|a, b| {
                let near = |guide: &G| guide.region().significant().len();
                near(a).cmp(&near(b)).then_with(|| b.code().cmp(a.code()))
            }),
    }
}

/// What a bundle is about and whom it is for. Its file says neither.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Those of all its guides, each once, in order.
    pub topics: Vec<String>,
    /// Whom the guides serve that it begins with, each once, in order.
    pub service_objects: Vec<ServiceObject>,
}

impl Scope {
    /// A part without a guide in force says nothing.
    pub fn of<'g, G: InForce + 'g>(bundle: &Bundle, guide: impl Fn(&Part) -> Option<&'g G>) -> Self {
        let (mut topics, mut served) = (BTreeSet::new(), BTreeSet::new());
        for part in &bundle.parts {
            let Some(guide) = guide(part) else { continue };
            topics.extend(guide.topics().iter().cloned());
            if part.is_first() {
                served.extend(guide.service_objects().iter().copied());
            }
        }
        Self { topics: topics.into_iter().collect(), service_objects: served.into_iter().collect() }
    }
}
