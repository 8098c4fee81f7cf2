//! 附件: files of a case, of an application for a bundle, of an upload under way. Each
//! owner has a folder in the file store, in which every file lies sealed under the key of
//! its case or application: once that key is destroyed nothing in the folder can be read.
//!
//! What always holds: a file lies in its folder before anything durable names it, and it
//! is put there only when nothing but the writing is left that could fail.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::error::{AppError, AppResult};
use super::ports::Blobs;
use crate::domain::cases::history::hex;
use crate::store::CaseKey;

/// The folder of one owner.
#[derive(Clone, Copy)]
pub struct Folder<'a> {
    pub blobs: &'a dyn Blobs,
    pub owner: Uuid,
    pub key: &'a CaseKey,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    Missing,
    Altered,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Damage::Missing => "is not there",
            Damage::Altered => "was changed",
        })
    }
}

/// The name of a file: the SHA-256 of its bytes, lower-case hex.
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Folder<'_> {
    /// Keeps a file under its digest; the same one again is as good.
    pub async fn put(&self, digest: &str, bytes: &[u8]) -> AppResult<()> {
        let sealed = self.key.seal(&self.context(digest), bytes);
        Ok(self.blobs.put(self.owner, digest, sealed.into()).await?)
    }

    /// The bytes with this digest, or what is wrong with them.
    pub async fn examine(&self, digest: &str) -> AppResult<Result<Bytes, Damage>> {
        let Some(sealed) = self.blobs.get(self.owner, digest).await? else {
            return Ok(Err(Damage::Missing));
        };
        let opened = self.key.open(&self.context(digest), &sealed);
        Ok(opened.filter(|bytes| digest_of(bytes) == digest).map(Bytes::from).ok_or(Damage::Altered))
    }

    /// The same where nothing may be wrong.
    pub async fn get(&self, digest: &str) -> AppResult<Bytes> {
        let examined = self.examine(digest).await?;
        examined.map_err(|damage| AppError::Internal(format!("file {digest} of {} {damage}", self.owner)))
    }

    /// A sealed file opens in its own place only.
    fn context(&self, digest: &str) -> String {
        format!("files:{}:{digest}", self.owner)
    }
}
