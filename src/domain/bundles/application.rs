//! An application for a bundle: the answers and documents given once, and how far
//! its parts have come.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::plan::{Plan, Planned};
use super::progress::{PartState, Progress, Stage, WAIT_DAYS};
use crate::domain::cases::{By, Evidence, KnownCertificate, only_the_counter_sees_originals, unfit};
use crate::domain::codes::GuideCode;
use crate::domain::guides::{BundleCode, Facts, FilledFrom, Given};
use crate::domain::private::Private;
use crate::domain::refusal::{FieldError, Refusal, RefusalCode};
use crate::domain::text::Text;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Application {
    pub id: Uuid,
    /// The version every change must name.
    pub version: u64,
    pub opened: Opening,
    /// Shared answers by name; those of a part in an object under its code.
    pub facts: Private<Facts>,
    /// The answers the portal filled in that nobody has changed since: by field, or
    /// `part.field`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prefilled: BTreeMap<String, FilledFrom>,
    /// By the code of the joint material.
    pub materials: BTreeMap<String, Private<Evidence>>,
    pub progress: Progress,
}

/// What is fixed when it is opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub at: DateTime<Utc>,
    pub bundle: BundleCode,
    pub bundle_version: u32,
    /// The guides its parts were found to be.
    pub guides: BTreeMap<String, GuideCode>,
    /// Who it is for.
    pub party: Uuid,
    pub by: By,
}

/// The answer to a shared field, or to `part.field`.
fn answer<'f>(facts: &'f Facts, field: &str) -> Option<&'f Value> {
    match field.split_once('.') {
        Some((part, own)) => facts.get(part)?.get(own),
        None => facts.get(field),
    }
}

impl Application {
    /// The answers with a merge patch (RFC 7396) applied. Once a part is filed,
    /// what it rests on is settled.
    pub fn save(
        mut self,
        plan: &Plan,
        patch: Map<String, Value>,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        self.may_change()?;
        let mut errors = self.settled(plan, &patch);
        let before = self.facts.known().cloned().unwrap_or_default();
        let mut facts = before.clone();
        facts.merge(patch);
        errors.extend(plan.check_partial(&facts));
        if !errors.is_empty() {
            return Err(invalid(errors));
        }
        self.prefilled.retain(|field, _| answer(&facts, field) == answer(&before, field));
        self.facts = Private::Known(facts);
        Ok(self.touched(at))
    }

    /// A document put in the place of a joint material. `certificate`: what is
    /// known of it, where the evidence is one.
    pub fn attach(
        mut self,
        plan: &Plan,
        code: &str,
        evidence: Evidence,
        certificate: Option<&KnownCertificate>,
        by: &By,
        at: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        self.may_change()?;
        only_the_counter_sees_originals(code, &evidence, by)?;
        let serves = plan.served_by(code);
        let open: Vec<(&Planned, &str)> =
            serves.into_iter().filter(|(planned, _)| !self.is_filed(planned)).collect();
        if open.is_empty() {
            return Err(invalid(vec![FieldError::new(
                format!("/materials/{code}"),
                "unknown",
                Text::new(
                    "没有等待提交的这项材料，请对照材料清单。",
                    "No such material is waited for; see the list of materials.",
                ),
            )]));
        }
        let wrong = open.iter().find_map(|(planned, material)| {
            let material = planned.material(material)?;
            unfit(material, &evidence, certificate, self.opened.party, at)
        });
        if let Some(wrong) = wrong {
            return Err(invalid(vec![FieldError { pointer: format!("/materials/{code}"), ..wrong }]));
        }
        self.materials.insert(code.to_owned(), evidence.into());
        Ok(self.touched(at))
    }

    /// The documents at hand for a part, by the code of its material.
    pub fn evidence_for(&self, plan: &Plan, planned: &Planned) -> BTreeMap<String, Evidence> {
        let mut found = BTreeMap::new();
        for (code, evidence) in &self.materials {
            let Some(evidence) = evidence.known() else { continue };
            for (served, material) in plan.served_by(code) {
                if served.code() == planned.code() {
                    found.insert(material.to_owned(), evidence.clone());
                }
            }
        }
        found
    }

    /// The cases of the parts whose certificates this one takes from.
    pub fn feeding(&self, planned: &Planned) -> BTreeSet<Uuid> {
        let parts = planned.fed.values().chain(planned.fed_materials.values());
        parts.filter_map(|part| self.progress.parts.get(part)?.case()).collect()
    }

    fn may_change(&self) -> Result<(), Refusal> {
        match self.progress.stage {
            Stage::Draft { .. } | Stage::UnderWay { .. } => Ok(()),
            Stage::Ended { .. } => Err(Refusal::new(
                RefusalCode::WrongState,
                "申请已经办结，不能再修改。需要的，请重新申请。",
                "The application has ended and cannot be changed any more. Apply again if you need to.",
            )),
        }
    }

    fn touched(mut self, at: DateTime<Utc>) -> Self {
        if let Stage::Draft { expires_at } = &mut self.progress.stage {
            *expires_at = at + TimeDelta::days(WAIT_DAYS);
        }
        self
    }

    fn is_filed(&self, planned: &Planned) -> bool {
        match self.progress.parts.get(planned.code()) {
            Some(PartState::Filed { .. } | PartState::Ended { .. } | PartState::Skipped { .. }) => true,
            Some(PartState::Waiting | PartState::Ready | PartState::Held { .. }) | None => false,
        }
    }

    /// The answers of the patch that a filed part rests on.
    fn settled(&self, plan: &Plan, patch: &Map<String, Value>) -> Vec<FieldError> {
        let filed: Vec<&Planned> = plan.parts.iter().filter(|planned| self.is_filed(planned)).collect();
        let uses = |planned: &&Planned, name: &str| {
            planned.part.facts.values().any(|given| *given == Given::Shared(name.to_owned()))
                && self.progress.parts.get(planned.code()).and_then(PartState::case).is_some()
        };
        // Which parts are applied for was settled with the submission.
        let chose = |name: &str| {
            let asks = |planned: &Planned| {
                planned.part.when.as_ref().is_some_and(|when| when.fields().contains(name))
            };
            self.progress.submission().is_some() && plan.parts.iter().any(asks)
        };
        let (shared, own) = plan.touched(patch);
        let before = self.facts.known();
        let same = |name: &str| before.and_then(|facts| facts.get(name)) == patch.get(name);
        let shared = shared
            .into_iter()
            .filter(|name| !same(name) && (chose(name) || filed.iter().any(|planned| uses(planned, name))));
        let own = own.into_iter().filter(|(part, _)| filed.iter().any(|planned| planned.code() == *part));
        let own = own.map(|(part, field)| format!("{part}/{field}"));
        shared.map(str::to_owned).chain(own).map(|name| {
            FieldError::new(
                format!("/facts/{name}"),
                "settled",
                Text::new(
                    "已有事项据此提交，不能再修改。填错的，请联系受理部门或撤回后重新申请。",
                    "A part was filed on it already; it cannot be changed. If it is wrong, tell the agency, or withdraw and apply again.",
                ),
            )
        })
        .collect()
    }
}

impl Plan {
    /// The materials of parts that a joint code stands for: `part.material` also where
    /// an earlier part was to supply it, in case that comes to nothing.
    pub fn served_by<'a>(&'a self, code: &'a str) -> Vec<(&'a Planned, &'a str)> {
        if let Some(joint) = self.material(code) {
            let all = joint.serves.iter();
            return all.filter_map(|(part, material)| Some((self.part(part)?, material.as_str()))).collect();
        }
        let fed = code.split_once('.').and_then(|(part, material)| {
            let planned = self.part(part)?;
            planned.fed_materials.contains_key(material).then_some((planned, material))
        });
        fed.into_iter().collect()
    }
}

pub(super) fn invalid(errors: Vec<FieldError>) -> Refusal {
    Refusal::new(
        RefusalCode::ValidationFailed,
        "填报内容有误，请按提示逐项修改。",
        "Some of what was entered is not right; correct each of the points listed.",
    )
    .errors(errors)
}
