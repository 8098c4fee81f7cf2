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
    use super::files;

    #[test]
    fn every_file_of_the_folder_is_packed_whole() {
        let files = files();
        assert!(files.is_sorted_by(|a, b| a.0 < b.0));
        for (name, text) in &files {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample").join(name);
            assert_eq!(text, &std::fs::read_to_string(path).unwrap(), "{name}");
        }
        for (folder, least) in [("guides/", 60), ("items/", 40), ("bundles/", 3)] {
            assert!(files.iter().filter(|(name, _)| name.starts_with(folder)).count() >= least, "{folder}");
        }
    }
}
