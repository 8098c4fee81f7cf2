//! Certificates as their rows say, for checking.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::reading::{Read, row_by_row};
use crate::domain::certificates::Certificate;
use crate::store::certificates::SealedCertificate;
use crate::store::conn::Conn;
use crate::store::rows::CertificateRow;
use crate::store::schema::certificates;
use crate::store::types::Key;
use crate::store::vault::Vault;

/// A certificate as it was made out, and what its row says has become of it since.
pub struct HeldCertificate {
    pub sealed: SealedCertificate,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// As what a certificate is told of that has no identifier left.
const UNNAMED: &str = "with an identifier that is no text";

/// Those a case issued.
pub(super) fn of_case(conn: &mut Conn, case: Key) -> QueryResult<Vec<Read<CertificateRow, String>>> {
    let issued = certificates::table.filter(certificates::case_id.eq(Some(case)));
    row_by_row(
        conn,
        UNNAMED.to_owned(),
        |conn| issued.order(certificates::id).select(CertificateRow::as_select()).load(conn),
        |conn| issued.order(certificates::id).select(certificates::id).load(conn),
        |conn, id| issued.filter(certificates::id.eq(id)).select(CertificateRow::as_select()).first(conn),
    )
}

/// Those taken over from other registers, by identifier, after `after`.
pub(super) fn of_no_case(
    conn: &mut Conn,
    after: Option<String>,
    limit: i64,
) -> QueryResult<Vec<Read<CertificateRow, String>>> {
    let after = after.unwrap_or_default();
    let page = certificates::table
        .filter(certificates::case_id.is_null())
        .filter(certificates::id.gt(after))
        .order(certificates::id)
        .limit(limit);
    row_by_row(
        conn,
        UNNAMED.to_owned(),
        |conn| page.clone().select(CertificateRow::as_select()).load(conn),
        |conn| page.clone().select(certificates::id).load(conn),
        |conn, id| {
            let row = certificates::table.filter(certificates::id.eq(id));
            row.select(CertificateRow::as_select()).first(conn)
        },
    )
}

/// A certificate as it is stored, with the columns that are not what it says; whether
/// it is revoked only the history of its case can say.
pub(super) fn certificate(
    row: &CertificateRow,
    vault: &Vault,
) -> std::result::Result<(HeldCertificate, Vec<String>), String> {
    let plain = vault
        .open(&format!("certificates:{}", row.id), &row.sealed)
        .ok_or("its sealed data does not open: it was changed, or its identifier was")?;
    let certificate: Certificate =
        serde_json::from_slice(&plain).map_err(|error| format!("its sealed data does not read: {error}"))?;
    let columns = [
        ("id", certificate.id.as_str() == row.id),
        ("holder", certificate.holder == row.holder.0),
        ("certificate_type", certificate.certificate_type.to_string() == row.certificate_type),
        ("issuer", certificate.issuer.to_string() == row.issuer),
        ("case_id", certificate.case == row.case_id.map(|key| key.0)),
        ("document", certificate.name.zh == row.document),
        ("issued_at", certificate.issued_at == row.issued_at.0),
    ];
    let differ = columns.iter().filter(|(_, agrees)| !agrees);
    let why = differ.map(|(column, _)| format!("its sealed data and column {column} disagree")).collect();
    let sealed = SealedCertificate { certificate, seal: row.seal.clone() };
    Ok((HeldCertificate { sealed, revoked_at: row.revoked_at.map(|at| at.0) }, why))
}
