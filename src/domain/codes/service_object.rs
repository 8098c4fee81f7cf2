//! 服务对象: whom an item serves.

use serde::{Deserialize, Serialize};

use crate::domain::text::Text;

/// A kind of applicant (GB/T 39046).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceObject {
    /// 自然人
    NaturalPerson,
    /// 企业法人
    Enterprise,
    /// 事业法人
    PublicInstitution,
    /// 社会组织法人
    SocialOrganisation,
    /// 行政机关
    AdministrativeOrgan,
    /// 其他
    Other,
}

impl ServiceObject {
    pub const ALL: [Self; 6] = [
        Self::NaturalPerson,
        Self::Enterprise,
        Self::PublicInstitution,
        Self::SocialOrganisation,
        Self::AdministrativeOrgan,
        Self::Other,
    ];

    /// The standard's number, 1 to 6.
    pub fn code(self) -> u8 {
        match self {
            Self::NaturalPerson => 1,
            Self::Enterprise => 2,
            Self::PublicInstitution => 3,
            Self::SocialOrganisation => 4,
            Self::AdministrativeOrgan => 5,
            Self::Other => 6,
        }
    }

    pub fn text(self) -> Text {
        let (zh, en) = match self {
            Self::NaturalPerson => ("自然人", "Natural person"),
            Self::Enterprise => ("企业法人", "Enterprise"),
            Self::PublicInstitution => ("事业法人", "Public institution"),
            Self::SocialOrganisation => ("社会组织法人", "Social organisation"),
            Self::AdministrativeOrgan => ("行政机关", "Administrative organ"),
            Self::Other => ("其他", "Other"),
        };
        Text::new(zh, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_run_from_one_to_six_and_the_names_survive_json() {
        for (object, number) in ServiceObject::ALL.into_iter().zip(1..) {
            assert_eq!(object.code(), number);
            let json = serde_json::to_string(&object).unwrap();
            assert_eq!(serde_json::from_str::<ServiceObject>(&json).unwrap(), object);
        }
        assert_eq!(
            serde_json::to_string(&ServiceObject::SocialOrganisation).unwrap(),
            "\"social_organisation\""
        );
    }
}
