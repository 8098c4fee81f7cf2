//! The bare names of the states, for filters, columns and messages.

use serde::{Deserialize, Serialize};

use super::case::CaseState;
use crate::domain::text::Text;

/// 办件状态
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateName {
    Draft,
    Submitted,
    Correcting,
    Accepted,
    Paused,
    Decided,
    Closed,
}

impl StateName {
    pub const ALL: [StateName; 7] = [
        StateName::Draft,
        StateName::Submitted,
        StateName::Correcting,
        StateName::Accepted,
        StateName::Paused,
        StateName::Decided,
        StateName::Closed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            StateName::Draft => "draft",
            StateName::Submitted => "submitted",
            StateName::Correcting => "correcting",
            StateName::Accepted => "accepted",
            StateName::Paused => "paused",
            StateName::Decided => "decided",
            StateName::Closed => "closed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// The term residents and officers use.
    pub fn label(self) -> Text {
        match self {
            StateName::Draft => Text::new("暂存", "Draft"),
            StateName::Submitted => Text::new("待受理", "Awaiting acceptance"),
            StateName::Correcting => Text::new("补正中", "Awaiting corrections"),
            StateName::Accepted => Text::new("办理中", "In progress"),
            StateName::Paused => Text::new("特别程序", "In a special procedure"),
            StateName::Decided => Text::new("已决定", "Decided"),
            StateName::Closed => Text::new("办结", "Closed"),
        }
    }
}

impl CaseState {
    pub fn name(&self) -> StateName {
        match self {
            CaseState::Draft(_) => StateName::Draft,
            CaseState::Submitted(_) => StateName::Submitted,
            CaseState::Correcting(_) => StateName::Correcting,
            CaseState::Accepted(_) => StateName::Accepted,
            CaseState::Paused(_) => StateName::Paused,
            CaseState::Decided(_) => StateName::Decided,
            CaseState::Closed(_) => StateName::Closed,
        }
    }
}
