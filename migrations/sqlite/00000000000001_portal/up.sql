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
    id BLOB NOT NULL,
    created_at BIGINT NOT NULL,
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
    content_hash BLOB NOT NULL,
    agency TEXT NOT NULL,
    region TEXT NOT NULL,
    basic_code TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by BLOB,
    superseded_at BIGINT,
    withdrawn_at BIGINT,
    PRIMARY KEY (code, version)
);
CREATE INDEX guides_by_item ON guides (basic_code, region);
CREATE INDEX guides_by_agency ON guides (agency, code);

-- 自然人与法人. Who they are is sealed; the ID number is found by its blind index.
CREATE TABLE persons (
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    sealed BLOB NOT NULL,
    id_index BLOB,
    ial INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX persons_by_id_number ON persons (id_index);

-- 账号
CREATE TABLE accounts (
    id BLOB NOT NULL,
    person BLOB NOT NULL,
    mobile_index BLOB NOT NULL,
    mobile_sealed BLOB NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX accounts_by_mobile ON accounts (mobile_index);
CREATE INDEX accounts_by_person ON accounts (person);

-- 岗位
CREATE TABLE posts (
    id BLOB NOT NULL,
    account BLOB NOT NULL,
    role TEXT NOT NULL,
    agency TEXT,
    region TEXT NOT NULL,
    counter TEXT,
    valid_from BIGINT NOT NULL,
    valid_until BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX posts_by_account ON posts (account);

-- 授权: the principal lets the agent act.
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
CREATE INDEX mandates_by_agent ON mandates (agent);
CREATE INDEX mandates_by_principal ON mandates (principal);

-- 接入应用: OAuth clients. The registration fixes the channel.
CREATE TABLE clients (
    id TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    name_en TEXT NOT NULL,
    channel TEXT NOT NULL,
    counter TEXT,
    secret_digest BLOB,
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grants TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (id)
);

-- Private keys, sealed under the master key; public halves as JWK.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL,
    purpose TEXT NOT NULL,
    sealed BLOB NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (kid)
);

-- One live verification code per mobile number and purpose.
CREATE TABLE sms_codes (
    mobile_index BLOB NOT NULL,
    purpose TEXT NOT NULL,
    code_digest BLOB NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (mobile_index, purpose)
);

-- Wrong passwords in a row, by account or address.
CREATE TABLE sign_in_failures (
    subject BLOB NOT NULL,
    failures INTEGER NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (subject)
);

-- 会话: one sign-in of one account through one client.
CREATE TABLE sessions (
    id BLOB NOT NULL,
    account BLOB NOT NULL,
    client TEXT NOT NULL,
    scope TEXT NOT NULL,
    aal INTEGER NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_revocation ON sessions (revoked_at);

-- OAuth authorization codes (RFC 6749 §4.1), by SHA-256.
CREATE TABLE authorization_codes (
    digest BLOB NOT NULL,
    session BLOB NOT NULL,
    account BLOB NOT NULL,
    client TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    scope TEXT NOT NULL,
    nonce TEXT,
    aal INTEGER NOT NULL,
    authenticated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT,
    PRIMARY KEY (digest)
);

-- OAuth refresh tokens, by SHA-256; rotated at every use.
CREATE TABLE refresh_tokens (
    digest BLOB NOT NULL,
    session BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    rotated_at BIGINT,
    PRIMARY KEY (digest)
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

-- 办件: where each case stands now. `document` is the fold of its events without personal data; `personal` holds that, under the case's own key.
CREATE TABLE cases (
    id BLOB NOT NULL,
    version BIGINT NOT NULL,
    head BLOB NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    guide TEXT NOT NULL,
    guide_version INTEGER NOT NULL,
    agency TEXT NOT NULL,
    region TEXT NOT NULL,
    party BLOB NOT NULL,
    opened_by BLOB,
    case_no TEXT,
    document TEXT NOT NULL,
    personal BLOB,
    data_key BLOB,
    letters INTEGER NOT NULL,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    due_on TEXT,
    tick_at BIGINT,
    PRIMARY KEY (id)
);
CREATE UNIQUE INDEX cases_by_number ON cases (case_no);
CREATE INDEX cases_by_party ON cases (party, id);
CREATE INDEX cases_by_work ON cases (agency, state, id);
CREATE INDEX cases_by_region ON cases (region, state, id);
CREATE INDEX cases_by_tick ON cases (tick_at);

-- 办件过程: the hash-chained history.
CREATE TABLE case_events (
    case_id BLOB NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    "by" TEXT NOT NULL,
    event TEXT NOT NULL,
    provenance TEXT NOT NULL,
    personal BLOB,
    hash BLOB NOT NULL,
    PRIMARY KEY (case_id, seq)
);

-- 文书
CREATE TABLE letters (
    id BLOB NOT NULL,
    case_id BLOB NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    document TEXT NOT NULL,
    personal BLOB,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX letters_by_case ON letters (case_id, seq);
CREATE UNIQUE INDEX letters_by_number ON letters (number);

-- 电子证照
CREATE TABLE certificates (
    id TEXT NOT NULL,
    holder BLOB NOT NULL,
    certificate_type TEXT NOT NULL,
    issuer TEXT NOT NULL,
    case_id BLOB,
    document TEXT NOT NULL,
    sealed BLOB NOT NULL,
    seal TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX certificates_by_holder ON certificates (holder, certificate_type);

-- Blocks of case numbers handed to an instance: explains every gap.
CREATE TABLE number_blocks (
    series TEXT NOT NULL,
    first BIGINT NOT NULL,
    last BIGINT NOT NULL,
    instance BLOB NOT NULL,
    reserved_at BIGINT NOT NULL,
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
    key BLOB NOT NULL,
    request_digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- What still has to be told to the world.
CREATE TABLE outbox (
    id BLOB NOT NULL,
    topic TEXT NOT NULL,
    subject BLOB NOT NULL,
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT,
    attempts INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX outbox_by_due ON outbox (next_at, id);
