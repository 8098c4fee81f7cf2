//! What is said of the format elsewhere agrees with what is read, and what is told
//! of two versions with what they are: for files changed in any way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::VALID;
use super::reading::{CERTIFICATES, ITEM, LOCAL, pair};
use super::trees::{edited, edits, json_of, pointers};
use crate::domain::guides::model::Guide;
use crate::domain::guides::read::asked;
use crate::domain::guides::{FILE_SCHEMA, FileKind, SourceFile, diff, read_guide};

const BUNDLES: [&str; 3] = [
    include_str!("../../../data/sample/bundles/company.yaml"),
    include_str!("../../../data/sample/bundles/newborn.yaml"),
    include_str!("../../../data/sample/bundles/retirement.yaml"),
];

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&serde_json::from_str(FILE_SCHEMA).unwrap()).unwrap());

fn complaints(file: &Value) -> Vec<String> {
    VALIDATOR.iter_errors(file).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The guide with its item written out and everything in it.
static WHOLE: LazyLock<Value> = LazyLock::new(|| {
    let (item, local) = (json_of(ITEM), json_of(LOCAL));
    let mut whole = json_of(VALID);
    for (key, value) in item["guide"].as_object().unwrap().iter().chain(local.as_object().unwrap()) {
        match key.as_str() {
            "item" | "form" | "conditions" | "materials" | "limits" if whole.get(key).is_some() => {}
            _ => whole[key.as_str()] = value.clone(),
        }
    }
    for key in ["form", "conditions", "materials"] {
        whole[key] = item["guide"][key].clone();
    }
    let row = |kind: &str, more: Value| {
        let mut field = json!({ "name": kind, "label": { "zh": "栏", "en": "Column" }, "type": kind });
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        field
    };
    let options = json!({ "options": [{ "value": "a", "label": { "zh": "甲", "en": "A" } }] });
    let mut rows = item["guide"]["form"]["fields"][6].clone();
    rows["name"] = "everything".into();
    rows["fields"] = ["text", "number", "money", "date", "boolean", "region", "address", "uscc", "mobile"]
        .into_iter()
        .map(|kind| row(kind, json!({ "required": false, "help": { "zh": "说明", "en": "Help" } })))
        .chain([row("resident_id", json!({})), row("choice", options.clone()), row("multi_choice", options)])
        .collect();
    let fields = whole["form"]["fields"].as_array_mut().unwrap();
    fields.insert(0, rows);
    fields.insert(0, row("number", json!({})));
    fields.insert(0, row("uscc", json!({ "required": false })));
    whole["limits"]["promised"]["days"] = 3.into();
    for (key, days) in [("correction", 10), ("reply", 2), ("rectification", 5)] {
        whole["limits"][key] = json!({ "days": days, "unit": "working_day" });
    }
    whole["fee"] = json!({ "amount_fen": 1000, "basis": { "zh": "物价通知", "en": "Price notice" } });
    whole["examples"][0]["facts"] = json!({});
    whole["examples"][0]["expect"] = json!({ "eligible": true });
    whole
});

/// One whose certificate says what somebody enters, of every kind, and about which another
/// agency is asked; no rule decides it.
static DETERMINED: LazyLock<Value> = LazyLock::new(|| {
    let rows = WHOLE["form"]["fields"].as_array().unwrap().iter();
    let rows = rows.clone().find(|field| field["name"] == "everything").unwrap();
    let mut file = json_of(VALID);
    file.as_object_mut().unwrap().remove("automatic");
    let mut rows = rows["fields"].clone();
    // The certificate's own number has this name.
    rows.as_array_mut().unwrap().retain(|row| row["name"] != "number");
    file["results"][0]["certificate"]["determined"] = rows;
    let (name, limit) =
        (json!({ "zh": "公安", "en": "Police" }), json!({ "days": 5, "unit": "working_day" }));
    file["flow"][1]["opinions"] =
        json!([{ "agency": "11340705MBWXT0111D", "name": name, "limit": limit, "silence": "consents" }]);
    file
});

fn whole(file: &Value) -> Option<Guide> {
    read_guide(&file.to_string()).ok()
}

#[test]
fn everything_is_a_guide() {
    let read = read_guide(&WHOLE.to_string());
    assert!(read.is_ok(), "{read:?}");
}

/// Places by the keys they take.
type Places = BTreeMap<String, BTreeSet<String>>;

/// What a scenario says for itself is as the guide says it; answers lead to answers.
fn place(path: &str) -> String {
    let mut path = path.replace("/answers/*/answers", "/answers");
    if let Some((above, _)) = path.split_once("/parts/*/facts/") {
        path = format!("{above}/parts/*/facts/?");
    }
    for key in ["handling", "limits", "fee", "results", "flow", "automatic", "visits"] {
        let own = format!("/scenarios/*/{key}");
        if path == own || path.starts_with(&format!("{own}/")) {
            path = path.replacen("/scenarios/*", "", 1);
        }
    }
    path
}

fn taken(schema: &Value, path: &str, seen: &mut BTreeSet<(String, String)>, places: &mut Places) {
    let root: &Value = &SCHEMA_TREE;
    if let Some(name) = schema.get("$ref").and_then(Value::as_str)
        && seen.insert((name.to_owned(), path.to_owned()))
    {
        taken(root.pointer(name.trim_start_matches('#')).unwrap(), path, seen, places);
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            taken(part, path, seen, places);
        }
    }
    for key in ["then", "else"] {
        if let Some(part) = schema.get(key) {
            taken(part, path, seen, places);
        }
    }
    if let Some(items) = schema.get("items") {
        taken(items, &place(&format!("{path}/*")), seen, places);
    }
    if let Some(part) = schema.get("additionalProperties").filter(|part| part.is_object()) {
        taken(part, &place(&format!("{path}/?")), seen, places);
    }
    for (key, part) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        if *part != Value::Bool(false) {
            places.entry(path.to_owned()).or_default().insert(key.clone());
            taken(part, &place(&format!("{path}/{key}")), seen, places);
        }
    }
}

static SCHEMA_TREE: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(FILE_SCHEMA).unwrap());

fn taken_by(definition: &str) -> Places {
    let mut places = Places::new();
    let schema = json!({ "$ref": format!("#/$defs/{definition}") });
    taken(&schema, "", &mut BTreeSet::new(), &mut places);
    places
}

/// The places of what was read; below `start`, as if that were the root.
fn read_places(read: &asked::Asked, start: &str) -> Places {
    let mut places = Places::new();
    for (path, keys) in read {
        if let Some(below) = path.strip_prefix(start) {
            places.entry(place(below)).or_default().extend(keys.iter().map(|key| (*key).to_owned()));
        }
    }
    places
}

#[test]
fn the_schema_takes_the_keys_that_are_read() {
    asked::take();
    SourceFile::parse(CERTIFICATES).into_certificate_types().unwrap();
    assert_eq!(taken_by("certificateTypes"), read_places(&asked::take(), ""));

    SourceFile::parse(ITEM).into_item(None).unwrap();
    let of_item = asked::take();
    assert_eq!(taken_by("item")[""], read_places(&of_item, "")[""]);

    for bundle in BUNDLES {
        SourceFile::parse(bundle).to_bundle(None).unwrap();
    }
    let mut helped = json_of(BUNDLES[1]);
    let text = json!({ "zh": "材料", "en": "Material" });
    helped["materials"] =
        json!([{ "code": "m", "name": text, "help": text, "serves": { "registration": "m" } }]);
    SourceFile::parse(&helped.to_string()).to_bundle(None).unwrap();
    let (said, read) = (taken_by("bundle"), read_places(&asked::take(), ""));
    let but_the_form = |places: Places| -> Places {
        places.into_iter().filter(|(path, _)| !path.starts_with("/form")).collect()
    };
    assert_eq!(but_the_form(said), but_the_form(read));

    // An item's part of a guide and a guide are read alike, wherever they stand.
    let mut places = read_places(&of_item, "/guide");
    pair(ITEM, LOCAL).unwrap();
    // Every list that is laid over entry by entry, whatever comes of it.
    let example = "{ code: one, name: { zh: 例, en: Example }, scenario: new, today: 2026-03-02, applicant: { kind: natural_person }, facts: {}, expect: { eligible: false } }";
    let item = format!("{ITEM}  examples: [{example}]\n");
    SourceFile::parse(&item).into_item(None).unwrap();
    let _ = pair(&item, &format!("{LOCAL}scenarios: [{{ code: new, omit: true }}]\n"));
    let of_local = asked::take();
    read_guide(&WHOLE.to_string()).unwrap();
    let of_whole = asked::take();
    read_guide(VALID).unwrap();
    let of_valid = asked::take();
    read_guide(&DETERMINED.to_string()).unwrap();
    let of_determined = asked::take();
    // The item's own keys and the certificate types were read once more; they stand at
    // the roots of their files.
    let elsewhere = |path: &str| path.starts_with("/legal_basis") || path.starts_with("/types");
    let local = of_local.iter().filter(|(path, _)| !path.is_empty() && *path != "/name" && !elsewhere(path));
    let local: asked::Asked = local.map(|(path, keys)| (path.clone(), keys.clone())).collect();
    for read in [
        read_places(&local, "/guide"),
        read_places(&local, ""),
        read_places(&of_whole, ""),
        read_places(&of_valid, ""),
        read_places(&of_determined, ""),
    ] {
        for (path, keys) in read.into_iter().filter(|(path, _)| !path.starts_with("/guide")) {
            places.entry(path).or_default().extend(keys);
        }
    }
    let mut said = taken_by("guide");
    for (path, keys) in &mut said {
        let read = places.remove(path).unwrap_or_default();
        assert_eq!(*keys, read, "{path}");
        keys.clear();
    }
    assert_eq!(places, Places::new(), "places the schema says nothing of");
}

#[test]
fn a_key_nobody_knows_is_refused_by_both_wherever_it_stands() {
    type Reads = fn(&Value) -> bool;
    let reads: [(Value, Reads); 7] = [
        (WHOLE.clone(), |file| whole(file).is_some()),
        (DETERMINED.clone(), |file| whole(file).is_some()),
        (json_of(ITEM), |file| SourceFile::parse(&file.to_string()).into_item(None).is_ok()),
        (json_of(LOCAL), |file| pair(ITEM, &file.to_string()).is_ok()),
        (json_of(CERTIFICATES), |file| SourceFile::parse(&file.to_string()).into_certificate_types().is_ok()),
        (json_of(BUNDLES[0]), |file| SourceFile::parse(&file.to_string()).to_bundle(None).is_ok()),
        (json_of(BUNDLES[1]), |file| SourceFile::parse(&file.to_string()).to_bundle(None).is_ok()),
    ];
    let mut tried = 0;
    for (file, reads) in reads {
        assert!(reads(&file));
        assert_eq!(complaints(&file), [""; 0]);
        for at in pointers(&file) {
            // Texts are alike; some of them will do.
            if file.pointer(&at).is_some_and(|value| value.get("zh").is_some()) && tried % 7 != 0 {
                tried += 1;
                continue;
            }
            // Answers and parts may have any name.
            let is_named_freely = ["/facts", "/later", "/serves"].iter().any(|own| at.contains(own));
            if is_named_freely || !file.pointer(&at).is_some_and(Value::is_object) {
                continue;
            }
            let mut with = file.clone();
            with.pointer_mut(&at).unwrap()["unheard_of"] = "x".into();
            assert!(!reads(&with), "{at}");
            assert_ne!(complaints(&with), [""; 0], "{at}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn an_editor_marks_nothing_in_a_file_that_is_read(
        of_whole in edits(), of_item in edits(), of_local in edits(), of_types in edits(),
        of_bundle in edits(),
    ) {
        for file in [edited(&WHOLE, &of_whole), edited(&DETERMINED, &of_whole)] {
            if whole(&file).is_some() {
                prop_assert_eq!(complaints(&file), [""; 0], "{}", file);
            }
        }
        let file = edited(&json_of(ITEM), &of_item);
        let source = SourceFile::parse(&file.to_string());
        if source.kind() == FileKind::Item && source.into_item(None).is_ok() {
            prop_assert_eq!(complaints(&file), [""; 0], "{}", file);
        }
        let file = edited(&json_of(LOCAL), &of_local);
        if pair(ITEM, &file.to_string()).is_ok() {
            prop_assert_eq!(complaints(&file), [""; 0], "{}", file);
        }
        let file = edited(&json_of(BUNDLES[0]), &of_bundle);
        let source = SourceFile::parse(&file.to_string());
        if source.kind() == FileKind::Bundle && source.to_bundle(None).is_ok() {
            prop_assert_eq!(complaints(&file), [""; 0], "{}", file);
        }
        let file = edited(&json_of(CERTIFICATES), &of_types);
        let source = SourceFile::parse(&file.to_string());
        if source.kind() == FileKind::CertificateTypes && source.into_certificate_types().is_ok() {
            prop_assert_eq!(complaints(&file), [""; 0], "{}", file);
        }
    }

    #[test]
    fn two_versions_are_told_apart_when_they_differ_and_only_then(one in edits(), other in edits()) {
        let of = |base: &Value| [base.clone(), edited(base, &one), edited(base, &other)];
        let files = [of(&WHOLE), of(&DETERMINED)].concat();
        let guides: Vec<Guide> = files.iter().filter_map(whole).collect();
        for old in &guides {
            for new in &guides {
                let changes = diff(old, new);
                // Examples are the author's alone.
                let public = |guide: &Guide| Guide { examples: Vec::new(), ..guide.clone() }.content_hash();
                prop_assert_eq!(changes.is_empty(), public(old) == public(new), "{:?}\n{:?}", changes, (one.clone(), other.clone()));
                prop_assert!(changes.is_sorted_by_key(|change| change.about));
                for change in &changes {
                    prop_assert!(!change.text.zh.is_empty() && !change.text.en.is_empty());
                }
            }
        }
    }
}
