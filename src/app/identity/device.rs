//! The device grant from the person's side (RFC 8628 §3.3): somebody who signed in
//! enters the code a kiosk shows, sees who asks for what, and decides.
//!
//! What always holds: every code entered is counted as a guess before it is looked
//! for, against the account and against its network.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::sign_in::SignedIn;
use super::throttle;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::codes::CounterCode;
use crate::domain::identity::device_grant::{Approval, Decision};
use crate::domain::identity::{Client, DeviceGrant, ScopeSet, Subject, UserCode};
use crate::domain::network::Network;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{self, Changes, IdentityWrite, ProtocolWrite, user_code_index};

/// A device that waits for somebody to decide.
#[derive(Debug, Clone)]
pub struct PendingDevice {
    /// As the device shows it.
    pub user_code: UserCode,
    pub client: Arc<Client>,
    pub scopes: ScopeSet,
    /// Where the kiosk stands.
    pub counter: Option<CounterCode>,
    pub expires_at: DateTime<Utc>,
}

/// Who enters a code, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Guesser {
    pub account: Uuid,
    pub from: IpAddr,
}

/// What the person decided.
#[derive(Debug, Clone, Copy)]
pub enum Verdict<'a> {
    Approve(&'a SignedIn),
    Deny { account: Uuid },
}

impl Verdict<'_> {
    fn account(&self) -> Uuid {
        match self {
            Verdict::Approve(signed_in) => signed_in.account,
            Verdict::Deny { account } => *account,
        }
    }
}

/// The device that shows this code and waits; `None` when there is none.
///
/// # Errors
/// `Invalid` when the text cannot be a code; `TooMany` after too many wrong ones.
pub async fn find(ctx: &Ctx, user_code: &str, guesser: Guesser) -> AppResult<Option<PendingDevice>> {
    let at = ctx.clock.now();
    let code = read(user_code)?;
    let counted = count(ctx, guesser.account, Some(guesser.from), at).await?;
    let Some(grant) = ctx.store.find_device_grant_by_user_code(&code).await? else { return Ok(None) };
    let Some(client) = client_of(ctx, &grant, at) else { return Ok(None) };
    let mut changes = Changes::new();
    forgive(counted, &mut changes);
    ctx.store.commit(changes).await?;
    Ok(Some(PendingDevice {
        user_code: code,
        scopes: grant.scopes,
        counter: client.counter.clone(),
        client,
        expires_at: grant.expires_at,
    }))
}

/// Lets the device sign in as the person, or does not. The code should have been
/// found before; one that was not is a guess like any other.
///
/// # Errors
/// `InvalidCode` when nothing waits under it any more; `TooMany` after too many
/// wrong ones.
pub async fn decide(ctx: &Ctx, user_code: &str, verdict: Verdict<'_>) -> AppResult<()> {
    let at = ctx.clock.now();
    let code = read(user_code)?;
    let counted = count(ctx, verdict.account(), None, at).await?;
    let grant = ctx.store.find_device_grant_by_user_code(&code).await?.ok_or_else(gone)?;
    let client = client_of(ctx, &grant, at).ok_or_else(gone)?;
    let (decision, account, outcome) = match verdict {
        Verdict::Deny { account } => (Decision::Denied, account, Outcome::Refused),
        Verdict::Approve(signed_in) => {
            let approval = Approval {
                account: signed_in.account,
                methods: signed_in.methods,
                sign_in: signed_in.sign_in,
                authenticated_at: signed_in.at,
            };
            (Decision::Approved(approval), signed_in.account, Outcome::Succeeded)
        }
    };
    let entry = AuditEntry::new(new_id(at), at, AuditAction::DeviceDecided, outcome)
        .by(account)
        .on(&client.id)
        .through(&client.id)
        .with(json!({ "scope": grant.scopes.to_string() }));
    let user_code_index = user_code_index(ctx.store.vault(), &code);
    let mut changes = Changes::new();
    changes.write(ProtocolWrite::DecideDeviceGrant { user_code_index, decision });
    changes.audit(&entry);
    forgive(counted, &mut changes);
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(()),
        // Decided in the same moment.
        Err(store::Error::Stale) => Err(gone()),
        Err(error) => Err(error.into()),
    }
}

fn client_of(ctx: &Ctx, grant: &DeviceGrant, at: DateTime<Utc>) -> Option<Arc<Client>> {
    grant.is_open(at).then(|| ctx.identity.client(grant.client.as_str())).flatten()
}

fn read(user_code: &str) -> AppResult<UserCode> {
    UserCode::parse(user_code).ok_or_else(|| {
        let words = Text::new(
            "代码是设备上显示的 8 个字母，请核对后重新输入。",
            "The code is the eight letters the device shows; compare and enter them again.",
        );
        AppError::Invalid(vec![FieldError::new("/user_code", "not_a_user_code", words)])
    })
}

fn gone() -> AppError {
    Refusal::new(
        RefusalCode::InvalidCode,
        "此代码无效或已过期。请在设备上重新开始。",
        "This code is not good, or no longer. Begin again at the device.",
    )
    .into()
}

/// Counts a guess against whoever makes it; gives what was counted, to be taken
/// back when it was right. No more is: anybody can have a code of his own to enter.
async fn count(
    ctx: &Ctx,
    account: Uuid,
    from: Option<IpAddr>,
    at: DateTime<Utc>,
) -> AppResult<Vec<(Vec<u8>, u32)>> {
    let key = |subject: Subject, value: String| {
        let kind = format!("failures.device_code.{}", subject.as_str());
        (subject, ctx.store.vault().blind_index(&kind, &value))
    };
    let mut subjects = vec![key(Subject::AccountFromNetwork, account.to_string())];
    subjects.extend(from.map(|from| key(Subject::Network, Network::of(from).to_string())));
    let counted = throttle::charge(ctx, &subjects, at).await?;
    Ok(counted.into_iter().map(|(key, charge)| (key, charge.weight)).collect())
}

fn forgive(counted: Vec<(Vec<u8>, u32)>, changes: &mut Changes) {
    for (subject, count) in counted {
        changes.write(IdentityWrite::ForgiveTries { subject, count });
    }
}
