//! Materials of a draft: uploading, referring to a certificate, promising,
//! taking away, and reading back what was uploaded.

use bytes::Bytes;
use uuid::Uuid;

use super::record::Writing;
use super::{Audience, CaseReply, guide_to_fill_in, known, read, readable, rules, scope};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::files::{Folder, digest_of};
use crate::app::identity::Caller;
use crate::app::people::applicants::as_party;
use crate::app::permit::permit_on_case;
use crate::domain::cases::{
    AttachMaterial, CaseState, Command, Evidence, KnownCertificate, MediaType, RemoveMaterial, Standing,
    decide, handed_in_by, original_not_seen,
};
use crate::domain::codes::{CertificateId, RegionCode};
use crate::domain::guides::Guide;
use crate::domain::identity::Channel;
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::StoredCase;

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
pub const MAX_FILE_BYTES: usize = crate::domain::cases::MAX_DOCUMENT_BYTES;

pub async fn attach(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    expected_version: Option<u64>,
    material: String,
    upload: Upload,
) -> AppResult<CaseReply> {
    let now = may_edit(ctx, caller, case).await?.case;
    let name = match &upload {
        Upload::Earlier { .. } => {
            let guide = guide_to_fill_in(ctx, &now).await?;
            named(handed_in_by(&now, &guide.guide)?, &material)
        }
        Upload::File { .. } | Upload::Certificate(_) | Upload::Promise => None,
    };
    let place = Place { party: now.opened.party, material: &material, name };
    let Given { evidence, certificate, file } = given(ctx, caller, place, upload).await?;
    let command = Command::Attach(AttachMaterial { material, evidence, certificate });
    change(ctx, caller, case, expected_version, command, file).await
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

/// What was sent, as evidence.
pub struct Given {
    pub evidence: Evidence,
    /// What is known of the certificate, where it is one.
    pub certificate: Option<KnownCertificate>,
    /// The file, where it is one: to be kept once nothing but the writing can fail.
    pub file: Option<GivenFile>,
}

pub struct GivenFile {
    digest: String,
    bytes: Bytes,
}

impl GivenFile {
    pub async fn keep(&self, folder: Folder<'_>) -> AppResult<()> {
        folder.put(&self.digest, &self.bytes).await
    }
}

/// Reads what was sent. Nothing is kept yet.
pub async fn given(ctx: &Ctx, caller: &Caller, place: Place<'_>, upload: Upload) -> AppResult<Given> {
    Ok(match upload {
        Upload::File { bytes, file_name, original_seen } => {
            if original_seen && caller.channel != Channel::Counter {
                return Err(AppError::Invalid(vec![original_not_seen(place.material)]));
            }
            let standing = if original_seen { Standing::OriginalSeen } else { Standing::Uploaded };
            new_file(place.material, bytes, file_name, standing)?
        }
        Upload::Earlier { case, material } => handed_in_before(ctx, caller, case, &material, place).await?,
        Upload::Certificate(id) => {
            let mut certificate =
                ctx.store.find_certificate(&id).await?.map(|sealed| known(sealed.certificate));
            if let Some(known) = &mut certificate {
                known.holder = as_party(ctx, known.holder, place.party).await?;
            }
            Given { evidence: Evidence::Certificate { certificate: id }, certificate, file: None }
        }
        Upload::Promise => Given { evidence: Evidence::Promise, certificate: None, file: None },
    })
}

pub async fn remove(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    expected_version: Option<u64>,
    material: String,
) -> AppResult<CaseReply> {
    change(ctx, caller, case, expected_version, Command::Remove(RemoveMaterial { material }), None).await
}

/// The bytes of an uploaded material, with their type and name.
pub async fn download(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    material: &str,
) -> AppResult<(Bytes, MediaType, Option<String>)> {
    let (stored, audience) = readable(ctx, caller, case).await?;
    let filed = stored.case.state.materials().ok_or(AppError::NotFound)?.get(material);
    // Who mends sees what he has handed in anew; to staff it is as it was filed until then.
    let mended = match (&stored.case.state, audience) {
        (CaseState::Correcting(correcting), Audience::Applicant) => correcting.materials.get(material),
        _ => None,
    };
    match mended.or(filed).and_then(|evidence| evidence.known()) {
        Some(Evidence::File { digest, media_type, file_name, .. }) => {
            let bytes = folder(ctx, &stored)?.get(digest).await?;
            Ok((bytes, *media_type, file_name.clone()))
        }
        Some(Evidence::Certificate { .. } | Evidence::Promise) | None => Err(AppError::NotFound),
    }
}

/// The files of a case.
///
/// # Errors
/// `NotFound` when they were erased.
pub(super) fn folder<'a>(ctx: &'a Ctx, stored: &'a StoredCase) -> AppResult<Folder<'a>> {
    let key = stored.origin.key().ok_or(AppError::NotFound)?;
    Ok(Folder { blobs: ctx.blobs.as_ref(), owner: stored.origin.folder(), key })
}

/// Gives the case.
pub(super) async fn may_edit(ctx: &Ctx, caller: &Caller, case: Uuid) -> AppResult<StoredCase> {
    let stored = ctx.store.find_case(case).await?.ok_or(AppError::NotFound)?;
    let target = Target::Case(scope(&stored));
    permit_on_case(ctx, caller, Operation::EditCase, target, case).await?;
    Ok(stored)
}

fn new_file(material: &str, bytes: Bytes, file_name: Option<String>, standing: Standing) -> AppResult<Given> {
    let Some(media_type) = MediaType::sniff(&bytes) else { return Err(unknown_type(material).into()) };
    let digest = digest_of(&bytes);
    let size_bytes = bytes.len() as u64;
    let evidence = Evidence::File { digest: digest.clone(), size_bytes, media_type, file_name, standing };
    Ok(Given { evidence, certificate: None, file: Some(GivenFile { digest, bytes }) })
}

/// A document of an earlier case of the same applicant: the same material, by its
/// name, as it was handed in then. How old it may be is the guide's to say.
async fn handed_in_before(
    ctx: &Ctx,
    caller: &Caller,
    earlier: Uuid,
    name: &str,
    place: Place<'_>,
) -> AppResult<Given> {
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
    if !same_name || before.case.opened.party != place.party {
        return Err(unknown());
    }
    let Some((Evidence::File { digest, size_bytes, media_type, file_name, standing }, handed_in)) =
        before.case.state.lends(name)
    else {
        return Err(unknown());
    };
    let standing = match standing {
        Standing::Earlier { .. } => standing.clone(),
        Standing::Uploaded | Standing::OriginalSeen => {
            Standing::Earlier { case: earlier, handed_in, original_seen: *standing == Standing::OriginalSeen }
        }
    };
    let evidence = Evidence::File {
        digest: digest.clone(),
        size_bytes: *size_bytes,
        media_type: *media_type,
        file_name: file_name.clone(),
        standing,
    };
    let stored = ctx.store.find_case(earlier).await?.ok_or_else(unknown)?;
    let bytes = folder(ctx, &stored)?.get(digest).await?;
    let file = Some(GivenFile { digest: digest.clone(), bytes });
    Ok(Given { evidence, certificate: None, file })
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

/// Decides, keeps the file and writes; a concurrent change of another field is not in
/// the way.
async fn change(
    ctx: &Ctx,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<u64>,
    command: Command,
    file: Option<GivenFile>,
) -> AppResult<CaseReply> {
    for _ in 0..super::ATTEMPTS {
        let stored = ctx.store.find_case(id).await?.ok_or(AppError::NotFound)?;
        let at = ctx.clock.now();
        let target = Target::Case(scope(&stored));
        let by = permit_on_case(ctx, caller, Operation::EditCase, target, id).await?;
        if expected_version.is_some_and(|version| version != stored.case.version) {
            return Err(AppError::Stale);
        }
        let guide = guide_to_fill_in(ctx, &stored.case).await?;
        let regions = ctx.catalogue.regions();
        let exists = |code: &RegionCode| regions.contains(code.as_str());
        let calendar = ctx.calendar.current();
        let acts = decide(&stored.case, rules(&calendar, &guide, &exists), command.clone(), &by, at)?;
        if let Some(file) = &file {
            file.keep(folder(ctx, &stored)?).await?;
        }
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
