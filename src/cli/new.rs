//! `wanshitong catalog new`: the files an author begins with. What is there
//! already is never written over.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Outcome, print};
use crate::domain::guides::{Template, Unfit, Wanted, template};

/// The sample city's: an agency of its Tongguan District.
const AGENCY: &str = "11340705MBWXT06130";
const REGION: &str = "340705000000";

#[derive(Debug, Args)]
pub(super) struct NewItem {
    /// 事项名称: the item's name in Chinese.
    #[arg(long)]
    name_zh: String,
    /// The item's name in English.
    #[arg(long)]
    name_en: String,
    /// 事项类型: 01 licence, 05 benefit, 07 confirmation … 20 public service. As the
    /// basic code says, or else 20.
    #[arg(long = "type")]
    item_type: Option<String>,
    /// 统一社会信用代码 of the agency. The default is an agency of the sample city.
    #[arg(long, default_value = AGENCY)]
    agency: String,
    /// 行政区划代码, 12 digits: the region the guide serves. The default is a district
    /// of the sample city.
    #[arg(long, default_value = REGION)]
    region: String,
    /// 行使层级: 1 nation, 2 province, 3 city, 4 county, 5 town, 6 village. That of the
    /// region, if not given.
    #[arg(long)]
    level: Option<u8>,
    /// 基本编码, 12 digits, from the basic catalogue. If not given, one of the type
    /// whose main item 09999 stands for “not in the catalogue yet”.
    #[arg(long)]
    basic_code: Option<String>,
    /// The folder to write item.yaml and guide.yaml to; it is made if need be.
    #[arg(long, default_value = ".")]
    out: PathBuf,
}

pub(super) fn run(wanted: &NewItem) -> Outcome {
    let files = template(&Wanted {
        name_zh: &wanted.name_zh,
        name_en: &wanted.name_en,
        item_type: wanted.item_type.as_deref(),
        agency: &wanted.agency,
        region: &wanted.region,
        level: wanted.level,
        basic_code: wanted.basic_code.as_deref(),
    })
    .map_err(|wrong| {
        let line = |Unfit { field, detail }: &Unfit| {
            format!("--{}: {} {}", field.replace('_', "-"), detail.zh, detail.en)
        };
        let lines: Vec<String> = wrong.iter().map(line).collect();
        lines.join("\n")
    })?;
    let (item, guide) = write(&wanted.out, &files)?;
    let both = format!("{} {}", item.display(), guide.display());
    let code = &files.code;
    print(&format!(
        "wrote {both}\nguide code {code}\n\n\
         Put the legal basis in: what stands under `legal_basis` in {} is only a mark for it.\n\
         The rest is a whole guide already. Edit it, every part says what it is for; then\n\
         \x20 wanshitong catalog check {both}\n\
         \x20 wanshitong catalog test {both}\n\
         \x20 wanshitong catalog publish --config wanshitong.toml {both}",
        item.display()
    ))?;
    match wanted.agency == AGENCY {
        true => print(
            "\nThe agency is the sample city's; put in your own (--agency, --region) before you publish for real.",
        ),
        false => Ok(()),
    }
}

/// Both files or, where one of them is there already, none.
fn write(folder: &Path, files: &Template) -> Result<(PathBuf, PathBuf), String> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("the folder {} cannot be made: {error}", folder.display()))?;
    let (item, guide) = (folder.join("item.yaml"), folder.join("guide.yaml"));
    for file in [&item, &guide] {
        if file.exists() {
            return Err(format!(
                "{} is there already and is not written over; choose another folder with `--out`",
                file.display()
            ));
        }
    }
    for (file, text) in [(&item, &files.item), (&guide, &files.guide)] {
        std::fs::File::create_new(file)
            .and_then(|mut opened| opened.write_all(text.as_bytes()))
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    }
    Ok((item, guide))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::super::catalog::CatalogCommand;
    use super::*;
    use crate::app::catalog::{Base, check};

    fn wanted(arguments: &[&str]) -> NewItem {
        let command = ["wanshitong", "catalog", "new"].iter().chain(arguments);
        match Cli::try_parse_from(command).unwrap().command {
            super::super::Command::Catalog { command: CatalogCommand::New(wanted) } => wanted,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_files_are_written_once_and_lack_nothing_but_the_legal_basis() {
        let name = uuid::Uuid::from_bytes(crate::store::random()).simple().to_string();
        let folder = std::env::temp_dir().join(format!("wanshitong-{name}")).join("new/item");
        let out = folder.display().to_string();
        let arguments = ["--name-zh", "事项: “#一”", "--name-en", "Item: #1", "--out", &out];
        let said = run(&wanted(&arguments));
        let read = |file: &str| {
            let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
            (file.to_owned(), text)
        };
        let files = [read("guide.yaml"), read("item.yaml")];
        let again = run(&wanted(&arguments));
        let bad = run(&wanted(&["--name-zh", "事项", "--name-en", "Item", "--agency", "1", "--out", &out]));
        let after = [read("guide.yaml"), read("item.yaml")];
        std::fs::remove_dir_all(folder.ancestors().nth(2).unwrap()).unwrap();
        assert_eq!(said, Ok(()));
        let wrong = check(&files, &Base::default()).unwrap_err();
        let wrong: Vec<_> = wrong.iter().flat_map(|file| &file.problems).collect();
        assert!(matches!(wrong.as_slice(), [one] if one.path == "/legal_basis/0"), "{wrong:?}");
        let again = again.unwrap_err();
        assert!(again.contains("item.yaml is there already") && again.contains("--out"), "{again}");
        assert!(bad.unwrap_err().starts_with("--agency"));
        assert_eq!(files, after);
    }
}
