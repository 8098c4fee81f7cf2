//! Registering without an app: the number, the code sent to it, a password, a name.

use maud::html;

use super::Frame;
use super::fields::{Field, Hidden, Shown};
use crate::domain::identity::PasswordProfile;

const ACTION: &str = "/oauth2/register";

pub struct RegisterPage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    pub mobile: &'a str,
    pub name: &'a str,
    pub code_was_sent: bool,
    /// What a new password is held to.
    pub passwords: PasswordProfile,
    pub shown: &'a Shown,
    /// Back to signing in.
    pub sign_in: &'a str,
}

impl RegisterPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("注册账号", "Register");
        let name = Field {
            id: "name",
            name: "name",
            label: frame.say("姓名（可不填）", "Name (optional)"),
            kind: "text",
            autocomplete: "name",
            value: self.name,
            longest: 100,
            is_optional: true,
            ..Field::default()
        };
        let send = if self.code_was_sent {
            frame.say("重新发送验证码", "Send another code")
        } else {
            frame.say("发送验证码", "Send a code")
        };
        let body = html! {
            h1 { (title) }
            (frame.told(self.shown))
            @if self.code_was_sent {
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.mobile(self.shown, "mobile", self.mobile))
                    (frame.code(self.shown, frame.say("短信验证码", "Code from the message")))
                    (frame.new_password(self.shown, "password", self.passwords))
                    (frame.field(self.shown, name))
                    button type="submit" name="action" value="register" { (frame.say("注册并登录", "Register and sign in")) }
                }
            }
            @let (id, nothing) = (if self.code_was_sent { "code-mobile" } else { "mobile" }, Shown::default());
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.mobile(if self.code_was_sent { &nothing } else { self.shown }, id, self.mobile))
                button.quiet[self.code_was_sent] type="submit" name="action" value="send_code" { (send) }
            }
            p { a href=(self.sign_in) { (frame.say("已有账号，去登录", "I have an account; sign in")) } }
        };
        frame.render(title, &body)
    }
}
