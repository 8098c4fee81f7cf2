DROP TABLE catalogue_drafts;
ALTER TABLE guides DROP COLUMN about;
ALTER TABLE guides DROP COLUMN edited_by;
ALTER TABLE guides DROP COLUMN effective_until;
ALTER TABLE guides DROP COLUMN effective_from;
ALTER TABLE guides DROP COLUMN item_version;
DROP TABLE certificate_types;
DROP TABLE catalogue_items;
