//! Production configuration: one TOML file, every key of which can be overridden
//! by an environment variable `WST_<SECTION>_<KEY>`. Unknown keys and variables
//! are errors: a misspelt setting must not pass for a default.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::app::Settings;
use crate::domain::identity::{Lifetimes, PasswordProfile, RotateAfter, Span};
use crate::domain::limits::{self, Limits, Quota};
use crate::domain::network::{Cidr, ForwardingHeader, Proxies};
use crate::domain::retention::Retention;

/// The commented sample: every key there is. `wanshitong config` prints it.
pub const SAMPLE: &str = include_str!("data/wanshitong.sample.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: ServerConfig,
    pub database: DatabaseConfig,
    pub keys: KeysConfig,
    pub sms: SmsConfig,
    pub files: FilesConfig,
    pub registries: Option<RegistriesConfig>,
    #[serde(default)]
    pub limits: LimitsConfig,
    #[serde(default)]
    pub sessions: SessionsConfig,
    #[serde(default)]
    pub passwords: PasswordsConfig,
    #[serde(default)]
    pub retention: RetentionConfig,
    #[serde(default)]
    pub log: LogConfig,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    pub listen: String,
    pub public_url: String,
    pub workers: Option<usize>,
    /// Blocks of addresses whose word on where a request comes from is taken.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// `x-forwarded-for` or `forwarded`.
    pub proxy_header: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    pub url: Option<String>,
    pub url_file: Option<PathBuf>,
    pub readers: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    pub master_key_file: PathBuf,
    pub rotate_after_days: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    pub url: String,
    pub app_id: String,
    pub secret: Option<String>,
    pub secret_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    pub folder: Option<PathBuf>,
    pub s3_endpoint: Option<String>,
    pub s3_region: Option<String>,
    pub s3_bucket: Option<String>,
    pub s3_access_key: Option<String>,
    pub s3_secret_key: Option<String>,
    pub s3_secret_key_file: Option<PathBuf>,
    #[serde(default)]
    pub s3_allow_http: bool,
}

/// The registries of the state; either may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistriesConfig {
    pub population_url: Option<String>,
    pub business_url: Option<String>,
    pub app_id: String,
    pub secret: Option<String>,
    pub secret_file: Option<PathBuf>,
}

/// How often somebody may ask, a second and at once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    pub network_per_second: Option<u32>,
    pub network_burst: Option<u32>,
    pub person_per_second: Option<u32>,
    pub person_burst: Option<u32>,
    pub client_per_second: Option<u32>,
    pub client_burst: Option<u32>,
}

/// How long sessions rest and last.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionsConfig {
    pub resident_idle_minutes: Option<u32>,
    pub resident_absolute_hours: Option<u32>,
    pub staff_idle_minutes: Option<u32>,
    pub staff_absolute_hours: Option<u32>,
    pub kiosk_idle_minutes: Option<u32>,
    pub kiosk_absolute_minutes: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordsConfig {
    /// `asvs` or `mlps3`.
    pub profile: Option<String>,
}

/// How long personal data is kept after a case has ended.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    pub case_years: Option<u32>,
    pub draft_days: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: Option<String>,
    /// e.g. `info,wanshitong=debug`.
    pub filter: Option<String>,
}

/// Every key that a variable may override, and how its text is read.
const KEYS: &[(&str, &str, Kind)] = &[
    ("server", "listen", Kind::Text),
    ("server", "public_url", Kind::Text),
    ("server", "workers", Kind::Number),
    ("server", "trusted_proxies", Kind::List),
    ("server", "proxy_header", Kind::Text),
    ("database", "url", Kind::Text),
    ("database", "url_file", Kind::Text),
    ("database", "readers", Kind::Number),
    ("keys", "master_key_file", Kind::Text),
    ("keys", "rotate_after_days", Kind::Number),
    ("sms", "url", Kind::Text),
    ("sms", "app_id", Kind::Text),
    ("sms", "secret", Kind::Text),
    ("sms", "secret_file", Kind::Text),
    ("files", "folder", Kind::Text),
    ("files", "s3_endpoint", Kind::Text),
    ("files", "s3_region", Kind::Text),
    ("files", "s3_bucket", Kind::Text),
    ("files", "s3_access_key", Kind::Text),
    ("files", "s3_secret_key", Kind::Text),
    ("files", "s3_secret_key_file", Kind::Text),
    ("files", "s3_allow_http", Kind::Boolean),
    ("registries", "population_url", Kind::Text),
    ("registries", "business_url", Kind::Text),
    ("registries", "app_id", Kind::Text),
    ("registries", "secret", Kind::Text),
    ("registries", "secret_file", Kind::Text),
    ("limits", "network_per_second", Kind::Number),
    ("limits", "network_burst", Kind::Number),
    ("limits", "person_per_second", Kind::Number),
    ("limits", "person_burst", Kind::Number),
    ("limits", "client_per_second", Kind::Number),
    ("limits", "client_burst", Kind::Number),
    ("sessions", "resident_idle_minutes", Kind::Number),
    ("sessions", "resident_absolute_hours", Kind::Number),
    ("sessions", "staff_idle_minutes", Kind::Number),
    ("sessions", "staff_absolute_hours", Kind::Number),
    ("sessions", "kiosk_idle_minutes", Kind::Number),
    ("sessions", "kiosk_absolute_minutes", Kind::Number),
    ("passwords", "profile", Kind::Text),
    ("retention", "case_years", Kind::Number),
    ("retention", "draft_days", Kind::Number),
    ("log", "format", Kind::Text),
    ("log", "filter", Kind::Text),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Number,
    Boolean,
    /// Words with commas between.
    List,
}

impl Config {
    /// Reads the file and the variables.
    ///
    /// # Errors
    /// A sentence that says which key or variable is wrong and what to do.
    pub fn load(file: &Path, variables: impl Iterator<Item = (String, String)>) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("the configuration {} cannot be read: {error}", file.display()))?;
        Self::parse(&text, variables).map_err(|error| format!("{}: {error}", file.display()))
    }

    pub fn parse(text: &str, variables: impl Iterator<Item = (String, String)>) -> Result<Self, String> {
        let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        for (name, value) in variables.filter(|(name, _)| name.starts_with("WST_")) {
            overlay(&mut table, &name, &value)?;
        }
        table.try_into().map_err(|error: toml::de::Error| {
            format!("{}; `wanshitong config` prints every key with its meaning", error.message())
        })
    }
}

impl Config {
    /// What the whole portal goes by.
    ///
    /// # Errors
    /// Everything that is wrong, one sentence a line.
    pub fn settings(&self) -> Result<Settings, String> {
        let mut wrong = Vec::new();
        let settings = Settings {
            proxies: self.server.proxies(&mut wrong),
            lifetimes: self.sessions.lifetimes(&mut wrong),
            passwords: self.passwords.profile(&mut wrong),
            limits: self.limits.limits(&mut wrong),
            rotate_keys_after: self.keys.rotate_after(&mut wrong),
            retention: self.retention.read(&mut wrong),
        };
        if wrong.is_empty() { Ok(settings) } else { Err(wrong.join("\n")) }
    }
}

impl ServerConfig {
    fn proxies(&self, wrong: &mut Vec<String>) -> Proxies {
        // Something in front ends TLS, and unless it is trusted everybody comes
        // from its address: one guesser would slow a whole city.
        if self.public_url.starts_with("https://") && self.trusted_proxies.is_empty() {
            wrong.push(
                "server.trusted_proxies is empty, but server.public_url is https, so a proxy stands in front; \
                 name its addresses, such as `127.0.0.1` or `10.0.0.0/8`"
                    .to_owned(),
            );
        }
        let mut trusted = Vec::new();
        for text in &self.trusted_proxies {
            match Cidr::parse(text) {
                Ok(block) => trusted.push(block),
                Err(error) => wrong.push(format!("server.trusted_proxies: {}", error.detail.en)),
            }
        }
        let header = match self.proxy_header.as_deref() {
            None => ForwardingHeader::default(),
            Some(text) => ForwardingHeader::parse(text).unwrap_or_else(|| {
                wrong.push(format!(
                    "server.proxy_header is `{text}`; it must be `x-forwarded-for` or `forwarded`"
                ));
                ForwardingHeader::default()
            }),
        };
        Proxies::new(trusted, header)
    }
}

impl KeysConfig {
    fn rotate_after(&self, wrong: &mut Vec<String>) -> RotateAfter {
        let Some(days) = self.rotate_after_days else { return RotateAfter::default() };
        RotateAfter::days(days).unwrap_or_else(|| {
            let (least, most) = (RotateAfter::DAYS.start(), RotateAfter::DAYS.end());
            wrong.push(format!("keys.rotate_after_days is {days}; it must lie between {least} and {most}"));
            RotateAfter::default()
        })
    }
}

impl SessionsConfig {
    fn lifetimes(&self, wrong: &mut Vec<String>) -> Lifetimes {
        let given = |span| match span {
            Span::ResidentIdle => self.resident_idle_minutes,
            Span::ResidentAbsolute => self.resident_absolute_hours,
            Span::StaffIdle => self.staff_idle_minutes,
            Span::StaffAbsolute => self.staff_absolute_hours,
            Span::KioskIdle => self.kiosk_idle_minutes,
            Span::KioskAbsolute => self.kiosk_absolute_minutes,
        };
        Lifetimes::read(given).unwrap_or_else(|errors| {
            wrong.extend(errors);
            Lifetimes::default()
        })
    }
}

impl RetentionConfig {
    fn read(&self, wrong: &mut Vec<String>) -> Retention {
        Retention::read(self.case_years, self.draft_days).unwrap_or_else(|errors| {
            wrong.extend(errors);
            Retention::default()
        })
    }
}

impl PasswordsConfig {
    fn profile(&self, wrong: &mut Vec<String>) -> PasswordProfile {
        let Some(text) = self.profile.as_deref() else { return PasswordProfile::default() };
        PasswordProfile::parse(text).unwrap_or_else(|| {
            wrong.push(format!("passwords.profile is `{text}`; it must be `asvs` or `mlps3`"));
            PasswordProfile::default()
        })
    }
}

impl LimitsConfig {
    fn limits(&self, wrong: &mut Vec<String>) -> Limits {
        let usual = Limits::default();
        let mut quota = |name: &str, per_second: Option<u32>, burst: Option<u32>, usual: Quota| {
            let mut read = |key: &str, given: Option<u32>, usual: u32| {
                let count = given.unwrap_or(usual);
                if !(1..=limits::MOST).contains(&count) {
                    let most = limits::MOST;
                    wrong.push(format!("limits.{name}_{key} is {count}; it must lie between 1 and {most}"));
                }
                count
            };
            let per_second = read("per_second", per_second, usual.per_second.get());
            Quota::new(per_second, read("burst", burst, usual.burst.get()))
        };
        Limits {
            network: quota("network", self.network_per_second, self.network_burst, usual.network),
            person: quota("person", self.person_per_second, self.person_burst, usual.person),
            client: quota("client", self.client_per_second, self.client_burst, usual.client),
        }
    }
}

fn overlay(table: &mut toml::Table, name: &str, value: &str) -> Result<(), String> {
    let known = KEYS.iter().find(|(section, key, _)| variable(section, key) == name);
    let Some((section, key, kind)) = known else {
        return Err(format!("the variable {name} sets nothing; `wanshitong config` prints every key"));
    };
    let wrong = |expected: &str| format!("the variable {name} must be {expected}");
    let value = match kind {
        Kind::Text => toml::Value::String(value.to_owned()),
        Kind::Number => toml::Value::Integer(value.parse().map_err(|_| wrong("a whole number"))?),
        Kind::Boolean => toml::Value::Boolean(value.parse().map_err(|_| wrong("`true` or `false`"))?),
        Kind::List => {
            let words = value.split(',').map(str::trim).filter(|word| !word.is_empty());
            toml::Value::Array(words.map(|word| toml::Value::String(word.to_owned())).collect())
        }
    };
    let section = table.entry(*section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
    if let toml::Value::Table(section) = section {
        section.insert((*key).to_owned(), value);
    }
    Ok(())
}

fn variable(section: &str, key: &str) -> String {
    format!("WST_{section}_{key}").to_uppercase()
}

/// A secret given in the configuration itself or, better, in a file of its own.
///
/// # Errors
/// When neither or both are given, or the file cannot be read.
pub fn secret(name: &str, value: Option<&str>, file: Option<&Path>) -> Result<String, String> {
    match (value, file) {
        (Some(value), None) => Ok(value.to_owned()),
        (None, Some(file)) => std::fs::read_to_string(file)
            .map(|text| text.trim().to_owned())
            .map_err(|error| format!("{name}_file {} cannot be read: {error}", file.display())),
        (None, None) => Err(format!("`{name}` is missing; give it, or the path of a file as `{name}_file`")),
        (Some(_), Some(_)) => Err(format!("give either `{name}` or `{name}_file`, not both")),
    }
}

#[cfg(test)]
mod tests;
