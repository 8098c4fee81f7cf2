//! Receiving files without letting them fill the memory: all uploads under way
//! share one budget, and a slow one is cut off.

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_LENGTH;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::extract::read;
use super::problem::{Code, Problem};
use crate::app::AppError;
use crate::app::cases::MAX_FILE_BYTES;

/// Memory for uploads under way, in KiB.
const BUDGET_KIB: usize = 96 * 1024;
/// How long an upload may wait for memory, and how long it may take.
const WAIT: Duration = Duration::from_secs(2);
const DURATION: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub struct Uploads {
    budget: Arc<Semaphore>,
}

impl Uploads {
    pub fn new() -> Self {
        Self { budget: Arc::new(Semaphore::new(BUDGET_KIB)) }
    }

    /// The bytes of a file, and the permit for the memory they take.
    pub async fn receive(
        &self,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
        let announced = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
            .unwrap_or(MAX_FILE_BYTES);
        if announced > MAX_FILE_BYTES {
            return Err(too_large());
        }
        let permit = self.reserve(announced).await?;
        let bytes = read_in_time(payload, MAX_FILE_BYTES).await?;
        if bytes.is_empty() {
            return Err(Problem::new(Code::BadRequest).detail("文件为空。", "The file is empty."));
        }
        Ok((bytes, permit))
    }

    /// Waits a moment for so much memory.
    pub async fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let kib = u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX);
        let busy = || Problem::from(AppError::Unavailable("too many uploads at once".to_owned()));
        let permit = tokio::time::timeout(WAIT, self.budget.clone().acquire_many_owned(kib)).await;
        permit.map_err(|_| busy())?.map_err(|_| busy())
    }
}

impl Default for Uploads {
    fn default() -> Self {
        Self::new()
    }
}

/// A body that comes in time: who sends a byte now and then must not keep memory from
/// all others.
pub async fn read_in_time(payload: Payload, most: usize) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(DURATION, read(payload, most)).await;
    read.map_err(|_| {
        Problem::new(Code::BadRequest).detail("上传超时，请重试。", "The upload took too long; try again.")
    })?
}

fn too_large() -> Problem {
    Problem::new(Code::TooLarge).detail("文件最大 20 MiB。", "A file may have at most 20 MiB.")
}
