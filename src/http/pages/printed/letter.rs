//! A letter to be read and printed, laid out as the PDF is. Only the PDF is sealed.

use maud::{Markup, html};

use super::standing_alone;
use crate::domain::papers::{Row, Sheet};
use crate::domain::text::{Language, Text};

/// The whole page. The Chinese text is the one that counts, so both languages are there.
pub fn letter_page(sheet: &Sheet) -> String {
    let title = format!("{} {}", sheet.title.zh, sheet.number);
    let body = html! {
        p.head { (sheet.agency.zh) }
        h1 { (sheet.title.zh) }
        p.number.en lang="en" { (sheet.agency.en) br; (sheet.title.en) }
        p.number { "编号 No. " (sheet.number) }
        p.number { "事项：" (sheet.item.zh) }
        p.number.en lang="en" { "Item: " (sheet.item.en) }
        p.to { (sheet.addressee.zh) }
        p.en lang="en" { (sheet.addressee.en) }
        @for paragraph in &sheet.paragraphs { (both("said", paragraph)) }
        @if !sheet.grounds.is_empty() {
            dl.grounds { @for row in &sheet.grounds { (ground(row)) } }
        }
        div.seal {
            p { (sheet.agency.zh) }
            p.en lang="en" { (sheet.agency.en) }
            p { (sheet.date.zh) }
            p.en lang="en" { (sheet.date.en) }
        }
    };
    let footer = html! {
        p { "加盖电子印章的是本文书的PDF；本页供阅读和打印。" }
        p.en lang="en" { "What is sealed is the PDF of this letter; this page is for reading and printing." }
    };
    standing_alone(Language::Zh, &title, &html! {}, &body, &footer)
}

fn both(class: &str, text: &Text) -> Markup {
    html! {
        p class=(class) { (text.zh) }
        p.en lang="en" { (text.en) }
    }
}

fn ground(row: &Row) -> Markup {
    html! {
        dt { (row.label.zh) " " span lang="en" { (row.label.en) } }
        dd { (row.said) }
        @if let Some(said) = &row.in_english { dd.en lang="en" { (said) } }
    }
}
