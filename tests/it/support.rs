//! A whole portal for one test: the sample city on a database of its own, served
//! on a real port, with a clock that only the test moves.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use wanshitong::app::demo::{self, DemoSheet};
use wanshitong::app::ports::{PortFuture, Sms};
use wanshitong::app::{Clock, Ctx};
use wanshitong::boot::{self, Parts};
use wanshitong::domain::codes::Mobile;
use wanshitong::domain::text::Text;
use wanshitong::gateways::BlobStore;
use wanshitong::store::{Location, MasterKey, Store, Vault, migrate};

/// A database of a test's own, gone when it is dropped.
pub struct Database {
    pub location: Location,
    pub folder: PathBuf,
    drop_on: Option<(String, String)>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = std::env::temp_dir().join(format!("wanshitong-{}", unique()));
        std::fs::create_dir_all(&folder).unwrap();
        let location = Location::parse(&format!("sqlite:{}", folder.join("portal.db").display())).unwrap();
        migrate(&location).unwrap();
        Self { location, folder, drop_on: None }
    }

    /// A fresh database in the cluster at `WST_TEST_POSTGRES`.
    pub fn postgres() -> Self {
        use diesel::{Connection as _, RunQueryDsl as _};
        let url = std::env::var("WST_TEST_POSTGRES").expect("run tests/run: it starts PostgreSQL and sets WST_TEST_POSTGRES");
        let name = format!("wst_{}", unique());
        let mut conn = diesel::PgConnection::establish(&url).unwrap();
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut conn).unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let location = Location::parse(&format!("{server}/{name}")).unwrap();
        migrate(&location).unwrap();
        let folder = std::env::temp_dir().join(format!("wanshitong-{}", unique()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { location, folder, drop_on: Some((url, name)) }
    }

    pub fn open(&self, key: &MasterKey) -> Store {
        Store::open(&self.location, Vault::new(key), 2).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        use diesel::{Connection as _, RunQueryDsl as _};
        let _ = std::fs::remove_dir_all(&self.folder);
        if let Some((url, name)) = &self.drop_on
            && let Ok(mut conn) = diesel::PgConnection::establish(url)
        {
            let _ = diesel::sql_query(format!("DROP DATABASE {name} WITH (FORCE)")).execute(&mut conn);
        }
    }
}

fn unique() -> String {
    uuid::Uuid::from_bytes(wanshitong::store::random()).simple().to_string()
}

/// The sample city without a web server in front.
pub struct City {
    pub ctx: Ctx,
    pub sheet: DemoSheet,
    pub sms: Arc<RecordedSms>,
    // Dropped last: the store must be closed before its folder goes.
    pub database: Database,
}

/// When every test begins: a Monday morning in China.
pub fn start_of_time() -> DateTime<Utc> {
    "2026-03-02T01:30:00Z".parse().unwrap()
}

impl City {
    pub async fn found(database: Database) -> Self {
        Self::found_at(database, "http://127.0.0.1").await
    }

    pub async fn found_at(database: Database, base_url: &str) -> Self {
        let sms = Arc::new(RecordedSms::default());
        let parts = Parts {
            store: database.open(&MasterKey::random()),
            clock: Clock::from_source(start_of_time),
            sms: sms.clone(),
            blobs: Arc::new(BlobStore::local(&database.folder.join("files")).unwrap()),
            public_url: base_url.to_owned(),
            demo: true,
        };
        let ctx = boot::assemble(parts).await.unwrap();
        let sheet = demo::prepare(&ctx, base_url).await.unwrap();
        Self { ctx, sheet, sms, database }
    }

    /// The code of the sample guide whose file has this name.
    pub fn guide(&self, file: &str) -> String {
        let yaml = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample/guides").join(file),
        )
        .unwrap();
        wanshitong::domain::guides::read_guide(&yaml).unwrap().code.to_string()
    }
}

/// The sample city served on a port.
pub struct Portal {
    pub city: City,
    pub base_url: String,
    http: reqwest::Client,
    server: actix_web::dev::ServerHandle,
}

impl Portal {
    pub async fn open(database: Database) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let city = City::found_at(database, &base_url).await;
        let server = wanshitong::http::serve(city.ctx.clone(), listener, 1).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { city, base_url, http: reqwest::Client::new(), server: handle }
    }

    /// A request as `persona@client`, or as nobody when that is empty.
    pub fn request(&self, who: &str, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base_url));
        match self.city.sheet.tokens.get(who) {
            Some(token) => request.bearer_auth(token),
            None => {
                assert!(who.is_empty(), "there is no token for {who}");
                request
            }
        }
    }

    pub async fn get(&self, who: &str, path: &str) -> Reply {
        Reply::of(self.request(who, "GET", path)).await
    }

    pub async fn post(&self, who: &str, path: &str, body: Value) -> Reply {
        Reply::of(self.request(who, "POST", path).json(&body)).await
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::of(request).await
    }

    pub async fn close(self) {
        self.server.stop(true).await;
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// Null when the body is no JSON.
    pub body: Value,
}

impl Reply {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }
}

/// Keeps messages instead of sending them.
#[derive(Default)]
pub struct RecordedSms {
    pub sent: std::sync::Mutex<Vec<(Mobile, Text)>>,
}

impl Sms for RecordedSms {
    fn send<'a>(&'a self, to: &'a Mobile, text: &'a Text) -> PortFuture<'a, ()> {
        self.sent.lock().unwrap().push((to.clone(), text.clone()));
        Box::pin(async { Ok(()) })
    }
}
