//! Random case scripts: who does what with one case, in which round. A script
//! knows nothing of channels; the same one is played through each of them.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;
use wanshitong::app::cases::Action;
use wanshitong::app::catalog::PublishedGuide;
use wanshitong::domain::cases::{
    ApproveCase, CommandName, DeliverCase, IssueResults, RecordStep, SaveCase, WithdrawCase,
};
use wanshitong::domain::codes::{CertificateId, RegionCode};
use wanshitong::domain::guides::{Facts, Guide, MaterialSource, Step as FlowStep, StepRole};
use wanshitong::domain::guides::{normalise, requirements};
use wanshitong::domain::time::local_date;
use wanshitong::store::SealedCertificate;

use super::answers::Answers;
use super::people::Person;
use super::random::Random;
use super::world::World;

/// Rounds of a script; between two of them the clock moves, for all scripts at once.
pub const ROUNDS: usize = 18;

pub struct Script {
    pub number: u64,
    pub guide: Arc<PublishedGuide>,
    pub person: Person,
    /// How well the applicant's side signed in.
    pub aal: u8,
    /// The mandate of the agent, where the script has one.
    pub mandate: Uuid,
    pub rounds: Vec<Vec<Step>>,
}

pub struct Step {
    pub who: Who,
    pub version: Version,
    pub what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Applicant,
    /// Somebody the applicant mandated.
    Agent,
    /// The counter officer, the applicant standing before him.
    Assistant,
    /// A persona of the demo in his own right: staff, or a stranger.
    Persona(&'static str),
    /// An officer with the posts of handler, reviewer and approver at once.
    Allrounder,
}

/// The version a request names in `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    None,
    Present,
    Stale,
}

#[derive(Debug)]
pub enum What {
    Open { scenario: Option<String>, facts: Facts, submit: bool, right_name: bool },
    Attach { material: String, put: Put },
    Remove { material: String },
    Act(Action),
}

impl What {
    /// The command it gives; opening a draft is none.
    pub fn command(&self) -> Option<CommandName> {
        match self {
            What::Open { submit, .. } => submit.then_some(CommandName::Submit),
            What::Attach { .. } => Some(CommandName::Attach),
            What::Remove { .. } => Some(CommandName::Remove),
            What::Act(action) => Some(action.name()),
        }
    }
}

#[derive(Debug)]
pub enum Put {
    File { bytes: &'static [u8], file_name: Option<String> },
    Certificate(CertificateId),
    Promise,
}

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\xaeB\x60\x82";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\xff\xd9";
const FILES: [&[u8]; 3] = [PDF, PNG, JPEG];
/// Rounds waited between two stages of a case.
const WAITS: [usize; 7] = [0, 0, 1, 1, 1, 2, 4];
/// Rounds in which five working days go by, most of the time.
const SILENCE: usize = 5;

fn asks_others(guide: &Guide) -> bool {
    guide.flow.iter().any(|step| !step.opinions.is_empty())
}

/// The script of this number.
pub fn write(number: u64, seed: u64, world: &World) -> Script {
    let mut random = Random::new(seed, number);
    // Few guides ask other agencies; they are wanted more often than that.
    let asking: Vec<_> = world.guides.iter().filter(|guide| asks_others(&guide.guide)).collect();
    let guide = match random.chance(8) && !asking.is_empty() {
        true => (*random.pick(&asking)).clone(),
        false => random.pick(&world.guides).clone(),
    };
    let scenarios = &guide.guide.scenarios;
    let scenario = (!scenarios.is_empty()).then(|| random.pick(scenarios).code.clone());
    let handled = guide.guide.handled_as(scenario.as_deref());
    let (mut person, mut facts, mut convincing) = invent(number, handled, world, &mut random);
    for _ in 0..2 {
        if !convincing {
            (person, facts, convincing) = invent(number, handled, world, &mut random);
        }
    }
    person.hold_certificates(handled, &mut random, &world.city.ctx);
    let side = match random.below(20) {
        0..3 => Who::Agent,
        3..6 => Who::Assistant,
        _ => Who::Applicant,
    };
    let mut writer = Writer {
        aal: if random.chance(90) { 2 } else { random.between(1, 3) as u8 },
        mandate: random.uuid(),
        rounds: (0..ROUNDS).map(|_| Vec::new()).collect(),
        round: 0,
        random,
        side,
        scenario: scenario.clone(),
        guide: handled,
        person: &person,
        world,
    };
    writer.whole_case(&facts);
    let Writer { aal, mandate, rounds, .. } = writer;
    Script { number, guide, person, aal, mandate, rounds }
}

fn invent(number: u64, guide: &Guide, world: &World, random: &mut Random) -> (Person, Facts, bool) {
    let person = Person::invent(number, random, &world.city.ctx);
    let answers = Answers {
        guide,
        applicant: &person.record.applicant,
        today: local_date(world.city.ctx.clock.now()),
        regions: &world.regions,
    };
    let (facts, convincing) = answers.convincing(random);
    (person, facts, convincing)
}

pub(super) struct Writer<'a> {
    aal: u8,
    mandate: Uuid,
    rounds: Vec<Vec<Step>>,
    round: usize,
    pub(super) random: Random,
    pub(super) side: Who,
    scenario: Option<String>,
    /// The guide as it is handled in the scenario.
    pub(super) guide: &'a Guide,
    person: &'a Person,
    pub(super) world: &'a World,
}

impl<'a> Writer<'a> {
    fn whole_case(&mut self, facts: &Facts) {
        self.application(facts);
        if self.random.chance(12) {
            return;
        }
        self.submission(facts);
        self.wait();
        self.beside();
        self.intake(facts);
        self.handling();
        let flow = self.guide.flow.clone();
        for (index, step) in flow.iter().enumerate() {
            self.wait();
            self.beside();
            self.flow_step(step, index + 1 == flow.len());
        }
        self.wait();
        self.issue_and_deliver();
        self.beside();
        self.revocation();
    }

    pub(super) fn wait(&mut self) {
        self.round += *self.random.pick(&WAITS);
    }

    /// Nobody says anything for as long as it takes to have an effect.
    pub(super) fn silence(&mut self) {
        self.round += SILENCE;
    }

    /// Adds a step, now and then after somebody's meddling. What would come
    /// after the last round does not come.
    pub(super) fn then(&mut self, who: Who, what: What) {
        if self.random.chance(10) {
            let (who, what) = self.meddling();
            self.push(who, what);
        }
        self.push(who, what);
    }

    pub(super) fn push(&mut self, who: Who, what: What) {
        let version = match self.random.below(20) {
            0 => Version::Stale,
            1..5 => Version::Present,
            _ => Version::None,
        };
        if let Some(round) = self.rounds.get_mut(self.round) {
            round.push(Step { who, version, what });
        }
    }

    pub(super) fn spoiled(&mut self) -> Map<String, Value> {
        self.answers().spoiled(&mut self.random)
    }

    /// What an agency determines, well-formed; an officer who enters something else is told.
    fn determined(&mut self) -> Map<String, Value> {
        self.answers().determined(&mut self.random)
    }

    fn answers(&self) -> Answers<'a> {
        Answers {
            guide: self.guide,
            applicant: &self.person.record.applicant,
            today: local_date(self.world.city.ctx.clock.now()),
            regions: &self.world.regions,
        }
    }

    fn application(&mut self, facts: &Facts) {
        if self.random.chance(8) {
            let (scenario, mut wrong) = (Some("no_such".to_owned()), facts.clone());
            wrong.merge(self.spoiled());
            let scenario = if self.random.chance(50) { scenario } else { self.scenario.clone() };
            self.push(self.side, What::Open { scenario, facts: wrong, submit: false, right_name: true });
        }
        if self.random.chance(4) {
            let open = What::Open { scenario: None, facts: Facts::new(), submit: false, right_name: false };
            self.push(Who::Assistant, open);
        }
        let at_once = match self.random.below(10) {
            0..6 => 100,
            6..9 => 50,
            _ => 0,
        };
        let (mut first, mut rest) = (Facts::new(), Map::new());
        for (name, value) in facts.iter() {
            if self.random.chance(at_once) {
                first.set(name.as_str(), value.clone());
            } else {
                rest.insert(name.clone(), value.clone());
            }
        }
        let (scenario, submit) = (self.scenario.clone(), self.random.chance(10));
        self.then(self.side, What::Open { scenario, facts: first, submit, right_name: true });
        if !rest.is_empty() {
            self.then(self.side, save(rest));
        }
        if self.random.chance(20) {
            let wrong = self.spoiled();
            self.then(self.side, save(wrong));
            if self.random.chance(80) {
                self.then(self.side, save(facts.as_map().clone()));
            }
        }
    }

    fn submission(&mut self, facts: &Facts) {
        if self.random.chance(15) {
            let submit = self.submit();
            self.push(self.side, submit);
            self.wait();
        }
        for (material, put) in self.materials(facts) {
            if self.random.chance(8) {
                self.push(self.side, What::Remove { material: material.clone() });
            }
            if self.random.chance(5) {
                let put = Put::File { bytes: b"MZ\x90 not a document", file_name: None };
                self.push(self.side, What::Attach { material: material.clone(), put });
            }
            self.then(self.side, What::Attach { material, put });
        }
        let submit = self.submit();
        self.then(self.side, submit);
        if self.random.chance(40) {
            self.second_try(facts);
        }
    }

    /// The applicant comes back with whatever had been left out.
    fn second_try(&mut self, facts: &Facts) {
        let applicant = &self.person.record.applicant;
        let today = local_date(self.world.city.ctx.clock.now());
        let facts = normalise(&self.guide.form, facts, applicant, today);
        for need in requirements(self.guide, &facts, applicant, today).iter().filter(|need| need.required) {
            let sound = |s: &&SealedCertificate| {
                s.certificate.valid_until.is_none() && s.certificate.revoked_at.is_none()
            };
            let held = self.person.held.iter().filter(sound);
            let mut held = held.map(|s| MaterialSource::Certificate {
                certificate_type: s.certificate.certificate_type.clone(),
            });
            let known = held.any(|source| source == need.material.source);
            let shared = matches!(need.material.source, MaterialSource::Shared { .. });
            let handed = |step: &Step| matches!(&step.what, What::Attach { material, .. } if *material == need.material.code);
            if !known && !shared && !self.rounds.iter().flatten().any(handed) {
                let put = self.file();
                self.push(Who::Applicant, What::Attach { material: need.material.code.clone(), put });
            }
        }
        let submit = self.submit();
        self.push(Who::Applicant, submit);
    }

    /// What to hand in, mostly all that is asked for.
    fn materials(&mut self, facts: &Facts) -> Vec<(String, Put)> {
        let applicant = &self.person.record.applicant;
        let today = local_date(self.world.city.ctx.clock.now());
        let facts = normalise(&self.guide.form, facts, applicant, today);
        let mut handed = Vec::new();
        for need in requirements(self.guide, &facts, applicant, today) {
            let material = need.material;
            let held = match &material.source {
                MaterialSource::Shared { .. } => continue,
                MaterialSource::Own => None,
                MaterialSource::Certificate { certificate_type } => {
                    self.person.held.iter().find(|s| s.certificate.certificate_type == *certificate_type)
                }
            };
            if !need.required && self.random.chance(90) || self.random.chance(3) {
                continue;
            }
            let put = match held {
                // Left to the portal, which knows it already.
                Some(_) if self.random.chance(60) => continue,
                Some(sealed) if self.random.chance(60) => Put::Certificate(sealed.certificate.id.clone()),
                Some(_) | None if material.promise_allowed && self.random.chance(40) => Put::Promise,
                Some(_) | None => self.file(),
            };
            handed.push((material.code.clone(), put));
        }
        handed
    }

    pub(super) fn file(&mut self) -> Put {
        let file_name = self.random.chance(50).then(|| "材料\u{0}（盖章）.pdf".to_owned());
        Put::File { bytes: FILES[self.random.below(FILES.len())], file_name }
    }

    fn flow_step(&mut self, step: &FlowStep, is_last: bool) {
        if self.random.chance(5) {
            self.then(self.side, withdraw());
        }
        let right = Who::Persona(match step.role {
            StepRole::Handler => "handler",
            StepRole::Reviewer => "reviewer",
            StepRole::Approver => "approver",
        });
        self.opinions(step);
        let denied = self.random.chance(25);
        if self.random.chance(20) {
            let act = self.take_step(step, is_last, denied);
            self.then(Who::Allrounder, act);
        }
        if self.random.chance(12) {
            let untimely = self.take_step(step, !is_last, denied);
            self.push(right, untimely);
        }
        let act = self.take_step(step, is_last, denied);
        self.then(right, act);
    }

    fn take_step(&mut self, step: &FlowStep, is_last: bool, denied: bool) -> What {
        let opinion = self.random.pick(&["同意", "", "符合条件\n建议批准"]).to_string();
        What::Act(match (is_last, denied) {
            (false, _) => Action::RecordStep(RecordStep { step: step.code.clone(), opinion }),
            (true, false) => Action::Approve(ApproveCase { opinion }),
            (true, true) => Action::Deny(self.grounds()),
        })
    }

    fn issue_and_deliver(&mut self) {
        let officer = Who::Persona(if self.random.chance(50) { "approver" } else { "handler" });
        let attributes = if self.random.chance(90) { self.determined() } else { self.spoiled() };
        self.then(officer, What::Act(Action::Issue(IssueResults { attributes })));
        self.wait();
        let officer = Who::Persona(if self.random.chance(50) { "counter_officer" } else { "handler" });
        let method = *self.random.pick(&self.guide.delivery);
        let proof = "顺丰 SF0000000001".to_owned();
        self.then(officer, What::Act(Action::Deliver(DeliverCase { method, proof })));
    }
}

pub(super) fn save(patch: Map<String, Value>) -> What {
    What::Act(Action::Save(SaveCase { patch }))
}

pub(super) fn withdraw() -> What {
    What::Act(Action::Withdraw(WithdrawCase { reason: "不办了".to_owned() }))
}

/// All regions there are, in order.
pub fn regions(world: &wanshitong::app::Ctx) -> Vec<RegionCode> {
    let mut codes: Vec<_> =
        world.catalogue.regions().iter().map(|code| RegionCode::parse(code).unwrap()).collect();
    codes.sort();
    codes
}
