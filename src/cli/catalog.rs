//! `wanshitong catalog`: what an author does with the files of a catalogue.
//!
//! Publishing here is direct: whoever holds the database's master key is beyond the
//! rule of four eyes, which holds over the API.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::{Outcome, block_on, counted, diff, load, print, production, said};
use crate::app::bundles::{self, ClosedBundle};
use crate::app::{catalog, upkeep};
use crate::boot;
use crate::domain::bundles::Misfit;
use crate::domain::guides::{FILE_SCHEMA, FileKind, Origin, Problem, SourceFile};
use crate::domain::text::Text;

#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// Write the first two files of a new item: its own, and one agency's guide.
    New(super::new::NewItem),
    /// Report everything wrong in these files. A folder stands for all its YAML files.
    Check {
        /// Lean on what this portal has published, besides the files.
        #[arg(long)]
        config: Option<PathBuf>,
        /// At least one; with a file of kind `certificate_types`, or with `--config`,
        /// certificate types are checked too.
        files: Vec<PathBuf>,
    },
    /// Try the examples in these files.
    Test {
        /// Lean on what this portal has published, on its regions and its calendar of
        /// working days, besides the files.
        #[arg(long)]
        config: Option<PathBuf>,
        files: Vec<PathBuf>,
    },
    /// Tell what a new version changes, in the words of an applicant.
    Diff(diff::Versions),
    /// Print the JSON Schema of these files, for editors.
    Schema,
    /// Publish these files directly, all or none: checked, their examples tried, and
    /// those of all guides that inherit from them.
    #[command(alias = "import")]
    Publish {
        #[arg(long)]
        config: PathBuf,
        files: Vec<PathBuf>,
    },
    #[command(flatten)]
    Export(super::export::ExportCommand),
    /// Print what is published under these codes, as it was written: of guides, of
    /// items, or `certificate_types`.
    Show {
        #[arg(long)]
        config: PathBuf,
        /// Write a file for each code into this folder instead.
        #[arg(long)]
        to: Option<PathBuf>,
        #[arg(required = true)]
        codes: Vec<String>,
    },
}

pub(super) fn run(command: CatalogCommand) -> Outcome {
    match command {
        CatalogCommand::New(wanted) => super::new::run(&wanted),
        CatalogCommand::Export(command) => super::export::run(command),
        CatalogCommand::Check { config, files } => check(config.as_deref(), &files),
        CatalogCommand::Test { config, files } => test(config.as_deref(), &files),
        CatalogCommand::Diff(versions) => diff::run(&versions),
        CatalogCommand::Schema => print(FILE_SCHEMA.trim_end()),
        CatalogCommand::Publish { config, files } => publish(&config, &files),
        CatalogCommand::Show { config, to, codes } => show(&config, to.as_deref(), &codes),
    }
}

type Files = Vec<(String, String)>;

/// The files, and the YAML files of the folders, in order of name.
pub(super) fn read_files(files: &[PathBuf]) -> Result<Files, String> {
    let (read, unreadable) = readable(files);
    if unreadable.is_empty() { Ok(read) } else { Err(unreadable.join("\n")) }
}

/// Those that can be read, and what keeps the others from it.
fn readable(files: &[PathBuf]) -> (Files, Vec<String>) {
    let (mut read, mut unreadable) = (Vec::new(), Vec::new());
    for file in files {
        let found = if file.is_dir() { yaml_files(file) } else { Ok(vec![file.clone()]) };
        for file in found.unwrap_or_else(|error| {
            unreadable.push(error);
            Vec::new()
        }) {
            match std::fs::read_to_string(&file) {
                Ok(text) => read.push((file.display().to_string(), text)),
                Err(error) => unreadable.push(format!("{} cannot be read: {error}", file.display())),
            }
        }
    }
    (read, unreadable)
}

/// The same; there must be one at least.
fn some_files(files: &[PathBuf]) -> Result<Files, String> {
    let found = read_files(files)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let named: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Err(match named.as_slice() {
        [] => "没有给出文件；请写出 YAML 文件或文件夹。 No file was given; name YAML files, or a folder of them."
            .to_owned(),
        named => format!(
            "{} 中没有 YAML 文件（.yaml、.yml）；请换一个文件夹。 There is no YAML file (.yaml, .yml) in {}; name another folder.",
            named.join("、"),
            named.join(", ")
        ),
    })
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

/// One line for everything that is wrong.
fn report(wrong: &[catalog::FileProblems]) -> Vec<String> {
    let of = |file: &catalog::FileProblems| -> Vec<String> {
        let lines = file.problems.iter().map(|problem| {
            let whose = match problem.origin {
                Origin::File => String::new(),
                Origin::Item => format!(" (for {})", file.file),
            };
            let Problem { line, path, reason, .. } = problem;
            format!("{}:{line}{whose}: {path}: {} {}", file.file_of(problem), reason.zh, reason.en)
        });
        lines.collect()
    };
    wrong.iter().flat_map(of).collect()
}

/// One line for every difference.
fn failed(failures: &[catalog::FileFailures]) -> Vec<String> {
    let examples = failures.iter().flat_map(|file| file.failed.iter().map(move |example| (file, example)));
    let lines = examples.flat_map(|(file, example)| {
        let differences = example.differences.iter();
        differences.map(move |text| format!("{}: {}: {} {}", file.file, example.code, text.zh, text.en))
    });
    lines.collect()
}

pub(super) fn refused(wrong: &[catalog::FileProblems]) -> String {
    let lines = report(wrong);
    format!("{}\n{}", lines.join("\n"), counted(lines.len(), "problem"))
}

/// What is wrong in the files, and what there was to hold them against.
struct Looked {
    faults: catalog::Faults,
    /// Said where something could not be checked.
    note: String,
}

/// Looks through the files, as they stand for themselves or on the portal where they are to
/// be published, with what inherits from their items there.
fn look(config: Option<&Path>, files: &Files) -> Result<Looked, String> {
    let Some(config) = config.map(load).transpose()? else { return look_alone(files) };
    let mut looked = None;
    block_on(async {
        let ctx = production(&config).await?;
        let faults = catalog::look_through(&ctx, files).await.map_err(said)?;
        let has_register = catalog::has_register(&ctx).await.map_err(said)?;
        let has_territory = catalog::has_territory(&ctx).await.map_err(said)?;
        looked = Some(Looked { faults, note: notes(has_register, has_territory, files) });
        Ok(())
    })?;
    looked.ok_or_else(|| "the portal was not asked".to_owned())
}

/// Files alone are of no portal, and every region counts as there.
fn look_alone(files: &Files) -> Result<Looked, String> {
    let base = catalog::Base { issued: Some(BTreeSet::new()), ..catalog::Base::default() };
    let calendar = boot::calendar().map_err(said)?;
    let faults = match catalog::check(files, &base) {
        Err(problems) => catalog::Faults { problems, ..catalog::Faults::default() },
        Ok(checked) => {
            let mut tried = catalog::Tried::default();
            checked.guides.iter().for_each(|(_, guide)| tried.add(guide.examples.len()));
            let failures = checked.try_examples(files, &calendar, &|_| true);
            catalog::Faults { problems: Vec::new(), failures, tried }
        }
    };
    Ok(Looked { faults, note: notes(false, true, files) })
}

const NO_EXAMPLES: &str = "\
这些文件中没有 examples，没有可试的例子。
The files have no examples, so there was nothing to try.";

/// Said where no register was at hand, so that nobody takes silence for an answer.
const NO_REGISTER: &str = "\
没有证照目录，证照类型未经核对（类型是否存在、有无部门签发、证照已能提供的材料是否仍让人自备）；请一并给出 kind: certificate_types 的文件，或用 --config 指明已有证照目录的门户。
Certificate types were not checked (whether they exist, whether somebody issues them, whether a material is asked for that a certificate supplies): there is no register; give a file of kind certificate_types too, or the --config of a portal that has one.";

/// The same of agencies and regions, by the portal that was to tell.
const NO_TERRITORY: &str = "\
本门户尚未导入行政区划或机构，指南的 agency 和 region 未能全部核对；请管理员导入：POST /api/v1/admin/regions、POST /api/v1/admin/agencies。
Not all of the guides' agencies and regions were checked: the portal has no regions or no agencies yet; have an administrator import them: POST /api/v1/admin/regions, POST /api/v1/admin/agencies.";

/// What to say where there is no register of certificate types, neither published nor
/// among the files, and where the portal has no agencies or regions.
fn notes(has_register: bool, has_territory: bool, files: &Files) -> String {
    let is_register =
        |(_, yaml): &(String, String)| SourceFile::parse(yaml).kind() == FileKind::CertificateTypes;
    let has_register = has_register || files.iter().any(is_register);
    let missing = [(has_register, NO_REGISTER), (has_territory, NO_TERRITORY)];
    missing.iter().filter(|(is_there, _)| !is_there).map(|(_, note)| format!("\n{note}")).collect()
}

fn check(config: Option<&Path>, files: &[PathBuf]) -> Outcome {
    let (read, unreadable) = readable(files);
    let files = if read.is_empty() { some_files(files)? } else { read };
    let Looked { faults, note } = look(config, &files)?;
    let mut told = unreadable;
    told.extend(report(&faults.problems));
    if told.is_empty() {
        return print(&format!("{}, nothing wrong{note}", counted(files.len(), "file")));
    }
    Err(format!("{}\n{}{note}", told.join("\n"), counted(told.len(), "problem")))
}

fn test(config: Option<&Path>, files: &[PathBuf]) -> Outcome {
    let files = some_files(files)?;
    let catalog::Faults { problems, failures, tried } = look(config, &files)?.faults;
    match (problems.is_empty(), failures.is_empty(), tried.examples) {
        (false, ..) => Err(refused(&problems)),
        (_, false, _) => Err(failed(&failures).join("\n")),
        (.., 0) => print(NO_EXAMPLES),
        (.., examples) => {
            let (examples, guides) = (counted(examples, "example"), counted(tried.guides, "guide"));
            print(&format!("{examples} of {guides}, each as expected"))
        }
    }
}

fn publish(config: &Path, files: &[PathBuf]) -> Outcome {
    let config = load(config)?;
    let files = some_files(files)?;
    block_on(async move {
        let ctx = production(&config).await?;
        let has_register = catalog::has_register(&ctx).await.map_err(said)?;
        let note = notes(has_register, catalog::has_territory(&ctx).await.map_err(said)?, &files);
        let published = catalog::publish(&ctx, files).await;
        let closed = match &published {
            Ok(Ok(published)) => bundles::closed(&ctx, published).await,
            _ => Vec::new(),
        };
        upkeep::wind_up(&ctx).await.map_err(said)?;
        let published = published.map_err(said)?.map_err(|faults| {
            let mut lines = report(&faults.problems);
            lines.extend(failed(&faults.failures));
            let count = counted(lines.len(), "fault");
            format!("{}\n{count}; nothing was published{note}", lines.join("\n"))
        })?;
        published.iter().try_for_each(|one| print(&told(one)))?;
        closed.iter().try_for_each(|one| print(&no_longer_fits(one)))?;
        if note.is_empty() { Ok(()) } else { print(note.trim_start()) }
    })
}

fn no_longer_fits(bundle: &ClosedBundle) -> String {
    let ClosedBundle { code, misfit: Misfit { path, reason: Text { zh, en } } } = bundle;
    format!(
        "一件事 {code} 与所含指南不再相符，暂停受理：{path}：{zh} The bundle {code} no longer fits its guides and takes no applications: {path}: {en}"
    )
}

fn told(published: &catalog::Published) -> String {
    let catalog::Published { kind, file, code, version, is_new_version, takes_cases_again } = published;
    let what = match (is_new_version, file) {
        (true, Some(_)) => "published",
        (true, None) => "published again, for its item has changed",
        (false, _) => "unchanged",
    };
    let file = file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
    let again = match takes_cases_again {
        true => "\n恢复受理：原停止办理已取消。 It takes new cases again: its withdrawal is lifted.",
        false => "",
    };
    match kind {
        FileKind::Guide | FileKind::Bundle => format!("{file}{code} version {version} {what}{again}"),
        FileKind::Item => format!("{file}item {code} version {version} {what}"),
        FileKind::CertificateTypes => format!("{file}certificate types {what}"),
    }
}

fn show(config: &Path, to: Option<&Path>, codes: &[String]) -> Outcome {
    let config = load(config)?;
    block_on(async move {
        let ctx = production(&config).await?;
        let mut files = Vec::new();
        for code in codes {
            let file = catalog::source(&ctx, code).await.map_err(said)?;
            files.push((
                code,
                file.ok_or_else(|| format!("nothing is published under {code}; check the code"))?,
            ));
        }
        files.iter().try_for_each(|(code, text)| match to {
            None => print(text.trim_end()),
            Some(folder) => {
                let file = folder.join(format!("{code}.yaml"));
                std::fs::create_dir_all(folder)
                    .and_then(|()| std::fs::write(&file, text))
                    .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
                print(&file.display().to_string())
            }
        })
    })
}
