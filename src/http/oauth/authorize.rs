//! The authorization endpoint (RFC 6749 §3.1) and the sign-in behind it. The
//! request travels through the form as it came and is checked again at every
//! step, so the server keeps nothing until somebody has signed in.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::form::{Form, address, cookie, header, parameters};
use crate::app::identity::{new_form_key, oauth, one_time_codes, sign_in};
use crate::app::{AppError, AppResult, Ctx};
use crate::domain::identity::authorize::error_location;
use crate::domain::identity::{
    AuthorizationRequest, Client, OAuthCode, OAuthError, PageProblem, Parameters, Purpose, Rejection,
};
use crate::domain::text::{Language, Text};
use crate::http::extract::Accepted;
use crate::http::pages::{self, SignInPage};
use crate::http::problem::Problem;

type Reply = Result<HttpResponse, Problem>;

/// Begins a sign-in for a client: code flow with PKCE (S256).
#[utoipa::path(tag = "oauth", operation_id = "authorize", params(
    ("response_type" = String, Query), ("client_id" = String, Query), ("redirect_uri" = String, Query),
    ("scope" = String, Query), ("code_challenge" = String, Query), ("code_challenge_method" = String, Query),
    ("state" = Option<String>, Query), ("nonce" = Option<String>, Query), ("prompt" = Option<String>, Query),
    ("login_hint" = Option<String>, Query), ("ui_locales" = Option<String>, Query),
), responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = 400, content_type = "text/html", body = String)))]
#[get("/oauth2/authorize")]
pub async fn authorize(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    Ok(begin(&ctx, &request, parameters(request.query_string())?, language.0))
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
    Ok(begin(&ctx, &request, form.0, language.0))
}

/// A step of the sign-in page: password, code, or giving up.
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
    let carried = parameters(form.0.get("request").unwrap_or_default())?;
    let visit = match Visit::new(&ctx, &request, &carried, language.0) {
        Ok(visit) => visit,
        Err(rejection) => return Ok(rejected(&ctx, &rejection, language.0)),
    };
    let step = match visit.is_own_form(&form.0) {
        true => visit.step(&form.0).await,
        false => Ok(Next::again(pages::stale_form())),
    };
    let mobile = form.0.get("mobile").unwrap_or_default();
    Ok(visit.answer(mobile, step.unwrap_or_else(Next::failed)))
}

/// How the pages look.
#[utoipa::path(tag = "oauth", operation_id = "page_style", responses((status = 200, content_type = "text/css", body = String)))]
#[get("/oauth2/pages.css")]
pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(pages::STYLE)
}

fn begin(ctx: &Ctx, request: &HttpRequest, parameters: Parameters, language: Language) -> HttpResponse {
    match Visit::new(ctx, request, &parameters, language) {
        Ok(visit) => {
            let mobile = visit.wanted.login_hint.clone().unwrap_or_default();
            visit.answer(&mobile, Next::Page(Shown::default()))
        }
        Err(rejection) => rejected(ctx, &rejection, language),
    }
}

fn rejected(ctx: &Ctx, rejection: &Rejection, language: Language) -> HttpResponse {
    match rejection {
        Rejection::Page(problem) => pages::refused(problem_words(*problem), language),
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
        PageProblem::Repeated => Text::new(
            "登录请求中有重复的参数。",
            "A parameter of the sign-in request is given more than once.",
        ),
    }
}

fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// One browser at one valid request.
struct Visit<'a> {
    ctx: &'a Ctx,
    request: &'a HttpRequest,
    wanted: AuthorizationRequest,
    client: Arc<Client>,
    /// The request as it came, for the next form.
    carried: String,
    language: Language,
    /// The cookie's value; new when the browser brought none.
    form_key: String,
}

/// What comes of a step.
enum Next {
    Leave(String),
    Page(Shown),
}

/// What the page shows beside the form.
#[derive(Default)]
struct Shown {
    status: StatusCode,
    words: Option<Text>,
    code_was_sent: bool,
    retry_after_seconds: Option<u64>,
}

impl Next {
    fn again(words: Text) -> Self {
        Next::Page(Shown { status: StatusCode::UNPROCESSABLE_ENTITY, words: Some(words), ..Shown::default() })
    }

    fn failed(error: AppError) -> Self {
        let (status, words, retry_after_seconds) = match error {
            AppError::Invalid(errors) => {
                let words = errors.into_iter().next().map(|error| error.detail);
                (StatusCode::UNPROCESSABLE_ENTITY, words, None)
            }
            AppError::TooMany { retry_after_seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                Some(pages::wait(retry_after_seconds)),
                Some(retry_after_seconds),
            ),
            other => {
                // Logged where all problems are; the page says no more than it must.
                let problem = Problem::from(other);
                let status = problem.code.status();
                (status, Some(problem.code.title()), status.is_server_error().then_some(1))
            }
        };
        Next::Page(Shown { status, words, code_was_sent: false, retry_after_seconds })
    }
}

impl<'a> Visit<'a> {
    fn new(
        ctx: &'a Ctx,
        request: &'a HttpRequest,
        parameters: &Parameters,
        accepted: Language,
    ) -> Result<Self, Rejection> {
        let (wanted, client) = oauth::check(ctx, parameters)?;
        // What the client asks for beats the browser's setting.
        let asked = wanted.ui_locales.as_deref().map(|tags| tags.replace(' ', ","));
        let language = asked.map_or(accepted, |tags| Language::negotiate(Some(&tags)));
        let carried = serde_urlencoded::to_string(parameters.pairs()).unwrap_or_default();
        let form_key = cookie(request, cookie_name(ctx)).filter(|key| key.len() == 43);
        let form_key = form_key.map_or_else(new_form_key, str::to_owned);
        Ok(Self { ctx, request, wanted, client, carried, language, form_key })
    }

    /// Whether our own page sent this form, in this browser.
    fn is_own_form(&self, form: &Parameters) -> bool {
        let same_site = header(self.request, "sec-fetch-site").is_none_or(|site| site == "same-origin");
        let token = form.get("form_token").unwrap_or_default();
        same_site && self.ctx.identity.fits_form(&self.form_key, token)
    }

    async fn step(&self, form: &Parameters) -> AppResult<Next> {
        let field = |name| form.get(name).unwrap_or_default().to_owned();
        let mobile = field("mobile");
        match form.get("action") {
            Some("cancel") => {
                let error = OAuthError::new(OAuthCode::AccessDenied, "the person did not sign in");
                let (to, state) = (&self.wanted.redirect_uri, self.wanted.state.as_deref());
                Ok(Next::Leave(error_location(to, state, &error, self.ctx.identity.issuer())))
            }
            Some("send_code") => {
                let from = address(self.request);
                one_time_codes::request_sms_code(self.ctx, &mobile, Purpose::SignIn, from).await?;
                let words = Some(pages::code_sent());
                Ok(Next::Page(Shown { words, code_was_sent: true, ..Shown::default() }))
            }
            Some("code") => self.prove(&mobile, sign_in::Proof::SmsCode(field("code"))).await,
            // Pressing Enter sends the form without naming a button.
            Some(_) | None => self.prove(&mobile, sign_in::Proof::Password(field("password"))).await,
        }
    }

    async fn prove(&self, mobile: &str, proof: sign_in::Proof) -> AppResult<Next> {
        let code_was_sent = matches!(proof, sign_in::Proof::SmsCode(_));
        match sign_in::sign_in(self.ctx, mobile, proof, address(self.request)).await? {
            sign_in::SignIn::Granted(signed_in) => {
                Ok(Next::Leave(oauth::grant_code(self.ctx, &self.wanted, &signed_in).await?))
            }
            sign_in::SignIn::Denied => {
                let words = Some(pages::denied(code_was_sent));
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Ok(Next::Page(Shown { status, words, code_was_sent, retry_after_seconds: None }))
            }
        }
    }

    fn answer(&self, mobile: &str, next: Next) -> HttpResponse {
        let shown = match next {
            Next::Leave(location) => return see_other(&location),
            Next::Page(shown) => shown,
        };
        let page = SignInPage {
            language: self.language,
            client: &self.client,
            scopes: self.wanted.scopes,
            request: &self.carried,
            form_token: &self.ctx.identity.form_token(&self.form_key),
            mobile,
            code_was_sent: shown.code_was_sent,
            words: shown.words.as_ref(),
            is_problem: shown.status != StatusCode::OK,
        };
        let mut answer = pages::page(shown.status, self.language, self.wanted.redirect_uri.origin());
        if let Some(seconds) = shown.retry_after_seconds {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        answer.insert_header((SET_COOKIE, self.cookie())).body(page.render().into_string())
    }

    /// Lax, so that it comes back when a client sends the person here again; the
    /// forms themselves are only ever sent from our own pages.
    fn cookie(&self) -> String {
        let secure = if is_secure(self.ctx) { "; Secure" } else { "" };
        format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600{secure}",
            cookie_name(self.ctx),
            self.form_key
        )
    }
}

fn is_secure(ctx: &Ctx) -> bool {
    ctx.identity.issuer().starts_with("https://")
}

/// With TLS the name itself forbids that another host of the domain sets it
/// (RFC 6265bis §4.1.3.2).
fn cookie_name(ctx: &Ctx) -> &'static str {
    if is_secure(ctx) { "__Host-wst_form" } else { "wst_form" }
}
