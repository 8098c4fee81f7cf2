DROP TABLE daily_roots;
DROP INDEX certificates_by_case;
DROP INDEX case_events_by_time;
ALTER TABLE case_events DROP COLUMN papers;
