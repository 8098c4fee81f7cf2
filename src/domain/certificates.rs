//! 电子证照: what an approved case hands out, and evidence for the next case.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::codes::{CertificateId, CertificateType, ResidentId, Uscc};
use super::guides::{OF_ITSELF, Stated};
use super::private::Private;
use super::text::Text;
use super::time::local_date;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    pub id: CertificateId,
    pub certificate_type: CertificateType,
    pub name: Text,
    pub issuer: Uscc,
    pub holder: Uuid,
    pub holder_name: Private<String>,
    /// The case that issued it; none for certificates taken over from a register.
    pub case: Option<Uuid>,
    pub issued_at: DateTime<Utc>,
    pub valid_from: NaiveDate,
    /// Last day of validity; none: without end.
    pub valid_until: Option<NaiveDate>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// What it says of its holder; prefilled forms take from it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
    /// What the attributes are called; of those taken over from a register nothing is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, Text>,
    /// Of a household register (居民户口簿): who else is in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub household: Vec<HouseholdMember>,
}

/// 家庭成员
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdMember {
    pub name: String,
    pub number: ResidentId,
    pub relation: Kinship,
}

/// What a member of the household is to the certificate's holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinship {
    /// 子女
    Child,
    Spouse,
    Parent,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateStatus {
    Valid,
    Expired,
    Revoked,
}

impl Certificate {
    pub fn status(&self, at: DateTime<Utc>) -> CertificateStatus {
        if self.revoked_at.is_some() {
            CertificateStatus::Revoked
        } else if self.valid_until.is_some_and(|until| local_date(at) > until) {
            CertificateStatus::Expired
        } else {
            CertificateStatus::Valid
        }
    }

    /// What it says, for filling in forms; nothing when it is not valid.
    pub fn states(&self, at: DateTime<Utc>) -> Option<Stated> {
        (self.status(at) == CertificateStatus::Valid).then(|| Stated {
            certificate: self.id.clone(),
            certificate_type: self.certificate_type.clone(),
            issued_at: self.issued_at,
            attributes: self.whole(),
        })
    }

    /// What it says of its holder, and where it was issued here also of itself: of one
    /// taken over from a register the portal knows no more than the register said. An
    /// attribute comes first: guides of before could take one of these names from their
    /// form, and what was decided then stands.
    fn whole(&self) -> BTreeMap<String, Value> {
        if self.case.is_none() {
            return self.attributes.clone();
        }
        let of_itself = OF_ITSELF.into_iter().zip([
            Some(json!(self.id)),
            Some(json!(local_date(self.issued_at))),
            Some(json!(self.valid_from)),
            self.valid_until.map(|until| json!(until)),
        ]);
        let mut all = self.attributes.clone();
        for (name, value) in of_itself {
            if let Some(value) = value {
                all.entry(name.to_owned()).or_insert(value);
            }
        }
        all
    }

    /// The child of the holder with this number, if the register names one.
    pub fn child(&self, number: &ResidentId) -> Option<&HouseholdMember> {
        self.household.iter().find(|member| member.relation == Kinship::Child && member.number == *number)
    }
}
