//! The case kernel, told as stories: a story is a case, the records of how it
//! came about, and the guide it is handled by.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::clock::{ClockName, clocks};
use super::history::{Head, Provenance, Record, append};
use super::*;
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::{CaseNo, CertificateId, Mobile, RegionCode, ResidentId};
use crate::domain::guides::*;
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::time::{end_of_local_day, local_date};

mod properties;

macro_rules! sample {
    ($file:literal) => {
        LazyLock::new(|| read_guide(include_str!(concat!("../../data/sample/guides/", $file))).unwrap())
    };
}

/// Three steps, four eyes; certificates and files.
static FOOD: LazyLock<Guide> = sample!("food-business-licence.yaml");
/// Decided by rule when age and residence are verified.
static OLD_AGE: LazyLock<Guide> = sample!("old-age-allowance.yaml");
/// Decided at once when the identity card is a certificate.
static ELDERLY: LazyLock<Guide> = sample!("elderly-preference-card.yaml");
/// Limits in calendar days; nothing is delivered electronically.
static IDENTITY_CARD: LazyLock<Guide> = sample!("identity-card-renewal.yaml");
static CALENDAR: LazyLock<WorkCalendar> =
    LazyLock::new(|| WorkCalendar::parse(include_str!("../../data/calendar-cn.csv")).unwrap());

/// A Monday morning in China.
fn monday() -> DateTime<Utc> {
    instant("2026-03-02T01:30:00Z")
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn rules(guide: &Guide) -> Rules<'_> {
    Rules { guide, guide_version: 3, calendar: &CALENDAR, region_exists: &|_| true }
}

fn person(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

const APPLICANT: By = By::Applicant { account: Uuid::from_u128(1) };

fn officer(number: u128) -> By {
    By::Officer { account: person(100 + number), post: person(200 + number) }
}

/// Somebody of 84 who lives in the district, well known.
fn applicant() -> Applicant {
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name: "钱多多".to_owned(),
        id_number: ResidentId::parse("440524188001010014").ok().map(IdNumber::ResidentId),
        birth_date: "1942-01-15".parse().ok(),
        gender: Some(crate::domain::codes::Gender::Male),
        residence: RegionCode::parse("340705005002").ok(),
        mobile: Mobile::parse("13812345678").ok(),
        ial: 3,
        verified: BTreeSet::from([Attribute::BirthDate, Attribute::Residence]),
    }
}

/// Complete answers to the form of each guide used here.
fn answers(guide: &Guide) -> Facts {
    let home = json!({ "region": "340705005002", "detail": "幸福里 1 号" });
    let known = json!({
        "operator_name": "老钱小吃", "operator_uscc": "91350100M000100Y43", "responsible_person": "钱多多",
        "responsible_id": "11010519491231002X", "premises": home, "premises_area": 80, "business_form": "sales",
        "business_items": ["sale_loose"], "online": false, "automatic_equipment": false, "safety_manager": "钱多多",
        "staff": 3, "mobile": "13812345678", "truth": true, "pay_by": "social_security_card",
        "account_number": "6217000012345678", "no_duplicate": true, "reason": "address_change",
        "household_address": home, "photo_by": "counter", "fee_exemption": "none", "receive_by": "counter",
    });
    let known = serde_json::from_value::<Facts>(known).unwrap();
    let mut facts = Facts::new();
    for field in &guide.form.fields {
        let right = known.get(&field.name).filter(|value| {
            let mut one = Facts::new();
            one.set(field.name.as_str(), (*value).clone());
            check_partial(&guide.form, &one).is_empty()
        });
        facts.set(field.name.as_str(), right.cloned().unwrap_or_else(|| first_answer(&field.kind)));
    }
    facts
}

fn first_answer(kind: &FieldKind) -> serde_json::Value {
    match kind {
        FieldKind::Text { .. } => json!("AB12345678"),
        FieldKind::Number { min, .. } | FieldKind::Money { min, .. } => json!(min.unwrap_or(1)),
        FieldKind::Date { .. } => json!("2026-03-02"),
        FieldKind::Boolean => json!(false),
        FieldKind::Choice { options } => json!(options[0].value),
        FieldKind::MultiChoice { options, .. } => json!([options[0].value]),
        FieldKind::Region { .. } => json!("340705005002"),
        FieldKind::Address { .. } => json!({ "region": "340705005002", "detail": "幸福里 1 号" }),
        FieldKind::ResidentId => json!("11010519491231002X"),
        FieldKind::Uscc => json!("91350100M000100Y43"),
        FieldKind::Mobile => json!("13812345678"),
        FieldKind::Declaration => json!(true),
        FieldKind::Group { fields, .. } => {
            let row = fields.iter().map(|field| (field.name.clone(), first_answer(&field.kind)));
            json!([row.collect::<serde_json::Map<_, _>>()])
        }
        FieldKind::File { .. } => json!(null),
    }
}

/// Every certificate the guide could ask for, held by the applicant.
fn certificates(guide: &Guide) -> Vec<KnownCertificate> {
    let types = guide.materials.iter().filter_map(|material| match &material.source {
        MaterialSource::Certificate { certificate_type } => Some(certificate_type.clone()),
        MaterialSource::Own | MaterialSource::Shared { .. } => None,
    });
    let types = types.collect::<BTreeSet<_>>();
    types
        .into_iter()
        .map(|certificate_type| KnownCertificate {
            id: CertificateId::compose(&certificate_type, &guide.agency, "TEST1", 1).unwrap(),
            certificate_type,
            holder: person(9),
            valid_until: None,
            revoked_at: None,
        })
        .collect()
}

fn file() -> Evidence {
    Evidence::File {
        digest: "ab".repeat(32),
        size_bytes: 5,
        media_type: MediaType::Pdf,
        file_name: None,
        standing: Standing::Uploaded,
    }
}

fn grounds() -> GiveGrounds {
    GiveGrounds { reason: "面积不足".to_owned(), article: "第十二条".to_owned(), remedy: None }
}

#[derive(Clone)]
struct Story {
    guide: &'static Guide,
    applicant: Applicant,
    at: DateTime<Utc>,
    case: Case,
    records: Vec<Record>,
}

impl std::fmt::Debug for Story {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let told = self
            .records
            .iter()
            .map(|record| (record.at, record.by.to_string(), record.event["type"].to_string()));
        f.debug_list().entry(&self.guide.code).entries(told).finish()
    }
}

impl Story {
    /// A draft with everything filled in and nothing attached.
    fn open(guide: &'static Guide, applicant: Applicant, at: DateTime<Utc>) -> Self {
        let command = OpenCase {
            id: person(7),
            party: person(9),
            scenario: guide.scenarios.first().map(|scenario| scenario.code.clone()),
            facts: answers(guide),
            applicant: applicant.clone(),
            certificates: Vec::new(),
        };
        let act = open(command, rules(guide), APPLICANT, at).unwrap();
        let record =
            append(Head::START, &act, at, &Provenance::new(json!({ "channel": "web" })), [7; 16]).unwrap();
        Self { guide, applicant, at, case: begin(person(7), act).unwrap(), records: vec![record] }
    }

    /// A draft that can be submitted.
    fn complete(guide: &'static Guide) -> Self {
        Self::complete_at(guide, monday())
    }

    fn complete_at(guide: &'static Guide, at: DateTime<Utc>) -> Self {
        let mut story = Self::open(guide, applicant(), at);
        for material in &guide.materials {
            if material.source == MaterialSource::Own {
                story.must(story.attach(&material.code));
            }
        }
        story
    }

    fn attach(&self, material: &str) -> Command {
        Command::Attach(AttachMaterial { material: material.to_owned(), evidence: file(), certificate: None })
    }

    fn submission(&self) -> Command {
        Command::Submit(Box::new(SubmitCase {
            case_no: CaseNo::compose(&self.guide.code, local_date(self.at), 17).unwrap(),
            applicant: self.applicant.clone(),
            aal: 2,
            certificates: certificates(self.guide),
        }))
    }

    /// The command of this name, as it would be right somewhere in a case.
    fn command(&self, name: CommandName) -> Command {
        let own = self.guide.materials.iter().find(|material| material.source == MaterialSource::Own);
        let material = own.or(self.guide.materials.first()).map(|m| m.code.clone()).unwrap_or_default();
        let step = match &self.case.state {
            CaseState::Accepted(state) => next_step(state, &self.guide.flow),
            CaseState::Draft(_) | CaseState::Submitted(_) => self.guide.flow.first(),
            CaseState::Decided(_) | CaseState::Closed(_) => self.guide.flow.last(),
        };
        let step = step.map(|step| step.code.clone()).unwrap_or_default();
        let field = self.guide.form.fields[0].name.clone();
        match name {
            CommandName::Save => {
                let value = answers(self.guide).get(&field).cloned().unwrap();
                Command::Save(SaveCase { patch: [(field, value)].into_iter().collect() })
            }
            CommandName::Attach => self.attach(&material),
            CommandName::Remove => Command::Remove(RemoveMaterial { material }),
            CommandName::Submit => self.submission(),
            CommandName::Accept => Command::Accept,
            CommandName::Refuse => Command::Refuse(grounds()),
            CommandName::RecordStep => Command::RecordStep(RecordStep { step, opinion: "符合".to_owned() }),
            CommandName::Approve => Command::Approve(ApproveCase { opinion: "准予".to_owned() }),
            CommandName::Deny => Command::Deny(grounds()),
            CommandName::Issue => Command::Issue,
            CommandName::Deliver => {
                let method = self.guide.delivery[0];
                Command::Deliver(DeliverCase { method, proof: "本人签收".to_owned() })
            }
            CommandName::Withdraw => Command::Withdraw(WithdrawCase { reason: "不办了".to_owned() }),
            CommandName::Tick => Command::Tick,
        }
    }

    fn ask(&self, command: Command, by: &By) -> Result<Vec<Act>, Refusal> {
        decide(&self.case, rules(self.guide), command, by, self.at)
    }

    /// Does what is asked, if it may be done; gives what happened.
    fn tell(&mut self, command: Command, by: &By) -> Result<Vec<Act>, Refusal> {
        let acts = self.ask(command, by)?;
        for act in &acts {
            let head = self.records.last().map_or(Head::START, Record::head);
            let provenance = Provenance::new(json!({ "channel": "counter", "request": head.seq }));
            self.records.push(append(head, act, self.at, &provenance, [head.seq as u8; 16]).unwrap());
            self.case = evolve(self.case.clone(), act.clone(), self.at).unwrap();
        }
        Ok(acts)
    }

    #[track_caller]
    fn must(&mut self, command: Command) {
        let by = officer(self.case.version.into());
        self.tell(command, &by).unwrap();
    }

    #[track_caller]
    fn then(mut self, names: &[CommandName]) -> Self {
        names.iter().for_each(|name| self.must(self.command(*name)));
        self
    }

    fn later(mut self, by: TimeDelta) -> Self {
        self.at += by;
        self
    }
}

/// One case for everything a case can be.
fn representatives() -> Vec<(&'static str, Story)> {
    use CommandName as C;
    let draft = Story::complete(&FOOD);
    let submitted = draft.clone().then(&[C::Submit]);
    let accepted = submitted.clone().then(&[C::Accept]);
    let last_step = accepted.clone().then(&[C::RecordStep, C::RecordStep]);
    let approved = last_step.clone().then(&[C::Approve]);
    let issued = approved.clone().then(&[C::Issue]);
    let denied = last_step.clone().then(&[C::Deny]);
    vec![
        ("closed: issued", issued.clone().then(&[C::Deliver])),
        ("closed: denied", denied.clone().then(&[C::Deliver])),
        ("closed: refused", submitted.clone().then(&[C::Refuse])),
        ("closed: withdrawn", accepted.clone().then(&[C::Withdraw])),
        ("closed: expired", draft.clone().later(TimeDelta::days(31)).then(&[C::Tick])),
        ("draft", draft),
        ("submitted", submitted),
        ("accepted", accepted),
        ("accepted: last step", last_step),
        ("decided: approved", approved),
        ("decided: issued", issued),
        ("decided: denied", denied),
    ]
}

fn cell(answer: &Result<Vec<Act>, Refusal>) -> String {
    match answer {
        Ok(acts) if acts.is_empty() => "nothing".to_owned(),
        Ok(acts) => acts.iter().map(|act| act.event.name()).collect::<Vec<_>>().join(", "),
        Err(refusal) => format!("refused: {:?}", refusal.code),
    }
}

#[test]
fn what_every_command_does_in_every_state() {
    let mut stories = representatives();
    stories.sort_by_key(|(_, story)| (story.case.state.name(), story.case.version));
    let mut table = String::new();
    for (name, story) in stories {
        writeln!(table, "{name}").unwrap();
        let mut impossible = Vec::new();
        for command in CommandName::ALL {
            match story.ask(story.command(command), &officer(99)) {
                Err(refusal) if refusal.code == RefusalCode::WrongState => {
                    impossible.push(format!("{command:?}"))
                }
                answer => writeln!(table, "  {:<10}  {}", format!("{command:?}"), cell(&answer)).unwrap(),
            }
        }
        let due = story.later(TimeDelta::days(40));
        writeln!(table, "  Tick, due   {}", cell(&due.ask(Command::Tick, &By::System))).unwrap();
        writeln!(table, "  not in this state: {}", impossible.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_state_is_represented() {
    let reached: BTreeSet<_> = representatives().iter().map(|(_, story)| story.case.state.name()).collect();
    assert_eq!(reached, StateName::ALL.into_iter().collect());
}

#[test]
fn whoever_took_an_earlier_step_may_not_take_one_that_wants_other_eyes() {
    let mut story = Story::complete(&FOOD).then(&[CommandName::Submit, CommandName::Accept]);
    story.tell(story.command(CommandName::RecordStep), &officer(1)).unwrap();
    let same = story.ask(story.command(CommandName::RecordStep), &officer(1)).unwrap_err();
    assert_eq!(same.code, RefusalCode::SamePerson);
    // Another post of the same person does not make him another person.
    let other_post = By::Officer { account: person(101), post: person(999) };
    let same = story.ask(story.command(CommandName::RecordStep), &other_post).unwrap_err();
    assert_eq!(same.code, RefusalCode::SamePerson);
    story.tell(story.command(CommandName::RecordStep), &officer(2)).unwrap();
    for account in [1, 2] {
        let same = story.ask(story.command(CommandName::Deny), &officer(account)).unwrap_err();
        assert_eq!(same.code, RefusalCode::SamePerson);
    }
    story.tell(story.command(CommandName::Approve), &officer(3)).unwrap();
}

#[test]
fn a_no_without_reason_or_article_is_refused_with_both_errors_at_once() {
    let story = Story::complete(&FOOD).then(&[CommandName::Submit]);
    let blank = GiveGrounds { reason: " ".to_owned(), article: String::new(), remedy: None };
    let refusal = story.ask(Command::Refuse(blank), &officer(1)).unwrap_err();
    let pointers: Vec<_> = refusal.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/reason", "/article"]);
}

#[test]
fn a_whole_number_written_as_a_fraction_is_recorded_as_the_whole_number() {
    let mut story = Story::open(&FOOD, applicant(), monday());
    let patch = json!({ "staff": 12.0 }).as_object().cloned().unwrap();
    story.tell(Command::Save(SaveCase { patch }), &APPLICANT).unwrap();
    assert_eq!(story.case.state.facts().and_then(|f| f.known()?.get("staff")), Some(&json!(12)));
}

#[test]
fn what_silence_has_accepted_nobody_refuses_though_the_timer_is_late() {
    let story = Story::complete(&FOOD).then(&[CommandName::Submit]).later(TimeDelta::days(9));
    let refusal = story.ask(story.command(CommandName::Refuse), &officer(1)).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::WrongState);
    let acts = story.ask(story.command(CommandName::RecordStep), &officer(1)).unwrap();
    assert_eq!(cell(&Ok(acts)), "accepted, step_recorded");
}

#[test]
fn an_expired_draft_cannot_be_saved_though_the_timer_is_late() {
    let story = Story::complete(&FOOD).later(TimeDelta::days(30));
    let refusal = story.ask(story.command(CommandName::Save), &APPLICANT).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::WrongState);
    assert!(story.later(-TimeDelta::microseconds(1)).ask(Command::Tick, &By::System).unwrap().is_empty());
}
