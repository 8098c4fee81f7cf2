//! A storm of sign-ins: memory stays what it is, everybody is answered, and those
//! who are signed in already do not notice.

use futures_util::future::join_all;
use wanshitong::app::AppError;
use wanshitong::http::problem::{Code, Problem};

use super::{WRONG, network, outcome, stranger, try_password};
use crate::support::{Database, Portal};

#[actix_web::test]
async fn two_hundred_guessers_take_one_hash_for_each_core_and_nobody_elses_turn() {
    let portal = Portal::open(Database::sqlite()).await;
    let strangers: Vec<_> = (0..200).map(|number| stranger(&network(number))).collect();
    let guesses = join_all(strangers.iter().enumerate().map(async |(number, who)| {
        try_password(&portal.city, who, &format!("138000{number:05}"), WRONG).await
    }));
    let others = join_all((0..50).map(|_| portal.get("resident@web", "/api/v1/me")));
    let (entered, answered) = futures_util::future::join(guesses, others).await;
    for entered in &entered {
        assert!(matches!(outcome(entered), "denied" | "busy"), "{entered:?}");
    }
    assert!(answered.iter().all(|reply| reply.status == 200));
    let report = portal.city.ctx.identity.hashing();
    assert!((1..=report.threads).contains(&report.most_at_once), "{report:?}");
    portal.close().await;
}

#[test]
fn whoever_is_sent_away_is_told_when_to_come_back() {
    for (error, code, seconds) in [
        (AppError::Unavailable("too many sign-ins at this moment".to_owned()), Code::Unavailable, "1"),
        (wanshitong::store::Error::Busy.into(), Code::Unavailable, "1"),
        (AppError::TooMany { retry_after_seconds: 30 }, Code::TooManyRequests, "30"),
    ] {
        let problem = Problem::from(error);
        let retry_after = problem.headers.iter().find(|(name, _)| name.as_str() == "retry-after");
        assert_eq!((problem.code, retry_after.map(|(_, value)| value.as_str())), (code, Some(seconds)));
    }
}
