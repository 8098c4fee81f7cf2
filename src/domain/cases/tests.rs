//! The case kernel, told as stories: a story is a case, the records of how it
//! came about, and the guide it is handled by.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::clock::{ClockName, Light, clocks};
use super::history::{Head, Provenance, Record, append};
use super::*;
use crate::domain::calendar::WorkCalendar;
use crate::domain::codes::{CaseNo, CertificateId, Mobile, RegionCode, ResidentId};
use crate::domain::guides::*;
use crate::domain::policy::{self, Capacity};
use crate::domain::refusal::{Refusal, RefusalCode};
use crate::domain::time::{end_of_local_day, local_date};

mod clocks;
mod determined;
mod joint;
mod matrix;
mod mending;
mod model;
mod needed;
mod properties;
mod stopped;
mod stories;

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
/// The police assign a number to the child.
static REGISTRATION: LazyLock<Guide> = sample!("newborn-registration.yaml");
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

/// Who may give this command now.
fn allowed(story: &Story, command: CommandName) -> Vec<Capacity> {
    let turn = role_whose_turn(&story.case, &story.guide.flow);
    let Some(what) = policy::operation(command, turn) else { return Vec::new() };
    Capacity::ALL.into_iter().filter(|capacity| policy::may(*capacity, what)).collect()
}

/// Somebody in that capacity, who did nothing of the case so far.
fn somebody(capacity: Capacity) -> By {
    let (account, post) = (person(199), person(299));
    match capacity {
        Capacity::Applicant => APPLICANT,
        Capacity::Agent => By::Agent { account: person(2), mandate: person(3) },
        Capacity::Assistant => By::Assistant { account, post },
        Capacity::Post(_) | Capacity::Consulted => By::Officer { account, post },
    }
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
        "birth_certificate_no": "V340000123", "mother_id": "440524188001010014",
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

/// What the agency enters when it issues.
fn determined(guide: &Guide) -> serde_json::Map<String, serde_json::Value> {
    let fields = guide.determined().fields;
    fields.iter().map(|field| (field.name.clone(), first_answer(&field.kind))).collect()
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
            valid_from: "2000-01-01".parse().unwrap(),
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
            sources: [].into(),
            in_bundle: false,
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
        let needs = requirements(guide, &answers(guide), &story.applicant, local_date(at));
        for material in needs.iter().filter(|need| need.required).map(|need| need.material) {
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
            promised: self.promised(),
            at_the_door: Vec::new(),
        }))
    }

    /// The command of this name, as it would be right somewhere in a case.
    fn command(&self, name: CommandName) -> Command {
        let own = self.guide.materials.iter().find(|material| material.source == MaterialSource::Own);
        let material = own.or(self.guide.materials.first()).map(|m| m.code.clone()).unwrap_or_default();
        let next = self.case.state.in_progress().and_then(|state| next_step(state, &self.guide.flow));
        let step = next.or(self.guide.flow.first()).map(|step| step.code.clone()).unwrap_or_default();
        let words = || "请尽快办理".to_owned();
        let field = self.guide.form.fields[0].name.clone();
        match name {
            CommandName::Save => {
                let value = answers(self.guide).get(&field).cloned().unwrap();
                Command::Save(SaveCase { patch: [(field, value)].into_iter().collect() })
            }
            CommandName::Attach => self.attach(self.wanted().unwrap_or(&material)),
            CommandName::Remove => {
                let there = self.case.state.materials().filter(|there| !there.contains_key(&material));
                let first = there.and_then(|there| there.keys().next().cloned());
                Command::Remove(RemoveMaterial { material: first.unwrap_or(material) })
            }
            CommandName::Submit => self.submission(),
            CommandName::Accept => Command::Accept,
            CommandName::AcceptDeferred => Command::AcceptDeferred(AcceptDeferred { due: None }),
            CommandName::RequestCorrection => self.correction(),
            CommandName::Correct => {
                Command::Correct(Box::new(CorrectCase { certificates: certificates(self.guide) }))
            }
            CommandName::Refuse => Command::Refuse(grounds()),
            CommandName::Transfer => Command::Transfer(Box::new(TransferCase {
                to: TransferTarget::Outside { agency: "省市场监督管理局".to_owned() },
                reason: "属省级权限".to_owned(),
            })),
            CommandName::Pause => {
                let kind =
                    self.guide.special_procedures.first().copied().unwrap_or(SpecialProcedure::Hearing);
                Command::Pause(PauseCase { kind, reason: "现场核查".to_owned(), expected_days: 5 })
            }
            CommandName::Resume => {
                let kind =
                    self.guide.special_procedures.first().copied().unwrap_or(SpecialProcedure::Hearing);
                Command::Resume(ResumeCase { kind })
            }
            CommandName::Extend => {
                Command::Extend(ExtendCase { days: 10, reason: "案情复杂".to_owned() })
            }
            CommandName::GiveOpinion => Command::GiveOpinion(GiveOpinion {
                agency: self.unheard().unwrap_or_else(|| self.guide.agency.clone()),
                consents: true,
                text: String::new(),
            }),
            CommandName::Void => Command::Void(grounds()),
            CommandName::Revoke => Command::Revoke(grounds()),
            CommandName::Urge => Command::Urge(Ask { text: words() }),
            CommandName::Supervise => Command::Supervise(Ask { text: words() }),
            CommandName::Reply => Command::Reply(GiveReply { text: words() }),
            CommandName::Rate => Command::Rate(RateService { score: 5, comment: words() }),
            CommandName::Rectify => Command::Rectify(GiveReply { text: words() }),
            CommandName::RecordStep => Command::RecordStep(RecordStep { step, opinion: "符合".to_owned() }),
            CommandName::Approve => Command::Approve(ApproveCase { opinion: "准予".to_owned() }),
            CommandName::Deny => Command::Deny(grounds()),
            CommandName::Issue => Command::Issue(IssueResults { attributes: determined(self.guide) }),
            CommandName::Deliver => {
                let method = self.guide.delivery[0];
                Command::Deliver(DeliverCase { method, proof: "本人签收".to_owned() })
            }
            CommandName::Withdraw => Command::Withdraw(WithdrawCase { reason: "不办了".to_owned() }),
            CommandName::Tick => Command::Tick,
        }
    }

    /// The deferrable materials that are not there.
    fn promised(&self) -> BTreeSet<String> {
        let there = |code: &String| self.case.state.materials().is_some_and(|there| there.contains_key(code));
        let missing = self.guide.materials.iter().filter(|m| m.deferrable && !there(&m.code));
        missing.map(|material| material.code.clone()).collect()
    }

    /// A material somebody waits for.
    fn wanted(&self) -> Option<&str> {
        if let CaseState::Correcting(state) = &self.case.state {
            return state.notice.items.iter().find_map(|item| match &item.of {
                Correctable::Material(code) => Some(code.as_str()),
                Correctable::Field(_) => None,
            });
        }
        let owed = &self.case.state.in_progress()?.deferral.as_ref()?.owed;
        owed.first().map(String::as_str)
    }

    /// An agency whose opinion is wanted.
    fn unheard(&self) -> Option<crate::domain::codes::Uscc> {
        let opinions = &self.case.state.in_progress()?.opinions;
        opinions.iter().find(|asked| asked.answer.is_none()).map(|asked| asked.agency.clone())
    }

    /// Everything mended that can be: the first field, and a material of the applicant's own.
    fn correction(&self) -> Command {
        let item = |of, reason| CorrectionItem { of, reason, note: "请核对".to_owned().into() };
        let field = Correctable::Field(self.guide.form.fields[0].name.clone());
        let own = self.guide.materials.iter().find(|material| material.source == MaterialSource::Own);
        let material =
            own.map(|own| item(Correctable::Material(own.code.clone()), CorrectionReason::Expired));
        let items = [Some(item(field, CorrectionReason::Wrong)), material].into_iter().flatten().collect();
        Command::RequestCorrection(RequestCorrection { items, days: None })
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
