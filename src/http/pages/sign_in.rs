//! The sign-in page: number and password, or number and code.

use maud::{Markup, html};

use super::layout;
use crate::domain::identity::{Client, Scope, ScopeSet};
use crate::domain::text::{Language, Text};

pub struct SignInPage<'a> {
    pub language: Language,
    pub client: &'a Client,
    pub scopes: ScopeSet,
    /// The authorization request, to be sent on with the form.
    pub request: &'a str,
    pub form_token: &'a str,
    pub mobile: &'a str,
    /// Whether to ask for the code that was sent.
    pub code_was_sent: bool,
    /// What happened at the step before.
    pub words: Option<&'a Text>,
    pub is_problem: bool,
}

impl SignInPage<'_> {
    pub fn render(&self) -> Markup {
        let title = self.say("登录", "Sign in");
        let body = html! {
            h1 { (title) }
            p { (self.say("登录后继续使用", "to continue to")) " " strong { (self.client.name.get(self.language)) } }
            @if !self.client.is_first_party() { (self.agreement()) }
            @if let Some(words) = self.words {
                p.problem[self.is_problem] .notice[!self.is_problem] #words role=(if self.is_problem { "alert" } else { "status" }) {
                    (words.get(self.language))
                }
            }
            @if self.code_was_sent { (self.code_form()) } @else { (self.password_form()) }
            (self.other_way())
        };
        layout(self.language, title, &body)
    }

    fn say(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.language {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    /// What a third party will be able to do.
    fn agreement(&self) -> Markup {
        html! {
            p { (self.say("这是第三方应用。登录即同意它：", "This is a third-party app. By signing in you let it:")) }
            ul { @for scope in self.scopes.iter() { li { (self.meaning(scope)) } } }
        }
    }

    fn meaning(&self, scope: Scope) -> &'static str {
        match scope {
            Scope::OpenId => self.say("知道您已登录", "know that you signed in"),
            Scope::Profile => {
                self.say("查看您的部分姓名和手机号", "see parts of your name and mobile number")
            }
            Scope::Cases => {
                self.say("以您的名义申请、查看和撤回办件", "apply, read and withdraw in your name")
            }
            Scope::Staff => self.say("以您的岗位办理业务", "act in your posts"),
            Scope::OfflineAccess => self.say("在您离开后继续访问", "go on when you are away"),
        }
    }

    fn hidden(&self) -> Markup {
        html! {
            input type="hidden" name="request" value=(self.request);
            input type="hidden" name="form_token" value=(self.form_token);
        }
    }

    fn mobile_field(&self, id: &str) -> Markup {
        html! {
            label for=(id) { (self.say("手机号", "Mobile number")) }
            input #(id) name="mobile" type="tel" inputmode="tel" autocomplete="username" required value=(self.mobile)
                aria-describedby=[self.described_by()];
        }
    }

    fn described_by(&self) -> Option<&'static str> {
        (self.is_problem && self.words.is_some()).then_some("words")
    }

    fn password_form(&self) -> Markup {
        html! {
            form method="post" action="/oauth2/sign_in" {
                (self.hidden())
                (self.mobile_field("mobile"))
                label for="password" { (self.say("密码", "Password")) }
                input #password name="password" type="password" autocomplete="current-password" required maxlength="128"
                    aria-describedby=[self.described_by()];
                button type="submit" name="action" value="password" { (self.say("登录", "Sign in")) }
            }
        }
    }

    fn code_form(&self) -> Markup {
        html! {
            form method="post" action="/oauth2/sign_in" {
                (self.hidden())
                (self.mobile_field("mobile"))
                label for="code" { (self.say("短信验证码", "Code from the message")) }
                input #code name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="12"
                    aria-describedby=[self.described_by()];
                button type="submit" name="action" value="code" { (self.say("登录", "Sign in")) }
            }
        }
    }

    fn other_way(&self) -> Markup {
        html! {
            section aria-labelledby="other" {
                h2 #other { (self.say("用短信验证码登录", "Sign in with a code by SMS")) }
                form method="post" action="/oauth2/sign_in" {
                    (self.hidden())
                    (self.mobile_field("code-mobile"))
                    button.quiet type="submit" name="action" value="send_code" { (self.say("发送验证码", "Send a code")) }
                }
            }
            form method="post" action="/oauth2/sign_in" {
                (self.hidden())
                button.quiet type="submit" name="action" value="cancel" { (self.say("取消", "Cancel")) }
            }
        }
    }
}
