//! 法人的成员: who acts for an organisation by what he is in it, and what he may
//! change in it. The legal representative is who the business registry says; he
//! appoints administrators; both invite agents.
//!
//! What always holds: nobody becomes legal representative by the word of another
//! member; who is not any more in the registry's eyes loses his place at once.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::policy;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberRole {
    /// 法定代表人
    LegalRepresentative,
    /// 管理员
    Administrator,
}

impl MemberRole {
    pub const ALL: [MemberRole; 2] = [MemberRole::LegalRepresentative, MemberRole::Administrator];

    pub fn as_str(self) -> &'static str {
        match self {
            MemberRole::LegalRepresentative => "legal_representative",
            MemberRole::Administrator => "administrator",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Somebody's place in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub id: Uuid,
    /// The organisation's record.
    pub organization: Uuid,
    pub member: Uuid,
    pub role: MemberRole,
    pub since: DateTime<Utc>,
    /// Not included; none: until it is ended.
    pub until: Option<DateTime<Utc>>,
    /// The account that appointed him; none: the registry did.
    pub granted_by: Option<Uuid>,
    pub ended_at: Option<DateTime<Utc>>,
    pub version: i64,
}

impl Membership {
    pub fn in_force(&self, at: DateTime<Utc>) -> bool {
        self.since <= at
            && self.until.is_none_or(|until| at < until)
            && self.ended_at.is_none_or(|ended| at < ended)
    }

    /// A member acts for his organisation like an agent for all guides.
    pub fn in_policy(&self) -> Option<policy::Mandate> {
        self.ended_at.is_none().then_some(policy::Mandate {
            id: self.id,
            principal: self.organization,
            guides: None,
            valid_from: self.since,
            valid_until: self.until,
        })
    }
}

/// What a member may want to change in his organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MemberAct {
    /// Offer and end mandates in its name.
    Mandate,
    /// Invite an administrator.
    Appoint,
    /// Say until when an administrator stays.
    Change(MemberRole),
    /// End a membership of that role: another's, or his own.
    End { role: MemberRole, own: bool },
}

/// Whether a member of this role may. The legal representative's place is the
/// registry's to give and take.
pub fn may(role: MemberRole, act: MemberAct) -> bool {
    use MemberRole as R;
    match (role, act) {
        (R::LegalRepresentative | R::Administrator, MemberAct::Mandate) => true,
        (R::LegalRepresentative, MemberAct::Appoint) => true,
        (R::Administrator, MemberAct::Appoint) => false,
        (_, MemberAct::Change(R::LegalRepresentative)) => false,
        (R::LegalRepresentative, MemberAct::Change(R::Administrator)) => true,
        (R::Administrator, MemberAct::Change(R::Administrator)) => false,
        (_, MemberAct::End { role: R::LegalRepresentative, .. }) => false,
        (R::LegalRepresentative, MemberAct::End { role: R::Administrator, .. }) => true,
        (R::Administrator, MemberAct::End { role: R::Administrator, own }) => own,
    }
}

/// Whose memberships end when the registry is looked at again: of those whom it
/// does not call legal representative any more, and, of an organisation that is no
/// more, everybody's.
pub fn outdated<'a>(
    members: &'a [Membership],
    exists: bool,
    is_representative: impl Fn(Uuid) -> bool + 'a,
    at: DateTime<Utc>,
) -> impl Iterator<Item = &'a Membership> {
    members.iter().filter(move |membership| {
        let stays = exists
            && match membership.role {
                MemberRole::LegalRepresentative => is_representative(membership.member),
                MemberRole::Administrator => true,
            };
        membership.ended_at.is_none() && membership.until.is_none_or(|until| at < until) && !stays
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn membership(member: u128, role: MemberRole) -> Membership {
        Membership {
            id: Uuid::from_u128(member + 100),
            organization: Uuid::from_u128(1),
            member: Uuid::from_u128(member),
            role,
            since: DateTime::UNIX_EPOCH,
            until: None,
            granted_by: None,
            ended_at: None,
            version: 1,
        }
    }

    #[test]
    fn only_the_registry_gives_and_takes_the_representatives_place() {
        for role in MemberRole::ALL {
            assert_eq!(MemberRole::parse(role.as_str()), Some(role));
            assert!(!may(role, MemberAct::Change(MemberRole::LegalRepresentative)));
            for own in [true, false] {
                assert!(!may(role, MemberAct::End { role: MemberRole::LegalRepresentative, own }));
            }
        }
    }

    #[test]
    fn an_administrator_invites_agents_and_leaves_and_does_no_more() {
        let may = |act| may(MemberRole::Administrator, act);
        assert!(may(MemberAct::Mandate));
        assert!(may(MemberAct::End { role: MemberRole::Administrator, own: true }));
        assert!(!may(MemberAct::Appoint) && !may(MemberAct::Change(MemberRole::Administrator)));
        assert!(!may(MemberAct::End { role: MemberRole::Administrator, own: false }));
    }

    #[test]
    fn a_new_representative_ends_the_old_ones_place_and_nobody_elses() {
        let members = [
            membership(1, MemberRole::LegalRepresentative),
            membership(2, MemberRole::LegalRepresentative),
            membership(3, MemberRole::Administrator),
        ];
        let at = DateTime::UNIX_EPOCH + TimeDelta::days(1);
        let ended = |exists| -> Vec<u128> {
            let is_two = |member: Uuid| member == Uuid::from_u128(2);
            outdated(&members, exists, is_two, at).map(|m| m.member.as_u128()).collect()
        };
        assert_eq!(ended(true), [1]);
        assert_eq!(ended(false), [1, 2, 3], "an organisation that is no more");
    }

    #[test]
    fn a_membership_that_ended_gives_no_reach() {
        let at = DateTime::UNIX_EPOCH;
        let one = membership(1, MemberRole::Administrator);
        assert!(one.in_force(at) && one.in_policy().is_some_and(|mandate| mandate.in_force(at)));
        let ended = Membership { ended_at: Some(at), ..one.clone() };
        assert!(!ended.in_force(at) && ended.in_policy().is_none());
        let over = Membership { until: Some(at), ..one };
        assert!(!over.in_force(at) && !over.in_policy().is_some_and(|mandate| mandate.in_force(at)));
    }
}
