//! 我的账号: what one signs in with, where one is signed in, which apps may what.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use uuid::Uuid;

use super::Frame;
use super::consent::meaning;
use super::fields::{Field, Hidden, PasskeyForm, Shown};
use crate::app::identity::authenticators::{Authenticators, PasskeyView};
use crate::domain::identity::ScopeSet;
use crate::domain::text::Text;

const ACTION: &str = "/account";

pub struct AccountPage<'a> {
    pub frame: Frame<'a>,
    pub hidden: Hidden<'a>,
    pub name: &'a str,
    pub mobile: &'a str,
    pub ial: u8,
    pub authenticators: &'a Authenticators,
    pub sign_ins: &'a [SignInLine],
    pub sessions: &'a [SessionLine],
    pub consents: &'a [ConsentLine],
    pub shown: &'a Shown,
}

/// A browser.
pub struct SignInLine {
    pub id: Uuid,
    /// Empty when it did not say.
    pub user_agent: String,
    pub last_used_at: DateTime<Utc>,
    pub is_current: bool,
}

/// An app.
pub struct SessionLine {
    pub id: Uuid,
    pub name: Text,
    /// The browser it was begun from; empty when none is known.
    pub user_agent: String,
    pub last_used_at: DateTime<Utc>,
}

/// A third-party app that was agreed to.
pub struct ConsentLine {
    pub client: String,
    pub name: Text,
    pub scopes: ScopeSet,
    pub granted_at: DateTime<Utc>,
}

/// As the clock on the wall says it in China.
fn moment(at: DateTime<Utc>) -> String {
    (at + TimeDelta::hours(8)).format("%Y-%m-%d %H:%M").to_string()
}

impl AccountPage<'_> {
    pub fn render(&self) -> String {
        let frame = self.frame;
        let title = frame.say("我的账号", "My account");
        let body = html! {
            h1 { (title) }
            p { @if !self.name.is_empty() { strong { (self.name) } " · " } (self.mobile) " · "
                (frame.say("实名等级 ", "identity level ")) (self.ial) }
            (frame.told(self.shown))
            (self.sign_in_methods())
            (self.places())
            (self.apps())
            (self.agreements())
            section aria-labelledby="leave" {
                h2 #leave { (frame.say("退出登录", "Sign out")) }
                (self.button("sign_out", None, frame.say("退出此浏览器的登录", "Sign out at this browser"), ""))
                (self.button("sign_out_everywhere", None, frame.say("退出所有设备的登录", "Sign out everywhere"), ""))
            }
        };
        frame.render(title, &body)
    }

    /// A button; `of` tells a screen reader which line it belongs to.
    fn button(&self, action: &str, id: Option<&str>, label: &str, of: &str) -> Markup {
        html! {
            form method="post" action=(ACTION) {
                (self.frame.hidden(self.hidden))
                @if let Some(id) = id { input type="hidden" name="id" value=(id); }
                button.quiet type="submit" name="action" value=(action) {
                    (label) @if !of.is_empty() { span.unseen { " " (of) } }
                }
            }
        }
    }

    fn sign_in_methods(&self) -> Markup {
        let frame = self.frame;
        let own = self.authenticators;
        html! {
            section aria-labelledby="methods" {
                h2 #methods { (frame.say("登录方式", "What you sign in with")) }
                h3 { (frame.say("密码", "Password")) }
                @if let Some(days) = own.password_expires_in_days {
                    p.notice { (frame.say("密码须更换，剩余天数：", "The password must be changed; days left: ")) (days) }
                }
                p { a href="/account/password" {
                    @if own.has_password { (frame.say("修改密码", "Change the password")) }
                    @else { (frame.say("设置密码", "Set a password")) }
                } }
                h3 { (frame.say("动态口令", "Authenticator app")) }
                @match &own.totp {
                    Some(totp) => {
                        p { (frame.say("已于 ", "Set up ")) (moment(totp.confirmed_at)) (frame.say(" 设置，剩余恢复码 ", "; recovery codes left: "))
                            (totp.recovery_codes_left) }
                        (self.button("remove_totp", None, frame.say("删除动态口令", "Remove the app"), ""))
                    }
                    None => { (self.button("begin_totp", None, frame.say("设置动态口令", "Set up an app"), "")) }
                }
                h3 { (frame.say("通行密钥", "Passkeys")) }
                @if own.passkeys.is_empty() { p { (frame.say("尚未设置。", "None yet.")) } }
                @else { ul.lines { @for passkey in &own.passkeys { li { (self.passkey(passkey)) } } } }
                @if frame.has_script { (self.add_passkey()) }
                @else { p.hint { (frame.say("本站未使用域名访问，无法设置通行密钥。", "Without a host name this portal cannot take passkeys.")) } }
            }
        }
    }

    fn passkey(&self, passkey: &PasskeyView) -> Markup {
        let frame = self.frame;
        let kind = if passkey.is_synced {
            frame.say("可在您的设备间同步", "may be copied between your devices")
        } else {
            frame.say("绑定于一台设备", "bound to one device")
        };
        let used = passkey.last_used_at.map(moment);
        html! {
            p { strong { (passkey.name) } " · " (kind) " · " (frame.say("设置于 ", "made ")) (moment(passkey.created_at))
                @if let Some(used) = used { " · " (frame.say("最近使用 ", "last used ")) (used) } }
            (self.button("remove_passkey", Some(&passkey.id.to_string()), frame.say("删除", "Remove"), &passkey.name))
        }
    }

    fn add_passkey(&self) -> Markup {
        let frame = self.frame;
        let name = Field {
            id: "name",
            name: "name",
            label: frame.say("为新的通行密钥取个名字（可不填）", "A name for the new passkey (optional)"),
            kind: "text",
            autocomplete: "off",
            longest: 64,
            is_optional: true,
            ..Field::default()
        };
        frame.passkey(PasskeyForm {
            action: ACTION,
            ceremony: "create",
            options: "/account/passkey",
            hidden: self.hidden,
            value: "add_passkey",
            label: frame.say("添加通行密钥", "Add a passkey"),
            field: Some(frame.field(self.shown, name)),
            is_quiet: true,
        })
    }

    fn browser<'t>(&self, user_agent: &'t str) -> &'t str {
        if user_agent.is_empty() { self.frame.say("未知浏览器", "Unknown browser") } else { user_agent }
    }

    fn places(&self) -> Markup {
        let frame = self.frame;
        html! {
            section aria-labelledby="places" {
                h2 #places { (frame.say("已登录的浏览器", "Browsers you are signed in at")) }
                ul.lines {
                    @for line in self.sign_ins {
                        li {
                            @let browser = self.browser(&line.user_agent);
                            p { strong { (browser) }
                                @if line.is_current { " · " (frame.say("当前浏览器", "this one")) }
                                " · " (frame.say("最近使用 ", "last used ")) (moment(line.last_used_at)) }
                            @if !line.is_current {
                                (self.button("end_sign_in", Some(&line.id.to_string()), frame.say("退出", "Sign out there"), browser))
                            }
                        }
                    }
                }
            }
        }
    }

    fn apps(&self) -> Markup {
        let frame = self.frame;
        html! {
            section aria-labelledby="apps" {
                h2 #apps { (frame.say("已登录的应用", "Apps you are signed in to")) }
                @if self.sessions.is_empty() { p { (frame.say("没有。", "None.")) } }
                @else { ul.lines {
                    @for line in self.sessions {
                        li {
                            @let name = line.name.get(frame.language);
                            p { strong { (name) } @if !line.user_agent.is_empty() { " · " (line.user_agent) }
                                " · " (frame.say("最近使用 ", "last used ")) (moment(line.last_used_at)) }
                            (self.button("end_session", Some(&line.id.to_string()), frame.say("退出", "Sign out"), name))
                        }
                    }
                } }
            }
        }
    }

    fn agreements(&self) -> Markup {
        let frame = self.frame;
        html! {
            section aria-labelledby="agreements" {
                h2 #agreements { (frame.say("已授权的第三方应用", "Third-party apps you agreed to")) }
                @if self.consents.is_empty() { p { (frame.say("没有。", "None.")) } }
                @else { ul.lines {
                    @for line in self.consents {
                        li {
                            @let name = line.name.get(frame.language);
                            p { strong { (name) } " · " (frame.say("授权于 ", "agreed ")) (moment(line.granted_at)) }
                            ul { @for scope in line.scopes.iter() { li { (meaning(scope, frame.language)) } } }
                            (self.button("revoke_consent", Some(&line.client), frame.say("撤回授权", "Take it back"), name))
                        }
                    }
                } }
            }
        }
    }
}
