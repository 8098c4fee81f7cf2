//! 电子证照: what an approved case hands out, and evidence for the next case.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::codes::{CertificateId, CertificateType, Uscc};
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
}
