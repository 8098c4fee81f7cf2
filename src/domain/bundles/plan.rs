//! A bundle bound to the guides it names. What is asked where follows from the
//! guides, so that nobody can forget a field and nothing is asked twice.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{self, Misfit};
use super::graph::{Graph, length};
use crate::domain::codes::CertificateType;
use crate::domain::guides::{
    Bundle, Field, FieldKind, Form, Given, Guide, Limit, Material, MaterialSource, Part, Prefill,
};
use crate::domain::text::Text;

#[derive(Debug, Clone)]
pub struct Plan {
    pub bundle: Bundle,
    pub graph: Graph,
    /// In the order of the bundle.
    pub parts: Vec<Planned>,
    /// What is handed in, each once.
    pub materials: Vec<JointMaterial>,
}

/// A part with the guide that serves it.
#[derive(Debug, Clone)]
pub struct Planned {
    pub part: Part,
    /// As it is handled in the part's scenario.
    pub guide: Guide,
    /// What is asked for this part alone.
    pub section: Form,
    /// Fields that a certificate of an earlier part will say: the field → that part.
    pub fed: BTreeMap<String, String>,
    /// What each of those is filled in from.
    pub sources: BTreeMap<String, Prefill>,
    /// Materials that a certificate of an earlier part will be: the material → that part.
    pub fed_materials: BTreeMap<String, String>,
}

/// A document that is handed in, for one part or for several.
#[derive(Debug, Clone, PartialEq)]
pub struct JointMaterial {
    /// That of the shared material, or `part.material`.
    pub code: String,
    pub name: Text,
    pub help: Option<Text>,
    /// Part and the code of the material there. Never empty.
    pub serves: Vec<(String, String)>,
}

impl Plan {
    /// Binds a bundle to guides. What does not fit is told; a part whose guide is
    /// not found is left out of the plan.
    pub fn bind(bundle: Bundle, resolve: &dyn Fn(&Part) -> Option<Guide>) -> (Self, Vec<Misfit>) {
        let graph = Graph::from(&bundle);
        let mut misfits = check::of_the_bundle(&bundle, &graph);
        let mut found: Vec<(Part, Guide)> = Vec::new();
        for (index, part) in bundle.parts.iter().enumerate() {
            match resolve(part) {
                Some(guide) => {
                    misfits.extend(check::scenario(index, part, &guide));
                    let handled = guide.handled_as(part.scenario.as_deref()).clone();
                    found.push((part.clone(), handled));
                }
                None => misfits.push(check::no_guide(index, part, &bundle)),
            }
        }
        let parts: Vec<Planned> =
            found.iter().map(|(part, guide)| planned(part, guide, &found, &graph, &bundle)).collect();
        let materials = materials(&bundle, &parts);
        let plan = Self { bundle, graph, parts, materials };
        misfits.extend(check::against_guides(&plan));
        misfits.sort_by(|a, b| a.path.cmp(&b.path));
        misfits.dedup();
        (plan, misfits)
    }

    pub fn part(&self, code: &str) -> Option<&Planned> {
        self.parts.iter().find(|planned| planned.part.code == code)
    }

    pub fn material(&self, code: &str) -> Option<&JointMaterial> {
        self.materials.iter().find(|material| material.code == code)
    }

    /// What a new file of it is refused for, besides what does not fit.
    pub fn faults_of_a_new_file(&self) -> Vec<Misfit> {
        check::of_a_new_file(self)
    }

    /// Whether every part has its guide, as it is handled in a scenario there is.
    pub(super) fn is_whole(&self) -> bool {
        self.parts.len() == self.bundle.parts.len() && self.parts.iter().all(Planned::is_settled)
    }

    /// Whether it is certain what this part asks for: its scenario is known, and all that
    /// comes before it and may supply answers.
    pub(super) fn is_certain(&self, planned: &Planned) -> bool {
        let before = self.graph.before(planned.code());
        let is_known = |code: &&str| self.part(code).is_some_and(Planned::is_settled);
        planned.is_settled() && self.graph.is_settled(planned.code()) && before.iter().all(is_known)
    }

    /// The longest way through the promised limits of the parts, and all of them together;
    /// comparable with [`length`]. None where they go in a circle.
    pub(super) fn bounds(&self) -> Option<(u32, u32)> {
        let of = |code: &str| self.part(code).map_or(0, |planned| length(planned.guide.limits.promised));
        let sum = self.parts.iter().map(|planned| of(planned.code())).sum();
        Some((self.graph.longest(&of)?, sum))
    }

    pub fn promised(&self) -> Limit {
        self.bundle.promised
    }
}

impl Planned {
    pub fn code(&self) -> &str {
        &self.part.code
    }

    /// Whether the guide is as it is handled in the part's scenario; where there is no such
    /// scenario, it is that of all of them.
    pub(super) fn is_settled(&self) -> bool {
        self.guide.scenarios.is_empty()
    }

    /// Whether nothing is said of this field. Where `facts` names what is no field, that may
    /// be it, with a mistake in its name.
    pub(super) fn leaves_out(&self, field: &Field) -> bool {
        let mut names = self.part.facts.keys();
        names.all(|name| *name != field.name && self.guide.form.field(name).is_some())
    }

    pub fn material(&self, code: &str) -> Option<&Material> {
        self.guide.materials.iter().find(|material| material.code == code)
    }

    /// The types of the certificates earlier parts supply to it.
    pub fn fed_types(&self) -> BTreeSet<CertificateType> {
        let answered = self.sources.values().filter_map(Prefill::certificate_type);
        let fed = self.guide.materials.iter().filter(|one| self.fed_materials.contains_key(&one.code));
        let handed_in = fed.filter_map(|material| match &material.source {
            MaterialSource::Certificate { certificate_type } => Some(certificate_type),
            MaterialSource::Own | MaterialSource::Shared { .. } => None,
        });
        answered.chain(handed_in).cloned().collect()
    }

    /// The fields the applicant may answer for this part: those that nothing shared
    /// or fixed answers.
    pub fn open_form(&self) -> Form {
        let is_open = |field: &&Field| {
            !matches!(self.part.facts.get(&field.name), Some(Given::Shared(_) | Given::Fixed(_)))
        };
        let fields = self.guide.form.fields.iter().filter(is_open).cloned().collect();
        Form { fields, rules: Vec::new() }
    }
}

/// A part that always comes before this one, and is there whenever this one is.
pub(super) fn feeds(from: &Part, to: &Part, graph: &Graph) -> bool {
    let together = from.when.is_none() || from.when == to.when;
    together
        && graph.before(&to.code).contains(from.code.as_str())
        && !graph.before(&from.code).contains(to.code.as_str())
}

/// The earlier part that issues such a certificate.
fn issuer<'p>(
    of: &CertificateType,
    says: Option<&str>,
    to: &Part,
    all: &'p [(Part, Guide)],
    graph: &Graph,
) -> Option<&'p str> {
    let issues = |guide: &Guide| guide.results.iter().any(|result| result.states(of, says));
    let earlier = all.iter().find(|(from, guide)| issues(guide) && feeds(from, to, graph));
    earlier.map(|(from, _)| from.code.as_str())
}

fn planned(part: &Part, guide: &Guide, all: &[(Part, Guide)], graph: &Graph, bundle: &Bundle) -> Planned {
    let mut fed = BTreeMap::new();
    let mut sources = BTreeMap::new();
    for field in &guide.form.fields {
        match (part.facts.get(&field.name), &field.prefill) {
            (Some(Given::Stated { part: from, attribute }), _) => {
                if let Some(source) = stated(from, attribute, part, all, graph) {
                    fed.insert(field.name.clone(), from.clone());
                    sources.insert(field.name.clone(), source);
                }
            }
            (None, Some(source @ Prefill::Certificate { certificate_type, attribute })) => {
                if let Some(from) = issuer(certificate_type, Some(attribute), part, all, graph) {
                    fed.insert(field.name.clone(), from.to_owned());
                    sources.insert(field.name.clone(), source.clone());
                }
            }
            (Some(Given::Shared(_) | Given::Fixed(_) | Given::Own), _) => {}
            (None, Some(Prefill::Applicant(_)) | None) => {}
        }
    }
    let mut fed_materials = BTreeMap::new();
    for material in &guide.materials {
        if let MaterialSource::Certificate { certificate_type } = &material.source
            && let Some(from) = issuer(certificate_type, None, part, all, graph)
        {
            fed_materials.insert(material.code.clone(), from.to_owned());
        }
    }
    let is_elsewhere = |material: &str| {
        let shared = |shared: &crate::domain::guides::SharedMaterial| {
            shared.serves.get(&part.code).is_some_and(|code| code == material)
        };
        fed_materials.contains_key(material) || bundle.materials.iter().any(shared)
    };
    let is_asked = |field: &&Field| match (&field.kind, part.facts.get(&field.name)) {
        (_, Some(Given::Shared(_) | Given::Fixed(_))) => false,
        (FieldKind::File { material }, Some(Given::Own | Given::Stated { .. }) | None) => {
            !is_elsewhere(material)
        }
        (_, Some(Given::Own | Given::Stated { .. }) | None) => !fed.contains_key(&field.name),
    };
    let fields: Vec<Field> = guide.form.fields.iter().filter(is_asked).cloned().collect();
    let section = Form { fields, rules: guide.form.rules.clone() };
    Planned { part: part.clone(), guide: guide.clone(), section, fed, sources, fed_materials }
}

/// Where what the bundle takes from an earlier part stands, if it stands anywhere.
fn stated(from: &str, attribute: &str, to: &Part, all: &[(Part, Guide)], graph: &Graph) -> Option<Prefill> {
    let (earlier, guide) = all.iter().find(|(part, _)| part.code == from)?;
    let (certificate_type, _) = guide.stating(attribute)?;
    let source =
        Prefill::Certificate { certificate_type: certificate_type.clone(), attribute: attribute.to_owned() };
    feeds(earlier, to, graph).then_some(source)
}

/// Shared ones first, then those of each part; neither what an agency looks up
/// itself nor what an earlier part will supply.
fn materials(bundle: &Bundle, parts: &[Planned]) -> Vec<JointMaterial> {
    let mut all: Vec<JointMaterial> = Vec::new();
    for shared in &bundle.materials {
        let serves = shared.serves.iter().map(|(part, code)| (part.clone(), code.clone())).collect();
        let (code, name, help) = (shared.code.clone(), shared.name.clone(), shared.help.clone());
        all.push(JointMaterial { code, name, help, serves });
    }
    for planned in parts {
        for material in &planned.guide.materials {
            let served = |joint: &JointMaterial| {
                joint.serves.iter().any(|(part, code)| part == planned.code() && *code == material.code)
            };
            let is_asked = match material.source {
                MaterialSource::Shared { .. } => false,
                MaterialSource::Own | MaterialSource::Certificate { .. } => {
                    !planned.fed_materials.contains_key(&material.code) && !all.iter().any(served)
                }
            };
            if is_asked {
                all.push(JointMaterial {
                    code: format!("{}.{}", planned.code(), material.code),
                    name: material.name.clone(),
                    help: material.help.clone(),
                    serves: vec![(planned.part.code.clone(), material.code.clone())],
                });
            }
        }
    }
    all
}
