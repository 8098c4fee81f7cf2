-- What a client registers beside its addresses: keys, the sector of its pairwise
-- subjects, where it hears of ended sessions, what is demanded of its requests.
ALTER TABLE clients ADD COLUMN jwks TEXT;
ALTER TABLE clients ADD COLUMN sector TEXT;
ALTER TABLE clients ADD COLUMN backchannel_logout_uri TEXT;
ALTER TABLE clients ADD COLUMN require_dpop INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN require_par INTEGER NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- A key is published before it signs. Those there were have always signed.
ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0;

-- The key a client proved to have (RFC 9449): thumbprints.
ALTER TABLE authorization_codes ADD COLUMN key_thumbprint TEXT;
ALTER TABLE sessions ADD COLUMN key_thumbprint TEXT;

-- Pushed authorization requests (RFC 9126), by the SHA-256 of their reference.
CREATE TABLE pushed_requests (
    digest BLOB NOT NULL,
    client TEXT NOT NULL,
    parameters TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    begun_at BIGINT,
    PRIMARY KEY (digest)
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

-- Signed statements that are good once: DPoP proofs, client assertions.
CREATE TABLE used_proofs (
    digest BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX used_proofs_by_expiry ON used_proofs (expires_at);

-- Device grants (RFC 8628): the device code by SHA-256, the code a person enters by keyed index.
CREATE TABLE device_grants (
    digest BLOB NOT NULL,
    user_code_index BLOB NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    interval_seconds INTEGER NOT NULL,
    last_asked_at BIGINT,
    decision TEXT NOT NULL,
    account BLOB,
    methods TEXT,
    sign_in BLOB,
    authenticated_at BIGINT,
    PRIMARY KEY (digest)
);
CREATE UNIQUE INDEX device_grants_by_user_code ON device_grants (user_code_index);
CREATE INDEX device_grants_by_expiry ON device_grants (expires_at);
