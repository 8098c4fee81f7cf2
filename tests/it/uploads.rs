//! Files that are not what they claim to be, are too large, or come with names
//! that would like to be paths.

use serde_json::json;

use crate::api::road_draft;
use crate::hostile::whole;
use crate::support::{Database, PDF, Portal};

const RESIDENT: &str = "resident@web";

#[actix_web::test]
async fn files_that_are_not_what_they_claim_are_refused() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let before = whole(&portal, &case).await;
    let plan = format!("/api/v1/cases/{case}/materials/location_plan");
    let zip = b"PK\x03\x04 a zip archive, but no OFD document";
    let files: &[(&str, &[u8], u16, &str)] = &[
        ("application/pdf", b"", 400, "bad_request"),
        ("application/pdf", b"<script>alert(1)</script>", 422, "unsupported_material"),
        ("image/png", b"MZ\x90\x00", 422, "unsupported_material"),
        ("application/ofd", zip, 422, "unsupported_material"),
        ("application/json", PDF, 400, "invalid_json"),
        ("application/json", b"{\"kind\":\"hearsay\"}", 400, "invalid_field"),
        ("application/json", b"{\"kind\":\"promise\",\"really\":1}", 400, "unknown_field"),
        ("application/json", b"{\"kind\":\"promise\"}", 422, "validation_failed"),
        ("application/json", b"{\"kind\":\"certificate\",\"certificate\":\"1\"}", 400, "invalid_field"),
    ];
    for (media_type, bytes, status, code) in files {
        let request = portal.request(RESIDENT, "PUT", &plan).header("content-type", *media_type);
        let problem = portal.send(request.body(bytes.to_vec())).await.problem(*status);
        assert_eq!(problem["code"], *code, "{media_type}: {problem:#}");
    }
    let mut large = PDF.to_vec();
    large.resize(20 * 1024 * 1024 + 1, b' ');
    portal.put_file(RESIDENT, &plan, large.clone()).await.problem(413);
    let unannounced = portal.send_in_chunks(RESIDENT, "PUT", &plan, &large);
    assert!(unannounced.starts_with("HTTP/1.1 413 "), "{unannounced}");
    for other in ["nothing", "planning_approval"] {
        let path = format!("/api/v1/cases/{case}/materials/{other}");
        portal.put_file(RESIDENT, &path, PDF).await.problem(422);
    }
    assert_eq!(whole(&portal, &case).await, before);
    portal.close().await;
}

#[actix_web::test]
async fn a_file_is_known_by_its_bytes_and_its_name_is_only_a_name() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = road_draft(&portal, RESIDENT, json!({})).await;
    let plan = format!("/api/v1/cases/{case}/materials/location_plan");
    let names = [
        ("../../../etc/passwd", Some("passwd")),
        ("..%2F..%2Fetc%2Fpasswd", Some("passwd")),
        ("C:%5CWindows%5Cplan.pdf", Some("plan.pdf")),
        ("a%0D%0ASet-Cookie:%20x=1.pdf", Some("aSet-Cookie: x=1.pdf")),
        ("%E5%B9%B3%E9%9D%A2%E5%9B%BE.pdf", Some("平面图.pdf")),
        ("%00%1b.pdf", Some(".pdf")),
        ("folder/", None),
        ("%FF", Some("\u{fffd}")),
    ];
    for (sent, kept) in names {
        let request = portal.request(RESIDENT, "PUT", &plan).header("content-type", "text/html");
        let case = portal.send(request.header("x-file-name", sent).body(PDF)).await.expect(200);
        let material = &case["materials"]["location_plan"];
        assert_eq!(material["file_name"].as_str(), kept, "{sent}");
        assert_eq!(material["media_type"], "application/pdf", "{sent}");
        let file = portal.get(RESIDENT, &plan).await;
        assert_eq!((file.status, file.header("content-type")), (200, Some("application/pdf")));
        let disposition = file.header("content-disposition").unwrap();
        assert!(disposition.starts_with("attachment; filename*=UTF-8''"), "{disposition}");
        assert!(file.header("set-cookie").is_none());
    }
    portal.close().await;
}
