//! Materials of a draft: uploading, referring to a certificate, promising,
//! taking away, and reading back what was uploaded.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::record::Writing;
use super::{Audience, CaseReply, known, read, readable, rules, scope};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::people::applicants::as_party;
use crate::app::permit::permit_on_case;
use crate::domain::cases::history::hex;
use crate::domain::cases::{
    AttachMaterial, Command, Evidence, KnownCertificate, MediaType, RemoveMaterial, Standing, decide,
};
use crate::domain::codes::{CertificateId, RegionCode};
use crate::domain::guides::Guide;
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// What is put in a material's place.
pub enum Upload {
    File {
        bytes: Bytes,
        file_name: Option<String>,
        original_seen: bool,
    },
    /// A file handed in before.
    Earlier {
        case: Uuid,
        material: String,
    },
    Certificate(CertificateId),
    Promise,
}

/// Largest file, in bytes.
pub const MAX_FILE_BYTES: usize = 20 * 1024 * 1024;

pub async fn attach(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    expected_version: Option<u64>,
    material: String,
    upload: Upload,
) -> AppResult<CaseReply> {
    // Who may not edit the draft may not fill the file store either.
    let party = may_edit(ctx, caller, case).await?;
    let name = match &upload {
        Upload::Earlier { .. } => {
            let now = read(ctx, caller, case).await?;
            named(now.guide.for_case(&now.case), &material)
        }
        Upload::File { .. } | Upload::Certificate(_) | Upload::Promise => None,
    };
    let place = Place { party, material: &material, name };
    let (evidence, certificate) = evidence_of(ctx, caller, place, upload).await?;
    let command = Command::Attach(AttachMaterial { material, evidence, certificate });
    change(ctx, caller, case, expected_version, command).await
}

/// What a document is sent for.
pub struct Place<'a> {
    /// The applicant.
    pub party: Uuid,
    /// The code of the material, for messages.
    pub material: &'a str,
    /// What it is called, where that is known.
    pub name: Option<Text>,
}

/// What was sent as evidence, and what is known of the certificate where it is one.
/// Keeps the file.
pub async fn evidence_of(
    ctx: &Ctx,
    caller: &Caller,
    place: Place<'_>,
    upload: Upload,
) -> AppResult<(Evidence, Option<KnownCertificate>)> {
    let (party, material) = (place.party, place.material);
    let mut certificate = None;
    let evidence = match upload {
        Upload::File { bytes, file_name, original_seen } => {
            let standing = if original_seen { Standing::OriginalSeen } else { Standing::Uploaded };
            store_file(ctx, material, bytes, file_name, standing).await?
        }
        Upload::Earlier { case, material: name } => handed_in_before(ctx, caller, case, &name, place).await?,
        Upload::Certificate(id) => {
            certificate = ctx.store.find_certificate(&id).await?.map(|sealed| known(sealed.certificate));
            if let Some(known) = &mut certificate {
                known.holder = as_party(ctx, known.holder, party).await?;
            }
            Evidence::Certificate { certificate: id }
        }
        Upload::Promise => Evidence::Promise,
    };
    Ok((evidence, certificate))
}

pub async fn remove(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    expected_version: Option<u64>,
    material: String,
) -> AppResult<CaseReply> {
    change(ctx, caller, case, expected_version, Command::Remove(RemoveMaterial { material })).await
}

/// The bytes of an uploaded material, with their type and name.
pub async fn download(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    material: &str,
) -> AppResult<(Bytes, MediaType, Option<String>)> {
    let (stored, _) = readable(ctx, caller, case).await?;
    let materials = stored.case.state.materials().ok_or(AppError::NotFound)?;
    match materials.get(material).and_then(|evidence| evidence.known()) {
        Some(Evidence::File { digest, media_type, file_name, .. }) => {
            let bytes = ctx.blobs.get(digest).await?;
            let bytes = bytes.ok_or_else(|| AppError::Internal(format!("file {digest} is missing")))?;
            if hex(&Sha256::digest(&bytes)) != *digest {
                return Err(AppError::Internal(format!("file {digest} was altered")));
            }
            Ok((bytes, *media_type, file_name.clone()))
        }
        Some(Evidence::Certificate { .. } | Evidence::Promise) | None => Err(AppError::NotFound),
    }
}

/// Gives whose case it is.
pub(super) async fn may_edit(ctx: &Ctx, caller: &Caller, case: Uuid) -> AppResult<Uuid> {
    let stored = ctx.store.find_case(case).await?.ok_or(AppError::NotFound)?;
    let target = Target::Case(scope(&stored));
    permit_on_case(ctx, caller, Operation::EditCase, target, case).await?;
    Ok(stored.case.opened.party)
}

async fn store_file(
    ctx: &Ctx,
    material: &str,
    bytes: Bytes,
    file_name: Option<String>,
    standing: Standing,
) -> AppResult<Evidence> {
    let Some(media_type) = MediaType::sniff(&bytes) else { return Err(unknown_type(material).into()) };
    let digest = hex(&Sha256::digest(&bytes));
    let size_bytes = bytes.len() as u64;
    ctx.blobs.put(&digest, bytes).await?;
    Ok(Evidence::File { digest, size_bytes, media_type, file_name, standing })
}

/// A document of an earlier case of the same applicant: the same material, by its
/// name, as it was handed in then. How old it may be is the guide's to say.
async fn handed_in_before(
    ctx: &Ctx,
    caller: &Caller,
    earlier: Uuid,
    name: &str,
    place: Place<'_>,
) -> AppResult<Evidence> {
    let unknown = || {
        let words = Text::new(
            "申请人以前的办件中没有可沿用的这份材料，请重新上传。",
            "No earlier case of the applicant has this document; upload it anew.",
        );
        AppError::Invalid(vec![FieldError::new(format!("/materials/{}", place.material), "unknown", words)])
    };
    let before = read(ctx, caller, earlier).await.map_err(|_| unknown())?;
    let same_name =
        named(before.guide.for_case(&before.case), name).is_some_and(|name| place.name == Some(name));
    let filing = before.case.state.filing().ok_or_else(unknown)?;
    if !same_name || before.case.opened.party != place.party {
        return Err(unknown());
    }
    match filing.materials.get(name).and_then(|evidence| evidence.known()) {
        Some(Evidence::File { digest, size_bytes, media_type, file_name, standing }) => Ok(Evidence::File {
            digest: digest.clone(),
            size_bytes: *size_bytes,
            media_type: *media_type,
            file_name: file_name.clone(),
            standing: match standing {
                Standing::Earlier { .. } => standing.clone(),
                Standing::Uploaded | Standing::OriginalSeen => Standing::Earlier {
                    case: earlier,
                    handed_in: local_date(filing.at),
                    original_seen: *standing == Standing::OriginalSeen,
                },
            },
        }),
        Some(Evidence::Certificate { .. } | Evidence::Promise) | None => Err(unknown()),
    }
}

fn named(guide: &Guide, code: &str) -> Option<Text> {
    guide.materials.iter().find(|known| known.code == code).map(|known| known.name.clone())
}

fn unknown_type(material: &str) -> Refusal {
    let detail = Text::new(
        "只接受 PDF、JPEG、PNG 和 OFD 文件；该文件的内容不是其中任何一种。",
        "Only PDF, JPEG, PNG and OFD files are accepted; the content of this one is none of them.",
    );
    Refusal::new(RefusalCode::UnsupportedMaterial, detail.zh.clone(), detail.en.clone())
        .errors(vec![FieldError::new(format!("/materials/{material}"), "unsupported_type", detail)])
}

/// Decides and writes; a concurrent change of another field is not in the way.
async fn change(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    command: Command,
) -> AppResult<CaseReply> {
    for _ in 0..super::ATTEMPTS {
        let stored = ctx.store.find_case(id).await?.ok_or(AppError::NotFound)?;
        let at = ctx.clock.now();
        let target = Target::Case(scope(&stored));
        let by = permit_on_case(ctx, caller, Operation::EditCase, target, id).await?;
        if expected_version.is_some_and(|version| version != stored.case.version) {
            return Err(AppError::Stale);
        }
        let guide = match stored.case.state.filing() {
            None => super::guide_in_force(ctx, &stored.case).await?,
            Some(_) => super::guide_of(ctx, &stored.case).await?,
        };
        let regions = ctx.catalogue.regions();
        let exists = |code: &RegionCode| regions.contains(code.as_str());
        let calendar = ctx.calendar.current();
        let acts = decide(&stored.case, rules(&calendar, &guide, &exists), command.clone(), &by, at)?;
        let audience = Audience::of(&by);
        let provenance = caller.provenance();
        let writing = Writing { ctx, guide: &guide, at, audience, provenance, claim: None };
        match writing.go_on(stored, acts).await {
            Err(AppError::Stale) if expected_version.is_none() => continue,
            other => {
                let case = other?;
                return Ok(CaseReply { case, guide, audience });
            }
        }
    }
    Err(AppError::Unavailable("the case keeps changing".to_owned()))
}
