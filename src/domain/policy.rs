//! Who may do what: the one place where authorisation is decided.
//!
//! An actor stands to a target in zero or more *capacities* (applicant, agent,
//! handler of that agency…), and a table says which operations each capacity
//! may perform. What an actor may not know of does not exist for him: without a
//! capacity that may read, the answer is `Hidden`, which the web gives as 404.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::cases::{By, Consultation};
use super::codes::{RegionCode, Uscc};

mod table;

pub use table::{Capacity, Operation, may, operation};

mod reach;

use reach::overlap;
pub use reach::{CaseHelper, CatalogueReach};

/// A natural person who signed in, with everything that gives him rights.
#[derive(Debug, Clone, PartialEq)]
pub struct Actor {
    pub account: Uuid,
    /// The person behind the account.
    pub party: Uuid,
    /// Records that turned out to be of the same person.
    pub former: Vec<Uuid>,
    pub posts: Vec<Post>,
    /// Mandates in which he is the agent.
    pub mandates: Vec<Mandate>,
    /// What the client he came with was allowed to do in his name.
    pub scopes: Scopes,
}

/// 岗位: staff member × agency × counter × role × validity.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Post {
    pub id: Uuid,
    pub role: Role,
    pub agency: Option<Uscc>,
    pub region: RegionCode,
    /// Where residents meet him.
    pub counter: Option<String>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
}

/// 授权: the principal lets the agent act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub id: Uuid,
    pub principal: Uuid,
    /// Guide codes; none means all.
    pub guides: Option<Vec<String>>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
}

/// What an access token lets its client do, as OAuth scopes (RFC 6749 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes {
    /// `cases`: apply, read and withdraw in the person's own name.
    pub cases: bool,
    /// `staff`: act in the person's posts.
    pub staff: StaffScope,
}

/// Whether the person may act in his posts now. Posts ask for two factors
/// (GB/T 22239 8.1.4.1), so the scope alone is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StaffScope {
    /// The client was not allowed to.
    #[default]
    Absent,
    /// It was, but he signed in with one factor: his posts rest.
    OneFactor,
    TwoFactors,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    CounterOfficer,
    Handler,
    Reviewer,
    Approver,
    Supervisor,
    CatalogueEditor,
    CataloguePublisher,
    Administrator,
    Auditor,
}

impl Role {
    pub const ALL: [Role; 9] = [
        Role::CounterOfficer,
        Role::Handler,
        Role::Reviewer,
        Role::Approver,
        Role::Supervisor,
        Role::CatalogueEditor,
        Role::CataloguePublisher,
        Role::Administrator,
        Role::Auditor,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::CounterOfficer => "counter_officer",
            Role::Handler => "handler",
            Role::Reviewer => "reviewer",
            Role::Approver => "approver",
            Role::Supervisor => "supervisor",
            Role::CatalogueEditor => "catalogue_editor",
            Role::CataloguePublisher => "catalogue_publisher",
            Role::Administrator => "administrator",
            Role::Auditor => "auditor",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// What a case shows to the policy: whose it is and where it lies.
#[derive(Debug, Clone, Copy)]
pub struct CaseScope<'a> {
    pub party: Uuid,
    pub guide: &'a str,
    pub agency: &'a Uscc,
    pub region: &'a RegionCode,
    /// Nobody but the applicant's side sees a draft, and the officers who help with it.
    pub is_draft: bool,
    /// The account of the officer who opened it with the applicant before him: he helps
    /// until it is filed.
    pub assisted_by: Option<Uuid>,
    /// Officers to whom the applicant's side handed a code for it.
    pub helpers: &'a [CaseHelper],
    /// The agencies whose opinion was asked.
    pub consulted: &'a [Consultation],
}

#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    Case(CaseScope<'a>),
    /// A case about to be opened for somebody. `present`: the officer vouches
    /// that the applicant stands before him.
    NewCase {
        scope: CaseScope<'a>,
        present: bool,
    },
    /// The guides of an agency; none: the items and certificate types that all agencies
    /// share, for posts that look after every agency.
    Catalogue {
        agency: Option<&'a Uscc>,
    },
    /// Whoever stands at a counter in this region; none: where the officer's post
    /// is. That counters see people is known to everybody.
    Counter {
        region: Option<&'a RegionCode>,
    },
    /// An officer whose post lies in this region. That there are officers is known.
    Officer {
        region: &'a RegionCode,
    },
    /// The platform itself: everybody knows that it exists.
    Platform,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Allowed, in this capacity.
    Allow(By),
    /// He may not know that it exists.
    Hidden,
    /// He knows of it and may not.
    Forbidden,
    /// One of his posts allows it, once he has shown a second factor.
    StepUp,
}

pub fn authorise(actor: &Actor, operation: Operation, target: Target<'_>, at: DateTime<Utc>) -> Verdict {
    let capacities = capacities(actor, target, at);
    if let Some((_, by)) = capacities.iter().find(|(capacity, _)| may(*capacity, operation)) {
        return Verdict::Allow(by.clone());
    }
    if two_factors_would_do(actor, operation, target, at) {
        return Verdict::StepUp;
    }
    let knows_of_it = match target {
        Target::Case(_) | Target::NewCase { .. } => {
            capacities.iter().any(|(capacity, _)| may(*capacity, Operation::ReadCase))
        }
        Target::Catalogue { .. } | Target::Counter { .. } | Target::Officer { .. } | Target::Platform => true,
    };
    if knows_of_it { Verdict::Forbidden } else { Verdict::Hidden }
}

fn two_factors_would_do(actor: &Actor, operation: Operation, target: Target<'_>, at: DateTime<Utc>) -> bool {
    match actor.scopes.staff {
        StaffScope::Absent | StaffScope::TwoFactors => false,
        StaffScope::OneFactor => {
            let scopes = Scopes { staff: StaffScope::TwoFactors, ..actor.scopes };
            let with_two = Actor { scopes, ..actor.clone() };
            capacities(&with_two, target, at).iter().any(|(capacity, _)| may(*capacity, operation))
        }
    }
}

/// Every way in which the actor stands to the target, the applicant's first.
fn capacities(actor: &Actor, target: Target<'_>, at: DateTime<Utc>) -> Vec<(Capacity, By)> {
    let mut found = Vec::new();
    let (scope, present) = match target {
        Target::Case(scope) => (Some(scope), true),
        Target::NewCase { scope, present } => (Some(scope), present),
        Target::Catalogue { .. } | Target::Counter { .. } => (None, false),
        Target::Officer { .. } | Target::Platform => (None, false),
    };
    if let Some(scope) = scope.filter(|_| actor.scopes.cases) {
        found.extend(applicant_side(actor, &scope, at));
    }
    if actor.scopes.staff == StaffScope::TwoFactors {
        for post in actor.posts.iter().filter(|post| post.in_force(at)) {
            let officer = || By::Officer { account: actor.account, post: post.id };
            match target {
                Target::Case(scope) | Target::NewCase { scope, .. } => {
                    let helping = present && scope.is_helped_by(actor.account, at);
                    if post.role == Role::CounterOfficer && helping && overlap(&post.region, scope.region) {
                        let by = By::Assistant { account: actor.account, post: post.id };
                        found.push((Capacity::Assistant, by));
                    }
                    if !scope.is_draft && post.reaches(&scope) {
                        found.push((Capacity::Post(post.role), officer()));
                    }
                    if post.is_consulted(&scope) {
                        found.push((Capacity::Consulted, officer()));
                    }
                }
                Target::Catalogue { agency }
                    if post.agency.as_ref().is_none_or(|own| Some(own) == agency) =>
                {
                    found.push((Capacity::Post(post.role), officer()));
                }
                Target::Counter { region } if region.is_none_or(|region| overlap(&post.region, region)) => {
                    found.push((Capacity::Post(post.role), officer()));
                }
                Target::Officer { region } if post.region.contains(region) => {
                    found.push((Capacity::Post(post.role), officer()));
                }
                Target::Platform => found.push((Capacity::Post(post.role), officer())),
                Target::Catalogue { .. } | Target::Counter { .. } | Target::Officer { .. } => {}
            }
        }
    }
    found
}

fn applicant_side(actor: &Actor, scope: &CaseScope<'_>, at: DateTime<Utc>) -> Option<(Capacity, By)> {
    if scope.party == actor.party || actor.former.contains(&scope.party) {
        return Some((Capacity::Applicant, By::Applicant { account: actor.account }));
    }
    let mandate = actor.mandates.iter().find(|mandate| {
        mandate.principal == scope.party
            && mandate.in_force(at)
            && mandate.guides.as_ref().is_none_or(|guides| guides.iter().any(|code| code == scope.guide))
    })?;
    Some((Capacity::Agent, By::Agent { account: actor.account, mandate: mandate.id }))
}

impl Mandate {
    pub fn in_force(&self, at: DateTime<Utc>) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }
}

#[cfg(test)]
mod tests;
