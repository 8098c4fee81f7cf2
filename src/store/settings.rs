//! Facts about the installation, and the epochs by which instances learn that
//! something they cache has changed.

use diesel::prelude::*;

use super::Store;
use super::conn::Conn;
use super::error::Result;
use super::schema::{epochs, settings};

/// Sets one fact, replacing what was there.
#[derive(Debug, Clone)]
pub struct SetSetting {
    pub name: String,
    pub value: String,
}

impl SetSetting {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        diesel::delete(settings::table.filter(settings::name.eq(&self.name))).execute(conn)?;
        diesel::insert_into(settings::table)
            .values((settings::name.eq(&self.name), settings::value.eq(&self.value)))
            .execute(conn)?;
        Ok(true)
    }
}

/// What instances cache. Whoever changes one of these raises its epoch in the
/// same transaction; every instance looks once a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Epoch {
    Catalogue,
    Organisation,
    Identity,
    Calendar,
}

impl Epoch {
    pub const ALL: [Epoch; 4] = [Epoch::Catalogue, Epoch::Organisation, Epoch::Identity, Epoch::Calendar];

    fn name(self) -> &'static str {
        match self {
            Epoch::Catalogue => "catalogue",
            Epoch::Organisation => "organisation",
            Epoch::Identity => "identity",
            Epoch::Calendar => "calendar",
        }
    }

    pub(super) fn raise(self, conn: &mut Conn) -> QueryResult<bool> {
        let row = epochs::table.filter(epochs::name.eq(self.name()));
        if diesel::update(row).set(epochs::value.eq(epochs::value + 1)).execute(conn)? == 0 {
            diesel::insert_into(epochs::table)
                .values((epochs::name.eq(self.name()), epochs::value.eq(1_i64)))
                .execute(conn)?;
        }
        Ok(true)
    }
}

/// Raises an epoch from the value it was read at. Whoever decided on what he read
/// then is `Stale` when anybody else has changed it since.
#[derive(Debug, Clone, Copy)]
pub struct RaiseFrom {
    pub epoch: Epoch,
    pub value: i64,
}

impl RaiseFrom {
    pub(super) fn apply(&self, conn: &mut Conn) -> QueryResult<bool> {
        let name = self.epoch.name();
        let row = epochs::table.filter(epochs::name.eq(name)).filter(epochs::value.eq(self.value));
        if diesel::update(row).set(epochs::value.eq(self.value + 1)).execute(conn)? == 1 {
            return Ok(true);
        }
        let raised: i64 = epochs::table.filter(epochs::name.eq(name)).count().get_result(conn)?;
        if raised > 0 || self.value != 0 {
            return Ok(false);
        }
        diesel::insert_into(epochs::table)
            .values((epochs::name.eq(name), epochs::value.eq(1_i64)))
            .execute(conn)?;
        Ok(true)
    }
}

impl Store {
    pub async fn find_setting(&self, name: &'static str) -> Result<Option<String>> {
        self.read(move |conn| {
            Ok(settings::table
                .filter(settings::name.eq(name))
                .select(settings::value)
                .first(conn)
                .optional()?)
        })
        .await
    }

    /// Whether nobody has put anything into this database yet.
    pub async fn is_empty(&self) -> Result<bool> {
        use super::schema::{catalogue_items, guides, persons, regions};
        self.read(|conn| {
            let mut count: i64 = settings::table.count().get_result(conn)?;
            count += regions::table.limit(1).count().get_result::<i64>(conn)?;
            count += guides::table.limit(1).count().get_result::<i64>(conn)?;
            count += catalogue_items::table.limit(1).count().get_result::<i64>(conn)?;
            count += persons::table.limit(1).count().get_result::<i64>(conn)?;
            Ok(count == 0)
        })
        .await
    }

    /// The present value of one epoch.
    pub async fn epoch(&self, epoch: Epoch) -> Result<i64> {
        self.read(move |conn| {
            let row = epochs::table.filter(epochs::name.eq(epoch.name()));
            Ok(row.select(epochs::value).first(conn).optional()?.unwrap_or(0))
        })
        .await
    }

    /// The present epochs; one that was never raised is 0.
    pub async fn epochs(&self) -> Result<Vec<(Epoch, i64)>> {
        self.read(|conn| {
            let rows: Vec<(String, i64)> = epochs::table.select((epochs::name, epochs::value)).load(conn)?;
            let value = |epoch: Epoch| {
                rows.iter().find(|(name, _)| name == epoch.name()).map_or(0, |(_, value)| *value)
            };
            Ok(Epoch::ALL.into_iter().map(|epoch| (epoch, value(epoch))).collect())
        })
        .await
    }
}
