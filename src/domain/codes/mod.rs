//! The codes of the public-service world, each a type of its own. A value in
//! hand has been checked: `parse` is the only way to get one, whether the text
//! came from a person, a file, a request or the database. All are stored and
//! sent as text in one canonical form.
//!
//! Personal numbers do not leak through formatting: a [`ResidentId`] prints
//! masked, and no error echoes more than a single character of what was given.

mod basic_code;
mod case_no;
mod certificate_id;
mod counter_code;
mod error;
mod guide_code;
mod item_type;
pub mod mask;
mod mobile;
mod region_code;
mod resident_id;
mod service_object;
mod uscc;

pub use basic_code::BasicCode;
pub use case_no::CaseNo;
pub use certificate_id::{CertificateId, CertificateType};
pub use counter_code::CounterCode;
pub use error::CodeError;
pub use guide_code::{GuideCode, GuideLevel};
pub use item_type::ItemType;
pub use mask::{mask_id, mask_mobile, mask_name};
pub use mobile::Mobile;
pub use region_code::{RegionCode, RegionLevel};
pub use resident_id::{Gender, ResidentId};
pub use service_object::ServiceObject;
pub use uscc::Uscc;

/// The conversions every code has: from text, always through `parse`.
macro_rules! parsed_from_text {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::domain::codes::CodeError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::domain::codes::CodeError;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::codes::CodeError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }
    };
}

/// The ways to read a code whose text may be shown to anybody.
macro_rules! readable_as_text {
    ($name:ident) => {
        impl $name {
            /// The canonical text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

use {parsed_from_text, readable_as_text};
