//! Files that come in parts, from more than one channel.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanshitong::app::cases::uploads as files;
use wanshitong::domain::cases::history::hex;

use crate::api::road_draft;
use crate::support::{Database, PDF, Portal, Reply};

const PART: usize = 700 * 1024;

/// A file of two megabytes that looks like a PDF.
fn file() -> Vec<u8> {
    let noise = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    PDF.iter().copied().chain(noise).collect()
}

fn announced(bytes: &[u8]) -> Value {
    json!({"size_bytes": bytes.len(), "digest_sha256": hex(&Sha256::digest(bytes)), "file_name": "a/平面图.pdf"})
}

async fn begin(portal: &Portal, who: &str, uploads: &str, bytes: &[u8]) -> String {
    let reply = portal.post(who, uploads, announced(bytes)).await;
    let location = reply.header("location").unwrap().to_owned();
    let view = reply.expect(201);
    assert_eq!((&view["offset"], &view["size_bytes"]), (&json!(0), &json!(bytes.len())));
    location
}

async fn part(portal: &Portal, who: &str, path: &str, offset: usize, bytes: &[u8]) -> Reply {
    let request = portal.request(who, "PATCH", path).header("upload-offset", offset.to_string());
    portal.send(request.header("content-type", "application/partial-upload").body(bytes.to_vec())).await
}

async fn it_goes_on_elsewhere(portal: Portal) {
    let case = road_draft(&portal, "resident@web", json!({})).await;
    let uploads = format!("/api/v1/cases/{case}/materials/location_plan/uploads");
    let bytes = file();
    let mut at = begin(&portal, "resident@kiosk", &uploads, &bytes).await;
    part(&portal, "resident@kiosk", &at, 0, &bytes[..PART]).await.expect(204);
    // The kiosk is cut off; the phone finds what it began, asks where it stands and goes on.
    let under_way = format!("/api/v1/cases/{case}/uploads");
    let found = portal.get("resident@mini_program", &under_way).await.expect(200);
    let [left] = &found["items"].as_array().unwrap()[..] else { panic!("{found}") };
    assert_eq!((&left["material"], &left["offset"]), (&json!("location_plan"), &json!(PART)));
    assert_eq!(left["digest_sha256"], announced(&bytes)["digest_sha256"]);
    let at_the_kiosk = std::mem::replace(&mut at, format!("{uploads}/{}", left["id"].as_str().unwrap()));
    assert_eq!(at.rsplit('/').next(), at_the_kiosk.rsplit('/').next());
    let wrong = part(&portal, "resident@mini_program", &at, 0, &bytes[..PART]).await;
    assert_eq!(wrong.header("upload-offset"), Some(PART.to_string().as_str()));
    assert_eq!(wrong.problem(409)["code"], "wrong_offset");
    let stands = portal.get("resident@mini_program", &at).await;
    assert_eq!(stands.header("upload-offset"), Some(PART.to_string().as_str()));
    let offset = stands.expect(200)["offset"].as_u64().unwrap() as usize;
    part(&portal, "resident@mini_program", &at, offset, &bytes[offset..2 * PART]).await.expect(204);
    for stranger in ["second_resident@web", "handler@web"] {
        part(&portal, stranger, &at, 2 * PART, &bytes[2 * PART..]).await.problem(404);
        portal.get(stranger, &at).await.problem(404);
        portal.get(stranger, &under_way).await.problem(404);
    }
    let whole = part(&portal, "resident@web", &at, 2 * PART, &bytes[2 * PART..]).await;
    assert_eq!(whole.header("upload-complete"), Some("?1"));
    let material = whole.expect(200)["materials"]["location_plan"].clone();
    assert_eq!(material["sha256"], announced(&bytes)["digest_sha256"]);
    assert_eq!(material["file_name"], "平面图.pdf");
    let download = portal.get("resident@web", &format!("/api/v1/cases/{case}/materials/location_plan")).await;
    assert!(download.bytes == bytes, "what is read back is what was sent");
    portal.get("resident@web", &at).await.problem(404);
    let none = portal.get("resident@web", &under_way).await.expect(200);
    assert_eq!(none["items"], json!([]));
    portal.close().await;
}

#[actix_web::test]
async fn a_file_begun_at_a_kiosk_goes_on_at_a_phone() {
    it_goes_on_elsewhere(Portal::open(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_file_begun_at_a_kiosk_goes_on_at_a_phone_on_postgres() {
    it_goes_on_elsewhere(Portal::open(Database::postgres()).await).await;
}

#[actix_web::test]
async fn what_is_not_as_announced_is_not_attached() {
    let portal = Portal::open(Database::sqlite()).await;
    let who = "resident@web";
    let case = road_draft(&portal, who, json!({})).await;
    let before = portal.get(who, &format!("/api/v1/cases/{case}")).await.expect(200);
    let uploads = format!("/api/v1/cases/{case}/materials/location_plan/uploads");
    for (body, pointers) in [
        (json!({"size_bytes": 0, "digest_sha256": "x"}), 2),
        (json!({"size_bytes": 20 * 1024 * 1024 + 1, "digest_sha256": "a".repeat(64)}), 1),
    ] {
        let problem = portal.post(who, &uploads, body).await.problem(422);
        assert_eq!(problem["errors"].as_array().unwrap().len(), pointers);
    }
    let nothing = uploads.replace("location_plan", "nothing");
    portal.post(who, &nothing, announced(PDF)).await.problem(422);
    // Other bytes than announced; more of them; no document.
    let at = begin(&portal, who, &uploads, PDF).await;
    let mut other = PDF.to_vec();
    other[5] ^= 1;
    assert_eq!(part(&portal, who, &at, 0, &other).await.problem(422)["errors"][0]["code"], "mismatch");
    portal.get(who, &at).await.problem(404);
    let at = begin(&portal, who, &uploads, PDF).await;
    part(&portal, who, &at, 0, &[PDF, PDF].concat()).await.problem(422);
    portal.send(portal.request(who, "PATCH", &at).body(PDF)).await.problem(422);
    part(&portal, who, &at, 0, &vec![0; 4 * 1024 * 1024 + 1]).await.problem(413);
    let script = b"<script>alert(1)</script>";
    let at = begin(&portal, who, &uploads, script).await;
    assert_eq!(part(&portal, who, &at, 0, script).await.problem(422)["code"], "unsupported_material");
    let after = portal.get(who, &format!("/api/v1/cases/{case}")).await.expect(200);
    assert_eq!(after, before);
    portal.close().await;
}

#[actix_web::test]
async fn a_file_nobody_finishes_is_dropped_after_a_day() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, "resident@web", json!({})).await;
    let uploads = format!("/api/v1/cases/{case}/materials/location_plan/uploads");
    let bytes = file();
    let at = begin(&portal, "resident@kiosk", &uploads, &bytes).await;
    part(&portal, "resident@kiosk", &at, 0, &bytes[..PART]).await.expect(204);
    let parts = portal.city.database.files_of(at.rsplit('/').next().unwrap());
    let kept = || std::fs::read_dir(&parts).map_or(0, Iterator::count);
    files::sweep(&portal.city.ctx).await.unwrap();
    assert_eq!(kept(), 1);
    portal.city.ctx.clock.advance(TimeDelta::hours(24));
    portal.get("resident@web", &at).await.problem(404);
    files::sweep(&portal.city.ctx).await.unwrap();
    assert_eq!(kept(), 0);
    portal.close().await;
}

/// 原件核验: who says that he held the original must send the file to its end.
#[actix_web::test]
async fn an_original_was_seen_by_whoever_sends_the_file_to_its_end() {
    let portal = Portal::open(Database::sqlite()).await;
    let body = json!({"applicant": {"name": "林晓岚", "id_number": "340705199105125280"}});
    let case = road_draft(&portal, "counter_officer@counter", body).await;
    let uploads = format!("/api/v1/cases/{case}/materials/location_plan/uploads");
    let bytes = file();
    let mut seen = announced(&bytes);
    seen["original_seen"] = json!(true);
    for (sender, counts) in [("counter_officer@counter", true), ("resident@web", false)] {
        let begun = portal.post("counter_officer@counter", &uploads, seen.clone()).await;
        let at = begun.header("location").unwrap().to_owned();
        begun.expect(201);
        part(&portal, "counter_officer@counter", &at, 0, &bytes[..PART]).await.expect(204);
        let whole = part(&portal, sender, &at, PART, &bytes[PART..]).await.expect(200);
        assert_eq!(whole["materials"]["location_plan"]["original_seen"], counts, "{sender}");
    }
    // Nor may the applicant's side claim it.
    let begun = portal.post("resident@web", &uploads, seen).await;
    let at = begun.header("location").unwrap().to_owned();
    begun.expect(201);
    part(&portal, "resident@web", &at, 0, &bytes).await.problem(422);
    portal.close().await;
}
