//! 文书: reading a letter, which puts its first opening on record; printing it, once
//! and for all; and telling anybody who holds the print whether it is genuine.
//!
//! A PDF is made when it is first asked for and kept, with the seal over its bytes:
//! a newer program would set the same letter in other bytes, and a document that was
//! handed out must not change.

use std::io::Read as _;
use std::sync::LazyLock;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::materials::folder;
use super::{readable, scope};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::permit::permit;
use crate::app::seals::SealKeys;
use crate::domain::cases::history::hex;
use crate::domain::cases::letters::Letter;
use crate::domain::codes::Uscc;
use crate::domain::papers::{Font, Opening, Sheet, pdf};
use crate::domain::policy::{Operation, Target};
use crate::domain::text::Text;
use crate::store::{Changes, LetterRecord, LetterWrite, PaperRecord, Print, StoredCase};

/// The JWS type of a letter's seal.
const LETTER: &str = "letter+jwt";

/// What the seal vouches for. No personal data: the digest stands for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterSeal {
    pub number: String,
    pub kind: String,
    pub case_no: String,
    /// 发文机关, by its code and its name at the time.
    pub issuer: String,
    pub issuer_name: Text,
    pub written_at: DateTime<Utc>,
    pub sealed_at: DateTime<Utc>,
    /// SHA-256 of the PDF, lower-case hex.
    pub sha256: String,
}

/// A letter as it was printed.
pub struct Paper {
    pub number: String,
    pub pdf: Bytes,
    /// SHA-256 of the PDF, lower-case hex.
    pub digest: String,
}

/// What a seal and a digest say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// This portal sealed exactly this file.
    Genuine(LetterSeal),
    /// The seal is this portal's, and of another file.
    Altered(LetterSeal),
    /// It is no seal of this portal.
    Unknown,
}

/// All letters of the case, oldest first. Looking through them opens none.
pub async fn letters(ctx: &Ctx, caller: &Caller, id: Uuid) -> AppResult<Vec<LetterRecord>> {
    let (stored, _) = readable(ctx, caller, id).await?;
    Ok(ctx.store.list_letters(&stored).await?)
}

/// Opens a letter.
pub async fn letter(ctx: &Ctx, caller: &Caller, id: Uuid, letter: Uuid) -> AppResult<LetterRecord> {
    let found = look(ctx, caller, id, letter).await?;
    open(ctx, found).await
}

/// Opens a letter, to be shown as a page.
pub async fn letter_sheet(ctx: &Ctx, caller: &Caller, id: Uuid, letter: Uuid) -> AppResult<Sheet> {
    let found = look(ctx, caller, id, letter).await?;
    let sheet = sheet(ctx, &found.stored, &found.record.letter).await?;
    open(ctx, found).await?;
    Ok(sheet)
}

/// Opens a letter, as it was printed.
pub async fn letter_paper(ctx: &Ctx, caller: &Caller, id: Uuid, letter: Uuid) -> AppResult<Paper> {
    let found = look(ctx, caller, id, letter).await?;
    let (kept, fresh) = printed(ctx, &found.stored, &found.record).await?;
    let pdf = match fresh {
        Some(pdf) => pdf,
        None => folder(ctx, &found.stored)?.get(&hex(&kept.digest)).await?,
    };
    let record = open(ctx, found).await?;
    Ok(Paper { number: record.letter.number, pdf, digest: hex(&kept.digest) })
}

/// The seal of a letter. It says nothing of what the letter says, and opens nothing.
pub async fn letter_seal(ctx: &Ctx, caller: &Caller, id: Uuid, letter: Uuid) -> AppResult<String> {
    let (stored, _) = readable(ctx, caller, id).await?;
    let record = find(ctx, &stored, letter).await?;
    let (kept, _) = printed(ctx, &stored, &record).await?;
    Ok(kept.seal)
}

/// Whether this portal sealed the file with this digest (lower-case hex).
pub fn verify_letter(ctx: &Ctx, seal: &str, digest: &str) -> Verified {
    let claims = ctx.identity.verify_seal(seal, LETTER);
    match claims.and_then(|claims| serde_json::from_value::<LetterSeal>(claims).ok()) {
        None => Verified::Unknown,
        Some(seal) if seal.sha256 == digest => Verified::Genuine(seal),
        Some(seal) => Verified::Altered(seal),
    }
}

/// Whether a print is what its seal was put to.
pub fn is_seal_of(print: &Print, keys: &SealKeys) -> bool {
    let claims = keys.verify(&print.paper.seal, LETTER);
    claims.and_then(|claims| serde_json::from_value::<LetterSeal>(claims).ok()).is_some_and(|seal| {
        seal.sha256 == hex(&print.paper.digest) && seal.sealed_at == print.paper.printed_at
    })
}

async fn find(ctx: &Ctx, stored: &StoredCase, letter: Uuid) -> AppResult<LetterRecord> {
    let letters = ctx.store.list_letters(stored).await?;
    letters.into_iter().find(|record| record.id == letter).ok_or(AppError::NotFound)
}

/// A letter in the hand of somebody who may read it.
struct Found {
    stored: StoredCase,
    record: LetterRecord,
    /// What is to be put on record when it is opened, unless that was before.
    opening: Option<Opening>,
}

async fn look(ctx: &Ctx, caller: &Caller, id: Uuid, letter: Uuid) -> AppResult<Found> {
    let stored = ctx.store.find_case(id).await?.ok_or(AppError::NotFound)?;
    let at = ctx.clock.now();
    let target = Target::Case(scope(&stored));
    let by = permit(caller, Operation::ReadCase, target, at).map_err(AppError::or_not_found)?;
    let record = find(ctx, &stored, letter).await?;
    let opening = Opening::of(&by, at).filter(|_| record.opening.is_none());
    Ok(Found { stored, record, opening })
}

/// The letter with its opening on record: after it is ready to be shown, and durable
/// before it is.
async fn open(ctx: &Ctx, found: Found) -> AppResult<LetterRecord> {
    let Found { stored, record, opening } = found;
    let Some(opening) = opening else { return Ok(record) };
    let mut changes = Changes::new();
    changes.write(LetterWrite::Open { case: stored.case.id, letter: record.id, opening });
    ctx.store.commit(changes).await?;
    // Who was faster is the one on record.
    find(ctx, &stored, record.id).await
}

async fn sheet(ctx: &Ctx, stored: &StoredCase, letter: &Letter) -> AppResult<Sheet> {
    let case = &stored.case;
    let guide = ctx
        .catalogue
        .version(case.place().guide.as_str(), case.guide_version())
        .await?
        .ok_or_else(|| AppError::Internal(format!("the guide of case {} is gone", case.id)))?;
    let agency = issuer_name(ctx, issuer(stored, letter)).await?;
    let verify_at = format!("{}/api/v1/letters/verify", ctx.identity.issuer());
    Ok(Sheet::of(letter, &agency, &guide.for_case(case).item.name, &verify_at))
}

fn issuer<'a>(stored: &'a StoredCase, letter: &'a Letter) -> &'a Uscc {
    letter.agency.as_ref().unwrap_or(&stored.case.place().agency)
}

/// An agency that is in no register goes by its code.
async fn issuer_name(ctx: &Ctx, code: &Uscc) -> AppResult<Text> {
    let agency = ctx.store.find_agency(code.clone()).await?;
    Ok(agency.map_or_else(|| Text::new(code.as_str(), code.as_str()), |agency| agency.name))
}

/// What the letter was printed as, printing it when nobody has; the PDF too when it
/// is at hand.
async fn printed(
    ctx: &Ctx,
    stored: &StoredCase,
    record: &LetterRecord,
) -> AppResult<(PaperRecord, Option<Bytes>)> {
    // Where the personal data is gone there is nothing left to print.
    if record.erased {
        return Err(AppError::NotFound);
    }
    if let Some(kept) = ctx.store.find_paper(record.id).await? {
        return Ok((kept, None));
    }
    let sheet = sheet(ctx, stored, &record.letter).await?;
    let pdf = Bytes::from(print(&sheet)?);
    let digest: [u8; 32] = Sha256::digest(&pdf).into();
    let at = ctx.clock.now();
    let seal = LetterSeal {
        number: record.letter.number.clone(),
        kind: record.letter.kind.as_str().to_owned(),
        case_no: stored.case.case_no().map(ToString::to_string).unwrap_or_default(),
        issuer: issuer(stored, &record.letter).to_string(),
        issuer_name: sheet.agency,
        written_at: record.letter.at,
        sealed_at: at,
        sha256: hex(&digest),
    };
    let seal = ctx.identity.sign_seal(&seal, LETTER, at)?;
    folder(ctx, stored)?.put(&hex(&digest), &pdf).await?;
    let mut changes = Changes::new();
    let paper = PaperRecord { digest, seal, printed_at: at };
    changes.write(LetterWrite::Print { letter: record.id, paper });
    ctx.store.commit(changes).await?;
    // Whoever was faster printed it; another program may have set it otherwise.
    let kept = ctx.store.find_paper(record.id).await?;
    let kept =
        kept.ok_or_else(|| AppError::Internal(format!("the print of letter {} is gone", record.id)))?;
    let is_this = kept.digest == digest;
    Ok((kept, is_this.then_some(pdf)))
}

fn print(sheet: &Sheet) -> AppResult<Vec<u8>> {
    static DATA: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let packed = include_bytes!("../../data/fonts/noto-serif-sc.otf.gz");
        let mut data = Vec::new();
        // A font that does not unpack is told from a good one below.
        let _ = flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut data);
        data
    });
    let font = Font::read(&DATA).ok_or_else(|| AppError::Internal("the letters' font is damaged".into()))?;
    pdf(sheet, &font).map_err(|error| AppError::Internal(error.to_string()))
}
