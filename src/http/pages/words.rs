//! What the pages say when a step did not lead on, or did. The words never tell
//! whether an account exists.

use crate::domain::text::Text;

pub fn denied(by_code: bool) -> Text {
    if by_code {
        Text::new(
            "验证码不正确或已失效。请核对短信，或重新获取验证码。",
            "The code is wrong or no longer good. Compare it with the message, or ask for a new one.",
        )
    } else {
        Text::new(
            "手机号或密码不正确。请核对后重试，或改用短信验证码登录。",
            "The mobile number or the password is wrong. Check them, or sign in with a code by SMS.",
        )
    }
}

pub fn passkey_denied() -> Text {
    Text::new(
        "通行密钥未能通过验证。请重试，或改用其他方式登录。",
        "The passkey could not be verified. Try again, or sign in another way.",
    )
}

/// A further factor was wrong.
pub fn factor_denied() -> Text {
    Text::new(
        "未能通过验证。请核对后重新输入；动态口令和恢复码每个只能用一次。",
        "That was not right. Check it and enter it again; a code from the app and a recovery code are good once.",
    )
}

pub fn code_sent() -> Text {
    Text::new(
        "短信已发送，请在 5 分钟内输入其中的 6 位验证码。",
        "A message was sent. Enter the six digits in it within five minutes.",
    )
}

pub fn wait(seconds: u64) -> Text {
    Text::new(
        format!("尝试过于频繁，请在 {seconds} 秒后重试。"),
        format!("Too many tries. Try again in {seconds} seconds."),
    )
}

pub fn stale_form() -> Text {
    Text::new("页面已过期，请重新填写。", "The page was open for too long. Please fill it in again.")
}

pub fn changed() -> Text {
    Text::new("已更改。", "Done.")
}

pub fn password_changed() -> Text {
    Text::new("密码已修改，请用新密码登录。", "The password was changed. Sign in with the new one.")
}
