-- 一件事: every version of every bundle as it was published.
CREATE TABLE bundles (
    code TEXT NOT NULL,
    version INTEGER NOT NULL,
    yaml TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    leader TEXT NOT NULL,
    region TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    published_by BLOB,
    superseded_at BIGINT,
    withdrawn_at BIGINT,
    PRIMARY KEY (code, version)
);

-- Applications for them. Personal data is sealed with the application's own key.
CREATE TABLE bundle_applications (
    id BLOB NOT NULL,
    version BIGINT NOT NULL,
    bundle TEXT NOT NULL,
    bundle_version INTEGER NOT NULL,
    party BLOB NOT NULL,
    stage TEXT NOT NULL,
    document TEXT NOT NULL,
    personal BLOB,
    data_key BLOB,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- When the clock, or the portal itself, next has something to do.
    tick_at BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX bundle_applications_by_party ON bundle_applications (party, id);
CREATE INDEX bundle_applications_by_tick ON bundle_applications (tick_at, id);

-- The cases their parts became, and how far each has been followed.
CREATE TABLE bundle_cases (
    case_id BLOB NOT NULL,
    application BLOB NOT NULL,
    part TEXT NOT NULL,
    -- The version of the case last looked at.
    seen BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (case_id)
);
CREATE UNIQUE INDEX bundle_cases_by_part ON bundle_cases (application, part);
CREATE INDEX bundle_cases_by_end ON bundle_cases (ended_at, case_id);
