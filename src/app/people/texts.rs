//! What people are told by SMS. Sent beside the change and never in its way: the
//! change stands whether or not the message arrives. Names are masked.

use crate::app::ctx::Ctx;
use crate::domain::codes::{Mobile, mask_name};
use crate::domain::text::Text;

pub(super) enum Notice<'a> {
    /// Somebody offers a mandate.
    MandateOffered { principal: &'a str },
    /// An organisation invites an administrator.
    Invited { organization: &'a str },
    /// Somebody knew his name and number, at another account.
    IdentityTried,
    /// Another account proved better to be his person.
    Detached,
    /// Sign-in codes go to another number from now on.
    NumberChanged,
}

impl Notice<'_> {
    fn text(&self) -> Text {
        match self {
            Notice::MandateOffered { principal } => {
                let name = mask_name(principal);
                Text::new(
                    format!(
                        "【万事通】{name}请您代为办事。请登录后在“我的授权”中查看并决定是否接受，30 天内有效。"
                    ),
                    format!(
                        "[Wanshitong] {name} asks you to act for them. Sign in, see your mandates, and accept or decline within 30 days."
                    ),
                )
            }
            Notice::Invited { organization } => Text::new(
                format!(
                    "【万事通】{organization}邀请您担任管理员。请登录后在“我的授权”中决定是否接受，30 天内有效。"
                ),
                format!(
                    "[Wanshitong] {organization} invites you as administrator. Sign in and accept or decline within 30 days."
                ),
            ),
            Notice::IdentityTried => Text::new(
                "【万事通】有人用您的姓名和身份证号码在另一账号进行实名核验，未予通过。如非本人操作，请留意个人信息安全。",
                "[Wanshitong] Somebody tried to prove your identity with another account and was refused. Not you? Mind who knows your details.",
            ),
            Notice::Detached => Text::new(
                "【万事通】您账号的实名信息已由本人到窗口核验后转至其账号，您的账号已恢复为未实名。如有疑问，请到窗口办理。",
                "[Wanshitong] The person your account claimed proved his identity at a counter with another account; yours is unproven now. A counter helps if that is wrong.",
            ),
            Notice::NumberChanged => Text::new(
                "【万事通】您账号的手机号码已更换。如非本人操作，请立即到窗口办理。",
                "[Wanshitong] The mobile number of your account was changed. Not you? Go to a service counter at once.",
            ),
        }
    }
}

pub(super) async fn tell(ctx: &Ctx, to: &Mobile, notice: Notice<'_>) {
    if let Err(error) = ctx.sms.send(to, &notice.text()).await {
        tracing::warn!(%error, "a notice was not sent");
    }
}
