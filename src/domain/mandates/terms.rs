//! What a mandate allows, and when: what is wrong with it by itself, and where it
//! goes beyond the mandate it is to rest on.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

/// How far ahead a mandate may begin.
const FARTHEST_START: TimeDelta = TimeDelta::days(366);
/// How many guides a mandate names at the most.
pub const MOST_GUIDES: usize = 100;

/// What it allows, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Guide codes; none means all.
    pub guides: Option<BTreeSet<String>>,
    pub from: DateTime<Utc>,
    /// Not included; none: until it is ended.
    pub until: Option<DateTime<Utc>>,
    /// 转委托
    pub may_delegate: bool,
}

impl Terms {
    /// What is wrong with them for a mandate offered now.
    pub fn problems(&self, at: DateTime<Utc>) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, code, zh: &str, en: &str| {
            errors.push(FieldError::new(pointer, code, Text::new(zh, en)));
        };
        match self.guides.as_ref().map(BTreeSet::len) {
            Some(0) => wrong(
                "/guides",
                "required",
                "请至少列出一个事项；授权全部事项的，请去掉 guides。",
                "Name at least one guide; to mean all, leave `guides` out.",
            ),
            Some(count) if count > MOST_GUIDES => {
                wrong("/guides", "too_many", "一次最多授权 100 个事项。", "At most 100 guides at once.");
            }
            Some(_) | None => {}
        }
        if self.from > at + FARTHEST_START {
            wrong("/valid_from", "out_of_range", "开始时间最晚为一年之后。", "It begins within a year.");
        }
        if self.until.is_some_and(|until| until <= self.from || until <= at) {
            wrong(
                "/valid_until",
                "out_of_range",
                "结束时间应晚于现在和开始时间。",
                "It must end after it begins, and after now.",
            );
        }
        errors
    }

    /// Where these go beyond the wider ones.
    pub fn beyond(&self, wider: &Terms) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, zh: &str, en: &str| {
            errors.push(FieldError::new(pointer, "beyond_mandate", Text::new(zh, en)));
        };
        let guides_fit = match (&wider.guides, &self.guides) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wider), Some(own)) => own.is_subset(wider),
        };
        if !guides_fit {
            wrong(
                "/guides",
                "转委托的事项不能超出您受托的事项。",
                "Only guides you were given can be given on.",
            );
        }
        if self.from < wider.from {
            wrong(
                "/valid_from",
                "不能早于您受托的开始时间。",
                "It cannot begin before your own mandate does.",
            );
        }
        let ends_in_time = match (wider.until, self.until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(wider), Some(own)) => own <= wider,
        };
        if !ends_in_time {
            wrong("/valid_until", "不能晚于您受托的结束时间。", "It cannot outlast your own mandate.");
        }
        if self.may_delegate && !wider.may_delegate {
            wrong("/may_delegate", "您无权再转委托。", "You were not allowed to let it be given on.");
        }
        errors
    }
}
