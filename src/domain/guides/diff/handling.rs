//! How an application is handled: who is eligible, how long it takes, what it
//! costs, what comes out of it.

use super::words::{
    arrow, attribute, delivery as by, explained, handling, limits as days, listed, named, opinion, plain,
    procedure, quoted, role, yes_or_no, yuan,
};
use super::{About, Pairs, Teller, form};
use crate::domain::guides::model::{
    AutomaticDecision, Condition, Delivery, Fee, Field, Form, Handling, Limit, Limits, Question, ResultKind,
    SpecialProcedure, Step,
};
use crate::domain::text::Text;

pub(super) fn kind(teller: &mut Teller, old: Handling, new: Handling) {
    arrow(teller, About::TimeLimit, ("办件类型", "handling"), &handling(old), &handling(new));
}

pub(super) fn limits(teller: &mut Teller, old: Limits, new: Limits) {
    let Limits { legal, promised, correction: _, reply: _, rectification: _ } = old;
    if promised != new.promised {
        let change = days(promised, new.promised);
        teller.tell(
            About::TimeLimit,
            format!("承诺时限 {}", change.zh),
            format!("promised limit {}", change.en),
        );
    }
    if legal != new.legal {
        let change = days(legal, new.legal);
        teller.tell(
            About::TimeLimit,
            format!("法定时限 {}", change.zh),
            format!("legal limit {}", change.en),
        );
    }
    type OfGuide = fn(&Limits) -> Limit;
    let of_practice: [(&str, &str, OfGuide); 3] = [
        ("补正期限", "time for corrections", Limits::correction),
        ("催办答复期限", "time to answer a reminder", Limits::reply),
        ("整改期限", "time to put right what was rated badly", Limits::rectification),
    ];
    for (zh, en, limit) in of_practice {
        if limit(&old) != limit(&new) {
            let change = days(limit(&old), limit(&new));
            teller.tell(About::TimeLimit, format!("{zh} {}", change.zh), format!("{en} {}", change.en));
        }
    }
}

pub(super) fn fee(teller: &mut Teller, old: &Fee, new: &Fee) {
    let amount = |fee: &Fee| match fee {
        Fee::Free => Text::new("不收费", "free"),
        Fee::Charged { amount_fen, basis: _ } => plain(yuan((*amount_fen).into())),
    };
    let (from, to) = (amount(old), amount(new));
    if from != to {
        teller.tell(
            About::Fee,
            format!("收费 {} → {}", from.zh, to.zh),
            format!("fee {} → {}", from.en, to.en),
        );
    }
    let basis = |fee| match fee {
        &Fee::Free => None,
        Fee::Charged { amount_fen: _, basis } => Some(basis),
    };
    // That what is free has no basis any more goes without saying.
    if let Some(now) = basis(new) {
        explained(teller, About::Fee, ("收费依据", "basis of the fee"), basis(old), Some(now));
    }
}

pub(super) fn special_procedures(teller: &mut Teller, old: &[SpecialProcedure], new: &[SpecialProcedure]) {
    listed(teller, About::Procedure, ("特别程序", "special procedures"), (old, new), procedure);
}

pub(super) fn flow(teller: &mut Teller, old: &[Step], new: &[Step]) {
    let pairs = Pairs::of(old, new, |step| step.code.clone());
    for Step { code: _, name, role: by, four_eyes: _, opinions: _ } in &pairs.added {
        teller.tell(
            About::Procedure,
            format!("多一个办理环节：“{}”（{}）", name.zh, role(*by).zh),
            format!("one step more: “{}” ({})", name.en, role(*by).en),
        );
    }
    for Step { code: _, name, role: _, four_eyes: _, opinions: _ } in &pairs.dropped {
        teller.tell(
            About::Procedure,
            format!("少一个办理环节：“{}”", name.zh),
            format!("one step fewer: “{}”", name.en),
        );
    }
    if pairs.moved {
        teller.tell(About::Procedure, "办理环节的先后顺序有变", "the steps come in another order");
    }
    for (Step { code: _, name, role: by, four_eyes, opinions: asked }, new) in pairs.kept {
        named(teller, About::Wording, ("办理环节", "step"), name, &new.name);
        let name = quoted(&new.name);
        let (zh, en) = (format!("环节{}的经办角色", name.zh), format!("step {}, taken by", name.en));
        arrow(teller, About::Procedure, (&zh, &en), &role(*by), &role(new.role));
        let (zh, en) =
            (format!("环节{}须由另一人办理", name.zh), format!("step {}, by another officer", name.en));
        arrow(teller, About::Procedure, (&zh, &en), &yes_or_no(*four_eyes), &yes_or_no(new.four_eyes));
        let (zh, en) =
            (format!("环节{}征求意见的部门", name.zh), format!("agencies consulted at step {}", name.en));
        listed(teller, About::Procedure, (&zh, &en), (asked, &new.opinions), opinion);
    }
}

/// What tells results apart: the type of a certificate, the name of a letter. A letter that
/// keeps its name in one language of the two is still the same.
fn identity(result: &ResultKind, new: &[ResultKind]) -> (bool, String) {
    let name = match result {
        ResultKind::Certificate { certificate_type, .. } => return (true, certificate_type.to_string()),
        ResultKind::Letter { name } => name,
    };
    let letters = || {
        new.iter().filter_map(|result| match result {
            ResultKind::Letter { name } => Some(name),
            ResultKind::Certificate { .. } => None,
        })
    };
    let same = letters().find(|other| other.zh == name.zh);
    let same = same.or_else(|| letters().find(|other| other.en == name.en));
    (false, same.unwrap_or(name).zh.clone())
}

fn result_name(result: &ResultKind) -> Text {
    match result {
        ResultKind::Certificate { name, .. } | ResultKind::Letter { name } => quoted(name),
    }
}

pub(super) fn results(teller: &mut Teller, old: &[ResultKind], new: &[ResultKind]) {
    let pairs = Pairs::of(old, new, |result| identity(result, new));
    for name in pairs.added.iter().map(|result| result_name(result)) {
        teller.tell(About::Result, format!("多发一样：{}", name.zh), format!("one result more: {}", name.en));
    }
    for name in pairs.dropped.iter().map(|result| result_name(result)) {
        teller.tell(About::Result, format!("不再发：{}", name.zh), format!("no longer issued: {}", name.en));
    }
    if pairs.moved {
        teller.tell(About::Wording, "办理结果的先后顺序有调整", "the results are listed in another order");
    }
    for (old, new) in pairs.kept {
        match (old, new) {
            (ResultKind::Letter { name }, ResultKind::Letter { name: other }) => {
                named(teller, About::Wording, ("结果文书", "letter"), name, other);
            }
            (
                ResultKind::Certificate { certificate_type: _, name, valid_months, attributes, determined },
                ResultKind::Certificate {
                    certificate_type: _,
                    name: other,
                    valid_months: months,
                    attributes: says,
                    determined: entered,
                },
            ) => {
                named(teller, About::Wording, ("证照", "certificate"), name, other);
                let name = quoted(other);
                let (zh, en) = (format!("{}的有效期", name.zh), format!("validity of {}", name.en));
                arrow(teller, About::Result, (&zh, &en), &validity(*valid_months), &validity(*months));
                let (zh, en) = (format!("{}载明的内容", name.zh), format!("what {} says", name.en));
                listed(teller, About::Result, (&zh, &en), (attributes, says), |word| plain(word));
                at_issue(teller, &name, determined, entered);
            }
            (ResultKind::Letter { .. } | ResultKind::Certificate { .. }, _) => {}
        }
    }
}

/// What the agency enters when it issues; the applicant is asked for nothing there.
fn at_issue(teller: &mut Teller, certificate: &Text, old: &[Field], new: &[Field]) {
    let entered = |fields: &[Field]| Form { fields: fields.to_vec(), rules: Vec::new() };
    let mut inner = Teller::default();
    form::form(&mut inner, &entered(old), &entered(new));
    for told in inner.told {
        let Text { zh, en } = told.text;
        let zh = format!("{}由部门签发时认定的内容：{zh}", certificate.zh);
        teller.tell(About::Result, zh, format!("what the agency determines on {}: {en}", certificate.en));
    }
}

fn validity(months: Option<u16>) -> Text {
    match months {
        None => Text::new("长期", "without end"),
        Some(1) => Text::new("1 个月", "1 month"),
        Some(months) => Text::new(format!("{months} 个月"), format!("{months} months")),
    }
}

pub(super) fn delivery(teller: &mut Teller, old: &[Delivery], new: &[Delivery]) {
    listed(teller, About::Delivery, ("结果送达方式", "ways to receive the result"), (old, new), by);
}

pub(super) fn automatic(
    teller: &mut Teller,
    old: Option<&AutomaticDecision>,
    new: Option<&AutomaticDecision>,
) {
    const ABOUT: About = About::AutomaticDecision;
    match (old, new) {
        (None, None) => {}
        (None, Some(_)) => teller.tell(
            ABOUT,
            "核验无误且符合规则的，改为提交后由系统即时办结",
            "what is verified and meets the rule is now approved on submission",
        ),
        (Some(_), None) => teller.tell(
            ABOUT,
            "不再由系统即时办结，都由工作人员决定",
            "no longer approved on submission; an officer always decides",
        ),
        (Some(AutomaticDecision { verified, approve_when }), Some(new)) => {
            listed(
                teller,
                ABOUT,
                ("即时办结须核验的内容", "verified before approval on submission"),
                (verified, &new.verified),
                attribute,
            );
            if *approve_when != new.approve_when {
                teller.tell(
                    ABOUT,
                    "系统即时办结的规则有变",
                    "the rule for approval on submission has changed",
                );
            }
        }
    }
}

pub(super) fn conditions(teller: &mut Teller, old: &[Condition], new: &[Condition]) {
    const ABOUT: About = About::Condition;
    let pairs = Pairs::of(old, new, |condition| condition.code.clone());
    for Condition { code: _, when: _, text, scenarios } in &pairs.added {
        teller.within(scenarios, |teller| {
            teller.tell(ABOUT, format!("新增条件：{}", text.zh), format!("new condition: {}", text.en));
        });
    }
    for Condition { code: _, when: _, text, scenarios } in &pairs.dropped {
        teller.within(scenarios, |teller| {
            teller.tell(ABOUT, format!("取消条件：{}", text.zh), format!("condition dropped: {}", text.en));
        });
    }
    if pairs.moved {
        teller.tell(About::Wording, "条件的先后顺序有调整", "the conditions are listed in another order");
    }
    for (Condition { code: _, when, text, scenarios }, new) in pairs.kept {
        teller.belonging(ABOUT, &new.text, scenarios, &new.scenarios);
        teller.within(&new.scenarios, |teller| {
            arrow(teller, ABOUT, ("条件", "condition"), text, &new.text);
            // What the words say of it may be the least of what changes.
            if *when != new.when {
                teller.tell(
                    ABOUT,
                    format!("条件的判断规则有变：{}", new.text.zh),
                    format!("another rule for the condition: {}", new.text.en),
                );
            }
        });
    }
}

pub(super) fn questions(teller: &mut Teller, old: Option<&Question>, new: Option<&Question>) {
    if old == new {
        return;
    }
    let (zh, en) = match (old, new) {
        (_, None) => ("不再用提问引导选择情形", "questions no longer lead to a case"),
        (None, Some(_)) => ("改为用提问引导选择情形", "questions now lead to a case"),
        (Some(_), Some(_)) => ("引导选择情形的提问有变", "the questions that lead to a case have changed"),
    };
    teller.tell(About::Scenario, zh, en);
}
