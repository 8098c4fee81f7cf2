//! `wanshitong catalog export` and `import-tables`: guides of files in the forms
//! others use, and back.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::catalog::{read_files, refused};
use super::{Outcome, counted, print};
use crate::app::catalog;
use crate::domain::agencies::{Agency, parse_agencies};
use crate::domain::csv_rows::RowError;
use crate::domain::exports::tables::{self, TableProblem, Tables};
use crate::domain::exports::{About, Format, cpsv, phone, plain, sheet};
use crate::domain::guides::{Guide, read_guide, to_yaml};
use crate::domain::regions::{Region, parse_regions};
use crate::domain::text::Language;
use crate::http::pages::printed::{Printed, blank_form, guide_sheet};

#[derive(Debug, Subcommand)]
pub(super) enum ExportCommand {
    /// Write the guides in these files in another form. Items and certificate types
    /// they lean on are given with them.
    Export(ExportArgs),
    /// Print the guide that tables stand for: one JSON document, or CSV files or their folder.
    ImportTables { files: Vec<PathBuf> },
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// tables, csv, cpsv, html, text, phone, form or yaml.
    #[arg(long = "as", value_name = "FORMAT")]
    format: String,
    /// The folder to write to; without it one guide is printed.
    #[arg(long)]
    out: Option<PathBuf>,
    /// For people: zh or en.
    #[arg(long, default_value = "zh")]
    lang: String,
    /// For people: as it is handled in this scenario.
    #[arg(long)]
    scenario: Option<String>,
    /// Names of agencies, as CSV.
    #[arg(long)]
    agencies: Option<PathBuf>,
    /// Names of regions, as CSV.
    #[arg(long)]
    regions: Option<PathBuf>,
    /// The portal's address, for links.
    #[arg(long)]
    base_url: Option<String>,
    files: Vec<PathBuf>,
}

pub(super) fn run(command: ExportCommand) -> Outcome {
    match command {
        ExportCommand::Export(args) => export(&args),
        ExportCommand::ImportTables { files } => import_tables(&files),
    }
}

/// What is known besides the files.
struct Known<'a> {
    agencies: Vec<Agency>,
    regions: Vec<Region>,
    base_url: Option<&'a str>,
}

impl Known<'_> {
    fn about(&self, guide: &Guide) -> About<'_> {
        let agency = self.agencies.iter().find(|agency| agency.uscc == guide.agency);
        let region = self.regions.iter().find(|region| region.code == guide.region);
        About {
            agency: agency.map(|agency| &agency.name),
            region: region.map(|region| region.name.as_str()),
            base_url: self.base_url,
            ..About::default()
        }
    }
}

fn export(args: &ExportArgs) -> Outcome {
    let format = Format::parse(&args.format)
        .ok_or_else(|| format!("there is no format {}; there are {}", args.format, Format::names()))?;
    let language = match args.lang.as_str() {
        "zh" => Language::Zh,
        tag => Language::parse(tag).ok_or_else(|| format!("there is no language {tag}; there are zh, en"))?,
    };
    let known = Known {
        agencies: register(args.agencies.as_deref(), parse_agencies)?,
        regions: register(args.regions.as_deref(), parse_regions)?,
        base_url: args.base_url.as_deref().map(|url| url.trim_end_matches('/')),
    };
    let files = read_files(&args.files)?;
    let checked = catalog::check(&files, &catalog::Base::default()).map_err(|wrong| refused(&wrong))?;
    let guides: Vec<&Guide> = checked.guides.iter().map(|(_, guide)| guide).collect();
    if let Some(scenario) = &args.scenario {
        check_scenario(format, &guides, scenario)?;
    }
    match (&args.out, guides.as_slice()) {
        (_, []) => Err("there is no guide in these files".to_owned()),
        (None, [guide]) if format != Format::Csv => {
            print(write(format, guide, args, language, &known.about(guide)).trim_end())
        }
        (None, _) => Err("name a folder to write to with `--out`".to_owned()),
        (Some(out), guides) => {
            for guide in guides {
                write_files(out, format, guide, args, language, &known)?;
            }
            print(&format!("{} guides written to {}", guides.len(), out.display()))
        }
    }
}

fn check_scenario(format: Format, guides: &[&Guide], scenario: &str) -> Outcome {
    if !format.is_for_people() {
        return Err(format!("{} holds every scenario; leave `--scenario` out", format.as_str()));
    }
    for guide in guides {
        guide.in_scenario(Some(scenario)).map_err(|error| format!("{}: {}", guide.code, error.detail.en))?;
    }
    Ok(())
}

fn register<T>(
    file: Option<&Path>,
    parse: impl Fn(&[u8]) -> Result<Vec<T>, Vec<RowError>>,
) -> Result<Vec<T>, String> {
    let Some(file) = file else { return Ok(Vec::new()) };
    let bytes = std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    parse(&bytes).map_err(|errors| {
        let lines: Vec<String> = errors
            .iter()
            .map(|RowError { line, reason }| {
                format!("{}:{line}: {} {}", file.display(), reason.zh, reason.en)
            })
            .collect();
        lines.join("\n")
    })
}

/// Everything but CSV, which is several files.
fn write(format: Format, guide: &Guide, args: &ExportArgs, language: Language, about: &About<'_>) -> String {
    let scenario = args.scenario.as_deref();
    let printed = Printed { guide, about, scenario, language, other: None };
    match format {
        Format::Tables | Format::Csv => Tables::new(guide, about).to_json(),
        Format::Cpsv => format!("{:#}", cpsv::cpsv(guide, about)),
        Format::Html => guide_sheet(&printed),
        Format::Text => plain(&sheet(guide, about, scenario), language),
        Format::Phone => phone(guide, about, scenario, language),
        Format::Form => blank_form(&printed),
        Format::Yaml => to_yaml(guide),
    }
}

fn write_files(
    out: &Path,
    format: Format,
    guide: &Guide,
    args: &ExportArgs,
    language: Language,
    known: &Known<'_>,
) -> Outcome {
    let about = known.about(guide);
    let (folder, files) = match format {
        Format::Csv => (out.join(guide.code.as_str()), tables::csv_files(&Tables::new(guide, &about))),
        Format::Tables
        | Format::Cpsv
        | Format::Html
        | Format::Text
        | Format::Phone
        | Format::Form
        | Format::Yaml => {
            let name = format!("{}.{}", guide.code, format.extension());
            (out.to_owned(), vec![(name, write(format, guide, args, language, &about))])
        }
    };
    let unwritten =
        |path: &Path, error: &std::io::Error| format!("{} cannot be written: {error}", path.display());
    std::fs::create_dir_all(&folder).map_err(|error| unwritten(&folder, &error))?;
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| unwritten(&path, &error))?;
    }
    Ok(())
}

fn import_tables(files: &[PathBuf]) -> Outcome {
    let files = table_files(files)?;
    let yaml = match files.as_slice() {
        [(name, text)] if name.ends_with(".json") => tables::from_json(text),
        files => tables::from_csv(files),
    };
    let yaml = yaml.map_err(|problems| said(&problems))?;
    let guide = read_guide(&yaml).map_err(|problems| {
        let lines: Vec<String> =
            problems.iter().map(|one| format!("{}: {} {}", one.path, one.reason.zh, one.reason.en)).collect();
        format!("{}\nthese tables are no guide yet: {}", lines.join("\n"), counted(lines.len(), "problem"))
    })?;
    print(to_yaml(&guide).trim_end())
}

fn said(problems: &[TableProblem]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|TableProblem { table, row, column, reason }| {
            format!("{table}, row {row}, {column}: {} {}", reason.zh, reason.en)
        })
        .collect();
    lines.join("\n")
}

/// Names and contents of the files, and of the CSV files of folders.
fn table_files(files: &[PathBuf]) -> Result<Vec<(String, String)>, String> {
    let mut paths = Vec::new();
    for file in files {
        if !file.is_dir() {
            paths.push(file.clone());
            continue;
        }
        let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", file.display());
        for entry in std::fs::read_dir(file).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            paths.extend(path.extension().is_some_and(|end| end == "csv").then_some(path));
        }
    }
    paths.sort();
    let read = paths.iter().map(|path| {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}; save it as UTF-8", path.display()))?;
        Ok((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text))
    });
    read.collect()
}
