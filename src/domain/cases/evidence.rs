//! How a required document was delivered, and how far it can be relied on.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::codes::CertificateId;
use crate::domain::guides::Trust;

/// How a required document was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    File {
        /// SHA-256 of the bytes, lower-case hex; also its name in the folder.
        digest: String,
        size_bytes: u64,
        media_type: MediaType,
        file_name: Option<String>,
        #[serde(default, skip_serializing_if = "Standing::is_uploaded")]
        standing: Standing,
    },
    /// An electronic certificate of the applicant, checked when attached and again at submission.
    Certificate { certificate: CertificateId },
    /// 告知承诺: the applicant promises the document exists and holds.
    Promise,
}

impl Evidence {
    /// Of the file, where it is one.
    pub fn digest(&self) -> Option<&str> {
        match self {
            Evidence::File { digest, .. } => Some(digest),
            Evidence::Certificate { .. } | Evidence::Promise => None,
        }
    }

    /// How far it can be relied on.
    pub fn trust(&self) -> Trust {
        match self {
            Evidence::Certificate { .. } => Trust::A,
            Evidence::File { standing: Standing::OriginalSeen, .. } => Trust::B,
            Evidence::File { standing: Standing::Uploaded, .. } => Trust::C,
            Evidence::File { standing: Standing::Earlier { original_seen, .. }, .. } => {
                if *original_seen {
                    Trust::B
                } else {
                    Trust::C
                }
            }
            Evidence::Promise => Trust::D,
        }
    }
}

/// How the bytes of a document came to the case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Standing {
    #[default]
    Uploaded,
    /// An officer at a counter held the original in his hands.
    OriginalSeen,
    /// Handed in before, in a case of the same applicant.
    Earlier { case: Uuid, handed_in: NaiveDate, original_seen: bool },
}

impl Standing {
    fn is_uploaded(&self) -> bool {
        *self == Self::Uploaded
    }
}

/// The file types a material may have, known by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaType {
    #[serde(rename = "application/pdf")]
    Pdf,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/png")]
    Png,
    /// 版式文档 GB/T 33190.
    #[serde(rename = "application/ofd")]
    Ofd,
}

/// The largest file that is taken in the place of a material.
pub const MAX_DOCUMENT_BYTES: usize = 20 * 1024 * 1024;

impl MediaType {
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Jpeg, Self::Png, Self::Ofd];

    pub fn as_str(self) -> &'static str {
        match self {
            MediaType::Pdf => "application/pdf",
            MediaType::Jpeg => "image/jpeg",
            MediaType::Png => "image/png",
            MediaType::Ofd => "application/ofd",
        }
    }

    /// Tells the type from the bytes themselves; a name or header proves nothing.
    /// An OFD is a ZIP whose first entries include `OFD.xml`.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        const ZIP: &[u8] = b"PK\x03\x04";
        if bytes.starts_with(b"%PDF-") {
            Some(MediaType::Pdf)
        } else if bytes.starts_with(b"\xFF\xD8\xFF") {
            Some(MediaType::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(MediaType::Png)
        } else if bytes.starts_with(ZIP) && bytes.windows(7).any(|window| window == b"OFD.xml") {
            Some(MediaType::Ofd)
        } else {
            None
        }
    }
}
