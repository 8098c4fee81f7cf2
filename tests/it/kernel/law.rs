//! The table of commands, written down a second time: where a case is, and
//! where every move leads it.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use wanshitong::domain::cases::Urgency;

/// Where a case is, as the table of commands tells states apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    Draft,
    Submitted,
    Correcting { mended: bool },
    Accepted,
    Paused(BTreeSet<&'static str>),
    Decided { approved: bool, issued: bool },
    Closed(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opinion {
    NotAsked,
    Asked,
    Escalated,
    Given,
}

/// The material that may come later (容缺).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    There,
    Missing,
    Promised,
    Owed,
}

/// A case as the law has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    pub at: At,
    pub corrected: bool,
    pub handled: bool,
    pub opinion: Opinion,
    pub extended: bool,
    pub lease: Lease,
    /// 催办 and 督办 that wait for a reply, the oldest first.
    pub asked: Vec<Urgency>,
    pub is_rated: bool,
    pub owes_report: bool,
    /// Whether the last move was one the law allows.
    pub allowed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Save,
    Submit,
    /// Hands in the lease.
    Bring,
    Accept,
    AcceptDeferred,
    RequestCorrection,
    Correct,
    Refuse,
    Transfer,
    Pause(&'static str),
    Resume(&'static str),
    Extend,
    Handle,
    Opinion {
        of_the_superior: bool,
    },
    Approve,
    Deny,
    Issue,
    Deliver,
    Withdraw,
    Void,
    Revoke,
    Ask(Urgency),
    Reply,
    Rate,
    Rectify,
    /// Two months, in which every limit of an applicant or of silence runs out.
    TimePasses,
}

/// A move, and how far it gets before the process dies, if it does.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub what: What,
    pub dies_after: Option<u8>,
}

const ALL: [What; 30] = [
    What::Save,
    What::Submit,
    What::Bring,
    What::Accept,
    What::AcceptDeferred,
    What::RequestCorrection,
    What::Correct,
    What::Refuse,
    What::Transfer,
    What::Pause("inspection"),
    What::Pause("hearing"),
    What::Resume("inspection"),
    What::Resume("hearing"),
    What::Extend,
    What::Handle,
    What::Opinion { of_the_superior: false },
    What::Opinion { of_the_superior: true },
    What::Approve,
    What::Deny,
    What::Issue,
    What::Deliver,
    What::Withdraw,
    What::Void,
    What::Revoke,
    What::Ask(Urgency::Reminder),
    What::Ask(Urgency::Supervision),
    What::Reply,
    What::Rate,
    What::Rectify,
    What::TimePasses,
];

impl Course {
    /// The table: where a move leads, and nothing where it is refused.
    fn after(&self, what: What) -> Option<Self> {
        match what {
            What::Ask(_) | What::Reply | What::Rate | What::Rectify => self.after_beside(what),
            What::Bring | What::Submit | What::Accept | What::AcceptDeferred => self.after_intake(what),
            What::TimePasses => Some(self.after_two_months()),
            _ => self.after_in_course(what),
        }
    }

    /// Beside the procedure, which it does not move.
    fn after_beside(&self, what: What) -> Option<Self> {
        let (is_filed, is_open) = (!self.never_filed(), !matches!(self.at, At::Closed(_)));
        let mut after = self.clone();
        match what {
            What::Ask(urgency) if is_filed && is_open && !self.asked.contains(&urgency) => {
                after.asked.push(urgency);
            }
            What::Reply if !self.asked.is_empty() => drop(after.asked.remove(0)),
            What::Rate if is_filed && !self.is_rated => (after.is_rated, after.owes_report) = (true, true),
            What::Rectify if self.owes_report => after.owes_report = false,
            _ => return None,
        }
        Some(after)
    }

    fn never_filed(&self) -> bool {
        matches!(self.at, At::Draft | At::Closed("expired"))
    }

    fn after_intake(&self, what: What) -> Option<Self> {
        use At as A;
        let with = |at: At, lease: Lease| Some(Self { at, lease, ..self.clone() });
        match (&self.at, what, self.lease) {
            (A::Draft, What::Bring, _) => with(A::Draft, Lease::There),
            (A::Draft, What::Submit, Lease::There) => with(A::Submitted, Lease::There),
            (A::Draft, What::Submit, _) => with(A::Submitted, Lease::Promised),
            (A::Submitted, What::Accept, Lease::There) => with(A::Accepted, Lease::There),
            (A::Submitted, What::AcceptDeferred, Lease::Promised) => with(A::Accepted, Lease::Owed),
            (A::Accepted | A::Paused(_), What::Bring, Lease::Owed) => with(self.at.clone(), Lease::There),
            _ => None,
        }
    }

    fn after_two_months(&self) -> Self {
        use At as A;
        let to = |at: At| Self { at, ..self.clone() };
        match &self.at {
            A::Draft => to(A::Closed("expired")),
            A::Submitted if self.lease == Lease::Promised => Self { lease: Lease::Owed, ..to(A::Accepted) },
            A::Submitted => to(A::Accepted),
            A::Correcting { .. } => to(A::Closed("lapsed")),
            A::Accepted | A::Paused(_) if self.lease == Lease::Owed => to(A::Closed("lapsed")),
            A::Accepted | A::Paused(_) if self.opinion == Opinion::Asked => {
                Self { opinion: Opinion::Escalated, ..self.clone() }
            }
            A::Accepted | A::Paused(_) | A::Decided { .. } | A::Closed(_) => self.clone(),
        }
    }

    fn after_in_course(&self, what: What) -> Option<Self> {
        use At as A;
        let to = |at: At| Some(Self { at, ..self.clone() });
        match (&self.at, what) {
            (A::Draft, What::Save) => to(A::Draft),
            (A::Submitted, What::RequestCorrection) if !self.corrected => {
                Some(Self { at: A::Correcting { mended: false }, corrected: true, ..self.clone() })
            }
            (A::Submitted, What::Refuse) => to(A::Closed("refused")),
            (A::Submitted, What::Transfer) => to(A::Closed("transferred")),
            (A::Correcting { .. }, What::Save) => to(A::Correcting { mended: true }),
            (A::Correcting { mended: true }, What::Correct) => to(A::Submitted),
            (A::Accepted, What::Pause(kind)) => to(A::Paused([kind].into())),
            (A::Paused(open), What::Pause(kind)) if !open.contains(kind) => {
                to(A::Paused(open.iter().copied().chain([kind]).collect()))
            }
            (A::Paused(open), What::Resume(kind)) if open.contains(kind) => {
                let left: BTreeSet<_> = open.iter().copied().filter(|other| *other != kind).collect();
                to(if left.is_empty() { A::Accepted } else { A::Paused(left) })
            }
            (A::Accepted, What::Extend) if !self.extended => Some(Self { extended: true, ..self.clone() }),
            (A::Accepted, What::Handle) if !self.handled => {
                Some(Self { handled: true, opinion: Opinion::Asked, ..self.clone() })
            }
            (A::Accepted | A::Paused(_), What::Opinion { of_the_superior }) => {
                // Once it has gone up, the superior may answer in the agency's place.
                let may = match self.opinion {
                    Opinion::Asked => !of_the_superior,
                    Opinion::Escalated => true,
                    Opinion::NotAsked | Opinion::Given => false,
                };
                may.then(|| Self { opinion: Opinion::Given, ..self.clone() })
            }
            (A::Accepted, What::Approve) if self.opinion == Opinion::Given && self.lease != Lease::Owed => {
                to(A::Decided { approved: true, issued: false })
            }
            (A::Accepted, What::Deny) if self.opinion == Opinion::Given => {
                to(A::Decided { approved: false, issued: false })
            }
            (A::Decided { approved: true, issued: false }, What::Issue) => {
                to(A::Decided { approved: true, issued: true })
            }
            (A::Decided { approved: true, issued: true }, What::Deliver) => to(A::Closed("issued")),
            (A::Decided { approved: false, .. }, What::Deliver) => to(A::Closed("denied")),
            (A::Submitted | A::Correcting { .. } | A::Accepted | A::Paused(_), What::Withdraw) => {
                to(A::Closed("withdrawn"))
            }
            (A::Draft | A::Closed(_), What::Void) => None,
            (_, What::Void) => to(A::Closed("void")),
            (A::Closed("issued"), What::Revoke) => to(A::Closed("revoked")),
            _ => None,
        }
    }
}

impl ReferenceStateMachine for Course {
    type State = Self;
    type Transition = Move;

    fn init_state() -> BoxedStrategy<Self> {
        let draft = |lease| Self {
            at: At::Draft,
            corrected: false,
            handled: false,
            opinion: Opinion::NotAsked,
            extended: false,
            lease,
            asked: Vec::new(),
            is_rated: false,
            owes_report: false,
            allowed: true,
        };
        prop_oneof![Just(Lease::There), Just(Lease::Missing)].prop_map(draft).boxed()
    }

    fn transitions(course: &Self) -> BoxedStrategy<Move> {
        let allowed: Vec<What> = ALL.into_iter().filter(|what| course.after(*what).is_some()).collect();
        // Ends are rare, or no course would be a long one.
        let ends = |what: &What| matches!(course.after(*what), Some(Self { at: At::Closed(_), .. }));
        let on: Vec<What> = allowed.iter().copied().filter(|what| !ends(what)).collect();
        let on = if on.is_empty() { allowed.clone() } else { on };
        let what = prop_oneof![
            7 => proptest::sample::select(on),
            1 => proptest::sample::select(allowed),
            2 => proptest::sample::select(ALL.to_vec()),
        ];
        let dies_after = prop_oneof![2 => Just(None), 1 => (0..40_u8).prop_map(Some)];
        (what, dies_after).prop_map(|(what, dies_after)| Move { what, dies_after }).boxed()
    }

    fn apply(course: Self, next: &Move) -> Self {
        match course.after(next.what) {
            Some(after) => Self { allowed: true, ..after },
            None => Self { allowed: false, ..course },
        }
    }
}

impl Course {
    pub fn is_in_progress(&self) -> bool {
        matches!(self.at, At::Accepted | At::Paused(_))
    }
}
