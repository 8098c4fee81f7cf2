//! The bundles of the sample city to their end, as its families, founders and retired
//! people use them: nobody is asked for what an earlier part brings.

use serde_json::{Value, json};

use super::*;

const NEWBORN: &str = "newborn";
const MOTHER: &str = "林晓岚";
/// Where parts want the number of the birth certificate.
const NUMBERS: [(&str, &str); 2] =
    [("immunisation", "birth_certificate_number"), ("registration", "birth_certificate_no")];

fn of_the_child(name: &str) -> Value {
    let home = json!({ "region": "340705005002", "detail": "开源路1号" });
    json!({
        "child_name": name, "child_gender": "female", "birth_date": "2026-02-26", "birth_place": "340705000000",
        "hospital": "铜官区人民医院", "birth_weight": 3250, "applicant_is": "mother", "mother_name": MOTHER,
        "mother_id": "340705199105125280", "father_given": true, "father_name": "周示例",
        "father_id": "340705199307160017", "address": home, "home": home, "mother_insured": false,
        "birth": { "birth_time": "08:35", "gestation_weeks": 39, "truth": true },
        "immunisation": { "clinic": "东郊社区卫生服务中心", "truth": true },
        "registration": {
            "child_ethnicity": "汉族", "parents_married": false, "settle_with": "mother",
            "householder_name": MOTHER, "relation_to_householder": "child", "truth": true,
        },
        "medical_insurance": { "support": "none", "truth": true },
    })
}

/// Everything that is done for a bundle by who applies for it: one form, each document
/// once, handed in.
async fn apply(portal: &Portal, bundle: &str, facts: Value, documents: &[&str]) -> Value {
    let path = format!("/api/v1/bundles/{bundle}/applications");
    let opened = portal.post(RESIDENT, &path, json!({ "facts": facts })).await.expect(201);
    for document in documents {
        attach(portal, &id(&opened), document).await;
    }
    submit(portal, &id(&opened)).await
}

/// What the form of a bundle asks for: shared fields, and those of each part.
async fn form(portal: &Portal, bundle: &str) -> Value {
    portal.get("", &format!("/api/v1/bundles/{bundle}")).await.expect(200)["form"].clone()
}

/// Everything the family does before the first certificate.
async fn applied_for(portal: &Portal, name: &str) -> Value {
    let started = apply(portal, NEWBORN, of_the_child(name), &["registration.unmarried_statement"]).await;
    assert_eq!(states(&started), ["filed", "waiting", "waiting", "waiting", "skipped"], "{started:#}");
    started
}

/// The case of a part, as the applicant sees it.
async fn case(portal: &Portal, application: &Value, code: &str) -> Value {
    portal.get(RESIDENT, &format!("/api/v1/cases/{}", case_of(application, code))).await.expect(200)
}

/// The certificate a part brought.
async fn brought(portal: &Portal, application: &Value, code: &str) -> Value {
    case(portal, application, code).await["results"][0]["id"].clone()
}

#[actix_web::test]
async fn a_family_applies_once_and_is_asked_for_no_number_that_an_agency_gives() {
    let portal = Portal::open(Database::sqlite()).await;
    let form = form(&portal, NEWBORN).await;
    for (part, field) in NUMBERS {
        assert!(form["properties"][part]["properties"].get(field).is_none(), "{part} asks for {field}");
        assert_eq!(form["properties"][part]["x-wanshitong"]["fed"], json!({ field: "birth" }));
    }
    let insurance = &form["properties"]["medical_insurance"];
    assert_eq!(insurance["x-wanshitong"]["fed"], json!({ "insured_id": "registration" }));
    assert_eq!(form["x-wanshitong"]["later"], json!({}));

    let started = applied_for(&portal, "林新生").await;
    let application = id(&started);
    approve(&portal, &case_of(&started, "birth")).await;
    follow(&portal).await;
    // Nobody was asked for anything: one is with its agency, the card was made out at once.
    let on = read(&portal, &application).await;
    assert_eq!(states(&on), ["ended", "ended", "filed", "waiting", "skipped"], "{on:#}");
    let number = brought(&portal, &on, "birth").await;
    assert!(number.as_str().unwrap().contains(BIRTH_CERTIFICATE), "{number}");
    for (part, field) in NUMBERS {
        let filed = case(&portal, &on, part).await;
        assert_eq!(filed["facts"][field], number, "{filed:#}");
        assert_eq!(filed["materials"]["birth_certificate"]["certificate"], number, "{filed:#}");
    }
    approve(&portal, &case_of(&on, "registration")).await;
    follow(&portal).await;

    // The child is insured under the number the police gave it.
    let on = read(&portal, &application).await;
    assert_eq!(part(&on, "medical_insurance")["state"], "filed", "{on:#}");
    let insured = case(&portal, &on, "medical_insurance").await;
    assert_eq!(insured["facts"]["insured_id"], child_id(), "{insured:#}");
    assert_eq!(insured["materials"]["guardianship"]["certificate"], number);
    approve(&portal, &case_of(&on, "medical_insurance")).await;
    follow(&portal).await;

    let done = read(&portal, &application).await;
    assert_eq!(states(&done), ["ended", "ended", "ended", "ended", "skipped"], "{done:#}");
    assert_eq!((&done["state"], &done["outcome"]), (&json!("ended"), &json!("complete")));
    portal.close().await;
}

#[actix_web::test]
async fn what_an_agency_determined_is_not_the_applicants_to_change() {
    let portal = Portal::open(Database::sqlite()).await;
    let started = applied_for(&portal, "林新生").await;
    approve(&portal, &case_of(&started, "birth")).await;
    let another = json!({ "registration": { "birth_certificate_no": "A123456789" } });
    save(&portal, &id(&started), another).await;
    follow(&portal).await;
    let on = read(&portal, &id(&started)).await;
    let filed = case(&portal, &on, "registration").await;
    assert_eq!(filed["facts"]["birth_certificate_no"], brought(&portal, &on, "birth").await, "{filed:#}");
    portal.close().await;
}

#[actix_web::test]
async fn twins_have_each_the_number_of_their_own_certificate() {
    let portal = Portal::open(Database::sqlite()).await;
    let elder = applied_for(&portal, "林大双").await;
    let younger = applied_for(&portal, "林小双").await;
    for twin in [&elder, &younger] {
        approve(&portal, &case_of(twin, "birth")).await;
    }
    follow(&portal).await;
    let mut numbers = Vec::new();
    for twin in [&elder, &younger] {
        let on = read(&portal, &id(twin)).await;
        let number = brought(&portal, &on, "birth").await;
        let filed = case(&portal, &on, "registration").await;
        assert_eq!(filed["facts"]["birth_certificate_no"], number, "{filed:#}");
        assert_eq!(filed["materials"]["birth_certificate"]["certificate"], number, "{filed:#}");
        numbers.push(number);
    }
    assert_ne!(numbers[0], numbers[1]);
    portal.close().await;
}

#[actix_web::test]
async fn without_a_birth_certificate_nothing_that_rests_on_it_is_applied_for() {
    let portal = Portal::open(Database::sqlite()).await;
    let started = applied_for(&portal, "林新生").await;
    portal.act("handler@web", &case_of(&started, "birth"), "refuse", grounds()).await;
    follow(&portal).await;
    let ended = read(&portal, &id(&started)).await;
    assert_eq!(states(&ended), ["ended", "skipped", "skipped", "skipped", "skipped"], "{ended:#}");
    assert_eq!(part(&ended, "birth")["outcome"], "refused");
    assert_eq!(part(&ended, "registration")["skipped"]["after"], "birth");
    assert_eq!(ended["state"], "ended");
    let cases = portal.get(RESIDENT, "/api/v1/me/cases").await.expect(200);
    assert_eq!(cases["items"].as_array().unwrap().len(), 1);
    portal.close().await;
}

#[actix_web::test]
async fn a_form_is_filled_in_from_a_certificate_with_its_source_and_age() {
    let portal = Portal::open(Database::sqlite()).await;
    let started = applied_for(&portal, "林新生").await;
    approve(&portal, &case_of(&started, "birth")).await;
    let number = brought(&portal, &started, "birth").await;
    let guide = portal.city.guide("newborn-registration.yaml");
    let draft = portal.open_case(RESIDENT, json!({ "guide_code": guide })).await;
    assert_eq!(draft["facts"]["child_name"], "林新生", "{draft:#}");
    assert_eq!(draft["facts"]["birth_certificate_no"], number);
    for field in ["child_name", "birth_date", "mother_id", "birth_certificate_no"] {
        let from = &draft["prefilled"][field];
        assert_eq!((&from["source"], &from["certificate"]), (&json!("certificate"), &number), "{draft:#}");
        assert_eq!(from["at"], "2026-03-02T01:30:00Z", "{draft:#}");
    }
    portal.close().await;
}

const COMPANY_BUNDLE: &str = "company";
/// What the licence says and four agencies want to know.
const OF_THE_LICENCE: [(&str, &str, &str); 5] = [
    ("invoices", "taxpayer_uscc", COMPANY),
    ("social_insurance", "company_uscc", COMPANY),
    ("medical_insurance", "company_uscc", COMPANY),
    ("housing_fund", "company_uscc", COMPANY),
    ("housing_fund", "established_on", "2026-03-02"),
];
const FOUNDED_WITH: [&str; 4] = [
    "establishment.representative_identity_card",
    "establishment.articles",
    "establishment.appointment",
    "establishment.premises_use",
];

fn of_the_company() -> Value {
    let representative = id_number("34070519900506", 1);
    json!({
        "company_name": "铜陵市铜官区晨帆信息科技有限公司",
        "domicile": { "region": "340705005002", "detail": "便民路18号301室" },
        "legal_representative": "陈示例", "industry": "class_1", "has_staff": true,
        "staff": [{
            "name": "赵示例", "id_number": id_number("34070519950303", 3), "hired_on": "2026-02-20",
            "monthly_wage": 550000, "previous": "residents",
        }],
        "establishment": {
            "domicile_title": "rented", "business_scope": "软件开发", "prior_approval": false,
            "registered_capital": 100000000, "paid_by": "2030-12-31",
            "shareholders": [{
                "kind": "person", "name": "陈示例", "id_number": representative, "subscribed": 100000000,
                "contribution": "money",
            }],
            "legal_representative_id": representative, "has_board": false,
            "officers": [{ "name": "陈示例", "id_number": representative, "post": "director" }],
            "licence_copies": 0, "qualified": true, "truth": true,
        },
        "invoices": {
            "taxpayer_kind": "small", "business": "软件开发", "kinds": ["digital_ordinary"],
            "monthly_sales": 8000000, "biller_name": "林示例", "handler_id": "340705199105125280", "truth": true,
        },
        "social_insurance": { "insurances": ["pension", "unemployment", "work_injury"], "truth": true },
        "medical_insurance": { "truth": true },
        "housing_fund": {
            "first_month": "2026-03-01", "employer_rate": 8, "employee_rate": 8, "pay_day": 10, "truth": true,
        },
    })
}

#[actix_web::test]
async fn a_founder_applies_once_and_is_asked_for_nothing_that_stands_on_the_licence() {
    let portal = Portal::open(Database::sqlite()).await;
    let form = form(&portal, COMPANY_BUNDLE).await;
    for (part, field, _) in OF_THE_LICENCE {
        let section = &form["properties"][part];
        assert!(section["properties"].get(field).is_none(), "{part} asks for {field}");
        assert_eq!(section["x-wanshitong"]["fed"][field], "establishment");
    }
    assert_eq!(form["x-wanshitong"]["later"], json!({}));
    for (part, section) in form["properties"].as_object().unwrap() {
        let asks = section["properties"].get("bank_account").is_some();
        assert!(!asks, "{part} asks for the account that is asked for once");
    }

    let started = apply(&portal, COMPANY_BUNDLE, of_the_company(), &FOUNDED_WITH).await;
    let application = id(&started);
    assert_eq!(
        states(&started),
        ["filed", "waiting", "waiting", "skipped", "waiting", "waiting"],
        "{started:#}"
    );
    approve(&portal, &case_of(&started, "establishment")).await;
    follow(&portal).await;
    let on = read(&portal, &application).await;
    assert_eq!(states(&on), ["ended", "filed", "filed", "skipped", "filed", "filed"], "{on:#}");
    for (part, field, value) in OF_THE_LICENCE {
        let filed = case(&portal, &on, part).await;
        assert_eq!(filed["facts"][field], value, "{filed:#}");
    }
    let licence = brought(&portal, &on, "establishment").await;
    // The staff is entered once: each registration has of it what it asks for.
    let insured = case(&portal, &on, "medical_insurance").await["facts"]["employees"].clone();
    let fund = case(&portal, &on, "housing_fund").await["facts"]["employees"].clone();
    assert!(form["properties"]["housing_fund"]["properties"].get("employees").is_none());
    assert_eq!(
        (&fund[0]["name"], &fund[0]["monthly_wage"]),
        (&insured[0]["name"], &insured[0]["monthly_wage"])
    );
    assert!(fund[0].get("hired_on").is_none(), "{fund}");
    let invoices = case(&portal, &on, "invoices").await;
    assert_eq!(invoices["materials"]["business_licence"]["certificate"], licence);
    for part in ["invoices", "social_insurance", "medical_insurance", "housing_fund"] {
        approve(&portal, &case_of(&on, part)).await;
    }
    follow(&portal).await;
    let done = read(&portal, &application).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("ended"), &json!("complete")), "{done:#}");
    portal.close().await;
}

#[actix_web::test]
async fn without_a_licence_nothing_is_applied_for_and_one_denial_among_the_rest_stops_nobody() {
    let portal = Portal::open(Database::sqlite()).await;
    let refused = apply(&portal, COMPANY_BUNDLE, of_the_company(), &FOUNDED_WITH).await;
    let started = apply(&portal, COMPANY_BUNDLE, of_the_company(), &FOUNDED_WITH).await;
    portal.act("handler@web", &case_of(&refused, "establishment"), "refuse", grounds()).await;
    approve(&portal, &case_of(&started, "establishment")).await;
    follow(&portal).await;
    let ended = read(&portal, &id(&refused)).await;
    assert_eq!(states(&ended), ["ended", "skipped", "skipped", "skipped", "skipped", "skipped"]);
    assert_eq!(
        (&ended["outcome"], &part(&ended, "invoices")["skipped"]["after"]),
        (&json!("failed"), &json!("establishment"))
    );

    let invoices = case_of(&read(&portal, &id(&started)).await, "invoices");
    accept(&portal, &invoices).await;
    portal.act("approver@web", &invoices, "deny", grounds()).await;
    follow(&portal).await;
    let on = read(&portal, &id(&started)).await;
    assert_eq!(states(&on), ["ended", "ended", "filed", "skipped", "filed", "filed"], "{on:#}");
    for part in ["social_insurance", "medical_insurance", "housing_fund"] {
        approve(&portal, &case_of(&on, part)).await;
    }
    follow(&portal).await;
    assert_eq!(read(&portal, &id(&started)).await["outcome"], "partial");
    portal.close().await;
}

const RETIREMENT: &str = "retirement";
const RETIRED: &str = "second_resident@web";

fn of_who_retires() -> Value {
    json!({
        "home": { "region": "340705005004", "detail": "便民路6号" },
        "bank_account": "6217000000000000001", "has_fund": true, "wants_card": true,
        "retirement": {
            "category": "man", "employer": "铜陵示例机械有限公司", "retire_on": "2026-04-27",
            "contribution_months": 412, "deemed_years": false, "truth": true,
        },
        "housing_fund": { "married": false, "bank_name": "示例银行", "promise": true },
        "senior_card": { "photo_consent": true },
    })
}

/// Somebody past the age applies, and has it handed in at once.
async fn retires(portal: &Portal) -> Value {
    let path = format!("/api/v1/bundles/{RETIREMENT}/applications");
    let opened = portal.post(RETIRED, &path, json!({ "facts": of_who_retires() })).await.expect(201);
    portal.post(RETIRED, &at(&id(&opened), "/submit"), json!({})).await.expect(200)
}

async fn as_it_stands(portal: &Portal, application: &Value) -> Value {
    portal.get(RETIRED, &at(&id(application), "")).await.expect(200)
}

#[actix_web::test]
async fn who_retires_applies_once_ahead_of_the_day_and_names_day_and_account_once() {
    let portal = Portal::open(Database::sqlite()).await;
    let form = form(&portal, RETIREMENT).await;
    assert_eq!(
        form["properties"]["housing_fund"]["x-wanshitong"]["fed"],
        json!({ "retired_on": "retirement" })
    );
    let started = retires(&portal).await;
    // The card rests on nothing else and is made out at once.
    assert_eq!(states(&started), ["filed", "waiting", "ended"], "{started:#}");
    approve(&portal, &case_of(&started, "retirement")).await;
    follow(&portal).await;
    let on = as_it_stands(&portal, &started).await;
    assert_eq!(states(&on), ["ended", "filed", "ended"], "{on:#}");
    let fund =
        portal.get(RETIRED, &format!("/api/v1/cases/{}", case_of(&on, "housing_fund"))).await.expect(200);
    // Two months ahead, as it stands on the retirement certificate.
    assert_eq!(fund["facts"]["retired_on"], "2026-04-27", "{fund:#}");
    assert_eq!(fund["facts"]["bank_account"], "6217000000000000001");
    approve(&portal, &case_of(&on, "housing_fund")).await;
    follow(&portal).await;
    let done = as_it_stands(&portal, &started).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("ended"), &json!("complete")), "{done:#}");
    portal.close().await;
}

#[actix_web::test]
async fn who_may_not_retire_yet_withdraws_no_fund_and_keeps_the_card() {
    let portal = Portal::open(Database::sqlite()).await;
    let started = retires(&portal).await;
    let retirement = case_of(&started, "retirement");
    accept(&portal, &retirement).await;
    portal.act("approver@web", &retirement, "deny", grounds()).await;
    follow(&portal).await;
    let ended = as_it_stands(&portal, &started).await;
    assert_eq!(states(&ended), ["ended", "skipped", "ended"], "{ended:#}");
    assert_eq!(part(&ended, "housing_fund")["skipped"]["after"], "retirement");
    assert_eq!((&ended["state"], &ended["outcome"]), (&json!("ended"), &json!("partial")));
    portal.close().await;
}

#[actix_web::test]
async fn an_application_says_from_where_and_when_the_portal_knows_what_it_filled_in() {
    let portal = portal(Database::sqlite()).await;
    let asks_again = BUNDLE.replacen(
        "household_address: address\n      mobile: mobile",
        "household_address: address\n      mobile: { own: true }",
        1,
    );
    publish(&portal, &[("newborn.yaml", &asks_again)]).await;
    let opened = draft(&portal, json!({})).await;
    let known = |view: &Value, field: &str| view["prefilled"][field]["source"].clone();
    for field in ["mobile", "mother_name", "registration.mobile"] {
        assert_eq!(known(&opened, field), "identity", "{field}: {:#}", opened["prefilled"]);
        assert!(opened["prefilled"][field]["at"].is_string());
    }
    let patch = json!({ "mobile": "13900000009", "registration": { "mobile": "13900000009" } });
    let saved = save(&portal, &id(&opened), patch).await;
    for (field, left) in [("mobile", false), ("registration.mobile", false), ("mother_name", true)] {
        assert_eq!(saved["prefilled"].get(field).is_some(), left, "{field}");
    }
    portal.close().await;
}
