//! Rows of a group (可重复填写的一组), added by several editors at once. A list in a patch
//! replaces the whole group, as RFC 7396 has it; `{ "-": row }` adds one behind the last,
//! whichever that is when its turn comes, so that none takes the place of another. The
//! sign is that of RFC 6901 for the place after the last.

use serde_json::{Map, Value};

use super::facts::Facts;
use super::model::{FieldKind, Form};
use crate::domain::refusal::FieldError;
use crate::domain::text::Text;

const BEHIND_THE_LAST: &str = "-";

/// The same patch with whole lists in the place of rows to be added. Only what is done is
/// put on record, not how it was asked for.
///
/// # Errors
/// Where an object is given for a group and is not a row to be added.
pub fn with_rows_in_full(
    form: &Form,
    facts: &Facts,
    mut patch: Map<String, Value>,
) -> Result<Map<String, Value>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let groups = form.fields.iter().filter(|field| matches!(field.kind, FieldKind::Group { .. }));
    for field in groups {
        let Some(Value::Object(change)) = patch.get(&field.name) else { continue };
        match added(change) {
            Some(row) => {
                let mut rows = match facts.get(&field.name) {
                    Some(Value::Array(rows)) => rows.clone(),
                    _ => Vec::new(),
                };
                rows.push(row.clone());
                patch.insert(field.name.clone(), Value::Array(rows));
            }
            None => errors.push(FieldError::new(
                format!("/facts/{}", field.name),
                "no_row",
                Text::new(
                    "请用列表填写全部各行，或用 {\"-\": {…}} 在末尾增加一行。",
                    "Give all rows as a list, or add one behind the last with {\"-\": {…}}.",
                ),
            )),
        }
    }
    if errors.is_empty() { Ok(patch) } else { Err(errors) }
}

fn added(change: &Map<String, Value>) -> Option<&Value> {
    let row = change.get(BEHIND_THE_LAST).filter(|row| row.is_object())?;
    (change.len() == 1).then_some(row)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::guides::Field;
    use crate::domain::guides::read_guide;

    fn form() -> Form {
        let text = include_str!("../exports/samples/rich.yaml");
        let form = read_guide(text).unwrap().form;
        let is_group = |field: &&Field| matches!(field.kind, FieldKind::Group { .. });
        assert!(form.fields.iter().any(|field| is_group(&field)), "the sample has a group");
        form
    }

    fn in_full(facts: Value, patch: Value) -> Result<Value, Vec<FieldError>> {
        let facts = serde_json::from_value(facts).unwrap();
        let Value::Object(patch) = patch else { panic!("{patch}") };
        with_rows_in_full(&form(), &facts, patch).map(Value::Object)
    }

    fn group() -> String {
        let form = form();
        let group = form.fields.iter().find(|field| matches!(field.kind, FieldKind::Group { .. }));
        group.unwrap().name.clone()
    }

    #[test]
    fn a_row_goes_behind_the_last_whoever_added_that_one() {
        let name = group();
        let row = |text: &str| json!({ "name": text });
        let added = json!({ name.as_str(): { "-": row("甲") } });
        let first = in_full(json!({}), added.clone()).unwrap();
        assert_eq!(first, json!({ name.as_str(): [row("甲")] }));
        let second = in_full(json!({ name.as_str(): [row("乙")] }), added).unwrap();
        assert_eq!(second, json!({ name.as_str(): [row("乙"), row("甲")] }));
    }

    #[test]
    fn a_list_is_the_whole_group_and_null_takes_it_away() {
        let name = group();
        for patch in
            [json!({ name.as_str(): [] }), json!({ name.as_str(): null }), json!({ "other": { "-": {} } })]
        {
            assert_eq!(in_full(json!({}), patch.clone()).unwrap(), patch);
        }
    }

    #[test]
    fn anything_else_is_told_how_rows_are_given() {
        let name = group();
        for wrong in [json!({}), json!({ "0": {} }), json!({ "-": 1 }), json!({ "-": {}, "name": "甲" })] {
            let errors = in_full(json!({}), json!({ name.as_str(): wrong })).unwrap_err();
            assert_eq!(
                (errors[0].pointer.as_str(), errors[0].code),
                (format!("/facts/{name}").as_str(), "no_row")
            );
        }
    }
}
