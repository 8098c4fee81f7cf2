//! What an author does before anybody publishes: he begins with two files, and looks at
//! drafts that need each other together.

use serde_json::{Value, json};

use super::{AGENCY, GUIDES, ITEM, files, hand_in, local, pointers, publish};
use crate::support::{Database, Portal};

async fn a_new_guide_is_exported_with_its_new_item(database: Database) {
    let portal = Portal::open(database).await;
    let drafts = hand_in(&portal, &[&local(AGENCY, ""), ITEM]).await;
    let [guide, item] = [&drafts[0], &drafts[1]].map(|draft| format!("{GUIDES}/{draft}"));
    let with = format!("with={}", drafts[1]);
    for who in ["editor@web", "publisher@web"] {
        let sheet = portal.get(who, &format!("{guide}/export/text?lang=en&{with}")).await;
        assert_eq!((sheet.status, sheet.header("cache-control")), (200, Some("no-store")));
        assert!(String::from_utf8_lossy(&sheet.bytes).contains("Sample subsidy"));
        let apart = portal.get(who, &format!("{guide}/export/text")).await.problem(422);
        assert_eq!(pointers(&apart), ["1.yaml:3:/item"]);
    }
    portal.get("editor@web", &format!("{item}/export/yaml")).await.problem(400);
    portal.get("editor@web", &format!("{guide}/export/pdf?{with}")).await.problem(400);
    portal.get("editor@web", &format!("{guide}/export/yaml?with=item")).await.problem(400);
    portal.get("editor@web", &format!("{guide}/export/yaml?with={}", uuid::Uuid::nil())).await.problem(404);
    for who in ["handler@web", "resident@web", "auditor@web"] {
        portal.get(who, &format!("{guide}/export/yaml?{with}")).await.problem(403);
    }
    portal.close().await;
}

#[actix_web::test]
async fn a_drafted_guide_is_exported_with_its_drafted_item() {
    a_new_guide_is_exported_with_its_new_item(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn a_drafted_guide_is_exported_with_its_drafted_item_on_postgres() {
    a_new_guide_is_exported_with_its_new_item(Database::postgres()).await;
}

#[actix_web::test]
async fn what_a_guide_changes_is_told_with_what_its_drafted_item_changes() {
    let portal = Portal::open(Database::sqlite()).await;
    publish(&portal, ITEM).await;
    publish(&portal, &local(AGENCY, "")).await;
    let freely = ITEM.replace(
        "applicant.age >= 60, text: { zh: 年满六十周岁, en: Aged 60 or over }",
        "applicant.age >= 55, text: { zh: 年满五十五周岁, en: Aged 55 or over }",
    );
    let sooner = local(AGENCY, "limits: { promised: { days: 3, unit: working_day } }\n");
    let drafts = hand_in(&portal, &[&sooner, &freely]).await;
    let told = async |query: &str| {
        let told =
            portal.get("publisher@web", &format!("{GUIDES}/{}/diff{query}", drafts[0])).await.expect(200);
        let about = |change: &Value| change["about"].as_str().unwrap().to_owned();
        told["changes"].as_array().unwrap().iter().map(about).collect::<Vec<_>>()
    };
    assert_eq!(told("").await, ["time_limit"]);
    let mut both = told(&format!("?with={}", drafts[1])).await;
    both.sort_unstable();
    assert_eq!(both, ["condition", "condition", "time_limit"]);
    portal.close().await;
}

#[actix_web::test]
async fn an_author_begins_with_two_files_that_lack_their_legal_basis() {
    let portal = Portal::open(Database::sqlite()).await;
    let new = format!("{GUIDES}/new");
    let wanted = json!({"name_zh": "图书借阅证办理", "name_en": "Library card", "agency": AGENCY, "region": "340705000000"});
    let begun = portal.post("editor@web", &new, wanted.clone()).await.expect(200);
    assert_eq!(begun["code"], "11340705MBWXT061304002009999001");
    let refused = portal.post("editor@web", GUIDES, json!({"files": begun["files"]})).await.problem(422);
    let [at] = pointers(&refused)[..] else { panic!("{refused:#}") };
    assert!(at.starts_with("item.yaml:") && at.ends_with(":/legal_basis/0"), "{at}");
    let [item, guide] = [0, 1].map(|n| begun["files"][n]["yaml"].as_str().unwrap());
    let item = item.replace(
        "（请填写法律、法规或文件名称）, en: (name the law or regulation)",
        "《示例条例》, en: Sample Regulations",
    );
    let item = item.replace("（请填写条款）", "第一条").replace("（请抄录条文）", "居民可以申请借阅证。");
    portal.post("editor@web", GUIDES, files(&[&item, guide])).await.expect(201);

    let unfit = json!({"name_zh": "", "name_en": "事项", "agency": "1", "region": "34"});
    let refused = portal.post("editor@web", &new, unfit).await.problem(400);
    assert_eq!(pointers(&refused), ["/name_zh", "/name_en", "/agency", "/region"]);
    for who in ["handler@web", "resident@web", "auditor@web"] {
        portal.post(who, &new, wanted.clone()).await.problem(403);
    }
    portal.close().await;
}
