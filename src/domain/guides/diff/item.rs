//! What a new version of an item changes in the guides that inherit from it.

use super::words::plain;
use super::{About, Change, diff};
use crate::domain::guides::read::{Heirs, ItemFile, heirs};
use crate::domain::text::Text;

/// What changes in a guide that inherits all of the item; one that says something of
/// its own keeps that. `None` when a version cannot be read as such a guide.
pub fn diff_items(old: &ItemFile, new: &ItemFile) -> Option<Vec<Change>> {
    let Heirs { old, new, gained, lost } = heirs(old, new)?;
    let mut changes = diff(&old, &new);
    changes.extend(gained.into_iter().map(|path| {
        let (about, what) = needed(path);
        let zh = format!("{}改为统一规定，部门另有规定的除外", what.zh);
        let en = format!("{}: from now on the same everywhere, unless an agency says otherwise", what.en);
        Change { about, text: Text::new(zh, en) }
    }));
    changes.extend(lost.into_iter().map(|path| {
        let (about, what) = needed(path);
        let zh = format!("{}不再统一规定，由各部门自定", what.zh);
        let en = format!("{}: from now on as each agency says", what.en);
        Change { about, text: Text::new(zh, en) }
    }));
    changes.sort_by_key(|change| change.about);
    Some(changes)
}

/// A part of a guide by its path.
fn needed(path: &str) -> (About, Text) {
    let (about, zh, en) = match path {
        "summary" => (About::Wording, "简介", "summary"),
        "topics" => (About::Wording, "主题", "topics"),
        "service_objects" => (About::ServiceObject, "服务对象", "who may apply"),
        "handling" => (About::TimeLimit, "办件类型", "handling"),
        "limits/legal" => (About::TimeLimit, "法定时限", "legal limit"),
        "limits/promised" => (About::TimeLimit, "承诺时限", "promised limit"),
        "fee" => (About::Fee, "收费", "fee"),
        "flow" => (About::Procedure, "办理流程", "steps of the procedure"),
        "results" => (About::Result, "办理结果", "what is issued"),
        "delivery" => (About::Delivery, "结果送达方式", "ways to receive the result"),
        "telephone/enquiry" => (About::Telephone, "咨询电话", "telephone for enquiries"),
        "telephone/complaint" => (About::Telephone, "监督投诉电话", "telephone for complaints"),
        other => return (About::Wording, plain(other)),
    };
    (about, Text::new(zh, en))
}
