-- A dry run: what it would write goes into tables of a temporary database, which hide the company's.
-- name: trial_schema
CREATE TEMP TABLE trial_consumer (
    id INTEGER PRIMARY KEY, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url,
    custom_attributes, created_at, updated_at, flags);
CREATE TEMP TABLE trial_external (external_id TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
CREATE TEMP TABLE trial_email (email_key TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
CREATE TEMP TABLE trial_legacy (legacy_id TEXT PRIMARY KEY, id INTEGER) WITHOUT ROWID;
-- name: trial_find_external
SELECT id FROM temp.trial_external WHERE external_id = ?1
UNION ALL SELECT id FROM external_key WHERE external_id = ?1 LIMIT 1
-- name: trial_find_email
SELECT id FROM temp.trial_email WHERE email_key = ?1
UNION ALL SELECT id FROM email_key WHERE email_key = ?1 LIMIT 1
-- name: trial_find_legacy
SELECT id FROM temp.trial_legacy WHERE legacy_id = ?1
UNION ALL SELECT id FROM legacy_key WHERE legacy_id = ?1 LIMIT 1
-- name: trial_consumer_get
SELECT * FROM temp.trial_consumer WHERE id = ?1
UNION ALL SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes,
       created_at, updated_at, flags FROM consumer WHERE id = ?1 LIMIT 1
-- name: trial_consumer_set
INSERT OR REPLACE INTO temp.trial_consumer
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
-- name: trial_external_set
INSERT OR REPLACE INTO temp.trial_external VALUES (?1, ?2)
-- name: trial_external_drop
INSERT OR REPLACE INTO temp.trial_external VALUES (?1, 0)
-- name: trial_email_set
INSERT OR REPLACE INTO temp.trial_email VALUES (?1, ?2)
-- name: trial_email_drop
INSERT OR REPLACE INTO temp.trial_email VALUES (?1, 0)
-- name: trial_legacy_set
INSERT OR REPLACE INTO temp.trial_legacy VALUES (?1, ?2)
-- name: trial_legacy_drop
INSERT OR REPLACE INTO temp.trial_legacy VALUES (?1, 0)
