CREATE TABLE calendar_newest (
    year INTEGER NOT NULL,
    csv TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    entered_by BLOB,
    PRIMARY KEY (year)
);
INSERT INTO calendar_newest (year, csv, entered_at, entered_by)
    SELECT year, csv, entered_at, entered_by FROM calendar_notices AS one
    WHERE entered_at = (SELECT max(entered_at) FROM calendar_notices WHERE year = one.year);
DROP TABLE calendar_notices;
ALTER TABLE calendar_newest RENAME TO calendar_notices;
