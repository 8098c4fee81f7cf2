//! The program as an operator runs it, with a configuration of his own.

use std::net::TcpStream;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use wanshitong::store::MasterKey;

use super::{Demo, Folder, program, refused};
use crate::support::http;

/// A configuration that works, in a folder of its own.
struct Production {
    folder: Folder,
    config: String,
    port: u16,
}

impl Production {
    fn new() -> Self {
        let folder = Folder::new();
        folder.write("master.key", &MasterKey::random().to_text());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| folder.file(name).display().to_string();
        let config = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\npublic_url = \"http://127.0.0.1:{port}\"\n\
             [database]\nurl = \"sqlite:{}\"\n[keys]\nmaster_key_file = \"{}\"\n\
             [sms]\nurl = \"http://127.0.0.1:9/sms\"\napp_id = \"a\"\nsecret = \"s\"\n[files]\nfolder = \"{}\"\n",
            at("wanshitong.db"),
            at("master.key"),
            at("files"),
        );
        Self { folder, config, port }
    }

    fn run(&self, command: &str, config: &str) -> Output {
        let file = self.folder.write("config.toml", config);
        program(&[command, "--config", file.to_str().unwrap()]).output().unwrap()
    }

    /// Starts the portal; gives it once it takes connections.
    fn serve(&self) -> Demo {
        let file = self.folder.write("config.toml", &self.config);
        let mut command = program(&["serve", "--config", file.to_str().unwrap()]);
        let process = command.stdout(Stdio::null()).stderr(self.folder.log()).spawn().unwrap();
        let base_url = format!("http://127.0.0.1:{}", self.port);
        let mut serving = Demo { process, sheet: json!({ "base_url": base_url }) };
        let address = serving.address();
        serving.wait_for(|| TcpStream::connect(&address).ok());
        serving
    }
}

#[test]
fn production_does_not_start_on_what_is_not_ready_and_says_what_to_do() {
    let production = Production::new();
    let config = &production.config;
    refused(&production.run("serve", config), &["wanshitong migrate"]);
    assert!(!production.folder.file("wanshitong.db").exists(), "nothing was made");
    assert!(production.run("migrate", config).status.success());
    refused(
        &production.run("serve", &config.replace("sqlite:", "mysql://")),
        &["postgres://", "sqlite:", "mysql"],
    );
    refused(&production.run("serve", &config.replace("listen", "lisen")), &["lisen", "wanshitong config"]);
    refused(
        &production.run("serve", &config.replace("app_id = \"a\"\n", "")),
        &["app_id", "wanshitong config"],
    );
    refused(&production.run("serve", &config.replace("secret = \"s\"\n", "")), &["secret", "secret_file"]);
    refused(&production.run("serve", "[server"), &["config.toml"]);
    refused(
        &production.run("serve", &config.replace("[files]\n", "[files]\ns3_bucket = \"b\"\n")),
        &["not both"],
    );
    let missing = production.folder.file("nothing.toml").display().to_string();
    refused(
        &program(&["serve", "--config", &missing]).output().unwrap(),
        &["nothing.toml", "cannot be read"],
    );

    production.folder.write("master.key", &MasterKey::random().to_demo_text());
    refused(&production.run("serve", config), &["demo key", "wanshitong keys new"]);
    production.folder.write("master.key", "short");
    refused(&production.run("serve", config), &["64 hexadecimal digits", "wanshitong keys new"]);
    std::fs::remove_file(production.folder.file("master.key")).unwrap();
    refused(&production.run("serve", config), &["master.key", "wanshitong keys new"]);
    let file = production.folder.write("config.toml", config);
    let output = program(&["serve", "--config", file.to_str().unwrap()])
        .env("WST_SERVER_LISEN", "x")
        .output()
        .unwrap();
    refused(&output, &["WST_SERVER_LISEN", "wanshitong config"]);
}

#[actix_web::test]
async fn production_serves_without_a_sandbox_and_ends_in_order() {
    let production = Production::new();
    assert!(production.run("migrate", &production.config).status.success());
    assert!(production.run("migrate", &production.config).status.success(), "twice does no harm");
    let mut serving = production.serve();
    let ready = http().get(serving.url("/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let sandbox = http()
        .post(serving.url("/api/v1/sandbox/clock"))
        .json(&json!({"advance": "P1D"}))
        .send()
        .await
        .unwrap();
    assert_eq!(sandbox.status(), 404);
    serving.signal("-TERM");
    assert_eq!(serving.ended().code(), Some(0));
}

/// A running instance learns of a rotation made from the command line.
#[actix_web::test]
async fn signing_keys_are_rotated_from_the_command_line_while_the_portal_runs() {
    let production = Production::new();
    assert!(production.run("migrate", &production.config).status.success());
    let mut serving = production.serve();
    let file = production.folder.file("config.toml");
    let file = file.to_str().unwrap();
    let url = serving.url("/oauth2/jwks");
    let keys = || async {
        let set: Value = http().get(&url).send().await.unwrap().json().await.unwrap();
        set["keys"].as_array().unwrap().len()
    };
    assert_eq!(keys().await, 1);
    let rotate = || program(&["keys", "rotate", "--config", file]).output().unwrap();
    let said = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    let first = rotate();
    assert!(first.status.success() && said(&first).contains("have successors"), "{first:?}");
    let second = rotate();
    assert!(second.status.success() && said(&second).contains("under way"), "{second:?}");
    let mut looks = 0;
    while keys().await != 2 {
        looks += 1;
        assert!(looks < 100, "the running instance does not learn of the new key");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    serving.signal("-TERM");
    assert_eq!(serving.ended().code(), Some(0));
}
