//! Which tables there are, and which columns each has. Names are the standard's
//! where it has the column; a code that begins with `x_` is ours.
//!
//! The standard's numbers are written where the portal knows them (事项类型,
//! 服务对象, 办件类型, 办理形式, 行使层级), its Chinese words elsewhere.

use super::{Cell, Column, Kind, Rows, Table};
use crate::domain::exports::words;
use crate::domain::guides::Guide;
use Kind::{Flag, Json, Number, Stated, Text, Texts, Word, Words};

type Labels = &'static [(&'static str, &'static str)];

const HANDLING: Labels = &[("instant", "1"), ("promised", "2")];
const OBJECTS: Labels = &[
    ("natural_person", "1"),
    ("enterprise", "2"),
    ("public_institution", "3"),
    ("social_organisation", "4"),
    ("administrative_organ", "5"),
    ("other", "6"),
];
const OFFERED: Labels = &[("window", "1"), ("pc", "2"), ("mobile", "3"), ("express", "4"), ("other", "9")];
const UNIT: Labels = &[("working_day", "工作日"), ("calendar_day", "自然日")];
const REACH: Labels = &[("none", "本区域"), ("city", "全市"), ("province", "全省"), ("nation", "全国")];
const PROCEDURES: Labels = &[
    ("hearing", "听证"),
    ("tender", "招标"),
    ("auction", "拍卖"),
    ("inspection", "检验"),
    ("testing", "检测"),
    ("quarantine", "检疫"),
    ("appraisal", "鉴定"),
    ("expert_review", "专家评审"),
];
const DELIVERY: Labels = &[("self_collect", "窗口领取"), ("courier", "邮寄送达"), ("electronic", "电子送达")];
const NECESSITY: Labels = &[("required", "必要"), ("optional", "非必要"), ("conditional", "按条件")];
const ORIGIN: Labels = &[("own", "申请人自备"), ("certificate", "政府部门核发"), ("shared", "政府部门共享")];
const PAPER: Labels = &[("original", "原件"), ("copy", "复印件"), ("electronic", "电子")];
const ROLE: Labels = &[("handler", "承办人"), ("reviewer", "审核人"), ("approver", "审批人")];
const RESULT: Labels = &[("certificate", "证照"), ("letter", "文书")];

/// Every way there is, where the guide leaves none out.
fn offered(guide: &Guide) -> Cell {
    words::offered(guide).into_iter().map(|way| Cell::from(way.number().to_string())).collect()
}

const fn column(code: &'static str, name: &'static str, kind: Kind) -> Column {
    Column { code, name, kind }
}

const SCENARIOS: Column = column("x_scenarios", "适用情形", Texts("scenarios"));

pub(super) const TABLES: &[Table] = &[
    Table { code: "item", name: "事项基本信息", rows: Rows::Whole, columns: ITEM },
    Table { code: "legal_basis", name: "设定依据", rows: Rows::Of("item.legal_basis"), columns: BASIS },
    Table { code: "scenarios", name: "业务办理项", rows: Rows::Of("scenarios"), columns: SCENARIO },
    Table { code: "conditions", name: "受理条件", rows: Rows::Of("conditions"), columns: CONDITION },
    Table { code: "materials", name: "申请材料", rows: Rows::Of("materials"), columns: MATERIAL },
    Table { code: "fees", name: "收费项目", rows: Rows::Of("fees"), columns: FEE },
    Table { code: "flow", name: "办理流程", rows: Rows::Of("flow"), columns: STEP },
    Table { code: "results", name: "办理结果", rows: Rows::Of("results"), columns: RESULTS },
    Table { code: "venues", name: "办理地点", rows: Rows::Of("venues"), columns: VENUE },
    Table { code: "x_questions", name: "情形引导", rows: Rows::Of("answers"), columns: QUESTION },
    Table { code: "x_fields", name: "表单字段", rows: Rows::Of("fields"), columns: FIELD },
    Table { code: "x_rules", name: "表单规则", rows: Rows::Of("rules"), columns: RULE },
    Table { code: "x_examples", name: "办理示例", rows: Rows::Of("examples"), columns: EXAMPLE },
];

const ITEM: &[Column] = &[
    column("basic_code", "基本编码", Text("item.basic_code")),
    column("guide_code", "实施编码", Text("code")),
    column("name", "事项名称", Text("item.name.zh")),
    column("x_name_en", "事项名称（英文）", Text("item.name.en")),
    column("item_type", "事项类型", Text("item.type")),
    column("item_type_name", "事项类型名称", Stated(|guide, _| Some(guide.item.item_type.text().zh.into()))),
    column(
        "level",
        "行使层级",
        Stated(|guide, _| guide.code.level().map(|level| level.code().to_string().into())),
    ),
    column("agency_code", "实施主体编码", Text("agency")),
    column("agency_name", "实施主体", Stated(|_, about| about.agency.map(|name| name.zh.clone().into()))),
    column("region_code", "区划代码", Text("region")),
    column("region_name", "区划名称", Stated(|_, about| about.region.map(Cell::from))),
    column("service_objects", "服务对象", Words("service_objects", OBJECTS)),
    column("handling", "办件类型", Word("handling", HANDLING)),
    column("legal_days", "法定办结时限", Number("limits.legal.days")),
    column("legal_unit", "法定办结时限单位", Word("limits.legal.unit", UNIT)),
    column("promised_days", "承诺办结时限", Number("limits.promised.days")),
    column("promised_unit", "承诺办结时限单位", Word("limits.promised.unit", UNIT)),
    column("x_correction_limit", "补正期限", Json("limits.correction")),
    column("x_reply_limit", "催办答复期限", Json("limits.reply")),
    column("x_rectification_limit", "整改期限", Json("limits.rectification")),
    column("special_procedures", "特别程序", Words("special_procedures", PROCEDURES)),
    column("charged", "是否收费", Flag("charged")),
    column("visits", "到办事现场次数", Number("visits")),
    column("cross_region", "通办范围", Word("cross_region", REACH)),
    column("offered", "办理形式", Stated(|guide, _| Some(offered(guide)))),
    column("x_offered_only", "限定的办理形式", Words("channels.only", OFFERED)),
    column("x_offered_law", "限定办理形式的依据", Text("channels.basis.law.zh")),
    column("x_offered_law_en", "限定办理形式的依据（英文）", Text("channels.basis.law.en")),
    column("x_offered_article", "限定办理形式的条款", Text("channels.basis.article")),
    column("x_offered_text", "限定办理形式的条款内容", Text("channels.basis.text")),
    column("delivery", "结果送达方式", Words("delivery", DELIVERY)),
    column("enquiry", "咨询方式", Text("telephone.enquiry")),
    column("complaint", "监督投诉方式", Text("telephone.complaint")),
    column("topics", "主题分类", Texts("topics")),
    column("effective_from", "生效日期", Text("effective_from")),
    column("effective_until", "取消日期", Text("effective_until")),
    column("version", "版本号", Stated(|_, about| about.version.map(Cell::from))),
    column(
        "published_at",
        "发布时间",
        Stated(|_, about| about.published_at.map(|at| at.to_rfc3339().into())),
    ),
    column("x_summary", "事项简介", Text("summary.zh")),
    column("x_summary_en", "事项简介（英文）", Text("summary.en")),
    column("x_aliases", "事项别称", Texts("item.aliases")),
    column("x_life_events", "人生事件", Texts("item.life_events")),
    column("x_ial", "实名等级", Number("identity.ial")),
    column("x_aal", "认证等级", Number("identity.aal")),
    column("x_automatic", "自动审批规则", Json("automatic")),
];

const BASIS: &[Column] = &[
    column("law", "法律法规名称", Text("law.zh")),
    column("x_law_en", "法律法规名称（英文）", Text("law.en")),
    column("article", "条款号", Text("article")),
    column("text", "条款内容", Text("text")),
];

const SCENARIO: &[Column] = &[
    column("code", "业务办理项编码", Text("code")),
    column("name", "业务办理项名称", Text("name.zh")),
    column("x_name_en", "业务办理项名称（英文）", Text("name.en")),
    column("handling", "办件类型", Word("handling", HANDLING)),
    column("legal_days", "法定办结时限", Number("limits.legal.days")),
    column("legal_unit", "法定办结时限单位", Word("limits.legal.unit", UNIT)),
    column("promised_days", "承诺办结时限", Number("limits.promised.days")),
    column("promised_unit", "承诺办结时限单位", Word("limits.promised.unit", UNIT)),
    column("x_correction_limit", "补正期限", Json("limits.correction")),
    column("x_reply_limit", "催办答复期限", Json("limits.reply")),
    column("x_rectification_limit", "整改期限", Json("limits.rectification")),
    column("visits", "到办事现场次数", Number("visits")),
    column("x_fee", "收费", Json("fee")),
    column("x_flow", "办理流程", Json("flow")),
    column("x_results", "办理结果", Json("results")),
    column("x_automatic", "自动审批规则", Json("automatic")),
];

const CONDITION: &[Column] = &[
    column("code", "条件编码", Text("code")),
    column("text", "受理条件", Text("text.zh")),
    column("x_text_en", "受理条件（英文）", Text("text.en")),
    column("x_when", "判断规则", Text("when")),
    SCENARIOS,
];

const MATERIAL: &[Column] = &[
    column("code", "材料编码", Text("code")),
    column("name", "材料名称", Text("name.zh")),
    column("x_name_en", "材料名称（英文）", Text("name.en")),
    column("necessity", "材料必要性", Word("necessity", NECESSITY)),
    column("x_required_when", "必要条件规则", Text("required_when")),
    column("origin", "来源渠道", Word("origin", ORIGIN)),
    column("x_certificate_type", "电子证照类型", Text("certificate")),
    column("x_register", "共享登记簿", Text("shared")),
    column("x_own_because", "仍须自备的理由", Text("own_because.zh")),
    column("x_own_because_en", "仍须自备的理由（英文）", Text("own_because.en")),
    column("paper", "材料形式", Word("paper", PAPER)),
    column("copies", "材料份数", Number("copies")),
    column("help", "填报须知", Text("help.zh")),
    column("x_help_en", "填报须知（英文）", Text("help.en")),
    column("standard", "受理标准", Text("standard.zh")),
    column("x_standard_en", "受理标准（英文）", Text("standard.en")),
    column("blank_form", "空白表格", Text("blank_form.url")),
    column("x_blank_form_text", "空白表格内容", Text("blank_form.text")),
    column("sample", "示例样表", Text("sample.url")),
    column("x_sample_text", "示例样表内容", Text("sample.text")),
    column("x_deferrable", "是否容缺", Flag("deferrable")),
    column("x_promise_allowed", "是否告知承诺", Flag("promise_allowed")),
    column("x_least_trust", "最低可信等级", Text("least_trust")),
    column("x_reuse_days", "复用天数", Number("reuse.within_days")),
    SCENARIOS,
];

const FEE: &[Column] = &[
    column("amount_fen", "收费标准（分）", Number("amount_fen")),
    column("basis", "收费依据", Text("basis.zh")),
    column("x_basis_en", "收费依据（英文）", Text("basis.en")),
];

const STEP: &[Column] = &[
    column("code", "环节编码", Text("code")),
    column("name", "环节名称", Text("name.zh")),
    column("x_name_en", "环节名称（英文）", Text("name.en")),
    column("role", "办理岗位", Word("role", ROLE)),
    column("x_four_eyes", "须换人办理", Flag("four_eyes")),
    column("x_opinions", "征求意见", Json("opinions")),
];

const RESULTS: &[Column] = &[
    column("kind", "结果类型", Word("kind", RESULT)),
    column("name", "结果名称", Text("name.zh")),
    column("x_name_en", "结果名称（英文）", Text("name.en")),
    column("x_certificate_type", "电子证照类型", Text("type")),
    column("x_valid_months", "有效期（月）", Number("valid_months")),
    column("x_attributes", "证照内容字段", Texts("attributes")),
    column("x_determined", "签发时认定的内容", Json("determined")),
];

const VENUE: &[Column] = &[
    column("name", "地点名称", Text("name.zh")),
    column("x_name_en", "地点名称（英文）", Text("name.en")),
    column("address", "办理地点", Text("address.zh")),
    column("x_address_en", "办理地点（英文）", Text("address.en")),
    column("hours", "办理时间", Text("hours.zh")),
    column("x_hours_en", "办理时间（英文）", Text("hours.en")),
    column("telephone", "联系电话", Text("telephone")),
];

const QUESTION: &[Column] = &[
    column("question", "问题序号", Number("question")),
    column("ask", "问题", Text("ask.zh")),
    column("ask_en", "问题（英文）", Text("ask.en")),
    column("answer", "回答", Text("answer.zh")),
    column("answer_en", "回答（英文）", Text("answer.en")),
    column("scenario", "业务办理项编码", Text("scenario")),
    column("next", "下一问题序号", Number("next")),
];

const FIELD: &[Column] = &[
    column("name", "字段名", Text("name")),
    column("label", "标签", Text("label.zh")),
    column("label_en", "标签（英文）", Text("label.en")),
    column("help", "说明", Text("help.zh")),
    column("help_en", "说明（英文）", Text("help.en")),
    column("type", "类型", Text("type")),
    column("necessity", "必填", Word("necessity", NECESSITY)),
    column("required_when", "必填规则", Text("required_when")),
    column("visible_when", "显示规则", Text("visible_when")),
    column("prefill", "预填来源", Text("prefill_from")),
    column("prefill_certificate", "预填证照类型", Text("prefill_certificate")),
    column("prefill_attribute", "预填证照内容", Text("prefill_attribute")),
    column("max_length", "最大长度", Number("max_length")),
    column("multiline", "多行", Flag("multiline")),
    column("pattern", "格式", Text("pattern")),
    column("min", "最小", Number("min")),
    column("max", "最大", Number("max")),
    column("past", "不晚于当天", Flag("past")),
    column("future", "不早于当天", Flag("future")),
    column("options", "选项", Json("options")),
    column("under", "所属区划", Text("under")),
    column("fields", "行内字段", Json("fields")),
    column("material", "上传的材料", Text("material")),
    SCENARIOS,
];

const RULE: &[Column] = &[
    column("code", "规则编码", Text("code")),
    column("when", "规则", Text("when")),
    column("at", "提示字段", Text("at")),
    column("text", "提示", Text("text.zh")),
    column("text_en", "提示（英文）", Text("text.en")),
    column("law", "依据", Text("basis.law.zh")),
    column("law_en", "依据（英文）", Text("basis.law.en")),
    column("article", "依据的条款", Text("basis.article")),
    column("basis_text", "依据的条款内容", Text("basis.text")),
    SCENARIOS,
];

const EXAMPLE: &[Column] = &[
    column("code", "示例编码", Text("code")),
    column("name", "示例名称", Text("name.zh")),
    column("name_en", "示例名称（英文）", Text("name.en")),
    column("scenario", "业务办理项编码", Text("scenario")),
    column("today", "办理日期", Text("today")),
    column("applicant", "申请人", Json("applicant")),
    column("facts", "填报内容", Json("facts")),
    column("expect", "预期", Json("expect")),
];
