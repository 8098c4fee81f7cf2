//! The portal under attack, and its oversight: throttles, rates, passwords, posts,
//! the audit trail, and what is never shown or logged.

mod audit;
mod calendar;
mod limits;
mod logs;
mod overload;
mod passwords;
mod posts;
mod staff;
mod statements;
mod throttles;
mod unmask;

use std::net::IpAddr;

use wanshitong::app::identity::Visitor;
use wanshitong::app::identity::sign_in::{Entered, Proof, sign_in};
use wanshitong::app::{AppError, AppResult};
use wanshitong::domain::identity::Channel;

use crate::support::City;

pub const PASSWORD: &str = "sample-city-2026";
pub const WRONG: &str = "wrong password";

/// Somebody at an address, on a device nobody knows.
pub fn stranger(address: &str) -> Visitor {
    let from = address.parse::<IpAddr>().unwrap();
    Visitor { from, user_agent: String::new(), request_id: String::new(), device: None, place: None }
}

/// The address of the stranger of this number, each in a network of its own.
pub fn network(number: usize) -> String {
    format!("203.0.{}.{}", number / 250, number % 250 + 1)
}

/// Tries a password.
pub async fn try_password(city: &City, who: &Visitor, mobile: &str, password: &str) -> AppResult<Entered> {
    let proof = Proof::Password { mobile: mobile.to_owned(), password: password.to_owned() };
    sign_in(&city.ctx, proof, Channel::Web, who, None).await
}

/// Whether he got in; what kept him out otherwise.
pub fn outcome(entered: &AppResult<Entered>) -> &'static str {
    match entered {
        Ok(Entered::In(_)) => "in",
        Ok(Entered::Denied) => "denied",
        Err(AppError::TooMany { .. }) => "wait",
        Err(AppError::Refused(_)) => "refused",
        Err(AppError::Unavailable(_)) => "busy",
        Err(other) => panic!("{other:?}"),
    }
}
