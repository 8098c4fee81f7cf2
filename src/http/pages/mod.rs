//! The few pages the portal shows itself: signing in, and why that cannot go on.
//! They work without JavaScript, in Chinese and English, and on a small screen.
//!
//! What always holds: no script, no frame, nothing loaded from elsewhere; what
//! people or clients wrote is escaped.

mod sign_in;
mod words;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use maud::{DOCTYPE, Markup, html};

use crate::domain::text::{Language, Text};

pub use sign_in::SignInPage;
pub use words::{code_sent, denied, stale_form, wait};

/// The style sheet.
pub const STYLE: &str = include_str!("pages.css");

/// The head of an HTML answer. `form_target`: where a form may lead beside this
/// portal itself, since browsers apply the rule to redirects as well.
pub fn page(status: StatusCode, language: Language, form_target: &str) -> HttpResponseBuilder {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {form_target}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, tag(language)))
        .insert_header((CONTENT_SECURITY_POLICY, policy.trim_end().to_owned()))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((CACHE_CONTROL, "no-store"));
    answer
}

/// Why a sign-in cannot go on, where no client may be told.
pub fn refused(why: Text, language: Language) -> HttpResponse {
    let title = Text::new("无法登录", "Cannot sign in");
    let advice = Text::new("请返回原来的应用重新发起登录。", "Go back to the app and begin again.");
    message(StatusCode::BAD_REQUEST, language, &title, &[why, advice])
}

pub fn signed_out(language: Language) -> HttpResponse {
    let title = Text::new("已退出登录", "Signed out");
    let words = Text::new("您可以关闭此页面。", "You may close this page.");
    message(StatusCode::OK, language, &title, &[words])
}

pub fn nothing_ended(language: Language) -> HttpResponse {
    let title = Text::new("未能退出登录", "Not signed out");
    let words = Text::new(
        "请求中没有说明要退出哪一次登录。请在应用内退出，或在“我的登录设备”中结束登录。",
        "The request does not say which sign-in to end. Sign out in the app, or end it in your list of sessions.",
    );
    message(StatusCode::BAD_REQUEST, language, &title, &[words])
}

fn message(status: StatusCode, language: Language, title: &Text, words: &[Text]) -> HttpResponse {
    let body = html! {
        h1 { (title.get(language)) }
        @for text in words {
            p { (text.get(language)) }
        }
    };
    page(status, language, "").body(layout(language, title.get(language), &body).into_string())
}

fn layout(language: Language, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(tag(language)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · 万事通 Wanshitong" }
                link rel="stylesheet" href="/oauth2/pages.css";
            }
            body {
                header { p { "万事通 Wanshitong" } }
                main { (body) }
            }
        }
    }
}

fn tag(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh-CN",
        Language::En => "en",
    }
}
