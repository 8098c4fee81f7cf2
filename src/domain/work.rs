//! 领办与请假: who works on a case, and who stands in for whom. And in which places a
//! case is counted.
//!
//! What always holds: in each role one officer at the most works on a case; the
//! applicant's side knows nothing of it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::codes::{RegionCode, RegionLevel, Uscc};
use super::policy::{Post, Role};
use super::refusal::{Refusal, RefusalCode};

/// 领办: an officer works on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseClaim {
    pub case: Uuid,
    pub role: Role,
    pub post: Uuid,
    pub account: Uuid,
    pub at: DateTime<Utc>,
}

/// 请假: the cases of a post are another's until then, or anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    pub post: Uuid,
    pub until: DateTime<Utc>,
    pub substitute: Option<Uuid>,
    pub set_by: Uuid,
    pub set_at: DateTime<Utc>,
}

impl Leave {
    pub fn lasts(&self, at: DateTime<Utc>) -> bool {
        at < self.until
    }
}

/// The longest leave that can be entered.
pub const LONGEST_LEAVE_DAYS: i64 = 366;

impl Role {
    /// Whether officers of this role take cases from a worklist.
    pub fn takes_cases(self) -> bool {
        match self {
            Role::CounterOfficer | Role::Handler | Role::Reviewer | Role::Approver => true,
            Role::Supervisor | Role::CatalogueEditor | Role::CataloguePublisher => false,
            Role::Administrator | Role::Auditor => false,
        }
    }
}

impl Post {
    /// Whether its officer may do for a while what another post's does.
    pub fn can_stand_in_for(&self, other: &Post, at: DateTime<Utc>) -> bool {
        self.id != other.id
            && self.in_force(at)
            && self.role == other.role
            && self.role.takes_cases()
            && self.agency == other.agency
            && self.region.contains(&other.region)
    }
}

/// Whose claim keeps an officer of this role from working on the case, if anybody's.
pub fn in_the_way(claims: &[CaseClaim], role: Role, account: Uuid) -> Option<&CaseClaim> {
    claims.iter().find(|claim| claim.role == role && claim.account != account)
}

/// What the officer is told; `who` is the colleague's name, masked.
pub fn held_by(who: &str, claim: &CaseClaim) -> Refusal {
    let (role, post) = (claim.role.as_str(), claim.post);
    Refusal::new(
        RefusalCode::Held,
        format!("该办件由 {who}（{role}，岗位 {post}）领办中。请与其联系，或请主管改派后再办。"),
        format!(
            "{who} ({role}, post {post}) works on this case. Ask him to release it, or a supervisor to reassign it."
        ),
    )
}

/// Where a case is counted: in the region of each level it lies in.
pub fn regions_around(region: &RegionCode) -> Vec<String> {
    let own = region.level();
    let levels = RegionLevel::ALL.into_iter().filter(|level| *level <= own);
    let digits = levels.map(|level| region.as_str().get(..level.digits()).unwrap_or_default().to_owned());
    let mut around: Vec<String> = digits.collect();
    around.dedup();
    around
}

/// What the posts of an officer reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    pub agencies: Vec<Uscc>,
    /// Regions whose cases, and whose subordinates' cases, are within reach.
    pub below: Vec<RegionCode>,
    /// Regions whose cases are within reach, they alone.
    pub exactly: Vec<RegionCode>,
}

impl Reach {
    /// What the posts in force look after.
    pub fn of<'a>(posts: impl Iterator<Item = &'a Post>, at: DateTime<Utc>) -> Self {
        let mut reach = Reach::default();
        for post in posts.filter(|post| post.in_force(at)) {
            match post.role {
                Role::CounterOfficer => {
                    reach.exactly.extend(post.region.possible_ancestors());
                    reach.below.push(post.region.clone());
                }
                Role::Supervisor => reach.below.push(post.region.clone()),
                Role::Handler | Role::Reviewer | Role::Approver => {
                    reach.agencies.extend(post.agency.clone());
                }
                Role::CatalogueEditor | Role::CataloguePublisher | Role::Administrator | Role::Auditor => {}
            }
        }
        reach.without_repetition()
    }

    /// The same reach, told in the fewest words: nothing in it lies within another part,
    /// as far as regions go.
    fn without_repetition(mut self) -> Self {
        self.below.sort();
        self.below.dedup();
        let all = self.below.clone();
        self.below.retain(|region| !all.iter().any(|other| other != region && other.contains(region)));
        self.exactly.sort();
        self.exactly.dedup();
        self.exactly.retain(|region| !self.below.iter().any(|other| other.contains(region)));
        self.agencies.sort();
        self.agencies.dedup();
        self
    }

    /// Whether all that is within reach is so by its agency.
    pub fn has_no_regions(&self) -> bool {
        self.below.is_empty() && self.exactly.is_empty()
    }

    /// Whether a region's cases are within reach, whatever their agency.
    pub fn covers(&self, region: &RegionCode) -> bool {
        self.exactly.contains(region) || self.below.iter().any(|above| above.contains(region))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> RegionCode {
        RegionCode::parse(code).unwrap()
    }

    #[test]
    fn a_case_is_counted_in_every_region_around_it_and_in_none_below() {
        assert_eq!(
            regions_around(&region("340705005002")),
            ["34", "3407", "340705", "340705005", "340705005002"]
        );
        assert_eq!(regions_around(&region("340700000000")), ["34", "3407"]);
        assert_eq!(regions_around(&region("340000000000")), ["34"]);
    }

    #[test]
    fn a_claim_bars_colleagues_of_the_same_role_and_nobody_else() {
        let [case, post, holder, other] = [1, 2, 3, 4].map(Uuid::from_u128);
        let at = DateTime::UNIX_EPOCH;
        let claims = [CaseClaim { case, role: Role::Handler, post, account: holder, at }];
        assert!(in_the_way(&claims, Role::Handler, other).is_some());
        assert!(in_the_way(&claims, Role::Handler, holder).is_none());
        assert!(in_the_way(&claims, Role::Reviewer, other).is_none());
        let told = held_by("韦**", &claims[0]);
        assert!(told.detail.zh.contains("改派") && told.detail.en.contains("reassign"));
    }

    #[test]
    fn a_reach_names_no_region_twice() {
        let reach = Reach {
            below: ["340705000000", "340700000000", "340700000000"].map(region).to_vec(),
            exactly: ["340705005000", "340000000000", "340000000000"].map(region).to_vec(),
            agencies: Vec::new(),
        };
        let told = reach.without_repetition();
        assert_eq!((told.below.len(), told.exactly.len()), (1, 1));
        assert!(told.covers(&region("340705005002")) && told.covers(&region("340000000000")));
        assert!(!told.covers(&region("340100000000")));
    }

    #[test]
    fn a_substitute_has_the_same_duties() {
        let at = DateTime::UNIX_EPOCH;
        let post = |id: u128, role, code: &str| Post {
            id: Uuid::from_u128(id),
            role,
            agency: None,
            region: region(code),
            counter: None,
            valid_from: at,
            valid_until: None,
        };
        let absent = post(1, Role::CounterOfficer, "340705000000");
        assert!(post(2, Role::CounterOfficer, "340700000000").can_stand_in_for(&absent, at));
        assert!(!post(1, Role::CounterOfficer, "340705000000").can_stand_in_for(&absent, at));
        assert!(!post(2, Role::CounterOfficer, "340705005000").can_stand_in_for(&absent, at));
        assert!(!post(2, Role::Supervisor, "340700000000").can_stand_in_for(&absent, at));
        let ended = Post { valid_until: Some(at), ..post(2, Role::CounterOfficer, "340705000000") };
        assert!(!ended.can_stand_in_for(&absent, at));
    }
}
