//! Checkpoints of SQLite's write-ahead log, on a thread of their own: a writer
//! that had to copy pages into the database would make everybody behind it wait.
//!
//! The log begins anew only in a moment in which nobody writes and all of it is copied,
//! and under load there is none. So once it is long the writer makes one: it copies the
//! little that came since the last checkpoint, between two transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Integer;

use super::conn::{BUSY_TIMEOUT, Conn, Location};
use super::error::{Error, Result};

const PAUSE: Duration = Duration::from_millis(500);
/// Frames (pages of 4 KiB) after which the log is to begin anew.
const LONG: i32 = 16 * 1024;
/// Frames a writer may be asked to copy, if a few rounds can bring them down to that.
const LITTLE: i32 = 512;
const ROUNDS: usize = 4;

pub(super) struct Checkpoints {
    log: Log,
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Whether the log is to begin anew.
#[derive(Clone, Default)]
pub(super) struct Log {
    is_long: Arc<AtomicBool>,
}

#[derive(diesel::QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = Integer)]
    log: i32,
    #[diesel(sql_type = Integer)]
    checkpointed: i32,
}

impl Checkpoints {
    pub(super) fn start(location: &Location) -> Result<Self> {
        let mut conn = location.connect()?;
        let log = Log::default();
        let seen = log.clone();
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || {
                while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(PAUSE) {
                    if copy(&mut conn) >= LONG {
                        seen.is_long.store(true, Ordering::Relaxed);
                    }
                }
                checkpoint(&mut conn, "TRUNCATE");
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { log, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Log {
    /// Lets the log begin anew if it is long. For the writer, between transactions.
    pub(super) fn renew(&self, conn: &mut Conn) {
        if self.is_long.swap(false, Ordering::Relaxed) {
            // Who reads for long must not keep others from writing: it is tried again.
            let _ = conn.batch_execute("PRAGMA busy_timeout = 20");
            checkpoint(conn, "RESTART");
            let _ = conn.batch_execute(BUSY_TIMEOUT);
        }
    }
}

/// Copies what is in the log while others write; gives how long it is.
fn copy(conn: &mut Conn) -> i32 {
    let mut length = 0;
    for _ in 0..ROUNDS {
        let Some(Checkpoint { log, checkpointed }) = checkpoint(conn, "PASSIVE") else { break };
        length = log;
        if log - checkpointed <= LITTLE {
            break;
        }
    }
    length
}

fn checkpoint(conn: &mut Conn, mode: &str) -> Option<Checkpoint> {
    match diesel::sql_query(format!("PRAGMA wal_checkpoint({mode})")).get_result(conn) {
        Ok(done) => Some(done),
        Err(error) => {
            tracing::debug!(%error, mode, "checkpoint put off");
            None
        }
    }
}
