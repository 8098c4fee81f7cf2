//! The case kernel against the store: random courses of one case, in which the process
//! dies between commits and in the middle of them, and the client tries again. What
//! the table of commands says, written down here a second time, is what must have
//! happened, once each.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;
use wanshitong::app::cases::{
    self, Action, ApplicantRef, CaseReply, OpenRequest, Request, TransferTo, Upload,
};
use wanshitong::app::once::{Answer, Claim};
use wanshitong::app::{AppError, AppResult, timers};
use wanshitong::domain::cases::{
    ApproveCase, Case, CaseState, Correctable, CorrectionItem, CorrectionReason, DeliverCase, ExtendCase,
    GiveGrounds, GiveOpinion, IssueResults, PauseCase, RecordStep, RequestCorrection, ResumeCase, SaveCase,
    WithdrawCase, history,
};
use wanshitong::domain::guides::{Delivery, Facts, SpecialProcedure};

use crate::handling::{HALL, HALL_TYPES, POLICE};
use crate::support::{City, Database, PDF};

const APPLICANT: &str = "resident@web";
const COUNTER: &str = "counter_officer@counter";
const HANDLER: &str = "handler@web";
const APPROVER: &str = "approver@web";
const SUPERVISOR: &str = "supervisor@web";

/// Where a case is, as the table of commands tells states apart.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    Draft,
    Submitted,
    Correcting { mended: bool },
    Accepted,
    Paused(BTreeSet<&'static str>),
    Decided { approved: bool, issued: bool },
    Closed(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opinion {
    NotAsked,
    Asked,
    Escalated,
    Given,
}

/// A case as the law has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Course {
    at: At,
    corrected: bool,
    handled: bool,
    opinion: Opinion,
    extended: bool,
    /// Whether the last move was one the law allows.
    allowed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Save,
    Submit,
    Accept,
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
    /// Two months, in which every limit of an applicant or of silence runs out.
    TimePasses,
}

/// A move, and how far it gets before the process dies, if it does.
#[derive(Debug, Clone, Copy)]
struct Move {
    what: What,
    dies_after: Option<u8>,
}

const ALL: [What; 23] = [
    What::Save,
    What::Submit,
    What::Accept,
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
    What::TimePasses,
];

impl Course {
    /// The table: where a move leads, and nothing where it is refused.
    fn after(&self, what: What) -> Option<Self> {
        use At as A;
        let to = |at: At| Some(Self { at, ..self.clone() });
        match (&self.at, what) {
            (A::Draft, What::Save) => to(A::Draft),
            (A::Draft, What::Submit) => to(A::Submitted),
            (A::Draft, What::TimePasses) => to(A::Closed("expired")),
            (A::Submitted, What::Accept | What::TimePasses) => to(A::Accepted),
            (A::Submitted, What::RequestCorrection) if !self.corrected => {
                Some(Self { at: A::Correcting { mended: false }, corrected: true, ..self.clone() })
            }
            (A::Submitted, What::Refuse) => to(A::Closed("refused")),
            (A::Submitted, What::Transfer) => to(A::Closed("transferred")),
            (A::Correcting { .. }, What::Save) => to(A::Correcting { mended: true }),
            (A::Correcting { mended: true }, What::Correct) => to(A::Submitted),
            (A::Correcting { .. }, What::TimePasses) => to(A::Closed("lapsed")),
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
            (A::Accepted | A::Paused(_), What::TimePasses) if self.opinion == Opinion::Asked => {
                Some(Self { opinion: Opinion::Escalated, ..self.clone() })
            }
            (_, What::TimePasses) => Some(self.clone()),
            (A::Accepted, What::Approve | What::Deny) if self.opinion == Opinion::Given => {
                to(A::Decided { approved: what == What::Approve, issued: false })
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
        let draft = Self {
            at: At::Draft,
            corrected: false,
            handled: false,
            opinion: Opinion::NotAsked,
            extended: false,
            allowed: true,
        };
        Just(draft).boxed()
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
    async fn open() -> Self {
        let city = City::found(Database::sqlite()).await;
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
        for material in ["plan", "lease"] {
            let file = Upload::File { bytes: PDF.into(), file_name: None, original_seen: false };
            cases::attach(&city.ctx, &applicant, case, None, material.to_owned(), file).await.unwrap();
        }
        Self { city, case, moves: 0 }
    }

    async fn ask(&self, what: What) -> AppResult<Answer<CaseReply>> {
        let (who, action) = asked(what, self.moves);
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
    match what {
        What::Save => (APPLICANT, Action::Save(facts(number))),
        What::Submit => (APPLICANT, Action::Submit(BTreeSet::new())),
        What::Accept => (COUNTER, Action::Accept),
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
        What::TimePasses => panic!("nobody asks for time to pass"),
    }
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

    fn init_test(_: &Course) -> Self {
        RUNTIME.block_on(Self::open())
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
            let records = store.list_records(&stored).await.unwrap();
            assert_eq!(history::verify(&records).unwrap().seq, stored.case.version);
            let folded = cases::fold(played.case, records.into_iter()).unwrap();
            assert_eq!(folded, stored.case);
        });
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_case_keeps_to_the_law_whenever_the_process_dies(sequential 1..30 => Played);
}
