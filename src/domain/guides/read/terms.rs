//! The terms an agency offers: how well it must know the applicant, how long it
//! takes, what it costs, whom to call.

use super::keys::Keys;
use super::{Read, Reader};
use crate::domain::guides::model::{
    ChannelLimit, DayUnit, Fee, IdentityLevel, Limit, Limits, OfferedChannel, Telephone, Venue,
};
use crate::domain::guides::source::Node;
use crate::domain::text::Text;

/// The highest fee, in fen; whatever is above is a slip of the unit.
const MAX_FEE_FEN: u64 = 100_000_000;

impl Read for IdentityLevel {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (ial, aal) = (keys.need::<u8>("ial"), keys.need::<u8>("aal"));
        for (key, level, highest) in [("ial", ial, 4), ("aal", aal, 3)] {
            if let (Some(level), Some(node)) = (level, keys.get(key))
                && !(1..=highest).contains(&level)
            {
                reader.problems.at(
                    node,
                    format!("{key} 应为 1 到 {highest}。"),
                    format!("{key} must be from 1 to {highest}."),
                );
            }
        }
        keys.close();
        Some(Self { ial: ial?, aal: aal? })
    }
}

impl Read for Limits {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (legal, promised) = (keys.need::<Limit>("legal"), keys.need::<Limit>("promised"));
        let nodes = (keys.get("legal"), keys.get("promised"));
        let of_practice = |key| {
            let limit = keys.optional::<Limit>(key)?;
            if let (Some(Limit { days: 0, .. }), Some(node)) = (limit, keys.get(key)) {
                reader.problems.at(node, "这一期限至少 1 天。", "This limit is at least 1 day.");
            }
            Some(limit)
        };
        let [correction, reply, rectification] = ["correction", "reply", "rectification"].map(of_practice);
        keys.close();
        let (legal, promised) = (legal?, promised?);
        if let (0, (Some(node), _)) = (legal.days, nodes) {
            reader.problems.at(node, "法定时限至少 1 天。", "The legal limit is at least 1 day.");
        }
        if let (true, false, (_, Some(node))) = (promised.may_outlast(legal), reader.is_published, nodes) {
            reader.problems.at(
                node,
                format!("承诺时限不得长于法定时限。{}", MIXED_UNITS.0),
                format!("The promised limit must not exceed the legal one. {}", MIXED_UNITS.1),
            );
        }
        Some(Self { legal, promised, correction: correction?, reply: reply?, rectification: rectification? })
    }
}

/// How limits of different units are compared, in Chinese and English.
pub(super) const MIXED_UNITS: (&str, &str) = (
    "单位不同的，n 个工作日遇长假最长可达 1.5n+10 天，n 天最长可达 n 个工作日；按最长的比较，最好与法律用同一单位。",
    "Of different units the longest counts: n working days may last 1.5n + 10 days around a long festival, and n days as long as n working days; best keep to the unit of the law.",
);

impl Limit {
    /// Whether this may end later than `other`, whenever both begin. By the notices of
    /// the State Council no n working days last longer than 1.5 n + 10 days; and of n days
    /// none holds more than n working days, nor does the working day one is moved to.
    pub(super) fn may_outlast(self, other: Self) -> bool {
        let (own, others) = (u32::from(self.days), u32::from(other.days));
        match (self.unit, other.unit) {
            (DayUnit::WorkingDay, DayUnit::WorkingDay) | (DayUnit::CalendarDay, DayUnit::CalendarDay) => {
                own > others
            }
            (DayUnit::WorkingDay, DayUnit::CalendarDay) => own > 0 && own * 3 + 20 > others * 2,
            (DayUnit::CalendarDay, DayUnit::WorkingDay) => own > others,
        }
    }
}

impl Read for Limit {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (days, unit) = (keys.need("days"), keys.need("unit"));
        keys.close();
        Some(Self { days: days?, unit: unit? })
    }
}

impl Read for Fee {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let is_charged = keys.seems_given("amount_fen") || keys.seems_given("basis");
        if !is_charged && !keys.has("free") {
            keys.allow(&["free"]);
            keys.close();
            // What stands there instead is told as a key there is none of.
            if node.entries().is_empty() {
                reader.problems.at(
                    node,
                    "不收费写 { free: true }，收费写 { amount_fen: …, basis: { zh: …, en: … } }。",
                    "For no charge write { free: true }, for a charge { amount_fen: …, basis: { zh: …, en: … } }.",
                );
            }
            return None;
        }
        if keys.has("free") {
            let free = keys.need::<bool>("free");
            keys.close();
            if free == Some(false) {
                reader.problems.at(
                    node,
                    "收费事项请写 { amount_fen: …, basis: { zh: …, en: … } }。",
                    "For a charge write { amount_fen: …, basis: { zh: …, en: … } }.",
                );
            }
            return free?.then_some(Self::Free);
        }
        let (amount_fen, basis) = (keys.need::<u64>("amount_fen"), keys.need::<Text>("basis"));
        if let (Some(0), Some(node)) = (amount_fen, keys.get("amount_fen")) {
            reader.problems.at(node, "不收费请写 { free: true }。", "For no charge write { free: true }.");
        }
        if let (Some(amount), Some(node)) = (amount_fen, keys.get("amount_fen"))
            && amount > MAX_FEE_FEN
        {
            reader.problems.at(
                node,
                "金额过大，请核对单位是否为分。",
                "The amount is too large; check that it is in fen.",
            );
        }
        keys.allow(&["free"]);
        keys.close();
        Some(Self::Charged { amount_fen: amount_fen?, basis: basis? })
    }
}

impl Read for Telephone {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (enquiry, complaint) = (keys.need::<String>("enquiry"), keys.need::<String>("complaint"));
        for (key, number) in [("enquiry", &enquiry), ("complaint", &complaint)] {
            if let (Some(number), Some(node)) = (number, keys.get(key)) {
                check_telephone(node, number, reader);
            }
        }
        keys.close();
        Some(Self { enquiry: enquiry?, complaint: complaint? })
    }
}

impl Read for Venue {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let (name, address, hours) = (keys.need("name"), keys.need("address"), keys.need("hours"));
        let telephone = keys.optional::<String>("telephone");
        if let (Some(Some(number)), Some(node)) = (&telephone, keys.get("telephone")) {
            check_telephone(node, number, reader);
        }
        keys.close();
        Some(Self { name: name?, address: address?, hours: hours?, telephone: telephone? })
    }
}

/// A guide that leaves out a channel cites the article that demands it.
impl Read for ChannelLimit {
    fn read(node: &Node, reader: &Reader<'_>) -> Option<Self> {
        let keys = Keys::of(node, reader)?;
        let only = keys.need_some::<OfferedChannel>("only");
        reader.distinct(keys.get("only"), "");
        let basis = keys.need("basis");
        keys.close();
        Some(Self { only: only?, basis: basis? })
    }
}

fn check_telephone(node: &Node, number: &str, reader: &Reader<'_>) {
    if !is_telephone(number) {
        reader.problems.at(
            node,
            format!("“{number}”不是电话号码，请写成 0562-2800000 或 12345。"),
            format!("“{number}” is no telephone number; write it like 0562-2800000 or 12345."),
        );
    }
}

fn is_telephone(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    (3..=15).contains(&digits)
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number.ends_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_digit() || c == '-')
}
