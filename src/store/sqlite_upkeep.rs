//! Checkpoints of SQLite's write-ahead log, on a thread of their own: a writer
//! that had to copy pages into the database would make everybody behind it wait.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;

use super::conn::{Conn, Location};
use super::error::{Error, Result};

const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Checkpoints {
    stop: Option<Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Checkpoints {
    pub(super) fn start(location: &Location) -> Result<Self> {
        let mut conn = location.connect()?;
        let (stop, stopped) = channel::<()>();
        let thread = std::thread::Builder::new()
            .name("checkpoints".to_owned())
            .spawn(move || {
                while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(PAUSE) {
                    checkpoint(&mut conn, "PASSIVE");
                }
                checkpoint(&mut conn, "TRUNCATE");
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
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

fn checkpoint(conn: &mut Conn, mode: &str) {
    if let Err(error) = conn.batch_execute(&format!("PRAGMA wal_checkpoint({mode})")) {
        tracing::debug!(%error, mode, "checkpoint put off");
    }
}
