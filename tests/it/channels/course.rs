//! What can come between submission and decision in a script, and beside it.

use std::collections::BTreeSet;

use wanshitong::app::cases::{Action, TransferTo};
use wanshitong::domain::cases::{
    AcceptDeferred, Ask, Correctable, CorrectionItem, CorrectionReason, ExtendCase, GiveOpinion, GiveReply,
    PauseCase, RateService, RequestCorrection, ResumeCase,
};
use wanshitong::domain::codes::GuideCode;
use wanshitong::domain::guides::{Facts, FieldKind, SpecialProcedure, Step as FlowStep};

use super::script::{What, Who, Writer, save, withdraw};

const HANDLER: Who = Who::Persona("handler");
const APPROVER: Who = Who::Persona("approver");
const SUPERVISOR: Who = Who::Persona("supervisor");

impl Writer<'_> {
    /// A submission, the materials that may wait promised for later or not.
    pub(super) fn submit(&mut self) -> What {
        let deferrable = self.guide.materials.iter().filter(|material| material.deferrable);
        let promised: BTreeSet<String> = deferrable.map(|material| material.code.clone()).collect();
        let promised = if self.random.chance(50) { promised } else { BTreeSet::new() };
        What::Act(Action::Submit(promised))
    }

    pub(super) fn intake(&mut self, facts: &Facts) {
        let officer = Who::Persona(if self.random.chance(50) { "counter_officer" } else { "handler" });
        match self.random.below(100) {
            0..16 => return self.silence(),
            16..28 => {
                let grounds = self.grounds();
                self.then(officer, What::Act(Action::Refuse(grounds)));
            }
            28..35 => return self.then(self.side, withdraw()),
            35..55 => self.correction(officer, facts),
            55..62 => {
                let to = self.elsewhere();
                let reason = "不属本机关职权".to_owned();
                return self.then(officer, What::Act(Action::Transfer { to, reason }));
            }
            _ => {}
        }
        // One of the two is right, whichever way it was submitted.
        let due = None;
        self.then(officer, What::Act(Action::Accept));
        self.push(officer, What::Act(Action::AcceptDeferred(AcceptDeferred { due })));
    }

    /// Another agency of the portal with a guide for the same item, where there is one.
    fn elsewhere(&mut self) -> TransferTo {
        let own = self.guide;
        let same = |code: &GuideCode| code.basic_code() == own.code.basic_code();
        let mut others = self.world.guides.iter().map(|published| &published.guide);
        let other = others.rfind(|other| other.agency != own.agency && same(&other.code));
        match other.filter(|_| self.random.chance(90)) {
            Some(other) => TransferTo::Guide(other.code.to_string()),
            None => TransferTo::Outside("省级主管部门".to_owned()),
        }
    }

    /// The agency asks for everything once; the applicant mends all of it, or some.
    fn correction(&mut self, officer: Who, facts: &Facts) {
        let fields = self.guide.form.fields.iter();
        let names = fields.filter(|field| !matches!(field.kind, FieldKind::File { .. }));
        let names: Vec<String> = names.map(|field| field.name.clone()).collect();
        let asked = self.random.pick(&names).clone();
        let material = self.material_code();
        let item = |of, reason| CorrectionItem { of, reason, note: "请核对\u{0}".to_owned().into() };
        let mut items = vec![item(Correctable::Field(asked.clone()), CorrectionReason::Wrong)];
        if self.random.chance(60) {
            items.push(item(Correctable::Material(material.clone()), CorrectionReason::Missing));
        }
        let days = self.random.chance(30).then_some(5);
        self.then(officer, What::Act(Action::RequestCorrection(RequestCorrection { items, days })));
        self.wait();
        if self.random.chance(20) {
            self.push(self.side, What::Act(Action::Correct));
        }
        let answer = facts.get(&asked).cloned().unwrap_or(serde_json::Value::Null);
        self.then(self.side, save([(asked, answer)].into_iter().collect()));
        let put = self.file();
        self.then(self.side, What::Attach { material, put });
        if self.random.chance(80) {
            self.then(self.side, What::Act(Action::Correct));
        }
        self.wait();
    }

    /// Between acceptance and the steps: procedures, an extension, promised materials.
    pub(super) fn handling(&mut self) {
        if self.random.chance(30) {
            let kinds = &self.guide.special_procedures;
            let kind = *kinds.first().unwrap_or(&SpecialProcedure::Hearing);
            let pause = PauseCase { kind, reason: "依法进行".to_owned(), expected_days: 5 };
            self.then(HANDLER, What::Act(Action::Pause(pause)));
            self.wait();
            if self.random.chance(85) {
                self.then(HANDLER, What::Act(Action::Resume(ResumeCase { kind })));
            }
        }
        if self.random.chance(15) {
            let days = self.random.between(0, 12) as u16;
            self.then(
                APPROVER,
                What::Act(Action::Extend(ExtendCase { days, reason: "情况复杂".to_owned() })),
            );
        }
        let deferrable = self.guide.materials.iter().filter(|material| material.deferrable);
        for material in deferrable.map(|material| material.code.clone()).collect::<Vec<_>>() {
            if self.random.chance(70) {
                let put = self.file();
                self.push(self.side, What::Attach { material, put });
            }
        }
        if self.random.chance(10) {
            let grounds = self.grounds();
            self.then(APPROVER, What::Act(Action::Void(grounds)));
        }
    }

    /// Before a step: what other agencies say of it, or their superior once they kept silent.
    pub(super) fn opinions(&mut self, step: &FlowStep) {
        for agency in step.opinions.iter().map(|wanted| wanted.agency.clone()) {
            let in_time = self.random.chance(60);
            if !in_time {
                self.silence();
            }
            let (consents, text) = (self.random.chance(80), "意见".to_owned());
            let opinion = GiveOpinion { agency, consents, text };
            self.push(if in_time { HANDLER } else { SUPERVISOR }, What::Act(Action::GiveOpinion(opinion)));
        }
    }

    /// Reminders, ratings, and what is answered to them.
    pub(super) fn beside(&mut self) {
        let text = || "请尽快办理".to_owned();
        match self.random.below(12) {
            0 => {
                self.then(self.side, What::Act(Action::Urge(Ask { text: text() })));
                if self.random.chance(50) {
                    self.then(HANDLER, What::Act(Action::Reply(GiveReply { text: text() })));
                }
            }
            1 => self.then(SUPERVISOR, What::Act(Action::Supervise(Ask { text: text() }))),
            2 => {
                let score = self.random.between(0, 6) as u8;
                self.then(self.side, What::Act(Action::Rate(RateService { score, comment: text() })));
                if self.random.chance(50) {
                    self.then(HANDLER, What::Act(Action::Rectify(GiveReply { text: text() })));
                }
            }
            3 => self.then(HANDLER, What::Act(Action::Reply(GiveReply { text: text() }))),
            4 => self.then(HANDLER, What::Act(Action::Rectify(GiveReply { text: text() }))),
            _ => {}
        }
    }

    pub(super) fn revocation(&mut self) {
        if self.random.chance(12) {
            let grounds = self.grounds();
            self.then(APPROVER, What::Act(Action::Revoke(grounds)));
        }
    }
}
