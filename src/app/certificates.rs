//! Certificates: making them out and sealing them, showing them to their holder,
//! and telling anybody who holds one whether it is genuine.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::seals::SealKeys;
use crate::domain::cases::history::hex;
use crate::domain::cases::papers::Paper;
use crate::domain::cases::{Case, Issued};
use crate::domain::certificates::{Certificate, CertificateStatus};
use crate::domain::codes::{CertificateId, CertificateType, Uscc};
use crate::domain::guides::{Facts, Guide, ResultKind};
use crate::domain::private::Private;
use crate::domain::text::Text;
use crate::domain::time::local_date;
use crate::store::{PersonRecord, SealedCertificate, Vault};

/// The JWS type of a certificate's seal.
const CERTIFICATE: &str = "certificate+jwt";

/// What the seal vouches for. No personal data: the identifier stands for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seal {
    pub id: CertificateId,
    pub certificate_type: String,
    pub issuer: String,
    pub valid_from: NaiveDate,
    pub valid_until: Option<NaiveDate>,
    pub issued_at: DateTime<Utc>,
}

/// The certificate a result calls for; a result letter calls for none.
pub(super) fn make_out(
    ctx: &Ctx,
    case: &Case,
    guide: &Guide,
    result: &Issued,
    at: DateTime<Utc>,
) -> AppResult<Option<SealedCertificate>> {
    let Issued::Certificate { id, certificate_type, name, valid_from, valid_until, determined } = result
    else {
        return Ok(None);
    };
    let filing = case.state.filing();
    let holder = filing.and_then(|filing| filing.applicant.known());
    let facts = filing.and_then(|filing| filing.facts.known());
    let mut attributes = facts.map(|facts| stated(guide, certificate_type, facts)).unwrap_or_default();
    attributes.extend(
        determined
            .iter()
            .filter_map(Private::known)
            .flatten()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    let label = |name: &String| Some((name.clone(), guide.label_of(name)?.clone()));
    let certificate = Certificate {
        id: id.clone(),
        certificate_type: certificate_type.clone(),
        name: name.clone(),
        issuer: guide.agency.clone(),
        holder: case.opened.party,
        holder_name: holder.map_or(Private::Erased, |holder| Private::Known(holder.name.clone())),
        case: Some(case.id),
        issued_at: at,
        valid_from: *valid_from,
        valid_until: *valid_until,
        revoked_at: None,
        labels: attributes.keys().filter_map(label).collect(),
        attributes,
        household: Vec::new(),
    };
    let seal = ctx.identity.sign_seal(&seal_of(&certificate), CERTIFICATE, at)?;
    Ok(Some(SealedCertificate { certificate, seal }))
}

/// A certificate taken over from another register: sealed here, issued there.
pub fn take_over(
    ctx: &Ctx,
    holder: &PersonRecord,
    certificate_type: CertificateType,
    name: Text,
    issuer: &Uscc,
    at: DateTime<Utc>,
) -> AppResult<SealedCertificate> {
    let serial = holder.id.simple().to_string().to_uppercase();
    let id = CertificateId::compose(&certificate_type, issuer, &serial, 1)
        .map_err(|error| AppError::Internal(error.detail.en))?;
    let certificate = Certificate {
        id,
        certificate_type,
        name,
        issuer: issuer.clone(),
        holder: holder.id,
        holder_name: Private::Known(holder.applicant.name.clone()),
        case: None,
        issued_at: at,
        valid_from: local_date(at),
        valid_until: None,
        revoked_at: None,
        attributes: particulars(holder),
        labels: BTreeMap::new(),
        household: Vec::new(),
    };
    let seal = ctx.identity.sign_seal(&seal_of(&certificate), CERTIFICATE, at)?;
    Ok(SealedCertificate { certificate, seal })
}

/// What the register that issued it knows of the holder.
fn particulars(holder: &PersonRecord) -> BTreeMap<String, Value> {
    let applicant = &holder.applicant;
    let known = [
        ("name", Some(json!(applicant.name))),
        ("birth_date", applicant.birth_date.map(|day| json!(day))),
        ("gender", applicant.gender.map(|gender| json!(gender))),
        ("residence", applicant.residence.as_ref().map(|region| json!(region))),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The answers the guide puts on its certificate.
fn stated(guide: &Guide, certificate_type: &CertificateType, facts: &Facts) -> BTreeMap<String, Value> {
    let fields = guide.results.iter().find_map(|result| match result {
        ResultKind::Certificate { certificate_type: of, attributes, .. } if of == certificate_type => {
            Some(attributes.as_slice())
        }
        ResultKind::Certificate { .. } | ResultKind::Letter { .. } => None,
    });
    let fields = fields.unwrap_or_default().iter();
    fields.filter_map(|name| Some((name.clone(), facts.get(name)?.clone()))).collect()
}

/// What the record it is handed out with says of it. The salt comes from the key of
/// the indexes, so that it is there as long as the certificate, whatever becomes of
/// the case.
pub(super) fn paper(sealed: &SealedCertificate, vault: &Vault) -> AppResult<Paper> {
    let salt = hex(&vault.blind_index("papers", sealed.certificate.id.as_str()));
    Paper::of_certificate(&sealed.certificate, &sealed.seal, &salt)
        .map_err(|error| AppError::Internal(error.to_string()))
}

/// Whether the seal is one of these keys', and over this certificate.
pub(super) fn is_sealed(sealed: &SealedCertificate, keys: &SealKeys) -> bool {
    let claims = keys.verify(&sealed.seal, CERTIFICATE);
    let seal = claims.and_then(|claims| serde_json::from_value::<Seal>(claims).ok());
    seal == Some(seal_of(&sealed.certificate))
}

fn seal_of(certificate: &Certificate) -> Seal {
    Seal {
        id: certificate.id.clone(),
        certificate_type: certificate.certificate_type.to_string(),
        issuer: certificate.issuer.to_string(),
        valid_from: certificate.valid_from,
        valid_until: certificate.valid_until,
        issued_at: certificate.issued_at,
    }
}

/// The caller's certificates, after `after`.
pub async fn list_mine(
    ctx: &Ctx,
    caller: &Caller,
    after: Option<String>,
    limit: i64,
) -> AppResult<Vec<SealedCertificate>> {
    Ok(ctx.store.list_certificates(caller.actor.party, after, limit).await?)
}

/// What anybody may learn of a certificate whose identifier or seal he was shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    pub certificate: Certificate,
    pub status: CertificateStatus,
}

/// Looks a certificate up; a seal that is given must be the very one issued.
pub async fn verify(ctx: &Ctx, id: &CertificateId, seal: Option<&str>) -> AppResult<Option<Verified>> {
    let Some(stored) = ctx.store.find_certificate(id).await? else { return Ok(None) };
    if let Some(seal) = seal {
        let claims = ctx.identity.verify_seal(seal, CERTIFICATE);
        let genuine = claims.and_then(|claims| serde_json::from_value::<Seal>(claims).ok());
        if genuine != Some(seal_of(&stored.certificate)) {
            return Ok(None);
        }
    }
    let status = stored.certificate.status(ctx.clock.now());
    Ok(Some(Verified { certificate: stored.certificate, status }))
}
