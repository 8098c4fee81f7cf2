//! The case kernel against the store: random courses of one case, in which the process
//! dies between commits and in the middle of them, and the client tries again. What
//! the table of commands says, written down here a second time, is what must have
//! happened, once each.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest_state_machine::{StateMachineTest, prop_state_machine};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use wanshitong::app::cases::{
    self, Action, ApplicantRef, CaseReply, OpenRequest, Request, TransferTo, Upload,
};
use wanshitong::app::once::{Answer, Claim};
use wanshitong::app::{AppError, AppResult, timers};
use wanshitong::domain::cases::{
    AcceptDeferred, ApproveCase, Ask, Case, CaseState, Correctable, CorrectionItem, CorrectionReason,
    DeliverCase, ExtendCase, GiveGrounds, GiveOpinion, GiveReply, IssueResults, PauseCase, RateService,
    Rating, RecordStep, RequestCorrection, ResumeCase, SaveCase, Urgency, WithdrawCase, history,
};
use wanshitong::domain::guides::{Delivery, Facts, SpecialProcedure};

use crate::handling::{HALL, HALL_TYPES, POLICE};
use crate::support::{City, Database, PDF};

mod law;

use law::{At, Course, Lease, Move, What};

const APPLICANT: &str = "resident@web";
const COUNTER: &str = "counter_officer@counter";
const HANDLER: &str = "handler@web";
const APPROVER: &str = "approver@web";
const SUPERVISOR: &str = "supervisor@web";

/// A portal with one case.
struct Played {
    city: City,
    case: Uuid,
    /// Every move is asked once, under a key of its own, and perhaps again.
    moves: u8,
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

impl Played {
    async fn open(database: Database, course: &Course) -> Self {
        let city = City::found(database).await;
        let files = [("types.yaml", HALL_TYPES), ("hall.yaml", HALL)];
        let files = files.map(|(name, yaml)| (name.to_owned(), yaml.to_owned()));
        wanshitong::app::catalog::publish(&city.ctx, files.into()).await.unwrap().unwrap();
        let applicant = city.caller(APPLICANT).await;
        let Value::Object(facts) = json!({ "canteen": "幸福里助餐点", "seats": 40 }) else {
            panic!("facts are an object")
        };
        let request = OpenRequest {
            guide: "11340705MBWXT061304000101098000".to_owned(),
            scenario: None,
            applicant: ApplicantRef::Myself,
            facts: Facts::from(facts),
            submit: false,
            claim: None,
        };
        let case = cases::open(&city.ctx, &applicant, request).await.unwrap().value.case.id;
        let played = Self { city, case, moves: 0 };
        played.attach("plan").await.unwrap();
        if course.lease == Lease::There {
            played.attach("lease").await.unwrap();
        }
        played
    }

    async fn attach(&self, material: &str) -> AppResult<Case> {
        let applicant = self.city.caller(APPLICANT).await;
        let file = Upload::File { bytes: PDF.into(), file_name: None, original_seen: false };
        let reply = cases::attach(&self.city.ctx, &applicant, self.case, None, material.to_owned(), file);
        Ok(reply.await?.case)
    }

    /// An upload has no key: to repeat one that was done is to do it anew, or is told that
    /// nothing is wanted any more.
    async fn bring(&mut self, next: Move, allowed: bool) {
        let first = match next.dies_after {
            Some(steps) => self.die_in(async |played| played.attach("lease").await, steps).await,
            None => None,
        };
        let was_owed = owes_lease(&self.read().await);
        match self.attach("lease").await {
            Ok(_) => assert!(allowed, "{next:?} was not refused"),
            Err(AppError::Refused(_)) => assert!(!allowed || !was_owed, "{next:?} is wanted and was refused"),
            Err(error) => panic!("{next:?}: {error:?}"),
        }
        assert!(!matches!(first, Some(Ok(_))) || allowed, "{next:?} was not refused");
        assert!(!owes_lease(&self.read().await) || !allowed, "{next:?} is lost");
    }

    async fn ask(&self, what: What) -> AppResult<Answer<CaseReply>> {
        let (who, action) = match what {
            What::Submit => (APPLICANT, Action::Submit(lacking(&self.read().await))),
            _ => asked(what, self.moves),
        };
        let caller = self.city.caller(who).await;
        let claim = Some(Claim { key: [self.moves; 32], request_digest: [self.moves; 32] });
        let request = Request { case: self.case, expected_version: None, claim, action };
        cases::act(&self.city.ctx, &caller, request).await
    }

    /// Begins something and lets the process die after so many steps of it; gives the
    /// answer if there was one by then.
    async fn die_in<T>(&mut self, work: impl AsyncFnOnce(&Self) -> T, steps: u8) -> Option<T> {
        let (after, answer) = {
            let mut work = Box::pin(work(self));
            let mut answer = None;
            for _ in 0..steps {
                if let std::task::Poll::Ready(done) = futures_util::poll!(work.as_mut()) {
                    answer = Some(done);
                    break;
                }
                tokio::task::yield_now().await;
            }
            (self.city.after_a_crash().await, answer)
        };
        self.city = after;
        answer
    }

    async fn play(&mut self, next: Move, allowed: bool) {
        self.moves += 1;
        if next.what == What::TimePasses {
            self.city.ctx.clock.advance(TimeDelta::days(60));
            if let Some(steps) = next.dies_after {
                self.die_in(async |played| timers::run(&played.city.ctx).await.unwrap(), steps).await;
            }
            timers::run(&self.city.ctx).await.unwrap();
            assert_eq!(timers::run(&self.city.ctx).await.unwrap(), 0, "the clock acts once");
            return;
        }
        if next.what == What::Bring {
            return self.bring(next, allowed).await;
        }
        let first = match next.dies_after {
            Some(steps) => self.die_in(async |played| played.ask(next.what).await, steps).await,
            None => None,
        };
        let version = self.read().await.version;
        let answer = self.ask(next.what).await;
        match (&first, &answer) {
            (_, Ok(answer)) => {
                assert!(allowed, "{next:?} was not refused");
                let is_there = first.as_ref().is_none_or(|first| first.is_ok() && answer.replayed);
                assert!(is_there, "{next:?} was acknowledged and is lost");
                assert_eq!(answer.replayed, answer.value.case.version == version, "{next:?} happened twice");
            }
            (first, Err(error)) => {
                assert!(!allowed, "{next:?}: {error:?}");
                let said_no = matches!(
                    error,
                    AppError::Refused(_) | AppError::Invalid(_) | AppError::Forbidden | AppError::NotFound
                );
                assert!(said_no, "{next:?}: {error:?}");
                assert!(first.as_ref().is_none_or(Result::is_err), "{next:?} was acknowledged and is lost");
            }
        }
    }

    async fn read(&self) -> Case {
        self.city.ctx.store.find_case(self.case).await.unwrap().unwrap().case
    }
}

fn facts(seats: u8) -> SaveCase {
    let Value::Object(patch) = json!({ "seats": 41 + u32::from(seats) }) else {
        panic!("facts are an object")
    };
    SaveCase { patch }
}

fn kind(kind: &str) -> SpecialProcedure {
    serde_json::from_value(json!(kind)).unwrap()
}

/// Who asks for it, and in which words.
fn asked(what: What, number: u8) -> (&'static str, Action) {
    let grounds =
        || GiveGrounds {
            reason: "查明情况不符".to_owned(), article: "第五条".to_owned(), remedy: None
        };
    let words = || "请尽快办理".to_owned();
    match what {
        What::Save => (APPLICANT, Action::Save(facts(number))),
        What::Accept => (COUNTER, Action::Accept),
        What::AcceptDeferred => (COUNTER, Action::AcceptDeferred(AcceptDeferred { due: None })),
        What::RequestCorrection => {
            let of = Correctable::Field("seats".to_owned());
            let item =
                CorrectionItem { of, reason: CorrectionReason::Wrong, note: "不符".to_owned().into() };
            (COUNTER, Action::RequestCorrection(RequestCorrection { items: vec![item], days: None }))
        }
        What::Correct => (APPLICANT, Action::Correct),
        What::Refuse => (COUNTER, Action::Refuse(grounds())),
        What::Transfer => {
            let to = TransferTo::Outside("省民政厅".to_owned());
            (COUNTER, Action::Transfer { to, reason: "属省级权限".to_owned() })
        }
        What::Pause(name) => {
            let reason = "依法进行".to_owned();
            (HANDLER, Action::Pause(PauseCase { kind: kind(name), reason, expected_days: 5 }))
        }
        What::Resume(name) => (HANDLER, Action::Resume(ResumeCase { kind: kind(name) })),
        What::Extend => (APPROVER, Action::Extend(ExtendCase { days: 5, reason: "案情复杂".to_owned() })),
        What::Handle => {
            let step = RecordStep { step: "handle".to_owned(), opinion: "属实".to_owned() };
            (HANDLER, Action::RecordStep(step))
        }
        What::Opinion { of_the_superior } => {
            let given = GiveOpinion { agency: POLICE.parse().unwrap(), consents: true, text: String::new() };
            (if of_the_superior { SUPERVISOR } else { HANDLER }, Action::GiveOpinion(given))
        }
        What::Approve => (APPROVER, Action::Approve(ApproveCase { opinion: "同意".to_owned() })),
        What::Deny => (APPROVER, Action::Deny(grounds())),
        What::Issue => (HANDLER, Action::Issue(IssueResults::default())),
        What::Deliver => {
            let delivered = DeliverCase { method: Delivery::SelfCollect, proof: "本人".to_owned() };
            (COUNTER, Action::Deliver(delivered))
        }
        What::Withdraw => (APPLICANT, Action::Withdraw(WithdrawCase { reason: "改期".to_owned() })),
        What::Void => (APPROVER, Action::Void(grounds())),
        What::Revoke => (APPROVER, Action::Revoke(grounds())),
        What::Ask(Urgency::Reminder) => (APPLICANT, Action::Urge(Ask { text: words() })),
        What::Ask(Urgency::Supervision) => (SUPERVISOR, Action::Supervise(Ask { text: words() })),
        What::Reply => (HANDLER, Action::Reply(GiveReply { text: words() })),
        What::Rate => (APPLICANT, Action::Rate(RateService { score: 5, comment: words() })),
        What::Rectify => (HANDLER, Action::Rectify(GiveReply { text: words() })),
        What::Submit | What::Bring | What::TimePasses => panic!("{what:?} is asked for elsewhere"),
    }
}

/// What is promised where it is not there.
fn lacking(case: &Case) -> BTreeSet<String> {
    let there = case.state.materials().is_some_and(|materials| materials.contains_key("lease"));
    if there { BTreeSet::new() } else { ["lease".to_owned()].into() }
}

fn owes_lease(case: &Case) -> bool {
    let owed = case.state.in_progress().and_then(|accepted| accepted.deferral.as_ref());
    owed.is_some_and(|deferral| deferral.owed.contains("lease"))
}

/// What the stored case is, in the words of the table.
fn at(case: &Case) -> At {
    match &case.state {
        CaseState::Draft(_) => At::Draft,
        CaseState::Submitted(_) => At::Submitted,
        CaseState::Correcting(state) => {
            At::Correcting { mended: state.answers.known().is_some_and(|answers| !answers.is_empty()) }
        }
        CaseState::Accepted(_) => At::Accepted,
        CaseState::Paused(state) => {
            let name = |kind| if kind == SpecialProcedure::Hearing { "hearing" } else { "inspection" };
            At::Paused(state.open.iter().map(|open| name(open.kind)).collect())
        }
        CaseState::Decided(state) => {
            use wanshitong::domain::cases::Decision;
            match &state.decision {
                Decision::Approved { issued } => At::Decided { approved: true, issued: !issued.is_empty() },
                Decision::Denied { .. } => At::Decided { approved: false, issued: false },
            }
        }
        CaseState::Closed(state) => At::Closed(state.ending.name()),
    }
}

impl StateMachineTest for Played {
    type SystemUnderTest = Self;
    type Reference = Course;

    fn init_test(course: &Course) -> Self {
        RUNTIME.block_on(Self::open(Database::sqlite(), course))
    }

    fn apply(mut played: Self, course: &Course, next: Move) -> Self {
        RUNTIME.block_on(played.play(next, course.allowed));
        played
    }

    /// The case is where the table has it, and so is its history.
    fn check_invariants(played: &Self, course: &Course) {
        RUNTIME.block_on(async {
            let store = &played.city.ctx.store;
            let stored = store.find_case(played.case).await.unwrap().unwrap();
            assert_eq!(at(&stored.case), course.at);
            assert_eq!(owes_lease(&stored.case), course.is_in_progress() && course.lease == Lease::Owed);
            let attention = &stored.case.attention;
            let waiting = attention.asked.iter().filter(|asked| asked.reply.is_none());
            assert_eq!(waiting.map(|asked| asked.urgency).collect::<Vec<_>>(), course.asked);
            let owes =
                |rating: &Rating| rating.rectification.as_ref().is_some_and(|owed| owed.report.is_none());
            assert_eq!(attention.ratings.len(), usize::from(course.is_rated));
            assert_eq!(attention.ratings.iter().any(owes), course.owes_report);
            let records = store.list_records(&stored).await.unwrap();
            assert_eq!(history::verify(&records).unwrap().seq, stored.case.version);
            let folded = cases::fold(played.case, records.into_iter()).unwrap();
            assert_eq!(folded, stored.case);
        });
    }
}

/// The same on PostgreSQL, where who asked does not hear, and asks another instance: what
/// was begun goes on behind his back.
struct OnPostgres(Played);

impl StateMachineTest for OnPostgres {
    type SystemUnderTest = Self;
    type Reference = Course;

    fn init_test(course: &Course) -> Self {
        Self(RUNTIME.block_on(Played::open(Database::postgres(), course)))
    }

    fn apply(played: Self, course: &Course, next: Move) -> Self {
        Self(<Played as StateMachineTest>::apply(played.0, course, next))
    }

    fn check_invariants(played: &Self, course: &Course) {
        <Played as StateMachineTest>::check_invariants(&played.0, course);
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "needs PostgreSQL: tests/run"]
    fn a_case_keeps_to_the_law_whichever_instance_is_asked_on_postgres(sequential 1..30 => OnPostgres);
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_case_keeps_to_the_law_whenever_the_process_dies(sequential 1..30 => Played);
}
