//! 授权同意: the page that asks whether a third-party app may.

use maud::html;

use super::Frame;
use super::fields::{Hidden, Shown};
use crate::domain::identity::{Client, Scope, ScopeSet};
use crate::domain::text::{Language, Text};

const ACTION: &str = "/oauth2/sign_in";

pub struct ConsentPage<'a> {
    pub frame: Frame<'a>,
    pub client: &'a Client,
    /// What he has not agreed to yet.
    pub missing: ScopeSet,
    /// What he agreed to before.
    pub granted: ScopeSet,
    pub hidden: Hidden<'a>,
    /// Whose sign-in it is, masked.
    pub mobile: &'a str,
    /// Where the app gets its answer.
    pub origin: &'a str,
    pub shown: &'a Shown,
}

impl ConsentPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let name = self.client.name.get(frame.language);
        let title = frame.say("是否授权", "Do you agree?");
        let before: ScopeSet = self.granted.iter().filter(|scope| !self.missing.contains(*scope)).collect();
        let body = html! {
            h1 { (title) }
            p { (frame.say("当前账号：", "Signed in as ")) strong { (self.mobile) } }
            (frame.told(self.shown))
            p { strong { (name) } (frame.say("不是万事通的应用。它请求：", " is not run by Wanshitong. It asks to:")) }
            ul { @for scope in self.missing.iter() { li { (meaning(scope, frame.language)) } } }
            @if !before.is_empty() {
                p { (frame.say("您此前已同意它：", "You let it before:")) }
                ul { @for scope in before.iter() { li { (meaning(scope, frame.language)) } } }
            }
            p.hint { (frame.say("答复将发往 ", "The answer goes to ")) (self.origin)
                (frame.say("。您可随时在“我的账号”中撤回。", ". You can take it back on your account page at any time.")) }
            form method="post" action=(ACTION) {
                (frame.hidden(self.hidden))
                button type="submit" name="action" value="allow" { (frame.say("同意", "Agree")) }
                button.quiet type="submit" name="action" value="deny" { (frame.say("不同意", "Do not agree")) }
            }
            (frame.button(ACTION, self.hidden, "other", frame.say("换一个账号", "Use another account")))
        };
        frame.render(title, &body)
    }
}

/// What a scope means to the person.
pub(super) fn meaning(scope: Scope, language: Language) -> String {
    let text = match scope {
        Scope::OpenId => Text::new("知道您已登录", "know that you signed in"),
        Scope::Profile => Text::new("查看您的部分姓名和手机号", "see parts of your name and mobile number"),
        Scope::Cases => Text::new("以您的名义申请、查看和撤回办件", "apply, read and withdraw in your name"),
        Scope::Staff => Text::new("以您的岗位办理业务", "act in your posts"),
        Scope::OfflineAccess => Text::new("在您离开后继续访问", "go on when you are away"),
    };
    text.get(language).to_owned()
}
