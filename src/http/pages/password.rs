//! Passwords: a new one for who forgot his, and for who is signed in.

use maud::html;

use super::Frame;
use super::fields::{Hidden, Shown};
use crate::domain::identity::PasswordProfile;

pub struct ForgottenPage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    pub mobile: &'a str,
    pub code_was_sent: bool,
    /// What the new one is held to.
    pub passwords: PasswordProfile,
    pub shown: &'a Shown,
    /// Back to signing in.
    pub sign_in: &'a str,
}

impl ForgottenPage<'_> {
    pub fn render(&self) -> String {
        const ACTION: &str = "/oauth2/password";
        let frame = self.frame;
        let title = frame.say("重设密码", "Set a new password");
        let (id, nothing) = (if self.code_was_sent { "code-mobile" } else { "mobile" }, Shown::default());
        let send = if self.code_was_sent {
            frame.say("重新发送验证码", "Send another code")
        } else {
            frame.say("发送验证码", "Send a code")
        };
        let body = html! {
            h1 { (title) }
            p { (frame.say(
                "重设后，所有设备上的登录都会结束，需用新密码重新登录。",
                "All your devices are then signed out; sign in again with the new password.",
            )) }
            (frame.told(self.shown))
            @if self.code_was_sent {
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.mobile(self.shown, "mobile", self.mobile))
                    (frame.code(self.shown, frame.say("短信验证码", "Code from the message")))
                    (frame.new_password(self.shown, "new_password", self.passwords))
                    button type="submit" name="action" value="reset" { (frame.say("重设密码", "Set the password")) }
                }
            }
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.mobile(if self.code_was_sent { &nothing } else { self.shown }, id, self.mobile))
                button.quiet[self.code_was_sent] type="submit" name="action" value="send_code" { (send) }
            }
            p { a href=(self.sign_in) { (frame.say("返回登录", "Back to signing in")) } }
        };
        frame.render(title, &body)
    }
}

/// For somebody signed in.
pub struct PasswordPage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    /// Whether there is an old one to give.
    pub has_password: bool,
    pub code_was_sent: bool,
    /// What the new one is held to.
    pub passwords: PasswordProfile,
    pub shown: &'a Shown,
}

impl PasswordPage<'_> {
    pub fn render(&self) -> String {
        const ACTION: &str = "/account/password";
        let frame = self.frame;
        let title = frame.say("修改密码", "Change the password");
        let by_code = self.code_was_sent || !self.has_password;
        let body = html! {
            h1 { (title) }
            p { (frame.say("修改后，其他设备上的登录都会结束。", "All your other devices are then signed out.")) }
            (frame.told(self.shown))
            @if !by_code {
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.present_password(self.shown, "old_password", frame.say("原密码", "Old password")))
                    (frame.new_password(self.shown, "new_password", self.passwords))
                    button type="submit" name="action" value="change" { (frame.say("修改密码", "Change the password")) }
                }
            }
            @if self.code_was_sent {
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.code(self.shown, frame.say("短信验证码", "Code from the message")))
                    (frame.new_password(self.shown, "new_password", self.passwords))
                    button type="submit" name="action" value="change_by_code" { (frame.say("修改密码", "Change the password")) }
                }
            } @else {
                (frame.button(ACTION, self.hidden, "send_code", frame.say("改用短信验证码", "Use a code by SMS instead")))
            }
            p { a href="/account" { (frame.say("返回我的账号", "Back to my account")) } }
        };
        frame.render(title, &body)
    }
}
