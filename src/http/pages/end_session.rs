//! Signing out where no client proved whose session it means: the person is asked.

use maud::html;

use super::Frame;
use super::fields::{Hidden, Shown};

pub struct EndSessionPage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    /// Whose sign-in it is, masked.
    pub mobile: &'a str,
    pub shown: &'a Shown,
}

impl EndSessionPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("退出登录？", "Sign out?");
        let body = html! {
            h1 { (title) }
            p { (frame.say("当前账号：", "Signed in as ")) strong { (self.mobile) } }
            (frame.told(self.shown))
            p { (frame.say(
                "将退出此浏览器中的登录，以及由它登录的所有应用。",
                "This signs you out at this browser and of every app you signed in to from it.",
            )) }
            form method="post" action="/oauth2/end_session" {
                (frame.hidden(self.hidden))
                button type="submit" name="action" value="end" { (frame.say("退出登录", "Sign out")) }
            }
            p { a href="/account" { (frame.say("不退出，返回我的账号", "Stay signed in; to my account")) } }
        };
        frame.render(title, &body)
    }
}
