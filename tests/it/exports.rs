//! A guide in forms others use, over HTTP and from the command line: what each
//! answer is, that it is kept as long as it is the same, that nothing in it runs.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use wanshitong::domain::exports::tables;
use wanshitong::domain::guides::{Guide, read_guide};

use crate::support::{Database, Portal, Reply};

const YAML: &str = include_str!("../../src/domain/exports/samples/rich.yaml");
/// The certificate the guide issues, which nobody else does.
const TYPES: &str = "format: 1\nkind: certificate_types\ntypes:\n  - { type: 11100000000013338W001, name: { zh: 老年人优待证, en: Senior card }, attributes: [account, name, born] }\n";
const CODE: &str = "11340705MBWXT061304000553001000";

async fn portal_with_the_rich_guide() -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    let files = vec![("types.yaml".to_owned(), TYPES.to_owned()), ("rich.yaml".to_owned(), YAML.to_owned())];
    wanshitong::app::catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    portal
}

fn guide() -> Guide {
    read_guide(YAML).unwrap()
}

fn at(format: &str) -> String {
    format!("/api/v1/guides/{CODE}/export/{format}")
}

fn text(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{:#}", reply.body);
    String::from_utf8(reply.bytes.clone()).unwrap()
}

#[actix_web::test]
async fn the_tables_of_a_published_guide_give_it_back() {
    let portal = portal_with_the_rich_guide().await;
    let document = portal.get("", &at("tables")).await;
    assert_eq!(document.header("content-type"), Some("application/json"));
    let json = text(&document);
    assert_eq!(read_guide(&tables::from_json(&json).unwrap()).unwrap(), guide());
    let item = &document.body["tables"][0]["rows"][0];
    assert_eq!(item["agency_name"], "铜官区民政局");
    assert_eq!((item["region_name"].as_str(), item["level"].as_str()), (Some("铜官区"), Some("4")));

    let mut files = Vec::new();
    for code in tables::codes() {
        let reply = portal.get("", &at(&format!("csv?table={code}"))).await;
        assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
        let name = format!("attachment; filename=\"{CODE}-{code}.csv\"");
        assert_eq!(reply.header("content-disposition"), Some(name.as_str()));
        files.push((code.to_owned(), text(&reply)));
    }
    assert_eq!(read_guide(&tables::from_csv(&files).unwrap()).unwrap(), guide());

    let yaml = text(&portal.get("", &at("yaml")).await);
    assert_eq!(read_guide(&yaml).unwrap(), guide());
    portal.close().await;
}

#[actix_web::test]
async fn who_has_an_export_already_is_not_sent_it_again() {
    let portal = portal_with_the_rich_guide().await;
    for format in ["tables", "csv?table=item", "cpsv", "html", "text", "phone", "form", "yaml"] {
        let first = portal.get("", &at(format)).await;
        assert_eq!(first.status, 200, "{format}");
        assert_eq!(first.header("cache-control"), Some("public, max-age=0, must-revalidate"), "{format}");
        assert_eq!(first.header("x-content-type-options"), Some("nosniff"), "{format}");
        let tag = first.header("etag").unwrap().to_owned();
        let again = portal.request("", "GET", &at(format)).header("if-none-match", &tag);
        let again = portal.send(again).await;
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{format}");
        let language = portal.request("", "GET", &at(format)).header("accept-language", "en");
        let english = portal.send(language.header("if-none-match", &tag)).await;
        let for_people = ["html", "text", "phone", "form"].contains(&format);
        assert_eq!(english.status, if for_people { 200 } else { 304 }, "{format}");
    }
    portal.close().await;
}

#[actix_web::test]
async fn pages_to_print_run_nothing_and_load_nothing() {
    let portal = portal_with_the_rich_guide().await;
    let blank = format!("/api/v1/guides/{CODE}/materials/hukou_book/blank-form");
    let sample = format!("/api/v1/guides/{CODE}/materials/photo/sample");
    for path in [at("html"), at("form"), at("html?scenario=change"), at("form?scenario=new"), blank, sample] {
        for language in ["zh-CN", "en"] {
            let reply =
                portal.send(portal.request("", "GET", &path).header("accept-language", language)).await;
            let page = text(&reply);
            assert_eq!(reply.header("content-language"), Some(language), "{path}");
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{path}");
            let policy = reply.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
            for hostile in ["<script", "<b>", "<img", "src=", "onerror=\""] {
                let said = page.replace("&lt;img src=x", "");
                assert!(!said.contains(hostile), "{path}: {hostile}");
            }
            assert_eq!(page.matches("<h1>").count(), 1, "{path}");
        }
    }
    let page = text(&portal.get("", &at("html?lang=en")).await);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more."), "{page}");
    assert!(page.contains(&format!("href=\"{}?lang=zh\"", at("html"))), "{page}");
    let form = text(&portal.get("", &at("form?lang=zh&scenario=change")).await);
    assert!(!form.contains("随表提交") && form.contains("情形：变更账户"), "{form}");
    portal.close().await;
}

#[actix_web::test]
async fn forms_and_samples_are_handed_out() {
    let portal = portal_with_the_rich_guide().await;
    let of = |material: &str, what: &str| format!("/api/v1/guides/{CODE}/materials/{material}/{what}");
    let page = text(&portal.get("", &of("hukou_book", "blank-form")).await);
    assert!(page.contains("户口簿复印件粘贴页\n\n  （首页）          （本人页）"), "{page}");
    assert!(text(&portal.get("", &of("photo", "sample")).await).contains("一寸\t白底"));
    portal.get("", &of("photo", "blank-form")).await.problem(404);
    portal.get("", &of("nothing", "sample")).await.problem(404);
    portal.get("", "/api/v1/guides/x/materials/photo/sample").await.problem(404);
    let elsewhere = portal.get("", &of("hukou_book", "sample")).await;
    assert_eq!(elsewhere.status, 302);
    assert_eq!(elsewhere.header("location"), Some("https://example.gov.cn/sample.pdf?a=1&b=2"));
    portal.close().await;
}

#[actix_web::test]
async fn words_for_a_printer_and_for_the_telephone() {
    let portal = portal_with_the_rich_guide().await;
    let slip = portal.get("", &at("text?scenario=change")).await;
    assert_eq!(slip.header("content-type"), Some("text/plain; charset=utf-8"));
    let slip = text(&slip);
    assert!(slip.contains("情形：变更账户") && slip.contains("铜官区民政局"), "{slip}");
    let spoken = text(&portal.get("", &at("phone?lang=en")).await);
    assert!(spoken.contains("It is handled by: "), "{spoken}");
    portal.close().await;
}

#[actix_web::test]
async fn what_an_export_does_not_have_is_refused() {
    let portal = portal_with_the_rich_guide().await;
    let pointer = |problem: &Value| problem["errors"][0]["pointer"].as_str().unwrap().to_owned();
    for (path, at_fault) in [
        ("pdf", "/format"),
        ("csv", "?table"),
        ("csv?table=nothing", "?table"),
        ("html?table=item", "?table"),
        ("html?lang=fr", "?lang"),
        ("tables?lang=en", "?lang"),
        ("cpsv?scenario=new", "?scenario"),
        ("text?scenario=other", "?scenario"),
    ] {
        let problem = portal.get("", &at(path)).await.problem(400);
        assert_eq!(pointer(&problem), at_fault, "{path}");
    }
    portal.get("", "/api/v1/guides/11340705MBWXT061304000000000000/export/html").await.problem(404);
    portal.close().await;
}

#[actix_web::test]
async fn linked_data_names_the_portal_s_own_addresses() {
    let portal = portal_with_the_rich_guide().await;
    let reply = portal.get("", &at("cpsv")).await;
    assert_eq!(reply.header("content-type"), Some("application/ld+json"));
    let document: Value = serde_json::from_slice(&reply.bytes).unwrap();
    let service = document["@graph"][0]["@id"].as_str().unwrap();
    assert!(service.ends_with(&format!("/api/v1/guides/{CODE}")), "{service}");
    portal.close().await;
}

// ── The command ─────────────────────────────────────────────────────────────

fn wanshitong(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wanshitong")).arg("catalog").args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = wanshitong(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = wanshitong(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_command_exports_files_and_imports_tables() {
    let scratch = std::env::temp_dir().join(format!("wanshitong-exports-{}", std::process::id()));
    let folder = |name: &str| scratch.join(name).display().to_string();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rich = sources.join("src/domain/exports/samples/rich.yaml").display().to_string();
    let agencies = sources.join("src/data/sample/agencies.csv").display().to_string();
    let regions = sources.join("src/data/sample/regions.csv").display().to_string();

    printed(&["export", "--as", "csv", "--out", &folder("csv"), &rich]);
    let back = printed(&["import-tables", &folder(&format!("csv/{CODE}"))]);
    assert_eq!(read_guide(&back).unwrap(), guide());
    printed(&["export", "--as", "tables", "--out", &folder("json"), &rich]);
    let again = printed(&["import-tables", &folder(&format!("json/{CODE}.json"))]);
    assert_eq!(again, back);
    assert_eq!(printed(&["export", "--as", "yaml", &rich]), back);

    let slip = printed(&["export", "--as", "text", "--lang", "en", "--scenario", "change", &rich]);
    assert!(slip.contains("Situation: Change of account"), "{slip}");
    let named = ["--agencies", &agencies, "--regions", &regions, "--base-url", "https://city.example/"];
    let page = printed(&[&["export", "--as", "html", &rich], named.as_slice()].concat());
    assert!(page.contains("铜官区民政局") && page.contains("<td>铜官区</td>"), "{page}");
    let link = format!("https://city.example/api/v1/guides/{CODE}/materials/photo/sample");
    assert!(page.contains(&link), "{page}");

    assert!(refused(&["export", "--as", "pdf", &rich]).contains("tables, csv, cpsv"));
    assert!(refused(&["export", "--as", "csv", &rich]).contains("--out"));
    assert!(
        refused(&["export", "--as", "text", "--scenario", "x", &rich])
            .contains("new (First application), change (")
    );
    assert!(refused(&["export", "--as", "text", "--lang", "fr", &rich]).contains("zh, en"));
    let materials = folder(&format!("csv/{CODE}/materials.csv"));
    let said = refused(&["import-tables", &materials]);
    assert!(said.contains("/code") && said.contains("these tables are no guide yet"), "{said}");
    std::fs::write(&materials, "code,colour\r\nlease,red\r\n").unwrap();
    assert!(refused(&["import-tables", &materials]).contains("materials, row 1, colour"));
    std::fs::remove_dir_all(&scratch).unwrap();
}
