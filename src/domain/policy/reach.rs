//! How far somebody's rights reach: the cases a post looks after, the cases an officer
//! helps with, the catalogues he drafts and publishes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Actor, CaseScope, Post, Role};
use crate::domain::codes::{RegionCode, Uscc};

/// An officer who helps with a case for a while: its applicant stands before him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseHelper {
    pub account: Uuid,
    pub post: Uuid,
    pub until: DateTime<Utc>,
}

impl CaseScope<'_> {
    /// Whether this officer helps the applicant's side with it: whoever opened the draft, until it
    /// is filed, and whoever was handed a code, for as long as that lets him.
    pub(super) fn is_helped_by(&self, account: Uuid, at: DateTime<Utc>) -> bool {
        let handed = |helper: &CaseHelper| helper.account == account && at < helper.until;
        let opened = self.is_draft && self.assisted_by == Some(account);
        opened || self.helpers.iter().any(handed)
    }
}

/// The agencies whose catalogue somebody drafts or publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CatalogueReach {
    /// All of them, and what they share.
    All,
    These(Vec<Uscc>),
}

impl Actor {
    /// What [`Target::Catalogue`] allows him, as a listing asks for it.
    pub fn catalogue_reach(&self, at: DateTime<Utc>) -> CatalogueReach {
        let mut agencies = Vec::new();
        for post in self.posts.iter().filter(|post| post.in_force(at)) {
            match (post.role, &post.agency) {
                (Role::CatalogueEditor | Role::CataloguePublisher, None) => return CatalogueReach::All,
                (Role::CatalogueEditor | Role::CataloguePublisher, Some(agency)) => {
                    agencies.push(agency.clone());
                }
                (
                    Role::CounterOfficer | Role::Handler | Role::Reviewer | Role::Approver | Role::Supervisor,
                    _,
                )
                | (Role::Administrator | Role::Auditor, _) => {}
            }
        }
        CatalogueReach::These(agencies)
    }
}

impl Post {
    pub fn in_force(&self, at: DateTime<Utc>) -> bool {
        self.valid_from <= at && self.valid_until.is_none_or(|until| at < until)
    }

    /// Whether this post may speak for an agency whose opinion was asked.
    pub(super) fn is_consulted(&self, scope: &CaseScope<'_>) -> bool {
        match self.role {
            Role::Handler | Role::Reviewer | Role::Approver => {
                scope.consulted.iter().any(|asked| self.agency.as_ref() == Some(&asked.agency))
            }
            Role::Supervisor => {
                // The superior of who kept silent, not of who asked.
                let is_below = |agency: &Uscc| {
                    agency.registered_in().is_some_and(|region| self.region.contains(&region))
                };
                let mut silent = scope.consulted.iter().filter(|asked| asked.escalated_at.is_some());
                silent.any(|asked| is_below(&asked.agency))
            }
            Role::CounterOfficer | Role::CatalogueEditor | Role::CataloguePublisher => false,
            Role::Administrator | Role::Auditor => false,
        }
    }

    /// Whether a filed case lies within what this post looks after.
    pub fn reaches(&self, scope: &CaseScope<'_>) -> bool {
        match self.role {
            Role::CounterOfficer => overlap(&self.region, scope.region),
            Role::Handler | Role::Reviewer | Role::Approver => self.agency.as_ref() == Some(scope.agency),
            Role::Supervisor => self.region.contains(scope.region),
            Role::CatalogueEditor | Role::CataloguePublisher => false,
            Role::Administrator | Role::Auditor => false,
        }
    }
}

/// A counter serves the guides of its own region, of those above that include
/// it, and of those below: one of the two contains the other.
pub(super) fn overlap(a: &RegionCode, b: &RegionCode) -> bool {
    a.contains(b) || b.contains(a)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::cases::Consultation;
    use crate::domain::guides::Silence;
    use crate::domain::text::Text;

    #[test]
    fn who_kept_silent_is_answered_for_by_his_own_superior() {
        let region = |code: &str| RegionCode::parse(code).unwrap();
        let city_agency = Uscc::parse("11340700MBWXT0103A").unwrap();
        let district_agency = Uscc::parse("11340705MBWXT0111D").unwrap();
        let (place, at) = (region("340705000000"), DateTime::UNIX_EPOCH);
        let speaks = |superior: &str, silent: &Uscc, escalated: bool| {
            let post = Post {
                id: Uuid::nil(),
                role: Role::Supervisor,
                agency: None,
                region: region(superior),
                counter: None,
                valid_from: at,
                valid_until: None,
            };
            let consulted = [Consultation {
                step: "check".to_owned(),
                agency: silent.clone(),
                name: Text::new("某局", "Some bureau"),
                asked_at: at,
                due: at.date_naive(),
                silence: Silence::Escalates,
                escalated_at: escalated.then_some(at),
                answer: None,
            }];
            let scope = CaseScope {
                party: Uuid::nil(),
                guide: "guide",
                agency: &district_agency,
                region: &place,
                is_draft: false,
                assisted_by: None,
                helpers: &[],
                consulted: &consulted,
            };
            post.is_consulted(&scope)
        };
        let (district, city, other) = ("340705000000", "340700000000", "340100000000");
        assert!(speaks(city, &city_agency, true) && speaks(city, &district_agency, true));
        assert!(speaks(district, &district_agency, true));
        assert!(!speaks(district, &city_agency, true), "the district is not above the city's bureau");
        assert!(!speaks(other, &city_agency, true));
        assert!(!speaks(city, &city_agency, false), "it may still answer itself");
    }
}
