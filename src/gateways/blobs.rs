//! Files in an object store: a local folder, or anything that speaks S3. What lies
//! there is sealed; this room only keeps it.

use bytes::Bytes;
use futures_util::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
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
        let store = store.with_automatic_cleanup(true);
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

/// `folders/3f/<uuid>`: made of the random end of the id, two levels keep folders small.
fn path(folder: Uuid) -> Path {
    let id = folder.simple().to_string();
    Path::from_iter(["folders", id.get(30..).unwrap_or("00"), &id])
}

fn unavailable(error: object_store::Error) -> PortError {
    PortError::Unavailable(error.to_string())
}

impl Blobs for BlobStore {
    fn put<'a>(&'a self, folder: Uuid, name: &'a str, bytes: Bytes) -> PortFuture<'a, ()> {
        Box::pin(async move {
            self.store.put(&path(folder).join(name), bytes.into()).await.map(drop).map_err(unavailable)
        })
    }

    fn get<'a>(&'a self, folder: Uuid, name: &'a str) -> PortFuture<'a, Option<Bytes>> {
        Box::pin(async move {
            match self.store.get(&path(folder).join(name)).await {
                Ok(found) => found.bytes().await.map(Some).map_err(unavailable),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(unavailable(error)),
            }
        })
    }

    fn drop_folder<'a>(&'a self, folder: Uuid) -> PortFuture<'a, ()> {
        Box::pin(async move {
            let folder = path(folder);
            let mut found = self.store.list(Some(&folder));
            while let Some(file) = found.next().await {
                let file = file.map_err(unavailable)?;
                match self.store.delete(&file.location).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(unavailable(error)),
                }
            }
            Ok(())
        })
    }
}
