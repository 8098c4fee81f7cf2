DROP TABLE work_balances;
CREATE TABLE work_balances (
    place TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    yellow_on TEXT NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (place, region, state, due_on, yellow_on)
);
DROP INDEX work_by_step;
DROP INDEX work_by_city_and_step;
DROP INDEX work_by_county_and_step;
DROP INDEX work_by_agency_and_step;
DROP INDEX work_by_due;
DROP INDEX work_by_city;
DROP INDEX work_by_county;
DROP INDEX work_by_agency;
CREATE INDEX work_by_agency ON work (agency, state, due_on, case_id, yellow_on, step);
CREATE INDEX work_by_county ON work (county, state, due_on, case_id, yellow_on, region, step);
CREATE INDEX work_by_city ON work (city, state, due_on, case_id, yellow_on, step);
CREATE INDEX work_by_due ON work (state, due_on, case_id, yellow_on, region, step);
DROP INDEX work_by_city_and_age;
DROP INDEX work_by_county_and_age;
DROP INDEX work_by_agency_and_age;
CREATE INDEX work_by_agency_and_age ON work (agency, case_id, state);
CREATE INDEX work_by_county_and_age ON work (county, case_id, state, region);
CREATE INDEX work_by_city_and_age ON work (city, case_id, state);
