//! Registries as a test wants them: away, not connected, or saying what it was told.

use std::sync::{Arc, Mutex};

use wanshitong::app::demo::SampleRegistries;
use wanshitong::app::ports::{BusinessRegistry, PopulationRegistry, PortError, PortFuture, Registries};
use wanshitong::domain::codes::{ResidentId, Uscc};
use wanshitong::domain::registries::{
    Entity, EntityStatus, PersonName, RegisteredNumber, Representative, Resident,
};

use crate::identity::desk;
use crate::support::{City, Database, Portal};

/// The sample city's registries, which may be away, and whose word on one company
/// may be changed.
#[derive(Default)]
pub struct Told {
    is_away: Mutex<bool>,
    company: Mutex<Option<Entity>>,
}

impl Told {
    pub fn is_away(&self, away: bool) {
        *self.is_away.lock().unwrap() = away;
    }

    /// From now on a company is led by this person and has this status.
    pub fn says(&self, uscc: &str, status: EntityStatus, name: &str, number: &str) {
        *self.company.lock().unwrap() = Some(Entity {
            uscc: Uscc::parse(uscc).unwrap(),
            name: "铜陵市样例商贸有限公司".to_owned(),
            status,
            representative: Representative {
                name: PersonName::parse("/name", name).unwrap(),
                number: RegisteredNumber::Plain(ResidentId::parse(number).unwrap()),
            },
            region: None,
            address: None,
            registered_capital_fen: None,
        });
    }

    fn answer<T>(&self) -> Option<Result<T, PortError>> {
        let away = *self.is_away.lock().unwrap();
        away.then(|| Err(PortError::Unavailable("switched off".to_owned())))
    }
}

impl PopulationRegistry for Told {
    fn find<'a>(&'a self, name: &'a PersonName, number: &'a ResidentId) -> PortFuture<'a, Option<Resident>> {
        Box::pin(async move {
            match self.answer() {
                Some(answer) => answer,
                None => PopulationRegistry::find(&SampleRegistries, name, number).await,
            }
        })
    }
}

impl BusinessRegistry for Told {
    fn find<'a>(&'a self, uscc: &'a Uscc) -> PortFuture<'a, Option<Entity>> {
        Box::pin(async move {
            if let Some(answer) = self.answer() {
                return answer;
            }
            let told = self.company.lock().unwrap().clone().filter(|entity| entity.uscc == *uscc);
            match told {
                Some(entity) => Ok(Some(entity)),
                None => BusinessRegistry::find(&SampleRegistries, uscc).await,
            }
        })
    }
}

/// A portal connected to these registries.
pub async fn open_with(registries: Registries) -> Portal {
    let mut city = City::found(Database::sqlite()).await;
    city.ctx.registries = registries;
    let portal = Portal::of(city);
    desk::put(&portal.city.ctx, vec![desk::app("app")]).await;
    portal
}

/// A portal whose registries say what they are told.
pub async fn open_told() -> (Portal, Arc<Told>) {
    let told = Arc::new(Told::default());
    let registries = Registries { population: Some(told.clone()), business: Some(told.clone()) };
    (open_with(registries).await, told)
}
