//! 授权委托: somebody lets somebody else act for him (民法典 161–174), and guardians
//! (民法典 27). A mandate is offered, accepted and ended, and time ends it too.
//!
//! What always holds: nobody acts by a mandate he has not accepted, nor outside its
//! dates and guides; a mandate given on (转委托) is never wider or longer than the
//! one it rests on; what has ended stays ended.

mod helper_code;
mod terms;

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::codes::Mobile;
use super::policy;
use super::refusal::{FieldError, Refusal, RefusalCode};
use super::time::end_of_local_day;

pub use helper_code::IssuedCode;
pub use terms::{MOST_GUIDES, Terms};

/// How long an offer waits for an answer.
pub const OFFER_LIFETIME: TimeDelta = TimeDelta::days(30);
/// How often a mandate may be given on.
pub const MOST_LINKS: usize = 4;
/// 民法典 17
const OF_AGE: i32 = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MandateKind {
    /// 委托代理
    Agency,
    /// 监护
    Guardian,
    /// An administrator of an organisation, invited; his membership is what counts.
    Administrator,
}

impl MandateKind {
    pub const ALL: [MandateKind; 3] =
        [MandateKind::Agency, MandateKind::Guardian, MandateKind::Administrator];

    pub fn as_str(self) -> &'static str {
        match self {
            MandateKind::Agency => "agency",
            MandateKind::Guardian => "guardian",
            MandateKind::Administrator => "administrator",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// To whom it is offered. Whether a number has an account is not looked up: the
/// principal must not learn it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    Person(Uuid),
    Mobile(Mobile),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub id: Uuid,
    pub kind: MandateKind,
    pub principal: Uuid,
    pub terms: Terms,
    /// The mandate it was given on from.
    pub parent: Option<Uuid>,
    /// What shows it, where it is not the principal's own word.
    pub evidence: Option<String>,
    /// The account that gave it, or recorded it.
    pub granted_by: Option<Uuid>,
    pub offered_at: DateTime<Utc>,
    pub state: MandateState,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MandateState {
    Offered {
        to: Addressee,
    },
    Accepted {
        to: Option<Mobile>,
        agent: Uuid,
        at: DateTime<Utc>,
    },
    Declined {
        to: Addressee,
        at: DateTime<Utc>,
    },
    Ended {
        to: Option<Mobile>,
        agent: Option<Uuid>,
        accepted_at: Option<DateTime<Utc>>,
        by: EndedBy,
        at: DateTime<Utc>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndedBy {
    Principal,
    Agent,
    /// At a counter.
    Officer,
    /// The mandate it was given on from ended.
    Parent,
    /// By what a registry says now: of a principal that is no more, or of a place
    /// that is somebody else's.
    Registry,
}

impl EndedBy {
    pub const ALL: [EndedBy; 5] =
        [EndedBy::Principal, EndedBy::Agent, EndedBy::Officer, EndedBy::Parent, EndedBy::Registry];

    pub fn as_str(self) -> &'static str {
        match self {
            EndedBy::Principal => "principal",
            EndedBy::Agent => "agent",
            EndedBy::Officer => "officer",
            EndedBy::Parent => "parent",
            EndedBy::Registry => "registry",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }
}

/// Where a mandate stands at a moment: its state and what time made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    Offered,
    /// Nobody accepted it in time.
    Lapsed,
    Accepted,
    Declined,
    Ended,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Offered => "offered",
            Standing::Lapsed => "lapsed",
            Standing::Accepted => "accepted",
            Standing::Declined => "declined",
            Standing::Ended => "ended",
        }
    }
}

impl Mandate {
    /// A mandate somebody offers for a principal.
    pub fn offer(new: NewMandate, kind: MandateKind, to: Addressee, at: DateTime<Utc>) -> Self {
        let NewMandate { id, principal, terms, evidence, granted_by } = new;
        Self {
            id,
            kind,
            principal,
            terms,
            parent: None,
            evidence,
            granted_by,
            offered_at: at,
            state: MandateState::Offered { to },
            version: 1,
        }
    }

    /// A mandate that needs no answer: both sides stood before an officer, or a
    /// register shows it.
    pub fn settled(new: NewMandate, kind: MandateKind, agent: Uuid, at: DateTime<Utc>) -> Self {
        let state = MandateState::Accepted { to: None, agent, at };
        Self { state, ..Self::offer(new, kind, Addressee::Person(agent), at) }
    }

    /// 转委托: gives a mandate on, by its agent.
    ///
    /// # Errors
    /// `Refusal` when it cannot be given on at all, or goes beyond what it rests on.
    pub fn delegate(
        &self,
        new: NewMandate,
        to: Addressee,
        links: usize,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let refuse = |zh: &str, en: &str| Err(Refusal::new(RefusalCode::WrongState, zh, en));
        if !self.reaches(at) || self.kind != MandateKind::Agency {
            return refuse(
                "该授权未生效或已结束，不能转委托。",
                "The mandate is not in force, so it cannot be given on.",
            );
        }
        if !self.terms.may_delegate || links >= MOST_LINKS {
            return refuse(
                "该授权不允许转委托，请由委托人直接授权。",
                "This mandate may not be given on; let the principal mandate him directly.",
            );
        }
        let mut errors = new.terms.problems(at);
        errors.extend(new.terms.beyond(&self.terms));
        if !errors.is_empty() {
            return Err(invalid(errors));
        }
        let new = NewMandate { principal: self.principal, ..new };
        Ok(Self { parent: Some(self.id), ..Self::offer(new, MandateKind::Agency, to, at) })
    }

    pub fn standing(&self, at: DateTime<Utc>) -> Standing {
        let is_over = self.terms.until.is_some_and(|until| until <= at);
        match &self.state {
            MandateState::Offered { .. } if is_over || self.offered_at + OFFER_LIFETIME <= at => {
                Standing::Lapsed
            }
            MandateState::Offered { .. } => Standing::Offered,
            MandateState::Accepted { .. } if is_over => Standing::Ended,
            MandateState::Accepted { .. } => Standing::Accepted,
            MandateState::Declined { .. } => Standing::Declined,
            MandateState::Ended { .. } => Standing::Ended,
        }
    }

    /// Whether somebody may act by it now.
    pub fn reaches(&self, at: DateTime<Utc>) -> bool {
        self.in_policy().is_some_and(|mandate| mandate.in_force(at))
    }

    /// As the policy sees it, once it was accepted. An administrator's is none: he
    /// acts by his membership.
    pub fn in_policy(&self) -> Option<policy::Mandate> {
        let acts = match (self.kind, &self.state) {
            (MandateKind::Agency | MandateKind::Guardian, MandateState::Accepted { .. }) => true,
            (MandateKind::Administrator, MandateState::Accepted { .. }) => false,
            (
                _,
                MandateState::Offered { .. } | MandateState::Declined { .. } | MandateState::Ended { .. },
            ) => false,
        };
        acts.then(|| policy::Mandate {
            id: self.id,
            principal: self.principal,
            guides: self.terms.guides.as_ref().map(|guides| guides.iter().cloned().collect()),
            valid_from: self.terms.from,
            valid_until: self.terms.until,
        })
    }

    /// Who acts by it, or did.
    pub fn agent(&self) -> Option<Uuid> {
        match &self.state {
            MandateState::Offered { .. } | MandateState::Declined { .. } => None,
            MandateState::Accepted { agent, .. } => Some(*agent),
            MandateState::Ended { agent, .. } => *agent,
        }
    }

    /// Whether it was meant for somebody with this record and this number.
    pub fn is_for(&self, person: Uuid, mobile: &Mobile) -> bool {
        match &self.state {
            MandateState::Offered { to } | MandateState::Declined { to, .. } => match to {
                Addressee::Person(id) => *id == person,
                Addressee::Mobile(number) => number == mobile,
            },
            MandateState::Accepted { agent, .. } => *agent == person,
            MandateState::Ended { agent, to, .. } => match agent {
                Some(agent) => *agent == person,
                None => to.as_ref() == Some(mobile),
            },
        }
    }

    /// The agent says yes.
    ///
    /// # Errors
    /// When it does not wait for an answer, or he is the principal himself.
    pub fn accept(self, agent: Uuid, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_open(at)?;
        if agent == self.principal {
            return Err(for_himself());
        }
        let MandateState::Offered { to } = self.state else { return Err(not_open(Standing::Ended)) };
        let state = MandateState::Accepted { to: mobile_of(to), agent, at };
        Ok(Self { state, version: self.version + 1, ..self })
    }

    /// He says no.
    ///
    /// # Errors
    /// When it does not wait for an answer.
    pub fn decline(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_open(at)?;
        let MandateState::Offered { to } = self.state else { return Err(not_open(Standing::Ended)) };
        Ok(Self { state: MandateState::Declined { to, at }, version: self.version + 1, ..self })
    }

    /// Ends it, or takes an offer back.
    ///
    /// # Errors
    /// When it is over already.
    pub fn end(self, by: EndedBy, at: DateTime<Utc>) -> Result<Self, Refusal> {
        match self.standing(at) {
            Standing::Offered | Standing::Accepted => {}
            standing @ (Standing::Lapsed | Standing::Declined | Standing::Ended) => {
                return Err(not_open(standing));
            }
        }
        let state = match self.state {
            MandateState::Offered { to } => {
                MandateState::Ended { agent: person_of(&to), to: mobile_of(to), accepted_at: None, by, at }
            }
            MandateState::Accepted { to, agent, at: accepted_at } => {
                MandateState::Ended { to, agent: Some(agent), accepted_at: Some(accepted_at), by, at }
            }
            over @ (MandateState::Declined { .. } | MandateState::Ended { .. }) => over,
        };
        Ok(Self { state, version: self.version + 1, ..self })
    }

    fn must_be_open(&self, at: DateTime<Utc>) -> Result<(), Refusal> {
        match self.standing(at) {
            Standing::Offered => Ok(()),
            standing @ (Standing::Lapsed | Standing::Accepted | Standing::Declined | Standing::Ended) => {
                Err(not_open(standing))
            }
        }
    }
}

/// What every mandate begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMandate {
    pub id: Uuid,
    pub principal: Uuid,
    pub terms: Terms,
    pub evidence: Option<String>,
    pub granted_by: Option<Uuid>,
}

fn mobile_of(to: Addressee) -> Option<Mobile> {
    match to {
        Addressee::Person(_) => None,
        Addressee::Mobile(mobile) => Some(mobile),
    }
}

fn person_of(to: &Addressee) -> Option<Uuid> {
    match to {
        Addressee::Person(person) => Some(*person),
        Addressee::Mobile(_) => None,
    }
}

fn not_open(standing: Standing) -> Refusal {
    let (zh, en) = match standing {
        Standing::Offered => ("该授权正等待接受。", "The mandate waits for an answer."),
        Standing::Lapsed => (
            "该授权逾期未接受，已失效。请委托人重新授权。",
            "Nobody accepted it in time. Let the principal offer it again.",
        ),
        Standing::Accepted => ("该授权已被接受。", "The mandate was accepted already."),
        Standing::Declined => ("该授权已被拒绝。", "The mandate was declined."),
        Standing::Ended => {
            ("该授权已结束。需要时请重新授权。", "The mandate has ended. Offer a new one where it is needed.")
        }
    };
    Refusal::new(RefusalCode::WrongState, zh, en)
}

fn for_himself() -> Refusal {
    Refusal::new(
        RefusalCode::SamePerson,
        "不能授权给自己，请填写受托人的手机号码。",
        "Nobody mandates himself; name the agent's mobile number.",
    )
}

fn invalid(errors: Vec<FieldError>) -> Refusal {
    Refusal::new(
        RefusalCode::ValidationFailed,
        "授权内容有误，请按各项提示修改后重试。",
        "Some of the terms are not right; correct each as shown and try again.",
    )
    .errors(errors)
}

/// The moment a child comes of age: the beginning of its eighteenth birthday in
/// China; of somebody born on 29 February, in other years, of 1 March.
pub fn comes_of_age(birth_date: NaiveDate) -> DateTime<Utc> {
    let year = birth_date.year() + OF_AGE;
    let birthday =
        birth_date.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1)).unwrap_or(birth_date);
    end_of_local_day(birthday.pred_opt().unwrap_or(birthday))
}

#[cfg(test)]
mod tests;
