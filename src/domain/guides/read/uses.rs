//! Which certificate types a file asks for and which it hands out, as it is written:
//! enough to find those that are asked for and that nobody issues, without reading
//! every guide of a province as a whole.

use std::collections::BTreeSet;

use super::SourceFile;
use super::certificate_types::CertificateTypeEntry;
use crate::domain::codes::CertificateType;
use crate::domain::guides::problem::Problem;
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

/// What an item or a guide has to do with certificates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateUses {
    /// By its materials and its prefilled fields.
    pub asked: Vec<Asked>,
    /// By its results, those of scenarios too.
    pub issued: BTreeSet<CertificateType>,
}

/// A place that asks for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub certificate_type: CertificateType,
    line: usize,
    path: String,
}

impl SourceFile {
    /// What stands in this file alone: what a guide inherits is its item's to say. A
    /// code that does not read is left out; that is told when the file is read.
    pub fn certificate_uses(&self) -> CertificateUses {
        let mut uses = CertificateUses::default();
        let Some(root) = &self.root else { return uses };
        let starts = [Some(root), root.member("guide")];
        for start in starts.into_iter().flatten() {
            uses.issued.extend(results(start));
            uses.issued.extend(items(start, "scenarios").iter().flat_map(results));
            let fields = start.member("form").map(|form| items(form, "fields")).unwrap_or_default();
            let sources = items(start, "materials").iter().filter_map(|material| material.member("source"));
            let prefills = fields.iter().filter_map(|field| field.member("prefill"));
            uses.asked.extend(sources.chain(prefills).filter_map(asked));
        }
        uses
    }
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.member(key).map(Node::items).unwrap_or_default()
}

fn certificate_type(node: &Node) -> Option<CertificateType> {
    CertificateType::parse(node.scalar()?).ok()
}

fn results(node: &Node) -> impl Iterator<Item = CertificateType> {
    let results = items(node, "results").iter();
    results.filter_map(|result| certificate_type(result.member("certificate")?.member("type")?))
}

fn asked(node: &Node) -> Option<Asked> {
    let node = node.member("certificate")?;
    let certificate_type = certificate_type(node)?;
    Some(Asked { certificate_type, line: node.line, path: node.path.clone() })
}

impl Asked {
    /// Told where nobody issues what is asked for.
    pub fn is_issued_by_nobody(&self, entry: &CertificateTypeEntry) -> Problem {
        let (of, name) = (&self.certificate_type, &entry.name);
        Problem {
            origin: Default::default(),
            line: self.line,
            path: self.path.clone(),
            reason: Text::new(
                format!(
                    "没有部门签发“{}”（{of}）：没有指南以它为结果，证照目录也未写明由谁在别处签发。请一并给出签发它的指南，或在证照目录中写明 elsewhere。",
                    name.zh
                ),
                format!(
                    "Nobody issues “{}” ({of}): it is the result of no guide, and the register does not say who issues it elsewhere. Give the guide that issues it too, or write `elsewhere` in the register.",
                    name.en
                ),
            ),
        }
    }
}
