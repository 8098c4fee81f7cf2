//! Who may do what, as a table to read and as rules that hold of everybody.

use std::fmt::Write as _;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn now() -> DateTime<Utc> {
    "2026-03-02T01:30:00Z".parse().unwrap()
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(number.into())
}

#[test]
fn the_table_of_capacities_and_operations() {
    let name = |capacity: Capacity| match capacity {
        Capacity::Post(role) => format!("{role:?}"),
        Capacity::Applicant | Capacity::Agent | Capacity::Assistant | Capacity::Consulted => {
            format!("{capacity:?}")
        }
    };
    let mut table = format!("{:<22}", "");
    table += &Capacity::ALL.map(name).join("  ");
    for operation in Operation::ALL {
        write!(table, "\n{:<22}", format!("{operation:?}")).unwrap();
        for capacity in Capacity::ALL {
            let said = if may(capacity, operation) { "may" } else { "·" };
            write!(table, "{said:<width$}", width = name(capacity).len() + 2).unwrap();
        }
        table.truncate(table.trim_end().len());
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_lists_of_all_name_every_capacity_and_operation_once() {
    let unique = |mut names: Vec<String>| {
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    };
    unique(Capacity::ALL.iter().map(|capacity| format!("{capacity:?}")).collect());
    unique(Operation::ALL.iter().map(|operation| format!("{operation:?}")).collect());
    for role in Role::ALL {
        assert!(Capacity::ALL.contains(&Capacity::Post(role)), "{role:?}");
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
}

/// What a case is to somebody, owned.
#[derive(Debug, Clone)]
struct Lying {
    party: Uuid,
    guide: &'static str,
    agency: Uscc,
    region: RegionCode,
    is_draft: bool,
    assisted_by: Option<Uuid>,
}

impl Lying {
    fn scope(&self) -> CaseScope<'_> {
        CaseScope {
            party: self.party,
            guide: self.guide,
            agency: &self.agency,
            region: &self.region,
            is_draft: self.is_draft,
            assisted_by: self.assisted_by,
            helpers: &[],
            consulted: &[],
        }
    }
}

const GUIDES: [&str; 3] = ["guide-a", "guide-b", "guide-c"];

fn agencies() -> impl Strategy<Value = Uscc> {
    select(vec!["11340705MBWXT06130", "11340705MBWXT0410B", "11340705MBWXT0111D"])
        .prop_map(|code| Uscc::parse(code).unwrap())
}

fn regions() -> impl Strategy<Value = RegionCode> {
    select(vec![
        "340000000000",
        "340700000000",
        "340705000000",
        "340705005000",
        "340705005002",
        "340100000000",
    ])
    .prop_map(|code| RegionCode::parse(code).unwrap())
}

fn cases() -> impl Strategy<Value = Lying> {
    let assisted_by = prop::option::of((10..13u8).prop_map(id));
    (0..4u8, select(GUIDES.to_vec()), agencies(), regions(), any::<bool>(), assisted_by).prop_map(
        |(party, guide, agency, region, is_draft, assisted_by)| Lying {
            party: id(party),
            guide,
            agency,
            region,
            is_draft,
            assisted_by,
        },
    )
}

/// From when and until when: in force, over, or still to come.
fn terms() -> impl Strategy<Value = (DateTime<Utc>, Option<DateTime<Utc>>)> {
    (-20..10i64, prop::option::of(-10..20i64)).prop_map(|(from, until)| {
        (now() + TimeDelta::days(from), until.map(|until| now() + TimeDelta::days(until)))
    })
}

fn posts() -> impl Strategy<Value = Post> {
    (select(Role::ALL.to_vec()), prop::option::of(agencies()), regions(), terms(), any::<u8>()).prop_map(
        |(role, agency, region, (valid_from, valid_until), number)| Post {
            id: id(number),
            role,
            agency,
            region,
            counter: None,
            valid_from,
            valid_until,
        },
    )
}

fn mandates() -> impl Strategy<Value = Mandate> {
    let guides = prop::option::of(prop::collection::vec(select(GUIDES.to_vec()), 0..3));
    (0..4u8, guides, terms(), any::<u8>()).prop_map(
        |(principal, guides, (valid_from, valid_until), number)| Mandate {
            id: id(number),
            principal: id(principal),
            guides: guides.map(|guides| guides.into_iter().map(str::to_owned).collect()),
            valid_from,
            valid_until,
        },
    )
}

fn actors() -> impl Strategy<Value = Actor> {
    let posts = prop::collection::vec(posts(), 0..5);
    let mandates = prop::collection::vec(mandates(), 0..4);
    let scopes =
        (any::<bool>(), select(vec![StaffScope::Absent, StaffScope::OneFactor, StaffScope::TwoFactors]));
    let former = prop::collection::vec((0..4u8).prop_map(id), 0..2);
    let who = (10..13u8, 0..6u8, former);
    (who, posts, mandates, scopes).prop_map(|((account, party, former), posts, mandates, scopes)| Actor {
        account: id(account),
        party: id(party),
        former,
        posts,
        mandates,
        scopes: Scopes { cases: scopes.0, staff: scopes.1 },
    })
}

fn operations() -> impl Strategy<Value = Operation> {
    select(Operation::ALL.to_vec())
}

/// Said a second time, from the law and not from the code: is this the
/// applicant himself, or somebody whose mandate covers the case today?
fn is_on_the_applicants_side(actor: &Actor, case: &Lying) -> bool {
    let mandated = actor.mandates.iter().any(|mandate| {
        let covers = match &mandate.guides {
            None => true,
            Some(guides) => guides.iter().any(|guide| guide == case.guide),
        };
        covers && mandate.principal == case.party && began(mandate.valid_from) && !ended(mandate.valid_until)
    });
    actor.scopes.cases && (is_himself(actor, case) || mandated)
}

fn is_himself(actor: &Actor, case: &Lying) -> bool {
    actor.party == case.party || actor.former.contains(&case.party)
}

fn began(from: DateTime<Utc>) -> bool {
    from <= now()
}

fn ended(until: Option<DateTime<Utc>>) -> bool {
    until.is_some_and(|until| until <= now())
}

/// Is this an officer whose business the case is today?
fn is_the_officers_business(actor: &Actor, case: &Lying) -> bool {
    let below_or_above =
        |post: &Post| post.region.contains(&case.region) || case.region.contains(&post.region);
    let his = |post: &Post| match (post.role, case.is_draft) {
        (Role::CounterOfficer, true) => below_or_above(post) && case.assisted_by == Some(actor.account),
        (Role::CounterOfficer, false) => below_or_above(post),
        (Role::Handler | Role::Reviewer | Role::Approver, false) => {
            post.agency.as_ref() == Some(&case.agency)
        }
        (Role::Supervisor, false) => post.region.contains(&case.region),
        (Role::Handler | Role::Reviewer | Role::Approver | Role::Supervisor, true) => false,
        (Role::CatalogueEditor | Role::CataloguePublisher | Role::Administrator | Role::Auditor, _) => false,
    };
    actor.scopes.staff == StaffScope::TwoFactors
        && actor.posts.iter().any(|post| began(post.valid_from) && !ended(post.valid_until) && his(post))
}

fn verdict(actor: &Actor, operation: Operation, case: &Lying) -> Verdict {
    authorise(actor, operation, Target::Case(case.scope()), now())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_case_is_hidden_from_everybody_it_does_not_concern_and_from_nobody_else(
        actor in actors(), case in cases(), operation in operations(),
    ) {
        let concerned = is_on_the_applicants_side(&actor, &case) || is_the_officers_business(&actor, &case);
        match verdict(&actor, operation, &case) {
            // He is told that two factors would do, and nothing else.
            Verdict::StepUp => prop_assert!(actor.scopes.staff == StaffScope::OneFactor),
            verdict => prop_assert_eq!(verdict != Verdict::Hidden, concerned, "{:?}", verdict),
        }
    }

    #[test]
    fn one_factor_lets_nobody_act_in_a_post_and_a_second_is_asked_for_only_where_it_helps(
        actor in actors(), case in cases(), operation in operations(),
    ) {
        let with = |staff| Actor { scopes: Scopes { staff, ..actor.scopes }, ..actor.clone() };
        let targets = [
            Target::Case(case.scope()),
            Target::NewCase { scope: case.scope(), present: true },
            Target::Catalogue { agency: Some(&case.agency) },
            Target::Catalogue { agency: None },
            Target::Counter { region: Some(&case.region) },
            Target::Counter { region: None },
            Target::Platform,
        ];
        for target in targets {
            let [absent, one, two] = [StaffScope::Absent, StaffScope::OneFactor, StaffScope::TwoFactors]
                .map(|staff| authorise(&with(staff), operation, target, now()));
            let is_allowed = |verdict: &Verdict| matches!(verdict, Verdict::Allow(_));
            prop_assert_eq!(is_allowed(&one), is_allowed(&absent));
            prop_assert_eq!(one == Verdict::StepUp, is_allowed(&two) && !is_allowed(&one));
            prop_assert!(absent != Verdict::StepUp && two != Verdict::StepUp);
        }
    }

    #[test]
    fn a_draft_is_hidden_from_all_staff_but_the_officer_who_helped(
        actor in actors(), case in cases(), operation in operations(),
    ) {
        let case = Lying { is_draft: true, ..case };
        let actor = Actor { scopes: Scopes { cases: false, staff: StaffScope::TwoFactors }, ..actor };
        if case.assisted_by != Some(actor.account) {
            prop_assert_eq!(verdict(&actor, operation, &case), Verdict::Hidden);
        }
        let posts = actor.posts.iter().filter(|post| post.role != Role::CounterOfficer).cloned().collect();
        prop_assert_eq!(verdict(&Actor { posts, ..actor }, operation, &case), Verdict::Hidden);
    }

    #[test]
    fn those_who_run_the_platform_never_see_a_case(actor in actors(), case in cases(), operation in operations()) {
        let runs = [Role::Administrator, Role::Auditor, Role::CataloguePublisher, Role::CatalogueEditor];
        let posts: Vec<_> = actor.posts.iter().filter(|post| runs.contains(&post.role)).cloned().collect();
        let actor = Actor { posts, scopes: Scopes { cases: false, staff: StaffScope::TwoFactors }, ..actor };
        prop_assert_eq!(verdict(&actor, operation, &case), Verdict::Hidden);
    }

    #[test]
    fn a_mandate_or_post_that_has_ended_or_not_begun_gives_nothing(
        actor in actors(), case in cases(), operation in operations(),
    ) {
        let mut present = actor.clone();
        present.posts.retain(|post| began(post.valid_from) && !ended(post.valid_until));
        present.mandates.retain(|mandate| began(mandate.valid_from) && !ended(mandate.valid_until));
        let targets = [
            Target::Case(case.scope()),
            Target::NewCase { scope: case.scope(), present: true },
            Target::Catalogue { agency: Some(&case.agency) },
            Target::Catalogue { agency: None },
            Target::Counter { region: Some(&case.region) },
            Target::Counter { region: None },
            Target::Platform,
        ];
        for target in targets {
            let with_past = authorise(&actor, operation, target, now());
            prop_assert_eq!(with_past, authorise(&present, operation, target, now()));
        }
    }

    #[test]
    fn one_more_post_or_mandate_never_takes_anything_away(
        actor in actors(), post in posts(), mandate in mandates(), case in cases(), operation in operations(),
    ) {
        let before = verdict(&actor, operation, &case);
        let mut richer = actor;
        richer.posts.push(post);
        richer.mandates.push(mandate);
        let after = verdict(&richer, operation, &case);
        let rank = |verdict: &Verdict| match verdict {
            Verdict::Hidden => 0,
            Verdict::Forbidden => 1,
            Verdict::StepUp => 2,
            Verdict::Allow(_) => 3,
        };
        prop_assert!(rank(&after) >= rank(&before), "{:?} became {:?}", before, after);
    }

    #[test]
    fn whoever_is_allowed_is_named_with_what_allows_him(actor in actors(), case in cases(), operation in operations()) {
        let Verdict::Allow(by) = verdict(&actor, operation, &case) else { return Ok(()) };
        prop_assert_eq!(by.account(), Some(actor.account));
        let post_in_force = |id: Uuid, helps: bool| {
            actor.posts.iter().any(|post| {
                post.id == id && post.in_force(now()) && (!helps || post.role == Role::CounterOfficer)
            })
        };
        let named = match by {
            By::Applicant { .. } => is_himself(&actor, &case),
            By::Agent { mandate, .. } => {
                actor.mandates.iter().any(|m| m.id == mandate && m.in_force(now()) && m.principal == case.party)
            }
            By::Assistant { post, .. } => case.is_draft && post_in_force(post, true),
            By::Officer { post, .. } => !case.is_draft && post_in_force(post, false),
            By::System => false,
        };
        prop_assert!(named);
    }

    #[test]
    fn nobody_opens_a_case_for_somebody_who_neither_asked_nor_stands_there(actor in actors(), case in cases()) {
        let case = Lying { is_draft: true, assisted_by: Some(actor.account), ..case };
        let target = Target::NewCase { scope: case.scope(), present: false };
        let opened = matches!(authorise(&actor, Operation::OpenCase, target, now()), Verdict::Allow(_));
        prop_assert_eq!(opened, is_on_the_applicants_side(&actor, &case));
    }

    #[test]
    fn the_catalogue_is_drafted_and_published_by_its_posts_and_what_is_shared_by_those_of_no_agency(
        actor in actors(), case in cases(),
    ) {
        let works = actor.scopes.staff == StaffScope::TwoFactors;
        let roles = [
            (Operation::EditCatalogue, Role::CatalogueEditor),
            (Operation::PublishCatalogue, Role::CataloguePublisher),
        ];
        for (operation, role) in roles {
            let holds = |of: &dyn Fn(&Option<Uscc>) -> bool| {
                works
                    && actor.posts.iter().any(|post| {
                        post.role == role && began(post.valid_from) && !ended(post.valid_until) && of(&post.agency)
                    })
            };
            let may = |agency| {
                matches!(authorise(&actor, operation, Target::Catalogue { agency }, now()), Verdict::Allow(_))
            };
            let of_it = |own: &Option<Uscc>| own.as_ref().is_none_or(|own| *own == case.agency);
            prop_assert_eq!(may(Some(&case.agency)), holds(&of_it));
            prop_assert_eq!(may(None), holds(&|own| own.is_none()));
            if works && (may(Some(&case.agency)) || may(None)) {
                let listed = match actor.catalogue_reach(now()) {
                    CatalogueReach::All => true,
                    CatalogueReach::These(agencies) => agencies.contains(&case.agency),
                };
                prop_assert!(listed, "what he may decide on, he is shown");
            }
        }
    }

    #[test]
    fn people_are_identified_by_counter_officers_at_their_counter_and_by_nobody_else(
        actor in actors(), case in cases(),
    ) {
        let officer = |post: &Post| {
            post.role == Role::CounterOfficer && began(post.valid_from) && !ended(post.valid_until)
        };
        let here = |post: &Post| post.region.contains(&case.region) || case.region.contains(&post.region);
        let works = actor.scopes.staff == StaffScope::TwoFactors;
        for operation in [Operation::IdentifyPerson, Operation::WitnessPerson] {
            let at = |region| {
                let verdict = authorise(&actor, operation, Target::Counter { region }, now());
                matches!(verdict, Verdict::Allow(_))
            };
            prop_assert_eq!(at(None), works && actor.posts.iter().any(officer));
            let is_here = actor.posts.iter().any(|post| officer(post) && here(post));
            prop_assert_eq!(at(Some(&case.region)), works && is_here);
        }
    }
}

#[test]
fn who_was_handed_a_code_helps_with_the_case_until_the_day_ends_and_nobody_else_does() {
    let (officer, region) = (id(10), RegionCode::parse("340705000000").unwrap());
    let post = Post {
        id: id(1),
        role: Role::CounterOfficer,
        agency: None,
        region: region.clone(),
        counter: None,
        valid_from: now(),
        valid_until: None,
    };
    let actor = |account, role, scopes| Actor {
        account,
        party: id(20),
        former: Vec::new(),
        posts: vec![Post { role, ..post.clone() }],
        mandates: Vec::new(),
        scopes,
    };
    let staff = Scopes { staff: StaffScope::TwoFactors, cases: true };
    let helpers = [CaseHelper { account: officer, post: id(1), until: now() + TimeDelta::hours(8) }];
    let agency = Uscc::parse("11340705MBWXT06130").unwrap();
    let scope = CaseScope {
        party: id(2),
        guide: "guide-a",
        agency: &agency,
        region: &region,
        is_draft: true,
        assisted_by: None,
        helpers: &helpers,
        consulted: &[],
    };
    let told = |actor: &Actor, scope, at| authorise(actor, Operation::SubmitCase, Target::Case(scope), at);
    let helper = actor(officer, Role::CounterOfficer, staff);
    assert_eq!(told(&helper, scope, now()), Verdict::Allow(By::Assistant { account: officer, post: id(1) }));
    assert_eq!(told(&helper, scope, now() + TimeDelta::hours(8)), Verdict::Hidden);
    assert_eq!(told(&actor(id(11), Role::CounterOfficer, staff), scope, now()), Verdict::Hidden);
    assert_eq!(told(&actor(officer, Role::Handler, staff), scope, now()), Verdict::Hidden);
    let alone = Scopes { staff: StaffScope::Absent, cases: true };
    assert_eq!(told(&actor(officer, Role::CounterOfficer, alone), scope, now()), Verdict::Hidden);
    let filed = CaseScope { is_draft: false, ..scope };
    assert_eq!(told(&helper, filed, now()), Verdict::Allow(By::Assistant { account: officer, post: id(1) }));
    assert_eq!(told(&helper, filed, now() + TimeDelta::hours(8)), Verdict::Forbidden);
    // Whoever helped to open it helps no longer, unless he is handed a code.
    let opened = CaseScope { assisted_by: Some(officer), helpers: &[], ..filed };
    assert_eq!(told(&helper, opened, now()), Verdict::Forbidden);
}
