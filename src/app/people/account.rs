//! What one changes of one's own account: name, number, language.
//!
//! What always holds: a proven name is not changed by its owner's word; a new number
//! counts once the code sent to it came back, and signs everything else out.

use serde_json::json;

use super::proving::OwnProof;
use super::texts::{Notice, tell};
use super::{Own, organizations, proving, refused};
use crate::app::ctx::Ctx;
use crate::app::error::{AppError, AppResult};
use crate::app::identity::Caller;
use crate::app::identity::Visitor;
use crate::app::identity::browser::end_everywhere;
use crate::app::identity::holder::Holder;
use crate::app::identity::one_time_codes::answer_code;
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::Mobile;
use crate::domain::identity::{Ial, Purpose, SmsCode};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::registries::PersonName;
use crate::domain::text::{Language, Text};
use crate::store::{
    self, AccountRecord, AccountRow, Changes, Epoch, IdentityWrite, PeopleWrite, PersonRecord, PersonRow,
    mobile_index,
};

/// The caller's own account, with everything that hangs on it.
pub struct Me {
    pub account: AccountRecord,
    pub person: PersonRecord,
    pub ial: Ial,
    /// None through a third party's client: it is none of its business.
    pub proofs: Vec<OwnProof>,
    pub organizations: Vec<organizations::ShownOrganization>,
}

pub async fn me(ctx: &Ctx, caller: &Caller) -> AppResult<Me> {
    let account = ctx.store.find_account(caller.actor.account).await?.ok_or(AppError::Unauthenticated)?;
    let person = ctx.store.find_person(account.person).await?.ok_or(AppError::Unauthenticated)?;
    let ial = ctx.identity.holder_ial(account.id, account.level, ctx.clock.now()).await?;
    let (proofs, organizations) = match caller.client.is_first_party() && caller.principal.is_none() {
        true => (proving::list(ctx, caller).await?, organizations::of_member(ctx, person.id).await?),
        false => (Vec::new(), Vec::new()),
    };
    Ok(Me { account, person, ial, proofs, organizations })
}

/// What is to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct ChangeRequest {
    pub name: Option<String>,
    /// With the code sent to it.
    pub mobile: Option<(String, String)>,
    pub language: Option<String>,
    pub expected_version: Option<u64>,
}

/// The version an account is shown with.
pub fn version(account: &AccountRecord) -> u64 {
    u64::try_from(account.version).unwrap_or_default()
}

/// Changes the caller's account.
///
/// # Errors
/// `Invalid` with everything wrong at once; `Refused` for a proven name and for a
/// number that has an account; `StepUp`, `SignInAgain` for a number; `Stale`.
pub async fn change(ctx: &Ctx, caller: &Caller, visitor: Visitor, request: ChangeRequest) -> AppResult<Me> {
    let own = Own::of(ctx, caller).await?;
    let at = ctx.clock.now();
    if request.expected_version.is_some_and(|expected| expected != version(&own.account)) {
        return Err(AppError::Stale);
    }
    let wanted = Wanted::parse(&request)?;
    let holder = Holder::of_caller(ctx, caller, visitor).await?;
    if wanted.name.is_some() && (own.ial > Ial::DECLARED || own.person.applicant.ial > 1) {
        return Err(proven_name());
    }
    let mut changes = Changes::new();
    let (mut account, mut person) = (own.account.clone(), own.person.clone());
    if let Some((mobile, code)) = &wanted.mobile {
        holder.may_change(ctx).await?;
        changes.write(used(ctx, caller, mobile, code).await?);
        // The old number may be somebody else's tomorrow.
        let offers_to = mobile_index(ctx.store.vault(), &account.mobile);
        changes.write(PeopleWrite::KeepOffers { mobile_index: offers_to, person: person.id });
        account.mobile = mobile.clone();
        person.applicant.mobile = Some(mobile.clone());
    }
    if let Some(name) = &wanted.name {
        person.applicant.name = name.as_str().to_owned();
    }
    account.language = wanted.language.or(account.language);
    account.version += 1;
    person.version += 1;
    let entry = caller.entry(at, AuditAction::AccountChanged, Outcome::Succeeded).on(account.id);
    changes.audit(&entry.with(json!({
        "name": wanted.name.is_some(), "mobile": wanted.mobile.is_some(), "language": wanted.language.is_some(),
    })));
    let vault = ctx.store.vault();
    changes
        .write(PeopleWrite::ChangeAccount(AccountRow::seal(&account, vault)))
        .write(PeopleWrite::UpdatePerson(PersonRow::seal(&person, vault)?))
        .write(Epoch::Identity);
    match ctx.store.commit(changes).await {
        Ok(()) => {}
        Err(store::Error::Duplicate(_)) => return Err(number_taken()),
        Err(error) => return Err(error.into()),
    }
    if wanted.mobile.is_some() {
        end_everywhere(ctx, account.id, holder.spared(), at).await?;
        tell(ctx, &own.account.mobile, Notice::NumberChanged).await;
    }
    me(ctx, caller).await
}

struct Wanted {
    name: Option<PersonName>,
    mobile: Option<(Mobile, SmsCode)>,
    language: Option<Language>,
}

impl Wanted {
    fn parse(request: &ChangeRequest) -> AppResult<Self> {
        let mut errors = Vec::new();
        let name = request.name.as_deref().map(|name| PersonName::parse("/name", name)).transpose();
        let name = name.map_err(|error| errors.push(error)).unwrap_or_default();
        let mut mobile = None;
        if let Some((number, code)) = &request.mobile {
            let number = Mobile::parse(number)
                .map_err(|error| errors.push(FieldError::new("/mobile", error.code, error.detail)));
            let code = SmsCode::parse(code);
            if code.is_none() {
                let words = Text::new(
                    "请填写发到新号码的 6 位验证码。",
                    "Give the six digits sent to the new number.",
                );
                errors.push(FieldError::new("/code", "not_six_digits", words));
            }
            mobile = number.ok().zip(code);
        }
        let language = request.language.as_deref().map(|tag| (Language::parse(tag), tag));
        if let Some((None, _)) = language {
            let words = Text::new("可用：zh-CN、en。", "Expected zh-CN or en.");
            errors.push(FieldError::new("/language", "not_an_option", words));
        }
        match errors.is_empty() {
            true => Ok(Self { name, mobile, language: language.and_then(|(language, _)| language) }),
            false => Err(AppError::Invalid(errors)),
        }
    }
}

/// What uses the code up; a wrong one is on record.
async fn used(ctx: &Ctx, caller: &Caller, mobile: &Mobile, code: &SmsCode) -> AppResult<IdentityWrite> {
    let at = ctx.clock.now();
    if let Some(used) = answer_code(ctx, mobile, Purpose::NewMobile, code, at).await? {
        return Ok(used);
    }
    let entry = caller.entry(at, AuditAction::AccountChanged, Outcome::Refused);
    let mut changes = Changes::new();
    changes.audit(&entry.on(caller.actor.account).with(json!({ "mobile": true })));
    ctx.store.commit(changes).await?;
    Err(wrong_code())
}

pub(super) fn wrong_code() -> AppError {
    let zh = "验证码不正确或已失效。请核对短信，或重新获取验证码。";
    let en = "The code is wrong or no longer good. Compare it with the message, or ask for a new one.";
    let error = FieldError::new("/code", "invalid_code", Text::new(zh, en));
    Refusal::new(RefusalCode::InvalidCode, zh, en).errors(vec![error]).into()
}

fn proven_name() -> AppError {
    refused(
        RefusalCode::WrongState,
        "已实名的姓名不能自行修改。姓名有变更的，请重新实名核验，或携证件到窗口办理。",
        "A proven name is not changed by hand. If yours has changed, prove your identity anew, or take your papers to a counter.",
    )
}

fn number_taken() -> AppError {
    refused(
        RefusalCode::AlreadyExists,
        "该手机号码已有账号。请换一个号码，或先注销那个账号。",
        "This number has an account already. Use another number, or close that account first.",
    )
}
