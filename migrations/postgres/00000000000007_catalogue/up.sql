-- 基本目录事项: every published version of an item's file, never changed afterwards.
CREATE TABLE catalogue_items (
    basic_code TEXT NOT NULL,
    version INTEGER NOT NULL,
    yaml TEXT NOT NULL,
    content_hash BYTEA NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    published_by UUID,
    edited_by UUID,
    superseded_at TIMESTAMPTZ,
    PRIMARY KEY (basic_code, version)
);

-- 证照目录
CREATE TABLE certificate_types (
    certificate_type TEXT NOT NULL,
    entry TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    changed_by UUID,
    PRIMARY KEY (certificate_type)
);

-- A guide's row keeps the local file; with an item_version it inherits from that item.
ALTER TABLE guides ADD COLUMN item_version INTEGER;
-- Days as yyyy-mm-dd, in China.
ALTER TABLE guides ADD COLUMN effective_from TEXT;
ALTER TABLE guides ADD COLUMN effective_until TEXT;
ALTER TABLE guides ADD COLUMN edited_by UUID;
-- What listings and the search show of it, as JSON; none for what was published before there was one.
ALTER TABLE guides ADD COLUMN about TEXT;

-- Drafts of guides, items and certificate types, until somebody else decides on them.
CREATE TABLE catalogue_drafts (
    id UUID NOT NULL,
    file TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    agency TEXT,
    yaml TEXT NOT NULL,
    base_version INTEGER,
    note TEXT,
    edited_by UUID NOT NULL,
    edited_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMPTZ,
    PRIMARY KEY (id)
);
CREATE INDEX catalogue_drafts_by_state ON catalogue_drafts (state, id);
CREATE INDEX catalogue_drafts_by_code ON catalogue_drafts (code, state);
