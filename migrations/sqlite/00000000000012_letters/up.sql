-- 送达: the first time somebody of the recipient's side opened a letter.
CREATE TABLE letter_openings (
    letter_id BLOB NOT NULL,
    case_id BLOB NOT NULL,
    account BLOB NOT NULL,
    recipient TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (letter_id)
);
CREATE INDEX letter_openings_by_case ON letter_openings (case_id);

-- The PDF a letter was printed as, once and for all.
CREATE TABLE letter_papers (
    letter_id BLOB NOT NULL,
    -- SHA-256 of the PDF.
    digest BLOB NOT NULL,
    -- Where the file store keeps it, sealed with the key of the case.
    file TEXT NOT NULL,
    -- The signature over the digest: a compact JWS.
    seal TEXT NOT NULL,
    printed_at BIGINT NOT NULL,
    PRIMARY KEY (letter_id)
);
