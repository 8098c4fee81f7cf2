//! 岗位设置: which posts make sense, and which nobody may hold together.
//!
//! What always holds: who runs the platform sees no case, and who audits changes
//! nothing (职责分离, GB/T 22239 8.1.7.1).

use chrono::{DateTime, Utc};

use super::codes::{CounterCode, RegionCode, Uscc};
use super::policy::{Post, Role};
use super::refusal::FieldError;
use super::text::Text;

/// A post about to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    pub role: Role,
    pub agency: Option<Uscc>,
    pub region: RegionCode,
    pub counter: Option<CounterCode>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
}

/// What a role is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    Cases,
    Catalogue,
    Platform,
    Audit,
}

/// Whether a role's posts name an agency or a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Always,
    Never,
    AsLiked,
}

impl Role {
    fn duty(self) -> Duty {
        match self {
            Role::CounterOfficer | Role::Handler | Role::Reviewer | Role::Approver | Role::Supervisor => {
                Duty::Cases
            }
            Role::CatalogueEditor | Role::CataloguePublisher => Duty::Catalogue,
            Role::Administrator => Duty::Platform,
            Role::Auditor => Duty::Audit,
        }
    }

    /// Agency, counter.
    fn names(self) -> (Named, Named) {
        match self {
            Role::CounterOfficer => (Named::AsLiked, Named::Always),
            Role::Handler | Role::Reviewer | Role::Approver => (Named::Always, Named::AsLiked),
            Role::CatalogueEditor | Role::CataloguePublisher => (Named::AsLiked, Named::Never),
            Role::Supervisor | Role::Administrator | Role::Auditor => (Named::Never, Named::Never),
        }
    }
}

impl Duty {
    fn agrees_with(self, other: Duty) -> bool {
        match (self, other) {
            (Duty::Audit, Duty::Audit) | (Duty::Platform, Duty::Platform) => true,
            (Duty::Audit, _) | (_, Duty::Audit) => false,
            (Duty::Platform, Duty::Cases) | (Duty::Cases, Duty::Platform) => false,
            (Duty::Platform, Duty::Catalogue) | (Duty::Catalogue, Duty::Platform) => true,
            (Duty::Cases | Duty::Catalogue, Duty::Cases | Duty::Catalogue) => true,
        }
    }
}

impl NewPost {
    /// Everything wrong with giving it to somebody who holds these posts.
    pub fn problems(&self, held: &[Post], at: DateTime<Utc>) -> Vec<FieldError> {
        let (agency, counter) = self.role.names();
        let named =
            [("/agency", agency, self.agency.is_some()), ("/counter", counter, self.counter.is_some())];
        let mut errors: Vec<FieldError> = named
            .into_iter()
            .filter_map(|(pointer, named, is_given)| misnamed(pointer, named, is_given))
            .collect();
        if self.valid_until.is_some_and(|until| until <= self.valid_from || until <= at) {
            let zh = "截止时间应晚于起始时间和现在。";
            let en = "It must end after it begins, and in the future.";
            errors.push(FieldError::new("/valid_until", "out_of_range", Text::new(zh, en)));
        }
        let conflicting = held.iter().find(|post| {
            post.valid_until.is_none_or(|until| until > at && until > self.valid_from)
                && self.valid_until.is_none_or(|until| until > post.valid_from)
                && !self.role.duty().agrees_with(post.role.duty())
        });
        if let Some(post) = conflicting {
            let other = post.role.as_str();
            let zh = format!("此人已任 {other}，与该岗位职责分离，不得兼任。请先免去原岗位，或另选他人。");
            let en = format!(
                "This person is {other}, whose duties must stay apart from those of this post. End that post first, or choose somebody else."
            );
            errors.push(FieldError::new("/role", "conflicting_duties", Text::new(zh, en)));
        }
        errors
    }
}

fn misnamed(pointer: &str, named: Named, is_given: bool) -> Option<FieldError> {
    let (code, zh, en) = match (named, is_given) {
        (Named::Always, false) => ("required", "该岗位须填写此项。", "A post of this role needs it."),
        (Named::Never, true) => {
            ("not_allowed", "该岗位不填写此项，请删去。", "A post of this role has none; leave it out.")
        }
        (Named::Always, true) | (Named::Never, false) | (Named::AsLiked, _) => return None,
    };
    Some(FieldError::new(pointer, code, Text::new(zh, en)))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use uuid::Uuid;

    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn new(role: Role) -> NewPost {
        let (agency, counter) = role.names();
        NewPost {
            role,
            agency: (agency == Named::Always).then(|| Uscc::parse("91350100M000100Y43").unwrap()),
            region: RegionCode::parse("340700000000").unwrap(),
            counter: (counter == Named::Always).then(|| CounterCode::parse("hall-340700").unwrap()),
            valid_from: at(),
            valid_until: None,
        }
    }

    fn held(role: Role, until: Option<DateTime<Utc>>) -> Post {
        Post {
            id: Uuid::from_u128(1),
            role,
            agency: None,
            region: RegionCode::parse("340700000000").unwrap(),
            counter: None,
            valid_from: at() - TimeDelta::days(1),
            valid_until: until,
        }
    }

    fn codes(post: &NewPost, held: &[Post]) -> Vec<String> {
        let problems = post.problems(held, at());
        problems.into_iter().map(|problem| format!("{} {}", problem.pointer, problem.code)).collect()
    }

    #[test]
    fn a_whole_post_of_every_role_can_be_given_to_somebody_without_one() {
        for role in Role::ALL {
            assert_eq!(codes(&new(role), &[]), Vec::<String>::new(), "{role:?}");
        }
    }

    #[test]
    fn what_is_missing_or_too_much_is_told_at_once() {
        let bare = NewPost { agency: None, counter: None, ..new(Role::Handler) };
        assert_eq!(codes(&bare, &[]), ["/agency required"]);
        let officer = NewPost { counter: None, valid_until: Some(at()), ..new(Role::CounterOfficer) };
        assert_eq!(codes(&officer, &[]), ["/counter required", "/valid_until out_of_range"]);
        let auditor = NewPost { agency: new(Role::Handler).agency, ..new(Role::Auditor) };
        assert_eq!(codes(&auditor, &[]), ["/agency not_allowed"]);
    }

    #[test]
    fn nobody_runs_the_platform_and_handles_cases_and_an_auditor_does_nothing_else() {
        for role in Role::ALL {
            for other in Role::ALL {
                let refused = !codes(&new(role), &[held(other, None)]).is_empty();
                let apart = |one: Role, two: Role| {
                    (one == Role::Auditor && two != Role::Auditor)
                        || (one == Role::Administrator && two.duty() == Duty::Cases)
                };
                assert_eq!(refused, apart(role, other) || apart(other, role), "{role:?} beside {other:?}");
            }
        }
    }

    #[test]
    fn a_post_that_has_ended_or_ends_before_is_in_nobodys_way() {
        let ended = held(Role::Auditor, Some(at()));
        assert_eq!(codes(&new(Role::Handler), std::slice::from_ref(&ended)), Vec::<String>::new());
        let later = NewPost { valid_from: at() + TimeDelta::days(9), ..new(Role::Handler) };
        let ends_before = held(Role::Auditor, Some(at() + TimeDelta::days(9)));
        assert_eq!(codes(&later, std::slice::from_ref(&ends_before)), Vec::<String>::new());
        assert_eq!(codes(&new(Role::Handler), &[ends_before]), ["/role conflicting_duties"]);
    }
}
