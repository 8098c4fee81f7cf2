//! The page that asks for what a sign-in still lacks.

use maud::{Markup, html};

use super::Frame;
use super::fields::{Field, Hidden, PasskeyForm, Shown};
use crate::domain::identity::{Client, Method, Methods};

const ACTION: &str = "/oauth2/sign_in";

pub struct SecondFactorPage<'a> {
    pub frame: Frame<'a>,
    pub client: Option<&'a Client>,
    pub hidden: Hidden<'a>,
    /// Whose sign-in it is, masked.
    pub mobile: &'a str,
    /// What may be shown; nothing when he must set something up first.
    pub open: Methods,
    pub code_was_sent: bool,
    pub shown: &'a Shown,
}

impl SecondFactorPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("再验证一步", "One more step");
        let body = html! {
            h1 { (title) }
            p { (frame.say("当前账号：", "Signed in as ")) strong { (self.mobile) } }
            @if let Some(client) = self.client {
                p { strong { (client.name.get(frame.language)) }
                    (frame.say("需要更高等级的身份验证。", " asks for a stronger proof that it is you.")) }
            }
            (frame.told(self.shown))
            @if self.open.is_empty() { (self.nothing_to_show()) }
            @if self.open.contains(Method::Totp) { (self.totp_form()) }
            @if frame.has_script && self.has_passkey() { (self.passkey_form()) }
            @if self.open.contains(Method::Password) { (self.password_form()) }
            @if self.open.contains(Method::SmsCode) { (self.sms_form()) }
            (frame.button(ACTION, self.hidden, "other", frame.say("换一个账号", "Use another account")))
            @if self.client.is_some() {
                (frame.button(ACTION, self.hidden, "cancel", frame.say("取消", "Cancel")))
            }
        };
        frame.render(title, &body)
    }

    fn has_passkey(&self) -> bool {
        self.open.contains(Method::Passkey) || self.open.contains(Method::BoundPasskey)
    }

    fn nothing_to_show(&self) -> Markup {
        let frame = self.frame;
        html! {
            p { (frame.say(
                "您还没有设置可用的第二种验证方式。请先在“我的账号”中设置动态口令或通行密钥，再返回应用重新登录。",
                "You have no second factor that counts here. Set up an authenticator app or a passkey on your account \
                 page, then go back to the app and sign in again.",
            )) }
            p { a href="/account" { (frame.say("打开我的账号", "Open my account")) } }
        }
    }

    fn totp_form(&self) -> Markup {
        let frame = self.frame;
        let recovery = Field {
            id: "recovery_code",
            name: "recovery_code",
            label: frame.say("恢复码", "Recovery code"),
            kind: "text",
            autocomplete: "off",
            longest: 24,
            ..Field::default()
        };
        html! {
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.code(self.shown, frame.say("动态口令（验证器应用显示的 6 位数字）", "Code from your authenticator app")))
                button type="submit" name="action" value="totp" { (frame.say("继续", "Continue")) }
            }
            details {
                summary { (frame.say("设备不在身边？使用恢复码", "Without your device? Use a recovery code")) }
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.field(self.shown, recovery))
                    button.quiet type="submit" name="action" value="recovery" { (frame.say("继续", "Continue")) }
                }
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
            value: "show_passkey",
            label: frame.say("使用通行密钥", "Use a passkey"),
            field: None,
            is_quiet: self.open.contains(Method::Totp),
        })
    }

    fn password_form(&self) -> Markup {
        let frame = self.frame;
        html! {
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.present_password(self.shown, "password", frame.say("密码", "Password")))
                button type="submit" name="action" value="show_password" { (frame.say("继续", "Continue")) }
            }
        }
    }

    fn sms_form(&self) -> Markup {
        let frame = self.frame;
        html! {
            @if self.code_was_sent {
                form method="post" action=(ACTION) {
                    (frame.hidden(self.hidden))
                    (frame.code(self.shown, frame.say("短信验证码", "Code from the message")))
                    button type="submit" name="action" value="show_code" { (frame.say("继续", "Continue")) }
                }
            }
            @let label = if self.code_was_sent {
                frame.say("重新发送验证码", "Send another code")
            } else {
                frame.say("向我的手机发送验证码", "Send a code to my number")
            };
            (frame.button(ACTION, self.hidden, "send_factor", label))
        }
    }
}
