//! What there is to hand in.

use super::words::{arrow, certificate, explained, joined, named, paper, plain, quoted, trust, yes_or_no};
use super::{About, Pairs, Teller};
use crate::domain::guides::model::{Download, Material, MaterialSource, Requirement, Reuse};
use crate::domain::text::Text;

const ABOUT: About = About::Material;

pub(super) fn materials(teller: &mut Teller, old: &[Material], new: &[Material]) {
    let pairs = Pairs::of(old, new, |material| material.code.clone());
    for material in &pairs.dropped {
        teller.within(&material.scenarios, |teller| came_or_went(teller, material, ("少", "fewer"), None));
    }
    for material in &pairs.added {
        let form = paper(material.paper);
        let copies = material.copies;
        let form = Text::new(format!("{} {copies} 份", form.zh), format!("{} × {copies}", form.en));
        teller.within(&material.scenarios, |teller| {
            came_or_went(teller, material, ("多", "more"), Some(form));
        });
    }
    if pairs.moved {
        teller.tell(About::Wording, "申请材料的先后顺序有调整", "the materials are listed in another order");
    }
    for (old, new) in pairs.kept {
        teller.belonging(ABOUT, &new.name, &old.scenarios, &new.scenarios);
        teller.within(&new.scenarios, |teller| changed(teller, old, new));
    }
}

/// One material more, in the form it is to have, or one fewer.
fn came_or_went(teller: &mut Teller, material: &Material, (zh, en): (&str, &str), form: Option<Text>) {
    let name = quoted(&material.name);
    match material.source {
        MaterialSource::Own | MaterialSource::Certificate { .. } => {
            let needed = match material.required {
                Requirement::Required => None,
                Requirement::Optional => Some(Text::new("可不交", "optional")),
                Requirement::When(_) => Some(Text::new("部分情况需要", "needed in some cases")),
            };
            let notes: Vec<Text> = form.into_iter().chain(needed).collect();
            let note = match notes.as_slice() {
                [] => Text::new("", ""),
                notes => {
                    let notes = joined(notes);
                    Text::new(format!("（{}）", notes.zh), format!(" ({})", notes.en))
                }
            };
            teller.tell(
                ABOUT,
                format!("{zh}交一份材料：{}{}", name.zh, note.zh),
                format!("one material {en}: {}{}", name.en, note.en),
            );
        }
        MaterialSource::Shared { .. } => teller.tell(
            ABOUT,
            format!("部门之间{zh}核验一项：{}（无需提交）", name.zh),
            format!("one look-up {en} between agencies, nothing to hand in: {}", name.en),
        ),
    }
}

fn changed(teller: &mut Teller, old: &Material, new: &Material) {
    let Material {
        code: _,
        name,
        help,
        required,
        source: from,
        paper: form,
        copies,
        standard,
        least_trust,
        promise_allowed,
        deferrable,
        reuse,
        blank_form,
        sample,
        own_because,
        scenarios: _,
    } = old;
    named(teller, About::Wording, ("材料", "material"), name, &new.name);
    let name = quoted(&new.name);
    needed(teller, &name, required, &new.required);
    let mut now = |(zh, en): (&str, &str), old: Text, new: Text| {
        let what = (format!("{}{zh}", name.zh), format!("{}, {en}", name.en));
        arrow(teller, ABOUT, (&what.0, &what.1), &old, &new);
    };
    now(("的来源", "where it comes from"), source(from), source(&new.source));
    now(("的形式", "form"), paper(*form), paper(new.paper));
    now(("的份数", "copies"), plain(copies), plain(new.copies));
    now(("的可信要求", "how it must be proven"), trust(*least_trust), trust(new.least_trust));
    now(
        ("可用书面承诺代替", "a signed promise may stand in"),
        yes_or_no(*promise_allowed),
        yes_or_no(new.promise_allowed),
    );
    now(("可以容缺后补", "may follow later"), yes_or_no(*deferrable), yes_or_no(new.deferrable));
    now(("交过的再次使用", "serves again once handed in"), serves_again(*reuse), serves_again(new.reuse));
    let mut said = |about, (zh, en): (&str, &str), old: Option<&Text>, new: Option<&Text>| {
        let what = (format!("{}的{zh}", name.zh), format!("{en} of {}", name.en));
        explained(teller, about, (&what.0, &what.1), old, new);
    };
    said(ABOUT, ("受理标准", "standard"), standard.as_ref(), new.standard.as_ref());
    said(About::Wording, ("说明", "explanation"), help.as_ref(), new.help.as_ref());
    said(
        About::Wording,
        ("自备理由", "reason to bring your own"),
        own_because.as_ref(),
        new.own_because.as_ref(),
    );
    let page = |page: &Option<Download>| page.as_ref().map(download);
    said(
        About::Wording,
        ("空白表格", "blank form"),
        page(blank_form).as_ref(),
        page(&new.blank_form).as_ref(),
    );
    said(About::Wording, ("示例样表", "sample"), page(sample).as_ref(), page(&new.sample).as_ref());
}

fn needed(teller: &mut Teller, name: &Text, old: &Requirement, new: &Requirement) {
    if old == new {
        return;
    }
    let (zh, en) = match (old, new) {
        (_, Requirement::Required) => ("改为必须提交", "is now required"),
        (_, Requirement::Optional) => ("不再必须提交", "is no longer required"),
        (Requirement::When(_), Requirement::When(_)) => {
            ("需要提交的情况有变", "is required in other cases than before")
        }
        (Requirement::Required | Requirement::Optional, Requirement::When(_)) => {
            ("改为只在部分情况下必须提交", "is now required in some cases only")
        }
    };
    teller.tell(ABOUT, format!("{}{zh}", name.zh), format!("{} {en}", name.en));
}

fn source(source: &MaterialSource) -> Text {
    match source {
        MaterialSource::Own => Text::new("自行提交", "brought by you"),
        MaterialSource::Certificate { certificate_type } => certificate(certificate_type),
        MaterialSource::Shared { register } => Text::new(
            format!("部门之间核验（{register}），无需提交"),
            format!("looked up between agencies ({register}), nothing to hand in"),
        ),
    }
}

fn serves_again(reuse: Option<Reuse>) -> Text {
    match reuse {
        None => Text::new("不可以", "no"),
        Some(Reuse { within_days }) => {
            Text::new(format!("{within_days} 天内"), format!("within {within_days} days"))
        }
    }
}

fn download(download: &Download) -> Text {
    match download {
        Download::Text(text) => quoted(&plain(text)),
        Download::Url(address) => plain(address),
    }
}
