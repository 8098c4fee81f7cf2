//! What can be read off a case whatever its state: each part is there from the
//! stage on that made it, and stays to the end.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::case::{
    Acceptance, Accepted, Case, CaseState, Closed, Correcting, Decided, Decision, Draft, Dues, Ending,
    Filing, OpenProcedure, Paused, Place, Reached,
};
use super::event::Correctable;
use super::evidence::Evidence;
use crate::domain::codes::CaseNo;
use crate::domain::guides::{Facts, FilledFrom};
use crate::domain::private::Private;
use crate::domain::time::local_date;

/// As far as the case has come; later parts hold the earlier ones.
#[derive(Clone, Copy)]
enum Stage<'a> {
    Nothing,
    Filed(&'a Filing),
    Correcting(&'a Correcting),
    Accepted(&'a Accepted),
    Paused(&'a Paused),
    Decided(&'a Decided),
}

impl CaseState {
    fn stage(&self) -> Stage<'_> {
        match self {
            CaseState::Draft(_) => Stage::Nothing,
            CaseState::Submitted(submitted) => Stage::Filed(&submitted.filing),
            CaseState::Correcting(correcting) => Stage::Correcting(correcting),
            CaseState::Accepted(accepted) => Stage::Accepted(accepted),
            CaseState::Paused(paused) => Stage::Paused(paused),
            CaseState::Decided(decided) => Stage::Decided(decided),
            CaseState::Closed(closed) => closed.ending.stage(),
        }
    }

    /// What was handed in; none for a draft, open or expired.
    pub fn filing(&self) -> Option<&Filing> {
        match self.stage() {
            Stage::Nothing => None,
            Stage::Filed(filing) => Some(filing),
            Stage::Correcting(correcting) => Some(&correcting.filing),
            Stage::Accepted(accepted) => Some(&accepted.filing),
            Stage::Paused(paused) => Some(&paused.accepted.filing),
            Stage::Decided(decided) => Some(&decided.accepted.filing),
        }
    }

    /// What was done with it since its acceptance.
    pub fn accepted(&self) -> Option<&Accepted> {
        match self.stage() {
            Stage::Nothing | Stage::Filed(_) | Stage::Correcting(_) => None,
            Stage::Accepted(accepted) => Some(accepted),
            Stage::Paused(paused) => Some(&paused.accepted),
            Stage::Decided(decided) => Some(&decided.accepted),
        }
    }

    pub fn acceptance(&self) -> Option<&Acceptance> {
        self.accepted().map(|accepted| &accepted.acceptance)
    }

    pub fn decided(&self) -> Option<&Decided> {
        if let Stage::Decided(decided) = self.stage() { Some(decided) } else { None }
    }

    /// What the applicant is, or was when the case ended, to mend.
    pub fn correcting(&self) -> Option<&Correcting> {
        if let Stage::Correcting(correcting) = self.stage() { Some(correcting) } else { None }
    }

    /// The special procedures that are, or were when the case ended, under way.
    pub fn open_procedures(&self) -> &[OpenProcedure] {
        if let Stage::Paused(paused) = self.stage() { &paused.open } else { &[] }
    }

    pub fn as_draft(&self) -> Option<&Draft> {
        if let CaseState::Draft(draft) = self { Some(draft) } else { None }
    }

    /// While it waits to be accepted.
    pub fn as_submitted(&self) -> Option<&super::case::Submitted> {
        if let CaseState::Submitted(submitted) = self { Some(submitted) } else { None }
    }

    /// While it is being handled, a special procedure or none.
    pub fn in_progress(&self) -> Option<&Accepted> {
        match self {
            CaseState::Accepted(accepted) => Some(accepted),
            CaseState::Paused(paused) => Some(&paused.accepted),
            CaseState::Draft(_) | CaseState::Submitted(_) | CaseState::Correcting(_) => None,
            CaseState::Decided(_) | CaseState::Closed(_) => None,
        }
    }

    pub fn as_closed(&self) -> Option<&Closed> {
        if let CaseState::Closed(closed) = self { Some(closed) } else { None }
    }

    pub fn facts(&self) -> Option<&Private<Facts>> {
        match self {
            CaseState::Draft(draft) => Some(&draft.facts),
            other => other.filing().map(|filing| &filing.facts),
        }
    }

    /// Which answers the portal filled in; none where there are no answers any more.
    pub fn prefilled(&self) -> Option<&BTreeMap<String, FilledFrom>> {
        self.facts()?.known()?;
        match self {
            CaseState::Draft(draft) => Some(&draft.prefilled),
            other => other.filing().map(|filing| &filing.prefilled),
        }
    }

    pub fn materials(&self) -> Option<&BTreeMap<String, Private<Evidence>>> {
        match self {
            CaseState::Draft(draft) => Some(&draft.materials),
            other => other.filing().map(|filing| &filing.materials),
        }
    }
}

impl CaseState {
    /// A document of this case that may be handed in again elsewhere, and the day it was
    /// handed in here. None where an agency said no to the case, or took it back, or said
    /// that the document must be mended.
    pub fn lends(&self, material: &str) -> Option<(&Evidence, NaiveDate)> {
        let is_listed = |correcting: &Correcting| {
            let of = Correctable::Material(material.to_owned());
            correcting.notice.items.iter().any(|item| item.of == of)
        };
        let is_bad = match self {
            CaseState::Draft(_) => true,
            CaseState::Correcting(correcting) => is_listed(correcting),
            CaseState::Submitted(_) | CaseState::Accepted(_) | CaseState::Paused(_) => false,
            CaseState::Decided(decided) => matches!(decided.decision, Decision::Denied { .. }),
            CaseState::Closed(closed) => match &closed.ending {
                Ending::Denied { .. }
                | Ending::Refused { .. }
                | Ending::Void { .. }
                | Ending::Revoked { .. } => true,
                Ending::Withdrawn { reached, .. } | Ending::Lapsed { reached } => {
                    matches!(reached, Reached::Correcting(correcting) if is_listed(correcting))
                }
                Ending::Issued { .. } | Ending::Transferred { .. } | Ending::Expired => false,
            },
        };
        let filing = self.filing().filter(|_| !is_bad)?;
        let evidence = filing.materials.get(material)?.known()?;
        let day = filing.later.get(material).copied();
        Some((evidence, day.unwrap_or_else(|| local_date(filing.at))))
    }
}

impl Filing {
    /// When everything that was asked for was there.
    pub fn complete_at(&self) -> DateTime<Utc> {
        self.correction.as_ref().map_or(self.at, |correction| correction.at)
    }
}

impl Accepted {
    /// The days by which a decision is owed now.
    pub fn dues(&self) -> Dues {
        let Acceptance { promised_due, legal_due, .. } = self.acceptance;
        self.moved.unwrap_or(Dues { promised: promised_due, legal: legal_due })
    }
}

impl Reached {
    fn stage(&self) -> Stage<'_> {
        match self {
            Reached::Filed(filing) => Stage::Filed(filing),
            Reached::Correcting(correcting) => Stage::Correcting(correcting),
            Reached::Paused(paused) => Stage::Paused(paused),
            Reached::Accepted(accepted) => Stage::Accepted(accepted),
            Reached::Decided(decided) => Stage::Decided(decided),
        }
    }
}

impl Ending {
    /// Every way in which a case ends that was handed in.
    pub const AFTER_FILING: [&str; 8] =
        ["issued", "denied", "refused", "withdrawn", "lapsed", "void", "transferred", "revoked"];

    pub fn name(&self) -> &'static str {
        match self {
            Ending::Issued { .. } => "issued",
            Ending::Denied { .. } => "denied",
            Ending::Refused { .. } => "refused",
            Ending::Withdrawn { .. } => "withdrawn",
            Ending::Lapsed { .. } => "lapsed",
            Ending::Void { .. } => "void",
            Ending::Transferred { .. } => "transferred",
            Ending::Revoked { .. } => "revoked",
            Ending::Expired => "expired",
        }
    }

    fn stage(&self) -> Stage<'_> {
        match self {
            Ending::Issued { decided, .. }
            | Ending::Denied { decided, .. }
            | Ending::Revoked { decided, .. } => Stage::Decided(decided),
            Ending::Refused { filing, .. } | Ending::Transferred { filing, .. } => Stage::Filed(filing),
            Ending::Withdrawn { reached, .. } | Ending::Lapsed { reached } | Ending::Void { reached, .. } => {
                reached.stage()
            }
            Ending::Expired => Stage::Nothing,
        }
    }
}

impl Case {
    /// Where it is handled now.
    pub fn place(&self) -> &Place {
        self.moved_to.as_ref().unwrap_or(&self.opened.place)
    }

    /// The guide version the case is bound to now.
    pub fn guide_version(&self) -> u32 {
        self.state.filing().map_or(self.opened.guide_version, |filing| filing.guide_version)
    }

    pub fn case_no(&self) -> Option<&CaseNo> {
        self.state.filing().map(|filing| &filing.case_no)
    }
}
