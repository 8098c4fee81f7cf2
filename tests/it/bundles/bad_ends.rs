//! What becomes of the rest when a part comes to nothing.

use chrono::TimeDelta;
use serde_json::json;

use super::*;

async fn a_part_is_refused(portal: Portal) {
    let application = submitted(&portal).await;
    approve(&portal, &case_of(&read(&portal, &application).await, "birth")).await;
    follow(&portal).await;
    let registration = case_of(&read(&portal, &application).await, "registration");
    accept(&portal, &registration).await;
    portal.act("approver@web", &registration, "deny", grounds()).await;
    follow(&portal).await;

    let ended = read(&portal, &application).await;
    assert_eq!(states(&ended), ["ended", "ended", "skipped", "skipped"]);
    assert_eq!((&ended["state"], &ended["outcome"]), (&json!("ended"), &json!("partial")));
    assert_eq!(part(&ended, "registration")["outcome"], "denied");
    let skipped = &part(&ended, "insurance")["skipped"];
    assert_eq!((&skipped["reason"], &skipped["after"]), (&json!("after"), &json!("registration")));
    assert!(skipped["text"]["zh"].as_str().unwrap().contains("新生儿出生登记"), "{skipped:#}");
    assert_eq!(part(&ended, "card")["skipped"]["reason"], "not_needed");
    assert_eq!(ended["progress"], json!({ "done": 2, "stopped": 1, "all": 3 }));
    // She is told of it, once.
    while wanshitong::app::notices::deliver_due(&portal.city.ctx).await.unwrap() > 0 {}
    let told = |words: &str| {
        let sent = portal.city.sms.sent.lock().unwrap();
        sent.iter()
            .filter(|(mobile, text)| mobile.as_str() == "13900000001" && text.zh.contains(words))
            .count()
    };
    assert_eq!((told("有事项不再办理"), told("已全部办结"), told("需要您补充信息")), (1, 1, 0));
    // Nothing more can be done, and nothing was filed for it.
    portal.post(RESIDENT, &at(&application, "/submit"), json!({})).await.problem(409);
    let patch = portal
        .request(RESIDENT, "PATCH", &at(&application, "/facts"))
        .json(&json!({ "child_id": child_id() }));
    portal.send(patch).await.problem(409);
    let cases = portal.get(RESIDENT, "/api/v1/me/cases").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 2);
    portal.close().await;
}

#[actix_web::test]
async fn a_part_refused_stops_those_after_it() {
    a_part_is_refused(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_part_refused_stops_those_after_it_on_postgres() {
    a_part_is_refused(portal(Database::postgres()).await).await;
}

#[actix_web::test]
async fn where_a_refusal_stops_nothing_what_it_would_have_supplied_is_asked_for() {
    let portal = portal(Database::sqlite()).await;
    let goes_on = BUNDLE.replacen(
        "    facts: { child_name: child_name,",
        "    on_refusal: continue\n    facts: { child_name: child_name,",
        1,
    );
    publish(&portal, &[("newborn.yaml", &goes_on)]).await;
    let application = submitted(&portal).await;
    let birth = case_of(&read(&portal, &application).await, "birth");
    portal.act("handler@web", &birth, "refuse", grounds()).await;
    follow(&portal).await;
    let held = read(&portal, &application).await;
    assert_eq!(states(&held)[..2], ["ended", "held"]);
    let wants = part(&held, "registration")["wants"].as_array().unwrap();
    assert_eq!(
        wants.iter().map(|want| &want["pointer"]).collect::<Vec<_>>(),
        ["/facts/registration/birth_certificate_no", "/materials/registration.birth_certificate"]
    );
    let number = json!({ "registration": { "birth_certificate_no": "A123456789" } });
    save(&portal, &application, number).await;
    attach(&portal, &application, "registration.birth_certificate").await;
    let on = submit(&portal, &application).await;
    assert_eq!(states(&on)[..2], ["ended", "filed"]);
    portal.close().await;
}

#[actix_web::test]
async fn what_a_part_did_not_bring_is_not_taken_from_what_another_child_has() {
    let portal = portal(Database::sqlite()).await;
    let goes_on = BUNDLE.replacen(
        "    facts: { child_name: child_name,",
        "    on_refusal: continue\n    facts: { child_name: child_name,",
        1,
    );
    publish(&portal, &[("newborn.yaml", &goes_on)]).await;
    let (elder, younger) = (submitted(&portal).await, submitted(&portal).await);
    approve(&portal, &case_of(&read(&portal, &elder).await, "birth")).await;
    let birth = case_of(&read(&portal, &younger).await, "birth");
    portal.act("handler@web", &birth, "refuse", grounds()).await;
    follow(&portal).await;
    assert_eq!(states(&read(&portal, &elder).await)[..2], ["ended", "filed"]);
    let held = read(&portal, &younger).await;
    let wants = part(&held, "registration")["wants"].as_array().unwrap();
    assert_eq!(
        wants.iter().map(|want| &want["pointer"]).collect::<Vec<_>>(),
        ["/facts/registration/birth_certificate_no", "/materials/registration.birth_certificate"]
    );
    portal.close().await;
}

#[actix_web::test]
async fn taking_it_back_takes_back_what_is_with_the_agencies() {
    let portal = portal(Database::sqlite()).await;
    let application = submitted(&portal).await;
    let birth = case_of(&read(&portal, &application).await, "birth");
    let body = json!({ "reason": "暂不办理" });
    let withdrawn = portal.post(RESIDENT, &at(&application, "/withdraw"), body).await.expect(200);
    assert_eq!((&withdrawn["state"], &withdrawn["outcome"]), (&json!("ended"), &json!("withdrawn")));
    assert_eq!(states(&withdrawn), ["ended", "skipped", "skipped", "skipped"]);
    let case = portal.get(RESIDENT, &format!("/api/v1/cases/{birth}")).await.expect(200);
    assert_eq!((&case["state"], &case["outcome"]), (&json!("closed"), &json!("withdrawn")));
    portal.post(RESIDENT, &at(&application, "/withdraw"), json!({})).await.problem(409);

    // A draft is taken back by itself.
    let draft = id(&draft(&portal, answers()).await);
    let withdrawn = portal.post(RESIDENT, &at(&draft, "/withdraw"), json!({})).await.expect(200);
    assert_eq!((&withdrawn["state"], &withdrawn["outcome"]), (&json!("ended"), &json!("withdrawn")));
    portal.close().await;
}

#[actix_web::test]
async fn what_a_part_wants_and_never_gets_lapses_and_so_does_a_draft() {
    let portal = portal(Database::sqlite()).await;
    let application = submitted(&portal).await;
    let untouched = id(&draft(&portal, answers()).await);
    for code in ["birth", "registration"] {
        approve(&portal, &case_of(&read(&portal, &application).await, code)).await;
        follow(&portal).await;
    }
    let held = read(&portal, &application).await;
    assert_eq!(part(&held, "insurance")["state"], "held");
    assert_eq!(part(&held, "insurance")["held_until"], "2026-04-01T01:30:00Z");
    while wanshitong::app::notices::deliver_due(&portal.city.ctx).await.unwrap() > 0 {}
    let asked = |text: &wanshitong::domain::text::Text| text.zh.contains("需要您补充信息");
    assert_eq!(portal.city.sms.sent.lock().unwrap().iter().filter(|(_, text)| asked(text)).count(), 1);
    portal.city.ctx.clock.advance(TimeDelta::days(30));
    follow(&portal).await;
    let ended = read(&portal, &application).await;
    assert_eq!(part(&ended, "insurance")["skipped"]["reason"], "lapsed");
    assert_eq!((&ended["state"], &ended["outcome"]), (&json!("ended"), &json!("partial")));
    assert_eq!(read(&portal, &untouched).await["outcome"], "lapsed");
    portal.close().await;
}

#[actix_web::test]
async fn an_agent_whose_mandate_has_ended_files_nothing_more() {
    let portal = portal(Database::sqlite()).await;
    let path = format!("/api/v1/bundles/{CODE}/applications");
    let body = json!({ "applicant": { "person_id": portal.city.person("resident") }, "facts": answers() });
    let opened = portal.post("agent@web", &path, body).await.expect(201);
    let application = id(&opened);
    attach(&portal, &application, "registration.unmarried_statement").await;
    let started = portal.post("agent@web", &at(&application, "/submit"), json!({})).await.expect(200);
    let me = portal.get("agent@web", "/api/v1/me").await.expect(200);
    let mandate = id(&me["mandates"][0]);
    portal.post(RESIDENT, &format!("/api/v1/me/mandates/{mandate}/end"), json!({})).await.expect(200);
    approve(&portal, &case_of(&started, "birth")).await;
    follow(&portal).await;
    let held = read(&portal, &application).await;
    assert_eq!(part(&held, "registration")["state"], "held");
    portal.get("agent@web", &at(&application, "")).await.problem(404);
    // The resident goes on herself.
    assert_eq!(states(&submit(&portal, &application).await)[1], "filed");
    portal.close().await;
}

async fn a_guide_is_withdrawn_under_way(portal: Portal) {
    let application = submitted(&portal).await;
    let due = read(&portal, &application).await["promised_due"].clone();
    let guide = portal.city.guide("newborn-registration.yaml");
    let withdraw = format!("/api/v1/admin/guides/{guide}/withdraw");
    assert_eq!(portal.post("publisher@web", &withdraw, json!({})).await.status, 204);
    approve(&portal, &case_of(&read(&portal, &application).await, "birth")).await;
    follow(&portal).await;

    let ended = read(&portal, &application).await;
    assert_eq!(states(&ended), ["ended", "skipped", "skipped", "skipped"], "{ended:#}");
    let skipped = &part(&ended, "registration")["skipped"];
    assert_eq!(skipped["reason"], "closed");
    let published = portal.city.ctx.catalogue.current(&guide).await.unwrap().unwrap();
    let text = skipped["text"]["zh"].as_str().unwrap();
    assert!(text.contains("停止受理") && text.contains(&published.guide.telephone.enquiry), "{text}");
    assert_eq!(part(&ended, "insurance")["skipped"]["after"], "registration");
    assert_eq!((&ended["state"], &ended["outcome"]), (&json!("ended"), &json!("partial")));
    assert_eq!(ended["progress"], json!({ "done": 1, "stopped": 2, "all": 3 }));
    assert_eq!(ended["promised_due"], due, "nothing waited for her");
    while wanshitong::app::notices::deliver_due(&portal.city.ctx).await.unwrap() > 0 {}
    let sent = portal.city.sms.sent.lock().unwrap().clone();
    let told = |words: &str| sent.iter().filter(|(_, text)| text.zh.contains(words)).count();
    assert_eq!((told("有事项不再办理"), told("需要您补充信息")), (1, 0));
    portal.close().await;
}

#[actix_web::test]
async fn a_part_whose_guide_is_withdrawn_under_way_is_given_up_at_once_and_she_is_told_whom_to_ask() {
    a_guide_is_withdrawn_under_way(portal(Database::sqlite()).await).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_part_whose_guide_is_withdrawn_under_way_is_given_up_at_once_on_postgres() {
    a_guide_is_withdrawn_under_way(portal(Database::postgres()).await).await;
}

#[actix_web::test]
async fn where_a_refusal_stops_nothing_a_withdrawn_guide_stops_nothing_either() {
    let portal = portal(Database::sqlite()).await;
    let goes_on = BUNDLE
        .replacen("after: [birth]", "after: [birth]\n    on_refusal: continue", 1)
        .replacen("insured_id: child_id", "insured_id: { own: true }", 1)
        .replacen("    - { name: child_id, label: { zh: 孩子公民身份号码, en: Citizen ID number of the child }, type: resident_id }\n", "", 1)
        .replacen("later: { child_id: registration }\n", "", 1);
    publish(&portal, &[("newborn.yaml", &goes_on)]).await;
    let mut facts = answers();
    facts["insurance"]["insured_id"] = json!(child_id());
    let application = id(&draft(&portal, facts).await);
    attach(&portal, &application, "registration.unmarried_statement").await;
    submit(&portal, &application).await;
    let withdraw =
        format!("/api/v1/admin/guides/{}/withdraw", portal.city.guide("newborn-registration.yaml"));
    assert_eq!(portal.post("publisher@web", &withdraw, json!({})).await.status, 204);
    approve(&portal, &case_of(&read(&portal, &application).await, "birth")).await;
    follow(&portal).await;
    assert_eq!(states(&read(&portal, &application).await)[..3], ["ended", "skipped", "filed"]);
    portal.close().await;
}
