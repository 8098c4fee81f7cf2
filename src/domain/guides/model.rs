//! What a guide is once it has been read: plain values, all codes parsed, all
//! expressions compiled. A `Guide` in hand is a guide that passed the lint;
//! nobody downstream checks it again.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::applicant::ApplicantKind;
use super::expr::Expr;
use crate::domain::codes::{
    BasicCode, CertificateType, GuideCode, ItemType, RegionCode, ServiceObject, Uscc,
};
use crate::domain::text::Text;
use crate::domain::time::local_date;

mod bundle;
mod examples;
mod form;
mod materials;
mod results;
mod scenarios;

pub use bundle::{Bundle, BundleCode, Given, Implements, OnRefusal, Part, SharedMaterial};
pub use examples::{Example, ExampleOutcome, Expectation};
pub use form::{Choice, Field, FieldKind, Form, FormRule, Particular, Prefill, Requirement};
pub use materials::{Download, Material, MaterialSource, Paper, Reuse, Trust};
pub use results::{OF_ITSELF, ResultKind};
pub use scenarios::{Answer, Question, Scenario};

/// One agency's implementation of an item (实施清单), at one version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guide {
    pub code: GuideCode,
    pub item: Item,
    /// 实施机构, by unified social credit code.
    pub agency: Uscc,
    /// The region whose residents it serves.
    pub region: RegionCode,
    pub summary: Text,
    /// 主题, e.g. `elderly`, `housing`; drives browsing.
    pub topics: Vec<String>,
    /// 服务对象; never empty.
    pub service_objects: Vec<ServiceObject>,
    /// 办件类型.
    pub handling: Handling,
    pub identity: IdentityLevel,
    /// 业务办理项; empty when the guide has a single way of being handled.
    pub scenarios: Vec<Scenario>,
    /// 情形引导: the questions that lead to a scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Question>,
    pub limits: Limits,
    pub special_procedures: Vec<SpecialProcedure>,
    pub fee: Fee,
    pub conditions: Vec<Condition>,
    pub form: Form,
    pub materials: Vec<Material>,
    /// Never empty; the last step decides.
    pub flow: Vec<Step>,
    /// Never empty.
    pub results: Vec<ResultKind>,
    /// How the result can reach the applicant.
    pub delivery: Vec<Delivery>,
    pub automatic: Option<AutomaticDecision>,
    pub telephone: Telephone,
    /// 到办事现场次数: how often the applicant must appear.
    pub visits: u8,
    pub cross_region: CrossRegion,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub venues: Vec<Venue>,
    /// Absent: every channel, as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<ChannelLimit>,
    /// The first day it is in force; absent: from its publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
    /// The last day it takes new cases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_until: Option<NaiveDate>,
    /// Tried before publication; no part of the public page.
    #[serde(skip)]
    pub examples: Vec<Example>,
}

/// The catalogue entry shared by all levels (基本目录事项; 四级四同).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    pub basic_code: BasicCode,
    pub name: Text,
    #[serde(rename = "type")]
    pub item_type: ItemType,
    pub legal_basis: Vec<LegalBasis>,
    /// What people call it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// 人生事件, e.g. `birth`, `retirement`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub life_events: Vec<String>,
}

/// 通办范围: where it may be applied for, beyond the region it serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CrossRegion {
    None,
    City,
    Province,
    Nation,
}

/// 办理地点
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Venue {
    pub name: Text,
    pub address: Text,
    /// 办理时间
    pub hours: Text,
    pub telephone: Option<String>,
}

/// The channels of GB/T 39046 (办理渠道).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferedChannel {
    Window,
    Pc,
    Mobile,
    Express,
    Other,
}

impl OfferedChannel {
    pub const ALL: [Self; 5] = [Self::Window, Self::Pc, Self::Mobile, Self::Express, Self::Other];

    /// As a file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Pc => "pc",
            Self::Mobile => "mobile",
            Self::Express => "express",
            Self::Other => "other",
        }
    }

    /// That of the number; what has none of these is another.
    pub fn numbered(number: u8) -> Self {
        Self::ALL.into_iter().find(|one| one.number() == number).unwrap_or(Self::Other)
    }

    /// 办理渠道 as GB/T 39046 numbers it.
    pub fn number(self) -> u8 {
        match self {
            Self::Window => 1,
            Self::Pc => 2,
            Self::Mobile => 3,
            Self::Express => 4,
            Self::Other => 9,
        }
    }
}

impl Guide {
    /// Whether it is for such an applicant (服务对象). 其他 may be either.
    pub fn serves(&self, kind: ApplicantKind) -> bool {
        self.service_objects.iter().any(|object| match (object, kind) {
            (ServiceObject::Other, _) => true,
            (ServiceObject::NaturalPerson, kind) => kind == ApplicantKind::NaturalPerson,
            (_, kind) => kind == ApplicantKind::Organization,
        })
    }

    /// What to tell somebody it is not for.
    pub fn not_for(&self, kind: ApplicantKind) -> Option<Text> {
        let words = match kind {
            ApplicantKind::NaturalPerson => Text::new(
                "本事项只面向法人和其他组织办理。请由单位的法定代表人或授权的人以单位名义申请。",
                "This is for organizations only. Its legal representative, or whoever he authorised, applies in the organization's name.",
            ),
            ApplicantKind::Organization => Text::new(
                "本事项只面向自然人办理。请以个人名义申请。",
                "This is for natural persons only. Apply in the person's own name.",
            ),
        };
        (!self.serves(kind)).then_some(words)
    }

    /// 停止办理: whether it takes no new cases then, withdrawn or after its last day.
    pub fn is_closed(&self, withdrawn_at: Option<DateTime<Utc>>, at: DateTime<Utc>) -> bool {
        withdrawn_at.is_some_and(|withdrawn| withdrawn <= at)
            || self.effective_until.is_some_and(|until| until < local_date(at))
    }

    /// The types of certificates it can use, for its form or in the place of a material.
    pub fn certificate_types(&self) -> BTreeSet<&CertificateType> {
        let prefilled =
            self.form.fields.iter().filter_map(|field| field.prefill.as_ref()?.certificate_type());
        let materials = self.materials.iter().filter_map(|material| match &material.source {
            MaterialSource::Certificate { certificate_type } => Some(certificate_type),
            MaterialSource::Own | MaterialSource::Shared { .. } => None,
        });
        prefilled.chain(materials).collect()
    }

    /// Whether it is handled through what GB/T 39046 numbers so.
    pub fn is_offered_through(&self, number: u8) -> bool {
        self.channels.as_ref().is_none_or(|limit| limit.only.iter().any(|only| only.number() == number))
    }
}

/// Channels may be left out only where an article demands it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChannelLimit {
    /// Never empty.
    pub only: Vec<OfferedChannel>,
    pub basis: LegalBasis,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LegalBasis {
    /// 《中华人民共和国户口登记条例》
    pub law: Text,
    /// 第七条
    pub article: String,
    /// The words of the article, in Chinese.
    pub text: String,
}

/// 即办件 or 承诺件.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    Instant,
    Promised,
}

/// How well the applicant must be known: `ial` 1–4, `aal` 1–3 (domain.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct IdentityLevel {
    pub ial: u8,
    pub aal: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    pub legal: Limit,
    /// Never longer than `legal`.
    pub promised: Limit,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rectification: Option<Limit>,
}

/// What the law leaves to practice: usual where a guide says nothing else.
impl Limits {
    /// 补正期限: how long the applicant has to mend what was asked for.
    pub fn correction(&self) -> Limit {
        self.correction.unwrap_or(Limit::working_days(15))
    }

    /// 催办、督办答复期限
    pub fn reply(&self) -> Limit {
        self.reply.unwrap_or(Limit::working_days(3))
    }

    /// 差评整改期限: in use are 5 and 15 working days.
    pub fn rectification(&self) -> Limit {
        self.rectification.unwrap_or(Limit::working_days(15))
    }
}

/// A span of days. `days` is 0 for "on the spot".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    pub days: u16,
    pub unit: DayUnit,
}

impl Limit {
    pub const fn working_days(days: u16) -> Self {
        Self { days, unit: DayUnit::WorkingDay }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayUnit {
    WorkingDay,
    CalendarDay,
}

/// 特别程序, the kinds of 行政许可法 article 45.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpecialProcedure {
    Hearing,
    Tender,
    Auction,
    Inspection,
    Testing,
    Quarantine,
    Appraisal,
    ExpertReview,
}

impl SpecialProcedure {
    pub fn label(self) -> Text {
        match self {
            SpecialProcedure::Hearing => Text::new("听证", "hearing"),
            SpecialProcedure::Tender => Text::new("招标", "tender"),
            SpecialProcedure::Auction => Text::new("拍卖", "auction"),
            SpecialProcedure::Inspection => Text::new("检验", "inspection"),
            SpecialProcedure::Testing => Text::new("检测", "testing"),
            SpecialProcedure::Quarantine => Text::new("检疫", "quarantine"),
            SpecialProcedure::Appraisal => Text::new("鉴定", "appraisal"),
            SpecialProcedure::ExpertReview => Text::new("专家评审", "expert review"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fee {
    Free,
    /// `amount_fen` per application; `basis` names the price notice.
    Charged {
        amount_fen: u64,
        basis: Text,
    },
}

/// A condition of eligibility: true when met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Condition {
    pub code: String,
    pub when: Expr,
    /// What the applicant reads, whether met or not.
    pub text: Text,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scenarios: Vec<String>,
}

/// One step of the flow, in order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// `handle`, `review`, `approve`… unique in the flow.
    pub code: String,
    pub name: Text,
    pub role: StepRole,
    /// Nobody who took an earlier step may take this one.
    pub four_eyes: bool,
    /// 征求意见: agencies asked in parallel when the step's turn comes; it is taken
    /// once all have answered or their silence has an effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub opinions: Vec<OpinionWanted>,
}

/// Another agency whose opinion a step needs (联合办理, 行政许可法 26).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OpinionWanted {
    pub agency: Uscc,
    /// What the agency is called.
    pub name: Text,
    pub limit: Limit,
    pub silence: Silence,
}

/// What it means when a consulted agency says nothing in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// 逾期视为同意
    Consents,
    /// 逾期报上级: its superior is told and may answer in its place.
    Escalates,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepRole {
    Handler,
    Reviewer,
    Approver,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    SelfCollect,
    Courier,
    Electronic,
}

/// The rule by which the system itself decides, when every fact it rests on is
/// verified. When the rule is false, or a fact unverified, an officer decides:
/// a machine never denies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AutomaticDecision {
    /// Attributes of the applicant that must be verified: `birth_date`, `residence`…
    pub verified: Vec<Attribute>,
    pub approve_when: Expr,
}

/// What can be known and proven of an applicant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    Name,
    IdNumber,
    BirthDate,
    Gender,
    Residence,
}

impl Attribute {
    pub const ALL: [Self; 5] = [Self::Name, Self::IdNumber, Self::BirthDate, Self::Gender, Self::Residence];
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Telephone {
    pub enquiry: String,
    pub complaint: String,
}
