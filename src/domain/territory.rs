//! The agencies and regions a portal knows, and whether what somebody is about to
//! publish is of one of them. An agency serves its own region and what lies within it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::codes::{RegionCode, Uscc};
use super::text::Text;

/// What there is to hold agencies and regions against; without a register, nothing.
#[derive(Debug, Clone, Default)]
pub struct Territory {
    /// The region of each agency; none where the portal has no agencies at all.
    pub agencies: Option<HashMap<Uscc, RegionCode>>,
    /// Every region code; none where the portal has no regions at all.
    pub regions: Option<Arc<HashSet<String>>>,
}

impl Territory {
    /// Whether a portal has imported both.
    pub fn is_whole(&self) -> bool {
        self.agencies.is_some() && self.regions.is_some()
    }

    /// What is wrong with it as an agency.
    pub fn unfit_agency(&self, agency: &Uscc) -> Option<Text> {
        let agencies = self.agencies.as_ref()?;
        (!agencies.contains_key(agency)).then(|| {
            Text::new(
                format!("本门户的机构中没有 {agency}。请核对统一社会信用代码；代码无误的，请管理员先导入该机构（POST /api/v1/admin/agencies）。"),
                format!("The portal has no agency {agency}. Check the code; if it is right, have an administrator import the agency first (POST /api/v1/admin/agencies)."),
            )
        })
    }

    /// What is wrong with it as the region this agency serves.
    pub fn unfit_region(&self, region: &RegionCode, agency: Option<&Uscc>) -> Option<Text> {
        if self.regions.as_ref().is_some_and(|regions| !regions.contains(region.as_str())) {
            return Some(Text::new(
                format!(
                    "本门户的行政区划中没有 {region}。请核对代码；代码无误的，请管理员先导入行政区划（POST /api/v1/admin/regions）。"
                ),
                format!(
                    "The portal has no region {region}. Check the code; if it is right, have an administrator import the regions first (POST /api/v1/admin/regions)."
                ),
            ));
        }
        let (agency, home) = self.agencies.as_ref()?.get_key_value(agency?)?;
        (!home.contains(region)).then(|| {
            Text::new(
                format!("机构 {agency} 属于 {home}，只能服务本地区及其下级，{region} 不在其内。请改为 {home} 或其下级；属于其他机构的，请改 agency 由该机构发布。"),
                format!("Agency {agency} is of {home} and serves that region and what lies within it; {region} does not. Write {home} or a region within it; what is another agency's, let that agency publish."),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> RegionCode {
        RegionCode::parse(code).unwrap()
    }

    /// A city's agency and a district's, and four regions.
    fn territory() -> (Territory, Uscc, Uscc) {
        let city = Uscc::parse("11340700MBWXT0103A").unwrap();
        let district = Uscc::parse("11340705MBWXT06130").unwrap();
        let agencies = [(city.clone(), region("340700000000")), (district.clone(), region("340705000000"))];
        let regions = ["340700000000", "340705000000", "340705005000", "110000000000"];
        let regions = regions.map(str::to_owned).into();
        let territory = Territory { agencies: Some(agencies.into()), regions: Some(Arc::new(regions)) };
        (territory, city, district)
    }

    #[test]
    fn an_agency_serves_its_own_region_and_what_lies_within_it() {
        let (territory, city, district) = territory();
        for (code, by_city, by_district) in [
            ("340700000000", true, false),
            ("340705000000", true, true),
            ("340705005000", true, true),
            ("110000000000", false, false),
        ] {
            for (agency, fits) in [(&city, by_city), (&district, by_district)] {
                let wrong = territory.unfit_region(&region(code), Some(agency));
                assert_eq!(wrong.is_none(), fits, "{agency} {code}");
                assert!(wrong.is_none_or(|wrong| wrong.en.contains("serves that region")));
            }
        }
    }

    #[test]
    fn what_the_registers_do_not_have_is_told_and_an_empty_register_says_nothing() {
        let (territory, _, district) = territory();
        let stranger = Uscc::parse("91350100M000100Y43").unwrap();
        let (nowhere, here) = (region("340706000000"), region("340705000000"));
        assert!(territory.unfit_agency(&stranger).is_some_and(|wrong| wrong.en.contains("has no agency")));
        assert_eq!(territory.unfit_agency(&district), None);
        // Of an agency that is not known nothing more is told.
        assert_eq!(territory.unfit_region(&here, Some(&stranger)), None);
        let told = territory.unfit_region(&nowhere, Some(&district));
        assert!(told.is_some_and(|wrong| wrong.en.contains("has no region")));
        let none = Territory::default();
        assert_eq!(
            (none.unfit_agency(&stranger), none.unfit_region(&nowhere, Some(&district))),
            (None, None)
        );
        let regions_only = Territory { agencies: None, ..territory };
        assert_eq!(regions_only.unfit_agency(&stranger), None);
        assert_eq!(regions_only.unfit_region(&here, Some(&district)), None);
        assert!(regions_only.unfit_region(&nowhere, None).is_some());
    }
}
