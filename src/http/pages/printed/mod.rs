//! Pages to be printed on A4: a guide, the blank form of a guide, the forms and
//! samples of its materials. Each stands by itself, in one language, without a
//! script, with its style inside, so that it can be kept as a file.
//!
//! What always holds: nothing is loaded from anywhere; whatever a guide says is escaped.

mod form;
mod guide;

use std::sync::LazyLock;

use actix_web::http::header::{
    CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::tag;
use crate::domain::exports::{About, Handout};
use crate::domain::guides::{Guide, Material};
use crate::domain::text::{Language, Text};

pub use form::blank_form;
pub use guide::guide_sheet;

const STYLE: &str = include_str!("printed.css");

/// What a printed page is of.
#[derive(Debug, Clone, Copy)]
pub struct Printed<'a> {
    pub guide: &'a Guide,
    pub about: &'a About<'a>,
    /// One of the guide's scenarios, by its code.
    pub scenario: Option<&'a str>,
    pub language: Language,
    /// Where the same page is in the other language, if it is to be asked for.
    pub other: Option<&'a str>,
}

impl Printed<'_> {
    fn say<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    fn words<'t>(&self, text: &'t Text) -> &'t str {
        text.get(self.language)
    }

    /// The guide as it is handled in the scenario.
    fn as_handled(&self) -> &Guide {
        self.guide.handled_as(self.scenario)
    }

    fn document(&self, title: &str, body: &Markup) -> String {
        let guide = self.guide;
        let page = html! {
            (DOCTYPE)
            html lang=(tag(self.language)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) " · " (self.words(&guide.item.name)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    @if let Some(other) = self.other {
                        @let (tag, name) = match self.language {
                            Language::Zh => ("en", "English"),
                            Language::En => ("zh-CN", "中文"),
                        };
                        nav.other { a href=(other) hreflang=(tag) lang=(tag) { (name) } }
                    }
                    main { (body) }
                    footer {
                        p {
                            (self.say("实施编码：", "Code of the guide: ")) (guide.code)
                            @if let Some(version) = self.about.version {
                                (self.say("　版本：", ", version ")) (version)
                            }
                        }
                    }
                }
            }
        };
        page.into_string()
    }
}

/// A page of a material, printed from its text.
pub fn handout(printed: &Printed<'_>, material: &Material, handout: Handout, text: &str) -> String {
    let what = handout.title();
    let title = format!("{} · {}", printed.words(&material.name), printed.words(&what));
    let body = html! {
        h1 { (title) }
        // The text is as the agency wrote it, in its language.
        pre.sheet lang="zh-CN" { (text) }
    };
    printed.document(&title, &body)
}

/// The head of an answer that is such a page.
pub fn printed_page(language: Language) -> HttpResponseBuilder {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let digest = BASE64_STANDARD.encode(Sha256::digest(STYLE));
        format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'")
    });
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_LANGUAGE, tag(language)))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    answer
}
