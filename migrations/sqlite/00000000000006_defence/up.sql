-- 设备: browsers somebody signed in with before, by a keyed index of the cookie's secret and the account.
CREATE TABLE devices (
    digest BLOB NOT NULL,
    account BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX devices_by_account ON devices (account, last_used_at);
CREATE INDEX devices_by_use ON devices (last_used_at);

-- Passwords used before, where the policy remembers them.
CREATE TABLE password_history (
    id BLOB NOT NULL,
    account BLOB NOT NULL,
    password_hash TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX password_history_by_account ON password_history (account, id);

-- When the present password was chosen; none means with the account.
ALTER TABLE accounts ADD COLUMN password_changed_at BIGINT;

-- 放假安排: the yearly notices entered by hand, as CSV; they go before the built-in ones.
CREATE TABLE calendar_notices (
    year INTEGER NOT NULL,
    csv TEXT NOT NULL,
    entered_at BIGINT NOT NULL,
    entered_by BLOB,
    PRIMARY KEY (year)
);

CREATE INDEX posts_by_role ON posts (role, id);
CREATE INDEX audit_by_account_and_action ON audit (account, action, id);
