//! Packs the files of the sample catalogue into one compressed archive:
//! `name NUL text NUL` for each file in the order of names. `src/app/demo/samples.rs`
//! unpacks it; a new file in the folder is part of the sample without any list.

#![expect(clippy::expect_used, reason = "a panic here stops the build, as it should")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

const FOLDER: &str = "src/data/sample";

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    collect(Path::new(FOLDER), &mut files)?;
    files.sort();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let mut archive = GzEncoder::new(fs::File::create(out.join("samples.gz"))?, Compression::best());
    for file in files {
        let name =
            file.strip_prefix(FOLDER).expect("a file of the folder").to_str().expect("names are ASCII");
        write!(archive, "{name}\0{}\0", fs::read_to_string(&file)?)?;
    }
    archive.finish()?;
    Ok(())
}

/// All YAML files below a folder. Cargo watches each folder, and with it its files.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            files.push(path);
        }
    }
    Ok(())
}
