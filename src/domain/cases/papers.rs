//! Letters and certificates bound into the chain: a record names what was made out
//! with it and holds a digest of each, so that no letter and no certificate can be
//! changed, dropped or added unseen.
//!
//! As with events, personal data is never hashed itself. A letter's digest is over
//! its open document with a commitment in the place of each private part; the
//! commitments stand beside it, so that it verifies when those parts are erased. A
//! certificate outlives the case: it is committed to as a whole, seal and all.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::history::{Unrecordable, commitment, hex};
use super::letters::Letter;
use crate::domain::canonical::{NotCanonical, canonical_json};
use crate::domain::certificates::Certificate;
use crate::domain::private;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    Letter,
    Certificate,
}

/// One letter or certificate, as its record names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    pub kind: PaperKind,
    /// The letter's id, or the certificate's identifier.
    pub id: String,
    /// Lower-case hex.
    pub sha256: String,
    /// What was committed to of a letter's private parts, in document order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<String>,
}

impl Paper {
    /// Of a letter; `salt` is that of its record.
    ///
    /// # Errors
    /// Only when it has no canonical bytes, which would be a defect.
    pub fn of_letter(id: Uuid, letter: &Letter, salt: &str) -> Result<Self, Unrecordable> {
        let mut open = serde_json::to_value(letter)?;
        let parts = private::split(&mut open, &mut |_, _| Value::Null);
        let commitments: Result<Vec<String>, NotCanonical> =
            parts.iter().map(|part| commitment(salt, part)).collect();
        let private = commitments?;
        let sha256 = digest_of_letter(&open, &private)?;
        Ok(Self { kind: PaperKind::Letter, id: id.to_string(), sha256, private })
    }

    /// Of a certificate and its seal. `salt` must be there as long as the certificate.
    ///
    /// # Errors
    /// Only when it has no canonical bytes, which would be a defect.
    pub fn of_certificate(certificate: &Certificate, seal: &str, salt: &str) -> Result<Self, Unrecordable> {
        let whole = json!({ "certificate": certificate, "seal": seal });
        Ok(Self {
            kind: PaperKind::Certificate,
            id: certificate.id.to_string(),
            sha256: commitment(salt, &whole)?,
            private: Vec::new(),
        })
    }

    /// Whether this is the open document of the letter it names, whatever stands in
    /// the places of the private parts.
    pub fn is_of(&self, open: &Value) -> bool {
        digest_of_letter(open, &self.private).is_ok_and(|digest| digest == self.sha256)
    }

    /// Whether these are the private parts it was committed to.
    pub fn keeps(&self, salt: &str, parts: &[Value]) -> bool {
        let opened = parts.iter().map(|part| commitment(salt, part).ok());
        self.private.iter().cloned().map(Some).eq(opened)
    }
}

fn digest_of_letter(open: &Value, commitments: &[String]) -> Result<String, NotCanonical> {
    let mut whole = open.clone();
    let said = |index: usize| commitments.get(index).map_or(Value::Null, |each| Value::from(each.as_str()));
    private::split(&mut whole, &mut |index, _| said(index));
    Ok(hex(Sha256::digest(canonical_json(&whole)?).as_slice()))
}

#[cfg(test)]
mod tests {
    use super::super::letters::LetterKind;
    use super::*;
    use crate::domain::private::Private;
    use crate::domain::text::Text;

    fn letter(addressee: &str) -> Letter {
        Letter {
            kind: LetterKind::Receipt,
            number: "X-01".to_owned(),
            at: "2026-03-02T01:30:00Z".parse().unwrap(),
            agency: None,
            title: LetterKind::Receipt.title(),
            addressee: Private::Known(addressee.to_owned()),
            paragraphs: vec![Text::new("已收到。", "Received.")],
            article: None,
            grounds: None,
            notes: Vec::new(),
        }
    }

    fn apart(letter: &Letter) -> (Value, Vec<Value>) {
        let mut open = serde_json::to_value(letter).unwrap();
        let parts = private::split(&mut open, &mut |index, _| Value::from(index));
        (open, parts)
    }

    #[test]
    fn a_paper_knows_its_letter_and_no_other() {
        let paper = Paper::of_letter(Uuid::nil(), &letter("王一"), "salt").unwrap();
        assert!(!serde_json::to_string(&paper).unwrap().contains("王一"));
        let (open, parts) = apart(&letter("王一"));
        assert!(paper.is_of(&open) && paper.keeps("salt", &parts));
        let (open, parts) = apart(&letter("王二"));
        assert!(paper.is_of(&open) && !paper.keeps("salt", &parts), "the name is not in the open part");
        assert!(!paper.keeps("pepper", &apart(&letter("王一")).1));
        let (open, _) = apart(&Letter { number: "X-02".to_owned(), ..letter("王一") });
        assert!(!paper.is_of(&open));
    }

    #[test]
    fn a_paper_still_knows_its_letter_when_the_private_parts_are_gone() {
        let paper = Paper::of_letter(Uuid::nil(), &letter("王一"), "salt").unwrap();
        let erased = Letter { addressee: Private::Erased, ..letter("王一") };
        assert!(paper.is_of(&serde_json::to_value(erased).unwrap()));
    }
}
