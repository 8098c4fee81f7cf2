//! The pages the portal shows itself: signing in, agreeing, one's own account.
//! They work without JavaScript (passkeys aside), in Chinese and English, and on a
//! small screen; who reads them by ear or by keyboard gets as far as anybody.
//!
//! What always holds: no script but our own file, no frame, nothing loaded from
//! elsewhere; what people or clients wrote is escaped.

mod account;
mod consent;
mod device;
mod end_session;
mod fields;
mod identity;
mod password;
pub mod printed;
mod register;
mod second_factor;
mod sign_in;
mod totp;
mod words;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use maud::{DOCTYPE, Markup, html};

use crate::domain::text::{Language, Text};

pub use account::{AccountPage, ConsentLine, SessionLine, SignInLine};
pub use consent::ConsentPage;
pub use device::{DevicePage, DeviceStep};
pub use end_session::EndSessionPage;
pub use fields::{Hidden, Said, Shown};
pub use identity::IdentityPage;
pub use password::{ForgottenPage, PasswordPage};
pub use register::RegisterPage;
pub use second_factor::SecondFactorPage;
pub use sign_in::SignInPage;
pub use totp::{RecoveryCodesPage, TotpPage};
pub use words::{
    changed, code_sent, denied, factor_denied, passkey_denied, password_changed, stale_form, wait,
};

/// The style sheet.
pub const STYLE: &str = include_str!("pages.css");
/// What passkeys need of the browser.
pub const PASSKEY_SCRIPT: &str = include_str!("passkey.js");

/// What every page has around it.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    pub language: Language,
    /// Where choosing the other language leads: this very page. None when it
    /// cannot be asked for again.
    pub back: Option<&'a str>,
    /// Whether the page offers what a script must do.
    pub has_script: bool,
}

impl Frame<'_> {
    /// The frame of a page that offers nothing a script must do.
    pub fn plain(self) -> Self {
        Self { has_script: false, ..self }
    }

    pub fn say<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// A whole page.
    pub fn render(&self, title: &str, body: &Markup) -> String {
        let page = html! {
            (DOCTYPE)
            html lang=(tag(self.language)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " · 万事通 Wanshitong" }
                    link rel="stylesheet" href="/oauth2/pages.css";
                    @if self.has_script { script src="/oauth2/passkey.js" defer {} }
                }
                body {
                    header {
                        p { "万事通 Wanshitong" }
                        @if let Some(back) = self.back { (self.other_language(back)) }
                    }
                    main { (body) }
                }
            }
        };
        page.into_string()
    }

    fn other_language(&self, back: &str) -> Markup {
        let (value, tag, name) = match self.language {
            Language::Zh => ("en", "en", "English"),
            Language::En => ("zh", "zh-CN", "中文"),
        };
        html! {
            form.language method="post" action="/oauth2/language" {
                input type="hidden" name="back" value=(back);
                button.quiet type="submit" name="language" value=(value) lang=(tag) { (name) }
            }
        }
    }
}

/// The head of an HTML answer. `form_target`: where a form may lead beside this
/// portal itself, since browsers apply the rule to redirects as well.
pub fn page(status: StatusCode, language: Language, form_target: &str) -> HttpResponseBuilder {
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         form-action 'self' {form_target}; base-uri 'none'; frame-ancestors 'none'"
    )
    .replace(" ;", ";");
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, tag(language)))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"));
    answer
}

/// A page that only says something.
pub fn message(status: StatusCode, frame: Frame<'_>, title: &Text, words: &[Text]) -> HttpResponse {
    let title = title.get(frame.language);
    let body = html! {
        h1 { (title) }
        @for text in words { p { (text.get(frame.language)) } }
    };
    page(status, frame.language, "").body(frame.render(title, &body))
}

/// Why a sign-in cannot go on, where no client may be told.
pub fn refused(why: Text, frame: Frame<'_>) -> HttpResponse {
    let title = Text::new("无法登录", "Cannot sign in");
    let advice = Text::new("请返回原来的应用重新发起登录。", "Go back to the app and begin again.");
    message(StatusCode::BAD_REQUEST, frame, &title, &[why, advice])
}

pub fn signed_out(frame: Frame<'_>) -> HttpResponse {
    let title = Text::new("已退出登录", "Signed out");
    let words = Text::new("您可以关闭此页面。", "You may close this page.");
    message(StatusCode::OK, frame, &title, &[words])
}

pub fn nothing_ended(frame: Frame<'_>) -> HttpResponse {
    let title = Text::new("未能退出登录", "Not signed out");
    let words = Text::new(
        "请求中没有说明要退出哪一次登录，此浏览器也没有登录。请在应用内退出，或在“我的账号”中结束登录。",
        "The request does not say which sign-in to end, and nobody is signed in at this browser. Sign out in the \
         app, or end the session on your account page.",
    );
    message(StatusCode::BAD_REQUEST, frame, &title, &[words])
}

/// Something went wrong inside, or it is too busy.
pub fn failed(status: StatusCode, title: &Text, advice: Text, frame: Frame<'_>) -> HttpResponse {
    message(status, frame, title, &[advice])
}

fn tag(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh-CN",
        Language::En => "en",
    }
}
