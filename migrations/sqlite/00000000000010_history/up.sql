-- The letters and certificates made out with an event, as its hash knows them (JSON); none before there were any.
ALTER TABLE case_events ADD COLUMN papers TEXT;
-- What happened on one day, for its root.
CREATE INDEX case_events_by_time ON case_events (at, case_id, seq);
CREATE INDEX certificates_by_case ON certificates (case_id) WHERE case_id IS NOT NULL;

-- 每日根: what the histories of a day came to, signed. `previous` is the SHA-256 of the signed root before.
CREATE TABLE daily_roots (
    day TEXT NOT NULL,
    cases BIGINT NOT NULL,
    root BLOB NOT NULL,
    previous BLOB NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (day)
);

-- Closed since then, with its personal data; none once that is erased.
ALTER TABLE cases ADD COLUMN kept_since BIGINT;
UPDATE cases SET kept_since = updated_at WHERE state = 'closed';
CREATE INDEX cases_by_end ON cases (outcome, kept_since, id) WHERE kept_since IS NOT NULL;

-- Which cases and applications use a file, by a keyed index of its digest: the last of them takes it along.
CREATE TABLE case_files (
    file BLOB NOT NULL,
    used_by BLOB NOT NULL,
    PRIMARY KEY (file, used_by)
);
CREATE INDEX case_files_by_user ON case_files (used_by);

-- 同案不同办: a keyed digest of what a decided case asked for, and the decision; none once it is erased.
ALTER TABLE cases ADD COLUMN facts_digest BLOB;
ALTER TABLE cases ADD COLUMN decision TEXT;
CREATE INDEX cases_by_facts ON cases (guide, guide_version, facts_digest, decision) WHERE facts_digest IS NOT NULL;
