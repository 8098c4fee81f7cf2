//! A guide of the sample city with a fee, a file in its form, a blank form and a sample,
//! followed as somebody does who wants to renew his licence.

use serde_json::{Value, json};

use super::RESIDENT;
use crate::support::{Database, Portal, id};

const FILE: &str = "driving-licence-renewal.yaml";
/// A picture of one point.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa75\x81\x84\0\0\0\0IEND\xaeB`\x82";

fn facts() -> Value {
    json!({
        "file_number": "340700123456", "vehicle_class": "C1", "valid_until": "2026-04-20", "checked_by": "paper",
        "checked_on": "2026-02-28", "unfit": false, "violations": false, "photo_by": "upload",
        "receive_by": "self_collect", "mobile": "13800000037", "truth": true,
    })
}

fn of<'v>(list: &'v Value, code: &str) -> &'v Value {
    list.as_array().unwrap().iter().find(|entry| entry["code"] == code).unwrap()
}

#[actix_web::test]
async fn the_fee_the_blank_form_and_the_file_of_a_guide_are_there_from_the_page_to_the_case() {
    let portal = Portal::open(Database::sqlite()).await;
    let code = portal.city.guide(FILE);
    let at = |rest: &str| format!("/api/v1/guides/{code}{rest}");

    let page = portal.get("", &at("")).await.expect(200);
    assert_eq!((&page["fee"]["kind"], &page["fee"]["amount_fen"]), (&json!("charged"), &json!(1000)));
    assert!(page["fee"]["basis"]["zh"].as_str().unwrap().contains("发改价格〔2004〕2831号"), "{page:#}");

    let body =
        json!({ "scenario": "six_to_ten", "facts": facts(), "applicant": { "birth_date": "1992-03-15" } });
    let said = portal.post("", &at("/evaluate"), body).await.expect(200);
    assert_eq!((&said["fee_fen"], &said["field_errors"]), (&json!(1000), &json!([])), "{said:#}");
    let paper = of(&said["materials"], "paper_check");
    assert_eq!(
        (&paper["required"], &paper["has_blank_form"], &paper["has_sample"]),
        (&json!(true), &json!(true), &json!(true))
    );
    assert_eq!(of(&said["materials"], "photo")["required"], true);

    for (what, words) in [("blank-form", "医疗机构（盖章）：________"), ("sample", "人物系虚构")]
    {
        let handed_out = portal.get("", &at(&format!("/materials/paper_check/{what}"))).await;
        let text = String::from_utf8(handed_out.bytes.clone()).unwrap();
        assert!(handed_out.status == 200 && text.contains(words), "{what}: {text}");
    }

    let form = portal.get("", &at("/form?scenario=six_to_ten")).await.expect(200);
    let file = &form["x-wanshitong"]["files"]["photo_file"];
    assert_eq!((&file["material"], &file["widget"]), (&json!("photo"), &json!("file")));
    assert_eq!(file["visible_when"], "facts.photo_by == \"upload\"");

    let draft = json!({ "guide_code": code, "scenario": "six_to_ten", "facts": facts() });
    let case = id(&portal.open_case(RESIDENT, draft).await);
    let path = format!("/api/v1/cases/{case}/materials/{}", file["material"].as_str().unwrap());
    let lacking = |problem: &Value| -> Vec<String> {
        let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    };
    let submit = format!("/api/v1/cases/{case}/submit");
    let before = lacking(&portal.post(RESIDENT, &submit, json!({})).await.problem(422));
    assert!(before.contains(&"/materials/photo".to_owned()), "{before:?}");
    let kept = portal.put_file(RESIDENT, &path, PNG).await.expect(200);
    assert!(kept["materials"]["photo"].is_object(), "{kept:#}");
    let after = lacking(&portal.post(RESIDENT, &submit, json!({})).await.problem(422));
    assert!(!after.contains(&"/materials/photo".to_owned()) && after.len() + 1 == before.len(), "{after:?}");
    portal.close().await;
}
