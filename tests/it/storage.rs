//! Many changes at once: whatever was acknowledged is there, whole; whatever was
//! refused left nothing.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;
use wanshitong::app::cases::{self, Action, ApplicantRef, OpenRequest, Request};
use wanshitong::app::identity::Caller;
use wanshitong::app::once::Claim;
use wanshitong::app::{AppError, Ctx, timers, upkeep};
use wanshitong::domain::cases::SaveCase;
use wanshitong::domain::cases::history;
use wanshitong::domain::guides::Facts;

use crate::catalogue::publish;
use crate::support::{City, Database, Portal, allowance_facts, id, road_facts};

fn facts(value: Value) -> Facts {
    let Value::Object(members) = value else { panic!("facts are an object") };
    Facts::from(members)
}

/// An application for the old-age allowance, handed in at once.
pub fn allowance(city: &City, claim: Option<Claim>) -> OpenRequest {
    OpenRequest {
        guide: city.guide("old-age-allowance.yaml"),
        scenario: None,
        applicant: ApplicantRef::Myself,
        facts: facts(allowance_facts()),
        submit: true,
        claim,
    }
}

async fn road_draft(city: &City, ctx: &Ctx, caller: &Caller) -> Uuid {
    let request = OpenRequest {
        guide: city.guide("road-occupation-permit.yaml"),
        scenario: Some("occupy".to_owned()),
        facts: facts(road_facts()),
        submit: false,
        ..allowance(city, None)
    };
    cases::open(ctx, caller, request).await.unwrap().value.case.id
}

fn save(case: Uuid, expected_version: Option<u64>, claim: Option<Claim>, patch: Value) -> Request {
    let Value::Object(patch) = patch else { panic!("a patch is an object") };
    Request { case, expected_version, claim, action: Action::Save(SaveCase { patch }) }
}

/// Reads a case with its whole history; the history must verify and lead to it.
async fn sound(ctx: &Ctx, case: Uuid) -> wanshitong::store::StoredCase {
    let stored = ctx.store.find_case(case).await.unwrap().unwrap();
    let records = ctx.store.list_records(&stored).await.unwrap();
    let head = history::verify(&records).unwrap();
    assert_eq!(head.seq, stored.case.version);
    stored
}

/// One change of a batch.
#[derive(Debug, Clone)]
enum Attempt {
    /// Saves a number in the case, at the version it is at (or a stale one).
    Save { case: usize, stale: bool },
    /// Opens a case under one of a few keys, with one of two bodies.
    Open { key: u8, body: u8 },
    /// Opens a case that nothing stands against.
    Plain,
}

fn attempts() -> impl Strategy<Value = Vec<Attempt>> {
    let one = prop_oneof![
        3 => (0..4_usize, any::<bool>()).prop_map(|(case, stale)| Attempt::Save { case, stale }),
        3 => (0..3_u8, 0..2_u8).prop_map(|(key, body)| Attempt::Open { key, body }),
        1 => Just(Attempt::Plain),
    ];
    proptest::collection::vec(one, 2..40)
}

/// What the store said.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done(Uuid),
    Replayed(Uuid),
    Stale,
    KeyReused,
}

async fn perform(
    city: &City,
    ctx: &Ctx,
    caller: &Caller,
    drafts: &[Uuid],
    round: u8,
    n: usize,
    attempt: &Attempt,
) -> Outcome {
    let told = |result: Result<wanshitong::app::once::Answer<cases::CaseReply>, AppError>| match result {
        Ok(answer) if answer.replayed => Outcome::Replayed(answer.value.case.id),
        Ok(answer) => Outcome::Done(answer.value.case.id),
        Err(AppError::Stale) => Outcome::Stale,
        Err(AppError::KeyReused) => Outcome::KeyReused,
        Err(other) => panic!("{attempt:?}: {other:?}"),
    };
    match attempt {
        Attempt::Save { case, stale } => {
            let version = if *stale { 99 } else { 1 };
            let request = save(drafts[*case], Some(version), None, json!({"area": n + 1}));
            told(cases::act(ctx, caller, request).await)
        }
        Attempt::Open { key, body } => {
            let mut claimed = [0; 32];
            claimed[0] = round;
            claimed[1] = *key;
            let claim = Claim { key: claimed, request_digest: [*body; 32] };
            told(cases::open(ctx, caller, allowance(city, Some(claim))).await)
        }
        Attempt::Plain => told(cases::open(ctx, caller, allowance(city, None)).await),
    }
}

/// Of changes that stand against each other exactly one wins, the others are told
/// why not, and the rest of the batch is untouched by it all.
async fn the_right_ones_win(database: Database) {
    let city = City::found(database).await;
    let (resident, elder) = (city.caller("resident@web").await, city.caller("second_resident@web").await);
    let mut runner = TestRunner::deterministic();
    for round in 0..12 {
        let plan = attempts().new_tree(&mut runner).unwrap().current();
        let mut drafts = Vec::new();
        for _ in 0..4 {
            drafts.push(road_draft(&city, &city.ctx, &resident).await);
        }
        let outcomes = join_all(plan.iter().enumerate().map(|(n, attempt)| {
            let caller = if matches!(attempt, Attempt::Save { .. }) { &resident } else { &elder };
            perform(&city, &city.ctx, caller, &drafts, round, n, attempt)
        }))
        .await;
        let told: Vec<_> = plan.iter().zip(&outcomes).collect();
        for (index, draft) in drafts.iter().enumerate() {
            let fresh = |told: &&(&Attempt, &Outcome)| matches!(told.0, Attempt::Save { case, stale: false } if *case == index);
            let won =
                told.iter().filter(fresh).filter(|(_, outcome)| matches!(outcome, Outcome::Done(_))).count();
            let lost = told.iter().filter(fresh).filter(|(_, outcome)| **outcome == Outcome::Stale).count();
            assert_eq!(won, usize::from(won + lost > 0), "{told:?}");
            assert_eq!(sound(&city.ctx, *draft).await.case.version, 1 + won as u64);
        }
        for (attempt, outcome) in &told {
            if let Attempt::Save { stale: true, .. } = attempt {
                assert_eq!(**outcome, Outcome::Stale);
            }
        }
        keys_were_spent_once(&city.ctx, &told).await;
    }
}

async fn keys_were_spent_once(ctx: &Ctx, told: &[(&Attempt, &Outcome)]) {
    for wanted in 0..3 {
        let of_key = told.iter().filter_map(|(attempt, outcome)| match attempt {
            Attempt::Open { key, body } if *key == wanted => Some((*body, *outcome)),
            Attempt::Open { .. } | Attempt::Save { .. } | Attempt::Plain => None,
        });
        let of_key: Vec<_> = of_key.collect();
        let first: Vec<_> =
            of_key.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Done(_))).collect();
        assert_eq!(first.len(), usize::from(!of_key.is_empty()), "{of_key:?}");
        let Some((winner, Outcome::Done(case))) = first.first() else { continue };
        assert_eq!(sound(ctx, *case).await.case.state.name().as_str(), "closed");
        for (body, outcome) in &of_key {
            let expected = if body == winner { Outcome::Replayed(*case) } else { Outcome::KeyReused };
            assert!(**outcome == expected || **outcome == Outcome::Done(*case), "{of_key:?}");
        }
    }
}

async fn fifty_saves_lose_nothing(database: Database) {
    let portal = Portal::open(database).await;
    let who = "resident@web";
    let body = json!({
        "guide_code": portal.city.guide("road-occupation-permit.yaml"),
        "scenario": "occupy",
    });
    let case = id(&portal.open_case(who, body).await);
    let path = format!("/api/v1/cases/{case}/facts");
    let fields: Vec<(String, Value)> =
        road_facts().as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let saves = (0..50).map(|n| {
        let (name, value) = fields[n % fields.len()].clone();
        portal.send(portal.request(who, "PATCH", &path).json(&json!({ name: value })))
    });
    for reply in join_all(saves).await {
        assert_eq!(reply.status, 200, "{:#}", reply.body);
    }
    let read = portal.get(who, &format!("/api/v1/cases/{case}")).await.expect(200);
    assert_eq!((&read["facts"], &read["version"]), (&road_facts(), &json!(51)));
    sound(&portal.city.ctx, case.parse().unwrap()).await;
    portal.close().await;
}

#[actix_web::test]
async fn of_changes_that_stand_against_each_other_exactly_one_wins() {
    the_right_ones_win(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn of_changes_that_stand_against_each_other_exactly_one_wins_on_postgres() {
    the_right_ones_win(Database::postgres()).await;
}

#[actix_web::test]
async fn fifty_saves_of_one_draft_at_once_lose_nothing() {
    fifty_saves_lose_nothing(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn fifty_saves_of_one_draft_at_once_lose_nothing_on_postgres() {
    fifty_saves_lose_nothing(Database::postgres()).await;
}

/// Whoever hangs up while his submission is being written leaves it written or
/// not, and in no case stands in the way of the next.
#[actix_web::test]
async fn a_submission_whose_sender_hung_up_spoils_no_case_number() {
    let city = City::found(Database::sqlite()).await;
    let elder = city.caller("second_resident@web").await;
    for polls in 0..60 {
        let mut submission = Box::pin(cases::open(&city.ctx, &elder, allowance(&city, None)));
        for _ in 0..polls {
            if futures_util::poll!(submission.as_mut()).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let mut numbers = BTreeSet::new();
    for _ in 0..60 {
        let reply = cases::open(&city.ctx, &elder, allowance(&city, None)).await.unwrap().value;
        assert!(numbers.insert(reply.case.case_no().unwrap().to_string()));
    }
}

/// A batch with a row that cannot be written loses that one alone.
#[actix_web::test]
async fn a_person_entered_twice_at_once_is_entered_once() {
    let portal = Portal::open(Database::sqlite()).await;
    let body = json!({
        "guide_code": portal.city.guide("road-occupation-permit.yaml"),
        "scenario": "occupy",
        "applicant": {"name": "程远山", "id_number": crate::support::id_number("34070519850412", 301)},
    });
    let other = json!({"guide_code": portal.city.guide("old-age-allowance.yaml")});
    let officers = (0..10).map(|_| portal.post("counter_officer@counter", "/api/v1/cases", body.clone()));
    let residents = (0..10).map(|_| portal.post("resident@web", "/api/v1/cases", other.clone()));
    let (officers, residents) = futures_util::join!(join_all(officers), join_all(residents));
    for reply in &residents {
        assert_eq!(reply.status, 201, "{:#}", reply.body);
    }
    let parties: BTreeSet<String> =
        officers.into_iter().map(|reply| reply.expect(201)["applicant"]["id"].to_string()).collect();
    assert_eq!(parties.len(), 1);
    portal.close().await;
}

/// What one instance publishes the other serves as soon as it looks.
async fn instances_keep_in_step(database: Database) {
    let portal = Portal::open(database).await;
    let beside = portal.beside().await;
    let mut seen = upkeep::Seen::default();
    upkeep::catch_up(&beside.city.ctx, &mut seen).await.unwrap();
    let code = portal.city.guide("old-age-allowance.yaml");
    let path = format!("/api/v1/guides/{code}");
    assert_eq!(beside.get("", &path).await.expect(200)["version"], 1);

    let yaml = include_str!("../../src/data/sample/guides/old-age-allowance.yaml")
        .replace("0562-2810613", "0562-2810614");
    publish(&portal, &yaml).await;
    upkeep::catch_up(&beside.city.ctx, &mut seen).await.unwrap();
    let read = beside.get("", &path).await.expect(200);
    assert_eq!((&read["version"], &read["telephone"]["enquiry"]), (&json!(2), &json!("0562-2810614")));
    assert_eq!(beside.get("", &format!("{path}/versions/1")).await.expect(200)["version"], 1);
    beside.close().await;
    portal.close().await;
}

/// Timers run in every instance and act once; numbers are given once.
async fn instances_act_once(database: Database) {
    let city = City::found(database).await;
    let other = city.another_instance().await;
    let (resident, elder) = (city.caller("resident@web").await, city.caller("second_resident@web").await);
    let submissions = join_all((0..40).map(|n| {
        let ctx = if n % 2 == 0 { &city.ctx } else { &other.ctx };
        cases::open(ctx, &elder, allowance(&city, None))
    }));
    let numbers: BTreeSet<String> = submissions
        .await
        .into_iter()
        .map(|answer| answer.unwrap().value.case.case_no().unwrap().to_string())
        .collect();
    assert_eq!(numbers.len(), 40);

    let mut drafts = Vec::new();
    for _ in 0..20 {
        drafts.push(road_draft(&city, &city.ctx, &resident).await);
    }
    for ctx in [&city.ctx, &other.ctx] {
        ctx.clock.advance(chrono::TimeDelta::days(31));
    }
    let (here, there) = futures_util::join!(timers::run(&city.ctx), timers::run(&other.ctx));
    assert_eq!(here.unwrap() + there.unwrap(), 20);
    for draft in drafts {
        assert_eq!(sound(&city.ctx, draft).await.case.version, 2);
    }
}

#[actix_web::test]
async fn what_one_instance_publishes_the_other_serves() {
    instances_keep_in_step(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn what_one_instance_publishes_the_other_serves_on_postgres() {
    instances_keep_in_step(Database::postgres()).await;
}

#[actix_web::test]
async fn two_instances_act_once() {
    instances_act_once(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn two_instances_act_once_on_postgres() {
    instances_act_once(Database::postgres()).await;
}

/// The server ends every connection again and again while residents apply; who is
/// told to come back comes back with the same key.
#[actix_web::test]
#[ignore = "needs PostgreSQL: run tests/run"]
async fn connections_cut_by_the_server_lose_nothing_that_was_acknowledged_on_postgres() {
    const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let city = City::found(Database::postgres()).await;
    let elder = city.caller("second_resident@web").await;
    let acknowledged = std::cell::Cell::new(0);
    let apply = |n: u8| {
        let (city, elder, acknowledged) = (&city, &elder, &acknowledged);
        async move {
            let claim = Claim { key: [n; 32], request_digest: [0; 32] };
            for _ in 0..200 {
                match cases::open(&city.ctx, elder, allowance(city, Some(claim.clone()))).await {
                    Ok(answer) => {
                        acknowledged.set(acknowledged.get() + 1);
                        if acknowledged.get() % 5 == 0 {
                            city.database.tamper(CUT);
                        }
                        return answer.value.case.id;
                    }
                    Err(AppError::Unavailable(_)) => tokio::task::yield_now().await,
                    Err(other) => panic!("{other:?}"),
                }
            }
            panic!("the portal did not recover");
        }
    };
    for round in 0..4_u8 {
        let opened = join_all((0..16).map(|n| apply(round * 16 + n))).await;
        assert_eq!(opened.iter().collect::<BTreeSet<_>>().len(), 16);
        for case in opened {
            let mut tries = 0..10;
            while tries.next().is_some() && city.ctx.store.find_case(case).await.is_err() {}
            sound(&city.ctx, case).await;
        }
    }
    let request = cases::ListRequest { state: None, guide: None, agency: None, after: None, limit: 100 };
    let all = cases::list_mine(&city.ctx, &elder, request).await.unwrap();
    assert_eq!(all.len(), 64, "each key opened one case and no more");
}
