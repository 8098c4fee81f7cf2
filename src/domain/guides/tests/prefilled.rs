//! What a certificate fills in, and what it leaves to the applicant.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::domain::certificates::Certificate;
use crate::domain::codes::{CertificateId, CertificateType, Uscc};
use crate::domain::private::Private;
use crate::domain::text::Text;
use crate::domain::time::local_date;

/// A form whose answers a licence knows.
fn licensed_form() -> Form {
    let source = |attribute| Prefill::Certificate { certificate_type: licence_type(), attribute };
    let field = |name: &str, kind, attribute: &str| Field {
        name: name.to_owned(),
        label: Text::new("项", "Field"),
        help: None,
        kind,
        required: Requirement::Required,
        visible_when: None,
        prefill: Some(source(attribute.to_owned())),
        scenarios: Vec::new(),
    };
    let text = || FieldKind::Text { max_length: 100, multiline: false, pattern: None };
    let day = || FieldKind::Date { past: false, future: false };
    let fields = vec![
        field("licence_number", text(), "number"),
        field("since", day(), "issued_on"),
        field("until", day(), "valid_until"),
        field("premises", text(), "place"),
    ];
    Form { fields, rules: Vec::new() }
}

fn licence_type() -> CertificateType {
    CertificateType::parse("11100000MBWXT0004A002").unwrap()
}

fn licence(serial: &str, issued_at: &str, place: Value) -> Certificate {
    let issuer = Uscc::parse("11340705MBWXT0517N").unwrap();
    let id = CertificateId::compose(&licence_type(), &issuer, serial, 1).unwrap();
    let issued_at: DateTime<Utc> = issued_at.parse().unwrap();
    Certificate {
        id,
        certificate_type: licence_type(),
        name: Text::new("许可证", "Licence"),
        issuer,
        holder: Uuid::nil(),
        holder_name: Private::Erased,
        case: Some(Uuid::nil()),
        issued_at,
        valid_from: local_date(issued_at),
        valid_until: Some(day("2030-12-31")),
        revoked_at: None,
        attributes: [("place".to_owned(), place)].into(),
        labels: [].into(),
        household: Vec::new(),
    }
}

#[test]
fn a_certificate_fills_in_what_it_says_and_what_it_is() {
    let at = "2026-03-02T01:00:00Z".parse().unwrap();
    let old = licence("1", "2020-01-01T01:00:00Z", json!("旧址"));
    let new = licence("2", "2025-11-20T17:00:00Z", json!("新址"));
    let stated: Vec<Stated> = [&new, &old].into_iter().filter_map(|one| one.states(at)).collect();
    let filled = prefill(&licensed_form(), &applicant(), &stated, at);
    // The day is the day here: 17:00 UTC is after midnight.
    let said = json!({
        "licence_number": new.id, "since": "2025-11-21", "until": "2030-12-31", "premises": "新址",
    });
    assert_eq!(filled.facts, facts(said));
    let from = FilledFrom::Certificate { certificate: new.id.clone(), at: new.issued_at };
    assert_eq!(filled.from.len(), 4);
    assert!(filled.from.values().all(|source| *source == from));
}

#[test]
fn what_a_certificate_cannot_say_is_left_to_the_applicant() {
    let at = "2026-03-02T01:00:00Z".parse().unwrap();
    let names = |certificate: Certificate| {
        let stated: Vec<Stated> = certificate.states(at).into_iter().collect();
        prefill(&licensed_form(), &applicant(), &stated, at).from.into_keys().collect::<Vec<_>>()
    };
    let whole = licence("1", "2025-01-01T01:00:00Z", json!("新址"));
    // Neither what does not fit the field nor what has no end.
    assert_eq!(
        names(Certificate { valid_until: None, ..licence("1", "2025-01-01T01:00:00Z", json!(7)) }),
        ["licence_number", "since"]
    );
    // Of what was taken over, only what its register said.
    assert_eq!(names(Certificate { case: None, ..whole.clone() }), ["premises"]);
    assert!(names(Certificate { revoked_at: Some(at), ..whole.clone() }).is_empty());
    assert!(names(Certificate { valid_until: Some(day("2026-03-01")), ..whole }).is_empty());
}

#[test]
fn what_a_form_of_before_answered_comes_before_what_the_certificate_says_of_itself() {
    let at = "2026-03-02T01:00:00Z".parse().unwrap();
    let mut old = licence("1", "2025-01-01T01:00:00Z", json!("新址"));
    old.attributes.insert("number".to_owned(), json!("JY13407050000001"));
    let stated: Vec<Stated> = old.states(at).into_iter().collect();
    let filled = prefill(&licensed_form(), &applicant(), &stated, at).facts;
    assert_eq!(filled.get("licence_number"), Some(&json!("JY13407050000001")));
    assert_eq!(filled.get("since"), Some(&json!("2025-01-01")));
}
