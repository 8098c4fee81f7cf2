//! Damaged data: rows that contradict themselves, sealed parts and files that were
//! altered. The reader gets 500 and no detail, the log says which row, and nobody
//! else is touched by it.

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wanshitong::app::ports::Blobs as _;
use wanshitong::domain::cases::history::hex;
use wanshitong::gateways::{BlobStore, S3};

use wanshitong::domain::verification::Part;

use crate::api::{road_draft, submitted_road_case};
use crate::logs::said;
use crate::support::{Database, PDF, Portal, http};

const WHO: &str = "resident@web";

/// The condition that selects a case's row, in the words of the database at hand.
fn of_case(portal: &Portal, column: &str, case: &str) -> String {
    match portal.city.database.location.is_sqlite() {
        true => format!("{column} = x'{}'", case.replace('-', "")),
        false => format!("{column} = '{case}'"),
    }
}

async fn damaged_rows_hurt_nobody_else(database: Database) {
    let portal = Portal::open(database).await;
    let sqlite = portal.city.database.location.is_sqlite();
    let blob =
        if sqlite { "x'00112233445566778899aabbccddeeff'" } else { "'\\x00112233445566778899aabbccddeeff'" };
    let damage = [
        ("cases", "state = 'closed'".to_owned()),
        ("cases", "state = 'nonsense'".to_owned()),
        ("cases", "outcome = 'issued'".to_owned()),
        ("cases", "version = version + 1".to_owned()),
        ("cases", "party = id".to_owned()),
        ("cases", "guide = 'another'".to_owned()),
        ("cases", "letters = -1".to_owned()),
        ("cases", "document = '{'".to_owned()),
        ("cases", "document = '{}'".to_owned()),
        ("cases", format!("personal = {blob}")),
        ("cases", "personal = NULL".to_owned()),
        ("cases", format!("data_key = {blob}")),
        ("cases", format!("head = {blob}")),
    ];
    let healthy = road_draft(&portal, "agent@web", json!({})).await;
    for (table, change) in damage {
        let case = submitted_road_case(&portal, WHO).await;
        portal
            .city
            .database
            .tamper(&format!("UPDATE {table} SET {change} WHERE {}", of_case(&portal, "id", &case)));
        let path = format!("/api/v1/cases/{case}");
        let problem = portal.get(WHO, &path).await.problem(500);
        assert_says_nothing(&problem);
        assert!(said(&format!("corrupt row {case} in {table}")), "{change} is not in the log");
        assert_says_nothing(&portal.post(WHO, &format!("{path}/withdraw"), json!({})).await.problem(500));
    }
    let case = submitted_road_case(&portal, WHO).await;
    for (table, part) in [("case_events", "events"), ("letters", "letters")] {
        let row = of_case(&portal, "case_id", &case);
        portal.city.database.tamper(&format!("UPDATE {table} SET personal = {blob} WHERE {row}"));
        let problem = portal.get(WHO, &format!("/api/v1/cases/{case}/{part}")).await.problem(500);
        assert_says_nothing(&problem);
        assert!(said(&format!("in {table}")), "{table} is not in the log");
    }
    for who in ["agent@web"] {
        portal.get(who, &format!("/api/v1/cases/{healthy}")).await.expect(200);
        assert_eq!(portal.get(who, "/api/v1/cases").await.status, 403);
    }
    submitted_road_case(&portal, "agent@web").await;
    portal.get("", "/health/ready").await.expect(200);
    portal.close().await;
}

/// Nothing of what is inside may show.
fn assert_says_nothing(problem: &Value) {
    assert_eq!(problem["code"], "internal");
    let said = problem["detail"].as_str().unwrap();
    assert_eq!(said, "请稍后重试；如仍出现，请将 request_id 告知管理员。", "{problem:#}");
    assert_eq!(problem["errors"], json!([]));
}

#[actix_web::test]
async fn a_damaged_row_is_told_to_the_log_and_hurts_nobody_else() {
    damaged_rows_hurt_nobody_else(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_damaged_row_is_told_to_the_log_and_hurts_nobody_else_on_postgres() {
    damaged_rows_hurt_nobody_else(Database::postgres()).await;
}

/// A worklist with one damaged case in it still shows all the others.
#[actix_web::test]
async fn a_damaged_case_does_not_hide_the_rest_of_a_list() {
    let portal = Portal::open(Database::sqlite()).await;
    let mut filed = Vec::new();
    for _ in 0..5 {
        filed.push(submitted_road_case(&portal, WHO).await);
    }
    let damaged = filed.remove(2);
    let row = of_case(&portal, "id", &damaged);
    portal.city.database.tamper(&format!("UPDATE cases SET state = 'accepted' WHERE {row}"));
    // Ids of one moment are in no order of time.
    filed.sort_by(|a, b| b.cmp(a));
    for (who, path) in [(WHO, "/api/v1/me/cases?"), ("handler@web", "/api/v1/cases?order=newest&")] {
        for limit in [1, 2, 5, 20] {
            let mut shown = Vec::new();
            let mut query = format!("{path}limit={limit}");
            loop {
                let page = portal.get(who, &query).await.expect(200);
                shown.extend(page["items"].as_array().unwrap().iter().map(crate::support::id));
                let Some(next) = page["next"].as_str() else { break };
                query = format!("{path}limit={limit}&after={next}");
            }
            assert_eq!(shown, filed, "{who} {limit}");
        }
    }
    assert!(said(&format!("corrupt row {damaged} in cases")));
    portal.close().await;
}

#[actix_web::test]
async fn a_file_that_was_altered_or_lost_is_not_handed_out() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = submitted_road_case(&portal, WHO).await;
    let path = format!("/api/v1/cases/{case}/materials/location_plan");
    let digest = hex(&Sha256::digest(PDF));
    let file = portal.city.database.files_of(&case).join(&digest);
    let sealed = std::fs::read(&file).unwrap();
    assert!(!sealed.windows(8).any(|bytes| PDF.windows(8).any(|plain| plain == bytes)), "sealed");
    std::fs::write(&file, b"%PDF-1.4 something else").unwrap();
    assert_says_nothing(&portal.get("handler@web", &path).await.problem(500));
    assert!(said(&format!("file {digest} of {case} was changed")));
    // Another case's seal does not do, either.
    let other = submitted_road_case(&portal, WHO).await;
    std::fs::copy(portal.city.database.files_of(&other).join(&digest), &file).unwrap();
    assert_says_nothing(&portal.get("handler@web", &path).await.problem(500));
    std::fs::remove_file(&file).unwrap();
    assert_says_nothing(&portal.get("handler@web", &path).await.problem(500));
    assert!(said(&format!("file {digest} of {case} is not there")));
    std::fs::write(&file, sealed).unwrap();
    assert_eq!(portal.get("handler@web", &path).await.bytes, PDF);
    portal.close().await;
}

/// Files in a bucket of an S3 server, which an intruder may write to as well.
#[actix_web::test]
#[ignore = "needs an S3 server: run tests/run"]
async fn files_are_kept_and_alterations_found_on_s3() {
    let endpoint = std::env::var("WST_TEST_S3").expect("run tests/run: it starts an S3 server");
    let bucket = format!("wst-{}", uuid::Uuid::from_bytes(wanshitong::store::random()).simple());
    let made = http().put(format!("{endpoint}/{bucket}")).send().await.unwrap();
    assert!(made.status().is_success(), "{made:?}");
    let s3 = S3 {
        endpoint: endpoint.clone(),
        region: "us-east-1".to_owned(),
        bucket: bucket.clone(),
        access_key: "test".to_owned(),
        secret_key: "test".to_owned(),
        allow_http: true,
    };
    let store = std::sync::Arc::new(BlobStore::s3(s3.clone()).unwrap());
    let digest = hex(&Sha256::digest(PDF));
    let [folder, other] = [(); 2].map(|()| uuid::Uuid::from_bytes(wanshitong::store::random()));
    assert!(store.get(folder, "one").await.unwrap().is_none());
    for bytes in [b"one".as_slice(), b"another"] {
        store.put(folder, "one", Bytes::from_static(bytes)).await.unwrap();
        assert_eq!(store.get(folder, "one").await.unwrap().unwrap(), bytes);
    }
    store.put(folder, "two", Bytes::from_static(b"two")).await.unwrap();
    store.put(other, "one", Bytes::from_static(b"one of another")).await.unwrap();
    for _ in 0..2 {
        store.drop_folder(folder).await.unwrap();
        assert!(store.get(folder, "one").await.unwrap().is_none());
        assert!(store.get(folder, "two").await.unwrap().is_none());
    }
    assert_eq!(store.get(other, "one").await.unwrap().unwrap(), b"one of another".as_slice());

    let mut city = crate::support::City::found(Database::sqlite()).await;
    city.ctx.blobs = store;
    let portal = Portal::of(city);
    let case = submitted_road_case(&portal, WHO).await;
    let path = format!("/api/v1/cases/{case}/materials/location_plan");
    assert_eq!(portal.get(WHO, &path).await.bytes, PDF);
    assert_eq!(crate::verify::look(&portal.city.ctx).await.1, []);
    alter(&s3, &case, &digest).await;
    let [fault] = crate::verify::look(&portal.city.ctx).await.1.try_into().unwrap();
    let code = "location_plan".to_owned();
    assert_eq!(fault.part, Part::Material { code, digest: digest.clone() });
    assert_says_nothing(&portal.get(WHO, &path).await.problem(500));
    assert!(said(&format!("file {digest} of {case} was changed")));
    portal.close().await;
}

/// Puts other bytes in the place of a file, past the portal.
async fn alter(s3: &S3, case: &str, digest: &str) {
    use object_store::ObjectStoreExt as _;
    let bucket = object_store::aws::AmazonS3Builder::new()
        .with_endpoint(&s3.endpoint)
        .with_region(&s3.region)
        .with_bucket_name(&s3.bucket)
        .with_access_key_id(&s3.access_key)
        .with_secret_access_key(&s3.secret_key)
        .with_allow_http(true)
        .build()
        .unwrap();
    let case = case.replace('-', "");
    let path = object_store::path::Path::from_iter(["folders", &case[30..], &case, digest]);
    bucket.put(&path, Bytes::from_static(b"%PDF-1.4 something else").into()).await.unwrap();
}
