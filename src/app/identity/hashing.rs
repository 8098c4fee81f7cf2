//! Passwords are hashed on threads of their own, one per core: argon2id takes
//! 19 MiB and tens of milliseconds, and a storm of sign-ins must neither fill the
//! memory nor stop the portal. Who would wait too long is told to come back.

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
}

impl Hashers {
    pub(super) fn start() -> AppResult<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (queue, tasks) = bounded::<Task>(QUEUE * threads);
        for index in 0..threads {
            let tasks = tasks.clone();
            std::thread::Builder::new()
                .name(format!("passwords-{index}"))
                .spawn(move || serve(&tasks))
                .map_err(|error| AppError::Unavailable(error.to_string()))?;
        }
        Ok(Self { queue })
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

fn serve(tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        // Whoever stopped waiting costs no more work.
        match task {
            Task::Hash(password, reply) if !reply.is_closed() => drop(reply.send(hash(&password))),
            Task::Verify { password, hash, reply } if !reply.is_closed() => {
                drop(reply.send(verify(&password, &hash)));
            }
            Task::Hash(..) | Task::Verify { .. } => {}
        }
    }
}

fn hash(password: &Password) -> Result<String, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
    let salt: [u8; 16] = random();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(params.clone(), password, &salt, &mut output)?;
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Ok(format!("$argon2id$v=19${params}${salt}${output}"))
}

/// The parameters are those the hash was made with.
fn verify(password: &Password, hash: &str) -> Result<bool, String> {
    let unreadable = |error: &dyn std::fmt::Display| format!("a stored password hash does not read: {error}");
    let hash = PasswordHash::new(hash).map_err(|error| unreadable(&error))?;
    let params = Params::try_from(&hash.params).map_err(|error| unreadable(&error))?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(unreadable(&"it has no salt or no hash"));
    };
    let mut output = vec![0; expected.as_bytes().len()];
    compute(params, password, salt.as_ref(), &mut output)?;
    Ok(same_bytes(&output, expected.as_bytes()))
}

fn compute(params: Params, password: &Password, salt: &[u8], output: &mut [u8]) -> Result<(), String> {
    let memory = memory(params.block_count());
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(password.expose().as_bytes(), salt, output, memory)
        .map_err(|error| format!("hashing a password: {error}"))
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
    use super::*;

    fn password(text: &str) -> Password {
        Password::presented(text).unwrap()
    }

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let made = hash(&password("correct horse")).unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(verify(&password("correct horse"), &made), Ok(true));
        assert_eq!(verify(&password("correct house"), &made), Ok(false));
    }

    #[test]
    fn nobody_takes_the_same_work_and_fits_nothing() {
        let ours = PasswordHash::new(NOBODY).unwrap();
        let theirs = hash(&password("correct horse")).unwrap();
        assert_eq!(ours.params, PasswordHash::new(&theirs).unwrap().params);
        assert_eq!(verify(&password("correct horse"), NOBODY), Ok(false));
    }

    #[test]
    fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        assert!(verify(&password("correct horse"), "$argon2id$v=19$broken").is_err());
    }
}
