//! Importing and withdrawing: what has a fault is reported whole, and nothing of
//! it is imported.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::api::road_draft;
use crate::catalogue::{hand_in, publish};
use crate::support::{Database, Portal, allowance_facts};

const YAML: &str = include_str!("../../src/data/sample/guides/old-age-allowance.yaml");
const GUIDES: &str = "/api/v1/admin/guides";

fn files(yaml: &[&str]) -> Value {
    let files = yaml.iter().enumerate().map(|(n, yaml)| json!({"name": format!("{n}.yaml"), "yaml": yaml}));
    json!({ "files": files.collect::<Vec<_>>() })
}

fn pointers(problem: &Value) -> Vec<&str> {
    problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect()
}

async fn version(portal: &Portal) -> Value {
    let path = format!("/api/v1/guides/{}", portal.city.guide("old-age-allowance.yaml"));
    portal.get("", &path).await.expect(200)["version"].clone()
}

#[actix_web::test]
async fn faulty_guide_files_are_reported_whole_and_nothing_is_imported() {
    let portal = Portal::open(Database::sqlite()).await;
    let changed = YAML.replace("0562-2810613", "0562-2810614");
    let faulty = YAML.replace("format: 1", "format: 9").replace("handling: promised", "handling: sometimes");
    let problem = portal.post("editor@web", GUIDES, files(&[&changed, &faulty, "x: ["])).await.problem(422);
    let told = pointers(&problem);
    assert!(told.len() >= 3, "{problem:#}");
    assert!(told.iter().any(|pointer| pointer.starts_with("1.yaml:1:")), "{told:?}");
    assert!(told.iter().any(|pointer| pointer.starts_with("2.yaml:")), "{told:?}");
    let twice = portal.post("editor@web", GUIDES, files(&[&changed, &changed])).await.problem(422);
    assert_eq!(pointers(&twice), ["1.yaml:2:/code"]);
    // The lint is for those who draft.
    for who in ["resident@web", "publisher@web"] {
        portal.post(who, GUIDES, files(&[&faulty])).await.problem(403);
    }
    assert_eq!(portal.get("editor@web", GUIDES).await.expect(200)["items"], json!([]), "nothing was kept");
    assert_eq!(version(&portal).await, 1);

    let draft = hand_in(&portal, &[&changed]).await.remove(0);
    let path = format!("{GUIDES}/{draft}/publish");
    let publications: Vec<_> = (0..5).map(|_| portal.post("publisher@web", &path, json!({}))).collect();
    let mut statuses: Vec<u16> = join_all(publications).await.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409]);
    assert_eq!(version(&portal).await, 2, "published once");
    portal.close().await;
}

#[actix_web::test]
async fn what_was_just_published_is_what_everybody_reads_however_many_were_reading() {
    let portal = Portal::open(Database::sqlite()).await;
    for round in 2..12 {
        let changed = YAML.replace("0562-2810613", &format!("0562-28106{round:02}"));
        let publish = publish(&portal, &changed);
        let readers = join_all((0..8).map(|_| async {
            for _ in 0..6 {
                version(&portal).await;
            }
        }));
        futures_util::future::join(publish, readers).await;
        assert_eq!(version(&portal).await, round);
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_withdrawn_guide_takes_no_application_and_says_so() {
    let portal = Portal::open(Database::sqlite()).await;
    let allowance = portal.city.guide("old-age-allowance.yaml");
    let road = portal.city.guide("road-occupation-permit.yaml");
    let draft = road_draft(&portal, "resident@web", json!({})).await;
    let version = format!("/api/v1/guides/{allowance}/versions/1");
    assert!(portal.get("", &version).await.expect(200)["withdrawn_at"].is_null());
    for code in [&allowance, &road] {
        let withdraw = format!("{GUIDES}/{code}/withdraw");
        portal.post("resident@web", &withdraw, json!({})).await.problem(403);
        assert_eq!(portal.post("publisher@web", &withdraw, json!({})).await.status, 204);
        let again = portal.post("publisher@web", &withdraw, json!({})).await;
        assert!(matches!(again.status, 204 | 409 | 412), "{:#}", again.body);
    }
    let body = json!({"guide_code": allowance, "facts": allowance_facts(), "submit": true});
    let refused = portal.post("second_resident@web", "/api/v1/cases", body).await.problem(409);
    assert_eq!(refused["code"], "guide_closed");
    let submit = format!("/api/v1/cases/{draft}/submit");
    assert_eq!(portal.post("resident@web", &submit, json!({})).await.problem(409)["code"], "guide_closed");
    let shown = portal.get("", &format!("/api/v1/guides/{allowance}")).await.expect(200);
    assert!(shown["withdrawn_at"].is_string(), "what was published stays readable");
    let shown = portal.get("", &version).await.expect(200);
    assert!(shown["withdrawn_at"].is_string(), "and says of itself that it is withdrawn");
    let unknown = format!("{GUIDES}/11340705MBWXT061304000553009999/withdraw");
    portal.post("publisher@web", &unknown, json!({})).await.problem(404);
    portal.close().await;
}

#[actix_web::test]
async fn a_table_with_a_wrong_row_is_reported_by_line_and_not_imported() {
    let portal = Portal::open(Database::sqlite()).await;
    let before = portal.get("", "/api/v1/regions?parent=340700000000&limit=100").await.expect(200);
    let send = |csv: &'static [u8]| {
        let request = portal.request("admin@web", "POST", "/api/v1/admin/regions");
        portal.send(request.header("content-type", "text/csv").body(csv))
    };
    let csv = "code,name,level,parent\n340799000000,新区,county,340700000000\n34079,短码,county,340700000000\n\
               340798000000,,county,340700000000\n340797000000,无上级,county,999900000000\n";
    let problem = send(csv.as_bytes()).await.problem(422);
    assert_eq!(pointers(&problem), ["line 2", "line 3", "line 4", "line 5"], "{problem:#}");
    for csv in [&b""[..], b"\xff\xfe\x00", b"name,code\n", b"code,name,level,parent\n\"", b"PK\x03\x04"] {
        send(csv).await.problem(422);
    }
    let after = portal.get("", "/api/v1/regions?parent=340700000000&limit=100").await.expect(200);
    assert_eq!(before, after);
    portal.close().await;
}

#[actix_web::test]
async fn a_guide_comes_compressed_to_who_takes_it_and_not_again_to_who_has_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let path = format!("/api/v1/guides/{}", portal.city.guide("old-age-allowance.yaml"));
    let ask = |coding: &'static str, held: Option<String>| {
        let request = portal.request("", "GET", &path).header("accept-encoding", coding);
        let request = held.into_iter().fold(request, |request, tag| request.header("if-none-match", tag));
        async { request.send().await.unwrap() }
    };
    let plain = ask("identity, br;q=0.5, gzip;q=0", None).await;
    let small = ask("br, gzip;q=0.8", None).await;
    let tag = |response: &reqwest::Response| response.headers()["etag"].to_str().unwrap().to_owned();
    let (plain_tag, small_tag) = (tag(&plain), tag(&small));
    assert_ne!(plain_tag, small_tag, "other bytes have another tag");
    assert!(plain.headers().get("content-encoding").is_none());
    assert_eq!(small.headers()["content-encoding"], "gzip");
    for response in [&plain, &small] {
        assert_eq!(response.headers()["vary"], "accept-encoding");
    }
    let (plain, small) = (plain.bytes().await.unwrap(), small.bytes().await.unwrap());
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&small[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
    assert!(small.len() * 2 < plain.len(), "{} of {} bytes", small.len(), plain.len());
    for held in [small_tag.clone(), format!("\"other\", W/{small_tag}"), "*".to_owned()] {
        assert_eq!(ask("gzip", Some(held)).await.status(), 304);
    }
    assert_eq!(ask("gzip", Some(plain_tag)).await.status(), 200);
    portal.close().await;
}

#[actix_web::test]
async fn a_guide_in_memory_is_given_exactly_as_its_route_gives_it() {
    let portal = Portal::open(Database::sqlite()).await;
    let code = portal.city.guide("old-age-allowance.yaml");
    let ready = format!("/api/v1/guides/{code}");
    // The same code as the router reads it, and nobody else.
    let (start, last) = code.split_at(code.len() - 1);
    let routed = format!("/api/v1/guides/{start}%{:02X}", last.as_bytes()[0]);
    for (method, query, held) in [
        ("GET", "", None),
        ("GET", "", Some("\"v1\"")),
        ("GET", "", Some("\"v9\"")),
        ("GET", "?version=1", None),
        ("HEAD", "", None),
        ("DELETE", "", None),
    ] {
        let mut answers = Vec::new();
        // The first is read from the database, the second lies ready.
        for path in [&ready, &ready, &routed] {
            let request = portal.request("", method, &format!("{path}{query}"));
            let request = held.into_iter().fold(request, |request, tag| request.header("if-none-match", tag));
            let answer = request.send().await.unwrap();
            let headers =
                answer.headers().iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
            let mut headers: BTreeMap<String, String> = headers.collect();
            ["x-request-id", "date", "ratelimit"].into_iter().for_each(|name| drop(headers.remove(name)));
            let status = answer.status();
            let mut body = answer.text().await.unwrap();
            if status.is_client_error() && !body.is_empty() {
                let mut problem: Value = serde_json::from_str(&body).unwrap();
                problem.as_object_mut().unwrap().remove("request_id").unwrap();
                body = problem.to_string();
            }
            answers.push((status, headers, body));
        }
        assert_eq!(answers[0], answers[1], "{method} {query} {held:?}");
        assert_eq!(answers[0], answers[2], "{method} {query} {held:?}");
    }
    portal.close().await;
}
