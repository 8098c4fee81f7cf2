//! Whoever changes what his account is proven with: through a client, or on the
//! portal's own pages.

use chrono::{DateTime, TimeDelta, Utc};

use super::browser::{Guest, Spared};
use super::visitor::Visitor;
use super::{Caller, acr};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::domain::audit::{AuditAction, AuditEntry, Outcome};
use crate::domain::identity::{Aal, Method};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::store::{AccountRecord, PersonRecord};

/// How old a sign-in may be for changing what proves the account.
pub const FRESH: TimeDelta = TimeDelta::minutes(5);

#[derive(Debug, Clone)]
pub struct Holder {
    pub account: AccountRecord,
    pub person: PersonRecord,
    aal: Aal,
    /// None for the tokens of a demo, which no sign-in stands behind.
    authenticated_at: Option<DateTime<Utc>>,
    /// What stays signed in when everything else is ended.
    pub(super) spared: Spared,
    client: Option<String>,
    pub(super) visitor: Visitor,
}

impl Holder {
    /// # Errors
    /// `Forbidden` through a third party's client, which must not hold the keys of
    /// the house, and with a token for somebody else's affairs.
    pub async fn of_caller(ctx: &Ctx, caller: &Caller, visitor: Visitor) -> AppResult<Self> {
        if !caller.client.is_first_party() || caller.principal.is_some() {
            return Err(AppError::Forbidden);
        }
        let account = ctx.store.find_account(caller.actor.account).await?.ok_or(AppError::Unauthenticated)?;
        let person = ctx.store.find_person(account.person).await?.ok_or(AppError::Unauthenticated)?;
        let session = match caller.session {
            Some(id) => Some(ctx.store.find_session(id).await?.ok_or(AppError::Unauthenticated)?),
            None => None,
        };
        Ok(Self {
            account,
            person,
            aal: Aal::new(caller.aal).unwrap_or(Aal::ONE_FACTOR),
            authenticated_at: session.as_ref().map(|session| session.authenticated_at),
            spared: Spared {
                session: caller.session,
                sign_in: session.as_ref().and_then(|session| session.sign_in),
            },
            client: Some(caller.client.id.to_string()),
            visitor: visitor.through(&caller.client),
        })
    }

    pub fn of_guest(guest: &Guest, visitor: &Visitor) -> Self {
        Self {
            account: guest.account.clone(),
            person: guest.person.clone(),
            aal: guest.sign_in.aal(),
            authenticated_at: Some(guest.sign_in.authenticated_at),
            spared: Spared { sign_in: Some(guest.sign_in.id), session: None },
            client: None,
            visitor: visitor.clone(),
        }
    }

    /// Whether he proved himself well enough to change what proves him: with two
    /// factors where he has a second one, else a moment ago.
    ///
    /// # Errors
    /// `StepUp` or `SignInAgain` (RFC 9470).
    pub async fn may_change(&self, ctx: &Ctx) -> AppResult<()> {
        let enrolled = super::browser::enrolled(ctx, &self.account).await?;
        let has_second = [Method::Totp, Method::Passkey, Method::BoundPasskey]
            .into_iter()
            .any(|method| enrolled.contains(method));
        match (has_second, self.aal >= Aal::TWO_FACTORS, self.is_fresh(ctx)) {
            (true, true, _) | (false, _, true) => Ok(()),
            (true, false, _) => Err(self.second_factor_needed()),
            (false, _, false) => {
                Err(AppError::SignInAgain { max_age_seconds: FRESH.num_seconds().unsigned_abs() })
            }
        }
    }

    /// Whether he signed in a moment ago.
    pub fn is_fresh(&self, ctx: &Ctx) -> bool {
        self.authenticated_at.is_none_or(|at| ctx.clock.now() <= at + FRESH)
    }

    /// What stays signed in when everything else is ended.
    pub fn spared(&self) -> Spared {
        self.spared
    }

    fn second_factor_needed(&self) -> AppError {
        let refusal = Refusal::new(
            RefusalCode::InsufficientIdentity,
            "您已设置第二种验证方式，更改验证方式前请先用它验证。",
            "You have a second factor. Show it first, then change what you sign in with.",
        );
        AppError::StepUp {
            refusal: Box::new(refusal),
            acr_values: acr(self.account.level.ial.get(), Aal::TWO_FACTORS.get()),
        }
    }

    /// A line of the audit trail for what he does.
    pub(super) fn entry(&self, ctx: &Ctx, action: AuditAction, outcome: Outcome) -> AuditEntry {
        let entry = self.visitor.entry(ctx, ctx.clock.now(), action, outcome);
        AuditEntry { client: self.client.clone(), ..entry.by(self.account.id).on(self.account.id) }
    }
}
