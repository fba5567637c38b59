-- A dry run: what it would write goes into tables of a temporary database, which hide the company's: they are asked after
-- it.  A key that is nobody's any more has the id 0.
-- name: trial_schema
CREATE TEMP TABLE trial_consumer (
    id INTEGER PRIMARY KEY, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url,
    custom_attributes, created_at, updated_at, flags, origin, record, trail);
CREATE TEMP TABLE trial_external (external_id TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
CREATE TEMP TABLE trial_email (email_key TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
CREATE TEMP TABLE trial_legacy (legacy_id TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
-- name: trial_external_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN temp.trial_external AS k ON k.external_id = w.key
-- name: trial_external_set
INSERT OR REPLACE INTO temp.trial_external SELECT key, id FROM wanted_key
-- name: trial_email_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN temp.trial_email AS k ON k.email_key = w.key
-- name: trial_email_set
INSERT OR REPLACE INTO temp.trial_email SELECT key, id FROM wanted_key
-- name: trial_legacy_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN temp.trial_legacy AS k ON k.legacy_id = w.key
-- name: trial_legacy_set
INSERT OR REPLACE INTO temp.trial_legacy SELECT key, id FROM wanted_key
-- name: trial_rows_find
SELECT w.n, c.* FROM wanted_row AS w CROSS JOIN temp.trial_consumer AS c ON c.id = w.id
-- name: trial_rows_set
INSERT OR REPLACE INTO temp.trial_consumer
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags, origin, record, trail FROM wanted_row
