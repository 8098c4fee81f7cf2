//! 注销: closing one's own account.
//!
//! What always holds: the account signs nobody in from that moment; its number is
//! free; what was applied for goes on and stays the person's, who finds it again
//! when he registers anew and proves who he is (个人信息保护法 47, with what other
//! laws ask to be kept: cases, letters, the audit trail).

use chrono::{DateTime, Utc};
use serde_json::json;

use super::account::wrong_code;
use super::mandates::write_end;
use super::{ATTEMPTS, Own, refused};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::browser::{Spared, end_everywhere};
use crate::app::identity::holder::{FRESH, Holder};
use crate::app::identity::one_time_codes::answer_code;
use crate::app::identity::{Caller, Visitor};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::identity::{Purpose, SmsCode};
use crate::domain::mandates::{EndedBy, MandateKind, Standing};
use crate::domain::refusal::RefusalCode;
use crate::domain::text::Text;
use crate::store::{self, Changes, Epoch, IdentityWrite, PeopleWrite, PersonRow, mobile_index};

/// An account that is no more.
pub struct Closed {
    pub at: DateTime<Utc>,
    /// Cases that go on.
    pub open_cases: i64,
    pub words: Text,
}

/// Closes the caller's account: after a sign-in of the last five minutes, or with a
/// code sent to its number.
///
/// # Errors
/// `SignInAgain`; `Refused` with a wrong code, and while he holds a post.
pub async fn close(ctx: &Ctx, caller: &Caller, visitor: Visitor, code: Option<&str>) -> AppResult<Closed> {
    let own = Own::of(ctx, caller).await?;
    let at = ctx.clock.now();
    let posts = ctx.store.list_posts(own.account.id).await?;
    if posts.iter().any(|post| post.valid_until.is_none_or(|until| at < until)) {
        return Err(holds_posts());
    }
    let holder = Holder::of_caller(ctx, caller, visitor).await?;
    let used = match code {
        Some(text) => Some(answered(ctx, caller, &own, text).await?),
        None if holder.is_fresh(ctx) => None,
        None => return Err(AppError::SignInAgain { max_age_seconds: FRESH.num_seconds().unsigned_abs() }),
    };
    let former = ctx.store.list_former_records(own.person.id).await?;
    let parties = std::iter::once(own.person.id).chain(former).collect();
    let open_cases = ctx.store.count_open_cases(parties).await?;
    for _ in 0..ATTEMPTS {
        let Some(account) = ctx.store.find_account(own.account.id).await? else {
            return Err(AppError::Unauthenticated);
        };
        let mut person = ctx.store.find_person(account.person).await?.ok_or(AppError::Unauthenticated)?;
        let line = |action| caller.entry(at, action, Outcome::Succeeded);
        let mut changes = Changes::new();
        if let Some(used) = &used {
            changes.write(used.clone());
        }
        for mandate in ctx.store.list_mandates_given(vec![person.id]).await? {
            let stands = matches!(mandate.standing(at), Standing::Offered | Standing::Accepted);
            if stands && mandate.kind == MandateKind::Agency && mandate.parent.is_none() {
                write_end(ctx, mandate, EndedBy::Principal, None, &line, &mut changes).await?;
            }
        }
        // The number may be somebody else's tomorrow.
        person.applicant.mobile = None;
        person.version += 1;
        let vault = ctx.store.vault();
        let offers_to = mobile_index(vault, &account.mobile);
        changes
            .write(PeopleWrite::KeepOffers { mobile_index: offers_to, person: person.id })
            .write(PeopleWrite::CloseAccount {
                account: account.id,
                at,
                expected_version: account.version,
                mobile_index: vault.blind_index("mobile.closed", &account.id.to_string()),
            })
            .write(PeopleWrite::UpdatePerson(PersonRow::seal(&person, vault)?))
            .write(Epoch::Identity);
        let entry = line(AuditAction::AccountClosed).on(account.id);
        changes.audit(&entry.with(json!({ "open_cases": open_cases, "by_code": used.is_some() })));
        match ctx.store.commit(changes).await {
            Ok(()) => {
                ctx.identity.forget_rights();
                end_everywhere(ctx, account.id, Spared::default(), at).await?;
                return Ok(Closed { at, open_cases, words: farewell(open_cases) });
            }
            Err(store::Error::Stale) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(AppError::Unavailable("the account keeps changing".to_owned()))
}

/// What uses the code up; a wrong one is on record.
async fn answered(ctx: &Ctx, caller: &Caller, own: &Own, text: &str) -> AppResult<IdentityWrite> {
    let at = ctx.clock.now();
    let code = SmsCode::parse(text).ok_or_else(wrong_code)?;
    if let Some(used) = answer_code(ctx, &own.account.mobile, Purpose::CloseAccount, &code, at).await? {
        return Ok(used);
    }
    let mut changes = Changes::new();
    changes.audit(&caller.entry(at, AuditAction::AccountClosed, Outcome::Refused).on(own.account.id));
    ctx.store.commit(changes).await?;
    Err(wrong_code())
}

fn holds_posts() -> AppError {
    refused(
        RefusalCode::WrongState,
        "您仍担任岗位，不能注销账号。请先由管理员免去岗位。",
        "You still hold a post; let an administrator end it first.",
    )
}

fn farewell(open_cases: i64) -> Text {
    match open_cases {
        0 => Text::new(
            "账号已注销。办过的事和证照依法保存；重新注册并实名核验后可再次查看。",
            "Your account is closed. What you applied for and were given is kept as the law asks; register again and prove your identity to see it.",
        ),
        count => Text::new(
            format!(
                "账号已注销。您有 {count} 件正在办理的事项会继续办理，不因注销而终止；决定书依法送达，您也可在重新注册并实名核验后查看，或到窗口查询。"
            ),
            format!(
                "Your account is closed. {count} of your cases go on; closing does not end them. Their letters are served as the law asks, and you find them again when you register and prove your identity, or at a counter."
            ),
        ),
    }
}
