//! 事项类型: what kind of act an item of the catalogue is.

use serde::{Deserialize, Serialize};

use super::error::{CodeError, Named};
use super::parsed_from_text;
use crate::domain::text::Text;

const NAME: Named = Named { zh: "事项类型", en: "The item type" };

/// The kinds of administrative act, and public services. In text and JSON it is
/// its two-digit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum ItemType {
    /// 行政许可
    Licence,
    /// 行政处罚
    Penalty,
    /// 行政强制
    Coercion,
    /// 行政征收
    Levy,
    /// 行政给付
    Benefit,
    /// 行政检查
    Inspection,
    /// 行政确认
    Confirmation,
    /// 行政奖励
    Reward,
    /// 行政裁决
    Adjudication,
    /// 其他行政权力
    Other,
    /// 公共服务
    PublicService,
}

parsed_from_text!(ItemType);

impl ItemType {
    pub const ALL: [Self; 11] = [
        Self::Licence,
        Self::Penalty,
        Self::Coercion,
        Self::Levy,
        Self::Benefit,
        Self::Inspection,
        Self::Confirmation,
        Self::Reward,
        Self::Adjudication,
        Self::Other,
        Self::PublicService,
    ];

    /// Reads the two-digit number.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            NAME.wrong_part(
                "应为 01–10 或 20（01 许可 … 10 其他、20 公共服务）。请按基本目录填写。",
                "must be 01–10 or 20 (01 licence … 10 other, 20 public service). Take it from the catalogue.",
            )
        })
    }

    /// The two-digit number.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    pub fn text(self) -> Text {
        let (_, zh, en) = self.row();
        Text::new(zh, en)
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Licence => ("01", "行政许可", "Administrative licence"),
            Self::Penalty => ("02", "行政处罚", "Administrative penalty"),
            Self::Coercion => ("03", "行政强制", "Administrative coercion"),
            Self::Levy => ("04", "行政征收", "Administrative levy"),
            Self::Benefit => ("05", "行政给付", "Administrative benefit"),
            Self::Inspection => ("06", "行政检查", "Administrative inspection"),
            Self::Confirmation => ("07", "行政确认", "Administrative confirmation"),
            Self::Reward => ("08", "行政奖励", "Administrative reward"),
            Self::Adjudication => ("09", "行政裁决", "Administrative adjudication"),
            Self::Other => ("10", "其他行政权力", "Other administrative power"),
            Self::PublicService => ("20", "公共服务", "Public service"),
        }
    }
}

impl From<ItemType> for &'static str {
    fn from(kind: ItemType) -> Self {
        kind.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_json_as_two_digits() {
        for kind in ItemType::ALL {
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json.len(), 4);
            assert_eq!(serde_json::from_str::<ItemType>(&json).unwrap(), kind);
        }
        assert_eq!(serde_json::to_string(&ItemType::PublicService).unwrap(), "\"20\"");
    }

    #[test]
    fn a_number_of_no_type_is_refused() {
        for text in ["00", "11", "1", "020", ""] {
            assert!(ItemType::parse(text).is_err(), "{text}");
        }
    }
}
