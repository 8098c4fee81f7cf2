-- How well a person is known holds until then, unless more is proven.
ALTER TABLE persons ADD COLUMN ial_until TIMESTAMPTZ;
-- The record somebody turned out to be, when he proved a number that was known.
ALTER TABLE persons ADD COLUMN joined_to UUID;
CREATE INDEX persons_by_joined_to ON persons (joined_to);

-- How well the holder of the account is known, and until when that holds.
ALTER TABLE accounts ADD COLUMN ial INTEGER NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN ial_until TIMESTAMPTZ;
ALTER TABLE accounts ADD COLUMN language TEXT;
UPDATE accounts SET ial = (SELECT persons.ial FROM persons WHERE persons.id = accounts.person);

-- 实名核验: what shows who somebody is. With an account it vouches for whoever signs in with it.
CREATE TABLE identity_proofs (
    id UUID NOT NULL,
    person UUID NOT NULL,
    account UUID,
    ial INTEGER NOT NULL,
    method TEXT NOT NULL,
    evidence TEXT NOT NULL,
    verifier UUID,
    at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    withdrawn_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE INDEX identity_proofs_by_person ON identity_proofs (person, id);
CREATE INDEX identity_proofs_by_account ON identity_proofs (account, id);

-- 法人: what the business register said of them, sealed, and when it was last asked.
CREATE TABLE organizations (
    person UUID NOT NULL,
    status TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (person)
);
CREATE INDEX organizations_by_check ON organizations (checked_at);

-- 法定代表人与管理员
CREATE TABLE memberships (
    id UUID NOT NULL,
    organization UUID NOT NULL,
    member UUID NOT NULL,
    role TEXT NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_until TIMESTAMPTZ,
    granted_by UUID,
    ended_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX memberships_by_member ON memberships (member);
CREATE INDEX memberships_by_organization ON memberships (organization);

-- 帮办码, by keyed digest.
CREATE TABLE helper_codes (
    digest BYTEA NOT NULL,
    principal UUID NOT NULL,
    guides TEXT NOT NULL,
    valid_until TIMESTAMPTZ NOT NULL,
    issued_by UUID NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    redeemed_at TIMESTAMPTZ,
    PRIMARY KEY (digest)
);
CREATE INDEX helper_codes_by_expiry ON helper_codes (expires_at);

-- 授权: offered to a person or a number, accepted, ended. Agency, guardians, administrators of an organisation.
DROP INDEX mandates_by_agent;
DROP INDEX mandates_by_principal;
ALTER TABLE mandates RENAME TO mandates_before;
CREATE TABLE mandates (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    principal UUID NOT NULL,
    agent UUID,
    mobile_index BYTEA,
    mobile_sealed BYTEA,
    guides TEXT,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_until TIMESTAMPTZ,
    may_delegate INTEGER NOT NULL,
    parent UUID,
    evidence TEXT,
    granted_by UUID,
    offered_at TIMESTAMPTZ NOT NULL,
    accepted_at TIMESTAMPTZ,
    declined_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
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
