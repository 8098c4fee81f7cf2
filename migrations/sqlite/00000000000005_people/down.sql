DROP INDEX mandates_by_parent;
DROP INDEX mandates_by_mobile;
DROP INDEX mandates_by_principal;
DROP INDEX mandates_by_agent;
ALTER TABLE mandates RENAME TO mandates_after;
CREATE TABLE mandates (
    id BLOB NOT NULL,
    principal BLOB NOT NULL,
    agent BLOB NOT NULL,
    guides TEXT,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    accepted_at BIGINT,
    ended_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
-- What was never accepted, and what is no agency, has no place in it.
INSERT INTO mandates (id, principal, agent, guides, valid_from, valid_until, accepted_at, ended_at, version)
    SELECT id, principal, agent, guides, valid_from, valid_until, accepted_at, ended_at, version
    FROM mandates_after WHERE kind = 'agency' AND accepted_at IS NOT NULL;
DROP TABLE mandates_after;
CREATE INDEX mandates_by_agent ON mandates (agent);
CREATE INDEX mandates_by_principal ON mandates (principal);
DROP TABLE helper_codes;
DROP TABLE memberships;
DROP TABLE organizations;
DROP TABLE identity_proofs;
ALTER TABLE accounts DROP COLUMN language;
ALTER TABLE accounts DROP COLUMN ial_until;
ALTER TABLE accounts DROP COLUMN ial;
DROP INDEX persons_by_joined_to;
ALTER TABLE persons DROP COLUMN joined_to;
ALTER TABLE persons DROP COLUMN ial_until;
