//! The page that says how to reach what a client asks for and what cannot be
//! reached by signing in: a better proven identity, or a key bound to a device.

use maud::html;

use super::Frame;
use super::fields::Hidden;
use crate::domain::identity::{Assurance, Client, Ial};

pub struct IdentityPage<'a> {
    pub frame: Frame<'a>,
    pub client: Option<&'a Client>,
    pub wanted: Assurance,
    /// How well he is known now.
    pub ial: Ial,
    pub hidden: Hidden<'a>,
    pub mobile: &'a str,
}

impl IdentityPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("需要进一步核验身份", "Your identity must be proven first");
        let body = html! {
            h1 { (title) }
            p { (frame.say("当前账号：", "Signed in as ")) strong { (self.mobile) } }
            @if self.wanted.ial > self.ial {
                p {
                    (frame.say("此业务要求实名等级 ", "This asks for identity level "))
                    strong { (self.wanted.ial.get()) }
                    (frame.say("，您目前的等级为 ", "; yours is "))
                    strong { (self.ial.get()) }
                    (frame.say("。", "."))
                }
                p { (self.how()) }
            } @else {
                p { (frame.say(
                    "此业务要求使用绑定在设备上的通行密钥。请先在“我的账号”中用安全密钥或本机设置一个，再返回应用重新登录。",
                    "This asks for a passkey that is bound to a device. Set one up on your account page, with a security key or \
                     this device itself, then go back to the app and sign in again.",
                )) }
            }
            p { a href="/account" { (frame.say("打开我的账号", "Open my account")) } }
            form method="post" action="/oauth2/sign_in" {
                (frame.hidden(self.hidden))
                button type="submit" name="action" value="again" { (frame.say("已完成，继续", "I have done so; continue")) }
                @if self.client.is_some() {
                    button.quiet type="submit" name="action" value="unmet" { (frame.say("返回应用", "Back to the app")) }
                }
            }
            (frame.button("/oauth2/sign_in", self.hidden, "other", frame.say("换一个账号", "Use another account")))
        };
        frame.render(title, &body)
    }

    fn how(&self) -> &'static str {
        match (self.wanted.ial.get(), self.frame.language) {
            (0..=2, crate::domain::text::Language::Zh) => {
                "请在应用的“实名认证”中填写姓名和居民身份证号，与人口库核对一致后即可办理。"
            }
            (0..=2, crate::domain::text::Language::En) => {
                "Give your name and ID number under “identity proofing” in the app; once they match the population \
                 register you can go on."
            }
            (_, crate::domain::text::Language::Zh) => {
                "请携带居民身份证到就近的政务服务窗口，由工作人员当面核验。"
            }
            (_, crate::domain::text::Language::En) => {
                "Bring your ID card to a service counter near you, where an officer checks it in person."
            }
        }
    }
}
