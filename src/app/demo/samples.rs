//! The files of the sample catalogue, packed into the program by `build.rs`.

use std::io::Read;

/// Name below `src/data/sample`, and YAML, in the order of names.
#[must_use]
#[expect(clippy::expect_used, reason = "the archive was packed with the program")]
pub fn files() -> Vec<(String, String)> {
    const ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samples.gz"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(ARCHIVE).read_to_string(&mut text).expect("a whole archive");
    let mut parts = text.split_terminator('\0').map(str::to_owned);
    std::iter::from_fn(|| Some((parts.next()?, parts.next()?))).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::files;

    fn yaml_files(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                yaml_files(&entry.path(), &format!("{name}/"), found);
            } else if name.ends_with(".yaml") {
                found.push((name, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_packed_whole() {
        let mut found = Vec::new();
        yaml_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample"), "", &mut found);
        found.sort();
        assert_eq!(files(), found);
    }
}
