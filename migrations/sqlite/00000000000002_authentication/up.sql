-- How a person proved who he is (RFC 8176 words), and through which sign-in of his browser.
ALTER TABLE sessions DROP COLUMN aal;
ALTER TABLE sessions ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';
ALTER TABLE sessions ADD COLUMN sign_in BLOB;
CREATE INDEX sessions_by_sign_in ON sessions (sign_in);
ALTER TABLE authorization_codes DROP COLUMN aal;
ALTER TABLE authorization_codes ADD COLUMN methods TEXT NOT NULL DEFAULT 'pwd';
ALTER TABLE authorization_codes ADD COLUMN sign_in BLOB;

-- 审计: who did or tried what to whom, and how it ended. Rows are only ever added.
CREATE TABLE audit (
    id BLOB NOT NULL,
    at BIGINT NOT NULL,
    account BLOB,
    action TEXT NOT NULL,
    subject TEXT,
    outcome TEXT NOT NULL,
    client TEXT,
    network BLOB,
    request_id TEXT,
    details TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX audit_by_account ON audit (account, id);
CREATE INDEX audit_by_subject ON audit (subject, id);
CREATE INDEX audit_by_action ON audit (action, id);
