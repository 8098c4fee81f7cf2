//! A city of its own in which a wave of scripts is played, each through every
//! channel, all in step: the clock moves for everybody at once.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use uuid::Uuid;
use wanshitong::app::cases::{
    ApplicantRef, CaseReply, OpenRequest, Request, Upload, act, attach, clock, open, read, remove,
};
use wanshitong::app::catalog::PublishedGuide;
use wanshitong::app::identity::Caller;
use wanshitong::app::{AppError, AppResult, timers};
use wanshitong::domain::cases::history::verify;
use wanshitong::domain::cases::{CommandName, Record, StateName};
use wanshitong::domain::codes::{CertificateId, RegionCode};
use wanshitong::domain::guides::IdNumber;
use wanshitong::domain::identity::Channel;
use wanshitong::domain::policy::Mandate;
use wanshitong::domain::refusal::{FieldError, Refusal};
use wanshitong::store::Changes;

use super::outcome::Outcome;
use super::random::Random;
use super::script::{self, Put, ROUNDS, Script, Step, Version, What, Who};
use crate::support::{City, Database};

/// The channels, the first being what the others are compared with.
pub const CHANNELS: [&str; 6] = ["web", "mini_program", "kiosk", "counter", "hotline", "third_party"];
/// Requests under way at the same time.
const AT_ONCE: usize = 96;

pub struct World {
    pub city: City,
    pub guides: Arc<Vec<Arc<PublishedGuide>>>,
    pub regions: Vec<RegionCode>,
    pub somebody_elses: CertificateId,
    callers: HashMap<(String, &'static str), Caller>,
    /// A channel that is given a difference, to see that it is noticed.
    pub planted: Option<&'static str>,
}

impl World {
    pub async fn found(database: Database) -> Self {
        let city = City::found(database).await;
        let mut callers = HashMap::new();
        for persona in city.sheet.personas.keys() {
            for channel in CHANNELS {
                let token = &city.sheet.tokens[&format!("{persona}@{channel}")];
                let caller = city.ctx.identity.caller(&city.ctx, token, String::new()).await.unwrap();
                callers.insert((persona.clone(), channel), caller);
            }
        }
        let resident: Uuid = city.sheet.personas["resident"].person_id.parse().unwrap();
        let held = city.ctx.store.list_certificates(resident, None, 1).await.unwrap();
        let mut guides = Vec::new();
        for code in &city.sheet.guides {
            // Read once now rather than by every case at the same time.
            let guide = city.ctx.catalogue.current(code).await.unwrap().unwrap();
            // Where a law names the channels, others are refused: tests/it/guides.
            if guide.guide.channels.is_none() {
                guides.push(guide);
            }
        }
        Self {
            guides: Arc::new(guides),
            regions: script::regions(&city.ctx),
            somebody_elses: held[0].certificate.id.clone(),
            callers,
            city,
            planted: None,
        }
    }

    /// Plays the scripts of these numbers; gives each one's outcomes by channel.
    pub async fn play(&self, seed: u64, numbers: std::ops::Range<u64>) -> Vec<Vec<Outcome>> {
        let ctx = &self.city.ctx;
        let mut random = Random::new(seed, u64::MAX - numbers.start);
        let scripts: Vec<_> = numbers.map(|number| script::write(number, seed, self)).collect();
        for some in scripts.chunks(50) {
            let mut changes = Changes::new();
            some.iter().for_each(|script| script.person.move_in(ctx, &mut changes));
            ctx.store.commit(changes).await.unwrap();
        }
        let mut runs: Vec<_> = scripts
            .iter()
            .flat_map(|script| CHANNELS.map(|channel| Run::new(self, script, channel)))
            .collect();
        let mut pauses = pauses();
        random.shuffle(&mut pauses);
        for round in 0..ROUNDS {
            stream::iter(&mut runs).for_each_concurrent(AT_ONCE, |run| run.play(round)).await;
            ctx.clock.advance(pauses[round % pauses.len()]);
            timers::run(ctx).await.unwrap();
        }
        let outcomes: Vec<Outcome> = stream::iter(runs).map(Run::finish).buffered(AT_ONCE).collect().await;
        let mut outcomes = outcomes.into_iter();
        scripts.iter().map(|_| outcomes.by_ref().take(CHANNELS.len()).collect()).collect()
    }

    /// Who acts, through the client of this channel. Staff of a run through a
    /// third party's application work through the portal's own website.
    fn caller(&self, run: &Run<'_>, who: Who) -> Caller {
        let script = run.script;
        let desk = if run.channel == "third_party" { "web" } else { run.channel };
        let of = |persona: &str, channel: &'static str| self.callers[&(persona.to_owned(), channel)].clone();
        let mut caller = match who {
            Who::Applicant => {
                let mut caller = of("resident", run.channel);
                caller.actor.account = script.person.account;
                caller.actor.party = script.person.record.id;
                caller
            }
            Who::Agent => {
                let mut caller = of("agent", run.channel);
                caller.actor.mandates = vec![self.mandate(script)];
                caller
            }
            Who::Assistant => of("counter_officer", desk),
            Who::Persona("second_resident") => of("second_resident", run.channel),
            Who::Persona(persona) => of(persona, desk),
            Who::Allrounder => {
                let mut caller = of("handler", desk);
                for persona in ["reviewer", "approver"] {
                    caller.actor.posts.extend(of(persona, desk).actor.posts);
                }
                caller
            }
        };
        if matches!(who, Who::Applicant | Who::Agent | Who::Assistant) {
            caller.aal = if self.planted == Some(run.channel) { 1 } else { script.aal };
        }
        caller.request_id = format!("{}-{}", script.number, run.replies.len());
        caller
    }

    /// For some agents the mandate ends along the way, or is for another guide.
    fn mandate(&self, script: &Script) -> Mandate {
        let from = crate::support::start_of_time();
        let guides = match script.number % 7 {
            0 => Some(vec!["of another guide".to_owned()]),
            1 => Some(vec![script.guide.guide.code.to_string()]),
            _ => None,
        };
        Mandate {
            id: script.mandate,
            principal: script.person.record.id,
            guides,
            valid_from: from,
            valid_until: script.number.is_multiple_of(5).then(|| from + TimeDelta::days(6)),
        }
    }
}

/// Fifty-odd days in all, so that drafts lapse and silence becomes acceptance.
fn pauses() -> [TimeDelta; ROUNDS] {
    let hours = [0, 1, 2, 9, 15, 24, 24, 24, 24, 48, 48, 48, 72, 144, 192, 216, 288, 408];
    hours.map(TimeDelta::hours)
}

/// One script on its way through one channel.
struct Run<'a> {
    world: &'a World,
    script: &'a Script,
    channel: &'static str,
    case: Option<(Uuid, u64)>,
    replies: Vec<Value>,
    states: BTreeSet<StateName>,
    /// The commands that succeeded.
    done: BTreeSet<CommandName>,
}

impl<'a> Run<'a> {
    fn new(world: &'a World, script: &'a Script, channel: &'static str) -> Self {
        let (states, done) = (BTreeSet::new(), BTreeSet::new());
        Self { world, script, channel, case: None, replies: Vec::new(), states, done }
    }

    async fn play(&mut self, round: usize) {
        for step in &self.script.rounds[round] {
            let Some(answer) = self.perform(step).await else { continue };
            let reply = match answer {
                Ok(reply) => {
                    self.case = Some((reply.case.id, reply.case.version));
                    self.states.insert(reply.case.state.name());
                    self.done.extend(step.what.command());
                    json!({
                        "status": "ok",
                        "version": reply.case.version,
                        "state": reply.case.state.name(),
                        "guide_version": reply.guide.version,
                        "audience": format!("{:?}", reply.audience),
                    })
                }
                Err(error) => self.refusal(error, step),
            };
            self.replies.push(reply);
        }
    }

    /// Nothing can be done with a case that was never opened.
    async fn perform(&self, step: &Step) -> Option<AppResult<CaseReply>> {
        let ctx = &self.world.city.ctx;
        let mut caller = self.world.caller(self, step.who);
        if let What::Open { scenario, facts, submit, right_name } = &step.what {
            if self.case.is_some() {
                return None;
            }
            let applicant = self.applicant(step.who, *right_name);
            // Who is there with his card is at a counter, and through nothing else.
            if matches!(applicant, ApplicantRef::Present { .. }) {
                caller.channel = Channel::Counter;
            }
            let request = OpenRequest {
                guide: self.script.guide.guide.code.to_string(),
                scenario: scenario.clone(),
                applicant,
                facts: facts.clone(),
                submit: *submit,
                claim: None,
            };
            return Some(open(ctx, &caller, request).await.map(|answer| answer.value));
        }
        let (id, version) = self.case?;
        let expected_version = match step.version {
            Version::None => None,
            Version::Present => Some(version),
            Version::Stale => Some(version + 1),
        };
        Some(match &step.what {
            What::Open { .. } => return None,
            What::Attach { material, put } => {
                let upload = match put {
                    Put::File { bytes, file_name } => Upload::File {
                        bytes: bytes::Bytes::from_static(bytes),
                        file_name: file_name.clone(),
                        original_seen: false,
                    },
                    Put::Certificate(id) => Upload::Certificate(id.clone()),
                    Put::Promise => Upload::Promise,
                };
                attach(ctx, &caller, id, expected_version, material.clone(), upload).await
            }
            What::Remove { material } => remove(ctx, &caller, id, expected_version, material.clone()).await,
            What::Act(action) => {
                let request = Request { case: id, expected_version, claim: None, action: action.clone() };
                act(ctx, &caller, request).await.map(|answer| answer.value)
            }
        })
    }

    fn applicant(&self, who: Who, right_name: bool) -> ApplicantRef {
        let person = &self.script.person.record;
        match (who, &person.applicant.id_number) {
            (Who::Applicant, _) => ApplicantRef::Myself,
            (Who::Assistant, Some(IdNumber::ResidentId(number))) if person.applicant.ial >= 2 => {
                let name = if right_name { person.applicant.name.clone() } else { "张冠李".to_owned() };
                ApplicantRef::Present { name, id_number: number.clone() }
            }
            _ => ApplicantRef::Person(person.id),
        }
    }

    fn refusal(&self, error: AppError, step: &Step) -> Value {
        match error {
            AppError::Refused(refusal) => refused(&refusal),
            AppError::StepUp { refusal, acr_values } => {
                json!({ "step_up": acr_values, "why": refused(&refusal) })
            }
            AppError::Invalid(errors) => json!({ "status": "invalid", "errors": wrong(&errors) }),
            AppError::NotFound => json!({ "status": "not_found" }),
            AppError::Forbidden => json!({ "status": "forbidden" }),
            AppError::Stale => json!({ "status": "stale" }),
            AppError::Unauthenticated
            | AppError::UnfitProof(_)
            | AppError::SignInAgain { .. }
            | AppError::KeyReused
            | AppError::TooMany { .. }
            | AppError::WrongOffset { .. }
            | AppError::Away { .. }
            | AppError::Unavailable(_)
            | AppError::Internal(_) => panic!(
                "script {} through {}: {error:?} is the answer to {:?} by {:?} (guide {})",
                self.script.number, self.channel, step.what, step.who, self.script.guide.guide.code
            ),
        }
    }

    /// Everything there is to see in the end, read through the channel itself.
    async fn finish(mut self) -> Outcome {
        let ctx = &self.world.city.ctx;
        let Some((id, _)) = self.case else {
            return Outcome::new(
                self.channel,
                self.script,
                json!({ "replies": self.replies }),
                None,
                self.states,
            );
        };
        let caller = self.world.caller(&self, Who::Applicant);
        let reply = read(ctx, &caller, id).await.unwrap();
        let clocks = clock(ctx, &caller, id).await.unwrap();
        let stored = ctx.store.find_case(id).await.unwrap().unwrap();
        let records = ctx.store.list_records(&stored).await.unwrap();
        let letters = ctx.store.list_letters(&stored).await.unwrap();
        assert_eq!(verify(&records).map(|head| head.seq), Ok(reply.case.version));
        self.states.insert(reply.case.state.name());
        let seen = json!({
            "replies": self.replies,
            "case": reply.case,
            "audience": format!("{:?}", reply.audience),
            "events": records.iter().map(happened).collect::<Vec<_>>(),
            "letters": letters.iter().map(|kept| json!([kept.seq, kept.letter])).collect::<Vec<_>>(),
            "clocks": clocks.iter().map(|clock| format!("{clock:?}")).collect::<Vec<_>>(),
        });
        let mut outcome = Outcome::new(self.channel, self.script, seen, Some(&reply.case), self.states);
        outcome.done = self.done;
        outcome.doors = records.iter().filter_map(door).collect();
        outcome
    }
}

/// A record without hashes and provenance.
fn happened(record: &Record) -> Value {
    let act = record.act().unwrap();
    let at: DateTime<Utc> = record.at;
    json!({ "seq": record.seq, "at": at, "by": act.by, "event": act.event })
}

fn door(record: &Record) -> Option<String> {
    record.provenance.get("channel").and_then(Value::as_str).map(str::to_owned)
}

fn refused(refusal: &Refusal) -> Value {
    json!({
        "status": "refused",
        "code": format!("{:?}", refusal.code),
        "detail": refusal.detail,
        "article": refusal.article,
        "errors": wrong(&refusal.errors),
    })
}

fn wrong(errors: &[FieldError]) -> Value {
    errors.iter().map(|error| json!([error.pointer, error.code, error.detail])).collect()
}
