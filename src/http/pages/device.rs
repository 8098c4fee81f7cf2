//! The page where a person lets a kiosk or another device sign in as him
//! (RFC 8628 §3.3).

use maud::{Markup, html};

use super::Frame;
use super::consent::meaning;
use super::fields::{Field, Hidden, Shown};
use crate::domain::identity::ScopeSet;
use crate::domain::text::Text;

const ACTION: &str = "/device";

pub struct DevicePage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    /// Whose sign-in it is, masked.
    pub mobile: &'a str,
    pub step: DeviceStep<'a>,
    pub shown: &'a Shown,
}

/// How far he has come.
pub enum DeviceStep<'a> {
    /// Enter the code the device shows.
    Enter {
        user_code: &'a str,
    },
    /// Compare it, and say whether the device may.
    Decide {
        user_code: &'a str,
        name: &'a Text,
        place: Option<&'a str>,
        scopes: ScopeSet,
    },
    Approved,
    Denied,
}

impl DevicePage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("在设备上登录", "Sign in on a device");
        let body = html! {
            h1 { (title) }
            (frame.told(self.shown))
            @match &self.step {
                DeviceStep::Enter { user_code } => { (self.enter(user_code)) }
                DeviceStep::Decide { user_code, name, place, scopes } => {
                    (self.decide(user_code, name.get(frame.language), *place, *scopes))
                }
                DeviceStep::Approved => {
                    p.notice role="status" { (frame.say("已同意。请回到设备上继续。", "Done. Go on at the device.")) }
                }
                DeviceStep::Denied => {
                    p.notice role="status" { (frame.say("已拒绝，设备未能登录。", "Refused: the device was not signed in.")) }
                }
            }
        };
        frame.render(title, &body)
    }

    fn enter(&self, user_code: &str) -> Markup {
        let frame = self.frame;
        let code = Field {
            id: "user_code",
            name: "user_code",
            label: frame.say("设备上显示的代码", "The code on the device"),
            kind: "text",
            autocomplete: "off",
            value: user_code,
            longest: 16,
            hint: Some(frame.say("8 个字符，不区分大小写。", "8 characters; capitals do not matter.")),
            ..Field::default()
        };
        html! {
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                (frame.field(self.shown, code))
                button type="submit" name="action" value="find" { (frame.say("继续", "Continue")) }
            }
        }
    }

    fn decide(&self, user_code: &str, name: &str, place: Option<&str>, scopes: ScopeSet) -> Markup {
        let frame = self.frame;
        html! {
            p { (frame.say("当前账号：", "Signed in as ")) strong { (self.mobile) } }
            p { (frame.say("设备：", "Device: ")) strong { (name) } @if let Some(place) = place { " · " (place) } }
            p { (frame.say("代码：", "Code: ")) strong.secret { (user_code) } }
            p { (frame.say("同意后，它可以：", "If you agree, it may:")) }
            ul { @for scope in scopes.iter() { li { (meaning(scope, frame.language)) } } }
            div.problem {
                p { strong { (frame.say("谨防受骗", "Do not be tricked")) } }
                p { (frame.say(
                    "只有当您本人正站在这台设备前、且设备上显示的正是这个代码时，才可同意。如果是别人打电话、发短信或发链接让您输入代码，请立即拒绝。",
                    "Agree only if you stand before this device yourself and it shows this very code. If somebody called you, or sent \
                     you a message or a link with the code, refuse at once.",
                )) }
            }
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                input type="hidden" name="user_code" value=(user_code);
                button type="submit" name="action" value="approve" {
                    (frame.say("我就在设备前，同意登录", "I am at the device: sign in")) }
                button.quiet type="submit" name="action" value="deny" { (frame.say("拒绝", "Refuse")) }
            }
        }
    }
}
