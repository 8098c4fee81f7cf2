DROP INDEX work_by_counter;
CREATE INDEX work_by_counter ON work (counter, state, due_on, case_id, yellow_on);
DROP INDEX cases_closed_by_region;
DROP INDEX cases_closed_by_agency;
CREATE INDEX cases_by_region ON cases (region, state, id);
CREATE INDEX cases_by_work ON cases (agency, state, id);
DROP INDEX bundle_applications_by_end;
ALTER TABLE bundle_applications DROP COLUMN lapsed;
ALTER TABLE bundle_applications DROP COLUMN kept_since;
ALTER TABLE cases DROP COLUMN erased_to;
DROP TABLE doomed_folders;
ALTER TABLE letter_papers ADD COLUMN file TEXT NOT NULL DEFAULT '';
CREATE TABLE case_files (
    file BLOB NOT NULL,
    used_by BLOB NOT NULL,
    PRIMARY KEY (file, used_by)
);
CREATE INDEX case_files_by_user ON case_files (used_by);
