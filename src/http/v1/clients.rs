//! `/clients`: 接入应用, registered and changed by administrators. A secret is
//! shown in the one answer that tells of its making.

use actix_web::http::header::{CACHE_CONTROL, ETAG, LOCATION};
use actix_web::{HttpResponse, get, post, put, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Page, PageQuery, TextBody, TextView};
use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::identity::clients::{self, ProvesItselfBy, Registered, Registration};
use crate::domain::codes::{CodeError, CounterCode};
use crate::domain::identity::{
    Authentication, Channel, Client, ClientId, Grant, KeySet, RedirectUri, Scope, ScopeSet,
};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;
use crate::http::extract::{Body, IfMatch, OnceKey, Query, etag, mark_replay};
use crate::http::problem::{Code, Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// How a client proves itself at the token endpoint.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationKind {
    None,
    /// A secret this portal makes.
    ClientSecret,
    /// RFC 7523, with the keys in `jwks`.
    PrivateKeyJwt,
}

/// A registration. `id` and `channel` are given once and cannot be changed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientBody {
    /// 1–64 small letters, digits, hyphens or underscores.
    pub id: Option<String>,
    /// `web`, `mini_program`, `app`, `kiosk`, `counter`, `hotline` or `third_party`.
    pub channel: Option<String>,
    pub name: TextBody,
    /// Where a kiosk or counter desktop stands.
    pub counter: Option<String>,
    pub authentication: AuthenticationKind,
    /// A JWK set (RFC 7517) with public keys alone; with `private_key_jwt`.
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    /// Grant types, e.g. `authorization_code`.
    pub grants: Vec<String>,
    /// The most it may ask for.
    pub scopes: Vec<String>,
    /// The host within which a third party's subjects are told apart; left out: the
    /// host of its redirect URIs.
    pub sector: Option<String>,
    /// All its tokens are bound to a key of its own (RFC 9449).
    #[serde(default)]
    pub require_dpop: bool,
    /// Its authorization requests come pushed or not at all (RFC 9126).
    #[serde(default)]
    pub require_par: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    pub id: String,
    pub channel: String,
    pub name: TextView,
    pub counter: Option<String>,
    pub authentication: AuthenticationKind,
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<Value>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: Option<String>,
    pub grants: Vec<&'static str>,
    pub scopes: Vec<&'static str>,
    pub sector: Option<String>,
    pub require_dpop: bool,
    pub require_par: bool,
    pub created_at: DateTime<Utc>,
    /// Since when it is switched off.
    pub disabled_at: Option<DateTime<Utc>>,
    /// The secret, in the answer that tells of its making and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl From<&Client> for ClientView {
    fn from(client: &Client) -> Self {
        let texts = |uris: &[RedirectUri]| uris.iter().map(ToString::to_string).collect();
        let (authentication, jwks) = match &client.authentication {
            Authentication::Public => (AuthenticationKind::None, None),
            Authentication::Secret(_) => (AuthenticationKind::ClientSecret, None),
            Authentication::PrivateKeyJwt(keys) => (AuthenticationKind::PrivateKeyJwt, Some(keys.to_json())),
        };
        Self {
            id: client.id.to_string(),
            channel: client.channel.as_str().to_owned(),
            name: client.name.clone().into(),
            counter: client.counter.as_ref().map(ToString::to_string),
            authentication,
            jwks,
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
            backchannel_logout_uri: client.backchannel_logout_uri.as_ref().map(ToString::to_string),
            grants: client.grants.iter().map(|grant| grant.as_str()).collect(),
            scopes: client.scopes.iter().map(Scope::as_str).collect(),
            sector: client.sector.clone(),
            require_dpop: client.require_dpop,
            require_par: client.require_par,
            created_at: client.created_at,
            disabled_at: client.disabled_at,
            secret: None,
        }
    }
}

impl From<&Registered> for ClientView {
    fn from(registered: &Registered) -> Self {
        let secret = registered.secret.as_ref().map(|secret| secret.expose().to_owned());
        Self { secret, ..Self::from(registered.client.as_ref()) }
    }
}

/// Reads fields one by one and keeps everything that is wrong.
#[derive(Default)]
struct Reader(Vec<FieldError>);

impl Reader {
    fn read<T>(&mut self, pointer: &str, parsed: Result<T, CodeError>) -> Option<T> {
        parsed.map_err(|error| self.0.push(FieldError::new(pointer, error.code, error.detail))).ok()
    }

    fn uris(&mut self, pointer: &str, texts: &[String]) -> Vec<RedirectUri> {
        let each = texts.iter().enumerate();
        each.filter_map(|(at, text)| self.read(&format!("{pointer}/{at}"), RedirectUri::parse(text)))
            .collect()
    }

    /// One of a fixed set of words.
    fn word<T>(&mut self, pointer: &str, found: Option<T>, known: &[&str]) -> Option<T> {
        if found.is_none() {
            let known = known.join("、");
            let words =
                Text::new(format!("未知；可用：{known}。"), format!("Unknown; expected one of {known}."));
            self.0.push(FieldError::new(pointer, "not_an_option", words));
        }
        found
    }

    fn required(&mut self, pointer: &str) {
        let words = Text::new("此项必填。", "This is required.");
        self.0.push(FieldError::new(pointer, "required", words));
    }

    fn keys(&mut self, kind: AuthenticationKind, jwks: Option<&Value>) -> Option<ProvesItselfBy> {
        match (kind, jwks) {
            (AuthenticationKind::PrivateKeyJwt, Some(jwks)) => match KeySet::parse(jwks) {
                Ok(keys) => return Some(ProvesItselfBy::Keys(keys)),
                Err(errors) => self.0.extend(errors),
            },
            (AuthenticationKind::PrivateKeyJwt, None) => self.required("/jwks"),
            (AuthenticationKind::None | AuthenticationKind::ClientSecret, Some(_)) => {
                let words = Text::new(
                    "只有 private_key_jwt 方式才登记 jwks。",
                    "Keys are registered with private_key_jwt alone.",
                );
                self.0.push(FieldError::new("/jwks", "not_used", words));
            }
            (AuthenticationKind::None, None) => return Some(ProvesItselfBy::Nothing),
            (AuthenticationKind::ClientSecret, None) => return Some(ProvesItselfBy::Secret),
        }
        None
    }
}

impl ClientBody {
    /// The registration, when every field has the right form.
    fn registration(&self, reader: &mut Reader) -> Option<Registration> {
        let counter = self.counter.as_deref().map(CounterCode::parse).transpose();
        let counter = reader.read("/counter", counter);
        let proves_itself_by = reader.keys(self.authentication, self.jwks.as_ref());
        let redirect_uris = reader.uris("/redirect_uris", &self.redirect_uris);
        let post_logout_redirect_uris =
            reader.uris("/post_logout_redirect_uris", &self.post_logout_redirect_uris);
        let backchannel = self.backchannel_logout_uri.as_deref().map(RedirectUri::parse).transpose();
        let backchannel_logout_uri = reader.read("/backchannel_logout_uri", backchannel);
        let known = Grant::ALL.map(Grant::as_str);
        let grants = self.grants.iter().enumerate();
        let grants = grants
            .filter_map(|(at, text)| reader.word(&format!("/grants/{at}"), Grant::parse(text), &known))
            .collect();
        let known = Scope::ALL.map(Scope::as_str);
        let scopes = self.scopes.iter().enumerate();
        let scopes = scopes
            .filter_map(|(at, text)| reader.word(&format!("/scopes/{at}"), Scope::parse(text), &known))
            .collect::<ScopeSet>();
        Some(Registration {
            name: self.name.clone().into(),
            counter: counter?,
            proves_itself_by: proves_itself_by?,
            redirect_uris,
            post_logout_redirect_uris,
            backchannel_logout_uri: backchannel_logout_uri?,
            grants,
            scopes,
            sector: self.sector.clone(),
            require_dpop: self.require_dpop,
            require_par: self.require_par,
        })
    }

    fn read_new(&self) -> Result<(ClientId, Channel, Registration), Problem> {
        let mut reader = Reader::default();
        let id = match &self.id {
            Some(id) => reader.read("/id", ClientId::parse(id)),
            None => {
                reader.required("/id");
                None
            }
        };
        let known = Channel::ALL.map(Channel::as_str);
        let channel = self.channel.as_deref().and_then(Channel::parse);
        let channel = reader.word("/channel", channel, &known);
        let registration = self.registration(&mut reader);
        match (id, channel, registration) {
            (Some(id), Some(channel), Some(registration)) if reader.0.is_empty() => {
                Ok((id, channel, registration))
            }
            _ => Err(Problem::new(Code::ValidationFailed).errors(reader.0)),
        }
    }

    /// A change of the client with this id.
    fn read_change(&self, id: &str) -> Result<Registration, Problem> {
        let mut reader = Reader::default();
        let fixed = [
            ("/id", self.id.as_deref().is_some_and(|given| given != id)),
            ("/channel", self.channel.is_some()),
        ];
        for (pointer, _) in fixed.into_iter().filter(|(_, given)| *given) {
            let words = Text::new("登记后不能更改，请删除此项。", "This cannot be changed; leave it out.");
            reader.0.push(FieldError::new(pointer, "fixed", words));
        }
        let registration = self.registration(&mut reader).filter(|_| reader.0.is_empty());
        registration.ok_or_else(|| Problem::new(Code::ValidationFailed).errors(reader.0))
    }
}

fn answer(mut answer: actix_web::HttpResponseBuilder, registered: &Registered) -> HttpResponse {
    let version = u64::try_from(registered.client.version).unwrap_or_default();
    answer
        .insert_header((ETAG, etag(version)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(ClientView::from(registered))
}

fn version(IfMatch(version): IfMatch) -> Option<i64> {
    version.map(|version| i64::try_from(version).unwrap_or(i64::MAX))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsQuery {
    limit: Option<i64>,
    after: Option<String>,
}

/// All clients, those switched off included.
#[utoipa::path(tag = "administration", operation_id = "list_clients", params(
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query),
), responses((status = 200, body = Page<ClientView>), (status = "4XX", body = ProblemView)),
    security(("bearer" = [])))]
#[get("/clients")]
pub async fn list_clients(ctx: web::Data<Ctx>, caller: Caller, query: Query<ClientsQuery>) -> Reply {
    let page = PageQuery { limit: query.0.limit, after: query.0.after };
    let limit = page.limit()?;
    let found = clients::list(&ctx, &caller, page.after.as_deref(), limit).await?;
    let items = found.iter().map(|client| ClientView::from(client.as_ref())).collect();
    Ok(HttpResponse::Ok().json(Page::new(items, limit, |view: &ClientView| view.id.clone())))
}

/// Registers a client. With `client_secret` the answer holds the secret, this once.
#[utoipa::path(tag = "administration", operation_id = "register_client", request_body = ClientBody, responses(
    (status = 201, body = ClientView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/clients")]
pub async fn register_client(
    ctx: web::Data<Ctx>,
    caller: Caller,
    once: OnceKey,
    body: Body<ClientBody>,
) -> Reply {
    clients::permit_management(&ctx, &caller)?;
    let (id, channel, registration) = body.value.read_new()?;
    let claim = once.claim(&caller, body.digest);
    let location = format!("/api/v1/clients/{id}");
    let made = clients::register(&ctx, &caller, id, channel, registration, claim.as_ref()).await?;
    let mut response = HttpResponse::Created();
    mark_replay(&mut response, &made);
    response.insert_header((LOCATION, location));
    Ok(answer(response, &made.value))
}

/// One client.
#[utoipa::path(tag = "administration", operation_id = "read_client", responses(
    (status = 200, body = ClientView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[get("/clients/{id}")]
pub async fn read_client(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<String>) -> Reply {
    let client = clients::find(&ctx, &caller, &id).await?;
    Ok(answer(HttpResponse::Ok(), &Registered { client, secret: None }))
}

/// Replaces a registration, whole. A client that keeps proving itself by a secret
/// keeps the secret.
#[utoipa::path(tag = "administration", operation_id = "change_client", request_body = ClientBody, responses(
    (status = 200, body = ClientView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[put("/clients/{id}")]
pub async fn change_client(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<String>,
    expected: IfMatch,
    body: Body<ClientBody>,
) -> Reply {
    clients::permit_management(&ctx, &caller)?;
    let registration = body.value.read_change(&id)?;
    let changed = clients::change(&ctx, &caller, &id, version(expected), registration).await?;
    Ok(answer(HttpResponse::Ok(), &changed))
}

/// Makes a new secret; the one before is good no more. The answer holds it, this once.
#[utoipa::path(tag = "administration", operation_id = "rotate_client_secret", responses(
    (status = 200, body = ClientView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/clients/{id}/rotate-secret")]
pub async fn rotate_client_secret(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<String>,
    expected: IfMatch,
) -> Reply {
    let changed = clients::rotate_secret(&ctx, &caller, &id, version(expected)).await?;
    Ok(answer(HttpResponse::Ok(), &changed))
}

/// 停用: its tokens are good no more, at once here and within a second everywhere.
#[utoipa::path(tag = "administration", operation_id = "disable_client", responses(
    (status = 200, body = ClientView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/clients/{id}/disable")]
pub async fn disable_client(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<String>,
    expected: IfMatch,
) -> Reply {
    let changed = clients::switch(&ctx, &caller, &id, version(expected), false).await?;
    Ok(answer(HttpResponse::Ok(), &changed))
}

/// 启用: switches a client on again.
#[utoipa::path(tag = "administration", operation_id = "enable_client", responses(
    (status = 200, body = ClientView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/clients/{id}/enable")]
pub async fn enable_client(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<String>,
    expected: IfMatch,
) -> Reply {
    let changed = clients::switch(&ctx, &caller, &id, version(expected), true).await?;
    Ok(answer(HttpResponse::Ok(), &changed))
}
