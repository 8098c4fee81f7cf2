//! `wanshitong verify`: whether what is stored still is what was written. Everything
//! but receipts is read from the database, which is never written to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{Outcome, blobs, block_on, counted, load, location, print, said};
use crate::app::Clock;
use crate::app::ports::Blobs;
use crate::app::seals::SealKeys;
use crate::app::verify::{Gap, Verifier, attested, explain_numbers, follows};
use crate::config::Config;
use crate::domain::verification::Fault;
use crate::gateways::BlobStore;
use crate::store::{Location, MasterKey, Store, Vault};

#[derive(Debug, Args)]
pub struct VerifyArguments {
    #[command(subcommand)]
    command: Option<VerifyCommand>,
    #[command(flatten)]
    place: Place,
}

/// Which portal.
#[derive(Debug, Args)]
struct Place {
    /// The configuration of a portal in production.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// Without one: the folder of a demo.
    #[arg(long, global = true, default_value = "data")]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum VerifyCommand {
    /// Histories, letters, certificates, files and daily roots; the default.
    All,
    /// To whom every case number was given, and why those in between were not.
    Numbers,
    /// What a receipt attests; offline.
    Receipt {
        /// The receipt: a compact JWS, or the answer that holds it.
        file: PathBuf,
        /// The portal's keys: its `/.well-known/seal-keys.json`. When left out: the file of
        /// that name beside the receipt.
        #[arg(long)]
        keys: Option<PathBuf>,
        /// The history of the case: what `GET /cases/{id}/events` gives.
        #[arg(long)]
        case: Option<PathBuf>,
    },
}

pub fn run(arguments: VerifyArguments) -> Outcome {
    let VerifyArguments { command, place } = arguments;
    match command.unwrap_or(VerifyCommand::All) {
        VerifyCommand::All => block_on(all(place)),
        VerifyCommand::Numbers => block_on(numbers(place)),
        VerifyCommand::Receipt { file, keys, case } => receipt(&file, keys.as_deref(), case.as_deref()),
    }
}

async fn all(place: Place) -> Outcome {
    let (store, blobs) = open(&place)?;
    let verifier = Verifier { store: &store, blobs: blobs.as_ref() };
    let mut told = Ok(());
    let counts = verifier.all(&mut |fault| tell(&mut told, fault)).await.map_err(said)?;
    told?;
    print(&format!(
        "looked at {} ({} erased), {}, {}, {}, {}, {}, {}",
        counted(counts.cases, "case"),
        counts.erased,
        counted(counts.applications, "application"),
        counted(counts.records, "record"),
        counted(counts.letters, "letter"),
        counted(counts.certificates, "certificate"),
        counted(counts.files, "file"),
        counted(counts.roots, "daily root")
    ))?;
    judged(counts.faults)
}

async fn numbers(place: Place) -> Outcome {
    let (store, _) = open(&place)?;
    let (mut told, mut explained) = (Ok(()), Ok(()));
    let at = Clock::system().now();
    let mut gap = |gap: &Gap| {
        if explained.is_ok() {
            explained = print(&gap.to_string());
        }
    };
    let mut fault = |fault: &Fault| tell(&mut told, fault);
    let counts = explain_numbers(&store, at, &mut gap, &mut fault).await.map_err(said)?;
    told.and(explained)?;
    print(&format!(
        "looked at {} series: {} {} given, each to one case; {} were not, as explained above",
        counts.series,
        counted(counts.given, "number"),
        if counts.given == 1 { "was" } else { "were" },
        counts.not_given
    ))?;
    judged(counts.faults)
}

fn tell(told: &mut Outcome, fault: &Fault) {
    if told.is_ok() {
        *told = print(&format!("FAULT {fault}"));
    }
}

fn judged(faults: u64) -> Outcome {
    match faults {
        0 => print("no faults"),
        1 => Err("1 fault was found; it is named above".to_owned()),
        faults => Err(format!("{faults} faults were found; they are named above")),
    }
}

const KEYS_FILE: &str = "seal-keys.json";

fn receipt(file: &Path, keys: Option<&Path>, case: Option<&Path>) -> Outcome {
    let beside = file.with_file_name(KEYS_FILE);
    let keys = keys.or(beside.is_file().then_some(beside.as_path())).ok_or(
        "put the portal's keys beside the receipt as seal-keys.json, or give them with `--keys FILE`: \
         without them nobody can tell a receipt from what anybody could have written. They are at \
         /.well-known/seal-keys.json of the portal that gave it",
    )?;
    let text = |file: &Path| {
        std::fs::read_to_string(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
    };
    let wrong = |file: &Path, why: String| format!("{}: {why}", file.display());
    let set = serde_json::from_str(&text(keys)?).map_err(|error| wrong(keys, error.to_string()))?;
    let keys = SealKeys::from_jwks(&set).map_err(|why| wrong(keys, why))?;
    let attested = attested(&text(file)?, &keys).map_err(|why| wrong(file, why))?;
    let said = &attested.0;
    print(&format!(
        "the receipt is genuine: case {} ({}), guide {} version {}, submitted at {}.\n\
         At {} its state was `{}` and its history had {} records, the last with the hash\n{}",
        said.case_no,
        said.case,
        said.guide,
        said.guide_version,
        said.submitted_at,
        said.issued_at,
        said.state.as_str(),
        said.seq,
        said.head,
    ))?;
    let Some(case) = case else { return Ok(()) };
    let more = follows(&attested, &text(case)?).map_err(|why| wrong(case, why))?;
    print(&format!("the history is whole and begins with what was attested; {more} records came after it"))
}

/// The database, for reading alone, and the files.
fn open(place: &Place) -> Result<(Store, Arc<dyn Blobs>), String> {
    match &place.config {
        Some(config) => open_production(&load(config)?),
        None => open_demo(&place.data),
    }
}

fn open_production(config: &Config) -> Result<(Store, Arc<dyn Blobs>), String> {
    let key = super::master_key(config)?;
    let store = open_store(&location(config)?, &key, config.database.readers)?;
    Ok((store, blobs(&config.files)?))
}

fn open_demo(data: &Path) -> Result<(Store, Arc<dyn Blobs>), String> {
    let file = data.join("demo.key");
    let key = std::fs::read_to_string(&file).map_err(|error| {
        format!(
            "{} cannot be read: {error}; give the folder of a demo with `--data DIR`, or a configuration with `--config FILE`",
            file.display()
        )
    })?;
    let key = MasterKey::parse_demo(&key).map_err(|error| format!("{}: {error}", file.display()))?;
    let location = Location::parse(&format!("sqlite:{}", data.join("wanshitong.db").display()))?;
    let files = BlobStore::local(&data.join("files")).map_err(|error| error.to_string())?;
    Ok((open_store(&location, &key, None)?, Arc::new(files)))
}

fn open_store(location: &Location, key: &MasterKey, readers: Option<usize>) -> Result<Store, String> {
    let readers = readers.unwrap_or(if location.is_sqlite() { 2 } else { 4 });
    Store::open_to_read(location, Vault::new(key), readers).map_err(|error| error.to_string())
}
