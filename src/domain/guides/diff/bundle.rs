//! What a new version of a bundle (一件事) changes.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{arrow, explained, joined, limits, listed, named, plain, quoted};
use super::{About, Change, Pairs, Teller, form, in_order, offer};
use crate::domain::guides::model::{Bundle, Form, Given, Implements, OnRefusal, Part, SharedMaterial};
use crate::domain::text::Text;

/// What `new` changes in `old`, in order of [`About`]. `called` knows what the services
/// are called; one it does not know goes by its code in the bundle.
pub fn diff_bundles(old: &Bundle, new: &Bundle, called: &dyn Fn(&Implements) -> Option<Text>) -> Vec<Change> {
    let mut teller = Teller::default();
    let told = &mut teller;
    let Bundle {
        code,
        name,
        summary,
        leader,
        region,
        life_events,
        aliases,
        parts,
        form,
        later,
        materials,
        promised,
        telephone,
    } = old;
    arrow(told, About::Agency, ("编码", "code"), &plain(code), &plain(&new.code));
    arrow(told, About::Agency, ("牵头部门", "leading agency"), &plain(leader), &plain(&new.leader));
    arrow(told, About::Region, ("服务地区", "region served"), &plain(region), &plain(&new.region));
    named(told, About::Wording, ("一件事", "bundle"), name, &new.name);
    explained(told, About::Wording, ("简介", "summary"), Some(summary), Some(&new.summary));
    let word = |word: &String| plain(word);
    listed(told, About::Wording, ("别称", "also known as"), (aliases, &new.aliases), word);
    listed(told, About::Wording, ("人生事件", "life events"), (life_events, &new.life_events), word);
    let names = Names { bundles: [new, old], called };
    in_parts(told, parts, &new.parts, &names);
    shared_form(told, form, &new.form);
    awaited(told, later, &new.later, &names);
    shared_materials(told, materials, &new.materials, &names);
    if *promised != new.promised {
        let change = limits(*promised, new.promised);
        told.tell(
            About::TimeLimit,
            format!("联合承诺时限 {}", change.zh),
            format!("joint promised limit {}", change.en),
        );
    }
    offer::telephone(told, telephone, &new.telephone);
    in_order(teller.told)
}

/// What parts and shared questions are called, in the new version first.
struct Names<'a> {
    bundles: [&'a Bundle; 2],
    called: &'a dyn Fn(&Implements) -> Option<Text>,
}

impl Names<'_> {
    fn of(&self, part: &Part) -> Text {
        quoted(&(self.called)(&part.implements).unwrap_or_else(|| plain(&part.code)))
    }

    fn part(&self, code: &String) -> Text {
        let part = self.bundles.iter().find_map(|bundle| bundle.part(code));
        part.map_or_else(|| quoted(&plain(code)), |part| self.of(part))
    }

    fn question(&self, name: &String) -> Text {
        let mut fields = self.bundles.iter().flat_map(|bundle| &bundle.form.fields);
        let field = fields.find(|field| field.name == *name);
        quoted(&field.map_or_else(|| plain(name), |field| field.label.clone()))
    }
}

fn in_parts(teller: &mut Teller, old: &[Part], new: &[Part], names: &Names<'_>) {
    let pairs = Pairs::of(old, new, |part| part.code.clone());
    for part in &pairs.added {
        let (name, note) = (names.of(part), if part.when.is_some() { IN_SOME_CASES } else { ("", "") });
        let (zh, en) = (format!("多联办一项：{}{}", name.zh, note.0), format!("{}{}", name.en, note.1));
        teller.tell(About::Part, zh, format!("one service more: {en}"));
    }
    for name in pairs.dropped.iter().map(|part| names.of(part)) {
        teller.tell(
            About::Part,
            format!("少联办一项：{}（须另行申请）", name.zh),
            format!("one service fewer: {} (to be applied for by itself)", name.en),
        );
    }
    if pairs.moved {
        teller.tell(About::Wording, "联办事项的先后顺序有调整", "the services are listed in another order");
    }
    for (old, new) in pairs.kept {
        part(teller, old, new, names);
    }
}

const IN_SOME_CASES: (&str, &str) = ("（部分情况办理）", " (in some cases)");

fn part(teller: &mut Teller, old: &Part, new: &Part, names: &Names<'_>) {
    let Part { code: _, implements, scenario, when, after, on_refusal, facts } = old;
    let name = names.of(new);
    if *implements != new.implements {
        let code = |of: &Implements| match of {
            Implements::Item(code) => plain(code),
            Implements::Guide(code) => plain(code),
        };
        let service =
            |part: &Part| (names.called)(&part.implements).unwrap_or_else(|| code(&part.implements));
        let (mut from, mut to) = (service(old), service(new));
        if from == to {
            (from, to) = (code(implements), code(&new.implements));
        }
        arrow(teller, About::Part, ("联办事项", "service"), &from, &to);
    }
    let mut now = |(zh, en): (&str, &str), old: &Text, new: &Text| {
        let what = (format!("{}{zh}", name.zh), format!("{}, {en}", name.en));
        arrow(teller, About::Part, (&what.0, &what.1), old, new);
    };
    let case = |scenario: &Option<String>| scenario.as_ref().map_or_else(|| Text::new("无", "none"), plain);
    now(("的办理情形", "case"), &case(scenario), &case(&new.scenario));
    let follows = |after: &[String]| match after {
        [] => Text::new("无须等待", "nothing"),
        after => joined(&after.iter().map(|code| names.part(code)).collect::<Vec<_>>()),
    };
    now(("须等办结的事项", "waits for"), &follows(after), &follows(&new.after));
    now(
        ("未获批准时后续事项", "what follows if it is refused"),
        &refused(*on_refusal),
        &refused(new.on_refusal),
    );
    if *when != new.when {
        let (zh, en) = match (when, &new.when) {
            (_, None) => ("改为人人都办", "is now applied for by everybody"),
            (None, Some(_)) => ("改为只在部分情况下办理", "is now applied for in some cases only"),
            (Some(_), Some(_)) => ("办理的情况有变", "is applied for in other cases than before"),
        };
        teller.tell(About::Part, format!("{}{zh}", name.zh), format!("{} {en}", name.en));
    }
    let fields: BTreeSet<&String> = facts.keys().chain(new.facts.keys()).collect();
    for field in fields {
        let (zh, en) = (format!("{}的填写项 {field}", name.zh), format!("{}, question {field}", name.en));
        let answer = |facts: &BTreeMap<String, Given>| given(facts.get(field), names);
        arrow(teller, About::Question, (&zh, &en), &answer(facts), &answer(&new.facts));
    }
}

fn refused(on_refusal: OnRefusal) -> Text {
    match on_refusal {
        OnRefusal::Stop => Text::new("不再办理", "is not applied for"),
        OnRefusal::Continue => Text::new("继续办理", "goes on"),
    }
}

fn given(given: Option<&Given>, names: &Names<'_>) -> Text {
    match given {
        None | Some(Given::Own) => Text::new("单独填写", "asked for by itself"),
        Some(Given::Shared(name)) => {
            let label = names.question(name);
            Text::new(format!("与{}共用，只填一次", label.zh), format!("asked once, as {}", label.en))
        }
        Some(Given::Fixed(value)) => {
            Text::new(format!("固定为 {value}，不用填"), format!("always {value}, not asked"))
        }
        Some(Given::Stated { part, attribute }) => {
            let part = names.part(part);
            Text::new(
                format!("取自{}的结果（{attribute}），不用填", part.zh),
                format!("taken from the result of {} ({attribute}), not asked", part.en),
            )
        }
    }
}

/// What is asked once for all parts.
fn shared_form(teller: &mut Teller, old: &Form, new: &Form) {
    let mut inner = Teller::default();
    form::form(&mut inner, old, new);
    for mut told in inner.told {
        let Text { zh, en } = told.text;
        told.text = Text::new(format!("各事项共用：{zh}"), format!("asked once for all services: {en}"));
        teller.told.push(told);
    }
}

/// Shared questions that wait for a part to end well.
fn awaited(
    teller: &mut Teller,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
    names: &Names<'_>,
) {
    let questions: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for question in questions {
        let source = |later: &BTreeMap<String, String>| match later.get(question) {
            None => Text::new("申请时填写", "asked for when applying"),
            Some(part) => {
                let part = names.part(part);
                Text::new(format!("由{}的结果得出", part.zh), format!("comes out of {}", part.en))
            }
        };
        let label = names.question(question);
        arrow(teller, About::Question, (&label.zh, &label.en), &source(old), &source(new));
    }
}

fn shared_materials(teller: &mut Teller, old: &[SharedMaterial], new: &[SharedMaterial], names: &Names<'_>) {
    const ABOUT: About = About::Material;
    let pairs = Pairs::of(old, new, |material| material.code.clone());
    for name in pairs.added.iter().map(|material| quoted(&material.name)) {
        teller.tell(
            ABOUT,
            format!("多一份只交一次的共用材料：{}", name.zh),
            format!("one material more that is handed in once for several services: {}", name.en),
        );
    }
    for name in pairs.dropped.iter().map(|material| quoted(&material.name)) {
        teller.tell(
            ABOUT,
            format!("少一份只交一次的共用材料：{}", name.zh),
            format!("one material fewer that is handed in once for several services: {}", name.en),
        );
    }
    if pairs.moved {
        teller.tell(
            About::Wording,
            "共用材料的先后顺序有调整",
            "the shared materials are listed in another order",
        );
    }
    for (SharedMaterial { code: _, name, help, serves }, new) in pairs.kept {
        named(teller, About::Wording, ("共用材料", "shared material"), name, &new.name);
        let name = quoted(&new.name);
        let (zh, en) = (format!("{}的说明", name.zh), format!("explanation of {}", name.en));
        explained(teller, About::Wording, (&zh, &en), help.as_ref(), new.help.as_ref());
        let uses = |serves: &BTreeMap<String, String>| -> Vec<(String, String)> {
            serves.iter().map(|(part, material)| (part.clone(), material.clone())).collect()
        };
        let (zh, en) = (format!("{}用于", name.zh), format!("{} serves for", name.en));
        listed(teller, ABOUT, (&zh, &en), (&uses(serves), &uses(&new.serves)), |(part, material)| {
            let part = names.part(part);
            Text::new(format!("{}的 {material}", part.zh), format!("{material} of {}", part.en))
        });
    }
}
