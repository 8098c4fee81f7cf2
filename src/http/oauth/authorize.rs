//! The authorization endpoint (RFC 6749 §3.1): a client sends somebody, and he is
//! answered at once or shown what is missing.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::form::{Form, parameters};
use super::visit::{Carried, Target, Visit};
use crate::app::{AppError, AppResult, Ctx};
use crate::domain::codes::Mobile;
use crate::domain::identity::authorize::error_location;
use crate::domain::identity::{Consent, Ial, OAuthError, PageProblem, Parameters, Rejection, Step};
use crate::domain::text::{Language, Text};
use crate::http::extract::Accepted;
use crate::http::pages::{self, ConsentPage, Frame, IdentityPage, SecondFactorPage, Shown, SignInPage};
use crate::http::problem::Problem;

type Reply = Result<HttpResponse, Problem>;

/// Begins a sign-in for a client: code flow with PKCE (S256).
#[utoipa::path(tag = "oauth", operation_id = "authorize", params(
    ("response_type" = String, Query), ("client_id" = String, Query), ("redirect_uri" = String, Query),
    ("scope" = String, Query), ("code_challenge" = String, Query), ("code_challenge_method" = String, Query),
    ("state" = Option<String>, Query), ("nonce" = Option<String>, Query), ("prompt" = Option<String>, Query),
    ("max_age" = Option<u64>, Query), ("acr_values" = Option<String>, Query),
    ("login_hint" = Option<String>, Query), ("ui_locales" = Option<String>, Query),
), responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = 400, content_type = "text/html", body = String)))]
#[get("/oauth2/authorize")]
pub async fn authorize(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let asked = parameters(request.query_string())?;
    let back = request.uri().path_and_query().map(ToString::to_string);
    Ok(arrive(&ctx, &request, &asked, back.as_deref(), language.0).await)
}

/// The same, with the parameters in a form (OpenID Connect Core §3.1.2.1).
#[utoipa::path(tag = "oauth", operation_id = "authorize_by_form",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = 400, content_type = "text/html", body = String)))]
#[post("/oauth2/authorize")]
pub async fn authorize_by_form(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    Ok(arrive(&ctx, &request, &form.0, None, language.0).await)
}

/// How the pages look.
#[utoipa::path(tag = "oauth", operation_id = "page_style", responses((status = 200, content_type = "text/css", body = String)))]
#[get("/oauth2/pages.css")]
pub async fn style() -> HttpResponse {
    file("text/css; charset=utf-8", pages::STYLE)
}

/// What passkeys need of the browser.
#[utoipa::path(tag = "oauth", operation_id = "page_script", responses((status = 200, content_type = "text/javascript", body = String)))]
#[get("/oauth2/passkey.js")]
pub async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", pages::PASSKEY_SCRIPT)
}

fn file(content_type: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}

async fn arrive(
    ctx: &Ctx,
    request: &HttpRequest,
    asked: &Parameters,
    back: Option<&str>,
    accepted: Language,
) -> HttpResponse {
    let language = super::cookies::language(request).unwrap_or(accepted);
    if asked.is_repeated() {
        // Written anew, a parameter given twice with an empty value would be given once.
        return rejected(ctx, &Rejection::Page(PageProblem::Repeated), back, language);
    }
    if asked.get("client_id").is_none() {
        return rejected(ctx, &Rejection::Page(PageProblem::UnknownClient), back, language);
    }
    let carried = Carried {
        request: serde_urlencoded::to_string(asked.pairs()).unwrap_or_default(),
        ..Carried::default()
    };
    match Visit::new(ctx, request, carried, None, accepted).await {
        Ok(Ok(mut visit)) => {
            let shown = go_on(&mut visit, None, &Shown::default()).await;
            shown.unwrap_or_else(|error| failed(error, back, language))
        }
        Ok(Err(rejection)) => rejected(ctx, &rejection, back, language),
        Err(error) => failed(error, back, language),
    }
}

/// A request that leads nowhere, or back to its client.
pub fn rejected(ctx: &Ctx, rejection: &Rejection, back: Option<&str>, language: Language) -> HttpResponse {
    match rejection {
        Rejection::Page(problem) => {
            pages::refused(problem_words(*problem), Frame { language, back, has_script: false })
        }
        Rejection::Redirect { to, state, error } => {
            see_other(&error_location(to, state.as_deref(), error, ctx.identity.issuer()))
        }
    }
}

fn problem_words(problem: PageProblem) -> Text {
    match problem {
        PageProblem::UnknownClient => Text::new(
            "发起登录的应用未登记或已停用。",
            "The app that sent you here is not registered or was switched off.",
        ),
        PageProblem::UnknownRedirectUri => Text::new(
            "应用给出的回调地址未登记，为保护您的安全已停止登录。",
            "The app gave an address that is not registered for it. To protect you, the sign-in was stopped.",
        ),
        PageProblem::UnknownReference => {
            Text::new("登录请求已过期或已使用。", "The sign-in request is too old, or was used already.")
        }
        PageProblem::Repeated => Text::new(
            "登录请求中有重复的参数。",
            "A parameter of the sign-in request is given more than once.",
        ),
    }
}

pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// A page for what went wrong inside; logged where all problems are.
pub fn failed(error: AppError, back: Option<&str>, language: Language) -> HttpResponse {
    let problem = Problem::from(error);
    let (status, title) = (problem.code.status(), problem.code.title());
    let advice = problem.detail.unwrap_or_else(|| problem.code.advice());
    pages::failed(status, &title, advice, Frame { language, back, has_script: false })
}

/// Answers whoever has shown and agreed to everything, and shows the others what is
/// missing. `fresh` is what was agreed to a moment ago.
pub async fn go_on(visit: &mut Visit<'_>, fresh: Option<Consent>, shown: &Shown) -> AppResult<HttpResponse> {
    let (step, consent) = visit.next(fresh).await?;
    Ok(match step {
        Step::Answer => visit.leave().await?,
        Step::Refuse(error) => refuse(visit, error),
        Step::AskPassword => show_sign_in(visit, &hinted(visit), false, shown),
        Step::AskSecondFactor(open) => {
            let sealed = visit.sealed();
            let (mobile, hidden) = (visit.masked(), sealed.hidden());
            let page = SecondFactorPage {
                frame: visit.frame(&sealed),
                client: visit.client(),
                hidden: &hidden,
                mobile: &mobile,
                open,
                code_was_sent: false,
                shown,
            };
            visit.show(shown, page.render())
        }
        Step::AskConsent(missing) => {
            let Target::Client { wanted, client } = &visit.target else {
                return Err(AppError::Internal("a page of our own asks for no consent".to_owned()));
            };
            let sealed = visit.sealed();
            let (mobile, hidden) = (visit.masked(), sealed.hidden());
            let page = ConsentPage {
                frame: visit.frame(&sealed).plain(),
                client,
                missing,
                granted: consent.granted,
                hidden: &hidden,
                mobile: &mobile,
                origin: wanted.redirect_uri.origin(),
                shown,
            };
            visit.show(shown, page.render())
        }
        Step::AskIdentity(wanted) => {
            let sealed = visit.sealed();
            let (mobile, hidden) = (visit.masked(), sealed.hidden());
            let ial = visit.guest.as_ref().map_or(Ial::DECLARED, |guest| guest.ial());
            let page = IdentityPage {
                frame: visit.frame(&sealed).plain(),
                client: visit.client(),
                wanted,
                ial,
                hidden: &hidden,
                mobile: &mobile,
            };
            visit.show(shown, page.render())
        }
    })
}

/// The number a client expects, if it names one.
fn hinted(visit: &Visit<'_>) -> String {
    let hint = match &visit.target {
        Target::Client { wanted, .. } => wanted.login_hint.as_deref(),
        Target::Page(_) => None,
    };
    let mobile = hint.and_then(|hint| Mobile::parse(hint).ok());
    mobile.map(|mobile| mobile.to_string()).unwrap_or_default()
}

/// The page where a sign-in begins.
pub fn show_sign_in(visit: &Visit<'_>, mobile: &str, code_was_sent: bool, shown: &Shown) -> HttpResponse {
    let sealed = visit.sealed();
    let (register, forgotten) = (visit.resume("/oauth2/register"), visit.resume("/oauth2/password"));
    let hidden = sealed.hidden();
    let page = SignInPage {
        frame: visit.frame(&sealed),
        client: visit.client(),
        hidden: &hidden,
        mobile,
        code_was_sent,
        shown,
        register: &register,
        forgotten: &forgotten,
    };
    visit.show(shown, page.render())
}

/// Back to the client without a code; from a page of our own there is nowhere to go.
pub fn refuse(visit: &Visit<'_>, error: OAuthError) -> HttpResponse {
    match &visit.target {
        Target::Client { wanted, .. } => {
            let location = error_location(
                &wanted.redirect_uri,
                wanted.state.as_deref(),
                &error,
                visit.ctx.identity.issuer(),
            );
            visit.see_other(&location)
        }
        Target::Page(_) => see_other("/account"),
    }
}
