//! The sample city as it stands when it was just founded. Founding it takes seconds
//! and gives the same every time, so it is done once and every test gets a copy.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use wanshitong::app::{Settings, demo};
use wanshitong::store::{Location, MasterKey};

use super::{Database, RecordedSms, instance};

/// What the copies are sealed with, and so every database of a test.
pub static KEY: LazyLock<MasterKey> = LazyLock::new(MasterKey::random);

/// Makes an empty database one in which the city has been founded.
pub fn copy_into(database: &Database) {
    match &database.location {
        Location::Sqlite(path) => copy_file(Path::new(path)),
        Location::Postgres(_) => copy_database(database),
    }
}

fn copy_file(path: &Path) {
    static FOUNDED: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = FOUNDED.get_or_init(|| {
        let database = found(Database::sqlite());
        let Location::Sqlite(path) = &database.location else { panic!("this is SQLite") };
        // All of it must be in the one file: nothing is left in the log beside it.
        database.tamper("PRAGMA wal_checkpoint(TRUNCATE)");
        std::fs::read(path).unwrap()
    });
    for beside in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let _ = std::fs::remove_file(name);
    }
    std::fs::write(path, bytes).unwrap();
}

fn copy_database(database: &Database) {
    static FOUNDED: OnceLock<Database> = OnceLock::new();
    let founded = FOUNDED.get_or_init(|| found(Database::postgres()));
    let (url, from) = founded.drop_on.as_ref().unwrap();
    let (_, to) = database.drop_on.as_ref().unwrap();
    let mut conn = PgConnection::establish(url).unwrap();
    for statement in [format!("DROP DATABASE {to}"), format!("CREATE DATABASE {to} TEMPLATE {from}")] {
        diesel::sql_query(statement).execute(&mut conn).unwrap();
    }
}

/// On a thread of its own, for there may be a runtime on this one.
fn found(database: Database) -> Database {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (sms, url) = (Arc::new(RecordedSms::default()), "http://127.0.0.1");
            let ctx = instance(&database, url, sms, Settings::demo()).await;
            demo::prepare(&ctx, url).await.unwrap();
        });
        database
    })
    .join()
    .unwrap()
}
