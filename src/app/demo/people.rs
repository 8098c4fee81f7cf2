//! The people of the sample city and the applications they come with. All
//! invented: no name, number or secret here is anybody's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{ClientSheet, DemoSheet, PersonaSheet};
use crate::app::certificates;
use crate::app::ctx::{Ctx, new_id};
use crate::app::error::{AppError, AppResult};
use crate::domain::cases::history::hex;
use crate::domain::certificates::{HouseholdMember, Kinship};
use crate::domain::codes::{CertificateType, CounterCode, Mobile, RegionCode, ResidentId, Uscc};
use crate::domain::guides::{Applicant, ApplicantKind, Attribute, IdNumber};
use crate::domain::identity::{
    Aal, Assurance, Authentication, Channel, Client, ClientId, Grant, Ial, IdentityProof, Level, Owner,
    PasswordProfile, ProofMethod, RedirectUri, ScopeSet, Secret, Verifier,
};
use crate::domain::mandates::{Mandate, MandateKind, NewMandate, Terms};
use crate::domain::policy::{Post, Role};
use crate::domain::text::Text;
use crate::store::{
    AccountRecord, AccountRow, Changes, Epoch, MandateRow, PeopleWrite, PersonRecord, PersonRow,
};

struct Persona {
    slug: &'static str,
    name: &'static str,
    id_number: &'static str,
    mobile: &'static str,
    residence: &'static str,
    posts: Posts,
}

/// What posts a persona holds.
enum Posts {
    None,
    /// One post that looks after the whole city.
    City(Role),
    /// At the counter of the city hall.
    Counter,
    /// The same role in every agency that has a guide.
    EveryAgency(Role),
}

const PASSWORD: &str = "sample-city-2026";
const CITY: &str = "340700000000";

#[rustfmt::skip]
const PERSONAS: &[Persona] = &[
    Persona { slug: "resident", name: "林晓岚", id_number: "340705199105125280", mobile: "13900000001", residence: "340705005002", posts: Posts::None },
    Persona { slug: "second_resident", name: "周永年", id_number: "340705194303084130", mobile: "13900000002", residence: "340705005004", posts: Posts::None },
    Persona { slug: "agent", name: "方书文", id_number: "340705199309206357", mobile: "13900000003", residence: "340705005006", posts: Posts::None },
    Persona { slug: "counter_officer", name: "邹明启", id_number: "340702198802147166", mobile: "13900000011", residence: CITY, posts: Posts::Counter },
    Persona { slug: "handler", name: "韦承安", id_number: "340702198506118299", mobile: "13900000012", residence: CITY, posts: Posts::EveryAgency(Role::Handler) },
    Persona { slug: "reviewer", name: "柏若川", id_number: "340702197911039143", mobile: "13900000013", residence: CITY, posts: Posts::EveryAgency(Role::Reviewer) },
    Persona { slug: "approver", name: "殷正衡", id_number: "340702197207253277", mobile: "13900000014", residence: CITY, posts: Posts::EveryAgency(Role::Approver) },
    Persona { slug: "supervisor", name: "施望山", id_number: "340702196904302180", mobile: "13900000015", residence: CITY, posts: Posts::City(Role::Supervisor) },
    Persona { slug: "editor", name: "文若溪", id_number: "340702199204118466", mobile: "13900000019", residence: CITY, posts: Posts::City(Role::CatalogueEditor) },
    Persona { slug: "publisher", name: "闻知白", id_number: "340702199008175455", mobile: "13900000016", residence: CITY, posts: Posts::City(Role::CataloguePublisher) },
    Persona { slug: "admin", name: "庄立成", id_number: "340702198701226316", mobile: "13900000017", residence: CITY, posts: Posts::City(Role::Administrator) },
    Persona { slug: "auditor", name: "祝镜清", id_number: "340702197609091522", mobile: "13900000018", residence: CITY, posts: Posts::City(Role::Auditor) },
];

/// Certificates the residents hold already, as the police would have issued them.
const HELD: &[(&str, &str, &str)] = &[
    ("11100000MBWXT0001A001", "居民身份证", "Resident identity card"),
    (HOUSEHOLD_REGISTER, "居民户口簿", "Household register"),
];
const HOUSEHOLD_REGISTER: &str = "11100000MBWXT0001A002";
/// Whose register names which child, and its number.
const CHILDREN: &[(&str, &str, &str)] = &[("resident", "林亦辰", "340705201208144513")];
const POLICE: &str = "11340705MBWXT0111D";

struct Registration {
    slug: &'static str,
    zh: &'static str,
    en: &'static str,
    channel: Channel,
    counter: Option<&'static str>,
    has_secret: bool,
    staff: bool,
}

#[rustfmt::skip]
const CLIENTS: &[Registration] = &[
    Registration { slug: "web", zh: "万事通网页", en: "Wanshitong website", channel: Channel::Web, counter: None, has_secret: false, staff: true },
    Registration { slug: "mini_program", zh: "万事通小程序", en: "Wanshitong mini-program", channel: Channel::MiniProgram, counter: None, has_secret: false, staff: true },
    Registration { slug: "kiosk", zh: "自助终端", en: "Self-service kiosk", channel: Channel::Kiosk, counter: Some("kiosk-340700-1"), has_secret: false, staff: true },
    Registration { slug: "counter", zh: "窗口工作台", en: "Counter desktop", channel: Channel::Counter, counter: Some("hall-340700"), has_secret: false, staff: true },
    Registration { slug: "hotline", zh: "12345 热线工作台", en: "12345 hotline desk", channel: Channel::Hotline, counter: None, has_secret: false, staff: true },
    Registration { slug: "third_party", zh: "铜城通（第三方应用）", en: "Copper City app (third party)", channel: Channel::ThirdParty, counter: None, has_secret: true, staff: false },
];

/// The sector of the third party's pairwise subjects.
const SECTOR: &str = "copper-city.example";

/// Ids of the demo are derived from what they name, so that a second start finds them.
fn id_of(kind: &str, slug: &str, ctx: &Ctx) -> Uuid {
    let digest = ctx.store.vault().blind_index("demo.id", &format!("{kind}:{slug}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(digest.get(..16).unwrap_or(&[0; 16]));
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn secret_of(slug: &str, ctx: &Ctx) -> Secret {
    Secret::presented(hex(&ctx.store.vault().blind_index("demo.secret", slug)))
}

fn built_in<T>(parsed: Result<T, crate::domain::codes::CodeError>) -> AppResult<T> {
    parsed.map_err(|error| AppError::Internal(format!("sample data: {}", error.detail.en)))
}

/// Makes persons, accounts, posts, the agent's mandate, and the certificates held.
pub async fn settle(ctx: &Ctx) -> AppResult<()> {
    let at = ctx.clock.now();
    let mut changes = Changes::new();
    let agencies = agencies_with_guides(ctx).await?;
    for persona in PERSONAS {
        let person = person(persona, ctx, at)?;
        let mobile = built_in(Mobile::parse(persona.mobile))?;
        let owner = Owner { mobile: &mobile, name: Some(persona.name) };
        let password = PasswordProfile::Asvs
            .choose(PASSWORD, owner, "/password")
            .map_err(|errors| AppError::Internal(format!("sample password: {errors:?}")))?;
        let account = AccountRecord {
            id: id_of("account", persona.slug, ctx),
            person: person.id,
            mobile,
            password_hash: Some(ctx.identity.hash_password(password).await?),
            level: Level { ial: persona_ial()?, until: None },
            language: None,
            created_at: at,
            closed_at: None,
            version: 1,
        };
        changes
            .write(PeopleWrite::InsertPerson(PersonRow::seal(&person, ctx.store.vault())?))
            .write(PeopleWrite::InsertAccount(AccountRow::seal(&account, ctx.store.vault())))
            .write(PeopleWrite::InsertProof(proof(&account, at)?));
        for post in posts(persona, &agencies, at)? {
            changes.write(PeopleWrite::InsertPost { account: account.id, post });
        }
        if matches!(persona.posts, Posts::None) {
            hold_certificates(ctx, persona.slug, &person, at, &mut changes)?;
        }
    }
    let new = NewMandate {
        id: id_of("mandate", "resident-agent", ctx),
        principal: id_of("person", "resident", ctx),
        terms: Terms { guides: None, from: at, until: None, may_delegate: false },
        evidence: None,
        granted_by: Some(id_of("account", "resident", ctx)),
    };
    let mandate = Mandate::settled(new, MandateKind::Agency, id_of("person", "agent", ctx), at);
    changes
        .write(PeopleWrite::InsertMandate(MandateRow::seal(&mandate, ctx.store.vault())))
        .write(Epoch::Identity);
    Ok(ctx.store.commit(changes).await?)
}

fn person(persona: &Persona, ctx: &Ctx, at: DateTime<Utc>) -> AppResult<PersonRecord> {
    let number = built_in(ResidentId::parse(persona.id_number))?;
    Ok(PersonRecord {
        id: id_of("person", persona.slug, ctx),
        applicant: Applicant {
            kind: ApplicantKind::NaturalPerson,
            name: persona.name.to_owned(),
            birth_date: Some(number.birth_date()),
            gender: Some(number.gender()),
            id_number: Some(IdNumber::ResidentId(number)),
            residence: Some(built_in(RegionCode::parse(persona.residence))?),
            mobile: Some(built_in(Mobile::parse(persona.mobile))?),
            ial: persona_ial()?.get(),
            verified: BTreeSet::from([
                Attribute::Name,
                Attribute::IdNumber,
                Attribute::BirthDate,
                Attribute::Gender,
                Attribute::Residence,
            ]),
        },
        ial_until: None,
        created_at: at,
        version: 1,
    })
}

/// How well the personas are known.
fn persona_ial() -> AppResult<Ial> {
    Ial::new(3).ok_or_else(|| AppError::Internal("sample data: ial 3".to_owned()))
}

/// What the personas are known by; longer than anybody moves the test clock.
fn proof(account: &AccountRecord, at: DateTime<Utc>) -> AppResult<IdentityProof> {
    Ok(IdentityProof {
        id: new_id(at),
        person: account.person,
        account: Some(account.id),
        ial: persona_ial()?,
        method: ProofMethod::FaceMatch,
        evidence: "sample".to_owned(),
        verifier: Verifier::Registry,
        at,
        expires_at: at + TimeDelta::days(100 * 365),
        withdrawn_at: None,
    })
}

/// The personas as the population registry knows them: name, number, residence.
pub(super) fn residents() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    PERSONAS.iter().map(|persona| (persona.name, persona.id_number, persona.residence))
}

async fn agencies_with_guides(ctx: &Ctx) -> AppResult<BTreeSet<Uscc>> {
    let lines = ctx.catalogue.lines().await?;
    let codes: BTreeSet<&str> = lines.iter().map(|line| line.agency.as_str()).collect();
    codes.into_iter().map(|code| built_in(Uscc::parse(code))).collect()
}

fn posts(persona: &Persona, agencies: &BTreeSet<Uscc>, at: DateTime<Utc>) -> AppResult<Vec<Post>> {
    let city = built_in(RegionCode::parse(CITY))?;
    let post = |role, agency: Option<&Uscc>, counter: Option<&str>| Post {
        id: new_id(at),
        role,
        agency: agency.cloned(),
        region: city.clone(),
        counter: counter.map(str::to_owned),
        valid_from: at,
        valid_until: None,
    };
    Ok(match persona.posts {
        Posts::None => Vec::new(),
        Posts::City(role) => vec![post(role, None, None)],
        Posts::Counter => vec![post(Role::CounterOfficer, None, Some("hall-340700"))],
        Posts::EveryAgency(role) => agencies.iter().map(|agency| post(role, Some(agency), None)).collect(),
    })
}

fn children_of(slug: &str) -> AppResult<Vec<HouseholdMember>> {
    let own = CHILDREN.iter().filter(|(parent, _, _)| *parent == slug);
    own.map(|(_, name, number)| {
        Ok(HouseholdMember {
            name: (*name).to_owned(),
            number: built_in(ResidentId::parse(number))?,
            relation: Kinship::Child,
        })
    })
    .collect()
}

fn hold_certificates(
    ctx: &Ctx,
    slug: &str,
    person: &PersonRecord,
    at: DateTime<Utc>,
    changes: &mut Changes,
) -> AppResult<()> {
    let issuer = built_in(Uscc::parse(POLICE))?;
    for (type_code, zh, en) in HELD {
        let certificate_type = built_in(CertificateType::parse(type_code))?;
        let name = Text::new(*zh, *en);
        let mut sealed = certificates::take_over(ctx, person, certificate_type, name, &issuer, at)?;
        if *type_code == HOUSEHOLD_REGISTER {
            sealed.certificate.household = children_of(slug)?;
        }
        changes.insert_certificate(&sealed, ctx.store.vault())?;
    }
    Ok(())
}

/// Registers the demo's clients, with redirect addresses at `base_url`.
pub async fn register_clients(ctx: &Ctx, base_url: &str) -> AppResult<()> {
    let at = ctx.clock.now();
    let mut clients = Vec::new();
    for registration in CLIENTS {
        let scopes = if registration.staff {
            "openid profile cases staff offline_access"
        } else {
            "openid profile cases offline_access"
        };
        let mut grants =
            BTreeSet::from([Grant::AuthorizationCode, Grant::RefreshToken, Grant::TokenExchange]);
        if registration.has_secret {
            grants.insert(Grant::ClientCredentials);
        }
        if registration.channel == Channel::Kiosk {
            grants.insert(Grant::DeviceCode);
        }
        let third_party = registration.channel == Channel::ThirdParty;
        clients.push(Client {
            id: built_in(ClientId::parse(registration.slug))?,
            name: Text::new(registration.zh, registration.en),
            channel: registration.channel,
            counter: registration
                .counter
                .map(CounterCode::parse)
                .transpose()
                .map_err(|error| AppError::Internal(format!("sample client: {}", error.detail.en)))?,
            authentication: if registration.has_secret {
                Authentication::Secret(secret_of(registration.slug, ctx).digest())
            } else {
                Authentication::Public
            },
            redirect_uris: redirect_uris(base_url)
                .iter()
                .map(|uri| built_in(RedirectUri::parse(uri)))
                .collect::<AppResult<_>>()?,
            post_logout_redirect_uris: vec![built_in(RedirectUri::parse(&format!("{base_url}/")))?],
            backchannel_logout_uri: None,
            grants,
            scopes: ScopeSet::parse(scopes).map_err(AppError::Internal)?,
            sector: third_party.then(|| SECTOR.to_owned()),
            require_dpop: false,
            require_par: false,
            created_at: at,
            disabled_at: None,
            version: 1,
        });
    }
    ctx.identity.put_clients(clients, at).await
}

fn redirect_uris(base_url: &str) -> Vec<String> {
    vec![format!("{base_url}/callback"), "http://127.0.0.1:3000/callback".to_owned()]
}

/// The sheet a newcomer is handed, with a token for every persona through every client.
pub async fn sheet(ctx: &Ctx, base_url: &str) -> AppResult<DemoSheet> {
    let at = ctx.clock.now();
    let lines = ctx.catalogue.lines().await?;
    let mut guides: Vec<String> = lines.iter().map(|line| line.code.clone()).collect();
    guides.sort();
    let mut sheet = DemoSheet {
        base_url: base_url.to_owned(),
        personas: BTreeMap::new(),
        clients: BTreeMap::new(),
        tokens: BTreeMap::new(),
        guides,
    };
    for registration in CLIENTS {
        sheet.clients.insert(
            registration.slug.to_owned(),
            ClientSheet {
                client_id: registration.slug.to_owned(),
                channel: registration.channel.as_str().to_owned(),
                secret: registration
                    .has_secret
                    .then(|| secret_of(registration.slug, ctx).expose().to_owned()),
                redirect_uris: redirect_uris(base_url),
            },
        );
    }
    for persona in PERSONAS {
        sheet.personas.insert(
            persona.slug.to_owned(),
            PersonaSheet {
                account: persona.mobile.to_owned(),
                password: PASSWORD.to_owned(),
                name: persona.name.to_owned(),
                person_id: id_of("person", persona.slug, ctx).to_string(),
            },
        );
        for registration in CLIENTS {
            let token = token(ctx, persona, registration, at)?;
            sheet.tokens.insert(format!("{}@{}", persona.slug, registration.slug), token);
        }
    }
    Ok(sheet)
}

fn token(ctx: &Ctx, persona: &Persona, client: &Registration, at: DateTime<Utc>) -> AppResult<String> {
    let scopes = if client.staff { "openid profile cases staff" } else { "openid profile cases" };
    let level = |wrong: String| AppError::Internal(wrong);
    let assurance = Assurance {
        ial: Ial::new(3).ok_or_else(|| level("ial 3".into()))?,
        aal: Aal::new(2).ok_or_else(|| level("aal 2".into()))?,
    };
    let client = built_in(ClientId::parse(client.slug))?;
    let scopes = ScopeSet::parse(scopes).map_err(AppError::Internal)?;
    ctx.identity.issue_demo_token(id_of("account", persona.slug, ctx), &client, scopes, assurance, at)
}
