//! Everything outside the process, each behind a port of `app`, each with its
//! real protocol.

mod blobs;
mod registries;
mod sign_outs;
mod sms;

pub use blobs::{BlobStore, S3};
pub use registries::{HttpBusiness, HttpPopulation, RegistryAccess};
pub use sign_outs::HttpSignOuts;
pub use sms::{ConsoleSms, HttpSms};
