//! Signing out by way of a client (OpenID Connect RP-Initiated Logout 1.0). With an
//! ID token it ends that session, and the sign-in of the browser it is done in;
//! without one anybody could have sent the person here, so he is asked.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::authorize::failed;
use super::cookies;
use super::form::{Form, parameters};
use super::visit::is_same_site;
use crate::app::identity::browser::{self, Guest};
use crate::app::identity::oauth::{self, EndSession};
use crate::app::{AppResult, Ctx};
use crate::domain::codes::mask_mobile;
use crate::domain::identity::{Parameters, same_bytes};
use crate::domain::text::Language;
use crate::http::address::visitor;
use crate::http::extract::Accepted;
use crate::http::pages::{self, EndSessionPage, Frame, Shown};
use crate::http::problem::Problem;

type Reply = Result<HttpResponse, Problem>;

const HERE: &str = "/oauth2/end_session";
/// What a client may send, and what the page's own form carries of it.
const CARRIED: [&str; 3] = ["client_id", "post_logout_redirect_uri", "state"];

/// Signs out, then goes to the registered `post_logout_redirect_uri`, or says that
/// it is done; asks first when no ID token tells who wants it.
#[utoipa::path(tag = "oauth", operation_id = "end_session", params(
    ("id_token_hint" = Option<String>, Query), ("client_id" = Option<String>, Query),
    ("post_logout_redirect_uri" = Option<String>, Query), ("state" = Option<String>, Query),
    ("ui_locales" = Option<String>, Query),
), responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = 400, content_type = "text/html", body = String)))]
#[get("/oauth2/end_session")]
pub async fn end_session(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let asked = parameters(request.query_string())?;
    Ok(Leaving::new(&ctx, &request, &asked, language.0).answer().await)
}

/// The same by a form, and the person's own word on the page that asks.
#[utoipa::path(tag = "oauth", operation_id = "end_session_by_form",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/oauth2/end_session")]
pub async fn end_session_by_form(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    Ok(Leaving::new(&ctx, &request, &form.0, language.0).answer().await)
}

/// Somebody on his way out.
struct Leaving<'a> {
    ctx: &'a Ctx,
    request: &'a HttpRequest,
    asked: &'a Parameters,
    language: Language,
    form_key: String,
}

impl<'a> Leaving<'a> {
    fn new(ctx: &'a Ctx, request: &'a HttpRequest, asked: &'a Parameters, accepted: Language) -> Self {
        let tags = asked.get("ui_locales").map(|tags| tags.replace(' ', ","));
        let wanted = tags.map_or(accepted, |tags| Language::negotiate(Some(&tags)));
        let language = cookies::language(request).unwrap_or(wanted);
        Self { ctx, request, asked, language, form_key: cookies::form_key(ctx, request) }
    }

    async fn answer(&self) -> HttpResponse {
        self.try_answer().await.unwrap_or_else(|error| failed(error, None, self.language))
    }

    async fn try_answer(&self) -> AppResult<HttpResponse> {
        let guest = match cookies::sign_in(self.ctx, self.request) {
            Some(cookie) => browser::current(self.ctx, cookie).await?,
            None => None,
        };
        let wanted = EndSession {
            id_token_hint: self.asked.get("id_token_hint"),
            client: self.asked.get("client_id"),
            post_logout_redirect_uri: self.asked.get("post_logout_redirect_uri"),
            state: self.asked.get("state"),
        };
        let location = oauth::logout_location(self.ctx, &wanted);
        if let Some(ended) = oauth::end_session(self.ctx, &wanted).await? {
            // Only the browser's own owner is signed out of it.
            let own = guest.filter(|guest| guest.account.id == ended.account);
            return self.gone(own.as_ref(), ended.location.as_deref()).await;
        }
        match guest {
            None => Ok(pages::nothing_ended(self.frame(None))),
            Some(guest) if self.asked.get("action") == Some("end") => {
                if self.is_own(&guest) {
                    return self.gone(Some(&guest), location.as_deref()).await;
                }
                Ok(self.ask(&guest, &Shown::problem(pages::stale_form())))
            }
            Some(guest) => Ok(self.ask(&guest, &Shown::default())),
        }
    }

    fn frame<'f>(&self, back: Option<&'f str>) -> Frame<'f> {
        Frame { language: self.language, back, has_script: false }
    }

    /// What the page's form carries of the request.
    fn carried(&self) -> Vec<(&'static str, &str)> {
        CARRIED.iter().filter_map(|name| Some((*name, self.asked.get(name)?))).collect()
    }

    fn token(&self, guest: &Guest) -> String {
        let mut parts = vec!["end_session".to_owned(), guest.sign_in.id.to_string()];
        parts.extend(self.carried().into_iter().map(|(name, value)| format!("{name}={value}")));
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.ctx.identity.form_token(&self.form_key, &parts)
    }

    fn is_own(&self, guest: &Guest) -> bool {
        let token = self.asked.get("form_token").unwrap_or_default();
        let expected = self.token(guest);
        is_same_site(self.request) && same_bytes(expected.as_bytes(), token.as_bytes())
    }

    fn ask(&self, guest: &Guest, shown: &Shown) -> HttpResponse {
        let token = self.token(guest);
        let mut hidden = self.carried();
        let back = format!("{HERE}?{}", serde_urlencoded::to_string(&hidden).unwrap_or_default());
        hidden.push(("form_token", &token));
        let mobile = mask_mobile(guest.account.mobile.as_str());
        let page = EndSessionPage { frame: self.frame(Some(&back)), hidden: &hidden, mobile: &mobile, shown };
        let target = oauth::logout_origin(
            self.ctx,
            self.asked.get("client_id"),
            self.asked.get("post_logout_redirect_uri"),
        );
        pages::page(shown.status, self.language, target.as_deref().unwrap_or_default())
            .append_header((SET_COOKIE, cookies::set_form_key(self.ctx, &self.form_key)))
            .body(page.render())
    }

    async fn gone(&self, guest: Option<&Guest>, location: Option<&str>) -> AppResult<HttpResponse> {
        if let Some(guest) = guest {
            let visitor = visitor(self.ctx, self.request);
            browser::end(self.ctx, guest.account.id, guest.sign_in.id, &visitor).await?;
        }
        let mut answer = match location {
            Some(location) => HttpResponse::SeeOther()
                .insert_header((LOCATION, location))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish(),
            None => pages::signed_out(self.frame(None)),
        };
        let cleared = guest.map(|_| cookies::clear_sign_in(self.ctx));
        if let Some(Ok(value)) = cleared.map(|cleared| HeaderValue::from_str(&cleared)) {
            answer.headers_mut().append(SET_COOKIE, value);
        }
        Ok(answer)
    }
}
