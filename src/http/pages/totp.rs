//! Setting up an app for codes, and the recovery codes that are shown once.

use maud::html;

use super::Frame;
use super::fields::{Hidden, Shown};

pub struct TotpPage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    pub secret: &'a str,
    pub uri: &'a str,
    pub shown: &'a Shown,
}

impl TotpPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("设置动态口令", "Set up an authenticator app");
        let groups: Vec<String> =
            self.secret.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
        let body = html! {
            h1 { (title) }
            (frame.told(self.shown))
            ol {
                li { (frame.say(
                    "在手机上打开验证器应用，添加一个账号，类型选“基于时间”。",
                    "Open an authenticator app on your phone and add an account; choose “time based”.",
                )) }
                li {
                    (frame.say("输入下面的密钥，或在手机上点此链接：", "Enter this key, or follow the link on the phone: "))
                    a href=(self.uri) { (frame.say("用验证器应用打开", "open in the app")) }
                    p.secret { (groups.join(" ")) }
                }
                li { (frame.say("输入应用显示的 6 位数字：", "Enter the six digits the app shows:")) }
            }
            form method="post" action="/account/totp" {
                (frame.hidden(self.hidden))
                (frame.code(self.shown, frame.say("动态口令", "Code from the app")))
                button type="submit" name="action" value="confirm" { (frame.say("确认", "Confirm")) }
            }
            p { a href="/account" { (frame.say("返回我的账号", "Back to my account")) } }
        };
        frame.render(title, &body)
    }
}

pub struct RecoveryCodesPage<'a> {
    pub frame: Frame<'a>,
    pub codes: &'a [String],
}

impl RecoveryCodesPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("请保存恢复码", "Keep these recovery codes");
        let body = html! {
            h1 { (title) }
            p.notice role="status" { (frame.say("动态口令已启用。", "The authenticator app is set up.")) }
            p { (frame.say(
                "设备丢失时，可用恢复码代替动态口令，每个只能用一次。恢复码只显示这一次，请抄写或打印后妥善保管。",
                "If you lose the device, one of these stands in for a code from the app, each once. They are shown only now: \
                 write them down or print them, and keep them safe.",
            )) }
            ol.codes { @for code in self.codes { li { code { (code) } } } }
            p { a href="/account" { (frame.say("我已保存，返回我的账号", "I have kept them; back to my account")) } }
        };
        frame.render(title, &body)
    }
}
