-- 一件事: every version of every bundle as it was published.
CREATE TABLE bundles (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    yaml TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    leader TEXT NOT NULL,
    region TEXT NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    published_by UUID,
    superseded_at TIMESTAMPTZ,
    withdrawn_at TIMESTAMPTZ,
    PRIMARY KEY (code, version)
);

-- Applications for them. Personal data is sealed with the application's own key.
CREATE TABLE bundle_applications (
    id UUID NOT NULL,
    version BIGINT NOT NULL,
    bundle TEXT NOT NULL,
    bundle_version INTEGER NOT NULL,
    party UUID NOT NULL,
    stage TEXT NOT NULL,
    document TEXT NOT NULL,
    personal BYTEA,
    data_key BYTEA,
    opened_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- When the clock, or the portal itself, next has something to do.
    tick_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE INDEX bundle_applications_by_party ON bundle_applications (party, id);
CREATE INDEX bundle_applications_by_tick ON bundle_applications (tick_at, id);

-- The cases their parts became, and how far each has been followed.
CREATE TABLE bundle_cases (
    case_id UUID NOT NULL,
    application UUID NOT NULL,
    part TEXT NOT NULL,
    -- The version of the case last looked at.
    seen BIGINT NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (case_id)
);
CREATE UNIQUE INDEX bundle_cases_by_part ON bundle_cases (application, part);
CREATE INDEX bundle_cases_by_end ON bundle_cases (ended_at, case_id);
