//! Uploaded files in an object store: a local folder, or anything that speaks
//! S3. Files are addressed by the SHA-256 of their bytes, so that nothing is
//! stored twice and nothing can be altered unseen. Parts of files under way lie apart.

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions};
use uuid::Uuid;

use crate::app::ports::{Blobs, PortError, PortFuture};

pub struct BlobStore {
    store: Box<dyn ObjectStore>,
}

/// Where an S3-compatible store is.
#[derive(Clone)]
pub struct S3 {
    /// `https://…`; `http` only where the configuration allows it.
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
    pub allow_http: bool,
}

impl BlobStore {
    /// Files in a folder, which is made when missing.
    ///
    /// # Errors
    /// When the folder cannot be made or used.
    pub fn local(folder: &std::path::Path) -> Result<Self, PortError> {
        std::fs::create_dir_all(folder).map_err(|error| {
            PortError::Unavailable(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(unavailable)?.with_fsync(true);
        Ok(Self { store: Box::new(store) })
    }

    /// Objects in a bucket.
    ///
    /// # Errors
    /// When the settings do not make a store.
    pub fn s3(s3: S3) -> Result<Self, PortError> {
        let store = AmazonS3Builder::new()
            .with_endpoint(s3.endpoint)
            .with_region(s3.region)
            .with_bucket_name(s3.bucket)
            .with_access_key_id(s3.access_key)
            .with_secret_access_key(s3.secret_key)
            .with_allow_http(s3.allow_http)
            .build()
            .map_err(unavailable)?;
        Ok(Self { store: Box::new(store) })
    }
}

/// `sha256/ab/abcd…`: two levels keep folders small.
fn path(digest: &str) -> Path {
    Path::from_iter(["sha256", digest.get(..2).unwrap_or("00"), digest])
}

/// `parts/<upload>/…`
fn parts(upload: Uuid) -> Path {
    Path::from_iter(["parts".to_owned(), upload.simple().to_string()])
}

fn unavailable(error: object_store::Error) -> PortError {
    PortError::Unavailable(error.to_string())
}

impl Blobs for BlobStore {
    fn put<'a>(&'a self, digest: &'a str, bytes: Bytes) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            match self.store.put_opts(&path(digest), bytes.into(), options).await {
                Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
                Err(error) => Err(unavailable(error)),
            }
        })
    }

    fn get<'a>(&'a self, digest: &'a str) -> PortFuture<'a, Option<Bytes>> {
        Box::pin(self.read(path(digest)))
    }

    fn put_part<'a>(&'a self, upload: Uuid, name: &'a str, bytes: Bytes) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let at = parts(upload).join(name);
            self.store.put(&at, bytes.into()).await.map(drop).map_err(unavailable)
        })
    }

    fn get_part<'a>(&'a self, upload: Uuid, name: &'a str) -> PortFuture<'a, Option<Bytes>> {
        Box::pin(self.read(parts(upload).join(name)))
    }

    fn drop_parts<'a>(&'a self, upload: Uuid) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let prefix = parts(upload);
            let mut found = self.store.list(Some(&prefix));
            while let Some(part) = found.next().await {
                let part = part.map_err(unavailable)?;
                match self.store.delete(&part.location).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(unavailable(error)),
                }
            }
            Ok(())
        })
    }

    fn delete<'a>(&'a self, digest: &'a str) -> PortFuture<'a, ()> {
        Box::pin(async move {
            match self.store.delete(&path(digest)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(unavailable(error)),
            }
        })
    }
}

impl BlobStore {
    async fn read(&self, at: Path) -> Result<Option<Bytes>, PortError> {
        match self.store.get(&at).await {
            Ok(found) => found.bytes().await.map(Some).map_err(unavailable),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unavailable(error)),
        }
    }
}
