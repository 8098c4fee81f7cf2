//! The files of the sample catalogue, built into the program.

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Name below `src/data/sample`, and YAML.
        pub const FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../data/sample/", $name)))),+];
    };
}

files!(
    "guides/childbirth-registration.yaml",
    "guides/compulsory-school-enrolment.yaml",
    "guides/disability-certificate.yaml",
    "guides/disability-subsidies.yaml",
    "guides/elderly-preference-card.yaml",
    "guides/extreme-poverty-support.yaml",
    "guides/flexible-employment-insurance.yaml",
    "guides/food-business-licence.yaml",
    "guides/household-transfer.yaml",
    "guides/housing-fund-withdrawal.yaml",
    "guides/human-resources-service-licence.yaml",
    "guides/identity-card-renewal.yaml",
    "guides/minimum-living-allowance.yaml",
    "guides/newborn-registration.yaml",
    "guides/old-age-allowance.yaml",
    "guides/passport-preacceptance.yaml",
    "guides/public-place-hygiene-licence.yaml",
    "guides/public-rental-housing.yaml",
    "guides/real-estate-register-enquiry.yaml",
    "guides/resident-medical-insurance.yaml",
    "guides/road-occupation-permit.yaml",
    "guides/social-security-card.yaml",
    "guides/sole-trader-registration.yaml",
    "guides/temporary-assistance.yaml",
    "guides/unemployment-benefit.yaml",
    "guides/veterans-preference-card.yaml",
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
