//! A portal of its own for each test: fresh database, a clock that stands until
//! it is moved, messages that are kept instead of sent.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::{Client as Http, Response};
use serde_json::{Value, json};
use wanshitong::app::ports::{Blobs, PortFuture, Sms};
use wanshitong::app::{Clock, Ctx};
use wanshitong::boot::{Parts, assemble};
use wanshitong::domain::codes::Mobile;
use wanshitong::domain::identity::{
    Authentication, Channel, Client, ClientId, Grant, RedirectUri, ScopeSet, Secret,
};
use wanshitong::domain::text::Text;
use wanshitong::gateways::HttpSignOuts;
use wanshitong::store::{Location, MasterKey, Store, Vault, migrate};

pub const CALLBACK: &str = "https://app.example.cn/callback";
pub const SHOP_SECRET: &str = "the secret of the shop, long enough";
pub const PASSWORD: &str = "correct horse battery";

#[derive(Default)]
pub struct KeptSms(Mutex<Vec<(String, String)>>);

impl Sms for KeptSms {
    fn send<'a>(&'a self, to: &'a Mobile, text: &'a Text) -> PortFuture<'a, ()> {
        self.0.lock().unwrap().push((to.to_string(), text.en.clone()));
        Box::pin(async { Ok(()) })
    }
}

struct NoBlobs;

impl Blobs for NoBlobs {
    fn put<'a>(&'a self, _: uuid::Uuid, _: &'a str, _: Bytes) -> PortFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn get<'a>(&'a self, _: uuid::Uuid, _: &'a str) -> PortFuture<'a, Option<Bytes>> {
        Box::pin(async { Ok(None) })
    }

    fn drop_folder<'a>(&'a self, _: uuid::Uuid) -> PortFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

pub struct House {
    pub ctx: Ctx,
    pub sms: Arc<KeptSms>,
    pub url: String,
    pub http: Http,
    folder: PathBuf,
    master: MasterKey,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        crate::logs::assert_clean();
    }
}

fn noon() -> DateTime<Utc> {
    "2026-03-02T04:00:00Z".parse().unwrap()
}

impl House {
    pub async fn build() -> Self {
        Self::build_in(true).await
    }

    pub async fn build_in(demo: bool) -> Self {
        Self::build_as(demo, |address| format!("http://{address}")).await
    }

    /// Known to the world by a host name, as passkeys need it.
    pub async fn build_named() -> Self {
        Self::build_as(true, |address| format!("http://localhost:{}", address.port())).await
    }

    /// Behind a proxy that speaks TLS.
    pub async fn build_behind_tls() -> Self {
        Self::build_as(true, |_| "https://portal.example.cn".to_owned()).await
    }

    async fn build_as(demo: bool, public_url: impl Fn(std::net::SocketAddr) -> String) -> Self {
        crate::logs::watch();
        let folder = std::env::temp_dir().join(format!("wst-identity-{}", wanshitong::app::new_id(noon())));
        std::fs::create_dir_all(&folder).unwrap();
        let master = MasterKey::random();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let sms = Arc::new(KeptSms::default());
        let ctx = open(&folder, &master, &public_url(address), Arc::clone(&sms), demo).await;
        ctx.identity.put_clients(vec![web(), other(), shop(), kiosk()], ctx.clock.now()).await.unwrap();
        let server = wanshitong::http::serve(ctx.clone(), listener, 2).unwrap();
        actix_web::rt::spawn(server);
        let http = Http::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        Self { ctx, sms, url, http, folder, master }
    }

    /// A second instance on the same database.
    pub async fn another_instance(&self) -> Ctx {
        open(&self.folder, &self.master, &self.url, Arc::clone(&self.sms), self.ctx.demo).await
    }

    pub fn advance(&self, duration: &str) {
        self.ctx.clock.advance(wanshitong::domain::time::parse_duration(duration).unwrap());
    }

    pub async fn post(&self, path: &str, body: Value) -> Response {
        self.http.post(format!("{}{path}", self.url)).json(&body).send().await.unwrap()
    }

    pub async fn post_form(&self, path: &str, pairs: &[(&str, &str)]) -> Response {
        self.form_request(path, pairs).send().await.unwrap()
    }

    pub fn form_request(&self, path: &str, pairs: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.http
            .post(format!("{}{path}", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(serde_urlencoded::to_string(pairs).unwrap())
    }

    pub async fn get(&self, path: &str, token: &str) -> Response {
        self.http.get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap()
    }

    pub async fn delete(&self, path: &str, token: &str) -> Response {
        self.http.delete(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap()
    }

    /// The last message to a number.
    pub fn last_message(&self, mobile: &str) -> String {
        let kept = self.sms.0.lock().unwrap();
        kept.iter().rev().find(|(to, _)| to == mobile).map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// The code in the last message to a number.
    pub fn last_code(&self, mobile: &str) -> String {
        let text = self.last_message(mobile);
        let digits = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6);
        digits.unwrap_or_else(|| panic!("no code in `{text}`")).to_owned()
    }

    pub async fn register(&self, mobile: &str) {
        let asked =
            self.post("/api/v1/accounts/sms-codes", json!({"mobile": mobile, "purpose": "register"})).await;
        assert_eq!(asked.status(), 202);
        let code = self.last_code(mobile);
        let body = json!({"mobile": mobile, "code": code, "password": PASSWORD, "name": "王小明"});
        let answer = self.post("/api/v1/accounts", body).await;
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }
}

async fn open(folder: &std::path::Path, master: &MasterKey, url: &str, sms: Arc<KeptSms>, demo: bool) -> Ctx {
    let location = Location::Sqlite(folder.join("portal.sqlite").display().to_string());
    migrate(&location).unwrap();
    assemble(Parts {
        store: Store::open(&location, Vault::new(master), wanshitong::store::Tuning::default()).unwrap(),
        clock: Clock::from_source(noon),
        sms,
        sign_outs: Arc::new(HttpSignOuts::new().unwrap()),
        blobs: Arc::new(NoBlobs),
        registries: wanshitong::app::demo::SampleRegistries::both(),
        public_url: url.to_owned(),
        settings: wanshitong::app::Settings::demo(),
        demo,
    })
    .await
    .unwrap()
}

fn web() -> Client {
    Client {
        id: ClientId::parse("web").unwrap(),
        name: Text::new("网页", "Website"),
        channel: Channel::Web,
        counter: None,
        authentication: Authentication::Public,
        redirect_uris: vec![RedirectUri::parse(CALLBACK).unwrap()],
        post_logout_redirect_uris: vec![RedirectUri::parse("https://app.example.cn/bye").unwrap()],
        backchannel_logout_uri: None,
        grants: BTreeSet::from([Grant::AuthorizationCode, Grant::RefreshToken]),
        scopes: ScopeSet::parse("openid profile cases staff").unwrap(),
        sector: None,
        require_dpop: false,
        require_par: false,
        created_at: noon(),
        disabled_at: None,
        version: 1,
    }
}

fn shop() -> Client {
    Client {
        id: ClientId::parse("shop").unwrap(),
        name: Text::new("某应用", "Some app"),
        channel: Channel::ThirdParty,
        authentication: Authentication::Secret(Secret::presented(SHOP_SECRET).digest()),
        grants: BTreeSet::from(Grant::ALL),
        scopes: ScopeSet::parse("openid profile cases").unwrap(),
        ..web()
    }
}

/// Another app of the portal's own.
fn other() -> Client {
    Client {
        id: ClientId::parse("app").unwrap(),
        name: Text::new("手机应用", "App"),
        channel: Channel::App,
        ..web()
    }
}

fn kiosk() -> Client {
    Client {
        id: ClientId::parse("kiosk").unwrap(),
        name: Text::new("自助终端", "Kiosk"),
        channel: Channel::Kiosk,
        ..web()
    }
}
