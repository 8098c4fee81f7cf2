//! The terms of the profile, and what they stand for.

use serde_json::{Map, Value, json};

pub(super) fn context() -> Value {
    let id = |iri: &str| json!({ "@id": iri, "@type": "@id" });
    let mut terms = Map::new();
    for (prefix, iri) in PREFIXES {
        terms.insert(prefix.to_owned(), Value::from(iri));
    }
    for (term, iri) in LINKS {
        terms.insert(term.to_owned(), id(iri));
    }
    for (term, iri) in WORDS {
        terms.insert(term.to_owned(), Value::from(iri));
    }
    for (term, iri, datatype) in TYPED {
        terms.insert(term.to_owned(), json!({ "@id": iri, "@type": datatype }));
    }
    Value::Object(terms)
}

const PREFIXES: [(&str, &str); 11] = [
    ("adms", "http://www.w3.org/ns/adms#"),
    ("cpsv", "http://purl.org/vocab/cpsv#"),
    ("cv", "http://data.europa.eu/m8g/"),
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dct", "http://purl.org/dc/terms/"),
    ("eli", "http://data.europa.eu/eli/ontology#"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("locn", "http://www.w3.org/ns/locn#"),
    ("org", "http://www.w3.org/ns/org#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// Terms whose values are other resources.
const LINKS: [(&str, &str); 26] = [
    ("address", "locn:address"),
    ("audience", "dct:audience"),
    ("conformsTo", "dct:conformsTo"),
    ("contactPoint", "cv:contactPoint"),
    ("currency", "cv:currency"),
    ("follows", "cpsv:follows"),
    ("hasChannel", "cv:hasChannel"),
    ("hasCompetentAuthority", "cv:hasCompetentAuthority"),
    ("hasCost", "cv:hasCost"),
    ("hasInput", "cpsv:hasInput"),
    ("hasLegalResource", "cv:hasLegalResource"),
    ("hasParticipant", "cv:hasParticipant"),
    ("hasParticipation", "cv:hasParticipation"),
    ("holdsRequirement", "cv:holdsRequirement"),
    ("implements", "cpsv:implements"),
    ("isGroupedBy", "cv:isGroupedBy"),
    ("language", "dct:language"),
    ("openingHours", "cv:openingHours"),
    ("ownedBy", "cv:ownedBy"),
    ("page", "foaf:page"),
    ("produces", "cpsv:produces"),
    ("role", "cv:role"),
    ("spatial", "dct:spatial"),
    ("status", "adms:status"),
    ("thematicArea", "cv:thematicArea"),
    ("kind", "dct:type"),
];

/// Terms whose values are words.
const WORDS: [(&str, &str); 8] = [
    ("description", "dct:description"),
    ("fullAddress", "locn:fullAddress"),
    ("identifier", "dct:identifier"),
    ("keyword", "dcat:keyword"),
    ("prefLabel", "skos:prefLabel"),
    ("telephone", "cv:telephone"),
    ("title", "dct:title"),
    ("notation", "skos:notation"),
];

const TYPED: [(&str, &str, &str); 2] =
    [("hasValue", "cv:hasValue", "xsd:double"), ("processingTime", "cv:processingTime", "xsd:duration")];
