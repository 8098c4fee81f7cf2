//! `/device` (RFC 8628 §3.3): somebody enters the code a kiosk shows, sees which it
//! is and what it may do, and lets it sign in as him or not.

use actix_web::{HttpRequest, HttpResponse, get, post, web};

use super::authorize::{failed, see_other};
use super::cookies;
use super::form::{Form, parameters};
use super::sign_in::told;
use super::visit::{Carried, Visit};
use crate::app::identity::browser::{self, Guest};
use crate::app::identity::device::{self, Guesser, PendingDevice, Verdict};
use crate::app::{AppResult, Ctx, organisation};
use crate::domain::identity::{Parameters, Step};
use crate::domain::text::{Language, Text};
use crate::http::extract::Accepted;
use crate::http::pages::{self, DevicePage, DeviceStep, Frame, Shown};
use crate::http::problem::Problem;

type Reply = Result<HttpResponse, Problem>;

/// The page for the code of a device; with `user_code` it is filled in already.
#[utoipa::path(tag = "oauth", operation_id = "device_page", params(("user_code" = Option<String>, Query)),
    responses((status = 200, content_type = "text/html", body = String), (status = 303)))]
#[get("/device")]
pub async fn device_page(ctx: web::Data<Ctx>, request: HttpRequest, language: Accepted) -> Reply {
    let asked = parameters(request.query_string())?;
    let code = asked.get("user_code").unwrap_or_default();
    let carried = Carried { request: own_request(code), ..Carried::default() };
    Ok(answer(&ctx, &request, carried, &asked, language.0).await)
}

/// A code entered, or a decision made.
#[utoipa::path(tag = "oauth", operation_id = "decide_device",
    request_body(content = Object, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, content_type = "text/html", body = String), (status = 303), (status = "4XX", content_type = "text/html", body = String)))]
#[post("/device")]
pub async fn decide_device(
    ctx: web::Data<Ctx>,
    request: HttpRequest,
    form: Form,
    language: Accepted,
) -> Reply {
    Ok(answer(&ctx, &request, Carried::read(&form.0), &form.0, language.0).await)
}

/// A sign-in that leads back here.
fn own_request(user_code: &str) -> String {
    let pairs = [("to", "device"), ("user_code", user_code)];
    let given = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>();
    serde_urlencoded::to_string(given).unwrap_or_default()
}

async fn answer(
    ctx: &Ctx,
    request: &HttpRequest,
    carried: Carried,
    asked: &Parameters,
    accepted: Language,
) -> HttpResponse {
    let language = cookies::language(request).unwrap_or(accepted);
    let page = match Table::open(ctx, request, carried, asked, language).await {
        Ok(Ok(table)) => table.serve(asked).await,
        Ok(Err(elsewhere)) => Ok(elsewhere),
        Err(error) => Err(error),
    };
    page.unwrap_or_else(|error| failed(error, Some("/device"), language))
}

/// Somebody signed in, with a code before him.
struct Table<'a> {
    visit: Visit<'a>,
    guest: Guest,
}

impl<'a> Table<'a> {
    async fn open(
        ctx: &'a Ctx,
        request: &HttpRequest,
        carried: Carried,
        asked: &Parameters,
        language: Language,
    ) -> AppResult<Result<Self, HttpResponse>> {
        let code = asked.get("user_code").unwrap_or_default();
        let there = [("request", own_request(code))];
        let sign_in = format!("/oauth2/sign_in?{}", serde_urlencoded::to_string(there).unwrap_or_default());
        if !carried.request.starts_with("to=device") {
            return Ok(Err(see_other(&sign_in)));
        }
        let found = Visit::new(ctx, request, carried, asked.get("form_token"), language).await?;
        let Ok(visit) = found else { return Ok(Err(see_other(&sign_in))) };
        let Some(guest) = visit.guest.clone() else { return Ok(Err(see_other(&sign_in))) };
        if visit.next(None).await?.0 != Step::Answer {
            return Ok(Err(see_other(&sign_in)));
        }
        browser::touch(ctx, &guest).await?;
        Ok(Ok(Self { visit, guest }))
    }

    async fn serve(&self, asked: &Parameters) -> AppResult<HttpResponse> {
        let code = asked.get("user_code").unwrap_or_default();
        let is_own = self.visit.is_own && self.visit.shown_to().is_some();
        match asked.get("action") {
            Some("approve" | "deny") if is_own => {
                self.decide(code, asked.get("action") == Some("approve")).await
            }
            Some("find") if is_own => self.find(code).await,
            Some(_) => Ok(self.enter(code, &Shown::problem(pages::stale_form()))),
            None if code.is_empty() => Ok(self.enter("", &Shown::default())),
            None => self.find(code).await,
        }
    }

    async fn find(&self, code: &str) -> AppResult<HttpResponse> {
        let guesser = Guesser { account: self.guest.account.id, from: self.visit.visitor.from };
        match device::find(self.visit.ctx, code, guesser).await {
            Ok(Some(pending)) => self.show(&pending).await,
            Ok(None) => {
                let words = Text::new(
                    "没有设备在等待这个代码。请核对设备上显示的代码；如已过期，请在设备上重新开始。",
                    "No device waits for this code. Compare it with the device; if it is too old, begin again there.",
                );
                Ok(self.enter(code, &Shown::at("user_code", words)))
            }
            Err(error) => Ok(self.enter(code, &told(error))),
        }
    }

    async fn decide(&self, code: &str, agrees: bool) -> AppResult<HttpResponse> {
        let signed_in = self.guest.signed_in();
        let verdict = match agrees {
            true => Verdict::Approve(&signed_in),
            false => Verdict::Deny { account: self.guest.account.id },
        };
        match device::decide(self.visit.ctx, code, verdict).await {
            Ok(()) => {
                let step = if agrees { DeviceStep::Approved } else { DeviceStep::Denied };
                Ok(self.page(step, &Shown::default()))
            }
            Err(error) => Ok(self.enter("", &told(error))),
        }
    }

    async fn show(&self, pending: &PendingDevice) -> AppResult<HttpResponse> {
        let counter = match &pending.counter {
            Some(code) => organisation::find_counter(self.visit.ctx, code.clone()).await?,
            None => None,
        };
        let place =
            counter.map(|counter| format!("{}，{}", counter.name.get(self.visit.language), counter.address));
        let user_code = pending.user_code.to_string();
        let step = DeviceStep::Decide {
            user_code: &user_code,
            name: &pending.client.name,
            place: place.as_deref(),
            scopes: pending.scopes,
        };
        Ok(self.page(step, &Shown::default()))
    }

    fn enter(&self, user_code: &str, shown: &Shown) -> HttpResponse {
        self.page(DeviceStep::Enter { user_code }, shown)
    }

    fn page(&self, step: DeviceStep<'_>, shown: &Shown) -> HttpResponse {
        let (sealed, mobile) = (self.visit.sealed(), self.visit.masked());
        let hidden = sealed.hidden();
        let page = DevicePage {
            frame: Frame { language: self.visit.language, back: Some("/device"), has_script: false },
            hidden: &hidden,
            mobile: &mobile,
            step,
            shown,
        };
        self.visit.show(shown, page.render())
    }
}
