-- What a list by age shows stands in its indexes: or PostgreSQL would rather read and sort all
-- cases of an agency than fetch twenty rows.
DROP INDEX work_by_agency_and_age;
DROP INDEX work_by_county_and_age;
DROP INDEX work_by_city_and_age;
CREATE INDEX work_by_agency_and_age ON work (agency, case_id, state, due_on, step);
CREATE INDEX work_by_county_and_age ON work (county, case_id, state, region, due_on, step);
CREATE INDEX work_by_city_and_age ON work (city, case_id, state, due_on, step);

-- A step that few cases are at is found without looking at all others.
DROP INDEX work_by_agency;
DROP INDEX work_by_county;
DROP INDEX work_by_city;
DROP INDEX work_by_due;
CREATE INDEX work_by_agency ON work (agency, state, due_on, case_id, yellow_on);
CREATE INDEX work_by_county ON work (county, state, due_on, case_id, yellow_on, region);
CREATE INDEX work_by_city ON work (city, state, due_on, case_id, yellow_on);
CREATE INDEX work_by_due ON work (state, due_on, case_id, yellow_on, region);
CREATE INDEX work_by_agency_and_step ON work (agency, step, state, due_on, case_id, yellow_on) WHERE step IS NOT NULL;
CREATE INDEX work_by_county_and_step ON work (county, step, state, due_on, case_id, yellow_on, region) WHERE step IS NOT NULL;
CREATE INDEX work_by_city_and_step ON work (city, step, state, due_on, case_id, yellow_on) WHERE step IS NOT NULL;
CREATE INDEX work_by_step ON work (step, state, due_on, case_id, yellow_on, region) WHERE step IS NOT NULL;

-- The lights of a day are told by how many cases are due by each day, and by how many turn yellow
-- by each: two short rows of days where every pair of days was summed up before.
CREATE TABLE balances (
    place TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Which light turns: 'due' is the last day before red, 'yellow' the first of yellow.
    turn TEXT NOT NULL,
    day TEXT NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (place, region, state, turn, day)
) WITHOUT ROWID;
INSERT INTO balances SELECT place, region, state, 'due', due_on, SUM(cases) FROM work_balances
GROUP BY place, region, state, due_on;
INSERT INTO balances SELECT place, region, state, 'yellow', yellow_on, SUM(cases) FROM work_balances
GROUP BY place, region, state, yellow_on;
DROP TABLE work_balances;
ALTER TABLE balances RENAME TO work_balances;
