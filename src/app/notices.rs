//! Telling applicants by SMS what happened to their case, or to their application for
//! a bundle. Messages come from the
//! outbox, written with the event itself, and are sent at least once.

use chrono::{DateTime, TimeDelta, Utc};

use super::ctx::Ctx;
use super::error::{AppError, AppResult};
use super::ports::PortError;
use crate::domain::codes::Mobile;
use crate::domain::text::Text;
use crate::store::{Changes, Message, OutboxWrite, StoredCase};

/// Messages taken in one go.
const PAGE: i64 = 100;
/// After this many attempts a message is given up, and says so in the log.
const ATTEMPTS: u32 = 8;

/// Delivers what is due; gives how many messages were dealt with.
pub async fn deliver_due(ctx: &Ctx) -> AppResult<usize> {
    let at = ctx.clock.now();
    let due = ctx.store.list_due_messages(at, PAGE).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let subjects = due.iter().filter(|message| words(&message.topic).is_some());
    let cases = ctx.store.find_cases(subjects.map(|message| message.subject)).await?;
    let mut delivered = Vec::new();
    let mut changes = Changes::new();
    for message in &due {
        let told = match of_a_bundle(&message.topic) {
            Some(words) => deliver_of_a_bundle(ctx, message, &words).await,
            None => deliver(ctx, message, cases.get(&message.subject)).await,
        };
        match told {
            Ok(()) => delivered.push(message.id),
            Err(error) => {
                changes.write(retry(message, &error, at));
            }
        }
    }
    changes.write(OutboxWrite::Delivered(delivered));
    match ctx.store.commit(changes).await.map_err(AppError::from) {
        // Another instance counted the same attempt; it will be looked at again.
        Err(AppError::Stale) | Ok(()) => Ok(due.len()),
        Err(error) => Err(error),
    }
}

type Found = crate::store::Result<StoredCase>;

async fn deliver(ctx: &Ctx, message: &Message, case: Option<&Found>) -> Result<(), PortError> {
    let (Some(words), Some(found)) = (words(&message.topic), case) else { return Ok(()) };
    let stored = found.as_ref().map_err(|error| PortError::Unavailable(error.to_string()))?;
    let Some(filing) = stored.case.state.filing() else { return Ok(()) };
    let Some(mobile) = filing.applicant.known().and_then(|applicant| applicant.mobile.clone()) else {
        return Ok(());
    };
    send(ctx, &mobile, &words, filing.case_no.as_str()).await
}

/// To whoever the application is for.
async fn deliver_of_a_bundle(ctx: &Ctx, message: &Message, words: &Text) -> Result<(), PortError> {
    let away = |error: crate::store::Error| PortError::Unavailable(error.to_string());
    let Some(stored) = ctx.store.find_application(message.subject).await.map_err(away)? else {
        return Ok(());
    };
    let person = ctx.store.find_person(stored.application.opened.party).await.map_err(away)?;
    let Some(mobile) = person.and_then(|person| person.applicant.mobile) else { return Ok(()) };
    let text = Text::new(
        format!("【万事通】您的“一件事”联办申请{}", words.zh),
        format!("[Wanshitong] Your joint application {}", words.en),
    );
    ctx.sms.send(&mobile, &text).await
}

/// What an applicant is told of an application for a bundle, besides its cases.
fn of_a_bundle(topic: &str) -> Option<Text> {
    Some(match topic {
        "bundle.held" => Text::new(
            "有一个事项需要您补充信息后才能提交，请登录查看。",
            "has a part that waits for something from you; sign in to see what.",
        ),
        "bundle.skipped" => Text::new(
            "有事项不再办理，原因和后续办法请登录查看。",
            "has a part that is not applied for any more; sign in to see why, and what to do.",
        ),
        "bundle.ended" => Text::new("已全部办结，结果请登录查看。", "has ended; sign in to see the results."),
        _ => return None,
    })
}

async fn send(ctx: &Ctx, mobile: &Mobile, words: &Text, case_no: &str) -> Result<(), PortError> {
    let text = Text::new(
        format!("【万事通】办件{case_no}：{}", words.zh),
        format!("[Wanshitong] Case {case_no}: {}", words.en),
    );
    ctx.sms.send(mobile, &text).await
}

/// What an applicant is told of: whatever wants something of him, moves his deadlines
/// or ends his case. Steps inside the agency are not, nor what he did himself.
fn words(topic: &str) -> Option<Text> {
    Some(match topic {
        "case.submitted" => Text::new("申请已收到。", "your application was received."),
        "case.accepted" => Text::new("申请已受理。", "your application was accepted."),
        "case.refused" => {
            Text::new("申请不予受理，请查看通知书。", "your application was not accepted; see the letter.")
        }
        "case.correction_requested" => Text::new(
            "申请需要补正，内容和期限见补正告知书，请登录办理。",
            "something must be mended; sign in: the letter says what, and by when.",
        ),
        "case.transferred" => Text::new(
            "申请已转交其他机关，请查看转办单。",
            "your application was passed on to another agency; see the slip.",
        ),
        "case.paused" => Text::new(
            "依法进行特别程序，所需时间不计入期限，请查看告知书。",
            "a special procedure began, whose time does not count; see the letter.",
        ),
        "case.extended" => {
            Text::new("办理期限已延长，请查看告知书。", "the time limit was extended; see the letter.")
        }
        "case.approved" => Text::new("已准予办理。", "it was approved."),
        "case.denied" => Text::new("不予批准，请查看决定书。", "it was denied; see the decision."),
        "case.delivered" => Text::new("结果已送达。", "the result was delivered."),
        "case.lapsed" => Text::new(
            "逾期未收到所需内容，已终止办理，请查看告知书。",
            "it ended, since what was asked for did not come in time; see the letter.",
        ),
        "case.voided" => Text::new("办件已作废，请查看决定书。", "it was declared void; see the decision."),
        "case.revoked" => {
            Text::new("办理结果已撤销，请查看决定书。", "its result was revoked; see the decision.")
        }
        _ => return None,
    })
}

fn retry(message: &Message, error: &PortError, at: DateTime<Utc>) -> OutboxWrite {
    let attempts = message.attempts + 1;
    let hopeless = matches!(error, PortError::Rejected(_)) || attempts >= ATTEMPTS;
    if hopeless {
        tracing::error!(message = %message.id, topic = message.topic, %error, "a message was given up");
    }
    let pause = TimeDelta::seconds(30 << attempts.min(10));
    OutboxWrite::Retry {
        id: message.id,
        attempts_before: message.attempts,
        next_at: (!hopeless).then(|| at + pause),
    }
}
