//! `/admin/guides/{id}/publish`: drafts become what is in force, by somebody who did not
//! write them.

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TextView;
use super::drafts::{faults, kind};
use crate::app::Ctx;
use crate::app::bundles::{self, ClosedBundle};
use crate::app::catalog::{self, Published};
use crate::app::identity::Caller;
use crate::http::extract::Body;
use crate::http::problem::{Problem, ProblemView};

type Reply = Result<HttpResponse, Problem>;

/// Drafts to be published with it, where neither stands without the other.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishDraftBody {
    #[serde(default)]
    pub with: Vec<Uuid>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedFileView {
    /// `guide`, `item`, `bundle` or `certificate_types`.
    pub kind: &'static str,
    /// The draft's file; null for a guide that got a new version because its item did.
    pub file: Option<String>,
    pub code: String,
    /// 0 for certificate types, which have none.
    pub version: u32,
    /// False when it says nothing new.
    pub is_new_version: bool,
    /// It was withdrawn, or was to be, and takes new cases again.
    pub takes_cases_again: bool,
}

impl From<Published> for PublishedFileView {
    fn from(published: Published) -> Self {
        let Published { kind: of, file, code, version, is_new_version, takes_cases_again } = published;
        Self { kind: kind(of), file, code, version, is_new_version, takes_cases_again }
    }
}

/// 一件事 that takes no applications, for it does not fit its guides any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosedBundleView {
    pub code: String,
    /// What does not fit, with its place in the bundle's file.
    pub pointer: String,
    pub why: TextView,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PublicationView {
    pub published: Vec<PublishedFileView>,
    /// Bundles that name an item of these and take no applications now: whoever looks after
    /// them is to be told.
    pub closed_bundles: Vec<ClosedBundleView>,
}

/// Publishes a draft of somebody else's, checked and tried once more. 409 for the
/// editor himself, 412 when what it changes was published anew or withdrawn since.
#[utoipa::path(tag = "administration", operation_id = "publish_draft", request_body = PublishDraftBody, responses(
    (status = 200, body = PublicationView), (status = "4XX", body = ProblemView)
), security(("bearer" = [])))]
#[post("/admin/guides/{id}/publish")]
pub async fn publish_draft(
    ctx: web::Data<Ctx>,
    caller: Caller,
    id: web::Path<Uuid>,
    body: Body<PublishDraftBody>,
) -> Reply {
    let ids: Vec<Uuid> = std::iter::once(*id).chain(body.value.with).collect();
    let published = catalog::publish_drafts(&ctx, &caller, &ids).await?;
    let published = published.map_err(|found| faults(&found))?;
    let closed = bundles::closed(&ctx, &published).await.into_iter();
    let closed_bundles = closed.map(|ClosedBundle { code, misfit }| ClosedBundleView {
        code,
        pointer: misfit.path,
        why: misfit.reason.into(),
    });
    Ok(HttpResponse::Ok().json(PublicationView {
        closed_bundles: closed_bundles.collect(),
        published: published.into_iter().map(PublishedFileView::from).collect(),
    }))
}
