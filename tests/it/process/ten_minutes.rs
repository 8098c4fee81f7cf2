//! “From nothing to a published item in ten minutes”, as the page prints it: its commands
//! and files are taken out of the Markdown and run in an empty folder.

use std::net::TcpListener;

use super::*;

const PAGE: &str = include_str!("../../../docs/guides.md");
const SECTION: &str = "## From nothing to a published item in ten minutes\n";

/// The blocks of the section in their order: the language and the text of each.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let (_, section) = PAGE.split_once(SECTION).unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let parts: Vec<&str> = section.split("```").collect();
    parts.iter().skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

/// Somebody at a terminal in the folder, with `wanshitong` on the path.
struct Terminal {
    folder: Folder,
    address: String,
    started: Option<String>,
}

impl Terminal {
    fn open() -> Self {
        // The page's address may be somebody else's on this machine.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        Self { folder: Folder::new(), address: free.to_string(), started: None }
    }

    fn type_in(&self, commands: &str) -> Output {
        let program = Path::new(env!("CARGO_BIN_EXE_wanshitong")).parent().unwrap().display().to_string();
        let path = format!("{program}:{}", std::env::var("PATH").unwrap_or_default());
        let (out, err) = (self.folder.file("out"), self.folder.file("err"));
        let commands = commands.replace("127.0.0.1:8080", &self.address);
        let mut shell = Command::new("bash");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WST_")) {
            shell.env_remove(name);
        }
        // Into files, which nobody has to wait for who leaves a program running.
        let file = |path: &Path| Stdio::from(std::fs::File::create(path).unwrap());
        let shell = shell.args(["-euc", &commands]).current_dir(&self.folder.0).env("PATH", path);
        let status = shell.stdin(Stdio::null()).stdout(file(&out)).stderr(file(&err)).status().unwrap();
        let (stdout, stderr) = (std::fs::read(out).unwrap(), std::fs::read(err).unwrap());
        Output { status, stdout, stderr }
    }

    fn done(&self, commands: &str) -> String {
        let output = self.type_in(commands);
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{commands}\n{said}\n{wrong}");
        said.into_owned()
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.folder.file(file)).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        self.folder.write(file, &text.replacen(from, to, 1));
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(process) = &self.started {
            let _ = Command::new("kill").arg(process).status();
        }
    }
}

#[test]
fn a_stranger_gets_from_nothing_to_a_published_item_by_the_page_alone() {
    let blocks = blocks();
    let [("sh", found), ("sh", new), ("yaml", basis), ("sh", begin), ("yaml", condition), ("sh", publish)] =
        blocks.as_slice()
    else {
        panic!("{blocks:#?}");
    };
    let mut terminal = Terminal::open();
    let process = terminal.done(&format!("{found}\necho $!"));
    terminal.started = process.lines().last().map(str::to_owned);
    let start = Instant::now();
    while TcpStream::connect(&terminal.address).is_err() {
        assert!(start.elapsed() < PATIENCE, "the portal did not start");
        std::thread::sleep(Duration::from_millis(20));
    }

    terminal.done(new);
    let without = terminal.type_in("wanshitong catalog check item.yaml guide.yaml");
    assert_eq!(without.status.code(), Some(1), "its legal basis is to be put in first");
    let item = std::fs::read_to_string(terminal.folder.file("item.yaml")).unwrap();
    let (_, marks) = item.split_once("legal_basis:\n").unwrap();
    let (marks, _) = marks.split_once("\n\n").unwrap();
    terminal.replace("item.yaml", &format!("legal_basis:\n{marks}\n"), basis);
    let said = terminal.done(begin);
    // What the page says behind each command is what it prints.
    for promised in begin.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment.trim()) {
        assert!(said.contains(promised), "{promised}: {said}");
    }
    assert!(said.contains("Certificate types were not checked"), "{said}");

    terminal.replace("item.yaml", "  conditions:\n", condition);
    terminal.done("wanshitong catalog check item.yaml guide.yaml");
    let too_young = terminal.type_in("wanshitong catalog test item.yaml guide.yaml");
    assert_eq!(too_young.status.code(), Some(1), "the example no longer holds");
    let named = PAGE.split_once("Make it `").and_then(|(_, rest)| rest.split_once('`')).unwrap().0;
    terminal.replace("guide.yaml", "birth_date: 1990-05-20", named);
    let said = terminal.done(publish);

    assert!(said.contains("11340705MBWXT061304000509999001 version 1 published"), "{said}");
    assert!(said.contains("Certificate types were not checked"), "nor when they were published: {said}");
    assert!(said.contains("agencies and regions were checked: the portal has no regions"), "{said}");
    // Bodies as they come, one after the other.
    let bodies = &said[said.find('{').unwrap()..];
    let answers: Vec<Value> =
        serde_json::Deserializer::from_str(bodies).into_iter().collect::<Result<_, _>>().unwrap();
    let [page, form, found] = answers.as_slice() else { panic!("{said}") };
    assert_eq!(page["item"]["name"]["en"], "Old-age allowance");
    assert!(form["properties"]["on_behalf"].is_object(), "{form:#}");
    assert_eq!(found["eligible"], false, "too young: {found:#}");
    let needed =
        found["materials"].as_array().unwrap().iter().filter(|material| material["required"] == true);
    assert!(needed.count() > 0, "a letter of authorisation: {found:#}");
}
