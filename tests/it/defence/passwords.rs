//! The two password policies, from registering to a password that has had its time.

use serde_json::{Value, json};
use wanshitong::app::Settings;
use wanshitong::app::identity::{one_time_codes, password_history, passwords};
use wanshitong::domain::identity::{PasswordProfile, PasswordStanding, Purpose};
use wanshitong::domain::time::parse_duration;

use super::{outcome, stranger, try_password};
use crate::support::{City, Database, Portal};

const MOBILE: &str = "13811112222";
const FIRST: &str = "Correct-Horse-7";

fn mlps3() -> Settings {
    Settings { passwords: PasswordProfile::Mlps3, ..Settings::demo() }
}

async fn code(city: &City, purpose: Purpose) -> String {
    city.ctx.clock.advance(parse_duration("PT61S").unwrap());
    let visitor = stranger("192.0.2.1");
    one_time_codes::request_sms_code(&city.ctx, MOBILE, purpose, &visitor).await.unwrap();
    let sent = city.sms.sent.lock().unwrap();
    let (to, text) = sent.last().unwrap();
    assert_eq!(to.as_str(), MOBILE);
    let digits = text.en.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6);
    digits.unwrap_or_else(|| panic!("no code in `{}`", text.en)).to_owned()
}

async fn register(portal: &Portal, password: &str) -> (u16, Value) {
    let code = code(&portal.city, Purpose::Register).await;
    let body = json!({"mobile": MOBILE, "code": code, "password": password, "name": "Li Xiang"});
    let reply = portal.post("", "/api/v1/accounts", body).await;
    (reply.status, reply.body)
}

fn codes(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn each_policy_refuses_what_it_must_with_every_reason_at_once() {
    for (settings, password, reasons) in [
        (Settings::demo(), "13811112222 li xiang", vec!["contains_mobile", "contains_name"]),
        (Settings::demo(), "sunshine99", vec!["too_guessable"]),
        (mlps3(), "abc", vec!["too_short", "too_uniform"]),
        (mlps3(), "correct horse battery", vec!["too_uniform"]),
    ] {
        let portal = Portal::open_with(Database::sqlite(), settings).await;
        let (status, problem) = register(&portal, password).await;
        assert_eq!((status, codes(&problem)), (422, reasons.into_iter().map(str::to_owned).collect()));
        portal.close().await;
    }
}

async fn reset(city: &City, new: &str) -> Result<(), Vec<&'static str>> {
    let code = code(city, Purpose::ResetPassword).await;
    let forgotten = passwords::Forgotten { mobile: MOBILE.to_owned(), code, new_password: new.to_owned() };
    match passwords::reset(&city.ctx, forgotten, &stranger("192.0.2.1")).await {
        Ok(()) => Ok(()),
        Err(wanshitong::app::AppError::Invalid(errors)) => {
            Err(errors.into_iter().map(|error| error.code).collect())
        }
        Err(other) => panic!("{other:?}"),
    }
}

async fn a_password_has_its_time_and_none_of_the_last_five_comes_again(database: Database) {
    let portal = Portal::open_with(database, mlps3()).await;
    let city = &portal.city;
    assert_eq!(register(&portal, FIRST).await.0, 201);
    let account = city.ctx.store.find_account_by_mobile(&MOBILE.parse().unwrap()).await.unwrap().unwrap();
    let standing =
        async || password_history::standing(&city.ctx, &account, city.ctx.clock.now()).await.unwrap();
    let home = stranger("192.0.2.1");
    assert_eq!(standing().await, PasswordStanding::Good);
    city.ctx.clock.advance(parse_duration("P80D").unwrap());
    assert_eq!(standing().await, PasswordStanding::ExpiresSoon { days: 10 });
    assert_eq!(outcome(&try_password(city, &home, MOBILE, FIRST).await), "in");
    city.ctx.clock.advance(parse_duration("P10D").unwrap());
    assert_eq!(standing().await, PasswordStanding::Expired);
    // To who knows the password it is said why; a guess learns nothing.
    assert_eq!(outcome(&try_password(city, &home, MOBILE, FIRST).await), "refused");
    assert_eq!(outcome(&try_password(city, &home, MOBILE, "a guess at it").await), "denied");

    assert_eq!(reset(city, FIRST).await, Err(vec!["used_before"]));
    let others =
        ["Copper-River-12", "Copper-River-23", "Copper-River-34", "Copper-River-45", "Copper-River-56"];
    for new in others {
        assert_eq!(reset(city, new).await, Ok(()));
    }
    assert_eq!(standing().await, PasswordStanding::Good);
    assert_eq!(reset(city, others[0]).await, Err(vec!["used_before"]));
    assert_eq!(reset(city, FIRST).await, Ok(()), "five others came between");
    city.ctx.clock.advance(parse_duration("P1D").unwrap());
    assert_eq!(outcome(&try_password(city, &home, MOBILE, FIRST).await), "in");
    portal.close().await;
}

#[actix_web::test]
async fn a_password_ages_and_is_remembered() {
    a_password_has_its_time_and_none_of_the_last_five_comes_again(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn a_password_ages_and_is_remembered_on_postgres() {
    a_password_has_its_time_and_none_of_the_last_five_comes_again(Database::postgres()).await;
}

#[actix_web::test]
async fn where_nothing_is_to_be_remembered_nothing_is_and_nothing_ages() {
    let portal = Portal::open(Database::sqlite()).await;
    let city = &portal.city;
    assert_eq!(register(&portal, FIRST).await.0, 201);
    let account = city.ctx.store.find_account_by_mobile(&MOBILE.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(city.ctx.store.list_password_hashes(account.id, 5).await.unwrap(), Vec::<String>::new());
    city.ctx.clock.advance(parse_duration("P5000D").unwrap());
    let home = stranger("192.0.2.1");
    assert_eq!(outcome(&try_password(city, &home, MOBILE, FIRST).await), "in");
    assert_eq!(reset(city, FIRST).await, Ok(()));
    portal.close().await;
}
