//! Passwords are hashed on threads of their own, one per core: argon2id takes
//! 19 MiB and tens of milliseconds, and a storm of sign-ins must neither fill the
//! memory nor stop the portal. Who would wait too long is told to come back.
//!
//! What always holds: a thread computes one hash at a time and nobody else computes
//! any, so whoever gives up waiting frees nothing that is still at work; who gave
//! up while queued costs no work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

use crate::app::error::{AppError, AppResult};
use crate::domain::identity::{Password, same_bytes};
use crate::store::random;

/// OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Who waits longer is sent away.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Waiting at the most, per thread; more could not be served in time anyway.
const QUEUE: usize = 128;

/// Compared with when there is no account: the same work, and no password fits.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWlzLWhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

enum Task {
    Hash(Password, oneshot::Sender<Result<String, String>>),
    Verify { password: Password, hash: String, reply: oneshot::Sender<Result<bool, String>> },
}

/// The threads end when this is dropped.
pub(super) struct Hashers {
    queue: Sender<Task>,
    threads: usize,
    gauge: Arc<Gauge>,
}

/// What the threads do, counted as they do it.
#[derive(Default)]
struct Gauge {
    computed: AtomicU64,
    at_work: AtomicUsize,
    most_at_work: AtomicUsize,
}

/// What the threads have done since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingReport {
    pub threads: usize,
    /// Hashes computed, each in 19 MiB.
    pub computed: u64,
    /// Blocks of memory that were in use at the same time, at the most.
    pub most_at_once: usize,
}

impl Hashers {
    pub(super) fn start() -> AppResult<Self> {
        Self::start_with(std::thread::available_parallelism().map_or(1, usize::from), QUEUE)
    }

    fn start_with(threads: usize, queue: usize) -> AppResult<Self> {
        let (queue, tasks) = bounded::<Task>(queue * threads);
        let gauge = Arc::new(Gauge::default());
        for index in 0..threads {
            let (tasks, gauge) = (tasks.clone(), Arc::clone(&gauge));
            std::thread::Builder::new()
                .name(format!("passwords-{index}"))
                .spawn(move || serve(&tasks, &gauge))
                .map_err(|error| AppError::Unavailable(error.to_string()))?;
        }
        Ok(Self { queue, threads, gauge })
    }

    pub(super) fn report(&self) -> HashingReport {
        HashingReport {
            threads: self.threads,
            computed: self.gauge.computed.load(Ordering::SeqCst),
            most_at_once: self.gauge.most_at_work.load(Ordering::SeqCst),
        }
    }

    pub(super) async fn hash(&self, password: Password) -> AppResult<String> {
        let (reply, answer) = oneshot::channel();
        self.run(Task::Hash(password, reply), answer).await
    }

    /// Whether the password fits; without a hash the same work is done for nobody.
    pub(super) async fn verify(&self, password: Password, hash: Option<String>) -> AppResult<bool> {
        let exists = hash.is_some();
        let (reply, answer) = oneshot::channel();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = self.run(Task::Verify { password, hash, reply }, answer).await?;
        Ok(fits && exists)
    }

    async fn run<T>(&self, task: Task, answer: oneshot::Receiver<Result<T, String>>) -> AppResult<T> {
        let busy = || AppError::Unavailable("too many sign-ins at this moment".to_owned());
        self.queue.try_send(task).map_err(|_| busy())?;
        tokio::time::timeout(LONGEST_WAIT, answer)
            .await
            .map_err(|_| busy())?
            .map_err(|_| busy())?
            .map_err(AppError::Internal)
    }
}

fn serve(tasks: &Receiver<Task>, gauge: &Gauge) {
    while let Ok(task) = tasks.recv() {
        // Whoever stopped waiting costs no more work.
        match task {
            Task::Hash(password, reply) if !reply.is_closed() => drop(reply.send(hash(&password, gauge))),
            Task::Verify { password, hash, reply } if !reply.is_closed() => {
                drop(reply.send(verify(&password, &hash, gauge)));
            }
            Task::Hash(..) | Task::Verify { .. } => {}
        }
    }
}

fn hash(password: &Password, gauge: &Gauge) -> Result<String, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
    let salt: [u8; 16] = random();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(params.clone(), password, &salt, &mut output, gauge)?;
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Ok(format!("$argon2id$v=19${params}${salt}${output}"))
}

/// The parameters are those the hash was made with.
fn verify(password: &Password, hash: &str, gauge: &Gauge) -> Result<bool, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("a stored password hash does not read: {error}");
    let hash = PasswordHash::new(hash).map_err(|error| unreadable(&error))?;
    let params = Params::try_from(&hash.params).map_err(|error| unreadable(&error))?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(unreadable(&"it has no salt or no hash"));
    };
    let mut output = vec![0; expected.as_bytes().len()];
    compute(params, password, salt.as_ref(), &mut output, gauge)?;
    Ok(same_bytes(&output, expected.as_bytes()))
}

fn compute(
    params: Params,
    password: &Password,
    salt: &[u8],
    output: &mut [u8],
    gauge: &Gauge,
) -> Result<(), String> {
    let at_work = gauge.at_work.fetch_add(1, Ordering::SeqCst) + 1;
    gauge.most_at_work.fetch_max(at_work, Ordering::SeqCst);
    let memory = memory(params.block_count());
    let computed = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, output, memory)
        .map_err(|error| format!("hashing a password: {error}"));
    gauge.at_work.fetch_sub(1, Ordering::SeqCst);
    gauge.computed.fetch_add(1, Ordering::SeqCst);
    computed
}

/// The C library gives back at once what was asked for in one piece of more than
/// 32 MiB, and keeps smaller pieces for good, 19 MiB per thread: so more is asked
/// for than is ever touched.
fn memory(blocks: usize) -> Vec<Block> {
    const GIVEN_BACK_ABOVE: usize = 33 * 1024 * 1024;
    let mut memory = Vec::with_capacity(blocks.max(GIVEN_BACK_ABOVE / size_of::<Block>()));
    memory.resize(blocks, Block::default());
    memory
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, poll_fn};
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    fn password(text: &str) -> Password {
        Password::presented(text).unwrap()
    }

    fn hash(text: &str) -> String {
        super::hash(&password(text), &Gauge::default()).unwrap()
    }

    fn verify(text: &str, hash: &str) -> Result<bool, String> {
        super::verify(&password(text), hash, &Gauge::default())
    }

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let made = hash("correct horse");
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify("correct horse", &made), Ok(true));
        assert_eq!(verify("correct house", &made), Ok(false));
    }

    #[test]
    fn nobody_takes_the_same_work_and_fits_nothing() {
        let ours = PasswordHash::new(NOBODY).unwrap();
        let theirs = hash("correct horse");
        assert_eq!(ours.params, PasswordHash::new(&theirs).unwrap().params);
        assert_eq!(verify("correct horse", NOBODY), Ok(false));
    }

    #[test]
    fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        assert!(verify("correct horse", "$argon2id$v=19$broken").is_err());
    }

    /// The memory is that of one hash per thread, however many knock.
    #[tokio::test]
    async fn two_hundred_at_once_take_the_memory_of_one_for_each_thread() {
        let hashers = Hashers::start().unwrap();
        let outcomes = join_all((0..200).map(|_| hashers.verify(password("a guess"), None))).await;
        for outcome in &outcomes {
            assert!(matches!(outcome, Ok(false) | Err(AppError::Unavailable(_))), "{outcome:?}");
        }
        let report = hashers.report();
        assert!((1..=report.threads).contains(&report.most_at_once), "{report:?}");
        assert!(report.computed <= 200);
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_sent_away_without_work() {
        let hashers = Hashers::start_with(1, 2).unwrap();
        let outcomes = join_all((0..50).map(|_| hashers.verify(password("a guess"), None))).await;
        let sent_away = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        // One at work and two in the queue; the thread may have taken one more meanwhile.
        assert!((46..=48).contains(&sent_away), "{sent_away}");
        assert_eq!(hashers.report().computed, 50 - sent_away as u64);
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_two_seconds_for_his_turn() {
        let (queue, nobody_takes_them) = bounded::<Task>(1);
        let hashers = Hashers { queue, threads: 1, gauge: Arc::default() };
        let begun = std::time::Instant::now();
        let outcome = hashers.verify(password("a guess"), None).await;
        assert!(matches!(outcome, Err(AppError::Unavailable(_))), "{outcome:?}");
        assert!(begun.elapsed() >= LONGEST_WAIT && LONGEST_WAIT == Duration::from_secs(2));
        let Ok(Task::Verify { reply, .. }) = nobody_takes_them.try_recv() else { panic!("it was queued") };
        assert!(reply.is_closed(), "whoever takes it sees that nobody waits");
    }

    #[tokio::test]
    async fn who_gives_up_frees_nothing_at_work_and_costs_no_more_of_it() {
        let hashers = Hashers::start_with(1, 100).unwrap();
        for _ in 0..20 {
            let mut asked = pin!(hashers.verify(password("a guess"), None));
            // Asked once and dropped, as when a connection breaks.
            poll_fn(|context| {
                let _ = asked.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
        }
        assert!(!hashers.verify(password("a guess"), None).await.unwrap());
        let report = hashers.report();
        assert_eq!(report.most_at_once, 1);
        // The last, and whatever the thread had begun before it was given up.
        assert!(report.computed < 20, "{report:?}");
    }
}
