//! A rule of the form that asks more of one channel, where an article demands it.

use serde_json::{Value, json};

use super::{OFFICER, RESIDENT, YAML, draft, evaluate, facts, portal_with};
use crate::support::{Portal, id, id_number};

/// Whoever does not come to a counter declares less than a thousand yuan.
const RULE: &str = "    - code: seen_above_a_thousand
      when: channel == \"window\" || facts.rent < 100000
      at: rent
      text: { zh: 房租在一千元以上的，须到窗口当面申请, en: With a rent of a thousand yuan or more apply at a counter }
      basis: { law: { zh: 《示例市租房补助办法》, en: Sample City Measures on Rent Subsidies }, article: 第八条, text: 房租在一千元以上的应当当面申请。 }
";

fn with_the_rule() -> String {
    assert!(YAML.contains("\nform:\n  fields:\n") && !YAML.contains("\n  rules:\n"));
    YAML.replacen("\nform:\n", &format!("\nform:\n  rules:\n{RULE}"), 1)
}

fn dear(mut body: Value) -> Value {
    body["facts"]["rent"] = json!(150_000);
    body
}

async fn refused(portal: &Portal, who: &str, case: &str) -> Vec<String> {
    let path = format!("/api/v1/cases/{case}/submit");
    let reply = portal.post(who, &path, json!({})).await.problem(422);
    let errors = reply["errors"].as_array().unwrap();
    errors.iter().map(|error| format!("{} {}", error["pointer"], error["code"])).collect()
}

#[actix_web::test]
async fn a_rule_that_cites_its_article_asks_more_of_the_channel_it_names_and_of_no_other() {
    let portal = portal_with(&with_the_rule()).await;
    let form =
        portal.get("", &format!("/api/v1/guides/{}/form?scenario=renew", super::CODE)).await.expect(200);
    let rules = form["x-wanshitong"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["code"] == "seen_above_a_thousand").unwrap();
    assert_eq!(rule["basis"]["article"], "第八条", "whoever draws the form can show why");

    // At home it is told with everything else that is wrong, and only when it is filed.
    let case = id(&portal.open_case(RESIDENT, dear(draft("renew"))).await);
    let errors = refused(&portal, RESIDENT, &case).await;
    assert!(errors.contains(&"\"/facts/rent\" \"rule_broken\"".to_owned()), "{errors:?}");
    assert!(errors.iter().any(|error| error.contains("/materials/lease")), "{errors:?}");

    let mut present = dear(draft("renew"));
    present["applicant"] = json!({ "name": "程远山", "id_number": id_number("34070519570105", 11) });
    let case = id(&portal.open_case(OFFICER, present).await);
    let errors = refused(&portal, OFFICER, &case).await;
    assert!(!errors.is_empty() && errors.iter().all(|error| error.contains("/materials/")), "{errors:?}");
    portal.close().await;
}

#[actix_web::test]
async fn a_dry_run_judges_it_for_the_channel_it_is_told() {
    let portal = portal_with(&with_the_rule()).await;
    let body = dear(json!({ "scenario": "renew", "facts": facts("renew") }));
    let errors = |channel: Option<&str>| {
        let (portal, mut body) = (&portal, body.clone());
        if let Some(channel) = channel {
            body["channel"] = json!(channel);
        }
        async move { evaluate(portal, body).await["field_errors"].as_array().unwrap().len() }
    };
    assert_eq!((errors(None).await, errors(Some("window")).await, errors(Some("mobile")).await), (0, 0, 1));
    portal.close().await;
}
