//! Accounts: registering.

use uuid::Uuid;

use super::one_time_codes::answer_code;
use super::password_history;
use super::throttle::{Door, Tries, named, parse_at};
use super::visitor::Visitor;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::app::once::{Answer, first_answer};
use crate::domain::audit::{AuditAction, Outcome};
use crate::domain::codes::{Mobile, ResidentId};
use crate::domain::guides::{Applicant, ApplicantKind, IdNumber};
use crate::domain::identity::{Ial, Level, Owner, Password, PasswordProfile, Purpose, SmsCode};
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;
use crate::store::{self, AccountRecord, AccountRow, Changes, Claim, PeopleWrite, PersonRecord, PersonRow};

const LONGEST_NAME: usize = 100;

/// What a new person brings. Nothing of it is believed yet.
#[derive(Debug, Clone)]
pub struct RegisterRequest {
    pub mobile: String,
    /// The one-time code sent to that number.
    pub code: String,
    pub password: String,
    pub name: Option<String>,
    /// Declared, not proven: it gives no right to anything.
    pub id_number: Option<String>,
    pub claim: Option<Claim>,
}

/// Makes an account for whoever holds the number; gives its id.
///
/// # Errors
/// `Invalid` with everything wrong at once; `InvalidCode`; `TooMany`;
/// `AlreadyExists`, told only to who holds the number.
pub async fn register(ctx: &Ctx, request: RegisterRequest, visitor: &Visitor) -> AppResult<Answer<Uuid>> {
    let claim = request.claim.clone();
    let error = match register_once(ctx, request, visitor).await {
        Ok(account) => return Ok(Answer::first(account)),
        Err(error) => error,
    };
    let account = first_answer(ctx, claim.as_ref(), error).await?;
    let unreadable = |_| AppError::Internal("a stored answer is no account id".to_owned());
    account.parse().map(Answer::again).map_err(unreadable)
}

async fn register_once(ctx: &Ctx, request: RegisterRequest, visitor: &Visitor) -> AppResult<Uuid> {
    let wanted = Wanted::parse(&request, ctx.settings.passwords)?;
    let at = ctx.clock.now();
    let tries = Tries::count(ctx, Door::Registration, &wanted.mobile, visitor, at).await?;
    let Some(code_used) = answer_code(ctx, &wanted.mobile, Purpose::Register, &wanted.code, at).await? else {
        let entry = visitor.entry(ctx, at, AuditAction::Registered, Outcome::Refused);
        let mut changes = Changes::new();
        changes.audit(&entry.on(named(ctx, &wanted.mobile).await?));
        ctx.store.commit(changes).await?;
        return Err(invalid_code());
    };
    let password_hash = ctx.identity.hash_password(wanted.password).await?;
    let person = PersonRecord {
        id: new_id(at),
        applicant: wanted.applicant,
        ial_until: None,
        created_at: at,
        version: 1,
    };
    let account = AccountRecord {
        id: new_id(at),
        person: person.id,
        mobile: wanted.mobile,
        password_hash: Some(password_hash.clone()),
        level: Level::DECLARED,
        language: None,
        created_at: at,
        closed_at: None,
        version: 1,
    };
    let vault = ctx.store.vault();
    let mut changes = Changes::new();
    changes.write(code_used);
    changes.write(PeopleWrite::InsertPerson(PersonRow::seal(&person, vault)?));
    changes.write(PeopleWrite::InsertAccount(AccountRow::seal(&account, vault)));
    changes.audit(
        &visitor.entry(ctx, at, AuditAction::Registered, Outcome::Succeeded).by(account.id).on(account.id),
    );
    password_history::note_chosen(ctx, account.id, &password_hash, at, &mut changes);
    tries.forgive(&mut changes);
    changes.claim(request.claim.as_ref(), account.id.to_string(), at);
    match ctx.store.commit(changes).await {
        Ok(()) => Ok(account.id),
        Err(store::Error::Duplicate(_)) => Err(already_registered()),
        // Somebody else used the code in the same moment.
        Err(store::Error::Stale) => Err(invalid_code()),
        Err(error) => Err(error.into()),
    }
}

/// A registration whose fields all have the right form.
struct Wanted {
    mobile: Mobile,
    code: SmsCode,
    password: Password,
    applicant: Applicant,
}

impl Wanted {
    fn parse(request: &RegisterRequest, passwords: PasswordProfile) -> AppResult<Self> {
        let mut errors = Vec::new();
        let mobile = keep(parse_at("/mobile", Mobile::parse(&request.mobile)), &mut errors);
        let code = keep(SmsCode::parse(&request.code).ok_or_else(|| vec![wrong_code_form()]), &mut errors);
        let name = keep(parse_name(request.name.as_deref()), &mut errors);
        let id_number = keep(
            request
                .id_number
                .as_deref()
                .map(|text| parse_at("/id_number", ResidentId::parse(text)))
                .transpose(),
            &mut errors,
        );
        let password = mobile.as_ref().and_then(|mobile| {
            let owner = Owner { mobile, name: request.name.as_deref() };
            keep(passwords.choose(&request.password, owner, "/password"), &mut errors)
        });
        match (mobile, code, password, name, id_number) {
            (Some(mobile), Some(code), Some(password), Some(name), Some(id_number)) => {
                let applicant = declared(name, id_number, mobile.clone());
                Ok(Self { mobile, code, password, applicant })
            }
            _ => Err(AppError::Invalid(errors)),
        }
    }
}

/// A person as he describes himself.
fn declared(name: String, id_number: Option<ResidentId>, mobile: Mobile) -> Applicant {
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name,
        birth_date: id_number.as_ref().map(ResidentId::birth_date),
        gender: id_number.as_ref().map(ResidentId::gender),
        id_number: id_number.map(IdNumber::ResidentId),
        residence: None,
        mobile: Some(mobile),
        ial: Ial::DECLARED.get(),
        verified: std::collections::BTreeSet::new(),
    }
}

fn keep<T>(result: Result<T, Vec<FieldError>>, errors: &mut Vec<FieldError>) -> Option<T> {
    result.map_err(|found| errors.extend(found)).ok()
}

fn parse_name(name: Option<&str>) -> Result<String, Vec<FieldError>> {
    let name = name.unwrap_or_default().trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        let detail = Text::new(
            format!("姓名最多 {LONGEST_NAME} 个字符，不含控制字符。"),
            format!("A name has at most {LONGEST_NAME} characters and no control characters."),
        );
        return Err(vec![FieldError::new("/name", "too_long", detail)]);
    }
    Ok(name.to_owned())
}

fn wrong_code_form() -> FieldError {
    let detail = Text::new(
        "验证码是 6 位数字，请查看短信。",
        "The code is six digits; look at the message you were sent.",
    );
    FieldError::new("/code", "not_six_digits", detail)
}

fn invalid_code() -> AppError {
    let zh = "验证码不正确或已失效。请核对短信，或重新获取验证码。";
    let en = "The code is wrong or no longer good. Compare it with the message, or ask for a new one.";
    let error = FieldError::new("/code", "invalid_code", Text::new(zh, en));
    Refusal::new(RefusalCode::InvalidCode, zh, en).errors(vec![error]).into()
}

fn already_registered() -> AppError {
    Refusal::new(
        RefusalCode::AlreadyExists,
        "您已有账号，请直接登录；如无法登录，请到窗口办理。",
        "You have an account already: sign in. If you cannot, a service counter helps.",
    )
    .into()
}
