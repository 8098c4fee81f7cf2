//! A whole portal for one test: the sample city on a database of its own, served
//! on a real port, with a clock that only the test moves.

mod founded;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use wanshitong::app::demo::{self, DemoSheet};
use wanshitong::app::identity::Caller;
use wanshitong::app::ports::{PortFuture, Sms};
use wanshitong::app::{Clock, Ctx, Settings};
use wanshitong::boot::{self, Parts};
use wanshitong::domain::codes::Mobile;
use wanshitong::domain::text::Text;
use wanshitong::gateways::{BlobStore, HttpSignOuts};
use wanshitong::store::{Location, MasterKey, Store, Tuning, Vault, migrate};

/// A database of a test's own, gone when it is dropped.
pub struct Database {
    pub location: Location,
    pub folder: PathBuf,
    pub key: MasterKey,
    drop_on: Option<(String, String)>,
    /// Nothing was written to it yet.
    is_empty: AtomicBool,
}

impl Database {
    pub fn sqlite() -> Self {
        crate::logs::watch();
        let folder = std::env::temp_dir().join(format!("wanshitong-{}", unique()));
        std::fs::create_dir_all(&folder).unwrap();
        let location = Location::parse(&format!("sqlite:{}", folder.join("portal.db").display())).unwrap();
        migrate(&location).unwrap();
        Self { location, folder, key: founded::KEY.clone(), drop_on: None, is_empty: true.into() }
    }

    /// Of a portal that shares no key with the others.
    pub fn elsewhere() -> Self {
        let mut database = Self::sqlite();
        (database.key, database.is_empty) = (MasterKey::random(), false.into());
        database
    }

    /// A fresh database in the cluster at `WST_TEST_POSTGRES`.
    pub fn postgres() -> Self {
        crate::logs::watch();
        use diesel::{Connection as _, RunQueryDsl as _};
        let url = std::env::var("WST_TEST_POSTGRES")
            .expect("run tests/run: it starts PostgreSQL and sets WST_TEST_POSTGRES");
        let name = format!("wst_{}", unique());
        let mut conn = diesel::PgConnection::establish(&url).unwrap();
        diesel::sql_query(format!("CREATE DATABASE {name}")).execute(&mut conn).unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let location = Location::parse(&format!("{server}/{name}")).unwrap();
        migrate(&location).unwrap();
        let folder = std::env::temp_dir().join(format!("wanshitong-{}", unique()));
        std::fs::create_dir_all(&folder).unwrap();
        let drop_on = Some((url, name));
        Self { location, folder, key: founded::KEY.clone(), drop_on, is_empty: true.into() }
    }

    /// What the disk holds if the process dies now, in a database of its own.
    pub fn as_after_a_crash(&self) -> Self {
        use diesel::Connection as _;
        use diesel::connection::SimpleConnection as _;
        let (mut after, path) = (Self::sqlite(), |of: &Self| of.folder.join("portal.db"));
        (after.key, after.is_empty) = (self.key.clone(), false.into());
        // While somebody reads, no checkpoint moves pages from the log into the file.
        let mut reader = diesel::SqliteConnection::establish(path(self).to_str().unwrap()).unwrap();
        reader.batch_execute("BEGIN; SELECT count(*) FROM settings").unwrap();
        for name in ["portal.db-wal", "portal.db"] {
            std::fs::copy(self.folder.join(name), after.folder.join(name)).unwrap();
        }
        reader.batch_execute("ROLLBACK").unwrap();
        after
    }

    /// Where the files of a case, an application or an upload lie.
    pub fn files_of(&self, owner: &str) -> PathBuf {
        let owner = owner.replace('-', "");
        self.folder.join("files/folders").join(&owner[30..]).join(&owner)
    }

    pub fn open(&self) -> Store {
        self.is_empty.store(false, Ordering::Relaxed);
        Store::open(&self.location, Vault::new(&self.key), Tuning::default()).unwrap()
    }

    /// Runs statements past the portal, as an intruder or a broken disk would.
    pub fn tamper(&self, sql: &str) {
        use diesel::Connection as _;
        use diesel::connection::SimpleConnection as _;
        self.is_empty.store(false, Ordering::Relaxed);
        match &self.location {
            Location::Sqlite(path) => diesel::SqliteConnection::establish(path).unwrap().batch_execute(sql),
            Location::Postgres(url) => diesel::PgConnection::establish(url).unwrap().batch_execute(sql),
        }
        .unwrap();
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
        crate::logs::assert_clean();
    }
}

fn unique() -> String {
    uuid::Uuid::from_bytes(wanshitong::store::random()).simple().to_string()
}

/// The sample city without a web server in front.
pub struct City {
    pub ctx: Ctx,
    pub sheet: Arc<DemoSheet>,
    pub sms: Arc<RecordedSms>,
    // Dropped last: the store must be closed before its folder goes.
    pub database: Arc<Database>,
}

/// When every test begins: a Monday morning in China.
pub fn start_of_time() -> DateTime<Utc> {
    "2026-03-02T01:30:00Z".parse().unwrap()
}

impl City {
    pub async fn found(database: impl Into<Arc<Database>>) -> Self {
        Self::found_at(database, "http://127.0.0.1").await
    }

    pub async fn found_at(database: impl Into<Arc<Database>>, base_url: &str) -> Self {
        Self::found_with(database, base_url, Settings::demo()).await
    }

    /// Where the operator chose otherwise.
    pub async fn found_with(database: impl Into<Arc<Database>>, base_url: &str, settings: Settings) -> Self {
        let database = database.into();
        if database.is_empty.load(Ordering::Relaxed) {
            founded::copy_into(&database);
        }
        let sms = Arc::new(RecordedSms::default());
        let ctx = instance(&database, base_url, sms.clone(), settings).await;
        let sheet = Arc::new(demo::prepare(&ctx, base_url).await.unwrap());
        Self { ctx, sheet, sms, database }
    }

    /// Another running copy of the portal on the same database.
    pub async fn another_instance(&self) -> Self {
        let settings = (*self.ctx.settings).clone();
        let ctx = instance(&self.database, self.ctx.identity.issuer(), self.sms.clone(), settings).await;
        Self { ctx, sheet: self.sheet.clone(), sms: self.sms.clone(), database: self.database.clone() }
    }

    /// The portal after its process died and was started again, at the same time.
    pub async fn after_a_crash(&self) -> Self {
        let database = match self.database.location {
            Location::Sqlite(_) => Arc::new(self.database.as_after_a_crash()),
            Location::Postgres(_) => self.database.clone(),
        };
        let settings = (*self.ctx.settings).clone();
        let ctx = instance(&database, self.ctx.identity.issuer(), self.sms.clone(), settings).await;
        ctx.clock.advance(self.ctx.clock.ahead());
        Self { ctx, sheet: self.sheet.clone(), sms: self.sms.clone(), database }
    }

    /// Whom a token of the sheet stands for.
    pub async fn caller(&self, who: &str) -> Caller {
        self.ctx.identity.caller(&self.ctx, &self.sheet.tokens[who], "a-request".to_owned()).await.unwrap()
    }

    /// The account of a persona.
    pub async fn account(&self, persona: &str) -> uuid::Uuid {
        let mobile = self.sheet.personas[persona].account.parse().unwrap();
        self.ctx.store.find_account_by_mobile(&mobile).await.unwrap().unwrap().id
    }

    /// The person behind a persona.
    pub fn person(&self, persona: &str) -> String {
        self.sheet.personas[persona].person_id.clone()
    }

    /// The code of the sample guide whose file has this name.
    pub fn guide(&self, file: &str) -> String {
        let yaml = std::fs::read_to_string(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample/guides").join(file),
        )
        .unwrap();
        wanshitong::domain::guides::SourceFile::parse(&yaml).code().unwrap().to_owned()
    }
}

async fn instance(database: &Database, base_url: &str, sms: Arc<RecordedSms>, settings: Settings) -> Ctx {
    let parts = Parts {
        store: database.open(),
        clock: Clock::from_source(start_of_time),
        sms,
        sign_outs: Arc::new(HttpSignOuts::new().unwrap()),
        blobs: Arc::new(BlobStore::local(&database.folder.join("files")).unwrap()),
        registries: demo::SampleRegistries::both(),
        public_url: base_url.to_owned(),
        settings,
        demo: true,
    };
    boot::assemble(parts).await.unwrap()
}

/// The sample city served on a port.
pub struct Portal {
    pub city: City,
    pub base_url: String,
    http: reqwest::Client,
    server: actix_web::dev::ServerHandle,
}

impl Portal {
    pub async fn open(database: impl Into<Arc<Database>>) -> Self {
        Self::open_with(database, Settings::demo()).await
    }

    /// Where the operator chose otherwise.
    pub async fn open_with(database: impl Into<Arc<Database>>, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let city = City::found_with(database, &base_url, settings).await;
        Self::serve(city, listener)
    }

    /// Serves a city founded without one.
    pub fn of(city: City) -> Self {
        Self::serve(city, TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// Another instance on the same database, on a port of its own.
    pub async fn beside(&self) -> Self {
        Self::of(self.city.another_instance().await)
    }

    fn serve(city: City, listener: TcpListener) -> Self {
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let server = wanshitong::http::serve(city.ctx.clone(), listener, 1).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { city, base_url, http: http(), server: handle }
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

    pub async fn put_file(&self, who: &str, path: &str, bytes: impl Into<reqwest::Body>) -> Reply {
        Reply::of(self.request(who, "PUT", path).header("x-file-name", "plan.pdf").body(bytes)).await
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        Reply::of(request).await
    }

    /// Sends bytes as they are; gives whatever comes back.
    pub fn raw(&self, request: &str) -> String {
        use std::io::{Read as _, Write as _};
        let mut stream =
            std::net::TcpStream::connect(self.base_url.strip_prefix("http://").unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a body whose length is not announced; gives the answer as it comes,
    /// even when that is before the whole body was read.
    pub fn send_in_chunks(&self, who: &str, method: &str, path: &str, body: &[u8]) -> String {
        use std::io::{Read as _, Write as _};
        let address = self.base_url.strip_prefix("http://").unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let token = &self.city.sheet.tokens[who];
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
        let mut sent = stream.write_all(head.as_bytes());
        for piece in body.chunks(64 * 1024) {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            sent = sent.and_then(|()| stream.write_all(&chunk));
        }
        let _ = sent.and_then(|()| stream.write_all(b"0\r\n\r\n"));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Opens a case as somebody; gives it as it was answered.
    pub async fn open_case(&self, who: &str, body: Value) -> Value {
        self.post(who, "/api/v1/cases", body).await.expect(201)
    }

    /// Performs a command that must succeed.
    pub async fn act(&self, who: &str, case: &str, command: &str, body: Value) -> Value {
        self.post(who, &format!("/api/v1/cases/{case}/{command}"), body).await.expect(200)
    }

    /// Stops serving, as a restart does; gives back what lasts.
    pub async fn close(self) -> Arc<Database> {
        self.server.stop(true).await;
        let City { database, .. } = self.city;
        database
    }
}

/// A client that follows nothing and goes through no proxy.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// Null when the body is no JSON.
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Reply {
    async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.unwrap().to_vec();
        Self { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), bytes }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The answer must be a whole problem document (RFC 9457) of this status.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{:#}", self.body);
        let body = &self.body;
        let code = body["code"].as_str().unwrap();
        assert_eq!(body["type"], format!("urn:wanshitong:problem:{code}"));
        assert_eq!(body["status"], status);
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{body:#}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"));
        assert!(body["request_id"].as_str().is_some_and(|id| id.len() >= 8), "{body:#}");
        for error in body["errors"].as_array().unwrap() {
            for member in ["pointer", "code", "detail"] {
                assert!(error[member].is_string(), "{error:#}");
            }
        }
        self.body
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

/// What 周永年 (`second_resident`, aged 82) enters for the old-age allowance.
pub fn allowance_facts() -> Value {
    json!({
        "pay_by": "social_security_card",
        "account_number": "621700000000000001",
        "no_duplicate": true,
        "truth": true,
    })
}

/// What one enters to put up scaffolding on a footway.
pub fn road_facts() -> Value {
    json!({
        "matter": "occupy",
        "project_name": "房屋外墙维修搭设脚手架",
        "reason": "外墙渗水，需搭设脚手架维修。",
        "place": { "region": "340705005002", "detail": "长江中路北侧，自路口向东六十米" },
        "parts": ["footway"],
        "area": 24,
        "start_date": "2026-03-09",
        "end_date": "2026-03-20",
        "affects_traffic": false,
        "site_manager": "方书文",
        "site_manager_mobile": "13900000003",
        "promise": true,
    })
}

/// A small PDF.
pub const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

/// A resident ID number of nobody: 14 digits of place and birth, a serial, the check digit.
pub fn id_number(place_and_birth: &str, serial: u16) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = format!("{place_and_birth}{serial:03}");
    let sum: u32 =
        digits.chars().zip(WEIGHTS).map(|(digit, weight)| digit.to_digit(10).unwrap() * weight).sum();
    let check = b"10X98765432"[(sum % 11) as usize] as char;
    format!("{digits}{check}")
}

/// The `id` of a case as it was answered.
pub fn id(case: &Value) -> String {
    case["id"].as_str().unwrap().to_owned()
}
