-- 登录: a browser somebody signed in with. Known by the SHA-256 of its cookie alone.
CREATE TABLE sign_ins (
    id UUID NOT NULL,
    secret_digest BYTEA NOT NULL,
    account UUID NOT NULL,
    methods TEXT NOT NULL,
    proof UUID NOT NULL,
    authenticated_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    user_agent TEXT NOT NULL,
    network BYTEA NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX sign_ins_by_secret ON sign_ins (secret_digest);
CREATE INDEX sign_ins_by_account ON sign_ins (account, id);

-- 授权同意: what a person lets a third-party app do.
CREATE TABLE consents (
    account UUID NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    granted_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (account, client)
);

-- 动态口令 (RFC 6238). The secret lies sealed; a step is accepted once.
CREATE TABLE totp (
    account UUID NOT NULL,
    sealed BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    confirmed_at TIMESTAMPTZ,
    last_step BIGINT NOT NULL,
    PRIMARY KEY (account)
);

-- 恢复码: for who lost his device; by keyed digest, each good once.
CREATE TABLE recovery_codes (
    account UUID NOT NULL,
    digest BYTEA NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (account, digest)
);

-- 通行密钥 (W3C WebAuthn): public keys and their counters.
CREATE TABLE passkeys (
    id UUID NOT NULL,
    credential_id BYTEA NOT NULL,
    account UUID NOT NULL,
    credential TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX passkeys_by_credential ON passkeys (credential_id);
CREATE INDEX passkeys_by_account ON passkeys (account, id);

-- A passkey ceremony under way, by the SHA-256 of its secret; each is finished once.
CREATE TABLE ceremonies (
    digest BYTEA NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    account UUID,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (digest)
);
CREATE INDEX ceremonies_by_expiry ON ceremonies (expires_at);
