//! The one way to write: group commit, on both databases.
//!
//! A thread owns a writing connection. It takes whatever changes arrived while the
//! last transaction was being flushed, and commits them together; a lone change
//! commits at once. Nobody is answered before the commit is durable. SQLite has one
//! writer; on PostgreSQL one thread writes while another waits for its flush, as
//! two instances would.
//!
//! What always holds: a change is written whole or not at all; a change that
//! cannot be written never takes a neighbour down with it.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::changes::Changes;
use super::conn::{Conn, Location};
use super::dialect;
use super::error::{Error, Result};
use super::numbers::Block;
use super::readers::revive;
use super::sqlite_upkeep::Log;
use super::types::At;

/// Changes that may wait before the answer is `Busy`.
const QUEUE: usize = 2048;
/// Threads that write to PostgreSQL: while one waits for its flush, the other writes.
const WRITERS: usize = 2;

enum Job {
    Commit(Box<Changes>, oneshot::Sender<Result<()>>),
    /// Take the next numbers of a series; answered with the last of them.
    Reserve {
        block: Block,
        reply: oneshot::Sender<Result<i64>>,
    },
}

pub(super) struct Committer {
    queue: Option<Sender<Job>>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

struct Pending {
    changes: Box<Changes>,
    reply: oneshot::Sender<Result<()>>,
}

impl Committer {
    /// `batch`: changes written in one transaction at the most.
    pub(super) fn start(location: &Location, batch: usize, log: &Log) -> Result<Self> {
        let (queue, jobs) = bounded(QUEUE);
        let writers = if location.is_sqlite() { 1 } else { WRITERS };
        let mut threads = Vec::with_capacity(writers);
        for index in 0..writers {
            let (conn, location, jobs) = (location.connect()?, location.clone(), jobs.clone());
            let log = log.clone();
            let thread = std::thread::Builder::new()
                .name(format!("committer-{index}"))
                .spawn(move || Worker { conn, location, batch: batch.max(1), log }.serve(&jobs))
                .map_err(|error| Error::Unavailable(error.to_string()))?;
            threads.push(thread);
        }
        Ok(Self { queue: Some(queue), threads })
    }

    /// Of a store that only reads: whatever it is given is refused.
    pub(super) fn none() -> Self {
        Self { queue: None, threads: Vec::new() }
    }

    pub(super) async fn commit(&self, changes: Changes) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Commit(Box::new(changes), reply))?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Gives the last number of the block.
    pub(super) async fn reserve(&self, block: Block) -> Result<i64> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Reserve { block, reply })?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    fn send(&self, job: Job) -> Result<()> {
        let queue = self.queue.as_ref().ok_or_else(closed)?;
        queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy,
            TrySendError::Disconnected(_) => closed(),
        })
    }
}

impl Drop for Committer {
    /// Writes what is still queued, then stops.
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn closed() -> Error {
    Error::Unavailable("the store is closed".to_owned())
}

/// How one attempt at a batch ended.
enum Attempt {
    Done,
    /// These, by position, lost against what is stored; nothing was written.
    Losers(Vec<(usize, Error)>),
    /// A statement failed; nothing was written.
    Failed(diesel::result::Error),
}

struct Worker {
    conn: Conn,
    location: Location,
    batch: usize,
    log: Log,
}

impl Worker {
    fn serve(mut self, jobs: &Receiver<Job>) {
        while let Ok(first) = jobs.recv() {
            let mut batch = Vec::new();
            let mut next = Some(first);
            while let Some(job) = next {
                match job {
                    Job::Commit(changes, reply) => batch.push(Pending { changes, reply }),
                    Job::Reserve { block, reply } => {
                        let _ = reply.send(self.reserve(&block));
                    }
                }
                next = (batch.len() < self.batch).then(|| jobs.try_recv().ok()).flatten();
            }
            self.commit_all(batch);
            self.log.renew(&mut self.conn);
        }
    }

    /// Not retried: a block lost with the connection is a gap on record.
    fn reserve(&mut self, block: &Block) -> Result<i64> {
        let conn = &mut self.conn;
        let reserved = dialect::begin(conn).and_then(|()| block.reserve(conn)).and_then(|last| {
            dialect::commit(conn)?;
            Ok(last)
        });
        if reserved.is_err() {
            let _ = dialect::rollback(conn);
            revive(conn, || self.location.connect());
        }
        reserved.map_err(Error::from)
    }

    /// Commits every change or answers why not. Changes that guard the same
    /// thing are put into successive rounds: only the first of them can win.
    fn commit_all(&mut self, batch: Vec<Pending>) {
        let mut rounds = VecDeque::from([batch]);
        while let Some(batch) = rounds.pop_front() {
            let (batch, conflicting) = without_conflicts(batch);
            if !conflicting.is_empty() {
                rounds.push_front(conflicting);
            }
            self.commit_batch(batch);
        }
    }

    /// Losers hear of it only after the winners' commit: who is told that a row
    /// has changed must find the change when he looks.
    fn commit_batch(&mut self, mut batch: Vec<Pending>) {
        let mut lost = Vec::new();
        self.commit_winners(&mut batch, &mut lost);
        for (pending, error) in lost {
            let _ = pending.reply.send(Err(error));
        }
    }

    fn commit_winners(&mut self, batch: &mut Vec<Pending>, lost: &mut Vec<(Pending, Error)>) {
        let mut tries = 0;
        while !batch.is_empty() {
            let attempt = std::panic::catch_unwind(AssertUnwindSafe(|| self.attempt(batch)))
                .unwrap_or(Attempt::Failed(diesel::result::Error::RollbackTransaction));
            match attempt {
                Attempt::Done => {
                    batch.drain(..).for_each(|pending| drop(pending.reply.send(Ok(()))));
                }
                Attempt::Losers(losers) => {
                    let losers = losers.into_iter().rev();
                    lost.extend(losers.map(|(index, error)| (batch.remove(index), error)));
                }
                Attempt::Failed(error) => {
                    revive(&mut self.conn, || self.location.connect());
                    if let [_] = batch.as_slice() {
                        tries += 1;
                        if tries < TRIES && may_pass_next_time(&error) {
                            continue;
                        }
                        let error = Error::from(error);
                        lost.extend(batch.drain(..).map(|pending| (pending, error.clone())));
                        return;
                    }
                    // One of them is the culprit: halve until it stands alone.
                    let mut second = batch.split_off(batch.len() / 2);
                    self.commit_winners(batch, lost);
                    self.commit_winners(&mut second, lost);
                }
            }
        }
    }

    fn attempt(&mut self, batch: &[Pending]) -> Attempt {
        if let Err(error) = dialect::begin(&mut self.conn) {
            return Attempt::Failed(error);
        }
        let fence = Uuid::from_bytes(super::vault::random());
        let written = self.guard_and_write(batch).and_then(|losers| {
            if losers.is_empty() {
                dialect::raise_fence(&mut self.conn, fence, At(now()))?;
            }
            Ok(losers)
        });
        match written {
            Ok(losers) if losers.is_empty() => self.finish(fence),
            Ok(losers) => {
                let _ = dialect::rollback(&mut self.conn);
                Attempt::Losers(losers)
            }
            Err(error) => {
                let _ = dialect::rollback(&mut self.conn);
                Attempt::Failed(error)
            }
        }
    }

    /// COMMIT. When the connection breaks before the answer comes, the fence
    /// tells, on a fresh connection, whether it took place.
    fn finish(&mut self, fence: Uuid) -> Attempt {
        let Err(error) = dialect::commit(&mut self.conn) else { return Attempt::Done };
        let _ = dialect::rollback(&mut self.conn);
        tracing::warn!(%error, "a commit went unanswered; asking again");
        for _ in 0..RECONNECTS {
            revive(&mut self.conn, || self.location.connect());
            match dialect::fence_stands(&mut self.conn, fence, At(now())) {
                Ok(true) => return Attempt::Done,
                Ok(false) => return Attempt::Failed(error),
                Err(_) => std::thread::sleep(RECONNECT_PAUSE),
            }
        }
        Attempt::Failed(error)
    }

    /// Claims and guards first, so that whoever loses is known before anything
    /// else is written; then all rows, table by table.
    fn guard_and_write(&mut self, batch: &[Pending]) -> diesel::QueryResult<Vec<(usize, Error)>> {
        let conn = &mut self.conn;
        let each = || batch.iter().map(|pending| &pending.changes);

        let mut claims: Vec<_> = each().filter_map(|changes| changes.claim.as_ref()).collect();
        let claimed: HashSet<Vec<u8>> = dialect::claim_keys(conn, &mut claims)?.into_iter().collect();
        let mut updates: Vec<_> = each().flat_map(|changes| &changes.case_updates).collect();
        let current: HashSet<Uuid> = dialect::update_cases(conn, &mut updates)?.into_iter().collect();
        let mut refreshes: Vec<_> = each().flat_map(|changes| &changes.refreshes).collect();
        let refreshed: HashSet<Vec<u8>> = dialect::refresh(conn, &mut refreshes)?.into_iter().collect();

        let mut losers = Vec::new();
        for (index, changes) in each().enumerate() {
            if changes.claimed_key().is_some_and(|key| !claimed.contains(key)) {
                losers.push((index, Error::Replayed));
                continue;
            }
            let guarded = changes.guarded_cases().all(|id| current.contains(&id))
                && changes.guarded_tokens().all(|token| refreshed.contains(token));
            if !guarded || (!changes.writes.is_empty() && !write_all(conn, changes)?) {
                losers.push((index, Error::Stale));
            }
        }
        if !losers.is_empty() {
            return Ok(losers);
        }

        dialect::insert_cases(conn, &each().flat_map(|c| &c.new_cases).collect::<Vec<_>>())?;
        dialect::put_work(conn, &each().flat_map(|c| &c.work).collect::<Vec<_>>())?;
        dialect::insert_case_keys(conn, &each().flat_map(|c| &c.case_keys).collect::<Vec<_>>())?;
        dialect::insert_case_events(conn, &each().flat_map(|c| &c.events).collect::<Vec<_>>())?;
        dialect::insert_letters(conn, &each().flat_map(|c| &c.letters).collect::<Vec<_>>())?;
        dialect::insert_certificates(conn, &each().flat_map(|c| &c.certificates).collect::<Vec<_>>())?;
        dialect::insert_outbox(conn, &each().flat_map(|c| &c.outbox).collect::<Vec<_>>())?;
        let successors = each().flat_map(|c| &c.refreshes).map(|refresh| &refresh.successor);
        dialect::insert_refresh_tokens(conn, &successors.collect::<Vec<_>>())?;
        Ok(Vec::new())
    }
}

/// Of a change that stands alone.
const TRIES: usize = 3;

/// Whether the same statements may succeed when they are sent again: another writer
/// stood in the way (a deadlock has no kind of its own). Nothing was written.
fn may_pass_next_time(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind as Kind, Error as Failure};
    matches!(error, Failure::DatabaseError(Kind::SerializationFailure | Kind::Unknown, _))
}

const RECONNECTS: usize = 50;
const RECONNECT_PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

#[expect(clippy::disallowed_methods, reason = "the age of a fence concerns housekeeping only")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// Applies the writes of one change, or none of them: a later change of the batch
/// is judged as if a loser before it had never been.
fn write_all(conn: &mut Conn, changes: &Changes) -> diesel::QueryResult<bool> {
    dialect::savepoint(conn)?;
    for write in &changes.writes {
        if !write.apply(conn)? {
            dialect::rollback_to_savepoint(conn)?;
            return Ok(false);
        }
    }
    Ok(true)
}

/// Splits off every change that claims or guards what an earlier one does.
fn without_conflicts(batch: Vec<Pending>) -> (Vec<Pending>, Vec<Pending>) {
    let mut keys: HashSet<Vec<u8>> = HashSet::new();
    let mut cases: HashSet<Uuid> = HashSet::new();
    let mut tokens: HashSet<Vec<u8>> = HashSet::new();
    let (mut clean, mut conflicting) = (Vec::with_capacity(batch.len()), Vec::new());
    for pending in batch {
        let changes = &pending.changes;
        let clash = changes.claimed_key().is_some_and(|key| keys.contains(key))
            || changes.guarded_cases().any(|id| cases.contains(&id))
            || changes.guarded_tokens().any(|token| tokens.contains(token));
        if clash {
            conflicting.push(pending);
        } else {
            keys.extend(changes.claimed_key().map(<[u8]>::to_vec));
            cases.extend(changes.guarded_cases());
            tokens.extend(changes.guarded_tokens().map(<[u8]>::to_vec));
            clean.push(pending);
        }
    }
    (clean, conflicting)
}

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind as Kind, Error as Failure};

    use super::may_pass_next_time;

    #[test]
    fn what_another_writer_caused_is_tried_again_and_what_the_change_says_is_not() {
        let failed = |kind| Failure::DatabaseError(kind, Box::new("why".to_owned()));
        // PostgreSQL's 40P01, a deadlock, has no kind of its own.
        for kind in [Kind::SerializationFailure, Kind::Unknown] {
            assert!(may_pass_next_time(&failed(kind)));
        }
        for kind in [
            Kind::UniqueViolation,
            Kind::ForeignKeyViolation,
            Kind::NotNullViolation,
            Kind::CheckViolation,
            Kind::ReadOnlyTransaction,
            Kind::UnableToSendCommand,
            Kind::ClosedConnection,
        ] {
            assert!(!may_pass_next_time(&failed(kind)));
        }
        assert!(!may_pass_next_time(&Failure::RollbackTransaction));
        assert!(!may_pass_next_time(&Failure::NotFound));
    }
}
