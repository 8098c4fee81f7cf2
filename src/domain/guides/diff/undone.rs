//! What the publication of a new version undoes, besides what it changes.

use chrono::NaiveDate;

use super::{About, Change};
use crate::domain::text::Text;

/// A withdrawal (停止办理) from that day on is lifted, and versions to come, each with the
/// first day it would have been in force, never will be.
pub fn undone(withdrawn_from: Option<NaiveDate>, never_in_force: &[(u32, NaiveDate)]) -> Vec<Change> {
    let lifted = withdrawn_from.map(|day| {
        Text::new(
            format!("恢复受理：自 {day} 起的停止办理取消"),
            format!("takes new cases again: the withdrawal from {day} on is lifted"),
        )
    });
    let never = never_in_force.iter().map(|(version, day)| {
        Text::new(
            format!("原定自 {day} 起施行的第 {version} 版不再施行"),
            format!("version {version}, in force from {day}, will not come into force"),
        )
    });
    lifted.into_iter().chain(never).map(|text| Change { about: About::Effect, text }).collect()
}
