//! Everything outside the process, each behind a port of `app`, each with its
//! real protocol.

mod blobs;
mod sms;

pub use blobs::{BlobStore, S3};
pub use sms::{ConsoleSms, HttpSms};
