//! Reading: a few threads, each with a connection of its own, behind one bounded
//! queue. Nobody waits for a connection; a full queue is `Busy` at once.

use std::panic::AssertUnwindSafe;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use diesel::RunQueryDsl as _;
use tokio::sync::oneshot;

use super::conn::{Conn, Location};
use super::error::{Error, Result};

type Job = Box<dyn FnOnce(&mut Conn) -> Health + Send>;

/// What a job learned about its connection.
pub(super) enum Health {
    Fine,
    Suspect,
}

pub(super) struct Readers {
    queue: Sender<Job>,
}

/// Jobs that may wait for a thread before the answer is `Busy`.
const QUEUE: usize = 4096;

impl Readers {
    /// Opens `threads` connections; fails when the first cannot be had.
    pub(super) fn start(location: &Location, threads: usize) -> Result<Self> {
        let (queue, jobs) = bounded::<Job>(QUEUE);
        for index in 0..threads.max(1) {
            let conn = location.connect_to_read()?;
            let (jobs, location) = (jobs.clone(), location.clone());
            std::thread::Builder::new()
                .name(format!("reader-{index}"))
                .spawn(move || serve(conn, &location, &jobs))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
        }
        Ok(Self { queue })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |conn| {
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| query(conn)))
                .unwrap_or_else(|_| Err(Error::Unavailable("a query panicked".to_owned())));
            let health = match &result {
                Err(Error::Unavailable(_)) => Health::Suspect,
                _ => Health::Fine,
            };
            let _ = reply.send(result);
            health
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => Error::Unavailable("the store is closed".to_owned()),
        })?;
        answer.await.unwrap_or_else(|_| Err(Error::Unavailable("the store is closed".to_owned())))
    }
}

fn serve(mut conn: Conn, location: &Location, jobs: &Receiver<Job>) {
    for job in jobs {
        match job(&mut conn) {
            Health::Fine => {}
            Health::Suspect => revive(&mut conn, || location.connect_to_read()),
        }
    }
}

/// Replaces a connection that no longer answers. Tries once: when the database
/// is away the next job fails fast and tries again.
pub(super) fn revive(conn: &mut Conn, connect: impl FnOnce() -> Result<Conn>) {
    if diesel::sql_query("SELECT 1").execute(conn).is_ok() {
        return;
    }
    match connect() {
        Ok(fresh) => *conn = fresh,
        Err(error) => tracing::warn!(%error, "the database cannot be reached"),
    }
}
