//! `wanshitong catalog`: what an author does with the files of a catalogue.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Outcome, block_on, load, print, production, said};
use crate::app::{catalog, upkeep};
use crate::boot;
use crate::domain::guides::{Origin, Problem};

#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// Report everything wrong in these files. A folder stands for all its YAML files.
    Check { files: Vec<PathBuf> },
    /// Try the examples in these files.
    Test { files: Vec<PathBuf> },
    /// Publish these files, all or none.
    Import {
        #[arg(long)]
        config: PathBuf,
        files: Vec<PathBuf>,
    },
    #[command(flatten)]
    Export(super::export::ExportCommand),
}

pub(super) fn run(command: CatalogCommand) -> Outcome {
    match command {
        CatalogCommand::Check { files } => check(&files),
        CatalogCommand::Test { files } => test(&files),
        CatalogCommand::Import { config, files } => import(&config, &files),
        CatalogCommand::Export(command) => super::export::run(command),
    }
}

/// The files, and the YAML files of the folders, in order of name.
pub(super) fn read_files(files: &[PathBuf]) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    for file in files {
        match file.is_dir() {
            true => found.extend(yaml_files(file)?),
            false => found.push(file.clone()),
        }
    }
    found
        .iter()
        .map(|file| {
            std::fs::read_to_string(file)
                .map(|text| (file.display().to_string(), text))
                .map_err(|error| format!("{} cannot be read: {error}", file.display()))
        })
        .collect()
}

fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => found.push(path),
            _ if path.is_dir() => found.extend(yaml_files(&path)?),
            _ => {}
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn report(wrong: &[catalog::FileProblems]) -> String {
    let lines: Vec<String> = wrong
        .iter()
        .flat_map(|file| {
            file.problems.iter().map(move |problem| {
                let whose = match problem.origin {
                    Origin::File => "",
                    Origin::Item => " (in the item's file)",
                };
                let Problem { line, path, reason, .. } = problem;
                format!("{}:{line}{whose}: {path}: {} {}", file.file, reason.zh, reason.en)
            })
        })
        .collect();
    format!("{}\n{} problems; nothing was imported", lines.join("\n"), lines.len())
}

fn check(files: &[PathBuf]) -> Outcome {
    let files = read_files(files)?;
    match catalog::check(&files, &catalog::Base::default()) {
        Ok(checked) => print(&format!("{} files, nothing wrong", checked.len())),
        Err(wrong) => Err(report(&wrong)),
    }
}

/// Without a portal's register every region counts as there.
fn test(files: &[PathBuf]) -> Outcome {
    let files = read_files(files)?;
    let checked = catalog::check(&files, &catalog::Base::default()).map_err(|wrong| report(&wrong))?;
    let calendar = boot::calendar().map_err(said)?;
    let failures = checked.try_examples(&files, &calendar, &|_| true);
    if failures.is_empty() {
        let tried: usize = checked.guides.iter().map(|(_, guide)| guide.examples.len()).sum();
        return print(&format!("{tried} examples of {} guides hold", checked.guides.len()));
    }
    Err(failed(&failures))
}

fn failed(failures: &[catalog::FileFailures]) -> String {
    let lines: Vec<String> = failures
        .iter()
        .flat_map(|file| file.failed.iter().map(move |example| (file, example)))
        .flat_map(|(file, example)| {
            example.differences.iter().map(move |difference| {
                format!("{}: {}: {} {}", file.file, example.code, difference.zh, difference.en)
            })
        })
        .collect();
    lines.join("\n")
}

fn import(config: &Path, files: &[PathBuf]) -> Outcome {
    let config = load(config)?;
    let files = read_files(files)?;
    block_on(async move {
        let ctx = production(&config).await?;
        let imported = catalog::publish(&ctx, None, files).await;
        upkeep::wind_up(&ctx).await.map_err(said)?;
        for guide in imported.map_err(said)?.map_err(|wrong| report(&wrong))? {
            let what = if guide.is_new_version { "published" } else { "unchanged" };
            print(&format!("{} version {} {what}", guide.code, guide.version))?;
        }
        Ok(())
    })
}
