-- The letters and certificates made out with an event, as its hash knows them (JSON); none before there were any.
ALTER TABLE case_events ADD COLUMN papers TEXT;
-- What happened on one day, for its root.
CREATE INDEX case_events_by_time ON case_events (at, case_id, seq);
CREATE INDEX certificates_by_case ON certificates (case_id);

-- 每日根: what the histories of a day came to, signed. `previous` is the SHA-256 of the signed root before.
CREATE TABLE daily_roots (
    day TEXT NOT NULL,
    cases BIGINT NOT NULL,
    root BYTEA NOT NULL,
    previous BYTEA NOT NULL,
    jws TEXT NOT NULL,
    PRIMARY KEY (day)
);
