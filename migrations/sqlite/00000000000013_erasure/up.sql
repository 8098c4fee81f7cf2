-- 数据删除. Files lie in a folder of their case or application, sealed under its key, and go with it.
DROP TABLE case_files;
ALTER TABLE letter_papers DROP COLUMN file;

-- Folders of the file store to be deleted from then on: of what was erased, or of a case that may never be filed.
CREATE TABLE doomed_folders (
    folder BLOB NOT NULL,
    drop_at BIGINT NOT NULL,
    PRIMARY KEY (folder)
);
CREATE INDEX doomed_folders_by_time ON doomed_folders (drop_at, folder);

-- The personal data of the records up to this one was erased; what came after has a key of its own.
ALTER TABLE cases ADD COLUMN erased_to BIGINT;
UPDATE cases SET erased_to = version WHERE data_key IS NULL;
-- A closed case is kept from the last thing that happened to it.
UPDATE cases SET kept_since = updated_at WHERE kept_since IS NOT NULL;

-- Ended since then, with its personal data; none once that is erased.
ALTER TABLE bundle_applications ADD COLUMN kept_since BIGINT;
-- Whether it ended as a draft that was never handed in.
ALTER TABLE bundle_applications ADD COLUMN lapsed BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE bundle_applications SET kept_since = updated_at WHERE stage = 'ended';
UPDATE bundle_applications SET lapsed = TRUE
WHERE stage = 'ended' AND json_extract(document, '$.progress.stage.outcome') = 'lapsed';
CREATE INDEX bundle_applications_by_end ON bundle_applications (lapsed, kept_since, id) WHERE kept_since IS NOT NULL;

-- Open cases are listed from the table of work: by agency and region only closed ones are.
DROP INDEX cases_by_work;
DROP INDEX cases_by_region;
CREATE INDEX cases_closed_by_agency ON cases (agency, id) WHERE outcome IS NOT NULL;
CREATE INDEX cases_closed_by_region ON cases (region, id) WHERE outcome IS NOT NULL;
-- Most cases are handed in at no counter.
DROP INDEX work_by_counter;
CREATE INDEX work_by_counter ON work (counter, state, due_on, case_id, yellow_on) WHERE counter IS NOT NULL;

-- Sums are read by the range: without a second tree to fetch each from.
CREATE TABLE balances (
    place TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    yellow_on TEXT NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (place, region, state, due_on, yellow_on)
) WITHOUT ROWID;
INSERT INTO balances SELECT place, region, state, due_on, yellow_on, cases FROM work_balances;
DROP TABLE work_balances;
ALTER TABLE balances RENAME TO work_balances;
