//! Letters on paper: opened once by whom they are for, printed once and for all,
//! sealed, and checked by anybody.

use futures_util::future::join_all;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanshitong::domain::cases::history::hex;
use wanshitong::domain::verification::{Fault, Part};

use crate::api::submitted_road_case;
use crate::logs::said;
use crate::support::{Database, Portal, id};
use crate::verify::look;

const WHO: &str = "resident@web";

/// A refused case: its address, and the letters it owes its applicant.
async fn refused_case(portal: &Portal) -> (String, Vec<String>) {
    let case = submitted_road_case(portal, WHO).await;
    let grounds = json!({"reason": "占用范围覆盖消防通道", "article": "《城市道路管理条例》第三十一条"});
    portal.act("counter_officer@counter", &case, "refuse", grounds).await;
    let at = format!("/api/v1/cases/{case}/letters");
    let letters = portal.get("handler@web", &at).await.expect(200);
    (at, letters["items"].as_array().unwrap().iter().map(id).collect())
}

/// When and by whom each letter was opened, as somebody sees it in the list.
async fn openings(portal: &Portal, who: &str, at: &str) -> Vec<(Value, Value)> {
    let letters = portal.get(who, at).await.expect(200);
    let opening = |letter: &Value| (letter["opened_at"].clone(), letter["opened_by"].clone());
    letters["items"].as_array().unwrap().iter().map(opening).collect()
}

async fn a_letter_is_opened_once(database: Database) {
    let portal = Portal::open(database).await;
    let (at, letters) = refused_case(&portal).await;
    let [receipt, refusal] = letters.as_slice() else { panic!("{letters:?}") };
    let (never, now) = ((Value::Null, Value::Null), json!("2026-03-02T01:30:00Z"));

    // Neither staff, nor looking through the list, nor the seal opens a letter.
    for way in ["", "/html", "/pdf", "/seal"] {
        for who in ["handler@web", "counter_officer@counter", "supervisor@web"] {
            let reply = portal.get(who, &format!("{at}/{receipt}{way}")).await;
            assert_eq!(reply.status, 200, "{who} {way}");
        }
    }
    portal.get(WHO, &format!("{at}/{receipt}/seal")).await.expect(200);
    portal.get("second_resident@web", &format!("{at}/{receipt}")).await.problem(404);
    assert_eq!(openings(&portal, WHO, &at).await, [never.clone(), never.clone()]);

    // The list says which letters there are, and nothing of what they say.
    let list = portal.get(WHO, &at).await.expect(200);
    for summary in list["items"].as_array().unwrap() {
        let mut members: Vec<&str> = summary.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["agency", "at", "id", "kind", "number", "opened_at", "opened_by", "title"]);
    }

    // Many at once are one opening; who opens learns of it in the same answer.
    let address = format!("{at}/{receipt}");
    let all = join_all((0..8).map(|_| portal.get(WHO, &address))).await;
    for reply in all {
        assert_eq!(reply.body["opened_at"], now, "{:#}", reply.body);
    }
    // Later readings change nothing, whoever's they are.
    portal.city.ctx.clock.advance(chrono::TimeDelta::hours(3));
    for who in ["agent@web", WHO] {
        let read = portal.get(who, &format!("{at}/{receipt}")).await.expect(200);
        assert_eq!((&read["opened_at"], &read["opened_by"]), (&now, &json!("applicant")));
    }
    // A page opens as well as anything, and the agent's opening counts.
    let page = portal.get("agent@web", &format!("{at}/{refusal}/html")).await;
    assert_eq!(page.status, 200);
    let opened = [(now, json!("applicant")), (json!("2026-03-02T04:30:00Z"), json!("agent"))];
    assert_eq!(openings(&portal, "handler@web", &at).await, opened);
    assert_eq!(openings(&portal, WHO, &at).await, opened);
    portal.close().await;
}

async fn a_print_never_changes(database: Database) {
    let portal = Portal::open(database).await;
    let (at, letters) = refused_case(&portal).await;
    let address = format!("{at}/{}/pdf", letters[1]);
    let other = portal.beside().await;
    // Two instances print at the same time.
    let both = join_all([&portal, &other, &portal, &other].map(|one| one.get(WHO, &address))).await;
    let first = &both[0];
    assert!(first.bytes.starts_with(b"%PDF-1.7"));
    assert!(both.iter().all(|reply| reply.status == 200 && reply.bytes == first.bytes));
    for (name, value) in [
        ("content-type", "application/pdf"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("etag", &format!("\"{}\"", hex(&Sha256::digest(&first.bytes)))),
    ] {
        assert_eq!(first.header(name), Some(value), "{name}");
    }
    let shown = portal.get(WHO, &format!("{at}/{}", letters[1])).await.expect(200);
    let name = format!("inline; filename=\"{}.pdf\"", shown["number"].as_str().unwrap());
    assert_eq!(first.header("content-disposition"), Some(name.as_str()));
    let held = portal.request(WHO, "GET", &address).header("if-none-match", first.header("etag").unwrap());
    assert_eq!(portal.send(held).await.status, 304);

    // The agency is renamed: what was handed out stays, and the page shows the new name.
    let page = |reply: crate::support::Reply| String::from_utf8(reply.bytes).unwrap();
    let html = format!("{at}/{}/html", letters[1]);
    portal.city.database.tamper("UPDATE agencies SET name_zh = '数据资源管理局'");
    assert!(page(portal.get(WHO, &html).await).contains("数据资源管理局"));
    assert_eq!(other.get("handler@web", &address).await.bytes, first.bytes);
    other.close().await;

    // A file that was altered or lost is an error, never another letter.
    let case = at.trim_start_matches("/api/v1/cases/").split('/').next().unwrap();
    let print = portal.city.database.files_of(case).join(hex(&Sha256::digest(&first.bytes)));
    assert!(!std::fs::read(&print).unwrap().starts_with(b"%PDF-1.7"), "a print is kept under the case's key");
    let of_print = |found: &[Fault]| found.iter().any(|fault| fault.part == Part::Print(letters[1].clone()));
    assert_eq!(look(&portal.city.ctx).await.1, []);
    std::fs::write(&print, b"something else").unwrap();
    portal.get(WHO, &address).await.problem(500);
    assert!(said(&format!("of {case} was changed")));
    assert!(of_print(&look(&portal.city.ctx).await.1));
    std::fs::remove_file(&print).unwrap();
    portal.get(WHO, &address).await.problem(500);
    assert!(said(&format!("of {case} is not there")));
    assert!(of_print(&look(&portal.city.ctx).await.1));
    portal.close().await;
}

async fn a_seal_is_checked_by_anybody(database: Database) {
    let portal = Portal::open(database).await;
    let (at, letters) = refused_case(&portal).await;
    let address = format!("{at}/{}", letters[1]);
    let seal = portal.get("handler@web", &format!("{address}/seal")).await.expect(200)["seal"].clone();
    let pdf = portal.get(WHO, &format!("{address}/pdf")).await.bytes;
    assert_eq!(portal.get(WHO, &format!("{address}/seal")).await.expect(200)["seal"], seal);
    let digest = hex(&Sha256::digest(&pdf));
    let verify = async |seal: &Value, sha256: &str| {
        portal.post("", "/api/v1/letters/verify", json!({"seal": seal, "sha256": sha256})).await
    };

    let genuine = verify(&seal, &digest.to_uppercase()).await.expect(200);
    let letter = portal.get(WHO, &address).await.expect(200);
    assert_eq!((&genuine["outcome"], &genuine["letter"]["sha256"]), (&json!("genuine"), &json!(digest)));
    for name in ["number", "kind"] {
        assert_eq!(genuine["letter"][name], letter[name], "{name}");
    }
    assert_eq!(genuine["letter"]["written_at"], letter["at"]);
    let altered = hex(&Sha256::digest([pdf.as_slice(), b" "].concat()));
    assert_eq!(verify(&seal, &altered).await.expect(200)["outcome"], "altered");
    let receipt = portal.get(WHO, &at.replace("/letters", "/receipt")).await.expect(200)["receipt"].clone();
    for foreign in [json!(""), json!("x.y.z"), receipt] {
        let answer = verify(&foreign, &digest).await.expect(200);
        assert_eq!((&answer["outcome"], &answer["letter"]), (&json!("unknown"), &Value::Null));
    }
    for no_digest in ["", "abc", &digest.replace(&digest[..1], "g")] {
        let problem = verify(&seal, no_digest).await.problem(400);
        assert_eq!(problem["errors"][0]["pointer"], "/sha256");
    }

    // Without the portal, by its published keys.
    let keys: JwkSet =
        serde_json::from_value(portal.get("", "/.well-known/seal-keys.json").await.expect(200)).unwrap();
    let jws = seal.as_str().unwrap();
    let kid = jsonwebtoken::decode_header(jws).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let claims = jsonwebtoken::decode::<Value>(jws, &key, &validation).unwrap().claims;
    assert_eq!((&claims["sha256"], &claims["kind"]), (&json!(digest), &json!("refusal")));
    assert!(!jws.contains("林晓岚") && !claims.to_string().contains("林晓岚"), "{claims:#}");
    portal.close().await;
}

/// The page is in both languages, runs nothing and loads nothing.
#[actix_web::test]
async fn a_letter_is_shown_as_a_page_that_runs_nothing() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, WHO).await;
    let grounds = json!({"reason": "<script>alert(1)</script>", "article": "第三十一条"});
    portal.act("counter_officer@counter", &case, "refuse", grounds).await;
    let at = format!("/api/v1/cases/{case}/letters");
    let letters = portal.get(WHO, &at).await.expect(200);
    let page = portal.get(WHO, &format!("{at}/{}/html", id(&letters["items"][1]))).await;
    let text = String::from_utf8(page.bytes.clone()).unwrap();
    for part in ["不予受理通知书", "Notice of refusal to accept", "林晓岚：", "&lt;script&gt;", "行政复议"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("<script") && !text.contains("http-equiv") && !text.contains("src="));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"));
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert!(page.header("content-disposition").unwrap().ends_with("-02.html\""));
    portal.close().await;
}

macro_rules! on_both {
    ($($scenario:ident: $test:ident, $on_postgres:ident;)+) => {$(
        #[actix_web::test]
        async fn $test() {
            $scenario(Database::sqlite()).await;
        }

        #[actix_web::test]
        #[ignore = "needs PostgreSQL: run tests/run"]
        async fn $on_postgres() {
            $scenario(Database::postgres()).await;
        }
    )+};
}

on_both! {
    a_letter_is_opened_once: the_first_opening_by_the_recipient_is_on_record,
        the_first_opening_by_the_recipient_is_on_record_on_postgres;
    a_print_never_changes: a_letter_is_printed_once_and_for_all, a_letter_is_printed_once_and_for_all_on_postgres;
    a_seal_is_checked_by_anybody: a_seal_tells_a_genuine_letter_from_another,
        a_seal_tells_a_genuine_letter_from_another_on_postgres;
}
