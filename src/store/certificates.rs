//! Certificates on disk: the document sealed, its seal (a JWS) beside it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::Store;
use super::changes::Changes;
use super::conn::Conn;
use super::error::{Error, Result};
use super::rows::CertificateRow;
use super::schema::{certificates, persons};
use super::types::{At, Key};
use super::vault::Vault;
use crate::domain::certificates::Certificate;
use crate::domain::codes::{CertificateId, CertificateType};

/// Certificates of one person looked at for one case.
const MOST_HELD: i64 = 1000;

/// A certificate and the signature over it.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedCertificate {
    pub certificate: Certificate,
    /// Compact JWS over the certificate's claims.
    pub seal: String,
}

/// Ends a certificate with the case that issued it; one revoked before stays as it was.
#[derive(Debug, Clone)]
pub struct RevokeCertificate {
    pub id: CertificateId,
    pub at: DateTime<Utc>,
}

impl RevokeCertificate {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        diesel::update(certificates::table)
            .filter(certificates::id.eq(self.id.to_string()))
            .filter(certificates::revoked_at.is_null())
            .set(certificates::revoked_at.eq(At(self.at)))
            .execute(conn)?;
        Ok(true)
    }
}

impl Changes {
    pub fn insert_certificate(&mut self, sealed: &SealedCertificate, vault: &Vault) -> Result<()> {
        let certificate = &sealed.certificate;
        let id = certificate.id.to_string();
        let plain =
            serde_json::to_vec(certificate).map_err(|error| Error::corrupt("certificates", &id, error))?;
        self.certificates.push(CertificateRow {
            holder: Key(certificate.holder),
            certificate_type: certificate.certificate_type.to_string(),
            issuer: certificate.issuer.to_string(),
            case_id: certificate.case.map(Key),
            document: certificate.name.zh.clone(),
            sealed: vault.seal(&format!("certificates:{id}"), &plain),
            seal: sealed.seal.clone(),
            issued_at: At(certificate.issued_at),
            revoked_at: certificate.revoked_at.map(At),
            id,
        });
        Ok(())
    }
}

fn certificate(row: CertificateRow, vault: &Vault) -> Result<SealedCertificate> {
    let corrupt = |why: String| Error::corrupt("certificates", &row.id, why);
    let plain = vault
        .open(&format!("certificates:{}", row.id), &row.sealed)
        .ok_or_else(|| corrupt("its sealed data does not open".into()))?;
    let mut certificate: Certificate =
        serde_json::from_slice(&plain).map_err(|error| corrupt(error.to_string()))?;
    if certificate.id.as_str() != row.id || certificate.holder != row.holder.0 {
        return Err(corrupt("its columns and its sealed data disagree".into()));
    }
    certificate.revoked_at = row.revoked_at.map(|at| at.0);
    Ok(SealedCertificate { certificate, seal: row.seal })
}

impl Store {
    pub async fn find_certificate(&self, id: &CertificateId) -> Result<Option<SealedCertificate>> {
        let id = id.to_string();
        let row: Option<CertificateRow> = self
            .read(move |conn| {
                Ok(certificates::table
                    .filter(certificates::id.eq(id))
                    .select(CertificateRow::as_select())
                    .first(conn)
                    .optional()?)
            })
            .await?;
        row.map(|row| certificate(row, self.vault())).transpose()
    }

    /// A person's certificates by identifier, after `after`; those of records that
    /// were joined to his are among them.
    pub async fn list_certificates(
        &self,
        holder: Uuid,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<SealedCertificate>> {
        let after = after.unwrap_or_default();
        let rows = self.read(move |conn| held(conn, holder, after, limit)).await?;
        rows.into_iter().map(|row| certificate(row, self.vault())).collect()
    }

    /// The same of these types alone.
    pub async fn list_certificates_of(
        &self,
        holder: Uuid,
        types: &BTreeSet<&CertificateType>,
    ) -> Result<Vec<Certificate>> {
        let wanted: Vec<String> = types.iter().map(ToString::to_string).collect();
        let rows = self.read(move |conn| held(conn, holder, String::new(), MOST_HELD)).await?;
        let wanted = rows.into_iter().filter(|row| wanted.contains(&row.certificate_type));
        wanted.map(|row| Ok(certificate(row, self.vault())?.certificate)).collect()
    }
}

/// In one statement that is planned once: it runs with every submission.
fn held(conn: &mut Conn, holder: Uuid, after: String, limit: i64) -> Result<Vec<CertificateRow>> {
    let records = persons::table
        .filter(persons::id.eq(Key(holder)).or(persons::joined_to.eq(Key(holder))))
        .select(persons::id);
    Ok(certificates::table
        .filter(certificates::holder.eq_any(records))
        .filter(certificates::id.gt(after))
        .order(certificates::id)
        .limit(limit)
        .select(CertificateRow::as_select())
        .load(conn)?)
}
