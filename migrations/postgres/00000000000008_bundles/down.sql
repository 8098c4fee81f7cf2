DROP TABLE bundle_cases;
DROP TABLE bundle_applications;
DROP TABLE bundles;
