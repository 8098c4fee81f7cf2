//! The commands. Each reads its arguments, puts the house together, and says in
//! one sentence what went wrong and what to do, if anything did.

mod catalog;
mod diff;
mod export;
mod new;
mod verify;

use std::io::IsTerminal as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Parser, Subcommand};

use crate::app::demo;
use crate::app::ports::{Blobs, BusinessRegistry, PopulationRegistry, Registries};
use crate::app::{AppError, Clock, Ctx, Settings, upkeep};
use crate::boot::{self, Parts};
use crate::config::{self, Config};
use crate::gateways::{
    BlobStore, ConsoleSms, HttpBusiness, HttpPopulation, HttpSignOuts, HttpSms, RegistryAccess, S3,
};
use crate::store::{Location, MasterKey, Store, Tuning, Vault, migrate};

/// 万事通: the unified portal of public services.
#[derive(Debug, Parser)]
#[command(name = "wanshitong", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A sample city to try the portal with; everything in one folder.
    Demo {
        /// Where the demo keeps its data.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Address and port; port 0 picks a free one.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: String,
        /// Use this database instead of a file in the folder, e.g. `postgres://…`.
        #[arg(long)]
        database: Option<String>,
        /// Changes committed in one transaction at the most; for measuring.
        #[arg(long, hide = true)]
        batch: Option<usize>,
    },
    /// Production.
    Serve {
        #[arg(long)]
        config: PathBuf,
    },
    /// Bring the database to this program's schema.
    Migrate {
        #[arg(long)]
        config: PathBuf,
    },
    /// Guide files.
    Catalog {
        #[command(subcommand)]
        command: catalog::CatalogCommand,
    },
    /// Whether everything stored still is what was written: histories, letters,
    /// certificates, files, case numbers, receipts.
    Verify(verify::VerifyArguments),
    /// Keys.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Print the commented configuration sample.
    Config,
    /// Print the API document (OpenAPI 3.1, JSON).
    Openapi,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Print a new master key.
    New,
    /// Give the signing keys successors now. Running instances change over by
    /// themselves, ten minutes later.
    Rotate {
        #[arg(long)]
        config: PathBuf,
    },
}

type Outcome = Result<(), String>;

/// Runs one command; an error is a sentence for the person at the terminal.
pub fn run(cli: Cli) -> Outcome {
    match cli.command {
        Command::Demo { data, listen, database, batch } => block_on(run_demo(data, listen, database, batch)),
        Command::Serve { config } => serve(&config),
        Command::Migrate { config } => run_migrations(&config),
        Command::Catalog { command } => catalog::run(command),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Keys { command: KeysCommand::New } => print(&MasterKey::random().to_text()),
        Command::Keys { command: KeysCommand::Rotate { config } } => rotate_keys(&config),
        Command::Config => print(config::SAMPLE.trim_end()),
        Command::Openapi => {
            let document = crate::http::openapi::document();
            print(&document.to_pretty_json().map_err(|error| error.to_string())?)
        }
    }
}

#[expect(clippy::print_stdout, reason = "what the command was asked to print")]
fn print(text: &str) -> Outcome {
    println!("{text}");
    Ok(())
}

/// `1 file`, `2 files`.
fn counted<N: std::fmt::Display + PartialEq + From<u8>>(number: N, of: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {of}{plural}")
}

fn block_on(command: impl Future<Output = Outcome>) -> Outcome {
    actix_web::rt::System::new().block_on(command)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

fn said(error: AppError) -> String {
    match error {
        AppError::Internal(why) | AppError::Unavailable(why) => why,
        other => format!("{other:?}"),
    }
}

fn bind(listen: &str) -> Result<TcpListener, String> {
    TcpListener::bind(listen).map_err(|error| {
        format!("cannot listen on {listen}: {error}; choose another address with `--listen` or in the configuration")
    })
}

async fn run_demo(data: PathBuf, listen: String, database: Option<String>, batch: Option<usize>) -> Outcome {
    log_to_terminal("info");
    std::fs::create_dir_all(&data)
        .map_err(|error| format!("the folder {} cannot be made: {error}", data.display()))?;
    let url = database.unwrap_or_else(|| format!("sqlite:{}", data.join("wanshitong.db").display()));
    let location = Location::parse(&url)?;
    let key = demo_key(&data.join("demo.key"))?;
    let listener = bind(&listen)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let base_url = base_url(&listen, address);
    migrate(&location).map_err(|error| error.to_string())?;
    let store = open(&location, &key, None, batch)?;
    demo::check_database(&store).await.map_err(said)??;
    let parts = Parts {
        store,
        clock: Clock::system(),
        sms: Arc::new(ConsoleSms),
        sign_outs: Arc::new(HttpSignOuts::new().map_err(|error| error.to_string())?),
        blobs: Arc::new(BlobStore::local(&data.join("files")).map_err(|error| error.to_string())?),
        registries: demo::SampleRegistries::both(),
        public_url: base_url.clone(),
        settings: Settings::demo(),
        demo: true,
    };
    let ctx = boot::assemble(parts).await.map_err(said)?;
    demo::resume_clock(&ctx).await.map_err(said)?;
    let sheet = demo::prepare(&ctx, &base_url).await.map_err(said)?;
    let file = data.join("demo.json");
    write_sheet(&file, &sheet)?;
    welcome(&sheet, &file)?;
    boot::run(ctx, listener, cores()).await.map_err(|error| error.to_string())
}

/// Under the name it was told to listen on, where that is one: passkeys are bound to
/// a name, and an address is none.
fn base_url(listen: &str, address: std::net::SocketAddr) -> String {
    let host = listen.rsplit_once(':').map_or(listen, |(host, _)| host);
    let is_name = !host.is_empty() && !host.starts_with('[') && host.parse::<std::net::IpAddr>().is_err();
    if is_name { format!("http://{host}:{}", address.port()) } else { format!("http://{address}") }
}

/// Written whole or not at all: somebody may be reading the one before.
fn write_sheet(file: &Path, sheet: &demo::DemoSheet) -> Outcome {
    let text = serde_json::to_string_pretty(sheet).map_err(|error| error.to_string())?;
    let draft = file.with_extension("json.new");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, file))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

/// The demo's master key: made at the first start, marked so that production refuses it.
fn demo_key(file: &Path) -> Result<MasterKey, String> {
    if let Ok(text) = std::fs::read_to_string(file) {
        return MasterKey::parse_demo(&text).map_err(|error| format!("{}: {error}", file.display()));
    }
    let key = MasterKey::random();
    std::fs::write(file, key.to_demo_text())
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    Ok(key)
}

fn open(
    location: &Location,
    key: &MasterKey,
    readers: Option<usize>,
    batch: Option<usize>,
) -> Result<Store, String> {
    let usual = Tuning::default();
    let readers = readers.unwrap_or(if location.is_sqlite() { usual.readers } else { 8 });
    let tuning = Tuning { readers, batch: batch.unwrap_or(usual.batch) };
    Store::open(location, Vault::new(key), tuning).map_err(|error| error.to_string())
}

fn welcome(sheet: &demo::DemoSheet, file: &Path) -> Outcome {
    let base = &sheet.base_url;
    let file = file.display();
    let guide = sheet.guides.iter().find(|code| code.contains("553001000")).or(sheet.guides.first());
    let guide = guide.map(String::as_str).unwrap_or_default();
    let personas: Vec<String> = sheet
        .personas
        .iter()
        .map(|(slug, persona)| {
            format!("  {slug:<16} {}  {}  {}", persona.account, persona.password, persona.name)
        })
        .collect();
    print(&format!(
        "\n万事通 Wanshitong · the sample city is open at {base}\n\n\
         API documentation   {base}/docs\n\
         This sheet as JSON  {file}\n\n\
         Personas (mobile number, password, name):\n{}\n\n\
         Try (an old-age allowance, decided at once):\n\
         \x20 curl {base}/api/v1/guides/{guide}\n\
         \x20 TOKEN=$(python3 -c 'import json;print(json.load(open(\"{file}\"))[\"tokens\"][\"second_resident@web\"])')\n\
         \x20 curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n\
         \x20   -d '{{\"guide_code\":\"{guide}\"}}' {base}/api/v1/cases\n",
        personas.join("\n"),
    ))
}

fn load(file: &Path) -> Result<Config, String> {
    Config::load(file, std::env::vars())
}

fn location(config: &Config) -> Result<Location, String> {
    let database = &config.database;
    Location::parse(&config::secret("url", database.url.as_deref(), database.url_file.as_deref())?)
}

fn run_migrations(file: &Path) -> Outcome {
    let migrations = migrate(&location(&load(file)?)?).map_err(|error| error.to_string())?;
    match migrations.run.as_slice() {
        [] => print("the database is up to date"),
        run => print(&format!("ran {}", run.join(", "))),
    }
}

fn serve(file: &Path) -> Outcome {
    let config = load(file)?;
    log_from_config(&config)?;
    block_on(async move {
        let ctx = production(&config).await?;
        let listener = bind(&config.server.listen)?;
        let workers = config.server.workers.unwrap_or_else(cores);
        tracing::info!(listen = config.server.listen, "serving");
        boot::run(ctx, listener, workers).await.map_err(|error| error.to_string())
    })
}

fn master_key(config: &Config) -> Result<MasterKey, String> {
    let key_file = &config.keys.master_key_file;
    let key = std::fs::read_to_string(key_file).map_err(|error| {
        format!(
            "the master key {} cannot be read: {error}; make one with `wanshitong keys new > FILE`",
            key_file.display()
        )
    })?;
    MasterKey::parse(&key).map_err(|error| format!("{}: {error}", key_file.display()))
}

async fn production(config: &Config) -> Result<Ctx, String> {
    let location = location(config)?;
    let key = master_key(config)?;
    let store = open(&location, &key, config.database.readers, None)?;
    if store.find_setting(demo::MODE).await.map_err(|error| error.to_string())?.as_deref() == Some(demo::DEMO)
    {
        return Err(
            "the database holds the demo's sample city; give production a database of its own".to_owned()
        );
    }
    let sms = &config.sms;
    let secret = config::secret("secret", sms.secret.as_deref(), sms.secret_file.as_deref())?;
    let gateway = HttpSms::new(sms.url.clone(), sms.app_id.clone(), &secret, seconds);
    boot::assemble(Parts {
        store,
        clock: Clock::system(),
        sms: Arc::new(gateway.map_err(|error| error.to_string())?),
        sign_outs: Arc::new(HttpSignOuts::new().map_err(|error| error.to_string())?),
        blobs: blobs(&config.files)?,
        registries: registries(config.registries.as_ref())?,
        public_url: config.server.public_url.trim_end_matches('/').to_owned(),
        settings: config.settings()?,
        demo: false,
    })
    .await
    .map_err(said)
}

fn registries(config: Option<&config::RegistriesConfig>) -> Result<Registries, String> {
    let Some(config) = config else { return Ok(Registries::default()) };
    let secret = config::secret("secret", config.secret.as_deref(), config.secret_file.as_deref());
    let secret = secret.map_err(|error| format!("[registries]: {error}"))?;
    let access = RegistryAccess { app_id: config.app_id.clone(), secret, clock: seconds };
    let population = config.population_url.as_deref().map(|url| {
        HttpPopulation::new(url, access.clone()).map(|line| Arc::new(line) as Arc<dyn PopulationRegistry>)
    });
    let business = config.business_url.as_deref().map(|url| {
        HttpBusiness::new(url, access.clone()).map(|line| Arc::new(line) as Arc<dyn BusinessRegistry>)
    });
    let no_client = |error: crate::app::ports::PortError| error.to_string();
    Ok(Registries {
        population: population.transpose().map_err(no_client)?,
        business: business.transpose().map_err(no_client)?,
    })
}

fn seconds() -> i64 {
    Clock::system().now().timestamp()
}

fn blobs(files: &config::FilesConfig) -> Result<Arc<dyn Blobs>, String> {
    let store = match (&files.folder, &files.s3_bucket) {
        (Some(folder), None) => BlobStore::local(folder),
        (None, Some(bucket)) => {
            let needed = |name: &str, value: &Option<String>| {
                value.clone().ok_or_else(|| format!("`files.{name}` is missing; an S3 store needs it"))
            };
            BlobStore::s3(S3 {
                endpoint: needed("s3_endpoint", &files.s3_endpoint)?,
                region: needed("s3_region", &files.s3_region)?,
                bucket: bucket.clone(),
                access_key: needed("s3_access_key", &files.s3_access_key)?,
                secret_key: config::secret(
                    "s3_secret_key",
                    files.s3_secret_key.as_deref(),
                    files.s3_secret_key_file.as_deref(),
                )?,
                allow_http: files.s3_allow_http,
            })
        }
        (None, None) => return Err("give `files.folder`, or `files.s3_bucket` and its companions".to_owned()),
        (Some(_), Some(_)) => {
            return Err("give either `files.folder` or `files.s3_bucket`, not both".to_owned());
        }
    };
    Ok(Arc::new(store.map_err(|error| error.to_string())?))
}

fn rotate_keys(config: &Path) -> Outcome {
    let config = load(config)?;
    block_on(async move {
        let ctx = production(&config).await?;
        let rotated = ctx.identity.rotate_keys(ctx.clock.now()).await;
        upkeep::wind_up(&ctx).await.map_err(said)?;
        match rotated.map_err(said)? {
            true => print("the signing keys have successors; they change over in ten minutes"),
            false => print("a rotation is under way already; nothing was done"),
        }
    })
}

fn log_to_terminal(filter: &str) {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| filter.to_owned());
    let _ = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        // Colours are for eyes, not for files.
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .try_init();
}

fn log_from_config(config: &Config) -> Outcome {
    let filter = config.log.filter.clone().unwrap_or_else(|| "info".to_owned());
    match config.log.format.as_deref() {
        None | Some("text") => log_to_terminal(&filter),
        Some("json") => {
            let _ = tracing_subscriber::fmt()
                .json()
                .with_writer(std::io::stderr)
                .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
                .try_init();
        }
        Some(other) => return Err(format!("log.format is `{other}`; it must be `text` or `json`")),
    }
    Ok(())
}
