//! What is said of files that get in one another's way, or have ended.

use chrono::NaiveDate;

use crate::domain::codes::BasicCode;
use crate::domain::guides::{Problem, SourceFile};
use crate::domain::text::Text;

/// A provisional code is nobody's name for anything: what has it under another name is
/// another item, unless it is called as before in one of the languages.
pub(super) fn is_another(known: &Text, name: &Text) -> bool {
    known.zh != name.zh && known.en != name.en
}

pub(super) fn taken(name: &Text) -> Text {
    Text::new(
        format!(
            "该临时编码已用于“{}”。是另一事项的，请另编一个（如末三位改为 002）：catalog new --basic-code …，实施编码也随之修改；是同一事项改名的，中文名和英文名每次只改其一。",
            name.zh
        ),
        format!(
            "This provisional code is that of “{}” already. For another item give another, e.g. ending in 002: catalog new --basic-code …; the guides' codes follow. To rename the same item, change its Chinese name or its English one at a time, and keep the other.",
            name.en
        ),
    )
}

pub(super) fn under_another_code(name: &Text, code: &BasicCode) -> Text {
    Text::new(
        format!(
            "已有同类型的事项“{}”，基本编码是 {code}（四级四同）。请写 item: \"{code}\" 以沿用，实施编码也随之修改；若是另一事项，请另起名称。",
            name.zh
        ),
        format!(
            "The item “{}” of this type exists already, under basic code {code}. Write item: \"{code}\" to take it over, and let the guide's code follow; if this is another thing, give it another name.",
            name.en
        ),
    )
}

pub(super) fn over(until: NaiveDate) -> Text {
    Text::new(
        format!("{until} 已过，发布后不会受理任何申请。请改为今天或以后的日期，或删去这一行。"),
        format!(
            "{until} is over, so that it would take no case at all. Give today or a later day, or leave the line out."
        ),
    )
}

pub(super) fn given_twice(source: &SourceFile, path: &str) -> Problem {
    let reason = Text::new(
        "另一个文件已是同一内容，请去掉其一。",
        "Another file holds the same one; leave one of them out.",
    );
    source.problem_at(path, reason)
}
