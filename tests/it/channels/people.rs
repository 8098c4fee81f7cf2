//! The applicants: one invented person or organisation for each script, so that
//! no script can meet what another left behind.

use std::collections::BTreeSet;

use chrono::{Datelike as _, Days, NaiveDate};
use uuid::Uuid;
use wanshitong::app::{Ctx, certificates};
use wanshitong::domain::codes::{CertificateType, Mobile, RegionCode, ResidentId, Uscc};
use wanshitong::domain::guides::{Applicant, ApplicantKind, Attribute, Guide, IdNumber, MaterialSource};
use wanshitong::domain::text::Text;
use wanshitong::domain::time::local_date;
use wanshitong::store::{Changes, PeopleWrite, PersonRecord, PersonRow, SealedCertificate};

use super::random::Random;

/// An applicant and the certificates he holds.
pub struct Person {
    pub account: Uuid,
    pub record: PersonRecord,
    pub held: Vec<SealedCertificate>,
}

const REGISTER: &str = "11340705MBWXT0111D";
const RESIDENCES: [&str; 6] =
    ["340705005002", "340705005004", "340705006001", "340705000000", "340700000000", "340100000000"];

impl Person {
    /// `number` tells him from everybody else in his city.
    pub fn invent(number: u64, random: &mut Random, ctx: &Ctx) -> Self {
        let at = ctx.clock.now();
        let organisation = random.chance(10);
        let applicant = if organisation {
            an_organisation(number, random)
        } else {
            a_person(number, random, local_date(at))
        };
        Self {
            account: random.uuid(),
            record: PersonRecord {
                id: random.uuid(),
                applicant,
                ial_until: None,
                created_at: at,
                version: 1,
            },
            held: Vec::new(),
        }
    }

    /// Gives him some of the certificates the guide would take, a few of them
    /// expired or revoked.
    pub fn hold_certificates(&mut self, guide: &Guide, random: &mut Random, ctx: &Ctx) {
        let at = ctx.clock.now();
        for certificate_type in certificate_types(guide) {
            if random.chance(35) {
                continue;
            }
            let issuer = Uscc::parse(REGISTER).unwrap();
            let name = Text::new("证照", "Certificate");
            let mut sealed =
                certificates::take_over(ctx, &self.record, certificate_type, name, &issuer, at).unwrap();
            match random.below(20) {
                0 => sealed.certificate.valid_until = local_date(at).pred_opt(),
                1 => sealed.certificate.revoked_at = Some(at),
                2..6 => sealed.certificate.valid_until = local_date(at).checked_add_days(Days::new(9)),
                _ => {}
            }
            self.held.push(sealed);
        }
    }

    pub fn move_in(&self, ctx: &Ctx, changes: &mut Changes) {
        let row = PersonRow::seal(&self.record, ctx.store.vault()).unwrap();
        changes.write(PeopleWrite::InsertPerson(row));
        for sealed in &self.held {
            changes.insert_certificate(sealed, ctx.store.vault()).unwrap();
        }
    }
}

/// The types of certificate the guide's materials can be.
pub fn certificate_types(guide: &Guide) -> BTreeSet<CertificateType> {
    let accepted = guide.materials.iter().filter_map(|material| match &material.source {
        MaterialSource::Certificate { certificate_type } => Some(certificate_type.clone()),
        MaterialSource::Own | MaterialSource::Shared { .. } => None,
    });
    accepted.collect()
}

fn a_person(number: u64, random: &mut Random, today: NaiveDate) -> Applicant {
    let age = match random.below(20) {
        0 => random.between(0, 15),
        1..10 => random.between(16, 45),
        10..14 => random.between(46, 79),
        _ => random.between(80, 99),
    };
    let born = today - Days::new((age * 365 + age / 4 + random.between(1, 360)) as u64);
    let id_number = resident_id(number, born);
    let ial = if random.chance(92) { 3 } else { random.between(1, 4) as u8 };
    Applicant {
        kind: ApplicantKind::NaturalPerson,
        name: random.pick(&["王一鸣", "李思远", "欧阳若兰", "阿依努尔·买买提"]).to_string(),
        birth_date: Some(born),
        gender: Some(id_number.gender()),
        id_number: Some(IdNumber::ResidentId(id_number)),
        residence: residence(random),
        mobile: Mobile::parse(&format!("139{:08}", random.below(100_000_000))).ok(),
        ial,
        verified: proven(ial, random),
    }
}

fn an_organisation(number: u64, random: &mut Random) -> Applicant {
    let body = format!("91340705MA{number:07}");
    Applicant {
        kind: ApplicantKind::Organization,
        name: "铜陵市样例商贸有限公司".to_owned(),
        id_number: Some(IdNumber::Uscc(with_check_character(&body, Uscc::parse))),
        birth_date: None,
        gender: None,
        residence: residence(random),
        mobile: None,
        ial: 3,
        verified: [Attribute::Name, Attribute::IdNumber].into(),
    }
}

fn residence(random: &mut Random) -> Option<RegionCode> {
    let near = random.chance(70);
    let code = if near { RESIDENCES[random.below(3)] } else { random.pick(&RESIDENCES) };
    (!random.chance(3)).then(|| RegionCode::parse(code).unwrap())
}

fn proven(ial: u8, random: &mut Random) -> BTreeSet<Attribute> {
    let all =
        [Attribute::Name, Attribute::IdNumber, Attribute::BirthDate, Attribute::Gender, Attribute::Residence];
    let doubtful = random.chance(10);
    all.into_iter().filter(|_| ial >= 2 && !(doubtful && random.chance(50))).collect()
}

/// The number of somebody born that day; `number` makes it his own.
pub fn resident_id(number: u64, born: NaiveDate) -> ResidentId {
    let areas = ["340702", "340705", "340706", "340711", "340722", "340124", "340181", "340208"];
    let area = areas[(number / 1000) as usize % areas.len()];
    let body = format!("{area}{:04}{:02}{:02}{:03}", born.year(), born.month(), born.day(), number % 1000);
    with_check_character(&body, ResidentId::parse)
}

/// Completes a code by trying: the check is the parser's, not this file's.
pub fn with_check_character<T, E>(body: &str, parse: fn(&str) -> Result<T, E>) -> T {
    "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .find_map(|last| parse(&format!("{body}{last}")).ok())
        .unwrap_or_else(|| panic!("no check character completes {body}"))
}
