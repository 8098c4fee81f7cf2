//! 证照目录 as the checks use it: which certificate types there are, what each
//! supplies and what it says.

use std::collections::{BTreeMap, BTreeSet};

use super::model::OF_ITSELF;
use super::read::CertificateTypeEntry;
use crate::domain::codes::CertificateType;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Register {
    types: Vec<CertificateTypeEntry>,
    /// What those who issue a type put on it, where all who do are known.
    stated: BTreeMap<CertificateType, BTreeSet<String>>,
    /// Types whose entry has mistakes: they are there, and nothing is known of them.
    unread: BTreeSet<CertificateType>,
    /// An entry does not even say of which type it is.
    is_open: bool,
}

/// What one guide puts on the certificates of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub certificate_type: CertificateType,
    pub attributes: Vec<String>,
    pub expires: bool,
}

impl Register {
    pub fn new(types: Vec<CertificateTypeEntry>) -> Self {
        Self { types, ..Self::default() }
    }

    /// Takes over what a guide states. Only for whoever knows all guides: of a type that
    /// somebody issues nothing else counts as stated from then on.
    pub fn state(&mut self, statement: Statement) {
        let Statement { certificate_type, attributes, expires } = statement;
        let of_itself = OF_ITSELF.into_iter().filter(|name| expires || *name != "valid_until");
        let known = self.stated.entry(certificate_type).or_default();
        known.extend(of_itself.map(str::to_owned).chain(attributes));
    }

    /// What is stated on this type by those who issue it; none when nobody is known to.
    pub fn stated(&self, certificate_type: &CertificateType) -> Option<&BTreeSet<String>> {
        self.stated.get(certificate_type)
    }

    pub fn types(&self) -> &[CertificateTypeEntry] {
        &self.types
    }

    /// Takes over types; one that is known already is replaced.
    pub fn extend(&mut self, types: impl IntoIterator<Item = CertificateTypeEntry>) {
        for entry in types {
            self.types.retain(|known| known.certificate_type != entry.certificate_type);
            self.types.push(entry);
        }
        self.types.sort_by(|a, b| a.certificate_type.cmp(&b.certificate_type));
    }

    /// Takes note of an entry that cannot be read.
    pub fn leave_open(&mut self, of: Option<CertificateType>) {
        self.is_open |= of.is_none();
        self.unread.extend(of);
    }

    /// Whether there surely is no such type.
    pub fn lacks(&self, certificate_type: &CertificateType) -> bool {
        !self.is_open && !self.unread.contains(certificate_type) && self.find(certificate_type).is_none()
    }

    pub fn find(&self, certificate_type: &CertificateType) -> Option<&CertificateTypeEntry> {
        self.types.iter().find(|entry| entry.certificate_type == *certificate_type)
    }

    /// The type that supplies a material of this Chinese name: 申请人居民身份证 is
    /// supplied by whatever supplies 居民身份证, and so is a copy of it.
    pub fn supplying(&self, material: &str) -> Option<&CertificateTypeEntry> {
        let material = document(material);
        self.types.iter().find(|entry| {
            let names = entry.supplies.iter().chain([&entry.name.zh]);
            names.into_iter().any(|name| material.ends_with(name.as_str()))
        })
    }
}
/// What says in which form a document is wanted, at the end of a material's name.
const FORMS: [&str; 16] = [
    "复印件",
    "影印件",
    "扫描件",
    "电子版",
    "电子件",
    "原件",
    "副本",
    "正本",
    "照片",
    "图片",
    "正反面",
    "正面",
    "反面",
    "及其",
    "及",
    "和",
];

/// The document a material's name speaks of: 居民身份证 of 居民身份证（正反面）原件及复印件.
fn document(material: &str) -> &str {
    let mut name = material.trim_end();
    loop {
        let bare = match name.strip_suffix(['）', ')']) {
            Some(inside) => inside.rfind(['（', '(']).map(|open| &inside[..open]),
            None => FORMS.iter().find_map(|form| name.strip_suffix(form)),
        };
        match bare.map(|bare| bare.trim_end_matches(['、', '的', ' '])).filter(|bare| !bare.is_empty()) {
            Some(bare) => name = bare,
            None => return name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_whatever_form_it_is_wanted_in() {
        for (material, known) in [
            ("居民身份证", "居民身份证"),
            ("居民身份证复印件", "居民身份证"),
            ("申请人居民身份证（正反面）原件及复印件", "申请人居民身份证"),
            ("身份证正反面照片", "身份证"),
            ("营业执照（副本）扫描件", "营业执照"),
            ("户口簿的复印件", "户口簿"),
            ("一寸照片", "一寸"),
            ("复印件", "复印件"),
            ("照片（近期免冠）", "照片"),
        ] {
            assert_eq!(document(material), known, "{material}");
        }
    }
}
