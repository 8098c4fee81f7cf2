//! From one page to all certificates.

use serde_json::{Value, json};

use super::*;

async fn one_page_shows_everything_once(portal: &Portal) {
    let list = portal.get("", "/api/v1/bundles?region=340705005002&life_event=birth").await.expect(200);
    let codes: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|line| &line["code"]).collect();
    assert!(codes.contains(&&json!(CODE)), "{list:#}");
    let elsewhere = portal.get("", "/api/v1/bundles?region=340706000000").await.expect(200);
    assert!(elsewhere["items"].as_array().unwrap().iter().all(|line| line["code"] != CODE));

    let page = portal.get("", &format!("/api/v1/bundles/{CODE}")).await.expect(200);
    assert_eq!(page["is_open"], true);
    assert_eq!(page["promised"], json!({ "days": 5, "unit": "working_day" }));
    assert_eq!(page["identity"], json!({ "ial": 3, "aal": 2 }));
    // The birth certificate comes from the first part; nobody is asked for it.
    let materials: Vec<&str> =
        page["materials"].as_array().unwrap().iter().map(|m| m["code"].as_str().unwrap()).collect();
    assert!(materials.contains(&"registration.household_book"), "{materials:?}");
    assert!(
        !materials.iter().any(|code| code.contains("birth_certificate") || code.contains("guardianship"))
    );
    let supplied = |code: &str| part(&page, code)["supplied"].clone();
    assert_eq!(supplied("registration"), json!({ "birth_certificate": "birth" }));
    assert_eq!(supplied("insurance"), json!({ "guardianship": "birth" }));
    // A shared question stands in no section.
    let sections = &page["form"]["properties"];
    let asked: Vec<&String> = sections["insurance"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(asked, ["school_name", "truth"]);
    assert!(sections["registration"]["properties"].get("child_name").is_none());
    assert_eq!(sections["child_name"]["type"], "string");
}

async fn the_dry_run_tells_what_is_missing(portal: &Portal) {
    let path = format!("/api/v1/bundles/{CODE}/evaluate");
    let found = portal.post("", &path, json!({ "facts": answers() })).await.expect(200);
    let pointers: Vec<&str> =
        found["field_errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    // What the portal will fill in for who signs in; the child's number is waited for.
    assert_eq!(pointers, ["/facts/mother_name", "/facts/mother_id", "/facts/mobile"]);
    assert_eq!(found["promised_due"], "2026-03-09");
    let held = json!(["11100000MBWXT0001A002"]);
    let found = portal.post("", &path, json!({ "facts": answers(), "certificates": held })).await.expect(200);
    let required: Vec<&str> = found["materials"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|need| need["required"] == true)
        .map(|need| need["code"].as_str().unwrap())
        .collect();
    assert_eq!(required, ["registration.unmarried_statement"]);
    assert_eq!(found["parts"][3], json!({ "code": "card", "needed": false, "conditions": [] }));
}

/// A draft that is told everything it lacks, and handed in when it has it.
async fn handed_in_after_all_faults_were_told(portal: &Portal) -> Value {
    let mut facts = answers();
    facts["wants_card"] = json!(true);
    facts["registration"].as_object_mut().unwrap().remove("truth");
    let opened = draft(portal, facts).await;
    let application = id(&opened);
    assert_eq!(opened["facts"]["mother_name"], "林晓岚", "{opened:#}");
    assert_eq!(
        (&opened["state"], &opened["progress"]),
        (&json!("draft"), &json!({ "done": 0, "stopped": 0, "all": 4 }))
    );

    // Everything that is missing, in every part, at once.
    let refused = portal.post(RESIDENT, &at(&application, "/submit"), json!({})).await.problem(422);
    let mut pointers: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    let expected = [
        "/facts/card/account_terms",
        "/facts/card/bank",
        "/facts/card/no_card_yet",
        "/facts/card/occupation",
        "/facts/card/physical_card",
        "/facts/registration/truth",
        "/materials/registration.unmarried_statement",
    ];
    assert_eq!(pointers, expected);

    let card = json!({
        "no_card_yet": true, "occupation": "employee", "bank": "icbc", "physical_card": "none", "account_terms": true,
    });
    let saved = save(portal, &application, json!({ "registration": { "truth": true }, "card": card })).await;
    assert_eq!(saved["version"], 2);
    attach(portal, &application, "registration.unmarried_statement").await;
    let started = submit(portal, &application).await;
    // The first part is with its agency, the card was issued by rule at once.
    assert_eq!(states(&started), ["filed", "waiting", "waiting", "ended"]);
    assert_eq!(part(&started, "card")["outcome"], "issued");
    assert_eq!(started["progress"], json!({ "done": 1, "stopped": 0, "all": 4 }));
    assert_eq!((&started["promised_due"], &started["light"]), (&json!("2026-03-09"), &json!("green")));
    started
}

/// Each part when its turn comes, with what those before it brought.
async fn each_part_in_its_turn(portal: &Portal, started: &Value) {
    let application = id(started);
    let birth = case_of(started, "birth");
    let case = portal.get(RESIDENT, &format!("/api/v1/cases/{birth}")).await.expect(200);
    assert_eq!(case["facts"]["hospital"], "铜官区人民医院");
    assert_eq!(case["facts"]["child_name"], "林新生");
    approve(portal, &birth).await;
    follow(portal).await;

    let on = read(portal, &application).await;
    assert_eq!(states(&on), ["ended", "filed", "waiting", "ended"]);
    let registration = case_of(&on, "registration");
    let case = portal.get(RESIDENT, &format!("/api/v1/cases/{registration}")).await.expect(200);
    // Handed over from the first part, never asked for.
    assert_eq!(case["materials"]["birth_certificate"]["kind"], "certificate");
    assert_eq!(case["facts"]["birth_certificate_no"], case["materials"]["birth_certificate"]["certificate"]);
    assert_eq!(case["materials"]["unmarried_statement"]["kind"], "file");
    approve(portal, &registration).await;
    follow(portal).await;

    // Now the child has a number, which is asked for once.
    let on = read(portal, &application).await;
    assert_eq!(states(&on), ["ended", "ended", "held", "ended"]);
    let wants = part(&on, "insurance")["wants"].as_array().unwrap();
    assert_eq!(wants.iter().map(|want| &want["pointer"]).collect::<Vec<_>>(), ["/facts/child_id"]);
    save(portal, &application, json!({ "child_id": child_id() })).await;
    let on = submit(portal, &application).await;
    assert_eq!(states(&on), ["ended", "ended", "filed", "ended"]);
    let insurance = case_of(&on, "insurance");
    let case = portal.get(RESIDENT, &format!("/api/v1/cases/{insurance}")).await.expect(200);
    assert_eq!(
        (&case["facts"]["insured_id"], &case["facts"]["person_kind"]),
        (&json!(child_id()), &json!("newborn"))
    );
    assert_eq!(case["materials"]["guardianship"]["kind"], "certificate");
    approve(portal, &insurance).await;
    follow(portal).await;
}

async fn from_one_page_to_all_certificates(portal: Portal) {
    one_page_shows_everything_once(&portal).await;
    the_dry_run_tells_what_is_missing(&portal).await;
    let started = handed_in_after_all_faults_were_told(&portal).await;
    each_part_in_its_turn(&portal, &started).await;

    let done = read(&portal, &id(&started)).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("ended"), &json!("complete")));
    assert_eq!(done["progress"], json!({ "done": 4, "stopped": 0, "all": 4 }));
    let certificates = portal.get(RESIDENT, "/api/v1/me/certificates?limit=100").await.expect(200);
    let types: Vec<&str> = certificates["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["certificate_type"].as_str().unwrap())
        .collect();
    for issued in [BIRTH_CERTIFICATE, "11100000MBWXT0003A001", "11100000MBWXT0002A001"] {
        assert!(types.contains(&issued), "{types:?}");
    }
    // Four ordinary cases, each with its number.
    let cases = portal.get(RESIDENT, "/api/v1/me/cases").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 4);
    assert!(cases["items"].as_array().unwrap().iter().all(|case| case["case_no"].is_string()));
    portal.close().await;
}

#[actix_web::test]
async fn a_bundle_goes_from_one_page_to_all_certificates() {
    from_one_page_to_all_certificates(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_bundle_goes_from_one_page_to_all_certificates_on_postgres() {
    from_one_page_to_all_certificates(portal(Database::postgres()).await).await;
}

#[actix_web::test]
async fn what_a_filed_part_rests_on_is_settled_and_the_rest_can_still_change() {
    let portal = portal(Database::sqlite()).await;
    let application = submitted(&portal).await;
    let patch = |patch: Value| portal.request(RESIDENT, "PATCH", &at(&application, "/facts")).json(&patch);
    for (settled, pointer) in [
        (json!({ "child_name": "林改名" }), "/facts/child_name"),
        (json!({ "wants_card": true }), "/facts/wants_card"),
        (json!({ "birth": { "hospital": "别处" } }), "/facts/birth/hospital"),
    ] {
        let problem = portal.send(patch(settled)).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer);
        assert_eq!(problem["errors"][0]["code"], "settled");
    }
    let saved =
        portal.send(patch(json!({ "registration": { "householder_name": "林父" } }))).await.expect(200);
    assert_eq!(saved["facts"]["registration"]["householder_name"], "林父");
    // Of a part that is filed no document is waited for; nor is one nobody asks for.
    for code in ["nothing", "birth.x", "registration.birth_certificates"] {
        portal.put_file(RESIDENT, &at(&application, &format!("/materials/{code}")), PDF).await.problem(422);
    }
    portal.close().await;
}

#[actix_web::test]
async fn versions_and_idempotency_keys_hold_as_they_do_for_cases() {
    let portal = portal(Database::sqlite()).await;
    let open = || {
        let path = format!("/api/v1/bundles/{CODE}/applications");
        portal
            .request(RESIDENT, "POST", &path)
            .header("idempotency-key", "a-1")
            .json(&json!({ "facts": answers() }))
    };
    let first = portal.send(open()).await;
    assert_eq!((first.status, first.header("etag")), (201, Some("\"v1\"")));
    let again = portal.send(open()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(first.body["id"], again.body["id"]);
    let application = id(&first.body);
    let other = portal.request(RESIDENT, "POST", &format!("/api/v1/bundles/{CODE}/applications"));
    portal.send(other.header("idempotency-key", "a-1").json(&json!({}))).await.problem(422);

    let stale = portal.request(RESIDENT, "PATCH", &at(&application, "/facts")).header("if-match", "\"v7\"");
    portal.send(stale.json(&json!({ "wants_card": true }))).await.problem(412);
    attach(&portal, &application, "registration.unmarried_statement").await;
    let submit = || {
        portal
            .request(RESIDENT, "POST", &at(&application, "/submit"))
            .header("idempotency-key", "a-2")
            .json(&json!({}))
    };
    let first = portal.send(submit()).await.expect(200);
    let again = portal.send(submit()).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(case_of(&first, "birth"), case_of(&again.body, "birth"));
    let mine = portal.get(RESIDENT, "/api/v1/me/bundle-applications").await.expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn to_a_stranger_an_application_does_not_exist_and_the_agent_acts_in_it() {
    let portal = portal(Database::sqlite()).await;
    let application = submitted(&portal).await;
    let operations = [
        ("GET", "", json!(null)),
        ("PATCH", "/facts", json!({ "wants_card": true })),
        ("POST", "/submit", json!({})),
        ("POST", "/withdraw", json!({})),
    ];
    for who in
        ["second_resident@web", "handler@web", "counter_officer@counter", "supervisor@web", "admin@web"]
    {
        for (method, rest, body) in &operations {
            let request = portal.request(who, method, &at(&application, rest)).json(body);
            portal.send(request).await.problem(404);
        }
        portal
            .put_file(who, &at(&application, "/materials/registration.unmarried_statement"), PDF)
            .await
            .problem(404);
        let mine = portal.get(who, "/api/v1/me/bundle-applications").await.expect(200);
        assert_eq!(mine["items"], json!([]));
    }
    for (method, rest, body) in &operations {
        let request = portal.request("", method, &at(&application, rest)).json(body);
        portal.send(request).await.problem(401);
    }
    // The resident mandated the agent for every guide.
    let seen = portal.get("agent@web", &at(&application, "")).await.expect(200);
    assert_eq!(seen["parts"][0]["case"]["guide"]["code"], "11340705MBWXT0517N4000723999001");
    let mine = portal.get("agent@web", "/api/v1/me/bundle-applications").await.expect(200);
    assert_eq!(mine["items"][0]["id"], application);
    let for_him = json!({ "applicant": { "person_id": portal.city.person("resident") }, "facts": answers() });
    let path = format!("/api/v1/bundles/{CODE}/applications");
    portal.post("agent@web", &path, for_him.clone()).await.expect(201);
    portal.post("second_resident@web", &path, for_him).await.problem(403);
    portal.close().await;
}

#[actix_web::test]
async fn a_bundle_with_a_fault_is_told_of_with_line_and_place_and_nothing_is_published() {
    let portal = portal(Database::sqlite()).await;
    let wrong = BUNDLE
        .replace("child_name: child_name, birth", "child_nam: child_name, birth")
        .replace("days: 5", "days: 50");
    let body = json!({ "files": [{ "name": "newborn.yaml", "yaml": wrong }] });
    let problem = portal.post("editor@web", "/api/v1/admin/guides", body.clone()).await.problem(422);
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap()).collect();
    assert_eq!(pointers, ["newborn.yaml:12:/parts/0/facts/child_nam", "newborn.yaml:52:/promised"]);
    let page = portal.get("", &format!("/api/v1/bundles/{CODE}")).await.expect(200);
    assert_eq!(page["version"], 1);
    portal.post("handler@web", "/api/v1/admin/guides", body).await.problem(403);

    let same = publish(&portal, &[("newborn.yaml", BUNDLE)]).await;
    assert_eq!((same[0].code.as_str(), same[0].version, same[0].is_new_version), (CODE, 1, false));
    let withdrawn =
        portal.request("publisher@web", "POST", &format!("/api/v1/admin/bundles/{CODE}/withdraw"));
    assert_eq!(portal.send(withdrawn).await.status, 204);
    let path = format!("/api/v1/bundles/{CODE}/applications");
    assert_eq!(portal.post(RESIDENT, &path, json!({})).await.problem(409)["code"], "guide_closed");
    portal.close().await;
}

#[actix_web::test]
async fn an_officer_helps_whoever_stands_at_the_counter_and_sees_the_originals() {
    let portal = portal(Database::sqlite()).await;
    let original = BIRTH_GUIDE.replace(
        "flow:",
        "materials:\n  - { code: booklet, name: { zh: 孕产手册, en: Maternity booklet }, source: { own: true }, least_trust: B }\nflow:",
    );
    publish(&portal, &[("birth.yaml", &original)]).await;
    let officer = "counter_officer@counter";
    let path = format!("/api/v1/bundles/{CODE}/applications");
    let present = json!({ "name": "林晓岚", "id_number": "340705199105125280" });
    let opened =
        portal.post(officer, &path, json!({ "applicant": present, "facts": answers() })).await.expect(201);
    let application = id(&opened);
    assert_eq!(opened["applicant_id"], portal.city.person("resident"));
    attach(&portal, &application, "registration.unmarried_statement").await;
    // Her own word for it is not enough.
    let booklet = at(&application, "/materials/birth.booklet");
    let refused = portal.put_file(RESIDENT, &booklet, PDF).await.problem(422);
    assert_eq!(refused["errors"][0]["code"], "original_needed");
    let seen = |who| portal.request(who, "PUT", &booklet).header("x-original-seen", "true").body(PDF);
    assert_eq!(portal.send(seen(RESIDENT)).await.problem(422)["errors"][0]["code"], "original_not_seen");
    let attached = portal.send(seen(officer)).await.expect(200);
    assert_eq!(attached["materials"]["birth.booklet"]["original_seen"], true);
    let started = portal.post(officer, &at(&application, "/submit"), json!({})).await.expect(200);
    assert_eq!(states(&started)[0], "filed");
    // Another officer knows nothing of it; the parts that follow are filed as she asked.
    portal.get("handler@web", &at(&application, "")).await.problem(404);
    approve(&portal, &case_of(&started, "birth")).await;
    follow(&portal).await;
    assert_eq!(states(&read(&portal, &application).await)[1], "filed");
    portal.close().await;
}
