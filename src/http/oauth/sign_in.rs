//! The steps of a sign-in: each form of the sign-in pages comes here, and leads on
//! to the client, to the next page, or back to itself with what is wrong.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::authorize::{failed, go_on, refuse, rejected, show_sign_in};
use super::cookies;
use super::form::{Form, parameters};
use super::visit::{Carried, Target, Visit};
use crate::app::identity::browser::Guest;
use crate::app::identity::passkeys::{self, Answer, Begun};
use crate::app::identity::second_factor::{self, Factor};
use crate::app::identity::sign_in::{self, Entered, Proof};
use crate::app::identity::{consents, one_time_codes};
use crate::app::{AppError, AppResult, Ctx};
use crate::domain::identity::{Methods, OAuthCode, OAuthError, Parameters, Purpose, Step};
use crate::domain::text::Language;
use crate::http::extract::Accepted;
use crate::http::pages::{self, SecondFactorPage, Shown};
use crate::http::problem::{Code, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// The page of the step a sign-in has come to.
#[utoipa::path(tag = "oauth", operation_id = "sign_in_page", params(
    ("request" = Option<String>, Query), ("stale" = Option<String>, Query), ("form_token" = Option<String>, Query),
), responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = 400, content_type = "text/html", body = String)))]
#[get("/oauth2/sign_in")]
pub async fn sign_in_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let asked = parameters(request.query_string())?;
    let back = request.uri().path_and_query().map(ToString::to_string);
    let language = cookies::language(&request).unwrap_or(language.0);
    let carried = Carried { shown_to: None, ..Carried::read(&asked) };
    let answer = match Visit::new(&ctx, &request, carried, asked.get("form_token"), language).await {
        Ok(Ok(mut visit)) => go_on(&mut visit, None, &Shown::default()).await,
        Ok(Err(rejection)) => Ok(rejected(&ctx, &rejection, back.as_deref(), language)),
        Err(error) => Err(error),
    };
    Ok(answer.unwrap_or_else(|error| failed(error, back.as_deref(), language)))
}

/// A step of a sign-in: something shown, agreed to, or given up.
#[utoipa::path(tag = "oauth", operation_id = "sign_in",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/oauth2/sign_in")]
pub async fn sign_in_step(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    let (form, language) = (form.0, cookies::language(&request).unwrap_or(language.0));
    let found = Visit::new(&ctx, &request, Carried::read(&form), form.get("form_token"), language).await;
    let mut visit = match found {
        Ok(Ok(visit)) => visit,
        Ok(Err(rejection)) => return Ok(rejected(&ctx, &rejection, None, language)),
        Err(error) => return Ok(failed(error, None, language)),
    };
    let answer = match take(&mut visit, &form).await {
        Ok(Next::Answer(answer)) => Ok(answer),
        Ok(Next::GoOn) => forward(&mut visit).await,
        Ok(Next::Again(shown)) => again(&mut visit, &form, &shown).await,
        Err(error) => again(&mut visit, &form, &told(error)).await,
    };
    Ok(answer.unwrap_or_else(|error| failed(error, None, language)))
}

/// What comes of a step.
enum Next {
    Answer(HttpResponse),
    /// On to whatever comes next.
    GoOn,
    /// The same page, with this.
    Again(Shown),
}

async fn take(visit: &mut Visit<'_>, form: &Parameters) -> AppResult<Next> {
    let stale = || Ok(Next::Again(Shown::problem(pages::stale_form())));
    if !visit.is_own {
        return stale();
    }
    match form.get("action") {
        Some("cancel") => Ok(Next::Answer(refuse(visit, denied("the person did not sign in")))),
        Some("unmet") => {
            let code = OAuthCode::UnmetAuthenticationRequirements;
            let error = OAuthError::new(code, "the person cannot reach what was asked for");
            Ok(Next::Answer(refuse(visit, error)))
        }
        Some("again") => Ok(Next::GoOn),
        Some("other") => Ok(Next::Answer(show_sign_in(visit, "", false, &Shown::default()))),
        Some("send_code") => {
            let mobile = form.get("mobile").unwrap_or_default();
            one_time_codes::request_sms_code(visit.ctx, mobile, Purpose::SignIn, &visit.visitor).await?;
            let shown = Shown::notice(pages::code_sent());
            Ok(Next::Answer(show_sign_in(visit, mobile, true, &shown)))
        }
        Some(
            action @ ("send_factor" | "show_password" | "show_code" | "totp" | "recovery" | "show_passkey"
            | "allow" | "deny"),
        ) => match visit.shown_to().cloned() {
            Some(guest) => take_of_guest(visit, &guest, action, form).await,
            None => stale(),
        },
        // Pressing Enter sends the form without naming a button.
        action => enter(visit, proof(action, form)).await,
    }
}

fn denied(description: &'static str) -> OAuthError {
    OAuthError::new(OAuthCode::AccessDenied, description)
}

fn proof(action: Option<&str>, form: &Parameters) -> Proof {
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    match action {
        Some("code") => Proof::SmsCode { mobile: field("mobile"), code: field("code") },
        Some("passkey") => Proof::Passkey(answer(form)),
        Some(_) | None => Proof::Password { mobile: field("mobile"), password: field("password") },
    }
}

fn answer(form: &Parameters) -> Answer {
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    Answer { ceremony: field("ceremony"), credential: field("credential") }
}

async fn enter(visit: &mut Visit<'_>, proof: Proof) -> AppResult<Next> {
    let shown = match &proof {
        Proof::Password { .. } => Shown::at("password", pages::denied(false)),
        Proof::SmsCode { .. } => Shown::at("code", pages::denied(true)),
        Proof::Passkey(_) => Shown::problem(pages::passkey_denied()),
    };
    let (channel, before) = (visit.channel(), visit.guest.as_ref());
    match sign_in::sign_in(visit.ctx, proof, channel, &visit.visitor, before).await? {
        Entered::Denied => Ok(Next::Again(shown)),
        Entered::In(secret) => {
            visit.enter(&secret).await?;
            Ok(Next::GoOn)
        }
    }
}

/// A step of somebody who signed in and lacks something.
async fn take_of_guest(
    visit: &mut Visit<'_>,
    guest: &Guest,
    action: &str,
    form: &Parameters,
) -> AppResult<Next> {
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    let (factor, shown) = match action {
        "allow" => return agree(visit, guest).await,
        "deny" => {
            if let Target::Client { client, .. } = &visit.target {
                consents::deny(visit.ctx, guest, client, &visit.visitor).await?;
            }
            return Ok(Next::Answer(refuse(visit, denied("the person did not agree"))));
        }
        "send_factor" => {
            second_factor::send_code(visit.ctx, guest, &visit.visitor).await?;
            return Ok(Next::Again(Shown::notice(pages::code_sent())));
        }
        "show_password" => {
            (Factor::Password(field("password")), Shown::at("password", pages::factor_denied()))
        }
        "show_code" => (Factor::SmsCode(field("code")), Shown::at("code", pages::denied(true))),
        "recovery" => {
            let shown = Shown::at("recovery_code", pages::factor_denied());
            (Factor::RecoveryCode(field("recovery_code")), shown)
        }
        "show_passkey" => (Factor::Passkey(answer(form)), Shown::problem(pages::passkey_denied())),
        _ => (Factor::Totp(field("code")), Shown::at("code", pages::factor_denied())),
    };
    match second_factor::show(visit.ctx, guest, factor, &visit.visitor).await? {
        Entered::Denied => Ok(Next::Again(shown)),
        Entered::In(secret) => {
            visit.enter(&secret).await?;
            Ok(Next::GoOn)
        }
    }
}

async fn agree(visit: &mut Visit<'_>, guest: &Guest) -> AppResult<Next> {
    // Only to what is being asked now, by a client that is still waiting for it.
    let (step, _) = visit.next(None).await?;
    let (Step::AskConsent(missing), Target::Client { client, .. }) = (step, &visit.target) else {
        return Ok(Next::GoOn);
    };
    let consent = consents::give(visit.ctx, guest, client, missing, &visit.visitor).await?;
    go_on(visit, Some(consent), &Shown::default()).await.map(Next::Answer)
}

/// On to the client, or to the page of the next step by an address that can be
/// loaded anew.
async fn forward(visit: &mut Visit<'_>) -> AppResult<HttpResponse> {
    match visit.next(None).await?.0 {
        Step::Answer => visit.leave().await,
        Step::Refuse(error) => Ok(refuse(visit, error)),
        Step::AskPassword | Step::AskSecondFactor(_) | Step::AskConsent(_) | Step::AskIdentity(_) => {
            Ok(visit.see_other(&visit.resume("/oauth2/sign_in")))
        }
    }
}

/// The page the form was on, with what is wrong, or with what was sent.
async fn again(visit: &mut Visit<'_>, form: &Parameters, shown: &Shown) -> AppResult<HttpResponse> {
    let action = form.get("action").unwrap_or_default();
    match visit.next(None).await?.0 {
        Step::AskSecondFactor(open) => Ok(show_second_factor(visit, open, action, shown)),
        Step::AskPassword => {
            let mobile = form.get("mobile").unwrap_or_default();
            Ok(show_sign_in(visit, mobile, action == "code", shown))
        }
        // Somebody who could have gone on tried to sign in as somebody else.
        Step::Answer | Step::Refuse(_) | Step::AskConsent(_) | Step::AskIdentity(_)
            if matches!(action, "" | "password" | "code" | "passkey" | "send_code") && visit.is_own =>
        {
            let mobile = form.get("mobile").unwrap_or_default();
            Ok(show_sign_in(visit, mobile, action == "code", shown))
        }
        Step::Answer | Step::Refuse(_) | Step::AskConsent(_) | Step::AskIdentity(_) => {
            go_on(visit, None, shown).await
        }
    }
}

fn show_second_factor(visit: &Visit<'_>, open: Methods, action: &str, shown: &Shown) -> HttpResponse {
    let sealed = visit.sealed();
    let (mobile, hidden) = (visit.masked(), sealed.hidden());
    let page = SecondFactorPage {
        frame: visit.frame(&sealed),
        client: visit.client(),
        hidden: &hidden,
        mobile: &mobile,
        open,
        code_was_sent: matches!(action, "send_factor" | "show_code"),
        shown,
    };
    visit.show(shown, page.render())
}

/// What a page says of an error.
pub fn told(error: AppError) -> Shown {
    match error {
        AppError::Invalid(errors) => Shown::invalid(errors),
        AppError::Refused(refusal) if !refusal.errors.is_empty() => Shown::invalid(refusal.errors),
        AppError::Refused(refusal) => Shown::problem(refusal.detail),
        AppError::TooMany { retry_after_seconds } => Shown {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after_seconds: Some(retry_after_seconds),
            ..Shown::problem(pages::wait(retry_after_seconds))
        },
        other => {
            // Logged where all problems are; the page says no more than it must.
            let problem = Problem::from(other);
            let status = problem.code.status();
            let retry_after_seconds = status.is_server_error().then_some(1);
            Shown { status, retry_after_seconds, ..Shown::problem(problem.code.title()) }
        }
    }
}

/// What a browser needs to ask a passkey.
#[derive(Debug, Serialize, ToSchema)]
pub struct CeremonyView {
    /// Sent back with the passkey's answer.
    pub ceremony: String,
    /// `PublicKeyCredentialCreationOptions` or `…RequestOptions` (WebAuthn Level 3 §5.4,
    /// §5.5) as JSON, byte strings in base64url.
    #[schema(value_type = Object)]
    pub options: serde_json::Value,
}

impl From<Begun> for CeremonyView {
    fn from(begun: Begun) -> Self {
        Self { ceremony: begun.ceremony.expose().to_owned(), options: begun.options }
    }
}

/// Begins a passkey ceremony for a form of the sign-in pages.
#[utoipa::path(tag = "oauth", operation_id = "passkey_options",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = CeremonyView), (status = "4XX", body = ProblemView)))]
#[post("/oauth2/passkey")]
pub async fn passkey_options(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    let form = form.0;
    let found = Visit::new(&ctx, &request, Carried::read(&form), form.get("form_token"), language.0);
    let visit = match found.await? {
        Ok(visit) if visit.is_own => visit,
        Ok(_) | Err(_) => return Err(not_our_page()),
    };
    let begun = match (form.get("action"), visit.shown_to()) {
        (Some("show_passkey"), Some(guest)) => passkeys::begin_step_up(&ctx, guest.account.id).await?,
        (Some("show_passkey"), None) => return Err(not_our_page()),
        (_, _) => passkeys::begin_sign_in(&ctx).await?,
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(CeremonyView::from(begun)))
}

/// A script asks for what only the page it was shown on may ask for.
pub fn not_our_page() -> Problem {
    let words = pages::stale_form();
    Problem::new(Code::BadRequest).detail(words.zh, words.en)
}

/// Chooses the language of the pages, and goes back to the page it was chosen on.
#[utoipa::path(tag = "oauth", operation_id = "choose_language",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303)))]
#[post("/oauth2/language")]
pub async fn choose_language(ctx: web::Data<Ctx>, form: Form) -> HttpResponse {
    let language = match form.0.get("language") {
        Some("en") => Language::En,
        Some(_) | None => Language::Zh,
    };
    let back = form.0.get("back").filter(|back| is_own_page(back)).unwrap_or("/account");
    HttpResponse::SeeOther()
        .insert_header((LOCATION, back))
        .insert_header((SET_COOKIE, cookies::set_language(&ctx, language)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// Nothing but a page of ours, on this very host.
fn is_own_page(back: &str) -> bool {
    const PAGES: [&str; 7] = [
        "/oauth2/authorize",
        "/oauth2/sign_in",
        "/oauth2/register",
        "/oauth2/password",
        "/oauth2/end_session",
        "/account",
        "/device",
    ];
    let path = back.split('?').next().unwrap_or_default();
    back.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && PAGES.iter().any(|page| path == *page || (*page == "/account" && path.starts_with("/account/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_chosen_on_our_own_pages_alone() {
        for back in
            ["/account", "/account/totp", "/oauth2/sign_in?request=a%26b&stale=", "/device?user_code=AB"]
        {
            assert!(is_own_page(back), "{back}");
        }
        for back in [
            "",
            "/",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/account",
            "/accounts",
            "account",
            "/oauth2/authorize/../x",
            "/account\r\nset-cookie: a",
            "/oauth2/token",
        ] {
            assert!(!is_own_page(back), "{back}");
        }
    }

    /// The pages tell a browser to come back, as the API tells a client.
    #[test]
    fn in_a_storm_the_page_says_when_to_try_again() {
        let busy = told(AppError::Unavailable("too many sign-ins at this moment".to_owned()));
        assert_eq!((busy.status, busy.retry_after_seconds), (StatusCode::SERVICE_UNAVAILABLE, Some(1)));
        let waits = told(AppError::TooMany { retry_after_seconds: 30 });
        assert_eq!((waits.status, waits.retry_after_seconds), (StatusCode::TOO_MANY_REQUESTS, Some(30)));
    }
}
