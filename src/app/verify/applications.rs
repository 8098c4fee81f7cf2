//! Applications for bundles: that they can be read, and that the files handed in with them
//! are what they were. What became of their parts is in the histories of the cases.

use uuid::Uuid;

use super::{Findings, PAGE, Verifier};
use crate::app::error::AppResult;
use crate::app::files::Folder;
use crate::domain::cases::Evidence;
use crate::domain::verification::{Fault, Part};
use crate::store::{self, StoredApplication};

impl Verifier<'_> {
    pub(super) async fn applications(&self, findings: &mut Findings<'_>) -> AppResult<()> {
        let mut after = None;
        loop {
            let ids = self.store.list_application_ids(after, PAGE).await?;
            let Some(last) = ids.last().copied() else { return Ok(()) };
            for id in ids {
                findings.counts.applications += 1;
                match self.store.find_application(id).await {
                    Ok(Some(stored)) => self.joint_materials(&stored, findings).await?,
                    Ok(None) => {}
                    Err(error @ store::Error::Corrupt { .. }) => {
                        findings.found([Fault::new(Part::Application(id), error.to_string())]);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            after = Some(last);
        }
    }

    async fn joint_materials(
        &self,
        stored: &StoredApplication,
        findings: &mut Findings<'_>,
    ) -> AppResult<()> {
        let application = &stored.application;
        let Some(key) = stored.origin.key() else { return Ok(()) };
        let folder = Folder { blobs: self.blobs, owner: application.id, key };
        for (code, evidence) in &application.materials {
            let Some(Evidence::File { digest, .. }) = evidence.known() else { continue };
            findings.counts.files += 1;
            if let Err(damage) = folder.examine(digest).await? {
                if self.is_erased(application.id).await? {
                    return Ok(());
                }
                let (code, digest) = (code.clone(), digest.clone());
                let part = Part::JointMaterial { application: application.id, code, digest };
                findings.found([Fault::new(part, format!("the file {damage}"))]);
            }
        }
        Ok(())
    }

    /// Whether it is erased by now: the portal goes on while it is looked at.
    async fn is_erased(&self, application: Uuid) -> AppResult<bool> {
        let now = self.store.find_application(application).await?;
        Ok(now.is_none_or(|now| now.origin.key().is_none()))
    }
}
