//! The sign-in page: with a passkey, by number and password, or by number and code.

use maud::{Markup, html};

use super::Frame;
use super::fields::{Hidden, PasskeyForm, Shown};
use crate::domain::identity::Client;

const ACTION: &str = "/oauth2/sign_in";

pub struct SignInPage<'a> {
    pub frame: Frame<'a>,
    /// None on the way to a page of the portal's own.
    pub client: Option<&'a Client>,
    pub hidden: Hidden<'a>,
    pub mobile: &'a str,
    /// Whether to ask for the code that was sent.
    pub code_was_sent: bool,
    pub shown: &'a Shown,
    /// Where those go who have no account or forgot the password.
    pub register: &'a str,
    pub forgotten: &'a str,
}

impl SignInPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("登录", "Sign in");
        let body = html! {
            h1 { (title) }
            @if let Some(client) = self.client {
                p { (frame.say("登录后继续使用", "to continue to")) " " strong { (client.name.get(frame.language)) } }
            }
            (frame.told(self.shown))
            @if self.code_was_sent { (self.code_form()) } @else { (self.password_form()) }
            @if frame.has_script { (self.passkey_form()) }
            (self.other_way())
            nav aria-label=(frame.say("其他", "More")) {
                ul.plain {
                    li { a href=(self.register) { (frame.say("注册账号", "Register")) } }
                    li { a href=(self.forgotten) { (frame.say("忘记密码", "Forgotten password")) } }
                }
            }
            @if self.client.is_some() {
                (frame.button(ACTION, self.hidden, "cancel", frame.say("取消", "Cancel")))
            }
        };
        frame.render(title, &body)
    }

    fn password_form(&self) -> Markup {
        let frame = self.frame;
        html! {
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.mobile(self.shown, "mobile", self.mobile))
                (frame.present_password(self.shown, "password", frame.say("密码", "Password")))
                button type="submit" name="action" value="password" { (frame.say("登录", "Sign in")) }
            }
        }
    }

    fn code_form(&self) -> Markup {
        let frame = self.frame;
        html! {
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.mobile(self.shown, "mobile", self.mobile))
                (frame.code(self.shown, frame.say("短信验证码", "Code from the message")))
                button type="submit" name="action" value="code" { (frame.say("登录", "Sign in")) }
            }
        }
    }

    fn passkey_form(&self) -> Markup {
        let frame = self.frame;
        frame.passkey(PasskeyForm {
            action: ACTION,
            ceremony: "get",
            options: "/oauth2/passkey",
            hidden: self.hidden,
            value: "passkey",
            label: frame.say("用通行密钥登录", "Sign in with a passkey"),
            field: None,
            is_quiet: true,
        })
    }

    fn other_way(&self) -> Markup {
        let frame = self.frame;
        html! {
            section aria-labelledby="other" {
                h2 #other { (frame.say("用短信验证码登录", "Sign in with a code by SMS")) }
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.mobile(&Shown::default(), "code-mobile", self.mobile))
                    button.quiet type="submit" name="action" value="send_code" { (frame.say("发送验证码", "Send a code")) }
                }
            }
        }
    }
}
