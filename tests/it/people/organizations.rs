//! 法人: found by its legal representative, run by its members, acted for by its agents.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;

/// A company of the sample city whose legal representative the resident is.
pub const OWN: &str = "91340705MA8000001C";
const AGENT: &str = "13900000003";

pub async fn found(user: &User<'_>, uscc: &str) -> Value {
    user.post(ORGANIZATIONS, json!({ "uscc": uscc })).await.expect(201)
}

fn path(organization: &Value) -> String {
    format!("{ORGANIZATIONS}/{}", id(organization))
}

/// Invites an administrator, who accepts; gives the invitation.
pub async fn appointed(rep: &User<'_>, organization: &Value, other: &User<'_>, more: Value) -> Value {
    let mut body = json!({"mobile": other.mobile});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let invitation = rep.post(&format!("{}/members", path(organization)), body).await.expect(201);
    other.on(&invitation, "accept").await.expect(200);
    invitation
}

#[actix_web::test]
async fn whom_the_registry_names_finds_his_company_and_acts_in_its_name() {
    let portal = open(Database::sqlite()).await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, &OWN.to_lowercase()).await;
    assert_eq!((&company["role"], &company["uscc"]), (&json!("legal_representative"), &json!(OWN)));
    assert_eq!((&company["name"], &company["status"]), (&json!("铜陵市样例商贸有限公司"), &json!("active")));
    assert_eq!(company["members"][0]["person_id"], json!(portal.city.person("resident")));
    assert_eq!(items(rep.get(ORGANIZATIONS).await)[0]["id"], company["id"]);
    assert_eq!(rep.me().await["organizations"][0]["id"], company["id"]);
    // Asking again finds the same.
    let again = found(&rep, OWN).await;
    assert_eq!((&again["id"], again["members"].as_array().unwrap().len()), (&company["id"], 1));

    let case = id(&rep.open_for(ROAD, &id(&company)).await.expect(201));
    let speaking = rep.speaking_for(&id(&company)).await;
    let seen = speaking.get(&format!("{CASES}/{case}")).await.expect(200);
    assert_eq!(seen["applicant"]["id"], company["id"], "{seen:#}");
    let claims = desk::claims(&speaking.token);
    let own = desk::claims(&rep.token);
    assert_eq!((&claims["sub"], &claims["act"]["sub"]), (&company["id"], &own["sub"]));
    let entries = on_record(&portal, "organization.found").await;
    assert_eq!((entries.len(), &entries[0]["details"]["uscc"]), (2, &json!(OWN)));
    assert_eq!(on_record(&portal, "organization.member_added").await.len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn nobody_else_finds_it_and_all_are_told_the_same() {
    let portal = open(Database::sqlite()).await;
    let old = persona(&portal, "second_resident").await;
    let namesake = proven(&portal, ("13910000007", "林晓岚", "340702197902113460")).await;
    let ask = |user: &User<'_>, uscc: &str| {
        let user = user.at(&portal);
        let body = json!({ "uscc": uscc });
        async move {
            let mut problem = refused(user.post(ORGANIZATIONS, body).await, 422, "not_confirmed");
            problem.as_object_mut().unwrap().remove("request_id");
            problem
        }
    };
    let first = ask(&old, OWN).await;
    assert_eq!(ask(&namesake, OWN).await, first, "one who bears the name");
    assert_eq!(ask(&old, "91350100M000100Y43").await, first, "a code nobody has");
    let malformed = old.post(ORGANIZATIONS, json!({"uscc": "91350100M000100Y4Z"})).await.problem(422);
    assert_eq!(pointers(&malformed), ["/uscc"]);
    // Her own she finds, though the registry tells only the digest of her number.
    assert_eq!(found(&namesake, "91340705MA80000750").await["role"], "legal_representative");
    // One that was struck off acts for nobody; one whose licence was revoked is wound up.
    let rep = persona(&portal, "resident").await;
    let gone = rep.post(ORGANIZATIONS, json!({"uscc": "91340705MA8000149Y"})).await;
    refused(gone, 422, "not_eligible");
    let lu = proven(&portal, ("13910000008", "陆远山", "340711197007195910")).await;
    assert_eq!(found(&lu, "91340705MA80001126").await["status"], "revoked");
    let tang = newcomer(&portal, TANG).await;
    assert_eq!(challenged(tang.post(ORGANIZATIONS, json!({ "uscc": OWN })).await), "ial2-aal2");
    let refusals = on_record(&portal, "organization.found").await;
    assert_eq!(refusals.iter().filter(|entry| entry["outcome"] == "refused").count(), 3);
    portal.close().await;
}

/// Else the registry could be read out company by company.
#[actix_web::test]
async fn five_codes_that_are_not_ones_own_a_day() {
    let portal = open(Database::sqlite()).await;
    let old = persona(&portal, "second_resident").await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(old.post(ORGANIZATIONS, json!({ "uscc": OWN })).await.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
    portal.close().await;
}

/// The whole chain: the representative appoints an administrator, who lets an
/// employee handle one matter until a day; nobody goes further than that.
#[actix_web::test]
async fn an_administrator_lets_an_employee_act_for_some_items_until_a_day() {
    let portal = open(Database::sqlite()).await;
    let other = portal.beside().await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let (clerk, employee) = (proven(&portal, TANG).await, proven(&portal, XU).await);
    appointed(&rep, &company, &clerk, json!({})).await;
    assert_eq!(items(clerk.get(ORGANIZATIONS).await)[0]["role"], "administrator");
    clerk.open_for(ROAD, &id(&company)).await.expect(201);

    let terms = json!({
        "principal": company["id"], "guides": [portal.city.guide(ROAD)],
        "valid_until": later(&portal, "PT8M"),
    });
    let offer = clerk.offer(XU.0, terms).await;
    assert_eq!(offer["principal_name"], "铜陵市样例商贸有限公司");
    employee.open_for(ROAD, &id(&company)).await.problem(403);
    employee.on(&offer, "accept").await.expect(200);
    let speaking = employee.speaking_for(&id(&company)).await;
    let case = road_draft_for(&speaking, &id(&company)).await;
    speaking.get(&format!("{CASES}/{case}")).await.expect(200);
    speaking.open_for("human-resources-service-licence.yaml", &id(&company)).await.problem(403);
    rep.get(&format!("{CASES}/{case}")).await.expect(200);
    // He acts in it and is no member of it.
    employee.get(&path(&company)).await.problem(404);
    let of_his = json!({"mobile": AGENT, "principal": company["id"]});
    employee.post(MANDATES, of_his).await.problem(404);

    half_a_second_passes(&other).await;
    speaking.at(&other).get(&format!("{CASES}/{case}")).await.expect(200);
    rep.on(&offer, "end").await.expect(200);
    half_a_second_passes(&other).await;
    for instance in [&portal, &other] {
        speaking.at(instance).get(&format!("{CASES}/{case}")).await.problem(401);
        employee.at(instance).get(&format!("{CASES}/{case}")).await.problem(404);
    }
    // One that runs out ends by itself.
    let terms = json!({"principal": company["id"], "valid_until": later(&portal, "PT2M")});
    let offer = rep.offer(XU.0, terms).await;
    employee.on(&offer, "accept").await.expect(200);
    employee.open_for(ROAD, &id(&company)).await.expect(201);
    advance(&portal, "PT2M");
    employee.open_for(ROAD, &id(&company)).await.problem(403);
    assert_eq!(employee.exchange(&id(&company)).await.body["error"], "invalid_grant");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn what_an_administrator_may_not_do() {
    let portal = open(Database::sqlite()).await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let (clerk, other) = (proven(&portal, TANG).await, proven(&portal, XU).await);
    appointed(&rep, &company, &clerk, json!({})).await;
    let members = format!("{}/members", path(&company));
    clerk.post(&members, json!({"mobile": LUO.0})).await.problem(403);
    let invitation = appointed(&rep, &company, &other, json!({})).await;
    let shown = clerk.get(&path(&company)).await.expect(200);
    let place = |user: &str| {
        let all = shown["members"].as_array().unwrap().iter();
        let one = all.clone().find(|member| member["name"] == user);
        format!("{members}/{}", id(one.unwrap()))
    };
    for name in ["林晓岚", "许长庚"] {
        clerk.send("DELETE", &place(name), None).await.problem(403);
        clerk.patch(&place(name), json!({"valid_until": later(&portal, "P1D")})).await.problem(403);
    }
    // Nor by the invitation's own door.
    clerk.on(&invitation, "end").await.problem(403);
    let pending = rep.post(&members, json!({"mobile": LUO.0})).await.expect(201);
    clerk.on(&pending, "end").await.problem(403);
    assert_eq!(rep.on(&pending, "end").await.expect(200)["state"], "ended");
    // The representative's place is the registry's to give and take.
    rep.send("DELETE", &place("林晓岚"), None).await.problem(403);
    // He may leave.
    assert_eq!(clerk.send("DELETE", &place("唐若溪"), None).await.status, 204);
    clerk.get(&path(&company)).await.problem(404);
    clerk.open_for(ROAD, &id(&company)).await.problem(403);
    portal.close().await;
}

/// A place is ended where members are, or where the invitation is; it is the same.
async fn a_place_ends_everywhere(database: Database) {
    let portal = open(database).await;
    let elsewhere = portal.beside().await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let clerk = proven(&portal, TANG).await;
    for by_members in [true, false] {
        let invitation = appointed(&rep, &company, &clerk, json!({})).await;
        assert!(last_message(&portal, TANG.0).contains("铜陵市样例商贸有限公司 invites you"));
        let speaking = clerk.speaking_for(&id(&company)).await;
        half_a_second_passes(&elsewhere).await;
        speaking.at(&elsewhere).get(ME).await.expect(200);
        match by_members {
            true => {
                let place = format!("{}/members/{}", path(&company), id(&invitation));
                assert_eq!(rep.send("DELETE", &place, None).await.status, 204);
                rep.send("DELETE", &place, None).await.problem(404);
            }
            false => drop(rep.on(&invitation, "end").await.expect(200)),
        }
        half_a_second_passes(&elsewhere).await;
        for instance in [&portal, &elsewhere] {
            speaking.at(instance).get(ME).await.problem(401);
            clerk.at(instance).open_for(ROAD, &id(&company)).await.problem(403);
            clerk.at(instance).get(&path(&company)).await.problem(404);
        }
        let seen = clerk.get(&format!("{MANDATES}/{}", id(&invitation))).await.expect(200);
        assert_eq!(seen["state"], "ended");
        assert_eq!(rep.get(&path(&company)).await.expect(200)["members"].as_array().unwrap().len(), 1);
    }
    assert_eq!(on_record(&portal, "organization.member_ended").await.len(), 2);
    elsewhere.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn whose_place_ends_acts_nowhere_within_a_second() {
    a_place_ends_everywhere(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn whose_place_ends_acts_nowhere_within_a_second_on_postgres() {
    a_place_ends_everywhere(Database::postgres()).await;
}

#[actix_web::test]
async fn until_when_an_administrator_stays_is_changed_with_the_version_read() {
    let portal = open(Database::sqlite()).await;
    let rep = persona(&portal, "resident").await;
    let company = found(&rep, OWN).await;
    let clerk = proven(&portal, TANG).await;
    let invitation = appointed(&rep, &company, &clerk, json!({"valid_until": later(&portal, "PT2M")})).await;
    let place = format!("{}/members/{}", path(&company), id(&invitation));
    let change = |version: &str, until: Value| {
        let request = portal.request("", "PATCH", &place).bearer_auth(rep.token.as_str().unwrap());
        portal.send(request.header("if-match", version).json(&json!({"valid_until": until})))
    };
    change("\"v9\"", later(&portal, "P1D")).await.problem(412);
    let past = change("\"v1\"", json!("2020-01-01T00:00:00Z")).await.problem(422);
    assert_eq!(pointers(&past), ["/valid_until"]);
    let changed = change("\"v1\"", later(&portal, "PT4M")).await;
    assert_eq!(changed.header("etag"), Some("\"v2\""));
    changed.expect(200);
    advance(&portal, "PT3M");
    clerk.open_for(ROAD, &id(&company)).await.expect(201);
    advance(&portal, "PT1M");
    clerk.open_for(ROAD, &id(&company)).await.problem(403);
    clerk.get(&path(&company)).await.problem(404);
    assert_eq!(rep.get(&path(&company)).await.expect(200)["members"].as_array().unwrap().len(), 1);
    portal.close().await;
}

/// The same company asked for by its representative many times at once is one.
async fn one_company_is_found_once(database: Database) {
    let portal = open(database).await;
    let other = portal.beside().await;
    let rep = persona(&portal, "resident").await;
    let users = [rep.at(&portal), rep.at(&other), rep.at(&portal), rep.at(&other)];
    let replies = join_all(users.iter().map(|user| user.post(ORGANIZATIONS, json!({ "uscc": OWN })))).await;
    let ids: std::collections::BTreeSet<String> =
        replies.into_iter().map(|reply| id(&reply.expect(201))).collect();
    assert_eq!(ids.len(), 1);
    half_a_second_passes(&portal).await;
    let company = rep.get(&format!("{ORGANIZATIONS}/{}", ids.first().unwrap())).await.expect(200);
    assert_eq!(company["members"].as_array().unwrap().len(), 1, "{company:#}");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn one_company_asked_for_at_once_is_one() {
    one_company_is_found_once(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn one_company_asked_for_at_once_is_one_on_postgres() {
    one_company_is_found_once(Database::postgres()).await;
}
