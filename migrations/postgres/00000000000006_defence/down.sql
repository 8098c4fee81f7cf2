DROP INDEX audit_by_account_and_action;
DROP INDEX posts_by_role;
DROP TABLE calendar_notices;
ALTER TABLE accounts DROP COLUMN password_changed_at;
DROP TABLE password_history;
DROP TABLE devices;
