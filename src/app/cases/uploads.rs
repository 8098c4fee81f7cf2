//! 续传: a file that comes in parts, from whichever channel of the applicant's side goes
//! on with it; once whole it is attached as one that came in one piece.
//!
//! What always holds: a part is kept before it is acknowledged; parts follow each other
//! without gap or overlap; what is attached has the digest that was announced.

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::materials::{folder, may_edit};
use super::{CaseReply, MAX_FILE_BYTES, Upload, attach, guide_to_fill_in};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::files::{Folder, digest_of};
use crate::app::identity::Caller;
use crate::domain::cases::handed_in_by;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{self, Changes, StoredCase, UploadPart, UploadRecord, UploadWrite};

/// Largest part, in bytes.
pub const MAX_PART_BYTES: usize = 4 * 1024 * 1024;
/// Untouched or not: how long a file may take.
const KEPT: TimeDelta = TimeDelta::hours(24);
/// Files of one case under way at once.
const MOST_UNDER_WAY: i64 = 20;

/// A file about to come.
#[derive(Debug, Clone)]
pub struct Announced {
    pub size_bytes: u64,
    /// SHA-256, lower-case hex.
    pub digest: String,
    pub file_name: Option<String>,
    pub original_seen: bool,
}

/// Which upload of which place of which case.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub case: Uuid,
    pub material: String,
    pub upload: Uuid,
}

/// How far a file is.
pub struct Standing {
    pub upload: Uuid,
    /// The code of the material.
    pub material: String,
    pub file_name: Option<String>,
    /// Of the whole; SHA-256, lower-case hex.
    pub digest: String,
    pub size_bytes: u64,
    pub received_bytes: u64,
    pub expires_at: DateTime<Utc>,
}

impl From<&UploadRecord> for Standing {
    fn from(upload: &UploadRecord) -> Self {
        Self {
            upload: upload.id,
            material: upload.material.clone(),
            file_name: upload.file_name.clone(),
            digest: upload.digest.clone(),
            size_bytes: upload.size_bytes,
            received_bytes: upload.received_bytes,
            expires_at: upload.expires_at,
        }
    }
}

/// What a part did.
pub enum Added {
    /// More is to come.
    Part(Standing),
    /// It was the last: the material is attached.
    Whole(Box<CaseReply>),
}

/// Announces a file.
///
/// # Errors
/// `Invalid` with everything wrong at once; `Refused` with too many under way.
pub async fn begin(
    ctx: &Ctx,
    caller: &Caller,
    case: Uuid,
    material: String,
    announced: Announced,
) -> AppResult<Standing> {
    let now = may_edit(ctx, caller, case).await?.case;
    let guide = guide_to_fill_in(ctx, &now).await?;
    let mut errors = problems(&announced);
    if !handed_in_by(&now, &guide.guide)?.materials.iter().any(|known| known.code == material) {
        let words = Text::new(
            "办事指南没有这份材料，请核对代码。",
            "The guide has no such material; check its code.",
        );
        errors.push(FieldError::new(format!("/materials/{material}"), "unknown", words));
    }
    if !errors.is_empty() {
        return Err(AppError::Invalid(errors));
    }
    if ctx.store.count_uploads(case).await? >= MOST_UNDER_WAY {
        return Err(Refusal::new(
            RefusalCode::TooManyAttempts,
            "该办件有太多未传完的文件。请先传完，或等待其在 24 小时后失效。",
            "Too many files of this case are unfinished. Finish them, or wait until they lapse after 24 hours.",
        )
        .into());
    }
    let at = ctx.clock.now();
    let Announced { size_bytes, digest, file_name, original_seen } = announced;
    let upload = UploadRecord {
        id: new_id(at),
        case,
        material,
        size_bytes,
        digest,
        file_name,
        original_seen,
        received_bytes: 0,
        begun_by: caller.actor.account,
        begun_at: at,
        expires_at: at + KEPT,
    };
    let standing = Standing::from(&upload);
    let mut changes = Changes::new();
    changes.write(UploadWrite::Begin(upload));
    ctx.store.commit(changes).await?;
    Ok(standing)
}

fn problems(announced: &Announced) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let most = MAX_FILE_BYTES as u64;
    if !(1..=most).contains(&announced.size_bytes) {
        let words = Text::new("文件应为 1 字节至 20 MiB。", "A file has from 1 byte to 20 MiB.");
        errors.push(FieldError::new("/size_bytes", "out_of_range", words));
    }
    let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    if announced.digest.len() != 64 || !announced.digest.chars().all(is_hex) {
        let words = Text::new(
            "应为文件 SHA-256 的 64 位小写十六进制。",
            "It must be the file's SHA-256 in 64 lower-case hexadecimal digits.",
        );
        errors.push(FieldError::new("/digest_sha256", "invalid", words));
    }
    errors
}

/// The files of a case under way, for whoever goes on with one somebody else began.
pub async fn list(ctx: &Ctx, caller: &Caller, case: Uuid) -> AppResult<Vec<Standing>> {
    may_edit(ctx, caller, case).await?;
    let uploads = ctx.store.list_uploads(case, ctx.clock.now()).await?;
    Ok(uploads.iter().map(Standing::from).collect())
}

/// How far a file is.
pub async fn find(ctx: &Ctx, caller: &Caller, wanted: &Wanted) -> AppResult<Standing> {
    let (_, upload) = under_way(ctx, caller, wanted).await?;
    Ok(Standing::from(&upload))
}

async fn under_way(ctx: &Ctx, caller: &Caller, wanted: &Wanted) -> AppResult<(StoredCase, UploadRecord)> {
    let stored = may_edit(ctx, caller, wanted.case).await?;
    let at = ctx.clock.now();
    let found = ctx.store.find_upload(wanted.upload).await?;
    let found = found
        .filter(|upload| upload.case == wanted.case && upload.material == wanted.material)
        .filter(|upload| at < upload.expires_at);
    Ok((stored, found.ok_or(AppError::NotFound)?))
}

/// Where the parts of an upload lie: in a folder of their own, under the key of the case.
fn parts<'a>(ctx: &'a Ctx, stored: &'a StoredCase, upload: Uuid) -> AppResult<Folder<'a>> {
    Ok(Folder { owner: upload, ..folder(ctx, stored)? })
}

/// Adds the part that begins at `offset`. With the last the material is attached; when
/// only that failed, an empty part at the end tries it again.
///
/// # Errors
/// `WrongOffset` with where it goes on; `Invalid` when it is longer than announced, or
/// not what was announced: then it must begin anew.
pub async fn add(
    ctx: &Ctx,
    caller: &Caller,
    wanted: &Wanted,
    offset: Option<u64>,
    bytes: Bytes,
) -> AppResult<Added> {
    let (stored, upload) = under_way(ctx, caller, wanted).await?;
    let offset = offset.ok_or_else(no_offset)?;
    if offset != upload.received_bytes {
        return Err(AppError::WrongOffset { received_bytes: upload.received_bytes });
    }
    let then = offset + bytes.len() as u64;
    if then > upload.size_bytes {
        let words = Text::new("超出了申报的文件大小。", "It is longer than the file was said to be.");
        return Err(AppError::Invalid(vec![FieldError::new("/size_bytes", "too_long", words)]));
    }
    let parts = parts(ctx, &stored, upload.id)?;
    if !bytes.is_empty() {
        keep(ctx, parts, offset, &bytes).await?;
    }
    let upload = UploadRecord { received_bytes: then, ..upload };
    if then < upload.size_bytes {
        return Ok(Added::Part(Standing::from(&upload)));
    }
    finish(ctx, caller, parts, upload).await.map(|reply| Added::Whole(Box::new(reply)))
}

fn no_offset() -> AppError {
    let words = Text::new(
        "请在 Upload-Offset 头中给出本段的起始字节。",
        "Give the part's first byte in `Upload-Offset`.",
    );
    AppError::Invalid(vec![FieldError::new("Upload-Offset", "required", words)])
}

async fn keep(ctx: &Ctx, parts: Folder<'_>, from_byte: u64, bytes: &[u8]) -> AppResult<()> {
    let part = UploadPart { from_byte, size_bytes: bytes.len() as u64, digest: digest_of(bytes) };
    parts.put(&part.digest, bytes).await?;
    let mut changes = Changes::new();
    changes.write(UploadWrite::Add { upload: parts.owner, part });
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(()),
        // Another channel was faster.
        Err(store::Error::Stale) => {
            let now = ctx.store.find_upload(parts.owner).await?.ok_or(AppError::NotFound)?;
            Err(AppError::WrongOffset { received_bytes: now.received_bytes })
        }
        Err(error) => Err(error.into()),
    }
}

async fn finish(ctx: &Ctx, caller: &Caller, parts: Folder<'_>, upload: UploadRecord) -> AppResult<CaseReply> {
    let bytes = put_together(ctx, parts).await?;
    if digest_of(&bytes) != upload.digest {
        forget(ctx, upload.id).await?;
        let words = Text::new(
            "传来的内容与申报的 SHA-256 不符，请重新上传。",
            "What arrived is not what its SHA-256 said; begin the upload anew.",
        );
        return Err(AppError::Invalid(vec![FieldError::new("/digest_sha256", "mismatch", words)]));
    }
    let UploadRecord { id, case, material, file_name, begun_by, .. } = upload;
    // Whoever says that he saw the original must be who sends the file to its end.
    let original_seen = upload.original_seen && begun_by == caller.actor.account;
    let file = Upload::File { bytes, file_name, original_seen };
    let attached = attach(ctx, caller, case, None, material, file).await;
    match attached {
        Ok(reply) => {
            forget(ctx, id).await?;
            Ok(reply)
        }
        // No such file will ever be attached there.
        Err(error @ (AppError::Refused(_) | AppError::Invalid(_))) => {
            forget(ctx, id).await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

async fn put_together(ctx: &Ctx, parts: Folder<'_>) -> AppResult<Bytes> {
    let mut whole = BytesMut::new();
    for part in ctx.store.list_parts(parts.owner).await? {
        whole.extend_from_slice(&parts.get(&part.digest).await?);
    }
    Ok(whole.freeze())
}

/// First the parts: what is left of an upload after a break is found by the next sweep.
async fn forget(ctx: &Ctx, upload: Uuid) -> AppResult<()> {
    ctx.blobs.drop_folder(upload).await?;
    let mut changes = Changes::new();
    changes.write(UploadWrite::Forget { upload });
    Ok(ctx.store.commit(changes).await?)
}

/// Uploads looked at in one go.
const PAGE: i64 = 100;

/// Lets go of files nobody finished within a day.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    loop {
        let expired = ctx.store.list_expired_uploads(ctx.clock.now(), PAGE).await?;
        if expired.is_empty() {
            return Ok(());
        }
        for upload in expired {
            forget(ctx, upload).await?;
        }
    }
}
