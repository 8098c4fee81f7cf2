//! 送达: that a letter reached the one it is for. On record is the first time the
//! recipient's side opened it; what staff read proves nothing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::domain::cases::By;

/// The first opening of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    pub account: Uuid,
    pub recipient: Recipient,
    pub at: DateTime<Utc>,
}

/// In which capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    Applicant,
    /// 代办: service on the agent is service on the applicant.
    Agent,
}

impl Recipient {
    pub const ALL: [Self; 2] = [Self::Applicant, Self::Agent];

    pub fn as_str(self) -> &'static str {
        match self {
            Recipient::Applicant => "applicant",
            Recipient::Agent => "agent",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|recipient| recipient.as_str() == text)
    }
}

impl Opening {
    /// What is put on record when somebody opens a letter in that capacity. An officer
    /// who helps at a counter is not the recipient, even with the applicant beside him.
    pub fn of(by: &By, at: DateTime<Utc>) -> Option<Self> {
        match by {
            By::Applicant { account } => {
                Some(Self { account: *account, recipient: Recipient::Applicant, at })
            }
            By::Agent { account, .. } => Some(Self { account: *account, recipient: Recipient::Agent, at }),
            By::Assistant { .. } | By::Officer { .. } | By::System => None,
        }
    }
}
