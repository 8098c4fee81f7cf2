//! Finding an item, and the guide of it that serves where one lives.

use serde_json::Value;
use wanshitong::app::catalog;

use super::{AGENCY, ITEM, local, local_code};
use crate::support::{Database, Portal};

const AGENCIES: &str = include_str!("../../../src/data/sample/agencies.csv");
const PATH: &str = "/api/v1/items/000599001000";

fn codes(item: &Value) -> Vec<String> {
    let guides = item["guides"].as_array().unwrap().iter();
    guides.map(|guide| guide["code"].as_str().unwrap().to_owned()).collect()
}

/// The item with guides of thirty agencies, each of its own region.
async fn portal(database: Database) -> (Portal, Vec<String>) {
    let portal = Portal::open(database).await;
    let agencies = AGENCIES.lines().skip(1).take(30).map(|line| {
        let mut columns = line.split(',');
        (columns.next().unwrap(), columns.next().unwrap())
    });
    let agencies: Vec<(&str, &str)> = agencies.collect();
    let mut files = vec![("item".to_owned(), ITEM.to_owned())];
    files.extend(
        agencies.iter().map(|(agency, region)| {
            ((*agency).to_owned(), local(agency, "").replace("340705000000", region))
        }),
    );
    catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    let mut all: Vec<String> = agencies.iter().map(|(agency, _)| local_code(agency)).collect();
    all.sort();
    (portal, all)
}

async fn many_guides(database: Database) {
    let (portal, all) = portal(database).await;
    let found = portal.get("", "/api/v1/items?q=样例补助&limit=1").await.expect(200);
    let item = &found["items"][0];
    assert_eq!(item["guide_count"], 30);
    assert_eq!(codes(item), all[..5], "a list shows the first five");
    let next = item["next_guide"].as_str().unwrap();
    let rest = portal.get("", &format!("{PATH}?limit=100&after={next}")).await.expect(200);
    assert_eq!((codes(&rest), &rest["next_guide"]), (all[5..].to_vec(), &Value::Null));
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = portal.get("", &format!("{PATH}?limit=10{after}")).await.expect(200);
        assert_eq!(page["guide_count"], 30);
        paged.extend(codes(&page));
        let Some(next) = page["next_guide"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(paged, all);
    portal.close().await;
}

#[actix_web::test]
async fn an_item_of_many_guides_is_read_page_by_page() {
    many_guides(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn an_item_of_many_guides_is_read_page_by_page_on_postgres() {
    many_guides(Database::postgres()).await;
}

#[actix_web::test]
async fn of_several_agencies_that_serve_an_address_all_are_found() {
    let portal = Portal::open(Database::sqlite()).await;
    let agencies = [AGENCY, "11340705MBWXT0111D"];
    let mut files = vec![("item".to_owned(), ITEM.to_owned())];
    files.extend(agencies.map(|agency| (agency.to_owned(), local(agency, ""))));
    catalog::publish(&portal.city.ctx, files).await.unwrap().unwrap();
    let mut both = agencies.map(local_code);
    both.sort();
    let read = portal.get("", &format!("{PATH}?region=340705005002")).await.expect(200);
    let listed = portal.get("", "/api/v1/items?q=样例补助&region=340705005002").await.expect(200);
    for item in [&read, &listed["items"][0]] {
        assert_eq!((codes(item), &item["guide_count"]), (both.to_vec(), &Value::from(2)));
    }
    let page = |after: &str| format!("{PATH}?region=340705005002&limit=1&after={after}");
    let second = portal.get("", &page(&both[0])).await.expect(200);
    assert_eq!((codes(&second), &second["next_guide"]), (both[1..].to_vec(), &Value::Null));
    portal.close().await;
}

#[actix_web::test]
async fn an_item_is_found_with_the_guide_that_serves_an_address() {
    let portal = Portal::open(Database::sqlite()).await;
    let own = local(AGENCY, "");
    let city = local("11340700MBWXT020XG", "").replace("340705000000", "340700000000");
    let files = [("item", ITEM), ("own", &own), ("city", &city)]
        .map(|(name, yaml)| (name.to_owned(), yaml.to_owned()));
    catalog::publish(&portal.city.ctx, files.to_vec()).await.unwrap().unwrap();
    let served = async |region: &str, more: &str| {
        let listed =
            portal.get("", &format!("/api/v1/items?q=样例补助&region={region}{more}")).await.expect(200);
        let read = portal.get("", &format!("{PATH}?region={region}")).await;
        let listed: Vec<String> = listed["items"].as_array().unwrap().iter().flat_map(codes).collect();
        if more.is_empty() {
            let read = if read.status == 200 { codes(&read.expect(200)) } else { Vec::new() };
            assert_eq!(listed, read, "{region}: a list and the item say the same");
        }
        listed
    };
    let (here, above) = (local_code(AGENCY), local_code("11340700MBWXT020XG"));
    assert_eq!(served("340705005002", "").await, [here.as_str()], "the county's own comes before the city's");
    assert_eq!(served("340706000000", "").await, [above], "elsewhere the city's");
    assert_eq!(served("340100000000", "").await, [""; 0], "nobody's in another city");
    // Each other filter leaves it, or does not.
    for (filter, finds) in [
        ("audience=natural_person", true),
        ("audience=enterprise", false),
        ("topic=elderly", true),
        ("topic=housing", false),
        ("life_event=retirement", true),
        ("life_event=work", false),
    ] {
        let found = served("340705005002", &format!("&{filter}")).await;
        assert_eq!(found.contains(&here), finds, "{filter}");
    }
    portal.close().await;
}
