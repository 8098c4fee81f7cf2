-- Facts about the installation itself, e.g. that it is a demo.
CREATE TABLE settings (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
);

-- A number per cached thing; whoever changes the thing raises it, every instance polls it.
CREATE TABLE epochs (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (name)
);

-- One row per committed batch: tells whether a COMMIT whose answer was lost took place.
CREATE TABLE fences (
    id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX fences_by_age ON fences (created_at);

-- 行政区划
CREATE TABLE regions (
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    parent TEXT,
    PRIMARY KEY (code)
);
CREATE INDEX regions_by_parent ON regions (parent, code);

-- 实施机构
CREATE TABLE agencies (
    uscc TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    PRIMARY KEY (uscc)
);
CREATE INDEX agencies_by_region ON agencies (region, uscc);

-- 窗口与自助终端
CREATE TABLE counters (
    code TEXT NOT NULL,
    region TEXT NOT NULL,
    kind TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    address TEXT NOT NULL,
    hours_zh TEXT NOT NULL,
    hours_en TEXT NOT NULL,
    PRIMARY KEY (code)
);
CREATE INDEX counters_by_region ON counters (region, code);

-- 办事指南: every published version, never changed afterwards but for its withdrawal.
CREATE TABLE guides (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    yaml TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    agency TEXT NOT NULL,
    region TEXT NOT NULL,
    basic_code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    published_by UUID,
    superseded_at TIMESTAMPTZ,
    withdrawn_at TIMESTAMPTZ,
    PRIMARY KEY (code, version)
);
CREATE INDEX guides_by_item ON guides (basic_code, region);
CREATE INDEX guides_by_agency ON guides (agency, code);

-- 自然人与法人. Who they are is sealed; the ID number is found by its blind index.
CREATE TABLE persons (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    id_index BYTEA,
    ial INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX persons_by_id_number ON persons (id_index);

-- 账号
CREATE TABLE accounts (
    id UUID NOT NULL,
    person UUID NOT NULL,
    mobile_index BYTEA NOT NULL,
    mobile_sealed BYTEA NOT NULL,
    password_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX accounts_by_mobile ON accounts (mobile_index);
CREATE INDEX accounts_by_person ON accounts (person);

-- 岗位
CREATE TABLE posts (
    id UUID NOT NULL,
    account UUID NOT NULL,
    role TEXT NOT NULL,
    agency TEXT,
    region TEXT NOT NULL,
    counter TEXT,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_until TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE INDEX posts_by_account ON posts (account);

-- 授权: the principal lets the agent act.
CREATE TABLE mandates (
    id UUID NOT NULL,
    principal UUID NOT NULL,
    agent UUID NOT NULL,
    guides TEXT,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_until TIMESTAMPTZ,
    accepted_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX mandates_by_agent ON mandates (agent);
CREATE INDEX mandates_by_principal ON mandates (principal);

-- 接入应用: OAuth clients. The registration fixes the channel.
CREATE TABLE clients (
    id TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    channel TEXT NOT NULL,
    counter TEXT,
    secret_digest BYTEA,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grants TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    disabled_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);

-- Private keys, sealed under the master key; public halves as JWK.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL,
    purpose TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ,
    PRIMARY KEY (kid)
);

-- One live verification code per mobile number and purpose.
CREATE TABLE sms_codes (
    mobile_index BYTEA NOT NULL,
    purpose TEXT NOT NULL,
    code_digest BYTEA NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (mobile_index, purpose)
);

-- Wrong passwords in a row, by account or address.
CREATE TABLE sign_in_failures (
    subject BYTEA NOT NULL,
    failures INTEGER NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (subject)
);

-- 会话: one sign-in of one account through one client.
CREATE TABLE sessions (
    id UUID NOT NULL,
    account UUID NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    aal INTEGER NOT NULL,
    authenticated_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at);

-- OAuth authorization codes (RFC 6749 §4.1), by SHA-256.
CREATE TABLE authorization_codes (
    digest BYTEA NOT NULL,
    session UUID NOT NULL,
    account UUID NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    aal INTEGER NOT NULL,
    authenticated_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    redeemed_at TIMESTAMPTZ,
    PRIMARY KEY (digest)
);

-- OAuth refresh tokens, by SHA-256; rotated at every use.
CREATE TABLE refresh_tokens (
    digest BYTEA NOT NULL,
    session UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    rotated_at TIMESTAMPTZ,
    PRIMARY KEY (digest)
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- 办件: where each case stands now. `document` is the fold of its events without personal data; `personal` holds that, under the case's own key.
CREATE TABLE cases (
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    head BYTEA NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    guide TEXT NOT NULL,
    guide_version INTEGER NOT NULL,
    agency TEXT NOT NULL,
    region TEXT NOT NULL,
    party UUID NOT NULL,
    opened_by UUID,
    case_no TEXT,
    document TEXT NOT NULL,
    personal BYTEA,
    data_key BYTEA,
    letters INTEGER NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    due_on TEXT,
    tick_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX cases_by_number ON cases (case_no);
CREATE INDEX cases_by_party ON cases (party, id);
CREATE INDEX cases_by_work ON cases (agency, state, id);
CREATE INDEX cases_by_region ON cases (region, state, id);
CREATE INDEX cases_by_tick ON cases (tick_at);

-- 办件过程: the hash-chained history.
CREATE TABLE case_events (
    case_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    "by" TEXT NOT NULL,
    event TEXT NOT NULL,
    provenance TEXT NOT NULL,
    personal BYTEA,
    hash BYTEA NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- 文书
CREATE TABLE letters (
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    document TEXT NOT NULL,
    personal BYTEA,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX letters_by_case ON letters (case_id, seq);
CREATE UNIQUE INDEX letters_by_number ON letters (number);

-- 电子证照
CREATE TABLE certificates (
    id TEXT NOT NULL,
    holder UUID NOT NULL,
    certificate_type TEXT NOT NULL,
    issuer TEXT NOT NULL,
    case_id UUID,
    document TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    seal TEXT NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE INDEX certificates_by_holder ON certificates (holder, certificate_type);

-- Blocks of case numbers handed to an instance: explains every gap.
CREATE TABLE number_blocks (
    series TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    instance UUID NOT NULL,
    reserved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (series, first)
);

-- The last case number reserved of each guide and day.
CREATE TABLE number_series (
    series TEXT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (series)
);

-- What a repeated request is answered with; kept a day.
CREATE TABLE idempotency (
    key BYTEA NOT NULL,
    request_digest BYTEA NOT NULL,
    answer TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- What still has to be told to the world.
CREATE TABLE outbox (
    id UUID NOT NULL,
    topic TEXT NOT NULL,
    subject UUID NOT NULL,
    payload TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    next_at TIMESTAMPTZ,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX outbox_by_due ON outbox (next_at, id);
