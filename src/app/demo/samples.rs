//! The files of the sample catalogue, built into the program.

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Name below `src/data/sample`, and YAML.
        pub const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../data/sample/", $name)))),+];
    };
}

files!(
    "bundles/company.yaml",
    "bundles/newborn.yaml",
    "bundles/retirement.yaml",
    "certificate-types.yaml",
    "guides/birth-certificate.yaml",
    "guides/childbirth-registration.yaml",
    "guides/chronic-disease-outpatient.yaml",
    "guides/compulsory-school-enrolment.yaml",
    "guides/conscript-family-allowance-jiao.yaml",
    "guides/conscript-family-allowance-yian.yaml",
    "guides/conscript-family-allowance-zongyang.yaml",
    "guides/conscript-family-allowance.yaml",
    "guides/construction-waste.yaml",
    "guides/death-deregistration-jiao.yaml",
    "guides/death-deregistration-yian.yaml",
    "guides/death-deregistration-zongyang.yaml",
    "guides/death-deregistration.yaml",
    "guides/disability-certificate.yaml",
    "guides/disability-subsidies.yaml",
    "guides/divorce-registration.yaml",
    "guides/driving-licence-renewal.yaml",
    "guides/elderly-care-subsidy-jiao.yaml",
    "guides/elderly-care-subsidy-yian.yaml",
    "guides/elderly-care-subsidy-zongyang.yaml",
    "guides/elderly-care-subsidy.yaml",
    "guides/elderly-preference-card.yaml",
    "guides/employee-retirement.yaml",
    "guides/employer-medical-insurance.yaml",
    "guides/employment-unemployment-registration.yaml",
    "guides/enterprise-change.yaml",
    "guides/enterprise-deregistration.yaml",
    "guides/enterprise-establishment.yaml",
    "guides/enterprise-social-insurance.yaml",
    "guides/extreme-poverty-support.yaml",
    "guides/flexible-employment-insurance.yaml",
    "guides/food-business-licence-change.yaml",
    "guides/food-business-licence.yaml",
    "guides/funeral-subsidy.yaml",
    "guides/hong-kong-macao-permit.yaml",
    "guides/household-transfer.yaml",
    "guides/housing-fund-employer-registration.yaml",
    "guides/housing-fund-loan.yaml",
    "guides/housing-fund-withdrawal.yaml",
    "guides/human-resources-service-licence.yaml",
    "guides/identity-card-renewal.yaml",
    "guides/immunisation-card.yaml",
    "guides/invoice-collection.yaml",
    "guides/job-stabilisation-refund.yaml",
    "guides/marriage-registration-jiao.yaml",
    "guides/marriage-registration-yian.yaml",
    "guides/marriage-registration-zongyang.yaml",
    "guides/marriage-registration.yaml",
    "guides/maternity-allowance.yaml",
    "guides/medical-expense-reimbursement.yaml",
    "guides/minimum-living-allowance.yaml",
    "guides/name-change.yaml",
    "guides/newborn-registration.yaml",
    "guides/no-criminal-record.yaml",
    "guides/old-age-allowance.yaml",
    "guides/only-child-award.yaml",
    "guides/orphan-living-allowance-jiao.yaml",
    "guides/orphan-living-allowance-yian.yaml",
    "guides/orphan-living-allowance-zongyang.yaml",
    "guides/orphan-living-allowance.yaml",
    "guides/out-of-area-medical-filing.yaml",
    "guides/outdoor-advertising.yaml",
    "guides/passport-preacceptance.yaml",
    "guides/pension-transfer.yaml",
    "guides/personnel-file-acceptance.yaml",
    "guides/public-place-hygiene-licence.yaml",
    "guides/public-rental-housing.yaml",
    "guides/real-estate-mortgage.yaml",
    "guides/real-estate-register-enquiry.yaml",
    "guides/real-estate-transfer.yaml",
    "guides/rent-subsidy.yaml",
    "guides/residence-permit-jiao.yaml",
    "guides/residence-permit-yian.yaml",
    "guides/residence-permit-zongyang.yaml",
    "guides/residence-permit.yaml",
    "guides/resident-medical-insurance.yaml",
    "guides/resident-pension-enrolment-jiao.yaml",
    "guides/resident-pension-enrolment-yian.yaml",
    "guides/resident-pension-enrolment-zongyang.yaml",
    "guides/resident-pension-enrolment.yaml",
    "guides/road-occupation-permit.yaml",
    "guides/seal-filing.yaml",
    "guides/social-security-card.yaml",
    "guides/sole-trader-registration.yaml",
    "guides/start-up-subsidy.yaml",
    "guides/teacher-qualification.yaml",
    "guides/temporary-assistance.yaml",
    "guides/unemployment-benefit.yaml",
    "guides/vehicle-registration.yaml",
    "guides/veterans-preference-card.yaml",
    "guides/work-injury-recognition.yaml",
    "items/birth-certificate.yaml",
    "items/chronic-disease-outpatient.yaml",
    "items/conscript-family-allowance.yaml",
    "items/construction-waste.yaml",
    "items/death-deregistration.yaml",
    "items/divorce-registration.yaml",
    "items/driving-licence-renewal.yaml",
    "items/elderly-care-subsidy.yaml",
    "items/employee-retirement.yaml",
    "items/employer-medical-insurance.yaml",
    "items/employment-unemployment-registration.yaml",
    "items/enterprise-change.yaml",
    "items/enterprise-deregistration.yaml",
    "items/enterprise-establishment.yaml",
    "items/enterprise-social-insurance.yaml",
    "items/food-business-licence-change.yaml",
    "items/funeral-subsidy.yaml",
    "items/hong-kong-macao-permit.yaml",
    "items/housing-fund-employer-registration.yaml",
    "items/housing-fund-loan.yaml",
    "items/immunisation-card.yaml",
    "items/invoice-collection.yaml",
    "items/job-stabilisation-refund.yaml",
    "items/marriage-registration.yaml",
    "items/maternity-allowance.yaml",
    "items/medical-expense-reimbursement.yaml",
    "items/name-change.yaml",
    "items/no-criminal-record.yaml",
    "items/only-child-award.yaml",
    "items/orphan-living-allowance.yaml",
    "items/out-of-area-medical-filing.yaml",
    "items/outdoor-advertising.yaml",
    "items/pension-transfer.yaml",
    "items/personnel-file-acceptance.yaml",
    "items/real-estate-mortgage.yaml",
    "items/real-estate-transfer.yaml",
    "items/rent-subsidy.yaml",
    "items/residence-permit.yaml",
    "items/resident-pension-enrolment.yaml",
    "items/seal-filing.yaml",
    "items/start-up-subsidy.yaml",
    "items/teacher-qualification.yaml",
    "items/vehicle-registration.yaml",
    "items/work-injury-recognition.yaml",
);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::FILES;

    fn yaml_files(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                yaml_files(&entry.path(), &format!("{name}/"), found);
            } else if name.ends_with(".yaml") {
                found.push(name);
            }
        }
    }

    #[test]
    fn every_sample_file_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/data/sample");
        let mut found = Vec::new();
        yaml_files(&folder, "", &mut found);
        found.sort();
        let listed: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        let lines: String = found.iter().map(|name| format!("    {name:?},\n")).collect();
        assert!(listed == found, "the list of src/app/demo/samples.rs should be:\nfiles!(\n{lines});");
    }
}
