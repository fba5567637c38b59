-- name: find_external
SELECT id FROM external_key WHERE external_id = ?1
-- name: find_email
SELECT id FROM email_key WHERE email_key = ?1
-- name: find_legacy
SELECT id FROM legacy_key WHERE legacy_id = ?1
-- name: consumer_get
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags FROM consumer WHERE id = ?1
-- name: consumer_insert
INSERT INTO consumer (id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url,
                      custom_attributes, created_at, updated_at, flags)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
-- name: consumer_update
UPDATE consumer SET external_id = ?2, legacy_id = ?3, email = ?4, email_key = ?5, phone = ?6, name = ?7, first_name = ?8,
       avatar_url = ?9, custom_attributes = ?10, created_at = ?11, updated_at = ?12, flags = ?13 WHERE id = ?1
-- name: consumer_delete
DELETE FROM consumer WHERE id = ?1
-- name: external_set
INSERT OR REPLACE INTO external_key (external_id, id) VALUES (?1, ?2)
-- name: external_drop
DELETE FROM external_key WHERE external_id = ?1
-- name: email_set
INSERT OR REPLACE INTO email_key (email_key, id) VALUES (?1, ?2)
-- name: email_drop
DELETE FROM email_key WHERE email_key = ?1
-- name: legacy_set
INSERT OR REPLACE INTO legacy_key (legacy_id, id) VALUES (?1, ?2)
-- name: legacy_drop
DELETE FROM legacy_key WHERE legacy_id = ?1
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
