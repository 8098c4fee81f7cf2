//! What a guide is once it has been read: plain values, all codes parsed, all
//! expressions compiled. A `Guide` in hand is a guide that passed the lint;
//! nobody downstream checks it again.

use serde::Serialize;

use super::expr::Expr;
use super::pattern::Pattern;
use crate::domain::codes::{
    BasicCode, CertificateType, GuideCode, ItemType, RegionCode, ServiceObject, Uscc,
};
use crate::domain::text::Text;

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
}

/// The catalogue entry shared by all levels (基本目录事项; 四级四同).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    pub basic_code: BasicCode,
    pub name: Text,
    #[serde(rename = "type")]
    pub item_type: ItemType,
    pub legal_basis: Vec<LegalBasis>,
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

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    pub code: String,
    pub name: Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    pub legal: Limit,
    /// Never longer than `legal`.
    pub promised: Limit,
}

/// A span of days. `days` is 0 for "on the spot".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    pub days: u16,
    pub unit: DayUnit,
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
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Form {
    pub fields: Vec<Field>,
    /// Rules across fields: each must be true.
    pub rules: Vec<FormRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Field {
    /// `snake_case`, unique in the form; the key in the facts.
    pub name: String,
    pub label: Text,
    pub help: Option<Text>,
    pub kind: FieldKind,
    pub required: Requirement,
    /// Shown only when true; a hidden field is neither required nor kept.
    pub visible_when: Option<Expr>,
    pub prefill: Option<Prefill>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldKind {
    Text {
        max_length: u32,
        multiline: bool,
        pattern: Option<Pattern>,
    },
    /// Whole numbers.
    Number {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// Fen.
    Money {
        min: Option<i64>,
        max: Option<i64>,
    },
    /// `yyyy-mm-dd`.
    Date {
        past: bool,
        future: bool,
    },
    Boolean,
    Choice {
        options: Vec<Choice>,
    },
    MultiChoice {
        options: Vec<Choice>,
        min: u32,
        max: Option<u32>,
    },
    /// A 12-digit region code, at or below `under` where given.
    Region {
        under: Option<RegionCode>,
    },
    /// Region code + detail: `{"region": "...", "detail": "..."}`.
    Address {
        under: Option<RegionCode>,
    },
    ResidentId,
    Uscc,
    Mobile,
    /// Must be ticked: `true`.
    Declaration,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    pub value: String,
    pub label: Text,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    Required,
    Optional,
    When(Expr),
}

/// Where a field's first value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefill {
    Name,
    IdNumber,
    Mobile,
    BirthDate,
    Gender,
    Residence,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FormRule {
    pub code: String,
    pub when: Expr,
    /// The field the message stands at.
    pub at: String,
    pub text: Text,
}

/// A document the guide requires (申请材料).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Material {
    pub code: String,
    pub name: Text,
    pub help: Option<Text>,
    pub required: Requirement,
    pub source: MaterialSource,
    pub copies: u16,
    /// 容缺: may follow after acceptance.
    pub deferrable: bool,
    /// 告知承诺: a signed promise may stand in for it.
    pub promise_allowed: bool,
}

/// Who has the document. Ask nothing twice: whatever an agency issued is taken
/// from there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MaterialSource {
    /// The applicant's own: a lease, a photograph.
    Own,
    /// An electronic certificate of this type satisfies it.
    Certificate { certificate_type: CertificateType },
    /// Looked up by the agency: nothing to hand in.
    Shared { register: String },
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepRole {
    Handler,
    Reviewer,
    Approver,
}

/// What an approved case issues.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResultKind {
    /// 电子证照. Without `valid_months` it does not expire.
    Certificate { certificate_type: CertificateType, name: Text, valid_months: Option<u16> },
    /// 结果文书, e.g. a notice of confirmation.
    Letter { name: Text },
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

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Telephone {
    pub enquiry: String,
    pub complaint: String,
}
