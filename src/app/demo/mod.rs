//! The demo: a sample city with people to be, so that a newcomer can try the
//! whole portal in a minute. Never runs on real data.

mod city;
mod people;
mod registries;
mod samples;

use chrono::TimeDelta;
use serde::Serialize;
use std::collections::BTreeMap;

use super::bundles;
use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::identity::Caller;
use super::permit::permit;
use super::timers;
use crate::domain::policy::{Operation, Target};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::store::{Changes, SetSetting, Store};

pub use registries::SampleRegistries;

/// The setting by which a database is known as a demo's.
pub const MODE: &str = "mode";
pub const DEMO: &str = "demo";
/// How far the test clock had been moved, in microseconds.
const AHEAD: &str = "clock_ahead_micros";

/// What a newcomer is handed: `demo.json`.
#[derive(Debug, Serialize)]
pub struct DemoSheet {
    pub base_url: String,
    pub personas: BTreeMap<String, PersonaSheet>,
    pub clients: BTreeMap<String, ClientSheet>,
    /// Access tokens by `persona@client`; good in the demo only, and for ever.
    pub tokens: BTreeMap<String, String>,
    /// Codes of the guides in force.
    pub guides: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct PersonaSheet {
    /// The mobile number to sign in with.
    pub account: String,
    pub password: String,
    pub name: String,
    pub person_id: String,
}

#[derive(Debug, Serialize)]
pub struct ClientSheet {
    pub client_id: String,
    pub channel: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    pub redirect_uris: Vec<String>,
}

/// Refuses a database that holds anything but demo data.
pub async fn check_database(store: &Store) -> AppResult<Result<(), &'static str>> {
    let is_demo = store.find_setting(MODE).await?.as_deref() == Some(DEMO);
    if is_demo || store.is_empty().await? {
        return Ok(Ok(()));
    }
    Ok(Err(
        "the database holds data that is not the demo's; give the demo a folder of its own with `--data DIR`",
    ))
}

/// Fills an empty database with the sample city; gives the sheet for `base_url`.
pub async fn prepare(ctx: &Ctx, base_url: &str) -> AppResult<DemoSheet> {
    if ctx.store.find_setting(MODE).await?.is_none() {
        city::found(ctx).await?;
        people::settle(ctx).await?;
        let mut changes = Changes::new();
        changes.write(SetSetting { name: MODE.to_owned(), value: DEMO.to_owned() });
        ctx.store.commit(changes).await?;
    }
    people::register_clients(ctx, base_url).await?;
    people::sheet(ctx, base_url).await
}

/// Sets the test clock to where it was when the demo last ran: events must not
/// lie in the future of those who read them.
pub async fn resume_clock(ctx: &Ctx) -> AppResult<()> {
    let ahead = ctx.store.find_setting(AHEAD).await?.and_then(|text| text.parse().ok()).unwrap_or(0);
    ctx.clock.advance(TimeDelta::microseconds(ahead));
    Ok(())
}

/// Moves the test clock forward, for the whole process, and lets everything that
/// falls due on the way happen before answering.
pub async fn advance_clock(
    ctx: &Ctx,
    caller: &Caller,
    by: TimeDelta,
) -> AppResult<chrono::DateTime<chrono::Utc>> {
    permit(caller, Operation::SetClock, Target::Platform, ctx.clock.now())?;
    if !ctx.demo {
        return Err(AppError::NotFound);
    }
    if by < TimeDelta::zero() || by > TimeDelta::days(FARTHEST_DAYS) {
        return Err(out_of_range());
    }
    ctx.clock.advance(by);
    let mut changes = Changes::new();
    let ahead = ctx.clock.ahead().num_microseconds().unwrap_or(i64::MAX).to_string();
    changes.write(SetSetting { name: AHEAD.to_owned(), value: ahead });
    ctx.store.commit(changes).await?;
    timers::run(ctx).await?;
    bundles::follow(ctx).await?;
    Ok(ctx.clock.now())
}

/// The farthest one step may go.
const FARTHEST_DAYS: i64 = 3660;

fn out_of_range() -> AppError {
    AppError::Invalid(vec![FieldError::new(
        "/set",
        "out_of_range",
        Text::new(
            "测试时钟只能向前拨，一次至多十年。",
            "The test clock only moves forward, ten years at a time at the most.",
        ),
    )])
}
