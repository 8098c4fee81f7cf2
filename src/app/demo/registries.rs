//! The registries of the sample city: a population registry and a business registry
//! inside the process, for the demo and for tests. All invented: no name, number or
//! company here is anybody's.

use crate::app::ports::{BusinessRegistry, PopulationRegistry, PortError, PortFuture, Registries};
use crate::domain::codes::{CodeError, RegionCode, ResidentId, Uscc};
use crate::domain::refusal::FieldError;
use crate::domain::registries::{
    Entity, EntityStatus, PersonName, RegisteredNumber, Representative, Resident,
};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// A stand-in that knows the people and companies of the sample city.
pub struct SampleRegistries;

impl SampleRegistries {
    /// Both registries.
    pub fn both() -> Registries {
        let (population, business) = (Arc::new(Self), Arc::new(Self));
        Registries { population: Some(population), business: Some(business) }
    }
}

/// Residents beside the personas: name, number, residence.
#[rustfmt::skip]
const RESIDENTS: &[(&str, &str, &str)] = &[
    ("唐若溪", "340705198804173260", "340705005002"),
    ("许长庚", "340702197509308157", "340705005004"),
    ("罗明霞", "340705199612055424", "340705005006"),
    ("邓启航", "340706200106217330", "340705006001"),
    ("林亦辰", "340705201208144513", "340705005002"),
    ("林知微", "340705200805206247", "340705005004"),
    ("阿依努尔·买买提", "34070519901102768X", "340705005006"),
    ("魏守成", "340702195801232373", "340705005002"),
    ("沈静宜", "340705198303081843", "340705005004"),
    ("陆远山", "340711197007195910", "340705006001"),
    // Bears the name of a persona.
    ("林晓岚", "340702197902113460", "340705005006"),
    ("韩以宁", "340705199910102882", "340705005002"),
    ("钱穆清", "340722196505059131", "340705005004"),
];

struct Company {
    uscc: &'static str,
    name: &'static str,
    status: EntityStatus,
    representative: (&'static str, &'static str),
    /// Whether the registry tells the representative's number or its digest alone.
    tells_number: bool,
    address: &'static str,
    capital_yuan: i64,
}

#[rustfmt::skip]
const COMPANIES: &[Company] = &[
    Company { uscc: "91340705MA8000001C", name: "铜陵市样例商贸有限公司", status: EntityStatus::Active, representative: ("林晓岚", "340705199105125280"), tells_number: true, address: "铜官区样例路 1 号", capital_yuan: 1_000_000 },
    Company { uscc: "91340705MA80000385", name: "铜陵样例餐饮管理有限公司", status: EntityStatus::Active, representative: ("沈静宜", "340705198303081843"), tells_number: true, address: "铜官区样例路 38 号", capital_yuan: 500_000 },
    Company { uscc: "91340705MA80000750", name: "铜陵样例人力资源有限公司", status: EntityStatus::Active, representative: ("林晓岚", "340702197902113460"), tells_number: false, address: "铜官区样例大道 75 号", capital_yuan: 2_000_000 },
    Company { uscc: "91340705MA80001126", name: "铜陵样例建材有限公司", status: EntityStatus::Revoked, representative: ("陆远山", "340711197007195910"), tells_number: true, address: "铜官区样例园 112 号", capital_yuan: 3_000_000 },
    Company { uscc: "91340705MA8000149Y", name: "铜陵样例园艺有限公司", status: EntityStatus::Deregistered, representative: ("林晓岚", "340705199105125280"), tells_number: true, address: "铜官区样例园 149 号", capital_yuan: 100_000 },
    Company { uscc: "91340705MA8000186R", name: "铜陵样例文化传播有限公司", status: EntityStatus::Active, representative: ("周永年", "340705194303084130"), tells_number: false, address: "铜官区样例街 186 号", capital_yuan: 800_000 },
];

const DISTRICT: &str = "340705000000";
const FEN: i64 = 100;

fn wrong(error: impl Into<SampleError>) -> PortError {
    PortError::Rejected(format!("sample data: {}", error.into().0))
}

struct SampleError(String);

impl From<CodeError> for SampleError {
    fn from(error: CodeError) -> Self {
        Self(error.detail.en)
    }
}

impl From<FieldError> for SampleError {
    fn from(error: FieldError) -> Self {
        Self(error.detail.en)
    }
}

fn resident(name: &PersonName, number: &ResidentId) -> Result<Option<Resident>, PortError> {
    let personas = super::people::residents();
    let mut all = RESIDENTS.iter().copied().chain(personas);
    let Some((_, _, residence)) =
        all.find(|(known, registered, _)| name.is(known) && *registered == number.expose())
    else {
        return Ok(None);
    };
    Ok(Some(Resident {
        name: name.clone(),
        birth_date: number.birth_date(),
        gender: number.gender(),
        residence: Some(RegionCode::parse(residence).map_err(wrong)?),
    }))
}

fn entity(uscc: &Uscc) -> Result<Option<Entity>, PortError> {
    let Some(company) = COMPANIES.iter().find(|company| company.uscc == uscc.as_str()) else {
        return Ok(None);
    };
    let (name, number) = company.representative;
    let number = ResidentId::parse(number).map_err(wrong)?;
    Ok(Some(Entity {
        uscc: uscc.clone(),
        name: company.name.to_owned(),
        status: company.status,
        representative: Representative {
            name: PersonName::parse("/name", name).map_err(wrong)?,
            number: match company.tells_number {
                true => RegisteredNumber::Plain(number),
                false => RegisteredNumber::Sha256(Sha256::digest(number.expose().as_bytes()).into()),
            },
        },
        region: Some(RegionCode::parse(DISTRICT).map_err(wrong)?),
        address: Some(company.address.to_owned()),
        registered_capital_fen: Some(company.capital_yuan * FEN),
    }))
}

impl PopulationRegistry for SampleRegistries {
    fn find<'a>(&'a self, name: &'a PersonName, number: &'a ResidentId) -> PortFuture<'a, Option<Resident>> {
        Box::pin(async move { resident(name, number) })
    }
}

impl BusinessRegistry for SampleRegistries {
    fn find<'a>(&'a self, uscc: &'a Uscc) -> PortFuture<'a, Option<Entity>> {
        Box::pin(async move { entity(uscc) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_and_every_company_of_the_sample_reads() {
        for (name, number, _) in RESIDENTS.iter().copied().chain(super::super::people::residents()) {
            let name = PersonName::parse("/name", name).unwrap();
            let found = resident(&name, &ResidentId::parse(number).unwrap()).unwrap().unwrap();
            assert_eq!(found.name, name);
        }
        for company in COMPANIES {
            let found = entity(&Uscc::parse(company.uscc).unwrap()).unwrap().unwrap();
            let (name, number) = company.representative;
            assert!(found.representative.is(name, &ResidentId::parse(number).unwrap()), "{name}");
        }
    }

    #[test]
    fn nobody_is_known_by_a_name_or_a_number_alone() {
        let number = ResidentId::parse(RESIDENTS[0].1).unwrap();
        let other = PersonName::parse("/name", RESIDENTS[1].0).unwrap();
        assert_eq!(resident(&other, &number).unwrap(), None);
    }
}
