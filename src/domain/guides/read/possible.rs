//! What somebody can choose, meet and keep: a form nobody could hand in is told to its
//! author rather than to an applicant.

use super::Reader;
use super::form::FormParts;
use super::keys::Keys;
use super::listed::Listed;
use crate::domain::guides::expr::Expr;
use crate::domain::guides::facts::MAX_FACTS_BYTES;
use crate::domain::guides::model::{Condition, Field, FieldKind, IdentityLevel};
use crate::domain::guides::reach::{Unreachable, barred_options, can_be_met, unreachable_fields};
use crate::domain::guides::source::Node;

/// The bytes of a Chinese character.
const BYTES: u64 = 3;

/// Judges the form of a guide, and what its rules and conditions together ask.
pub(super) fn check_possible(
    guide: &Keys<'_, '_>,
    reader: &Reader<'_>,
    form: Option<&FormParts>,
    conditions: Option<&Listed<Condition>>,
    identity: Option<IdentityLevel>,
) {
    let place = guide.get("form").and_then(|form| form.member("fields"));
    let (Some(fields), Some(list)) = (form.and_then(|form| form.fields.as_ref()), place) else { return };
    if guide.get("scenarios").is_none_or(|scenarios| scenarios.items().is_empty()) {
        check_size(fields, list, reader);
    }
    // What an item asks of its guides each of them may ask otherwise.
    let ial = identity.filter(|_| !reader.is_partial).map_or(0, |identity| identity.ial);
    check_shown(fields, list, ial, reader);
    // Of a scenario everything else was told with the guide as a whole.
    if reader.is_variant {
        return;
    }
    let (mut demands, read) = (Vec::new(), form.and_then(|form| form.rules.as_ref()));
    if let (Some(conditions), Some(list)) = (conditions, guide.get("conditions")) {
        let placed = conditions.placed(list);
        demands.extend(placed.map(|(condition, place)| (&condition.when, &condition.scenarios, place)));
    }
    let placed = guide.get("form").and_then(|form| form.member("rules"));
    if let (Some(rules), Some(placed)) = (read, placed) {
        demands.extend(rules.placed(placed).map(|(rule, place)| (&rule.when, &rule.scenarios, place)));
    }
    let is_met = check_met(fields, &demands, ial, reader);
    if let Some(rules) = read.filter(|_| is_met) {
        for (field, option) in barred_options(&fields.read, &rules.read, ial) {
            let field = list.items().get(fields.place(field));
            if let Some(place) = field.and_then(|field| field.member("options")?.items().get(option)) {
                reader.problems.at(
                    place,
                    "表单规则使选了此项的申请都无法提交，请改正规则或删去此项。",
                    "The rules of the form let nobody apply who chooses this; correct the rules or remove the option.",
                );
            }
        }
    }
}

/// Every field can be seen by somebody. What is out of reach only because another field
/// is, is named with that one.
fn check_shown(fields: &Listed<Field>, list: &Node, ial: u8, reader: &Reader<'_>) {
    for Unreachable { index, with } in unreachable_fields(&fields.read, ial) {
        let Some(node) = list.items().get(fields.place(index)).and_then(|item| item.member("visible_when"))
        else {
            continue;
        };
        let (mut zh, mut en) = (String::new(), String::new());
        if !with.is_empty() {
            zh = format!("字段 {} 也因此无法显示。", with.join("、"));
            en = format!(" With it {} cannot be seen either.", with.join(", "));
        }
        reader.problems.at(
            node,
            format!("没有任何一组答案能让这个字段显示，请改正条件或删去字段。{zh}"),
            format!(
                "No answers can ever make this field visible; correct the condition or remove the field.{en}"
            ),
        );
    }
}

/// What an application must meet: the expression, the scenarios it is for, and where it stands.
type Demand<'a> = (&'a Expr, &'a Vec<String>, &'a Node);

/// Whether somebody can meet them, each and all together; told if not.
fn check_met(fields: &Listed<Field>, demands: &[Demand<'_>], ial: u8, reader: &Reader<'_>) -> bool {
    let at =
        |node: &Node, zh: &str, en: &str| reader.problems.at(node.member("when").unwrap_or(node), zh, en);
    let mut are_met = true;
    for (when, _, place) in demands {
        if !can_be_met(&fields.read, &[when], ial) {
            are_met = false;
            at(
                place,
                "没有任何申请能满足它，谁都无法办理；请改正条件或删去。",
                "Nobody can ever meet this, so nobody could apply; correct it or remove it.",
            );
        }
    }
    if !are_met {
        return false;
    }
    // Those of some scenarios alone may be at odds with each other.
    let common: Vec<_> = demands.iter().filter(|(_, scenarios, _)| scenarios.is_empty()).collect();
    let whens: Vec<&Expr> = common.iter().map(|(when, ..)| *when).collect();
    if can_be_met(&fields.read, &whens, ial) {
        return true;
    }
    let at_odds = (2..=whens.len()).find(|count| !can_be_met(&fields.read, &whens[..*count], ial));
    if let Some((_, _, place)) = at_odds.and_then(|count| common.get(count - 1)) {
        at(
            place,
            "它与前面的条件或规则不能同时满足，谁都无法办理；请改正其一。",
            "Nobody can meet this together with the conditions or rules before it, so nobody could apply; correct one of them.",
        );
    }
    false
}

/// The longest texts together can be kept as answers.
fn check_size(fields: &Listed<Field>, list: &Node, reader: &Reader<'_>) {
    let length = |field: &Field| match &field.kind {
        FieldKind::Text { max_length, .. } => u64::from(*max_length),
        _ => 0,
    };
    let characters: u64 = fields.read.iter().map(length).sum();
    let most = u64::try_from(MAX_FACTS_BYTES).unwrap_or(u64::MAX) / BYTES;
    if characters > most {
        reader.problems.at(
            list,
            format!("各文字字段的 max_length 合计 {characters}，而一份申请的答案最多约 {most} 个汉字，填满就无法保存；请减小 max_length，长文改为提交材料。"),
            format!("The max_length of the text fields comes to {characters} together, but the answers of an application hold about {most} Chinese characters, so full ones could not be kept; lower max_length, and have long texts handed in as materials."),
        );
    }
}
