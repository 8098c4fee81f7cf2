//! Which guide a part is: that of its item that serves the bundle's region, the
//! nearest agency's where several do.

use crate::domain::codes::RegionCode;
use crate::domain::guides::{Guide, Implements};

/// The guide of a part among those in force.
pub fn serving<'g>(
    implements: &Implements,
    region: &RegionCode,
    guides: impl IntoIterator<Item = &'g Guide>,
) -> Option<&'g Guide> {
    let guides = guides.into_iter();
    match implements {
        Implements::Guide(code) => guides.into_iter().find(|guide| guide.code == *code),
        Implements::Item(item) => guides
            .filter(|guide| guide.item.basic_code == *item && guide.region.contains(region))
            .max_by(|a, b| {
                let near = |guide: &Guide| guide.region.significant().len();
                near(a).cmp(&near(b)).then_with(|| b.code.cmp(&a.code))
            }),
    }
}
