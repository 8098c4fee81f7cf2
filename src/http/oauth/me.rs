//! `/api/v1/me`: one's own account, and where one is signed in.

use actix_web::{HttpResponse, delete, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::Ctx;
use crate::app::identity::Caller;
use crate::app::identity::sessions::{self, OwnSession};
use crate::app::people::account::{self, Me};
use crate::domain::codes::{mask_id, mask_mobile, mask_name};
use crate::domain::policy::Post;
use crate::http::extract::etag;
use crate::http::problem::{Problem, ProblemView};
use crate::http::v1::TextView;
use crate::http::v1::people::{IdentityProofView, OrganizationView};

type Reply = Result<HttpResponse, Problem>;

#[derive(Debug, Serialize, ToSchema)]
pub struct MeView {
    pub account_id: Uuid,
    pub person_id: Uuid,
    /// Masked for third parties; empty when never given.
    pub name: String,
    /// Masked for third parties.
    pub mobile: String,
    /// Always masked.
    pub id_number: Option<String>,
    /// How well the holder of the account is known, 1–4.
    pub ial: u8,
    /// Until when, if nothing more is proven; null: for good.
    pub ial_until: Option<DateTime<Utc>>,
    /// How well this sign-in was, 1–3.
    pub aal: u8,
    /// The client this request came through, and its channel.
    pub client_id: String,
    pub channel: String,
    /// Names with blanks between.
    pub scope: String,
    /// The person this token acts for, and for nobody else; null when it is one's own.
    pub principal: Option<Uuid>,
    pub posts: Vec<PostView>,
    pub mandates: Vec<MandateView>,
    /// `zh-CN` or `en`; null when one never chose.
    pub language: Option<String>,
    /// What shows who one is; for the portal's own clients.
    pub identity_proofs: Vec<IdentityProofView>,
    /// The organisations one acts for; for the portal's own clients.
    pub organizations: Vec<OrganizationView>,
}

/// 岗位
#[derive(Debug, Serialize, ToSchema)]
pub struct PostView {
    pub id: Uuid,
    pub role: String,
    pub agency: Option<String>,
    pub region: String,
    pub counter: Option<String>,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
}

/// 授权 in which the caller is the agent.
#[derive(Debug, Serialize, ToSchema)]
pub struct MandateView {
    pub id: Uuid,
    /// The person he may act for.
    pub principal: Uuid,
    /// Guide codes; null means all.
    pub guides: Option<Vec<String>>,
    pub valid_until: Option<DateTime<Utc>>,
}

impl From<&Post> for PostView {
    fn from(post: &Post) -> Self {
        Self {
            id: post.id,
            role: post.role.as_str().to_owned(),
            agency: post.agency.as_ref().map(ToString::to_string),
            region: post.region.to_string(),
            counter: post.counter.clone(),
            valid_from: post.valid_from,
            valid_until: post.valid_until,
        }
    }
}

impl MeView {
    pub fn new(me: Me, caller: &Caller) -> Self {
        let (name, mobile) = (&me.person.applicant.name, me.account.mobile.as_str());
        let own = caller.client.is_first_party();
        let mandates = caller.actor.mandates.iter().map(|mandate| MandateView {
            id: mandate.id,
            principal: mandate.principal,
            guides: mandate.guides.clone(),
            valid_until: mandate.valid_until,
        });
        Self {
            account_id: me.account.id,
            person_id: me.person.id,
            name: if own { name.clone() } else { mask_name(name) },
            mobile: if own { mobile.to_owned() } else { mask_mobile(mobile) },
            id_number: me.person.applicant.id_number.as_ref().map(|number| mask_id(number.expose())),
            ial: me.ial.get(),
            // What has passed says nothing of what holds now.
            ial_until: me.account.level.until.filter(|_| me.account.level.ial == me.ial),
            aal: caller.aal,
            client_id: caller.client.id.to_string(),
            channel: caller.channel.as_str().to_owned(),
            scope: caller.scopes.to_string(),
            principal: caller.principal,
            posts: caller.actor.posts.iter().map(PostView::from).collect(),
            mandates: mandates.collect(),
            language: me.account.language.map(|language| language.tag().to_owned()),
            identity_proofs: me.proofs.into_iter().map(IdentityProofView::from).collect(),
            organizations: me.organizations.into_iter().map(OrganizationView::from).collect(),
        }
    }
}

/// One's own account.
#[utoipa::path(tag = "identity", operation_id = "me", security(("bearer" = [])), responses(
    (status = 200, body = MeView), (status = "4XX", body = ProblemView)
))]
#[get("/me")]
pub async fn read_me(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let me = account::me(&ctx, &caller).await?;
    let tag = (actix_web::http::header::ETAG, etag(account::version(&me.account)));
    Ok(HttpResponse::Ok().insert_header(tag).json(MeView::new(me, &caller)))
}

/// Somewhere one is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    pub id: Uuid,
    pub client_id: String,
    pub client_name: Option<TextView>,
    pub channel: Option<String>,
    /// Names with blanks between.
    pub scope: String,
    pub aal: u8,
    pub created_at: DateTime<Utc>,
    pub last_used_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// The browser it was begun from; null when there was none, or it is signed out.
    pub browser: Option<BrowserView>,
    /// Whether this request was made with it.
    pub is_current: bool,
}

/// A browser one is signed in at.
#[derive(Debug, Serialize, ToSchema)]
pub struct BrowserView {
    /// The same for every session begun from this sign-in.
    pub id: Uuid,
    /// Browser and system in a few words; empty when it did not say.
    pub user_agent: String,
    pub last_used_at: DateTime<Utc>,
}

impl From<OwnSession> for SessionView {
    fn from(own: OwnSession) -> Self {
        let OwnSession { session, client, browser, is_current } = own;
        Self {
            id: session.id,
            client_id: session.client.to_string(),
            client_name: client.as_ref().map(|client| client.name.clone().into()),
            channel: client.as_ref().map(|client| client.channel.as_str().to_owned()),
            scope: session.scopes.to_string(),
            aal: session.methods.aal().get(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            browser: browser.map(|browser| BrowserView {
                id: browser.id,
                user_agent: browser.user_agent,
                last_used_at: browser.last_used_at,
            }),
            is_current,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsView {
    pub items: Vec<SessionView>,
    /// Always null: all are given at once.
    pub next: Option<String>,
}

/// Where one is signed in, the latest first.
#[utoipa::path(tag = "identity", operation_id = "list_sessions", security(("bearer" = [])), responses(
    (status = 200, body = SessionsView), (status = "4XX", body = ProblemView)
))]
#[get("/me/sessions")]
pub async fn list_sessions(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    let items = sessions::list(&ctx, &caller).await?.into_iter().map(SessionView::from).collect();
    Ok(HttpResponse::Ok().json(SessionsView { items, next: None }))
}

/// Signs out in one place.
#[utoipa::path(tag = "identity", operation_id = "end_own_session", security(("bearer" = [])), responses(
    (status = 204), (status = "4XX", body = ProblemView)
))]
#[delete("/me/sessions/{id}")]
pub async fn end_session(ctx: web::Data<Ctx>, caller: Caller, id: web::Path<Uuid>) -> Reply {
    sessions::end(&ctx, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Signs out everywhere, here included.
#[utoipa::path(tag = "identity", operation_id = "end_all_sessions", security(("bearer" = [])), responses(
    (status = 204), (status = "4XX", body = ProblemView)
))]
#[delete("/me/sessions")]
pub async fn end_all_sessions(ctx: web::Data<Ctx>, caller: Caller) -> Reply {
    sessions::end_all(&ctx, &caller).await?;
    Ok(HttpResponse::NoContent().finish())
}
