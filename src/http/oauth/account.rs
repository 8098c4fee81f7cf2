//! 我的账号: `/account`, where a person sees and changes what he signs in with, where
//! he is signed in, and which apps may what. Every form works without JavaScript,
//! passkeys aside.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde_json::json;
use uuid::Uuid;

use super::authorize::{failed, see_other};
use super::cookies;
use super::form::Form;
use super::sign_in::{CeremonyView, not_our_page, told};
use super::visit::{Carried, Visit};
use crate::app::identity::authenticators;
use crate::app::identity::browser::{self, Guest};
use crate::app::identity::consents;
use crate::app::identity::holder::Holder;
use crate::app::identity::passkeys::{self, Answer};
use crate::app::identity::passwords::{self, Right};
use crate::app::identity::{one_time_codes, sessions};
use crate::app::{AppError, AppResult, Ctx};
use crate::domain::codes::mask_name;
use crate::domain::identity::{Parameters, Purpose, Step};
use crate::domain::text::{Language, Text};
use crate::http::extract::Accepted;
use crate::http::pages::{
    self, AccountPage, ConsentLine, Frame, PasswordPage, RecoveryCodesPage, SessionLine, Shown, SignInLine,
    TotpPage,
};
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

const HERE: &str = "to=account";

/// Somebody at his account page.
struct Room<'a> {
    visit: Visit<'a>,
    guest: Guest,
    holder: Holder,
}

/// The account page's guest, or where to send whoever is none.
async fn enter<'a>(
    ctx: &'a Ctx,
    request: &HttpRequest,
    form: Option<&Parameters>,
    language: Language,
) -> AppResult<Result<Room<'a>, HttpResponse>> {
    let carried = match form {
        Some(form) => Carried::read(form),
        None => Carried { request: HERE.to_owned(), ..Carried::default() },
    };
    let token = form.and_then(|form| form.get("form_token"));
    let sign_in = || Ok(Err(see_other("/oauth2/sign_in?request=to%3Daccount")));
    if carried.request != HERE {
        return sign_in();
    }
    let Ok(visit) = Visit::new(ctx, request, carried, token, language).await? else { return sign_in() };
    let Some(guest) = visit.guest.clone() else { return sign_in() };
    if visit.next(None).await?.0 != Step::Answer {
        return sign_in();
    }
    if form.is_none() {
        browser::touch(ctx, &guest).await?;
    }
    let holder = Holder::of_guest(&guest, &visit.visitor);
    Ok(Ok(Room { visit, guest, holder }))
}

/// Runs a handler's work for whoever is signed in, and shows what went wrong inside.
macro_rules! in_room {
    ($ctx:expr, $request:expr, $form:expr, $language:expr, |$room:ident| $work:expr) => {{
        let language = cookies::language(&$request).unwrap_or($language.0);
        let answer = match enter(&$ctx, &$request, $form, language).await {
            Ok(Ok($room)) => $work.await,
            Ok(Err(elsewhere)) => Ok(elsewhere),
            Err(error) => Err(error),
        };
        Ok(answer.unwrap_or_else(|error| failed(error, Some("/account"), language)))
    }};
}

/// One's account.
#[utoipa::path(tag = "oauth", operation_id = "account_page", responses((status = 200, content_type = "text/html", body = String), (status = 303)))]
#[get("/account")]
pub async fn account_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    in_room!(ctx, request, None, language, |room| room.show(&Shown::default()))
}

/// A form of the account page.
#[utoipa::path(tag = "oauth", operation_id = "change_account",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/account")]
pub async fn change_account(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    in_room!(ctx, request, Some(&form.0), language, |room| room.change(&form.0))
}

/// The form for a new password.
#[utoipa::path(tag = "oauth", operation_id = "password_page", responses((status = 200, content_type = "text/html", body = String), (status = 303)))]
#[get("/account/password")]
pub async fn password_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    in_room!(
        ctx,
        request,
        None,
        language,
        |room| async move { Ok(room.show_password(false, &Shown::default())) }
    )
}

/// A new password.
#[utoipa::path(tag = "oauth", operation_id = "change_password_by_form",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/account/password")]
pub async fn change_password(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    in_room!(ctx, request, Some(&form.0), language, |room| room.change_password(&form.0))
}

/// The secret for an app, while it waits for its first code.
#[utoipa::path(tag = "oauth", operation_id = "totp_page", responses((status = 200, content_type = "text/html", body = String), (status = 303)))]
#[get("/account/totp")]
pub async fn totp_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    in_room!(ctx, request, None, language, |room| room.show_totp(&Shown::default()))
}

/// The app's first code.
#[utoipa::path(tag = "oauth", operation_id = "confirm_totp_by_form",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/account/totp")]
pub async fn confirm_totp(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    in_room!(ctx, request, Some(&form.0), language, |room| room.confirm_totp(&form.0))
}

/// Begins making a passkey on the account page.
#[utoipa::path(tag = "oauth", operation_id = "new_passkey_options",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = CeremonyView), (status = "4XX", body = ProblemView)))]
#[post("/account/passkey")]
pub async fn passkey_options(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    let room = match enter(&ctx, &request, Some(&form.0), language.0).await? {
        Ok(room) if room.is_own() => room,
        Ok(_) | Err(_) => return Err(not_our_page()),
    };
    let begun = match authenticators::begin_passkey(&ctx, &room.holder).await {
        Ok(begun) => begun,
        Err(error) => match prove_first(&error) {
            // The script goes there.
            Some(location) => return Ok(HttpResponse::Conflict().json(json!({ "location": location }))),
            None => return Err(error.into()),
        },
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(CeremonyView::from(begun)))
}

/// Where to go first when a change takes a better or younger sign-in.
fn prove_first(error: &AppError) -> Option<String> {
    if let AppError::SignInAgain { max_age_seconds } = error {
        return Some(format!("/oauth2/sign_in?request=to%3Daccount%26max_age%3D{max_age_seconds}"));
    }
    let steps_up = matches!(error, AppError::StepUp { .. });
    steps_up.then(|| "/oauth2/sign_in?request=to%3Daccount%26aal%3D2".to_owned())
}

impl Room<'_> {
    /// Whether the form was shown to this very guest in this browser.
    fn is_own(&self) -> bool {
        self.visit.is_own && self.visit.shown_to().is_some()
    }

    fn frame<'f>(&self, back: &'f str) -> Frame<'f> {
        let has_script = passkeys::are_possible(self.visit.ctx);
        Frame { language: self.visit.language, back: Some(back), has_script }
    }

    async fn show(&self, shown: &Shown) -> AppResult<HttpResponse> {
        let (ctx, account) = (self.visit.ctx, self.guest.account.id);
        let own = authenticators::list(ctx, &self.holder).await?;
        let sign_ins = browser::list(ctx, account).await?.into_iter().map(|sign_in| SignInLine {
            is_current: sign_in.id == self.guest.sign_in.id,
            id: sign_in.id,
            user_agent: sign_in.user_agent,
            last_used_at: sign_in.last_used_at,
        });
        let named = |id: String, name: Option<Text>| name.unwrap_or_else(|| Text::new(id.clone(), id));
        let sessions = sessions::list_of(ctx, account).await?.into_iter().map(|own| SessionLine {
            id: own.session.id,
            name: named(own.session.client.to_string(), own.client.map(|client| client.name.clone())),
            user_agent: own.browser.map(|browser| browser.user_agent).unwrap_or_default(),
            last_used_at: own.session.last_used_at,
        });
        let consents = consents::list(ctx, &self.holder).await?.into_iter().map(|own| ConsentLine {
            client: own.client_id.to_string(),
            name: named(own.client_id.to_string(), own.client.map(|client| client.name.clone())),
            scopes: own.scopes,
            granted_at: own.granted_at,
        });
        let (sealed, mobile) = (self.visit.sealed(), self.visit.masked());
        let hidden = sealed.hidden();
        let page = AccountPage {
            frame: self.frame("/account"),
            hidden: &hidden,
            name: &mask_name(&self.guest.person.applicant.name),
            mobile: &mobile,
            ial: self.guest.ial().get(),
            authenticators: &own,
            sign_ins: &sign_ins.collect::<Vec<_>>(),
            sessions: &sessions.collect::<Vec<_>>(),
            consents: &consents.collect::<Vec<_>>(),
            shown,
        };
        Ok(self.visit.show(shown, page.render()))
    }

    async fn change(self, form: &Parameters) -> AppResult<HttpResponse> {
        if !self.is_own() {
            return self.show(&Shown::problem(pages::stale_form())).await;
        }
        match self.act(form).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => self.show(&Shown::notice(pages::changed())).await,
            Err(error) => match prove_first(&error) {
                Some(location) => Ok(see_other(&location)),
                None => self.show(&told(error)).await,
            },
        }
    }

    /// Does what the form asks; gives the answer when it is another page.
    async fn act(&self, form: &Parameters) -> AppResult<Option<HttpResponse>> {
        let (ctx, holder, visitor) = (self.visit.ctx, &self.holder, &self.visit.visitor);
        let account = holder.account.id;
        let text = form.get("id").unwrap_or_default();
        let id = || text.parse::<Uuid>().map_err(|_| AppError::NotFound);
        match form.get("action") {
            Some("begin_totp") => {
                authenticators::begin_totp(ctx, holder).await?;
                return Ok(Some(see_other("/account/totp")));
            }
            Some("remove_totp") => authenticators::remove_totp(ctx, holder).await?,
            Some("add_passkey") => {
                let field = |name| form.get(name).unwrap_or_default().to_owned();
                let answer = Answer { ceremony: field("ceremony"), credential: field("credential") };
                authenticators::add_passkey(ctx, holder, &answer, form.get("name")).await?;
            }
            Some("remove_passkey") => authenticators::remove_passkey(ctx, holder, id()?).await?,
            Some("end_sign_in") => browser::end_own(ctx, account, id()?, visitor).await?,
            Some("end_session") => sessions::end_own(ctx, holder, id()?).await?,
            Some("revoke_consent") => consents::revoke(ctx, holder, text).await?,
            Some("sign_out") => {
                browser::end(ctx, account, self.guest.sign_in.id, visitor).await?;
                return Ok(Some(self.gone()));
            }
            Some("sign_out_everywhere") => {
                sessions::end_all_own(ctx, holder).await?;
                return Ok(Some(self.gone()));
            }
            Some(_) | None => return Err(AppError::NotFound),
        }
        Ok(None)
    }

    /// Signed out: the cookie goes with it.
    fn gone(&self) -> HttpResponse {
        let mut answer = pages::signed_out(self.frame("/account").plain());
        let cleared = cookies::clear_sign_in(self.visit.ctx);
        if let Ok(value) = HeaderValue::from_str(&cleared) {
            answer.headers_mut().append(SET_COOKIE, value);
        }
        answer
    }

    fn show_password(&self, code_was_sent: bool, shown: &Shown) -> HttpResponse {
        let sealed = self.visit.sealed();
        let hidden = sealed.hidden();
        let page = PasswordPage {
            frame: self.frame("/account/password").plain(),
            hidden: &hidden,
            has_password: self.guest.account.password_hash.is_some(),
            code_was_sent,
            passwords: self.visit.ctx.settings.passwords,
            shown,
        };
        self.visit.show(shown, page.render())
    }

    async fn change_password(self, form: &Parameters) -> AppResult<HttpResponse> {
        if !self.is_own() {
            return Ok(self.show_password(false, &Shown::problem(pages::stale_form())));
        }
        let (ctx, field) = (self.visit.ctx, |name| form.get(name).unwrap_or_default().to_owned());
        let by_code = form.get("action") == Some("change_by_code");
        let right = match form.get("action") {
            Some("send_code") => {
                let mobile = self.guest.account.mobile.as_str();
                let purpose = Purpose::ResetPassword;
                let sent = one_time_codes::request_sms_code(ctx, mobile, purpose, &self.visit.visitor).await;
                return Ok(match sent {
                    Ok(()) => self.show_password(true, &Shown::notice(pages::code_sent())),
                    Err(error) => self.show_password(false, &told(error)),
                });
            }
            Some("change_by_code") => Right::SmsCode(field("code")),
            Some(_) | None => Right::OldPassword(field("old_password")),
        };
        match passwords::change(ctx, &self.holder, right, &field("new_password")).await {
            Ok(()) => {
                let notice = Text::new(
                    "密码已修改，其他设备已退出登录。",
                    "The password was changed; your other devices are signed out.",
                );
                self.show(&Shown::notice(notice)).await
            }
            Err(error) => Ok(self.show_password(by_code, &told(error))),
        }
    }

    async fn show_totp(&self, shown: &Shown) -> AppResult<HttpResponse> {
        let Some(pending) = authenticators::pending_totp(self.visit.ctx, &self.holder).await? else {
            return Ok(see_other("/account"));
        };
        let sealed = self.visit.sealed();
        let hidden = sealed.hidden();
        let page = TotpPage {
            frame: self.frame("/account/totp").plain(),
            hidden: &hidden,
            secret: &pending.secret,
            uri: &pending.uri,
            shown,
        };
        Ok(self.visit.show(shown, page.render()))
    }

    async fn confirm_totp(self, form: &Parameters) -> AppResult<HttpResponse> {
        if !self.is_own() {
            return self.show_totp(&Shown::problem(pages::stale_form())).await;
        }
        let code = form.get("code").unwrap_or_default();
        match authenticators::confirm_totp(self.visit.ctx, &self.holder, code).await {
            Ok(codes) => {
                let codes: Vec<String> = codes.iter().map(|code| code.shown()).collect();
                let page = RecoveryCodesPage { frame: self.frame("/account").plain(), codes: &codes };
                let shown = Shown { status: StatusCode::OK, ..Shown::default() };
                Ok(self.visit.show(&shown, page.render()))
            }
            Err(error) => match prove_first(&error) {
                Some(location) => Ok(see_other(&location)),
                None => self.show_totp(&told(error)).await,
            },
        }
    }
}
