//! 证照目录: the register of certificate types.

use serde::{Deserialize, Serialize};

use super::guide::check_format;
use super::keys::Keys;
use super::scalars::Name;
use super::{Read, Reader, SourceFile};
use crate::domain::codes::{CertificateType, Uscc};
use crate::domain::guides::expr::Schema;
use crate::domain::guides::problem::{Problem, Problems};
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

/// A certificate type as the register knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateTypeEntry {
    pub certificate_type: CertificateType,
    pub name: Text,
    /// Names of materials it supplies.
    pub supplies: Vec<String>,
    /// What it says of its holder; prefill takes from these.
    pub attributes: Vec<String>,
    /// The agencies that may issue it; empty: any may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issuers: Vec<Uscc>,
    /// Who issues it outside this catalogue, whose certificates come in through the
    /// exchange of data (数据共享); absent: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Text>,
}

/// The register as a file. JSON mappings are YAML's own flow style (YAML 1.2.2 §1.2).
pub fn register_yaml(types: &[CertificateTypeEntry]) -> String {
    let mut file = String::from("format: 1\nkind: certificate_types\ntypes:\n");
    for entry in types {
        let CertificateTypeEntry { certificate_type, name, supplies, attributes, issuers, elsewhere } = entry;
        let mut line = serde_json::json!({
            "type": certificate_type, "name": name, "supplies": supplies, "attributes": attributes,
        });
        if !issuers.is_empty() {
            line["issuers"] = serde_json::json!(issuers);
        }
        if let Some(elsewhere) = elsewhere {
            line["elsewhere"] = serde_json::json!(elsewhere);
        }
        file.push_str(&format!("  - {line}\n"));
    }
    file
}

impl CertificateTypeEntry {
    /// Whether this agency may have it among its results.
    pub fn may_be_issued_by(&self, agency: &Uscc) -> bool {
        self.issuers.is_empty() || self.issuers.contains(agency)
    }
}

impl SourceFile {
    pub fn into_certificate_types(self) -> Result<Vec<CertificateTypeEntry>, Vec<Problem>> {
        let read = self.read_certificate_types();
        if read.problems.is_empty() { Ok(read.types) } else { Err(read.problems) }
    }

    /// The register as far as it reads, for others to be held against it all the same.
    pub fn read_certificate_types(self) -> ReadTypes {
        let problems = Problems::starting_with(self.problems);
        let listed = self.root.and_then(|root| {
            let schema = Schema::default();
            let reader = Reader::plain(&problems, &schema);
            let keys = Keys::of(&root, &reader)?;
            check_format(&keys, &reader);
            keys.allow(&["kind"]);
            let types = keys.need_each::<CertificateTypeEntry>("types");
            reader.distinct(keys.get("types"), "type");
            keys.close();
            let (listed, list) = types.zip(root.member("types"))?;
            let stated = |entry: &Node| CertificateType::parse(entry.member("type")?.scalar()?).ok();
            let unread = listed.unread(list).map(stated).collect();
            Some((listed.read, unread))
        });
        let (types, unread) = listed.unwrap_or_else(|| (Vec::new(), vec![None]));
        ReadTypes { types, unread, problems: problems.into_sorted() }
    }
}

/// What a file of certificate types says.
pub struct ReadTypes {
    pub types: Vec<CertificateTypeEntry>,
    /// The types of entries with mistakes; none where not even that reads.
    pub unread: Vec<Option<CertificateType>>,
    pub problems: Vec<Problem>,
}

impl Read for CertificateTypeEntry {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (certificate_type, name) = (keys.need("type"), keys.need("name"));
        let supplies = keys.or("supplies", Vec::new());
        let attributes = keys.or::<Vec<Name>>("attributes", Vec::new());
        reader.distinct(keys.get("supplies"), "");
        reader.distinct(keys.get("attributes"), "");
        let issuers = keys.or("issuers", Vec::new());
        reader.distinct(keys.get("issuers"), "");
        let elsewhere = keys.optional("elsewhere");
        keys.close();
        Some(Self {
            certificate_type: certificate_type?,
            name: name?,
            supplies: supplies?,
            attributes: attributes?.into_iter().map(|name| name.0).collect(),
            issuers: issuers?,
            elsewhere: elsewhere?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::guides::SourceFile;

    #[test]
    fn a_register_that_is_shown_and_read_again_is_the_same() {
        let read = |yaml: &str| SourceFile::parse(yaml).into_certificate_types().unwrap();
        let types = read(include_str!("../../../data/sample/certificate-types.yaml"));
        assert!(types.iter().any(|entry| entry.elsewhere.is_some()));
        assert!(types.iter().any(|entry| !entry.issuers.is_empty()));
        assert_eq!(read(&register_yaml(&types)), types);
    }
}
