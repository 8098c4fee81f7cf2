DROP TABLE audit;
ALTER TABLE authorization_codes DROP COLUMN sign_in;
ALTER TABLE authorization_codes DROP COLUMN methods;
ALTER TABLE authorization_codes ADD COLUMN aal INTEGER NOT NULL DEFAULT 1;
DROP INDEX sessions_by_sign_in;
ALTER TABLE sessions DROP COLUMN sign_in;
ALTER TABLE sessions DROP COLUMN methods;
ALTER TABLE sessions ADD COLUMN aal INTEGER NOT NULL DEFAULT 1;
