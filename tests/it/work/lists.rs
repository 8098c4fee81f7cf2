//! Worklists and what they count, after whatever happened.

use std::collections::BTreeSet;

use chrono::{NaiveDate, TimeDelta};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use uuid::Uuid;
use wanshitong::app::cases::{self, Action, ApplicantRef, CaseReply, OpenRequest, Request};
use wanshitong::app::identity::Caller;
use wanshitong::app::work::{self, Order, ShownWork, StateCounts, Whose, WorkCursor, WorkRequest};
use wanshitong::app::{Ctx, timers};
use wanshitong::domain::cases::clock::{Light, clocks, light};
use wanshitong::domain::cases::{
    Ask, Correctable, CorrectionItem, CorrectionReason, GiveGrounds, GiveReply, PauseCase, RateService,
    RecordStep, RequestCorrection, ResumeCase, StateName, WithdrawCase,
};
use wanshitong::domain::codes::{RegionCode, Uscc};
use wanshitong::domain::guides::{Facts, SpecialProcedure};
use wanshitong::domain::work::Reach;
use wanshitong::store::{Assignee, WorkFilter};

use super::ROADS;
use crate::api::{road_draft, submitted_road_case};
use crate::support::{City, Database, Portal, road_facts};

#[derive(Debug, Clone)]
enum Step {
    File,
    Act { case: usize, act: u8 },
    Days(i64),
    Settle,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = prop_oneof![
        3 => Just(Step::File),
        6 => (0..12_usize, 0..11_u8).prop_map(|(case, act)| Step::Act { case, act }),
        2 => (1..6_i64).prop_map(Step::Days),
        1 => Just(Step::Settle),
    ];
    proptest::collection::vec(one, 30)
}

async fn file(city: &City, resident: &Caller) -> Uuid {
    let Value::Object(facts) = road_facts() else { panic!("facts are an object") };
    let mut facts = facts;
    facts.insert("start_date".into(), json!("2027-03-09"));
    facts.insert("end_date".into(), json!("2027-03-20"));
    let request = OpenRequest {
        guide: city.guide("road-occupation-permit.yaml"),
        scenario: Some("occupy".to_owned()),
        applicant: ApplicantRef::Myself,
        facts: Facts::from(facts),
        submit: false,
        claim: None,
    };
    let case = cases::open(&city.ctx, resident, request).await.unwrap().value.case.id;
    let file = cases::Upload::File {
        bytes: bytes::Bytes::from_static(crate::support::PDF),
        file_name: None,
        original_seen: false,
    };
    cases::attach(&city.ctx, resident, case, None, "location_plan".into(), file).await.unwrap();
    let request =
        Request { case, expected_version: None, claim: None, action: Action::Submit(BTreeSet::new()) };
    cases::act(&city.ctx, resident, request).await.unwrap();
    case
}

/// Whatever comes of it.
async fn act(city: &City, case: Uuid, act: u8) {
    let grounds =
        GiveGrounds { reason: "材料不符".into(), article: "第三十一条".into(), remedy: None };
    let step = |step: &str| Action::RecordStep(RecordStep { step: step.into(), opinion: String::new() });
    let (who, action) = match act {
        0 => ("counter_officer@counter", Action::Accept),
        1 => ("handler@web", step("handle")),
        2 => ("reviewer@web", step("review")),
        4 => ("handler@web", pause()),
        5 => ("handler@web", Action::Resume(ResumeCase { kind: SpecialProcedure::Inspection })),
        6 => ("handler@web", correction()),
        7 => ("resident@web", Action::Urge(Ask { text: "请尽快办理".into() })),
        8 => ("resident@web", Action::Rate(RateService { score: 5, comment: "等太久".into() })),
        9 => ("handler@web", Action::Rectify(GiveReply { text: "已增设窗口".into() })),
        3 => ("resident@web", Action::Withdraw(WithdrawCase { reason: String::new() })),
        _ => ("handler@web", Action::Refuse(grounds)),
    };
    let caller = city.caller(who).await;
    let request = Request { case, expected_version: None, claim: None, action };
    let _ = cases::act(&city.ctx, &caller, request).await;
}

fn request(state: Option<StateName>, light: Option<Light>, order: Order) -> WorkRequest {
    WorkRequest {
        state,
        guide: None,
        counter: None,
        agency: None,
        step: None,
        light,
        whose: Whose::Anybodys,
        order,
        after: None,
        limit: 3,
    }
}

fn pause() -> Action {
    let reason = "现场核查".to_owned();
    Action::Pause(PauseCase { kind: SpecialProcedure::Inspection, reason, expected_days: 5 })
}

fn correction() -> Action {
    let item = CorrectionItem {
        of: Correctable::Material("location_plan".into()),
        reason: CorrectionReason::Wrong,
        note: String::new().into(),
    };
    Action::RequestCorrection(RequestCorrection { items: vec![item], days: None })
}

/// As whoever reads the case is told it.
fn shown_light(ctx: &Ctx, shown: &ShownWork) -> Option<Light> {
    let CaseReply { case, guide, .. } = &shown.reply;
    light(&clocks(case, guide.for_case(case), &ctx.calendar.current(), ctx.clock.now()))
}

/// The whole list, page by page.
async fn all(ctx: &Ctx, caller: &Caller, request: WorkRequest) -> Vec<WorkCursor> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = work::list(ctx, caller, WorkRequest { after, ..request.clone() }).await.unwrap();
        let Some(last) = page.last() else { return found };
        after = Some(last.cursor);
        for shown in page.iter().filter(|_| request.light.is_some()) {
            assert_eq!(shown_light(ctx, shown), request.light, "the light of the list is that of the case");
        }
        found.extend(page.iter().map(|work| work.cursor));
    }
}

async fn agree(city: &City) {
    let handler = city.caller("handler@web").await;
    let counter_officer = city.caller("counter_officer@counter").await;
    // Within reach by its agency and by its region: counted once, and listed once.
    let mut both = handler.clone();
    both.actor.posts.extend(counter_officer.actor.posts.clone());
    let supervisor = city.caller("supervisor@web").await;
    for (who, caller) in [
        ("handler", handler),
        ("counter officer", counter_officer),
        ("supervisor", supervisor),
        ("both", both),
    ] {
        let counts = work::counts(&city.ctx, &caller).await.unwrap();
        for StateCounts { state, green, yellow, red, still } in counts {
            assert!(still == 0 || state == StateName::Paused, "a clock runs in every other state");
            for (light, count) in [(Light::Green, green), (Light::Yellow, yellow), (Light::Red, red)] {
                let listed = all(&city.ctx, &caller, request(Some(state), Some(light), Order::Due)).await;
                assert_eq!(listed.len() as i64, count, "{who}: {state:?} {light:?}");
            }
            if state == StateName::Closed {
                // Asked for without a light, all closed ones are listed.
                continue;
            }
            let listed = all(&city.ctx, &caller, request(Some(state), None, Order::Due)).await;
            assert_eq!(listed.len() as i64, green + yellow + red + still, "{who}: {state:?}");
        }
        let due = all(&city.ctx, &caller, request(None, None, Order::Due)).await;
        assert!(due.is_sorted_by_key(|line| (line.due_on, line.case)), "{due:?}");
        let mut newest = all(&city.ctx, &caller, request(None, None, Order::Newest)).await;
        assert!(newest.is_sorted_by_key(|line| std::cmp::Reverse(line.case)));
        newest.sort_by_key(|line| (line.due_on, line.case));
        assert_eq!(newest, due);
    }
}

async fn counts_and_lists_agree(database: Database) {
    let city = City::found(database).await;
    let resident = city.caller("resident@web").await;
    let mut runner = TestRunner::deterministic();
    let mut filed = Vec::new();
    for _ in 0..2 {
        let plan = steps().new_tree(&mut runner).unwrap().current();
        for (n, step) in plan.into_iter().enumerate() {
            match step {
                Step::File => filed.push(file(&city, &resident).await),
                Step::Act { case, act: which } => {
                    if let Some(case) = filed.get(case % filed.len().max(1)) {
                        act(&city, *case, which).await;
                    }
                }
                Step::Days(days) => {
                    city.ctx.clock.advance(TimeDelta::days(days));
                    timers::run(&city.ctx).await.unwrap();
                }
                Step::Settle => work::settle(&city.ctx).await.unwrap(),
            }
            if n % 6 == 5 {
                agree(&city).await;
            }
        }
        work::sweep(&city.ctx).await.unwrap();
        work::settle(&city.ctx).await.unwrap();
        agree(&city).await;
    }
}

#[actix_web::test]
async fn what_is_counted_is_what_is_listed() {
    counts_and_lists_agree(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn what_is_counted_is_what_is_listed_on_postgres() {
    counts_and_lists_agree(Database::postgres()).await;
}

async fn every_filter_narrows(database: Database) {
    let portal = Portal::open(database).await;
    let online = submitted_road_case(&portal, "resident@web").await;
    // Ids of one moment are in no order of time.
    portal.city.ctx.clock.advance(TimeDelta::seconds(1));
    let accepted = submitted_road_case(&portal, "resident@web").await;
    portal.city.ctx.clock.advance(TimeDelta::seconds(1));
    let body = json!({"applicant": {"name": "林晓岚", "id_number": "340705199105125280"}});
    let at_the_hall = road_draft(&portal, "counter_officer@counter", body).await;
    portal.act("counter_officer@counter", &at_the_hall, "submit", json!({})).await;
    portal.act("counter_officer@counter", &accepted, "accept", json!({})).await;
    let draft = road_draft(&portal, "resident@web", json!({})).await;
    let guide = portal.city.guide("road-occupation-permit.yaml");
    let other = portal.city.guide("old-age-allowance.yaml");
    let agency = super::ROADS;
    let ids = |list: Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let cases: [(String, &[&String]); 12] = [
        (String::new(), &[&online, &accepted, &at_the_hall]),
        ("state=submitted".into(), &[&online, &at_the_hall]),
        ("state=accepted".into(), &[&accepted]),
        ("state=draft".into(), &[]),
        ("step=handle".into(), &[&accepted]),
        ("counter=hall-340700".into(), &[&at_the_hall]),
        (format!("guide={guide}"), &[&online, &accepted, &at_the_hall]),
        (format!("guide={other}"), &[]),
        (format!("agency={agency}"), &[&online, &accepted, &at_the_hall]),
        ("light=red".into(), &[]),
        ("light=green&order=newest".into(), &[&at_the_hall, &accepted, &online]),
        ("assignee=me".into(), &[]),
    ];
    for who in ["handler@web", "supervisor@web", "counter_officer@counter"] {
        for (query, expected) in &cases {
            let list = portal.get(who, &format!("/api/v1/cases?{query}")).await.expect(200);
            let listed = ids(list);
            assert!(!listed.contains(&draft));
            assert_eq!(listed.iter().collect::<Vec<_>>(), *expected, "{who}: {query}");
        }
    }
    let first = portal.get("handler@web", "/api/v1/cases?limit=1").await.expect(200);
    assert_eq!(first["items"][0]["step"], Value::Null);
    let next = first["next"].as_str().unwrap().to_owned();
    let rest = portal.get("handler@web", &format!("/api/v1/cases?after={next}")).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    assert_eq!(rest["items"][0]["step"], "handle");
    for wrong in ["light=blue", "order=old", "assignee=him", "state=lost", "after=x"] {
        portal.get("handler@web", &format!("/api/v1/cases?{wrong}")).await.problem(400);
    }
    portal.act("resident@web", &online, "withdraw", json!({})).await;
    let closed = portal.get("handler@web", "/api/v1/cases?state=closed").await.expect(200);
    assert_eq!(ids(closed), std::slice::from_ref(&online));
    let narrowed = async |query: String| {
        let path = format!("/api/v1/cases?state=closed&{query}");
        ids(portal.get("supervisor@web", &path).await.expect(200))
    };
    assert_eq!(narrowed(format!("agency={ROADS}")).await, [online]);
    for none in ["agency=11340705MBWXT0111D", "assignee=me", "step=handle", "counter=hall"] {
        assert_eq!(narrowed(none.to_owned()).await, Vec::<String>::new(), "{none}");
    }
    let counts = portal.get("handler@web", "/api/v1/work/counts").await.expect(200);
    assert_eq!(counts["today"], json!(NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()));
    assert_eq!(
        counts["states"][0],
        json!({"state": "submitted", "green": 1, "yellow": 0, "red": 0, "still": 0})
    );
    portal.close().await;
}

#[actix_web::test]
async fn a_worklist_can_be_narrowed_in_every_way() {
    every_filter_narrows(Database::sqlite()).await;
}

#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn a_worklist_can_be_narrowed_in_every_way_on_postgres() {
    every_filter_narrows(Database::postgres()).await;
}

/// 整改: what is owed of a closed case is work like any other, until it is done.
#[actix_web::test]
async fn a_bad_rating_of_a_closed_case_lies_on_the_worklist_until_it_is_put_right() {
    let portal = Portal::open(Database::sqlite()).await;
    let case = crate::verify::closed_road_case(&portal).await;
    let listed = async |query: &str| {
        let list = portal.get("handler@web", &format!("/api/v1/cases?{query}")).await.expect(200);
        list["items"].as_array().unwrap().iter().map(crate::support::id).collect::<Vec<_>>()
    };
    assert!(listed("").await.is_empty());
    portal.act("resident@web", &case, "rate", json!({"score": 5, "comment": "等太久"})).await;
    for query in ["", "light=green", "state=closed&light=green", "order=newest"] {
        assert_eq!(listed(query).await, std::slice::from_ref(&case), "{query}");
    }
    let counts = portal.get("handler@web", "/api/v1/work/counts").await.expect(200);
    let closed = json!({"state": "closed", "green": 1, "yellow": 0, "red": 0, "still": 0});
    assert!(counts["states"].as_array().unwrap().contains(&closed), "{counts:#}");
    portal.post("handler@web", &format!("/api/v1/cases/{case}/claim"), json!({})).await.expect(200);
    portal.act("handler@web", &case, "rectify", json!({"text": "已增设窗口"})).await;
    assert!(listed("").await.is_empty());
    portal.post("handler@web", &format!("/api/v1/cases/{case}/claim"), json!({})).await.problem(409);
    portal.close().await;
}

/// However many deadlines are to come.
#[actix_web::test]
async fn what_the_clock_has_to_do_is_a_range_of_one_index() {
    let store = Database::sqlite().open();
    let now = chrono::DateTime::UNIX_EPOCH;
    for after in [None, Some((now, Uuid::nil()))] {
        let plan = store.explain_cases_to_tick(now, after, 100).await.unwrap();
        let [step] = plan.as_slice() else { panic!("{plan:#?}") };
        assert!(step.starts_with("SEARCH cases USING COVERING INDEX cases_by_tick (tick_at"), "{step}");
    }
}

/// The same where the planner may not read whole tables, as it would while they are small.
#[actix_web::test]
#[ignore = "needs PostgreSQL; tests/run starts it"]
async fn what_the_clock_has_to_do_is_a_range_of_one_index_on_postgres() {
    let database = Database::postgres();
    let alter = ["enable_seqscan", "enable_bitmapscan", "enable_sort"].map(|setting| {
        format!("EXECUTE format('ALTER DATABASE %I SET {setting} = off', current_database());")
    });
    database.tamper(&format!("DO $$ BEGIN {} END $$", alter.join(" ")));
    let store = database.open();
    let now = chrono::DateTime::UNIX_EPOCH;
    for after in [None, Some((now, Uuid::nil()))] {
        let plan = store.explain_cases_to_tick(now, after, 100).await.unwrap();
        let whole = plan.join("\n");
        assert!(whole.contains("Index Only Scan using cases_by_tick on cases"), "{whole}");
        assert!(
            whole.contains("Index Cond: ((tick_at ") || whole.contains("Index Cond: (tick_at "),
            "{whole}"
        );
        assert!(!whole.contains("Sort"), "{whole}");
    }
}

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

fn below(code: &str) -> Reach {
    Reach { below: vec![region(code)], ..Reach::default() }
}

fn of(agencies: &[&str]) -> Reach {
    let agencies = agencies.iter().map(|code| Uscc::parse(code).unwrap()).collect();
    Reach { agencies, ..Reach::default() }
}

/// All of a reach, two states of it, from somewhere on.
fn every(reach: Reach) -> WorkFilter {
    WorkFilter {
        reach,
        states: vec![StateName::Submitted, StateName::Accepted],
        guide: None,
        agency: None,
        counter: None,
        step: None,
        light: None,
        assignee: Assignee::Anybody,
        order: Order::Due,
        after: Some(WorkCursor { due_on: NaiveDate::MIN, case: Uuid::nil() }),
        limit: 20,
    }
}

/// A list must not sort what it finds, nor look through what is not asked for.
#[actix_web::test]
async fn every_list_walks_along_an_index() {
    let store = Database::sqlite().open();
    let exactly = Reach { exactly: vec![region("340700000000")], ..Reach::default() };
    let agency = of(&[super::ROADS]);
    let lit = |light| {
        let light = Some((light, NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()));
        WorkFilter { light, ..every(agency.clone()) }
    };
    let at_review = |reach| WorkFilter { step: Some("review".to_owned()), ..every(reach) };
    let newest = |reach| WorkFilter { order: Order::Newest, ..every(reach) };
    let lists = [
        ("agency", every(agency.clone())),
        ("county", every(exactly.clone())),
        ("city", every(below("340700000000"))),
        ("county", every(below("340705000000"))),
        ("county", every(below("340705005002"))),
        ("due", every(below("340000000000"))),
        ("guide", WorkFilter { guide: Some("x".into()), ..every(below("340000000000")) }),
        ("counter", WorkFilter { counter: Some("x".into()), ..every(below("340000000000")) }),
        ("agency", WorkFilter { agency: Some("x".into()), ..every(below("340000000000")) }),
        ("agency", lit(Light::Red)),
        ("agency", lit(Light::Yellow)),
        ("agency", lit(Light::Green)),
        ("agency_and_step", at_review(agency.clone())),
        ("county_and_step", at_review(exactly)),
        ("county_and_step", at_review(below("340705000000"))),
        ("city_and_step", at_review(below("340700000000"))),
        ("step", at_review(below("340000000000"))),
        ("agency_and_age", newest(agency.clone())),
        ("county_and_age", newest(below("340705000000"))),
        ("city_and_age", newest(below("340700000000"))),
        ("city_and_age", WorkFilter { states: vec![StateName::Decided], ..newest(below("340700000000")) }),
    ];
    let everywhere = store.explain_work(newest(below("340000000000"))).await.unwrap();
    assert!(everywhere[0].contains("sqlite_autoindex_work_1 (case_id<?)"), "{everywhere:#?}");
    for (index, filter) in lists {
        let states = if filter.order == Order::Due { filter.states.len() } else { 1 };
        let plan = store.explain_work(filter).await.unwrap();
        let walks = plan.iter().filter(|step| step.contains(&format!("INDEX work_by_{index} ("))).count();
        assert_eq!(walks, states, "{index}: {plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN work")), "{plan:#?}");
    }
}

/// There are few of them, and a million cases: however well an index of the cases fits.
#[actix_web::test]
async fn a_list_begins_with_the_opinions_it_awaits() {
    let store = Database::sqlite().open();
    for reach in [of(&[super::ROADS]), of(&[super::ROADS, "11340705MBWXT0517N"])] {
        let narrow = WorkFilter {
            step: Some("x".into()),
            guide: Some("x".into()),
            counter: Some("x".into()),
            ..every(reach.clone())
        };
        let newest = WorkFilter { order: Order::Newest, ..narrow.clone() };
        for filter in [every(reach), narrow, newest] {
            let plan = store.explain_awaited(filter).await.unwrap();
            let of_cases: Vec<_> = plan.iter().filter(|step| step.contains(" w ")).collect();
            assert!(plan[0].starts_with("SEARCH o USING"), "{plan:#?}");
            assert_eq!(of_cases, ["SEARCH w USING INDEX sqlite_autoindex_work_1 (case_id=?)"], "{plan:#?}");
        }
    }
}
