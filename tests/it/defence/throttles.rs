//! Guessing at accounts, over the real database: who is slowed and who never is.

use futures_util::future::join_all;
use wanshitong::app::identity::devices;
use wanshitong::app::identity::{Visitor, one_time_codes};
use wanshitong::domain::identity::{ClientId, Purpose};
use wanshitong::domain::time::parse_duration;

use super::{PASSWORD, WRONG, network, outcome, stranger, try_password};
use crate::support::{City, Database};

const OWNER: &str = "13900000001";

/// Somebody with a cookie for his device, as his browser keeps it.
fn on_a_device(city: &City, address: &str) -> Visitor {
    let new = devices::recognise(&city.ctx, "");
    let visitor = Visitor { device: Some(new), ..stranger(address) };
    let cookie = devices::cookie(&city.ctx, &visitor).unwrap();
    Visitor { device: Some(devices::recognise(&city.ctx, &cookie)), ..visitor }
}

async fn strangers_never_lock_an_owner_out_of_his_own_device(database: Database) {
    let city = City::found(database).await;
    let owner = on_a_device(&city, "198.51.100.7");
    assert_eq!(outcome(&try_password(&city, &owner, OWNER, PASSWORD).await), "in");

    let mut denied = 0;
    for number in 0..60 {
        let entered = try_password(&city, &stranger(&network(number)), OWNER, WRONG).await;
        denied += usize::from(outcome(&entered) == "denied");
    }
    assert!((10..30).contains(&denied), "{denied} guesses from sixty networks");

    // From wherever: the device is known, not the address.
    let elsewhere = Visitor { from: network(3).parse().unwrap(), ..owner.clone() };
    assert_eq!(outcome(&try_password(&city, &elsewhere, OWNER, PASSWORD).await), "in");
    assert_eq!(outcome(&try_password(&city, &owner, OWNER, PASSWORD).await), "in");
    let unknown = on_a_device(&city, "198.51.100.7");
    assert_eq!(outcome(&try_password(&city, &unknown, OWNER, PASSWORD).await), "wait");
    // Known to its owner's account, and to no other.
    let other = "13900000002";
    for number in 0..30 {
        let _ = try_password(&city, &stranger(&network(number)), other, WRONG).await;
    }
    assert_eq!(outcome(&try_password(&city, &owner, other, WRONG).await), "wait");
    // Whoever stole the device is slowed like anybody else.
    let mut guesses = 0;
    for _ in 0..40 {
        guesses += usize::from(outcome(&try_password(&city, &owner, OWNER, WRONG).await) == "denied");
    }
    assert!(guesses <= 10, "{guesses} guesses on a known device");
}

async fn guesses_made_at_once_from_many_networks_are_counted_one_by_one(database: Database) {
    let city = City::found(database).await;
    let strangers: Vec<Visitor> = (0..60).map(|number| stranger(&network(number))).collect();
    let tries = strangers.iter().map(|who| try_password(&city, who, OWNER, WRONG));
    let denied = join_all(tries).await.iter().filter(|entered| outcome(entered) == "denied").count();
    assert!((1..=15).contains(&denied), "{denied} guesses got through at once");
}

async fn the_waits_are_the_same_on_every_instance_and_end_as_told(database: Database) {
    let city = City::found(database).await;
    let home = stranger("198.51.100.7");
    for _ in 0..5 {
        assert_eq!(outcome(&try_password(&city, &home, OWNER, WRONG).await), "denied");
    }
    let other = city.another_instance().await;
    assert_eq!(outcome(&try_password(&other, &home, OWNER, PASSWORD).await), "wait");
    for instance in [&city, &other] {
        instance.ctx.clock.advance(parse_duration("PT30S").unwrap());
    }
    assert_eq!(outcome(&try_password(&other, &home, OWNER, PASSWORD).await), "in");
    assert_eq!(outcome(&try_password(&city, &home, OWNER, WRONG).await), "denied", "all is forgiven");
}

macro_rules! on_both_databases {
    ($($test:ident $sqlite:ident $postgres:ident),+ $(,)?) => {
        $(
            #[actix_web::test]
            async fn $sqlite() {
                $test(Database::sqlite()).await;
            }

            #[actix_web::test]
            #[ignore = "needs PostgreSQL: tests/run"]
            async fn $postgres() {
                $test(Database::postgres()).await;
            }
        )+
    };
}

on_both_databases!(
    strangers_never_lock_an_owner_out_of_his_own_device
        an_owner_is_never_locked_out_of_his_own_device an_owner_is_never_locked_out_of_his_own_device_on_postgres,
    guesses_made_at_once_from_many_networks_are_counted_one_by_one
        guesses_at_once_are_counted_one_by_one guesses_at_once_are_counted_one_by_one_on_postgres,
    the_waits_are_the_same_on_every_instance_and_end_as_told
        waits_hold_on_every_instance waits_hold_on_every_instance_on_postgres,
);

/// Everybody of a hall behind one address, each with an account of his own.
#[actix_web::test]
async fn a_hall_goes_on_while_some_of_its_people_fail() {
    let city = City::found(Database::sqlite()).await;
    let hall = stranger("198.51.100.7");
    for person in 0..40 {
        let entered = try_password(&city, &hall, &format!("138000{person:05}"), WRONG).await;
        assert_eq!(outcome(&entered), "denied", "person {person}");
    }
    assert_eq!(outcome(&try_password(&city, &hall, OWNER, PASSWORD).await), "in");
}

/// Nobody's own device: a place that many people use stays a stranger.
#[actix_web::test]
async fn a_kiosk_is_nobodys_device_and_slows_who_goes_through_accounts_there() {
    let city = City::found(Database::sqlite()).await;
    let kiosk =
        Visitor { place: Some(ClientId::parse("kiosk").unwrap()), ..on_a_device(&city, "198.51.100.7") };
    assert_eq!(devices::cookie(&city.ctx, &kiosk), None);
    assert_eq!(outcome(&try_password(&city, &kiosk, OWNER, PASSWORD).await), "in");
    let account = city.account("resident").await;
    assert_eq!(city.ctx.store.count_devices(account).await.unwrap(), 0);

    let mut tried = 0;
    for person in 0..40 {
        let entered = try_password(&city, &kiosk, &format!("138000{person:05}"), WRONG).await;
        tried += usize::from(outcome(&entered) == "denied");
    }
    assert!((10..20).contains(&tried), "{tried} accounts were tried at one kiosk");
    // Others in the hall, and the same client elsewhere, are not concerned.
    let beside = stranger("198.51.100.7");
    assert_eq!(outcome(&try_password(&city, &beside, OWNER, PASSWORD).await), "in");
    let elsewhere = Visitor { from: network(1).parse().unwrap(), ..kiosk };
    assert_eq!(outcome(&try_password(&city, &elsewhere, OWNER, PASSWORD).await), "in");
}

#[actix_web::test]
async fn a_cookie_that_is_not_ours_makes_a_new_device() {
    let city = City::found(Database::sqlite()).await;
    let owner = on_a_device(&city, "198.51.100.7");
    let cookie = devices::cookie(&city.ctx, &owner).unwrap();
    let read = devices::recognise(&city.ctx, &cookie);
    assert!(read.was_brought() && Some(&read) == owner.device.as_ref());
    let (secret, seal) = cookie.split_once('.').unwrap();
    let forged = [
        format!("{}.{seal}", "A".repeat(43)),
        format!("{secret}.{}", "A".repeat(43)),
        format!("{seal}.{secret}"),
        secret.to_owned(),
    ];
    for forged in forged {
        assert!(!devices::recognise(&city.ctx, &forged).was_brought(), "{forged}");
    }
    let elsewhere = City::found(Database::elsewhere()).await;
    assert!(!devices::recognise(&elsewhere.ctx, &cookie).was_brought(), "another portal's");
}

#[actix_web::test]
async fn an_account_is_known_by_so_many_devices_and_by_none_after_signing_out_everywhere() {
    let city = City::found(Database::sqlite()).await;
    let account = city.account("resident").await;
    let first = on_a_device(&city, "198.51.100.7");
    for number in 0..25 {
        let device = if number == 0 { first.clone() } else { on_a_device(&city, "198.51.100.7") };
        assert_eq!(outcome(&try_password(&city, &device, OWNER, PASSWORD).await), "in");
        city.ctx.clock.advance(parse_duration("PT1M").unwrap());
    }
    assert_eq!(city.ctx.store.count_devices(account).await.unwrap(), 20);
    let caller = city.caller("resident@web").await;
    wanshitong::app::identity::sessions::end_all(&city.ctx, &caller).await.unwrap();
    assert_eq!(city.ctx.store.count_devices(account).await.unwrap(), 0);
}

/// A stranger who asks for code after code annoys nobody for long.
#[actix_web::test]
async fn messages_to_one_number_grow_rare_and_its_owner_gets_his_on_his_own_device() {
    let city = City::found(Database::sqlite()).await;
    let owner = on_a_device(&city, "198.51.100.7");
    assert_eq!(outcome(&try_password(&city, &owner, OWNER, PASSWORD).await), "in");
    let ask = async |who: &Visitor| {
        one_time_codes::request_sms_code(&city.ctx, OWNER, Purpose::SignIn, who).await.is_ok()
    };
    let mut sent = 0;
    // Every minute for a day, from everywhere.
    for minute in 0..1440 {
        sent += usize::from(ask(&stranger(&network(minute))).await);
        city.ctx.clock.advance(parse_duration("PT1M").unwrap());
    }
    assert!(sent < 80, "{sent} messages in a day");
    assert!(ask(&owner).await);
}
