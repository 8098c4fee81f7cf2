//! What nobody planned: people doing what they may not, or too early, or wrongly.

use wanshitong::app::cases::Action;
use wanshitong::domain::cases::{ApproveCase, DeliverCase, GiveGrounds, IssueResults, RecordStep};
use wanshitong::domain::codes::{CertificateId, Uscc};
use wanshitong::domain::guides::Delivery;
use wanshitong::domain::text::Text;

use super::people::certificate_types;
use super::script::{Put, What, Who, Writer, save, withdraw};

const STAFF: [&str; 8] =
    ["counter_officer", "handler", "reviewer", "approver", "supervisor", "publisher", "admin", "auditor"];

impl Writer<'_> {
    /// Somebody does something, whether or not he may and whether or not it fits.
    pub(super) fn meddling(&mut self) -> (Who, What) {
        let who = match self.random.below(16) {
            0..3 => Who::Applicant,
            3 => Who::Agent,
            4 => Who::Assistant,
            5 => Who::Persona("second_resident"),
            6 => Who::Allrounder,
            _ => Who::Persona(STAFF[self.random.below(STAFF.len())]),
        };
        let step = self.random.pick(&self.guide.flow).code.clone();
        let what = match self.random.below(14) {
            0 => save(self.spoiled()),
            1 => What::Act(Action::Submit(Default::default())),
            2 => What::Act(Action::Accept),
            3 => What::Act(Action::Refuse(self.grounds())),
            4 => What::Act(Action::RecordStep(RecordStep { step, opinion: String::new() })),
            5 => What::Act(Action::Approve(ApproveCase { opinion: "越权".to_owned() })),
            6 => What::Act(Action::Deny(self.grounds())),
            7 => What::Act(Action::Issue(IssueResults::default())),
            8 => {
                let methods = [Delivery::SelfCollect, Delivery::Courier, Delivery::Electronic];
                let method = *self.random.pick(&methods);
                What::Act(Action::Deliver(DeliverCase { method, proof: String::new() }))
            }
            9 if self.random.chance(30) => withdraw(),
            10 => What::Remove { material: self.material_code() },
            _ => What::Attach { material: self.material_code(), put: self.odd_material() },
        };
        (who, what)
    }

    pub(super) fn material_code(&mut self) -> String {
        match &self.guide.materials[..] {
            materials if !materials.is_empty() && self.random.chance(85) => {
                self.random.pick(materials).code.clone()
            }
            _ => "no_such_material".to_owned(),
        }
    }

    fn odd_material(&mut self) -> Put {
        match self.random.below(6) {
            0 => Put::File { bytes: b"MZ\x90 not a document", file_name: None },
            1 | 2 => self.file(),
            3 => Put::Promise,
            _ => {
                let types: Vec<_> = certificate_types(self.guide).into_iter().collect();
                let stranger = &self.world.somebody_elses;
                match types.first() {
                    Some(wanted) if self.random.chance(60) => {
                        let issuer = Uscc::parse("11340705MBWXT0111D").unwrap();
                        Put::Certificate(CertificateId::compose(wanted, &issuer, "NOBODYS", 1).unwrap())
                    }
                    Some(_) | None => Put::Certificate(stranger.clone()),
                }
            }
        }
    }

    /// Grounds as officers write them, some without reason or article.
    pub(super) fn grounds(&mut self) -> GiveGrounds {
        let reason =
            *self.random.pick(&["材料不真实", "不符合条件\u{0}", "  人数不足 ", "经核查，地址不在辖区", " "]);
        let article =
            *self.random.pick(&["《行政许可法》第三十八条", "第十二条", "第三十条第二款\u{7f}", ""]);
        let article = if self.random.chance(60) { "第十二条" } else { article };
        let remedy =
            self.random.chance(20).then(|| Text::new("可以复议。", "Reconsideration is open to you."));
        GiveGrounds { reason: reason.to_owned(), article: article.to_owned(), remedy }
    }
}
