-- How well a person is known holds until then, unless more is proven.
ALTER TABLE persons ADD COLUMN ial_until BIGINT;
-- The record somebody turned out to be, when he proved a number that was known.
ALTER TABLE persons ADD COLUMN joined_to BLOB;
CREATE INDEX persons_by_joined_to ON persons (joined_to);

-- How well the holder of the account is known, and until when that holds.
ALTER TABLE accounts ADD COLUMN ial INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN ial_until BIGINT;
ALTER TABLE accounts ADD COLUMN language TEXT;
UPDATE accounts SET ial = (SELECT persons.ial FROM persons WHERE persons.id = accounts.person);

-- 实名核验: what shows who somebody is. With an account it vouches for whoever signs in with it.
CREATE TABLE identity_proofs (
    id BLOB NOT NULL,
    person BLOB NOT NULL,
    account BLOB,
    ial INTEGER NOT NULL,
    method TEXT NOT NULL,
    evidence TEXT NOT NULL,
    verifier BLOB,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    withdrawn_at BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX identity_proofs_by_person ON identity_proofs (person, id);
CREATE INDEX identity_proofs_by_account ON identity_proofs (account, id);

-- 法人: what the business register said of them, sealed, and when it was last asked.
CREATE TABLE organizations (
    person BLOB NOT NULL,
    status TEXT NOT NULL,
    sealed BLOB NOT NULL,
    checked_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (person)
);
CREATE INDEX organizations_by_check ON organizations (checked_at);

-- 法定代表人与管理员
CREATE TABLE memberships (
    id BLOB NOT NULL,
    organization BLOB NOT NULL,
    member BLOB NOT NULL,
    role TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    granted_by BLOB,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX memberships_by_member ON memberships (member);
CREATE INDEX memberships_by_organization ON memberships (organization);

-- 帮办码, by keyed digest.
CREATE TABLE helper_codes (
    digest BLOB NOT NULL,
    principal BLOB NOT NULL,
    guides TEXT NOT NULL,
    valid_until BIGINT NOT NULL,
    issued_by BLOB NOT NULL,
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    PRIMARY KEY (digest)
);
CREATE INDEX helper_codes_by_expiry ON helper_codes (expires_at);

-- 授权: offered to a person or a number, accepted, ended. Agency, guardians, administrators of an organisation.
DROP INDEX mandates_by_agent;
DROP INDEX mandates_by_principal;
ALTER TABLE mandates RENAME TO mandates_before;
CREATE TABLE mandates (
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    principal BLOB NOT NULL,
    agent BLOB,
    mobile_index BLOB,
    mobile_sealed BLOB,
    guides TEXT,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    may_delegate INTEGER NOT NULL,
    parent BLOB,
    evidence TEXT,
    granted_by BLOB,
    offered_at BIGINT NOT NULL,
    accepted_at BIGINT,
    declined_at BIGINT,
    ended_at BIGINT,
    ended_by TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
INSERT INTO mandates (id, kind, principal, agent, guides, valid_from, valid_until, may_delegate, offered_at, accepted_at, ended_at, version)
    SELECT id, 'agency', principal, agent, guides, valid_from, valid_until, 0, valid_from, accepted_at, ended_at, version
    FROM mandates_before;
DROP TABLE mandates_before;
CREATE INDEX mandates_by_agent ON mandates (agent);
CREATE INDEX mandates_by_principal ON mandates (principal);
CREATE INDEX mandates_by_mobile ON mandates (mobile_index);
CREATE INDEX mandates_by_parent ON mandates (parent);
