//! 证照目录 as the checks use it: which certificate types there are, what each
//! supplies and what it says.

use super::read::CertificateTypeEntry;
use crate::domain::codes::CertificateType;

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Register {
    types: Vec<CertificateTypeEntry>,
}

impl Register {
    pub fn new(types: Vec<CertificateTypeEntry>) -> Self {
        Self { types }
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

    pub fn find(&self, certificate_type: &CertificateType) -> Option<&CertificateTypeEntry> {
        self.types.iter().find(|entry| entry.certificate_type == *certificate_type)
    }

    /// The type that supplies a material of this Chinese name: 申请人居民身份证 is
    /// supplied by whatever supplies 居民身份证.
    pub fn supplying(&self, material: &str) -> Option<&CertificateTypeEntry> {
        self.types.iter().find(|entry| {
            let names = entry.supplies.iter().chain([&entry.name.zh]);
            names.into_iter().any(|name| material.ends_with(name.as_str()))
        })
    }
}
