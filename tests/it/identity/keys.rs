//! Signing keys change over without anybody noticing.

use futures_util::future::join_all;
use serde_json::{Value, json};
use wanshitong::app::upkeep::{self, Seen};
use wanshitong::domain::identity::RotateAfter;
use wanshitong::store::{self, MasterKey, Store, Tuning, Vault};

use super::desk::{advance, app, audited, header, me_with, post, public, put, refreshing, tokens};
use crate::support::{Database, Portal};

async fn open() -> Portal {
    let portal = Portal::open(Database::sqlite()).await;
    put(&portal.city.ctx, vec![app("app")]).await;
    portal
}

async fn published(portal: &Portal) -> Vec<String> {
    let set = portal.get("", "/oauth2/jwks").await.expect(200);
    let keys = set["keys"].as_array().unwrap();
    assert!(keys.iter().all(|key| key.get("d").is_none() && key["alg"] == "ES256"));
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn sign(portal: &Portal) -> (String, Value) {
    let token = tokens(portal, public("app"), "openid cases", "resident").await["access_token"].clone();
    (header(&token)["kid"].as_str().unwrap().to_owned(), token)
}

async fn rotate(portal: &Portal) -> bool {
    let ctx = &portal.city.ctx;
    ctx.identity.rotate_keys(ctx.clock.now()).await.unwrap()
}

#[actix_web::test]
async fn a_new_key_is_published_for_ten_minutes_before_it_signs() {
    let portal = open().await;
    let (old, token) = sign(&portal).await;
    assert_eq!(published(&portal).await, [old.as_str()]);
    assert!(rotate(&portal).await);
    let both = published(&portal).await;
    assert_eq!((both.len(), &both[0]), (2, &old));
    let new = both[1].clone();
    assert_eq!(sign(&portal).await.0, old, "it does not sign yet");
    advance(&portal, 599);
    let (kid, last) = sign(&portal).await;
    assert_eq!(kid, old);
    me_with(&portal, &token).await.expect(200);
    advance(&portal, 1);
    assert_eq!(sign(&portal).await.0, new);
    // What the old one signed last is good to its end, and its key is shown so long.
    me_with(&portal, &last).await.expect(200);
    advance(&portal, 598);
    me_with(&portal, &last).await.expect(200);
    assert_eq!(published(&portal).await.len(), 2);
    advance(&portal, 2);
    assert_eq!(published(&portal).await, [new]);
    portal.close().await;
}

#[actix_web::test]
async fn of_two_who_rotate_at_once_one_does_and_none_while_one_is_under_way() {
    let portal = open().await;
    let other = portal.beside().await;
    let both = [&portal, &other, &portal, &other];
    let done = join_all(both.into_iter().map(rotate)).await;
    assert_eq!(done.into_iter().filter(|done| *done).count(), 1);
    // Who comes when it is done already does not look what was done.
    upkeep::catch_up(&portal.city.ctx, &mut Seen::default()).await.unwrap();
    assert_eq!(published(&portal).await.len(), 2);
    assert!(!rotate(&portal).await);
    advance(&portal, 600);
    assert!(rotate(&portal).await);
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn another_instance_changes_over_at_the_same_moment() {
    let portal = open().await;
    let other = portal.beside().await;
    let mut seen = Seen::default();
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    rotate(&portal).await;
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    assert_eq!(published(&other).await, published(&portal).await);
    for seconds in [0, 600] {
        // The instances have each a clock of their own.
        advance(&portal, seconds);
        advance(&other, seconds);
        let (first, second) = (sign(&portal).await, sign(&other).await);
        assert_eq!(first.0, second.0);
        me_with(&other, &first.1).await.expect(200);
        me_with(&portal, &second.1).await.expect(200);
    }
    other.close().await;
    portal.close().await;
}

/// Refreshes go on through a whole rotation, at two instances of which one hears of it
/// only when it next looks; not one is refused, nor is a token shown to the other.
async fn refreshes_go_on(database: Database) {
    let portal = Portal::open(database).await;
    put(&portal.city.ctx, vec![app("app")]).await;
    let other = portal.beside().await;
    let mut seen = Seen::default();
    upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..12 {
        sessions.push(tokens(&portal, public("app"), "openid cases offline_access", "resident").await);
    }
    let mut signers = std::collections::BTreeSet::new();
    for round in 0..25 {
        let requests: Vec<_> =
            sessions.iter().map(|tokens| refreshing(&tokens["refresh_token"], public("app"))).collect();
        let instances = [&portal, &other].into_iter().cycle().skip(round % 2);
        let refreshes = requests
            .iter()
            .zip(instances)
            .map(|(pairs, instance)| post(instance, "/oauth2/token", pairs, None));
        // In the third minute keys are rotated while the refreshes are under way.
        let rotation = async { round == 2 && rotate(&portal).await };
        let (replies, rotated) = futures_util::future::join(join_all(refreshes), rotation).await;
        assert_eq!(rotated, round == 2);
        sessions = replies.into_iter().map(|reply| reply.expect(200)).collect();
        upkeep::catch_up(&other.city.ctx, &mut seen).await.unwrap();
        for (at, tokens) in sessions.iter().enumerate() {
            signers.insert(header(&tokens["access_token"])["kid"].as_str().unwrap().to_owned());
            let instance = if (at + round) % 2 == 0 { &other } else { &portal };
            me_with(instance, &tokens["access_token"]).await.expect(200);
        }
        advance(&portal, 60);
        advance(&other, 60);
    }
    assert_eq!(signers.len(), 2, "the keys changed over meanwhile");
    other.close().await;
    portal.close().await;
}

#[actix_web::test]
async fn a_rotation_loses_no_request() {
    refreshes_go_on(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn a_rotation_loses_no_request_on_postgres() {
    refreshes_go_on(Database::postgres()).await;
}

#[actix_web::test]
async fn seals_of_a_retired_key_are_verified_for_ever() {
    let portal = open().await;
    let identity = &portal.city.ctx.identity;
    let seal = identity.sign_seal(&json!({"a": 1}), "receipt+jwt", portal.city.ctx.clock.now()).unwrap();
    rotate(&portal).await;
    advance(&portal, 86_400);
    assert_eq!(identity.verify_seal(&seal, "receipt+jwt"), Some(json!({"a": 1})));
    let kid = header(&json!(seal))["kid"].clone();
    let set = portal.get("", "/.well-known/seal-keys.json").await.expect(200);
    let keys = set["keys"].as_array().unwrap();
    assert!(keys.len() == 2 && keys.iter().any(|key| key["kid"] == kid));
    portal.close().await;
}

#[actix_web::test]
async fn an_old_key_is_given_a_successor_by_itself_and_that_is_on_record() {
    let portal = open().await;
    let ctx = &portal.city.ctx;
    let (old, _) = sign(&portal).await;
    upkeep::sweep(ctx).await.unwrap();
    assert_eq!(published(&portal).await.len(), 1);
    advance(&portal, 90 * 86_400);
    upkeep::sweep(ctx).await.unwrap();
    let both = published(&portal).await;
    assert_eq!(both.len(), 2);
    let record = audited(ctx).await;
    for expected in [("key.rotated", &old), ("key.retired", &old), ("key.made", &both[1]), ("key.made", &old)]
    {
        assert!(record.contains(&(expected.0, Some(expected.1.clone()))), "{expected:?}");
    }
    // At once is not ninety days later.
    let age = RotateAfter::default();
    advance(&portal, 600);
    assert!(!ctx.identity.rotate_old_keys(age, ctx.clock.now()).await.unwrap());
    portal.close().await;
}

/// The private halves lie in the database sealed under the master key.
#[actix_web::test]
async fn whoever_has_the_database_alone_has_no_key() {
    let portal = open().await;
    let database = portal.city.database.clone();
    let own = database.open().list_signing_keys().await.unwrap();
    assert_eq!(own.len(), 2);
    let stranger =
        Store::open(&database.location, Vault::new(&MasterKey::random()), Tuning::default()).unwrap();
    let refused = stranger.list_signing_keys().await;
    assert!(matches!(refused, Err(store::Error::Corrupt { table: "signing_keys", .. })));
    portal.close().await;
    let files = ["portal.db", "portal.db-wal"].map(|name| std::fs::read(database.folder.join(name)));
    let bytes: Vec<u8> = files.into_iter().flatten().flatten().collect();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    for key in own {
        assert!(holds(key.kid.as_bytes()), "these are the files");
        // In PKCS #8 the private number of a P-256 key begins after 36 bytes.
        assert!(!holds(&key.private_key) && !holds(&key.private_key[36..68]));
    }
}

/// The tokens of a demo are good for ever, whatever became of their keys.
#[actix_web::test]
async fn the_tokens_of_a_demo_outlast_its_keys() {
    let portal = open().await;
    rotate(&portal).await;
    advance(&portal, 365 * 86_400);
    portal.city.ctx.identity.reload(portal.city.ctx.clock.now()).await.unwrap();
    portal.get("resident@web", "/api/v1/me").await.expect(200);
    portal.close().await;
}
