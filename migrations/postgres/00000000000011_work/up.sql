-- 待办: one narrow row per filed case that is not closed, written by the same commit as the case.
CREATE TABLE work (
    case_id UUID NOT NULL,
    state TEXT NOT NULL,
    agency TEXT NOT NULL,
    region TEXT NOT NULL,
    -- The first six and four digits of the region: what listings walk along.
    county TEXT NOT NULL,
    city TEXT NOT NULL,
    guide TEXT NOT NULL,
    -- The step of the flow whose turn it is.
    step TEXT,
    -- Where an officer handed it in for the applicant.
    counter TEXT,
    -- Days as yyyy-mm-dd, in China; 9999-12-31 while no clock runs.
    due_on TEXT NOT NULL,
    yellow_on TEXT NOT NULL,
    PRIMARY KEY (case_id)
);
-- What a list looks at on the way stands at the end of each, so that no row need be fetched for it.
CREATE INDEX work_by_agency ON work (agency, state, due_on, case_id, yellow_on, step);
CREATE INDEX work_by_county ON work (county, state, due_on, case_id, yellow_on, region, step);
CREATE INDEX work_by_city ON work (city, state, due_on, case_id, yellow_on, step);
CREATE INDEX work_by_due ON work (state, due_on, case_id, yellow_on, region, step);
CREATE INDEX work_by_guide ON work (guide, state, due_on, case_id, yellow_on);
CREATE INDEX work_by_counter ON work (counter, state, due_on, case_id, yellow_on);
CREATE INDEX work_by_agency_and_age ON work (agency, case_id, state);
CREATE INDEX work_by_county_and_age ON work (county, case_id, state, region);
CREATE INDEX work_by_city_and_age ON work (city, case_id, state);

-- 征求意见: the agencies whose opinion on an open case is awaited. It lies on their worklists as well.
CREATE TABLE work_opinions (
    case_id UUID NOT NULL,
    agency TEXT NOT NULL,
    due_on TEXT NOT NULL,
    yellow_on TEXT NOT NULL,
    PRIMARY KEY (case_id, agency)
);
CREATE INDEX work_opinions_by_agency ON work_opinions (agency, due_on, case_id, yellow_on);

-- What came onto the worklists (1) and left them (-1) since it was last summed up.
CREATE TABLE work_postings (
    id UUID NOT NULL,
    agency TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    yellow_on TEXT NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (id)
);

-- The sums: of an agency by region, of a region alone, of a region with all below it.
CREATE TABLE work_balances (
    place TEXT NOT NULL,
    region TEXT NOT NULL,
    state TEXT NOT NULL,
    due_on TEXT NOT NULL,
    yellow_on TEXT NOT NULL,
    cases BIGINT NOT NULL,
    PRIMARY KEY (place, region, state, due_on, yellow_on)
);

-- 领办: who works on a case, one in each role.
CREATE TABLE case_claims (
    case_id UUID NOT NULL,
    role TEXT NOT NULL,
    post UUID NOT NULL,
    account UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (case_id, role)
);
CREATE INDEX case_claims_by_post ON case_claims (post, case_id);

-- 请假: until when, and who stands in.
CREATE TABLE post_leaves (
    post UUID NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    substitute UUID,
    set_by UUID NOT NULL,
    set_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (post)
);

-- By what a filed case is found: keyed indexes of its applicant's name and numbers.
CREATE TABLE case_keys (
    digest BYTEA NOT NULL,
    case_id UUID NOT NULL,
    PRIMARY KEY (digest, case_id)
);
CREATE INDEX case_keys_by_case ON case_keys (case_id);

-- 接续码: the right to go on with a case elsewhere, by a keyed digest.
CREATE TABLE handoffs (
    digest BYTEA NOT NULL,
    case_id UUID NOT NULL,
    issued_by UUID NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    opened_at TIMESTAMPTZ,
    PRIMARY KEY (digest)
);
CREATE INDEX handoffs_by_case ON handoffs (case_id);
CREATE INDEX handoffs_by_expiry ON handoffs (expires_at);

-- Officers whom a code let help with a draft.
CREATE TABLE case_helpers (
    case_id UUID NOT NULL,
    account UUID NOT NULL,
    post UUID NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (case_id, account)
);
CREATE INDEX case_helpers_by_end ON case_helpers (until);

-- 续传: files under way; their parts lie in the file store.
CREATE TABLE uploads (
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    material TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    file_name TEXT,
    original_seen BOOLEAN NOT NULL,
    received_bytes BIGINT NOT NULL,
    begun_by UUID NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX uploads_by_case ON uploads (case_id);
CREATE INDEX uploads_by_expiry ON uploads (expires_at, id);

CREATE TABLE upload_parts (
    upload UUID NOT NULL,
    from_byte BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (upload, from_byte)
);

-- Open cases from before there were worklists; their steps and yellow days are set when they next change.
INSERT INTO work (case_id, state, agency, region, county, city, guide, step, counter, due_on, yellow_on)
SELECT id, state, agency, region, substr(region, 1, 6), substr(region, 1, 4), guide, NULL, NULL,
    COALESCE(due_on, '9999-12-31'), COALESCE(due_on, '9999-12-31')
FROM cases WHERE state NOT IN ('draft', 'closed');
INSERT INTO work_postings (id, agency, region, state, due_on, yellow_on, cases)
SELECT case_id, agency, region, state, due_on, yellow_on, 1 FROM work;

-- Many cases fall due at the same midnight: the clock walks through them page by page.
DROP INDEX cases_by_tick;
CREATE INDEX cases_by_tick ON cases (tick_at, id);

-- When a case is due is on the worklists now, and nowhere else.
ALTER TABLE cases DROP COLUMN due_on;
