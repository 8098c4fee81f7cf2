//! One browser on its way through a sign-in: for whom it came, who sits there, and
//! what it is shown next. The request travels through the forms as it came and is
//! checked again at every step.
//!
//! What always holds: what a form carries is sealed to the browser it was shown
//! in; a step for somebody signed in is taken for the one it was shown to.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::cookies;
use super::form::header;
use crate::app::identity::browser::{self, Guest};
use crate::app::identity::{Visitor, consents, oauth, passkeys};
use crate::app::{AppError, AppResult, Ctx};
use crate::domain::codes::mask_mobile;
use crate::domain::identity::{
    Aal, AuthorizationRequest, Channel, Client, Consent, Parameters, Rejection, Secret, Step, Wanted,
    next_step,
};
use crate::domain::text::Language;
use crate::http::address::{device_cookie, visitor};
use crate::http::pages::{self, Frame, Shown};

/// Where a sign-in leads.
pub enum Target {
    Client { wanted: Box<AuthorizationRequest>, client: Arc<Client> },
    Page(OwnPage),
}

/// A page of the portal's own, and how well one must have signed in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnPage {
    path: String,
    aal: Aal,
    max_age_seconds: Option<u64>,
}

impl OwnPage {
    /// A request for a page of ours: `to=account`, with what it asks of a sign-in.
    fn read(parameters: &Parameters) -> Option<Self> {
        if parameters.get("client_id").is_some() {
            return None;
        }
        let path = match parameters.get("to")? {
            "account" => "/account".to_owned(),
            "device" => {
                let plain = |code: &&str| code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                let code = parameters.get("user_code").filter(|code| code.len() <= 16).filter(plain);
                code.map_or_else(|| "/device".to_owned(), |code| format!("/device?user_code={code}"))
            }
            _ => return None,
        };
        let aal = parameters.get("aal").and_then(|aal| aal.parse().ok()).and_then(Aal::new);
        Some(Self {
            path,
            aal: aal.unwrap_or(Aal::ONE_FACTOR),
            max_age_seconds: parameters.get("max_age").and_then(|age| age.parse().ok()),
        })
    }
}

/// What the forms carry, as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// The request: its parameters, URL-encoded.
    pub request: String,
    /// The proof the browser had when the request came.
    pub stale: Option<Uuid>,
    /// Whose sign-in the form was shown to.
    pub shown_to: Option<Uuid>,
}

impl Carried {
    pub fn read(parameters: &Parameters) -> Self {
        let id = |name| parameters.get(name).and_then(|text: &str| text.parse().ok());
        Self {
            request: parameters.get("request").unwrap_or_default().to_owned(),
            stale: id("stale"),
            shown_to: id("shown_to"),
        }
    }

    fn parts(&self) -> [String; 3] {
        let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        [self.request.clone(), text(self.stale), text(self.shown_to)]
    }

    pub fn seal(&self, ctx: &Ctx, form_key: &str) -> String {
        let [request, stale, shown_to] = self.parts();
        ctx.identity.form_token(form_key, &[&request, &stale, &shown_to])
    }

    fn fits(&self, ctx: &Ctx, form_key: &str, token: &str) -> bool {
        let [request, stale, shown_to] = self.parts();
        ctx.identity.fits_form(form_key, &[&request, &stale, &shown_to], token)
    }

    /// All of it as the query of an address that leads back here.
    pub fn query(&self, ctx: &Ctx, form_key: &str) -> String {
        let seal = self.seal(ctx, form_key);
        let [request, stale, shown_to] = self.parts();
        let pairs = [("request", request), ("stale", stale), ("shown_to", shown_to), ("form_token", seal)];
        serde_urlencoded::to_string(pairs).unwrap_or_default()
    }
}

/// One browser at one valid request.
pub struct Visit<'a> {
    pub ctx: &'a Ctx,
    pub target: Target,
    pub carried: Carried,
    pub language: Language,
    pub form_key: String,
    pub visitor: Visitor,
    pub guest: Option<Guest>,
    /// What the answer sets beside the key of the forms.
    cookies: Vec<String>,
    /// Whether the form, or the address, is one this browser was given.
    pub is_own: bool,
}

/// What comes of looking where a request leads.
pub type Found<'a> = AppResult<Result<Visit<'a>, Rejection>>;

impl<'a> Visit<'a> {
    /// Somebody comes with a request, or with what a form or address of ours carries.
    pub async fn new(
        ctx: &'a Ctx,
        request: &HttpRequest,
        carried: Carried,
        token: Option<&str>,
        accepted: Language,
    ) -> Found<'a> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&carried.request).unwrap_or_default();
        let parameters = Parameters::new(pairs);
        let target = match OwnPage::read(&parameters) {
            Some(page) => Target::Page(page),
            None => match oauth::check(ctx, &parameters).await? {
                Ok((wanted, client)) => Target::Client { wanted: Box::new(wanted), client },
                Err(rejection) => return Ok(Err(rejection)),
            },
        };
        let form_key = cookies::form_key(ctx, request);
        let is_own = token.is_some_and(|token| carried.fits(ctx, &form_key, token)) && is_same_site(request);
        let guest = match cookies::sign_in(ctx, request) {
            Some(cookie) => browser::current(ctx, cookie).await?,
            None => None,
        };
        // Only what this browser was given says what it had when the request came.
        let brought = guest.as_ref().map(|guest| guest.sign_in.proof);
        let stale = if is_own { carried.stale } else { brought };
        let client = match &target {
            Target::Client { client, .. } => Some(client.as_ref()),
            Target::Page(_) => None,
        };
        let visitor = match client {
            Some(client) => visitor(ctx, request).through(client),
            None => visitor(ctx, request),
        };
        Ok(Ok(Self {
            ctx,
            language: language(request, &target, accepted),
            carried: Carried { stale, ..carried },
            target,
            form_key,
            visitor,
            guest,
            cookies: Vec::new(),
            is_own,
        }))
    }

    pub fn client(&self) -> Option<&Client> {
        match &self.target {
            Target::Client { client, .. } => Some(client),
            Target::Page(_) => None,
        }
    }

    pub fn channel(&self) -> Channel {
        self.client().map_or(Channel::Web, |client| client.channel)
    }

    /// The guest, if the form was shown to him.
    pub fn shown_to(&self) -> Option<&Guest> {
        self.guest.as_ref().filter(|guest| self.carried.shown_to == Some(guest.sign_in.id))
    }

    /// What is to be done with whoever sits there.
    pub async fn next(&self, fresh: Option<Consent>) -> AppResult<(Step, Consent)> {
        let stale = self.carried.stale;
        let (wanted, hint) = match &self.target {
            Target::Client { wanted, .. } => (Wanted::of(wanted, stale), wanted.login_hint.as_deref()),
            Target::Page(page) => (Wanted::page(page.aal, page.max_age_seconds, stale), None),
        };
        let consent = match (fresh, &self.guest, self.client()) {
            (Some(consent), _, _) => consent,
            (None, Some(guest), Some(client)) => {
                consents::granted(self.ctx, guest.account.id, client).await?
            }
            (None, _, _) => Consent::default(),
        };
        let present = self.guest.as_ref().map(|guest| guest.present(hint));
        let (lifetimes, at) = (self.ctx.identity.lifetimes(), self.ctx.clock.now());
        Ok((next_step(&wanted, self.client(), present, consent, lifetimes, at), consent))
    }

    /// The browser has a new sign-in.
    pub async fn enter(&mut self, secret: &Secret) -> AppResult<()> {
        self.guest = browser::current(self.ctx, secret.expose()).await?;
        self.cookies.push(cookies::set_sign_in(self.ctx, secret));
        self.cookies.extend(device_cookie(self.ctx, &self.visitor));
        Ok(())
    }

    /// Where the person goes who has shown and agreed to everything: to the client
    /// with a code, or to our own page.
    pub async fn leave(&mut self) -> AppResult<HttpResponse> {
        let Some(guest) = &self.guest else {
            return Err(AppError::Internal("nobody is there to be answered".to_owned()));
        };
        browser::touch(self.ctx, guest).await?;
        let location = match &self.target {
            Target::Client { wanted, .. } => oauth::grant_code(self.ctx, wanted, &guest.signed_in()).await?,
            Target::Page(page) => page.path.clone(),
        };
        if self.channel() == Channel::Kiosk {
            browser::forget(self.ctx, guest).await?;
            self.cookies.push(cookies::clear_sign_in(self.ctx));
        }
        Ok(self.see_other(&location))
    }

    pub fn see_other(&self, location: &str) -> HttpResponse {
        let mut answer = HttpResponse::SeeOther();
        answer.insert_header((LOCATION, location)).insert_header((CACHE_CONTROL, "no-store"));
        for cookie in &self.cookies {
            answer.append_header((SET_COOKIE, cookie.as_str()));
        }
        answer.finish()
    }

    /// The address of the step this visit has come to.
    pub fn resume(&self, page: &str) -> String {
        let carried = Carried { shown_to: None, ..self.carried.clone() };
        format!("{page}?{}", carried.query(self.ctx, &self.form_key))
    }

    /// What a form to the guest carries.
    pub fn sealed(&self) -> Sealed {
        self.sealed_to(self.guest.as_ref().map(|guest| guest.sign_in.id))
    }

    /// What a form carries that concerns nobody signed in.
    pub fn sealed_for_nobody(&self) -> Sealed {
        self.sealed_to(None)
    }

    fn sealed_to(&self, shown_to: Option<Uuid>) -> Sealed {
        let carried = Carried { shown_to, ..self.carried.clone() };
        let token = carried.seal(self.ctx, &self.form_key);
        let [request, stale, shown_to] = carried.parts();
        Sealed { request, stale, shown_to, token, back: self.resume("/oauth2/sign_in") }
    }

    /// Whose sign-in it is, masked.
    pub fn masked(&self) -> String {
        self.guest.as_ref().map(|guest| mask_mobile(guest.account.mobile.as_str())).unwrap_or_default()
    }

    pub fn frame<'f>(&self, sealed: &'f Sealed) -> Frame<'f> {
        let has_script = passkeys::are_possible(self.ctx);
        Frame { language: self.language, back: Some(&sealed.back), has_script }
    }

    /// A page, with the cookies that go with it.
    pub fn show(&self, shown: &Shown, body: String) -> HttpResponse {
        let origin = match &self.target {
            Target::Client { wanted, .. } => wanted.redirect_uri.origin(),
            Target::Page(_) => "",
        };
        let mut answer = pages::page(shown.status, self.language, origin);
        if let Some(seconds) = shown.retry_after_seconds {
            answer.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        answer.append_header((SET_COOKIE, cookies::set_form_key(self.ctx, &self.form_key)));
        for cookie in &self.cookies {
            answer.append_header((SET_COOKIE, cookie.as_str()));
        }
        answer.body(body)
    }
}

/// The hidden fields of a page's forms, and the address of the page itself.
pub struct Sealed {
    request: String,
    stale: String,
    shown_to: String,
    token: String,
    back: String,
}

impl Sealed {
    pub fn hidden(&self) -> [(&'static str, &str); 4] {
        [
            ("request", &self.request),
            ("stale", &self.stale),
            ("shown_to", &self.shown_to),
            ("form_token", &self.token),
        ]
    }
}

/// Whether our own page sent this, as far as the browser says (Fetch Metadata).
pub fn is_same_site(request: &HttpRequest) -> bool {
    header(request, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// What the person chose beats what the client asks for, and that the browser's setting.
fn language(request: &HttpRequest, target: &Target, accepted: Language) -> Language {
    let asked = match target {
        Target::Client { wanted, .. } => wanted.ui_locales.as_deref(),
        Target::Page(_) => None,
    };
    cookies::language(request).unwrap_or_else(|| {
        let tags = asked.map(|tags| tags.replace(' ', ","));
        tags.map_or(accepted, |tags| Language::negotiate(Some(&tags)))
    })
}
