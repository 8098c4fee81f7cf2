//! Forms: fields with their labels, what is wrong with them, and the hidden fields
//! that say where a form belongs.
//!
//! What always holds: whatever is wrong stands at the top with a link to its
//! field, and again at the field itself.

use actix_web::http::StatusCode;
use maud::{Markup, html};

use super::Frame;
use crate::domain::identity::PasswordProfile;
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// Hidden fields: names and values.
pub type Hidden<'a> = &'a [(&'static str, &'a str)];

/// A sentence about a field, or about all of a form.
#[derive(Debug, Clone)]
pub struct Said {
    /// The field's id.
    pub field: Option<String>,
    pub text: Text,
}

/// What a page says beside its forms.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    pub status: StatusCode,
    pub problems: Vec<Said>,
    pub notice: Option<Text>,
    pub retry_after_seconds: Option<u64>,
}

impl Shown {
    /// The form could not be taken.
    pub fn problem(text: Text) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            problems: vec![Said { field: None, text }],
            ..Self::default()
        }
    }

    /// Something is wrong with one field.
    pub fn at(field: &str, text: Text) -> Self {
        let problems = vec![Said { field: Some(field.to_owned()), text }];
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, problems, ..Self::default() }
    }

    /// Everything wrong with the fields of a form.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let said = |error: FieldError| Said {
            field: error.pointer.strip_prefix('/').filter(|name| !name.is_empty()).map(str::to_owned),
            text: error.detail,
        };
        let problems = errors.into_iter().map(said).collect();
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, problems, ..Self::default() }
    }

    pub fn notice(text: Text) -> Self {
        Self { notice: Some(text), ..Self::default() }
    }

    fn of(&self, field: &str) -> Option<&Text> {
        self.problems.iter().find(|said| said.field.as_deref() == Some(field)).map(|said| &said.text)
    }
}

/// A field somebody fills in.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Field<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub label: &'a str,
    pub kind: &'a str,
    pub autocomplete: &'a str,
    pub inputmode: Option<&'a str>,
    pub value: &'a str,
    pub longest: u16,
    pub is_optional: bool,
    /// What to know before filling it in.
    pub hint: Option<&'a str>,
}

impl Frame<'_> {
    /// What is wrong, or what was done.
    pub(super) fn told(&self, shown: &Shown) -> Markup {
        html! {
            @if !shown.problems.is_empty() {
                div.problem #problems role="alert" tabindex="-1" {
                    @for said in &shown.problems {
                        p {
                            @match &said.field {
                                Some(field) => { a href=(format!("#{field}")) { (said.text.get(self.language)) } }
                                None => { (said.text.get(self.language)) }
                            }
                        }
                    }
                }
            }
            @if let Some(notice) = &shown.notice {
                p.notice role="status" { (notice.get(self.language)) }
            }
        }
    }

    pub(super) fn field(&self, shown: &Shown, field: Field<'_>) -> Markup {
        let wrong = shown.of(field.id);
        let hint_id = field.hint.map(|_| format!("{}-hint", field.id));
        let wrong_id = wrong.map(|_| format!("{}-problem", field.id));
        let described: Vec<String> = [hint_id.clone(), wrong_id.clone()].into_iter().flatten().collect();
        let described = (!described.is_empty()).then(|| described.join(" "));
        html! {
            label for=(field.id) { (field.label) }
            @if let (Some(id), Some(hint)) = (hint_id, field.hint) { p.hint #(id) { (hint) } }
            @if let (Some(id), Some(wrong)) = (wrong_id, wrong) { p.wrong #(id) { (wrong.get(self.language)) } }
            input #(field.id) name=(field.name) type=(field.kind) autocomplete=(field.autocomplete)
                inputmode=[field.inputmode] required[!field.is_optional] maxlength=(field.longest)
                aria-invalid=[wrong.map(|_| "true")] aria-describedby=[described]
                value=[(!field.value.is_empty()).then_some(field.value)];
        }
    }

    pub(super) fn mobile(&self, shown: &Shown, id: &str, value: &str) -> Markup {
        let field = Field {
            id,
            name: "mobile",
            label: self.say("手机号", "Mobile number"),
            kind: "tel",
            autocomplete: "username",
            inputmode: Some("tel"),
            value,
            longest: 24,
            ..Field::default()
        };
        self.field(shown, field)
    }

    pub(super) fn code(&self, shown: &Shown, label: &str) -> Markup {
        let field = Field {
            id: "code",
            name: "code",
            label,
            kind: "text",
            autocomplete: "one-time-code",
            inputmode: Some("numeric"),
            longest: 16,
            ..Field::default()
        };
        self.field(shown, field)
    }

    pub(super) fn present_password(&self, shown: &Shown, id: &str, label: &str) -> Markup {
        let field = Field {
            id,
            name: id,
            label,
            kind: "password",
            autocomplete: "current-password",
            longest: 128,
            ..Field::default()
        };
        self.field(shown, field)
    }

    pub(super) fn new_password(&self, shown: &Shown, id: &str, passwords: PasswordProfile) -> Markup {
        let advice = passwords.advice();
        let field = Field {
            id,
            name: id,
            label: self.say("新密码", "New password"),
            kind: "password",
            autocomplete: "new-password",
            longest: 128,
            hint: Some(advice.get(self.language)),
            ..Field::default()
        };
        self.field(shown, field)
    }

    pub(super) fn hidden(&self, fields: Hidden<'_>) -> Markup {
        html! {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
        }
    }

    /// A form of hidden fields and one button.
    pub(super) fn button(&self, action: &str, hidden: Hidden<'_>, value: &str, label: &str) -> Markup {
        html! {
            form method="post" action=(action) {
                (self.hidden(hidden))
                button.quiet type="submit" name="action" value=(value) { (label) }
            }
        }
    }

    /// A form that a script fills in with what a passkey says; hidden without one.
    pub(super) fn passkey(&self, form: PasskeyForm<'_>) -> Markup {
        html! {
            form method="post" action=(form.action) data-passkey=(form.ceremony) data-options=(form.options) hidden {
                (self.hidden(form.hidden))
                input type="hidden" name="action" value=(form.value);
                input type="hidden" name="ceremony";
                input type="hidden" name="credential";
                @if let Some(field) = form.field { (field) }
                button.quiet[form.is_quiet] type="submit" { (form.label) }
                p.wrong role="alert" data-failed hidden {
                    (self.say(
                        "未能使用通行密钥。请重试，或改用其他方式。",
                        "The passkey could not be used. Try again, or choose another way.",
                    ))
                }
            }
        }
    }
}

/// See [`Frame::passkey`].
pub(super) struct PasskeyForm<'a> {
    pub action: &'a str,
    /// `get` or `create`, as the browser calls it.
    pub ceremony: &'a str,
    /// Where the options come from.
    pub options: &'a str,
    pub hidden: Hidden<'a>,
    pub value: &'a str,
    pub label: &'a str,
    pub field: Option<Markup>,
    pub is_quiet: bool,
}
