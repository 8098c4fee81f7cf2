//! 帮办码: an officer hands it to a principal before him; whoever helps him enters
//! it and may act for him for a few days.
//!
//! What always holds: a code works once, for ten minutes; every code entered is
//! counted as a guess before it is looked for, against the account and its network.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::counter::{permit_at_counter, present};
use super::mandates::{NEEDED, ShownMandate, entry};
use super::{Own, answered_before, mandates, refused, unknown_guides};
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::throttle::charge;
use crate::app::once::{Answer, Claim};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::identity::{Subject, UserCode};
use crate::domain::mandates::{IssuedCode, Mandate, MandateKind};
use crate::domain::network::Network;
use crate::domain::policy::Operation;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{
    self, Changes, Epoch, HelperCodeRow, IdentityWrite, MandateRow, PeopleWrite, helper_code_digest, random,
};

/// How often another code is drawn when one is taken.
const DRAWS: usize = 5;

/// A code to be handed over; it is shown once.
pub struct HandedCode {
    pub code: UserCode,
    pub issued: IssuedCode,
}

/// Issues a code for the person before the officer.
///
/// # Errors
/// `NotFound`; `Invalid` with everything wrong at once; `Refused` for the officer himself.
pub async fn issue(
    ctx: &Ctx,
    caller: &Caller,
    principal: Uuid,
    guides: Vec<String>,
    valid_until: DateTime<Utc>,
) -> AppResult<HandedCode> {
    permit_at_counter(ctx, caller, Operation::WitnessPerson).await?;
    let (principal, _) = present(ctx, caller, principal).await?;
    let at = ctx.clock.now();
    let unknown = unknown_guides(ctx, Some(&guides)).await?;
    let guides = guides.into_iter().collect();
    let issued = IssuedCode::issue(principal.id, guides, valid_until, caller.actor.account, at);
    let issued = match issued {
        Ok(issued) if unknown.is_empty() => issued,
        issued => {
            let wrong = issued.err().into_iter().flatten();
            return Err(AppError::Invalid(wrong.chain(unknown).collect()));
        }
    };
    for _ in 0..DRAWS {
        let code = UserCode::from_random(random());
        let details = json!({ "guides": issued.guides, "until": issued.valid_until });
        let mut changes = Changes::new();
        changes.write(PeopleWrite::InsertHelperCode(HelperCodeRow::new(&code, &issued, ctx.store.vault())));
        let entry = caller.entry(at, AuditAction::HelperCodeIssued, Outcome::Succeeded);
        changes.audit(&entry.on(principal.id).with(details));
        match ctx.store.commit(changes).await {
            Ok(()) => return Ok(HandedCode { code, issued }),
            Err(store::Error::Duplicate(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("no helper code is free".to_owned()))
}

/// Enters a code; gives the mandate it becomes.
///
/// # Errors
/// `StepUp`; `TooMany` after too many wrong ones; `Refused` with `InvalidCode` for
/// whatever is no good.
pub async fn redeem(
    ctx: &Ctx,
    caller: &Caller,
    from: IpAddr,
    code: &str,
    claim: Option<Claim>,
) -> AppResult<Answer<ShownMandate>> {
    let own = Own::of(ctx, caller).await?;
    let error = match redeem_once(ctx, caller, &own, from, code, claim.as_ref()).await {
        Ok(id) => return mandates::read(ctx, caller, id).await.map(Answer::first),
        Err(error) => error,
    };
    answered_before(ctx, claim.as_ref(), error, async |id| mandates::read(ctx, caller, id).await).await
}

async fn redeem_once(
    ctx: &Ctx,
    caller: &Caller,
    own: &Own,
    from: IpAddr,
    code: &str,
    claim: Option<&Claim>,
) -> AppResult<Uuid> {
    own.known_at_least(caller, NEEDED)?;
    let code = UserCode::parse(code).ok_or_else(not_a_code)?;
    let at = ctx.clock.now();
    let counted = count(ctx, own, from, at).await?;
    let issued = ctx.store.find_helper_code(&code).await?.filter(|issued| issued.is_good(at));
    let Some(issued) = issued else {
        let entry = caller.entry(at, AuditAction::HelperCodeRedeemed, Outcome::Refused);
        let mut changes = Changes::new();
        changes.audit(&entry.on(own.account.id));
        ctx.store.commit(changes).await?;
        return Err(no_good().into());
    };
    if issued.principal == own.person.id {
        return Err(refused(
            RefusalCode::SamePerson,
            "帮办码须由帮办人输入。",
            "The helper enters the code, not the one who is helped.",
        ));
    }
    let mandate = Mandate::settled(issued.mandate(new_id(at), at), MandateKind::Agency, own.person.id, at);
    let mut changes = Changes::new();
    for (subject, count) in counted {
        changes.write(IdentityWrite::ForgiveTries { subject, count });
    }
    let digest = helper_code_digest(ctx.store.vault(), &code);
    changes
        .write(PeopleWrite::RedeemHelperCode { digest, at })
        .write(PeopleWrite::InsertMandate(MandateRow::seal(&mandate, ctx.store.vault())))
        .write(Epoch::Identity);
    let redeemed = caller.entry(at, AuditAction::HelperCodeRedeemed, Outcome::Succeeded);
    changes.audit(&redeemed.on(mandate.principal).with(json!({ "mandate": mandate.id })));
    changes.audit(&entry(caller, AuditAction::MandateAccepted, &mandate, at));
    changes.claim(claim, mandate.id.to_string(), at);
    match ctx.store.commit(changes).await {
        Ok(()) => {
            ctx.identity.forget_rights();
            Ok(mandate.id)
        }
        // Entered by somebody else in the same moment.
        Err(store::Error::Stale) => Err(no_good().into()),
        Err(error) => Err(error.into()),
    }
}

async fn count(ctx: &Ctx, own: &Own, from: IpAddr, at: DateTime<Utc>) -> AppResult<Vec<(Vec<u8>, u32)>> {
    let key = |subject: Subject, value: String| {
        let kind = format!("failures.helper_code.{}", subject.as_str());
        (subject, ctx.store.vault().blind_index(&kind, &value))
    };
    let subjects = [
        key(Subject::AccountFromNetwork, own.account.id.to_string()),
        key(Subject::Network, Network::of(from).to_string()),
    ];
    let counted = charge(ctx, &subjects, at).await?;
    Ok(counted.into_iter().map(|(key, charge)| (key, charge.weight)).collect())
}

fn not_a_code() -> AppError {
    let words = Text::new(
        "帮办码是 8 个字母，请核对后重新输入。",
        "A helper code is eight letters; compare and enter it again.",
    );
    AppError::Invalid(vec![FieldError::new("/code", "not_a_helper_code", words)])
}

fn no_good() -> Refusal {
    Refusal::new(
        RefusalCode::InvalidCode,
        "帮办码不正确或已失效。请核对，或请本人在窗口重新领取。",
        "The helper code is wrong or no longer good. Compare it, or let the person get another at the counter.",
    )
}

/// Drops codes that have had their time.
pub async fn sweep(ctx: &Ctx) -> AppResult<()> {
    let mut changes = Changes::new();
    changes.write(PeopleWrite::SweepHelperCodes { before: ctx.clock.now() });
    Ok(ctx.store.commit(changes).await?)
}
