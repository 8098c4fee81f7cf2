//! 接入应用 as rows. Lists are kept as words with a blank or a line between.

use diesel::prelude::*;

use crate::domain::codes::CounterCode;
use crate::domain::identity::{
    Authentication, Channel, Client, ClientId, Grant, KeySet, RedirectUri, ScopeSet,
};
use crate::domain::text::Text;
use crate::store::Store;
use crate::store::conn::Conn;
use crate::store::error::{Error, Result};
use crate::store::schema::clients;
use crate::store::types::At;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = clients, treat_none_as_null = true, treat_none_as_default_value = false)]
struct ClientRow {
    id: String,
    name_zh: String,
    name_en: String,
    channel: String,
    counter: Option<String>,
    secret_digest: Option<Vec<u8>>,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    grants: String,
    scopes: String,
    created_at: At,
    disabled_at: Option<At>,
    jwks: Option<String>,
    sector: Option<String>,
    backchannel_logout_uri: Option<String>,
    require_dpop: i32,
    require_par: i32,
    version: i64,
}

impl ClientRow {
    fn new(client: &Client) -> Self {
        let lines =
            |uris: &[RedirectUri]| uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>().join("\n");
        Self {
            id: client.id.to_string(),
            name_zh: client.name.zh.clone(),
            name_en: client.name.en.clone(),
            channel: client.channel.as_str().to_owned(),
            counter: client.counter.as_ref().map(ToString::to_string),
            secret_digest: match &client.authentication {
                Authentication::Secret(digest) => Some(digest.to_vec()),
                Authentication::Public | Authentication::PrivateKeyJwt(_) => None,
            },
            redirect_uris: lines(&client.redirect_uris),
            post_logout_redirect_uris: lines(&client.post_logout_redirect_uris),
            grants: client.grants.iter().map(|grant| grant.as_str()).collect::<Vec<_>>().join(" "),
            scopes: client.scopes.to_string(),
            created_at: At(client.created_at),
            disabled_at: client.disabled_at.map(At),
            jwks: match &client.authentication {
                Authentication::PrivateKeyJwt(keys) => Some(keys.to_json().to_string()),
                Authentication::Public | Authentication::Secret(_) => None,
            },
            sector: client.sector.clone(),
            backchannel_logout_uri: client.backchannel_logout_uri.as_ref().map(ToString::to_string),
            require_dpop: i32::from(client.require_dpop),
            require_par: i32::from(client.require_par),
            version: client.version,
        }
    }

    fn into_client(self) -> Result<Client> {
        let read = || {
            let uris = |lines: &str| {
                lines.lines().map(|line| RedirectUri::parse(line).ok()).collect::<Option<Vec<_>>>()
            };
            Some(Client {
                id: ClientId::parse(&self.id).ok()?,
                name: Text::new(&self.name_zh, &self.name_en),
                channel: Channel::parse(&self.channel)?,
                counter: self.counter.as_deref().map(CounterCode::parse).transpose().ok()?,
                authentication: match (&self.secret_digest, &self.jwks) {
                    (None, None) => Authentication::Public,
                    (Some(digest), None) => Authentication::Secret(digest.as_slice().try_into().ok()?),
                    (None, Some(keys)) => {
                        let keys = serde_json::from_str(keys).ok()?;
                        Authentication::PrivateKeyJwt(KeySet::parse(&keys).ok()?)
                    }
                    (Some(_), Some(_)) => return None,
                },
                redirect_uris: uris(&self.redirect_uris)?,
                post_logout_redirect_uris: uris(&self.post_logout_redirect_uris)?,
                backchannel_logout_uri: self
                    .backchannel_logout_uri
                    .as_deref()
                    .map(RedirectUri::parse)
                    .transpose()
                    .ok()?,
                grants: self.grants.split_whitespace().map(Grant::parse).collect::<Option<_>>()?,
                scopes: ScopeSet::parse(&self.scopes).ok()?,
                sector: self.sector.clone(),
                require_dpop: self.require_dpop != 0,
                require_par: self.require_par != 0,
                created_at: self.created_at.0,
                disabled_at: self.disabled_at.map(|at| at.0),
                version: self.version,
            })
        };
        read().ok_or_else(|| Error::corrupt("clients", &self.id, "it is no client"))
    }
}

pub(super) fn put(conn: &mut Conn, client: &Client) -> QueryResult<bool> {
    diesel::delete(clients::table.filter(clients::id.eq(client.id.as_str()))).execute(conn)?;
    insert(conn, client)
}

/// Registers one whose id nobody has.
pub(super) fn insert(conn: &mut Conn, client: &Client) -> QueryResult<bool> {
    diesel::insert_into(clients::table).values(ClientRow::new(client)).execute(conn).map(|n| n == 1)
}

/// Replaces a registration that is still at the version before.
pub(super) fn update(conn: &mut Conn, client: &Client) -> QueryResult<bool> {
    let before = clients::table
        .filter(clients::id.eq(client.id.as_str()))
        .filter(clients::version.eq(client.version - 1));
    diesel::update(before).set(ClientRow::new(client)).execute(conn).map(|n| n == 1)
}

impl Store {
    pub async fn list_clients(&self) -> Result<Vec<Client>> {
        let rows: Vec<ClientRow> = self
            .read(|conn| Ok(clients::table.order(clients::id).select(ClientRow::as_select()).load(conn)?))
            .await?;
        rows.into_iter().map(ClientRow::into_client).collect()
    }
}
