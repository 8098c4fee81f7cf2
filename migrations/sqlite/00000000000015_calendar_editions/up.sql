-- A notice that is entered anew does not replace the one before: days that were told by
-- that one are explained by it.
CREATE TABLE calendar_editions (
    year INTEGER NOT NULL,
    csv TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    entered_by BLOB,
    PRIMARY KEY (entered_at, year)
);
INSERT INTO calendar_editions (year, csv, entered_at, entered_by)
    SELECT year, csv, entered_at, entered_by FROM calendar_notices;
DROP TABLE calendar_notices;
ALTER TABLE calendar_editions RENAME TO calendar_notices;
