//! How an application is handled: materials, flow, results.

use super::keys::Keys;
use super::scalars::Name;
use super::{Read, Reader};
use crate::domain::guides::model::{Material, MaterialSource, Requirement, ResultKind, Step};
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

impl Read for Material {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let code = keys.need::<Name>("code");
        let name = keys.need("name");
        let help = keys.optional("help");
        let required = match keys.get("required") {
            None => Some(Requirement::Required),
            Some(node) => reader.requirement(node),
        };
        let source = keys.need::<MaterialSource>("source");
        let copies = keys.or::<u16>("copies", 1);
        if let (Some(0), Some(node)) = (copies, keys.get("copies")) {
            reader.problems.at(node, "份数至少 1。", "At least 1 copy is needed.");
        }
        let deferrable = keys.or("deferrable", false);
        let promise_allowed = keys.or("promise_allowed", false);
        if let Some(MaterialSource::Shared { .. }) = source {
            for (key, set) in [("deferrable", deferrable), ("promise_allowed", promise_allowed)] {
                if let (Some(true), Some(node)) = (set, keys.get(key)) {
                    reader.problems.at(
                        node,
                        format!("共享核验的材料无需提交，不能写 {key}。"),
                        format!(
                            "Nothing is handed in for a shared material, so {key} has no meaning; remove it."
                        ),
                    );
                }
            }
        }
        keys.close();
        Some(Self {
            code: code?.0,
            name: name?,
            help: help?,
            required: required?,
            source: source?,
            copies: copies?,
            deferrable: deferrable?,
            promise_allowed: promise_allowed?,
        })
    }
}

/// Reports a mapping that has not exactly one of the keys that exclude each other.
fn one_of<'k>(keys: &Keys<'_, '_>, reader: &Reader<'_>, choices: &'k [&'static str]) -> Option<&'k str> {
    keys.allow(choices);
    let mut given = choices.iter().filter(|choice| keys.has(choice));
    match (given.next(), given.next()) {
        (Some(only), None) => Some(only),
        (None, _) | (Some(_), Some(_)) => {
            reader.problems.at(
                keys.node,
                format!("请在 {} 中写且只写一个。", choices.join("、")),
                format!("Write exactly one of {}.", choices.join(", ")),
            );
            None
        }
    }
}

impl Read for MaterialSource {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let source = match one_of(&keys, reader, &["own", "certificate", "shared"]) {
            Some("own") => {
                let own = keys.need::<bool>("own");
                if let (Some(false), Some(node)) = (own, keys.get("own")) {
                    reader.problems.at(
                        node,
                        "自备材料请写 own: true。",
                        "For the applicant's own document write own: true.",
                    );
                }
                own.map(|_| Self::Own)
            }
            Some("certificate") => {
                keys.need("certificate").map(|certificate_type| Self::Certificate { certificate_type })
            }
            Some(_) => keys.need::<Name>("shared").map(|Name(register)| Self::Shared { register }),
            None => None,
        };
        keys.close();
        source
    }
}

impl Read for Step {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (code, name) = (keys.need::<Name>("code"), keys.need("name"));
        let (role, four_eyes) = (keys.need("role"), keys.or("four_eyes", false));
        keys.close();
        Some(Self { code: code?.0, name: name?, role: role?, four_eyes: four_eyes? })
    }
}

impl Read for ResultKind {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let result = match one_of(&keys, reader, &["certificate", "letter"]) {
            Some("certificate") => keys.need::<IssuedCertificate>("certificate").map(|issued| issued.0),
            Some(_) => keys.need::<IssuedLetter>("letter").map(|letter| Self::Letter { name: letter.0 }),
            None => None,
        };
        keys.close();
        result
    }
}

/// What stands under `certificate:`.
struct IssuedCertificate(ResultKind);

impl Read for IssuedCertificate {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (certificate_type, name) = (keys.need("type"), keys.need("name"));
        let valid_months = keys.optional::<u16>("valid_months");
        if let (Some(Some(0)), Some(node)) = (valid_months, keys.get("valid_months")) {
            reader.problems.at(
                node,
                "有效期至少 1 个月；长期有效请删去 valid_months。",
                "A certificate is valid for at least 1 month; leave valid_months out if it does not expire.",
            );
        }
        keys.close();
        Some(Self(ResultKind::Certificate {
            certificate_type: certificate_type?,
            name: name?,
            valid_months: valid_months?,
        }))
    }
}

/// What stands under `letter:`.
struct IssuedLetter(Text);

impl Read for IssuedLetter {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let name = keys.need("name");
        keys.close();
        name.map(Self)
    }
}
