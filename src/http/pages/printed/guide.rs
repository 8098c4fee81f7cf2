//! A guide to be handed out: the sections of its sheet.

use maud::{Markup, html};

use super::Printed;
use crate::domain::exports::{Entry, Part, Section, sheet};

/// The whole page.
pub fn guide_sheet(printed: &Printed<'_>) -> String {
    let sheet = sheet(printed.guide, printed.about, printed.scenario);
    let title = printed.say("办事指南", "Guide");
    let body = html! {
        h1 { (printed.words(&sheet.title)) }
        @if let Some(scenario) = &sheet.scenario {
            p.scenario { (printed.say("情形：", "Situation: ")) (printed.words(scenario)) }
        }
        p { (printed.words(&sheet.summary)) }
        @for section in &sheet.sections { (printed.section(section)) }
    };
    printed.document(title, &body)
}

impl Printed<'_> {
    fn section(&self, section: &Section) -> Markup {
        html! {
            section aria-labelledby=(section.code) {
                h2 #(section.code) { (self.words(&section.title)) }
                @match &section.part {
                    Part::Pairs(pairs) => {
                        table {
                            tbody {
                                @for (label, value) in pairs {
                                    tr { th scope="row" { (self.words(label)) } td { (self.words(value)) } }
                                }
                            }
                        }
                    }
                    Part::List(entries) => { ul { @for entry in entries { (self.entry(entry)) } } }
                    Part::Steps(entries) => { ol { @for entry in entries { (self.entry(entry)) } } }
                }
            }
        }
    }

    fn entry(&self, entry: &Entry) -> Markup {
        html! {
            li {
                span.name { (self.words(&entry.name)) }
                @if !entry.notes.is_empty() || !entry.links.is_empty() {
                    ul {
                        @for note in &entry.notes { li { (self.words(note)) } }
                        @for (what, address) in &entry.links { li { (self.link(self.words(what), address)) } }
                    }
                }
                @if let Some(quote) = &entry.quote { blockquote lang="zh-CN" { (quote) } }
            }
        }
    }

    /// A page below the guide's own address is a link only where that is known.
    fn link(&self, what: &str, address: &str) -> Markup {
        let below =
            self.about.base_url.map(|url| format!("{url}/api/v1/guides/{}{address}", self.guide.code));
        let whole = if address.starts_with('/') { below } else { Some(address.to_owned()) };
        html! {
            @match whole {
                Some(whole) => { a href=(whole) { (what) } }
                None => { (what) }
            }
        }
    }
}
