-- What a slice of changes touches and writes: wanted_key and wanted_row are the slice itself (feed.h).
-- name: external_scan
SELECT external_id, id, imprint FROM external_key WHERE external_id >= ?1 ORDER BY external_id
-- name: external_find
SELECT w.n, k.id, k.imprint FROM wanted_key AS w CROSS JOIN external_key AS k ON k.external_id = w.key
-- name: external_set
INSERT OR REPLACE INTO external_key (external_id, id, imprint) SELECT key, id, imprint FROM wanted_key
-- name: external_drop
DELETE FROM external_key WHERE external_id IN (SELECT key FROM wanted_key)
-- name: email_scan
SELECT email_key, id, 0 FROM email_key WHERE email_key >= ?1 ORDER BY email_key
-- name: email_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN email_key AS k ON k.email_key = w.key
-- name: email_set
INSERT OR REPLACE INTO email_key (email_key, id) SELECT key, id FROM wanted_key
-- name: email_drop
DELETE FROM email_key WHERE email_key IN (SELECT key FROM wanted_key)
-- name: legacy_scan
SELECT legacy_id, id, 0 FROM legacy_key WHERE legacy_id >= ?1 ORDER BY legacy_id
-- name: legacy_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN legacy_key AS k ON k.legacy_id = w.key
-- name: legacy_set
INSERT OR REPLACE INTO legacy_key (legacy_id, id) SELECT key, id FROM wanted_key
-- name: legacy_drop
DELETE FROM legacy_key WHERE legacy_id IN (SELECT key FROM wanted_key)
-- name: rows_find
SELECT w.n, c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url,
       c.custom_attributes, c.created_at, c.updated_at, c.flags
  FROM wanted_row AS w CROSS JOIN consumer AS c ON c.id = w.id
-- name: rows_set
INSERT OR REPLACE INTO consumer (id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url,
                                 custom_attributes, created_at, updated_at, flags)
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags FROM wanted_row
-- name: rows_drop
DELETE FROM consumer WHERE id IN (SELECT id FROM wanted_row)
-- name: consumer_get
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags FROM consumer WHERE id = ?1
-- name: consumer_by_external
SELECT c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url,
       c.custom_attributes, c.created_at, c.updated_at, c.flags
  FROM external_key AS k CROSS JOIN consumer AS c ON c.id = k.id WHERE k.external_id = ?1
-- name: consumer_by_legacy
SELECT c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url,
       c.custom_attributes, c.created_at, c.updated_at, c.flags
  FROM legacy_key AS k CROSS JOIN consumer AS c ON c.id = k.id WHERE k.legacy_id = ?1
-- name: meta_get
SELECT last_id, last_stamp, consumers FROM meta
-- name: meta_set
UPDATE meta SET last_id = ?1, last_stamp = ?2, consumers = ?3
-- name: consumer_list
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags FROM consumer WHERE id > ?1 ORDER BY id LIMIT ?2 OFFSET ?3
-- name: attribute_keys
SELECT j.key FROM consumer, json_each(consumer.custom_attributes) AS j WHERE custom_attributes <> '{}'
 GROUP BY j.key ORDER BY min(consumer.id), min(j.id) LIMIT ?1
-- name: task_insert
INSERT INTO import_task (state, file_name, settings, sha256, upload, bytes, created_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
-- name: task_update
UPDATE import_task SET state = ?2, settings = ?3, failure = ?4, attempts = ?5, started_at = ?6, finished_at = ?7,
       updated_at = ?8 WHERE id = ?1
-- name: task_progress
UPDATE import_task SET records = records + ?2, created = created + ?3, updated = updated + ?4, unchanged = unchanged + ?5,
       skipped = skipped + ?6, failed = failed + ?7, with_warnings = with_warnings + ?8, bytes_done = max(bytes_done, ?9),
       updated_at = ?10, attempts = 0 WHERE id = ?1
-- name: task_list
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts FROM import_task
 WHERE ?1 IS NULL OR id = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3
-- name: task_list_unfinished
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts FROM import_task
 WHERE state IN (0, 1) ORDER BY id LIMIT ?1 OFFSET ?2
-- name: error_insert
INSERT INTO import_error (task_id, warning, record, seq, line, code, header, field, key, value, other_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
-- name: error_list
SELECT record, line, header, field, key, value, code, other_id FROM import_error
 WHERE task_id = ?1 AND warning = ?2 ORDER BY record, seq LIMIT ?3 OFFSET ?4
