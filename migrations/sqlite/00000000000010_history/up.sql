-- The letters and certificates made out with an event, as its hash knows them (JSON); none before there were any.
ALTER TABLE case_events ADD COLUMN papers TEXT;
-- What happened on one day, for its root.
CREATE INDEX case_events_by_time ON case_events (at, case_id, seq);
CREATE INDEX certificates_by_case ON certificates (case_id);
