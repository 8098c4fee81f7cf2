-- 登录: a browser somebody signed in with. Known by the SHA-256 of its cookie alone.
CREATE TABLE sign_ins (
    id BLOB NOT NULL,
    secret_digest BLOB NOT NULL,
    account BLOB NOT NULL,
    methods TEXT NOT NULL,
    proof BLOB NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    user_agent TEXT NOT NULL,
    network BLOB NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX sign_ins_by_secret ON sign_ins (secret_digest);
CREATE INDEX sign_ins_by_account ON sign_ins (account, id);

-- 授权同意: what a person lets a third-party app do.
CREATE TABLE consents (
    account BLOB NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (account, client)
);

-- 动态口令 (RFC 6238). The secret lies sealed; a step is accepted once.
CREATE TABLE totp (
    account BLOB NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    last_step BIGINT NOT NULL,
    PRIMARY KEY (account)
);

-- 恢复码: for who lost his device; by keyed digest, each good once.
CREATE TABLE recovery_codes (
    account BLOB NOT NULL,
    digest BLOB NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (account, digest)
);

-- 通行密钥 (W3C WebAuthn): public keys and their counters.
CREATE TABLE passkeys (
    id BLOB NOT NULL,
    credential_id BLOB NOT NULL,
    account BLOB NOT NULL,
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX passkeys_by_credential ON passkeys (credential_id);
CREATE INDEX passkeys_by_account ON passkeys (account, id);

-- A passkey ceremony under way, by the SHA-256 of its secret; each is finished once.
CREATE TABLE ceremonies (
    digest BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    account BLOB,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX ceremonies_by_expiry ON ceremonies (expires_at);
