//! The officers' work, and going on with a case anywhere.

mod claims;
mod editors;
mod handoffs;
mod lists;
mod opinions;
mod search;
mod uploads;

use serde_json::Value;

use crate::support::{City, Portal};

/// The posts of a persona for an agency, or all of them.
pub async fn posts(
    city: &City,
    persona: &str,
    agency: Option<&str>,
) -> Vec<wanshitong::domain::policy::Post> {
    let posts = city.ctx.store.list_posts(city.account(persona).await).await.unwrap();
    let of = |post: &wanshitong::domain::policy::Post| {
        agency.is_none_or(|agency| post.agency.as_ref().is_some_and(|own| own.as_str() == agency))
    };
    posts.into_iter().filter(of).collect()
}

/// The agency of the road permit.
pub const ROADS: &str = "11340705MBWXT1317J";

/// A second officer with the same post as one who is there.
pub async fn colleague(portal: &Portal, persona: &str, like: &str) -> wanshitong::domain::policy::Post {
    colleague_at(portal, persona, like, ROADS).await
}

pub async fn colleague_at(
    portal: &Portal,
    persona: &str,
    like: &str,
    agency: &str,
) -> wanshitong::domain::policy::Post {
    let like = posts(&portal.city, like, Some(agency)).await.remove(0);
    let post =
        wanshitong::domain::policy::Post { id: uuid::Uuid::from_bytes(wanshitong::store::random()), ..like };
    let account = portal.city.account(persona).await;
    let mut changes = wanshitong::store::Changes::new();
    changes
        .write(wanshitong::store::PeopleWrite::InsertPost { account, post: post.clone() })
        .write(wanshitong::store::Epoch::Identity);
    portal.city.ctx.store.commit(changes).await.unwrap();
    portal.city.ctx.identity.reload(portal.city.ctx.clock.now()).await.unwrap();
    post
}

/// The actions on record, oldest first.
pub async fn audited(portal: &Portal, action: &str) -> Vec<Value> {
    let list = portal.get("auditor@web", &format!("/api/v1/admin/audit?action={action}")).await.expect(200);
    list["items"].as_array().unwrap().clone()
}
