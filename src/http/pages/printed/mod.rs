//! Pages to be printed on A4: a guide, the blank form of a guide, the forms and
//! samples of its materials, a letter. Each stands by itself, without a script, with
//! its style inside, so that it can be kept as a file; in one language, a letter in both.
//!
//! What always holds: nothing is loaded from anywhere; whatever a guide or a letter says is escaped.

mod form;
mod guide;
mod letter;

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
pub use letter::letter_page;

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
        let title = format!("{title} · {}", self.words(&guide.item.name));
        let nav = html! {
            @if let Some(other) = self.other {
                @let (tag, name) = match self.language {
                    Language::Zh => ("en", "English"),
                    Language::En => ("zh-CN", "中文"),
                };
                nav.other { a href=(other) hreflang=(tag) lang=(tag) { (name) } }
            }
        };
        let footer = html! {
            p {
                (self.say("实施编码：", "Code of the guide: ")) (guide.code)
                @if let Some(version) = self.about.version {
                    (self.say("　版本：", ", version ")) (version)
                }
            }
        };
        standing_alone(self.language, &title, &nav, body, &footer)
    }
}

/// A page with everything it needs inside it.
fn standing_alone(language: Language, title: &str, nav: &Markup, body: &Markup, footer: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(tag(language)) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (nav)
                main { (body) }
                footer { (footer) }
            }
        }
    };
    page.into_string()
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

#[cfg(test)]
mod tests {
    use super::{
        About, Handout, Language, Printed, STYLE, Text, blank_form, guide_sheet, handout, letter_page,
    };
    use crate::domain::cases::Grounds;
    use crate::domain::cases::letters::{Letter, LetterKind, statutory_remedy};
    use crate::domain::guides::{Guide, read_guide};
    use crate::domain::papers::Sheet;

    fn rich() -> Guide {
        read_guide(include_str!("../../../domain/exports/samples/rich.yaml")).unwrap()
    }

    /// A tag to a line, without the style.
    fn shown(page: &str) -> String {
        page.replace(STYLE, "…").replace('<', "\n<").trim_start().to_owned()
    }

    #[test]
    fn pages_of_the_rich_guide() {
        let (guide, agency) = (rich(), Text::new("铜官区民政局", "Civil Affairs Bureau"));
        let base_url = Some("https://portal.example");
        let about = About { agency: Some(&agency), version: Some(3), base_url, ..About::default() };
        let whole = Printed {
            guide: &guide,
            about: &about,
            scenario: None,
            language: Language::Zh,
            other: Some("?lang=en"),
        };
        let change = Printed { scenario: Some("change"), language: Language::En, other: None, ..whole };
        insta::assert_snapshot!("guide_zh", shown(&guide_sheet(&whole)));
        insta::assert_snapshot!("guide_en", shown(&guide_sheet(&change)));
        insta::assert_snapshot!("form_zh", shown(&blank_form(&whole)));
        insta::assert_snapshot!("form_en", shown(&blank_form(&change)));
    }

    fn denial(reason: &str) -> Sheet {
        let letter = Letter {
            kind: LetterKind::Denial,
            number: "110000-03".to_owned(),
            at: "2026-03-02T01:30:00Z".parse().unwrap(),
            agency: None,
            title: LetterKind::Denial.title(),
            addressee: "林晓岚".to_owned().into(),
            paragraphs: vec![Text::new("申请不予批准，理由和依据如下。", "The application is denied.")],
            grounds: Some(Grounds {
                reason: reason.to_owned().into(),
                article: "《城市道路管理条例》第三十一条".to_owned(),
                remedy: statutory_remedy(),
            }),
            article: None,
            notes: Vec::new(),
        };
        let (agency, item) =
            (Text::new("铜官区城管局", "Urban Management"), Text::new("占道许可", "Road permit"));
        Sheet::of(&letter, &agency, &item, "https://portal.example/api/v1/letters/verify")
    }

    #[test]
    fn page_of_a_denial() {
        insta::assert_snapshot!("letter", shown(&letter_page(&denial("平面图不符。\n请重测。"))));
    }

    #[test]
    fn what_a_guide_or_a_letter_says_is_text_and_nothing_else() {
        let mut guide = rich();
        let hostile = "</style></pre><script>alert('1')</script>\" onload=\"x";
        let text = Text::new(hostile, hostile);
        guide.item.name = text.clone();
        guide.summary = text.clone();
        guide.materials[0].name = text.clone();
        guide.venues[0].address = text.clone();
        guide.form.fields[0].label = text.clone();
        let about = About { agency: Some(&text), region: Some(hostile), ..About::default() };
        let printed = Printed {
            guide: &guide,
            about: &about,
            scenario: None,
            language: Language::Zh,
            other: Some(hostile),
        };
        let blank = handout(&printed, &guide.materials[0], Handout::BlankForm, hostile);
        let letter = letter_page(&denial(hostile));
        for page in [guide_sheet(&printed), blank_form(&printed), blank, letter] {
            assert!(page.contains("&lt;script&gt;"), "{page}");
            assert!(!page.contains("<script") && !page.contains("\" onload"), "{page}");
            assert_eq!(page.matches("</style>").count(), 1, "{page}");
        }
    }
}
