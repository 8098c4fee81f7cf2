//! Production configuration: one TOML file, every key of which can be overridden
//! by an environment variable `WST_<SECTION>_<KEY>`. Unknown keys and variables
//! are errors: a misspelt setting must not pass for a default.

use std::path::{Path, PathBuf};

use serde::Deserialize;

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
    #[serde(default)]
    pub log: LogConfig,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    pub listen: String,
    pub public_url: String,
    pub workers: Option<usize>,
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
    ("database", "url", Kind::Text),
    ("database", "url_file", Kind::Text),
    ("database", "readers", Kind::Number),
    ("keys", "master_key_file", Kind::Text),
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
    ("log", "format", Kind::Text),
    ("log", "filter", Kind::Text),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Number,
    Boolean,
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
mod tests {
    use super::*;

    fn none() -> impl Iterator<Item = (String, String)> {
        std::iter::empty()
    }

    #[test]
    fn the_sample_is_a_valid_configuration() {
        Config::parse(SAMPLE, none()).unwrap();
    }

    #[test]
    fn the_sample_names_every_key() {
        for (section, key, _) in KEYS {
            assert!(SAMPLE.contains(&format!("{key} =")), "{section}.{key} is not in the sample");
        }
    }

    #[test]
    fn a_misspelt_key_is_an_error() {
        let text = SAMPLE.replace("listen =", "lisen =");
        assert!(Config::parse(&text, none()).unwrap_err().contains("lisen"));
    }

    #[test]
    fn a_variable_overrides_the_file() {
        let variables = [("WST_SERVER_LISTEN".to_owned(), "0.0.0.0:9".to_owned())];
        assert_eq!(Config::parse(SAMPLE, variables.into_iter()).unwrap().server.listen, "0.0.0.0:9");
    }

    #[test]
    fn a_variable_that_sets_nothing_is_an_error() {
        let variables = [("WST_SERVER_LISEN".to_owned(), "x".to_owned())];
        assert!(Config::parse(SAMPLE, variables.into_iter()).unwrap_err().contains("WST_SERVER_LISEN"));
    }
}
