//! What there is to fill in.

use super::words::{arrow, certificate, cited, explained, named, particular, plain, quoted, yes_or_no, yuan};
use super::{About, Pairs, Teller};
use crate::domain::codes::RegionCode;
use crate::domain::guides::model::{Choice, Field, FieldKind, Form, FormRule, Prefill, Requirement};
use crate::domain::guides::pattern::Pattern;
use crate::domain::text::Text;

const ABOUT: About = About::Question;

pub(super) fn form(teller: &mut Teller, old: &Form, new: &Form) {
    let Form { fields: questions, rules: checks } = old;
    fields(teller, questions, &new.fields);
    rules(teller, checks, &new.rules);
}

fn fields(teller: &mut Teller, old: &[Field], new: &[Field]) {
    let pairs = Pairs::of(old, new, |field| field.name.clone());
    for field in &pairs.dropped {
        let label = quoted(&field.label);
        teller.within(&field.scenarios, |teller| {
            teller.tell(
                ABOUT,
                format!("少填一项：{}", label.zh),
                format!("one question fewer: {}", label.en),
            );
        });
    }
    for field in &pairs.added {
        let label = quoted(&field.label);
        let note = match (&field.required, &field.visible_when) {
            (Requirement::Required, None) => Text::new("", ""),
            (Requirement::Optional, _) => Text::new("（选填）", " (optional)"),
            (Requirement::Required | Requirement::When(_), _) => {
                Text::new("（部分情况填写）", " (in some cases)")
            }
        };
        teller.within(&field.scenarios, |teller| {
            teller.tell(
                ABOUT,
                format!("多填一项：{}{}", label.zh, note.zh),
                format!("one question more: {}{}", label.en, note.en),
            );
        });
    }
    if pairs.moved {
        teller.tell(About::Wording, "表单各项的先后顺序有调整", "the questions come in another order");
    }
    for (old, new) in pairs.kept {
        teller.belonging(ABOUT, &new.label, &old.scenarios, &new.scenarios);
        teller.within(&new.scenarios, |teller| changed(teller, old, new));
    }
}

fn changed(teller: &mut Teller, old: &Field, new: &Field) {
    let Field { name: _, label, help, kind: of, required, visible_when, prefill, scenarios: _ } = old;
    named(teller, About::Wording, ("填写项", "question"), label, &new.label);
    let label = quoted(&new.label);
    if *required != new.required {
        let (zh, en) = match (required, &new.required) {
            (_, Requirement::Required) => ("改为必填", "is now required"),
            (_, Requirement::Optional) => ("不再必填", "is no longer required"),
            (Requirement::When(_), Requirement::When(_)) => {
                ("必填的情况有变", "is required in other cases than before")
            }
            (Requirement::Required | Requirement::Optional, Requirement::When(_)) => {
                ("改为只在部分情况下必填", "is now required in some cases only")
            }
        };
        teller.tell(ABOUT, format!("{}{zh}", label.zh), format!("{} {en}", label.en));
    }
    if *visible_when != new.visible_when {
        let (zh, en) = match (visible_when, &new.visible_when) {
            (_, None) => ("改为人人都要看到", "is now asked of everybody"),
            (None, Some(_)) => ("改为只在部分情况下出现", "is now asked in some cases only"),
            (Some(_), Some(_)) => ("出现的情况有变", "is asked in other cases than before"),
        };
        teller.tell(ABOUT, format!("{}{zh}", label.zh), format!("{} {en}", label.en));
    }
    let (zh, en) = (format!("{}的预填来源", label.zh), format!("{}, filled in from", label.en));
    arrow(teller, ABOUT, (&zh, &en), &filled_from(prefill.as_ref()), &filled_from(new.prefill.as_ref()));
    let (zh, en) = (format!("{}的填写说明", label.zh), format!("explanation of {}", label.en));
    explained(teller, About::Wording, (&zh, &en), help.as_ref(), new.help.as_ref());
    kind(teller, &label, of, &new.kind);
}

fn filled_from(prefill: Option<&Prefill>) -> Text {
    match prefill {
        None => Text::new("自行填写", "nothing"),
        Some(Prefill::Applicant(of)) => {
            let of = particular(*of);
            Text::new(format!("账户中的{}", of.zh), format!("the {} in the account", of.en))
        }
        Some(Prefill::Certificate { certificate_type, attribute }) => {
            let of = certificate(certificate_type);
            Text::new(format!("{}（{attribute}）", of.zh), format!("{} ({attribute})", of.en))
        }
    }
}

/// How it is answered.
fn kind(teller: &mut Teller, label: &Text, old: &FieldKind, new: &FieldKind) {
    let mut now = |(zh, en): (&str, &str), old: Text, new: Text| {
        let what = (format!("{}的{zh}", label.zh), format!("{}, {en}", label.en));
        arrow(teller, ABOUT, (&what.0, &what.1), &old, &new);
    };
    now(("填写方式", "kind of answer"), kind_word(old), kind_word(new));
    match (old, new) {
        (
            FieldKind::Text { max_length, multiline, pattern },
            FieldKind::Text { max_length: length, multiline: lines, pattern: shape },
        ) => {
            now(("最多字数", "characters at most"), plain(max_length), plain(length));
            now(("可分行填写", "several lines"), yes_or_no(*multiline), yes_or_no(*lines));
            now(("格式要求", "format"), format_word(pattern.as_ref()), format_word(shape.as_ref()));
        }
        (FieldKind::Number { min, max }, FieldKind::Number { min: least, max: most }) => {
            now(("允许范围", "range"), range(*min, *max, plain), range(*least, *most, plain));
        }
        (FieldKind::Money { min, max }, FieldKind::Money { min: least, max: most }) => {
            let money = |fen: i64| plain(yuan(fen.into()));
            now(("允许范围", "range"), range(*min, *max, money), range(*least, *most, money));
        }
        (FieldKind::Date { past, future }, FieldKind::Date { past: before, future: after }) => {
            now(("允许日期", "days allowed"), days(*past, *future), days(*before, *after));
        }
        (FieldKind::Choice { options: old }, FieldKind::Choice { options: new }) => {
            options(teller, label, old, new);
        }
        (
            FieldKind::MultiChoice { options: old, min, max },
            FieldKind::MultiChoice { options: new, min: least, max: most },
        ) => {
            now(("可选个数", "how many may be chosen"), count(*min, *max), count(*least, *most));
            options(teller, label, old, new);
        }
        (FieldKind::Region { under }, FieldKind::Region { under: other })
        | (FieldKind::Address { under }, FieldKind::Address { under: other }) => {
            now(("限定地区", "region"), region(under.as_ref()), region(other.as_ref()));
        }
        (
            FieldKind::Group { fields: old, min, max },
            FieldKind::Group { fields: new, min: least, max: most },
        ) => {
            now(("行数", "rows"), count(*min, Some(*max)), count(*least, Some(*most)));
            row(teller, label, old, new);
        }
        (FieldKind::File { material }, FieldKind::File { material: other }) => {
            now(("对应材料", "material"), plain(material), plain(other));
        }
        (
            FieldKind::Text { .. }
            | FieldKind::Number { .. }
            | FieldKind::Money { .. }
            | FieldKind::Date { .. }
            | FieldKind::Boolean
            | FieldKind::Choice { .. }
            | FieldKind::MultiChoice { .. }
            | FieldKind::Region { .. }
            | FieldKind::Address { .. }
            | FieldKind::ResidentId
            | FieldKind::Uscc
            | FieldKind::Mobile
            | FieldKind::Declaration
            | FieldKind::Group { .. }
            | FieldKind::File { .. },
            _,
        ) => {}
    }
}

/// The fields of a row, told under the name of their group.
fn row(teller: &mut Teller, label: &Text, old: &[Field], new: &[Field]) {
    let mut inner = Teller { told: Vec::new(), only: teller.only.clone(), names: teller.names.clone() };
    fields(&mut inner, old, new);
    for mut told in inner.told {
        told.text = Text::new(
            format!("{}每行：{}", label.zh, told.text.zh),
            format!("in each row of {}: {}", label.en, told.text.en),
        );
        teller.told.push(told);
    }
}

fn options(teller: &mut Teller, label: &Text, old: &[Choice], new: &[Choice]) {
    let pairs = Pairs::of(old, new, |choice| choice.value.clone());
    for Choice { value: _, label: option } in &pairs.added {
        teller.tell(
            ABOUT,
            format!("{}多一个选项：“{}”", label.zh, option.zh),
            format!("{}, one option more: “{}”", label.en, option.en),
        );
    }
    for Choice { value: _, label: option } in &pairs.dropped {
        teller.tell(
            ABOUT,
            format!("{}少一个选项：“{}”", label.zh, option.zh),
            format!("{}, one option fewer: “{}”", label.en, option.en),
        );
    }
    for (Choice { value: _, label: option }, new) in &pairs.kept {
        let what = (format!("{}的选项", label.zh), format!("option of {},", label.en));
        named(teller, About::Wording, (&what.0, &what.1), option, &new.label);
    }
    if pairs.moved {
        teller.tell(
            About::Wording,
            format!("{}各选项的先后顺序有调整", label.zh),
            format!("the options of {} come in another order", label.en),
        );
    }
}

fn kind_word(kind: &FieldKind) -> Text {
    let (zh, en) = match kind {
        FieldKind::Text { .. } => ("文字", "text"),
        FieldKind::Number { .. } => ("数字", "number"),
        FieldKind::Money { .. } => ("金额", "amount of money"),
        FieldKind::Date { .. } => ("日期", "date"),
        FieldKind::Boolean => ("是或否", "yes or no"),
        FieldKind::Choice { .. } => ("单选", "one of several"),
        FieldKind::MultiChoice { .. } => ("多选", "some of several"),
        FieldKind::Region { .. } => ("地区", "region"),
        FieldKind::Address { .. } => ("地址", "address"),
        FieldKind::ResidentId => ("身份证号码", "resident ID number"),
        FieldKind::Uscc => ("统一社会信用代码", "unified social credit code"),
        FieldKind::Mobile => ("手机号码", "mobile number"),
        FieldKind::Declaration => ("勾选声明", "declaration"),
        FieldKind::Group { .. } => ("多行填写", "rows"),
        FieldKind::File { .. } => ("上传文件", "file"),
    };
    Text::new(zh, en)
}

fn format_word(pattern: Option<&Pattern>) -> Text {
    pattern.map_or_else(|| Text::new("不限", "any"), |pattern| plain(pattern.as_str()))
}

fn range(min: Option<i64>, max: Option<i64>, word: impl Fn(i64) -> Text) -> Text {
    match (min.map(&word), max.map(&word)) {
        (None, None) => Text::new("不限", "any"),
        (Some(min), None) => Text::new(format!("不少于 {}", min.zh), format!("{} or more", min.en)),
        (None, Some(max)) => Text::new(format!("不多于 {}", max.zh), format!("{} or less", max.en)),
        (Some(min), Some(max)) => {
            Text::new(format!("{} 至 {}", min.zh, max.zh), format!("{} to {}", min.en, max.en))
        }
    }
}

/// How many choices or rows.
fn count(min: u32, max: Option<u32>) -> Text {
    range(Some(min.into()), max.map(i64::from), plain)
}

fn days(past: bool, future: bool) -> Text {
    match (past, future) {
        (false, false) => Text::new("不限", "any"),
        (true, false) => Text::new("当天及以前", "today or before"),
        (false, true) => Text::new("当天及以后", "today or later"),
        (true, true) => Text::new("当天", "today"),
    }
}

fn region(under: Option<&RegionCode>) -> Text {
    under.map_or_else(|| Text::new("不限", "any"), |code| plain(code.as_str()))
}

/// The checks across fields.
fn rules(teller: &mut Teller, old: &[FormRule], new: &[FormRule]) {
    let pairs = Pairs::of(old, new, |rule| rule.code.clone());
    for rule in &pairs.added {
        teller.within(&rule.scenarios, |teller| {
            teller.tell(
                ABOUT,
                format!("填写时多一项核对：{}", rule.text.zh),
                format!("one check more: {}", rule.text.en),
            );
        });
    }
    for rule in &pairs.dropped {
        teller.within(&rule.scenarios, |teller| {
            teller.tell(
                ABOUT,
                format!("填写时少一项核对：{}", rule.text.zh),
                format!("one check fewer: {}", rule.text.en),
            );
        });
    }
    if pairs.moved {
        teller.tell(About::Wording, "填写核对的先后顺序有调整", "the checks come in another order");
    }
    for (old, new) in pairs.kept {
        let FormRule { code: _, when, at, text, basis, scenarios } = old;
        teller.belonging(ABOUT, &new.text, scenarios, &new.scenarios);
        teller.within(&new.scenarios, |teller| {
            let check = quoted(&new.text);
            if *when != new.when {
                teller.tell(
                    ABOUT,
                    format!("核对规则有变：{}", check.zh),
                    format!("another rule for the check {}", check.en),
                );
            }
            named(teller, About::Wording, ("核对提示", "check"), text, &new.text);
            let (zh, en) = (format!("{}提示的位置", check.zh), format!("{} stands at", check.en));
            arrow(teller, About::Wording, (&zh, &en), &plain(at), &plain(&new.at));
            let (zh, en) = (format!("{}的依据", check.zh), format!("legal basis of the check {}", check.en));
            let (old, new) = (basis.as_ref().map(cited), new.basis.as_ref().map(cited));
            explained(teller, About::Law, (&zh, &en), old.as_ref(), new.as_ref());
        });
    }
}
