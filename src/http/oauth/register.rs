//! Pages for who cannot sign in yet: registering, and a new password in the place
//! of a forgotten one. Both lead back into the sign-in they came from.

use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::authorize::{failed, rejected, show_sign_in};
use super::cookies;
use super::form::{Form, parameters};
use super::sign_in::told;
use super::visit::{Carried, Visit};
use crate::app::identity::accounts::RegisterRequest;
use crate::app::identity::passwords::{self, Forgotten};
use crate::app::identity::{one_time_codes, sign_in};
use crate::app::{AppResult, Ctx};
use crate::domain::identity::{Parameters, Purpose};
use crate::domain::text::Language;
use crate::http::extract::Accepted;
use crate::http::pages::{self, ForgottenPage, Frame, RegisterPage, Shown};
use crate::http::problem::Problem;

type Reply = Result<HttpResponse, Problem>;

const REGISTER: &str = "/oauth2/register";
const PASSWORD: &str = "/oauth2/password";

/// The page to register on.
#[utoipa::path(tag = "oauth", operation_id = "register_page", params(("request" = Option<String>, Query)),
    responses((status = 200, content_type = "text/html", body = String), (status = 400, content_type = "text/html", body = String)))]
#[get("/oauth2/register")]
pub async fn register_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let asked = parameters(request.query_string())?;
    Ok(with_visit(&ctx, &request, &asked, language.0, async |visit| {
        Ok(show_register(visit, &Parameters::default(), false, &Shown::default()))
    })
    .await)
}

/// A step of registering.
#[utoipa::path(tag = "oauth", operation_id = "register_by_form",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/oauth2/register")]
pub async fn register(ctx: web::Data<Ctx>, request: HttpRequest, form: Form, language: Accepted) -> Reply {
    let form = form.0;
    Ok(with_visit(&ctx, &request, &form, language.0, async |visit| take_registration(visit, &form).await)
        .await)
}

/// The page for who forgot his password.
#[utoipa::path(tag = "oauth", operation_id = "forgotten_password_page", params(("request" = Option<String>, Query)),
    responses((status = 200, content_type = "text/html", body = String), (status = 400, content_type = "text/html", body = String)))]
#[get("/oauth2/password")]
pub async fn forgotten_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let asked = parameters(request.query_string())?;
    Ok(with_visit(&ctx, &request, &asked, language.0, async |visit| {
        Ok(show_forgotten(visit, "", false, &Shown::default()))
    })
    .await)
}

/// A step of setting a new password.
#[utoipa::path(tag = "oauth", operation_id = "reset_password_by_form",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/oauth2/password")]
pub async fn reset_password(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    let form = form.0;
    Ok(with_visit(&ctx, &request, &form, language.0, async |visit| take_reset(visit, &form).await).await)
}

/// Does the work for whoever came; who came with nothing is on his way to his account.
async fn with_visit(
    ctx: &Ctx,
    request: &HttpRequest,
    asked: &Parameters,
    accepted: Language,
    work: impl AsyncFnOnce(&mut Visit<'_>) -> AppResult<HttpResponse>,
) -> HttpResponse {
    let language = cookies::language(request).unwrap_or(accepted);
    let mut carried = Carried { shown_to: None, ..Carried::read(asked) };
    if carried.request.is_empty() {
        "to=account".clone_into(&mut carried.request);
    }
    let answer = match Visit::new(ctx, request, carried, asked.get("form_token"), language).await {
        Ok(Ok(mut visit)) => work(&mut visit).await,
        Ok(Err(rejection)) => Ok(rejected(ctx, &rejection, None, language)),
        Err(error) => Err(error),
    };
    answer.unwrap_or_else(|error| failed(error, None, language))
}

fn show_register(visit: &Visit<'_>, form: &Parameters, code_was_sent: bool, shown: &Shown) -> HttpResponse {
    let (sealed, back) = (visit.sealed_for_nobody(), visit.resume(REGISTER));
    let (hidden, sign_in) = (sealed.hidden(), visit.resume("/oauth2/sign_in"));
    let page = RegisterPage {
        frame: Frame { language: visit.language, back: Some(&back), has_script: false },
        hidden: &hidden,
        mobile: form.get("mobile").unwrap_or_default(),
        name: form.get("name").unwrap_or_default(),
        code_was_sent,
        passwords: visit.ctx.settings.passwords,
        shown,
        sign_in: &sign_in,
    };
    visit.show(shown, page.render())
}

async fn take_registration(visit: &mut Visit<'_>, form: &Parameters) -> AppResult<HttpResponse> {
    if !visit.is_own {
        return Ok(show_register(visit, form, false, &Shown::problem(pages::stale_form())));
    }
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    if form.get("action") != Some("register") {
        let sent = send_code(visit, form, Purpose::Register).await;
        return Ok(match sent {
            Ok(()) => show_register(visit, form, true, &Shown::notice(pages::code_sent())),
            Err(error) => show_register(visit, form, false, &told(error)),
        });
    }
    let wanted = RegisterRequest {
        mobile: field("mobile"),
        code: field("code"),
        password: field("password"),
        name: Some(field("name")).filter(|name| !name.is_empty()),
        id_number: None,
        claim: None,
    };
    let (channel, before) = (visit.channel(), visit.guest.clone());
    match sign_in::register(visit.ctx, wanted, channel, &visit.visitor, before.as_ref()).await {
        Ok(secret) => {
            visit.enter(&secret).await?;
            Ok(visit.see_other(&visit.resume("/oauth2/sign_in")))
        }
        Err(error) => Ok(show_register(visit, form, true, &told(error))),
    }
}

async fn send_code(visit: &Visit<'_>, form: &Parameters, purpose: Purpose) -> AppResult<()> {
    let mobile = form.get("mobile").unwrap_or_default();
    one_time_codes::request_sms_code(visit.ctx, mobile, purpose, &visit.visitor).await
}

fn show_forgotten(visit: &Visit<'_>, mobile: &str, code_was_sent: bool, shown: &Shown) -> HttpResponse {
    let (sealed, back) = (visit.sealed_for_nobody(), visit.resume(PASSWORD));
    let (hidden, sign_in) = (sealed.hidden(), visit.resume("/oauth2/sign_in"));
    let page = ForgottenPage {
        frame: Frame { language: visit.language, back: Some(&back), has_script: false },
        hidden: &hidden,
        mobile,
        code_was_sent,
        passwords: visit.ctx.settings.passwords,
        shown,
        sign_in: &sign_in,
    };
    visit.show(shown, page.render())
}

async fn take_reset(visit: &mut Visit<'_>, form: &Parameters) -> AppResult<HttpResponse> {
    let mobile = form.get("mobile").unwrap_or_default();
    if !visit.is_own {
        return Ok(show_forgotten(visit, mobile, false, &Shown::problem(pages::stale_form())));
    }
    if form.get("action") != Some("reset") {
        return Ok(match send_code(visit, form, Purpose::ResetPassword).await {
            Ok(()) => show_forgotten(visit, mobile, true, &Shown::notice(pages::code_sent())),
            Err(error) => show_forgotten(visit, mobile, false, &told(error)),
        });
    }
    let field = |name| form.get(name).unwrap_or_default().to_owned();
    let forgotten =
        Forgotten { mobile: mobile.to_owned(), code: field("code"), new_password: field("new_password") };
    match passwords::reset(visit.ctx, forgotten, &visit.visitor).await {
        // Whoever was signed in here may just have been signed out.
        Ok(()) => Ok(show_sign_in(visit, mobile, false, &Shown::notice(pages::password_changed()))),
        Err(error) => Ok(show_forgotten(visit, mobile, true, &told(error))),
    }
}
