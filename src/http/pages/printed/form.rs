//! The form of a guide on paper, for a counter to hand out: every field with room
//! to write, and what the applicant declares and signs.

use maud::{Markup, html};

use super::Printed;
use crate::domain::guides::{Field, FieldKind, Requirement};
use crate::domain::text::Text;

/// Rows to write in where a group may have many.
const ROWS: u32 = 4;
const ID_DIGITS: usize = 18;
const MOBILE_DIGITS: usize = 11;

/// The whole page.
pub fn blank_form(printed: &Printed<'_>) -> String {
    let guide = printed.as_handled();
    let title = printed.say("申请表", "Application form");
    let name = &guide.item.name;
    let heading = Text::new(format!("{}申请表", name.zh), format!("{}: application form", name.en));
    let (declarations, fields): (Vec<&Field>, Vec<&Field>) =
        guide.form.fields.iter().partition(|field| matches!(field.kind, FieldKind::Declaration));
    let (groups, fields): (Vec<&Field>, Vec<&Field>) =
        fields.into_iter().partition(|field| matches!(field.kind, FieldKind::Group { .. }));
    let scenario = printed.guide.scenarios.iter().find(|one| Some(one.code.as_str()) == printed.scenario);
    let body = html! {
        h1 { (heading.get(printed.language)) }
        @if let Some(scenario) = scenario {
            p.scenario { (printed.say("情形：", "Situation: ")) (printed.words(&scenario.name)) }
        } @else if !printed.guide.scenarios.is_empty() {
            p {
                (printed.say("办理情形（选一项）：", "Situation (choose one): "))
                @for scenario in &printed.guide.scenarios { span.option { (printed.words(&scenario.name)) } }
            }
        }
        table {
            tbody {
                @for field in &fields {
                    tr { th scope="row" { (printed.label(field)) } td { (printed.room(&field.kind)) } }
                }
            }
        }
        @for group in &groups { (printed.group(group)) }
        @if !declarations.is_empty() {
            h2 { (printed.say("承诺", "Declaration")) }
            @for field in &declarations { p.ticked { (printed.words(&field.label)) (printed.only(field)) } }
        }
        p.signed {
            span { (printed.say("申请人签名：", "Signature: ")) }
            span { (printed.say("日期：", "Date: ")) }
        }
    };
    printed.document(title, &body)
}

impl Printed<'_> {
    fn label(&self, field: &Field) -> Markup {
        html! {
            (self.words(&field.label))
            @if let Some(help) = &field.help { p.hint { (self.words(help)) } }
            (self.only(field))
        }
    }

    /// When it need not be filled in.
    fn only(&self, field: &Field) -> Markup {
        let optional = match (&field.required, &field.visible_when) {
            (Requirement::Required, None) => None,
            (Requirement::Optional, None) => Some(self.say("选填", "Optional")),
            (Requirement::When(_), _) | (_, Some(_)) => {
                Some(self.say("有此情形的填写", "Only if it applies to you"))
            }
        };
        let names: Vec<&str> = self
            .guide
            .scenarios
            .iter()
            .filter(|scenario| field.scenarios.contains(&scenario.code))
            .map(|scenario| self.words(&scenario.name))
            .collect();
        html! {
            @if let Some(optional) = optional { p.hint { (self.say("（", "(")) (optional) (self.say("）", ")")) } }
            @if !names.is_empty() {
                p.hint { (self.say("适用于：", "Only for: ")) (names.join(self.say("、", ", "))) }
            }
        }
    }

    /// Where the answer is written.
    fn room(&self, kind: &FieldKind) -> Markup {
        match kind {
            FieldKind::Text { multiline: true, .. } => html! { span.blank.tall {} },
            FieldKind::Text { multiline: false, .. }
            | FieldKind::Region { .. }
            | FieldKind::Address { .. } => {
                html! { span.blank {} }
            }
            FieldKind::Number { .. } => html! { span.blank {} },
            FieldKind::Money { .. } => html! { span.blank { (self.say("　　　　　　元", "CNY")) } },
            FieldKind::Date { .. } => html! {
                span.blank { (self.say("　　　　年　　　月　　　日", "year         month      day")) }
            },
            FieldKind::Boolean => html! {
                span.option { (self.say("是", "Yes")) } span.option { (self.say("否", "No")) }
            },
            FieldKind::Choice { options } => html! {
                @for option in options { span.option { (self.words(&option.label)) } }
            },
            FieldKind::MultiChoice { options, max, .. } => html! {
                @for option in options { span.option { (self.words(&option.label)) } }
                @if let Some(max) = max {
                    @let words = Text::new(format!("（最多选{max}项）"), format!("({max} at most)"));
                    p.hint { (self.words(&words)) }
                }
            },
            FieldKind::ResidentId | FieldKind::Uscc => boxes(ID_DIGITS),
            FieldKind::Mobile => boxes(MOBILE_DIGITS),
            FieldKind::File { material } => {
                let name = self.guide.materials.iter().find(|one| one.code == *material);
                html! {
                    (self.say("随表提交：", "Attach: "))
                    @if let Some(material) = name { (self.words(&material.name)) }
                }
            }
            // These have their places below the table.
            FieldKind::Declaration | FieldKind::Group { .. } => html! {},
        }
    }

    fn group(&self, group: &Field) -> Markup {
        let FieldKind::Group { fields, min, max } = &group.kind else { return html! {} };
        let rows = (*max).min(ROWS.max(*min));
        html! {
            h2 { (self.words(&group.label)) }
            @if let Some(help) = &group.help { p.hint { (self.words(help)) } }
            (self.only(group))
            table.rows {
                thead { tr { @for cell in fields { th scope="col" { (self.words(&cell.label)) } } } }
                tbody {
                    @for _ in 0..rows { tr { @for cell in fields { td { (self.cell(&cell.kind)) } } } }
                }
            }
        }
    }

    /// A narrow place shows what can be chosen, and no boxes.
    fn cell(&self, kind: &FieldKind) -> Markup {
        match kind {
            FieldKind::Choice { .. } | FieldKind::MultiChoice { .. } | FieldKind::Boolean => self.room(kind),
            FieldKind::Text { .. }
            | FieldKind::Number { .. }
            | FieldKind::Money { .. }
            | FieldKind::Date { .. }
            | FieldKind::Region { .. }
            | FieldKind::Address { .. }
            | FieldKind::ResidentId
            | FieldKind::Uscc
            | FieldKind::Mobile
            | FieldKind::Declaration
            | FieldKind::Group { .. }
            | FieldKind::File { .. } => html! {},
        }
    }
}

fn boxes(count: usize) -> Markup {
    html! { span.boxes aria-hidden="true" { @for _ in 0..count { span {} } } }
}
