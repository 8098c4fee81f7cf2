//! Two writers who wait for each other on PostgreSQL: the portal's change is the
//! victim, and is written all the same.

use diesel::connection::SimpleConnection as _;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::BigInt;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use wanshitong::store::{Changes, Location, SetSetting};

use crate::support::Database;

fn set(changes: &mut Changes, name: &str, value: &str) {
    changes.write(SetSetting { name: name.to_owned(), value: value.to_owned() });
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut PgConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Count>(conn).unwrap().count
}

#[actix_web::test]
#[ignore = "needs PostgreSQL: tests/run"]
async fn a_change_that_lost_a_deadlock_is_written_after_all_on_postgres() {
    let database = Database::postgres();
    let Location::Postgres(url) = &database.location else { panic!("this is PostgreSQL") };
    // Time enough between the portal's waiting and its looking for a deadlock to close
    // the circle. The stranger never looks, so that he is never the victim.
    database.tamper("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET deadlock_timeout = 3000', current_database()); END $$");
    let store = database.open();
    let mut both = Changes::new();
    set(&mut both, "first", "before");
    set(&mut both, "second", "before");
    store.commit(both).await.unwrap();

    let mut stranger = PgConnection::establish(url).unwrap();
    stranger
        .batch_execute(
            "SET deadlock_timeout = '1h'; BEGIN; UPDATE settings SET value = 'his' WHERE name = 'second'",
        )
        .unwrap();
    let writing = {
        let store = store.clone();
        let mut changes = Changes::new();
        set(&mut changes, "first", "ours");
        set(&mut changes, "second", "ours");
        actix_web::rt::spawn(async move { store.commit(changes).await })
    };
    let (mut watcher, url) = (PgConnection::establish(url).unwrap(), url.clone());
    let circle = std::thread::spawn(move || {
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while count(&mut watcher, waiting) == 0 {
            std::thread::yield_now();
        }
        stranger.batch_execute("UPDATE settings SET value = 'his' WHERE name = 'first'; COMMIT").unwrap();
    });
    // The portal holds the first and waits for the second, the stranger the other way round.
    writing.await.unwrap().unwrap();
    circle.join().unwrap();
    for name in ["first", "second"] {
        assert_eq!(store.find_setting(name).await.unwrap().as_deref(), Some("ours"), "{name}");
    }
    let mut conn = PgConnection::establish(&url).unwrap();
    let seen = "SELECT deadlocks AS count FROM pg_stat_database WHERE datname = current_database()";
    while count(&mut conn, seen) == 0 {
        // The server tells its statistics a little later.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
