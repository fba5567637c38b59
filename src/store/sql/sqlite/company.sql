-- What a slice of changes touches and writes: wanted_key and wanted_row are the slice itself (feed.h).
-- name: external_scan
SELECT external_id, id, imprint FROM external_key WHERE external_id >= ?1 ORDER BY external_id
-- name: external_find
SELECT w.n, k.id, k.imprint FROM wanted_key AS w CROSS JOIN external_key AS k ON k.external_id = w.key
-- name: external_set
INSERT INTO external_key (external_id, id, imprint) SELECT key, id, imprint FROM wanted_key
-- name: external_drop
DELETE FROM external_key WHERE external_id IN (SELECT key FROM wanted_key)
-- name: email_scan
SELECT email_key, id, 0 FROM email_key WHERE email_key >= ?1 ORDER BY email_key
-- name: email_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN email_key AS k ON k.email_key = w.key
-- name: email_set
INSERT INTO email_key (email_key, id) SELECT key, id FROM wanted_key
-- name: email_drop
DELETE FROM email_key WHERE email_key IN (SELECT key FROM wanted_key)
-- name: legacy_scan
SELECT legacy_id, id, 0 FROM legacy_key WHERE legacy_id >= ?1 ORDER BY legacy_id
-- name: legacy_find
SELECT w.n, k.id, 0 FROM wanted_key AS w CROSS JOIN legacy_key AS k ON k.legacy_id = w.key
-- name: legacy_set
INSERT INTO legacy_key (legacy_id, id) SELECT key, id FROM wanted_key
-- name: legacy_drop
DELETE FROM legacy_key WHERE legacy_id IN (SELECT key FROM wanted_key)
-- name: rows_find
SELECT w.n, c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url,
       c.custom_attributes, c.created_at, c.updated_at, c.flags, c.origin, c.record, c.trail
  FROM wanted_row AS w CROSS JOIN consumer AS c ON c.id = w.id
-- name: rows_set
INSERT INTO consumer (id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url,
                                 custom_attributes, created_at, updated_at, flags, origin, record, trail)
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags, origin, record, trail FROM wanted_row
-- name: rows_drop
DELETE FROM consumer WHERE id IN (SELECT id FROM wanted_row)
-- name: consumer_get
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags, origin, record, trail FROM consumer WHERE id = ?1
-- name: consumer_by_external
SELECT c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url,
       c.custom_attributes, c.created_at, c.updated_at, c.flags, c.origin, c.record, c.trail
  FROM external_key AS k CROSS JOIN consumer AS c ON c.id = k.id WHERE k.external_id = ?1
-- name: consumer_by_legacy
SELECT c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url,
       c.custom_attributes, c.created_at, c.updated_at, c.flags, c.origin, c.record, c.trail
  FROM legacy_key AS k CROSS JOIN consumer AS c ON c.id = k.id WHERE k.legacy_id = ?1
-- name: meta_get
SELECT last_id, last_stamp, consumers, last_trail, changes, indexed_to, unindexed, created, termed_to, untermed, stale_terms
  FROM meta
-- name: meta_set
UPDATE meta SET last_id = ?1, last_stamp = ?2, consumers = ?3, last_trail = ?4, changes = ?5, indexed_to = ?6,
       unindexed = ?7, created = ?8, termed_to = ?9, untermed = ?10, stale_terms = ?11
-- name: consumer_list
SELECT id, external_id, legacy_id, email, email_key, phone, name, first_name, avatar_url, custom_attributes, created_at,
       updated_at, flags, origin, record, trail FROM consumer WHERE id > ?1 ORDER BY id LIMIT ?2 OFFSET ?3
-- name: attribute_keys
SELECT custom_attributes FROM consumer WHERE custom_attributes <> '{}' ORDER BY id
-- name: attribute_newest
SELECT custom_attributes FROM consumer ORDER BY id DESC LIMIT ?1
-- name: task_insert
INSERT INTO import_task (state, file_name, settings, sha256, upload, bytes, created_at, updated_at, origin, manual, parent,
                         same_as, wanted, source)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
-- name: task_update
UPDATE import_task SET state = ?2, settings = ?3, failure = ?4, attempts = ?5, started_at = ?6, finished_at = ?7,
       updated_at = ?8, manual = ?9, parent = ?10, wanted = ?11, analysis = ?12, header = ?13, trial = ?14,
       trial_records = ?15, trial_bytes = ?16, trial_result = ?17, expected = ?18, undo_preview = ?19, same_as = ?20,
       upload = ?21, sha256 = ?22, bytes = ?23, died_reading = ?24, died_applying = ?25, deaths = ?26 WHERE id = ?1
-- name: task_progress
UPDATE import_task SET records = records + ?2, created = created + ?3, updated = updated + ?4, unchanged = unchanged + ?5,
       skipped = skipped + ?6, failed = failed + ?7, with_warnings = with_warnings + ?8, bytes_done = max(bytes_done, ?9),
       updated_at = ?10, attempts = 1, first_id = iif(first_id = 0, ?11, first_id), last_id = ?12,
       first_trail = iif(first_trail = 0, ?13, first_trail), last_trail = ?14 WHERE id = ?1
-- name: undo_progress
UPDATE import_task SET undo_pass = iif(?2 < 0, undo_pass, ?2), undo_position = iif(?2 < 0, undo_position, ?3),
       undo_removed = undo_removed + ?4,
       undo_restored = undo_restored + ?5, undo_partly = undo_partly + ?6, undo_kept = undo_kept + ?7,
       undo_gone = undo_gone + ?8, undo_pending = max(0, undo_pending + ?9), updated_at = ?10, attempts = 1 WHERE id = ?1
-- name: task_list
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts, origin, manual, parent, same_as,
       wanted, analysis, header, trial, trial_records, trial_bytes, trial_result, expected, first_id, last_id, first_trail,
       last_trail, undo_pass, undo_position, undo_removed, undo_restored, undo_partly, undo_kept, undo_gone, undo_pending,
       undo_preview, source, died_reading, died_applying, deaths FROM import_task
 WHERE id BETWEEN ?1 AND ?2 AND (?3 >> state) & 1 AND (?4 = 0 OR origin = ?4) AND created_at >= ?5 AND created_at < ?6
 ORDER BY id DESC
-- name: task_list_unfinished
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts, origin, manual, parent, same_as,
       wanted, analysis, header, trial, trial_records, trial_bytes, trial_result, expected, first_id, last_id, first_trail,
       last_trail, undo_pass, undo_position, undo_removed, undo_restored, undo_partly, undo_kept, undo_gone, undo_pending,
       undo_preview, source, died_reading, died_applying, deaths FROM import_task
 WHERE state IN (1, 4, 5, 10) OR (wanted & 5) <> 0 OR trial IN (1, 2) ORDER BY id LIMIT ?1 OFFSET ?2
-- name: task_list_pending
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts, origin, manual, parent, same_as,
       wanted, analysis, header, trial, trial_records, trial_bytes, trial_result, expected, first_id, last_id, first_trail,
       last_trail, undo_pass, undo_position, undo_removed, undo_restored, undo_partly, undo_kept, undo_gone, undo_pending,
       undo_preview, source, died_reading, died_applying, deaths FROM import_task
 WHERE undo_pending > 0 ORDER BY id DESC LIMIT ?1 OFFSET ?2
-- name: task_list_uploading
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts, origin, manual, parent, same_as,
       wanted, analysis, header, trial, trial_records, trial_bytes, trial_result, expected, first_id, last_id, first_trail,
       last_trail, undo_pass, undo_position, undo_removed, undo_restored, undo_partly, undo_kept, undo_gone, undo_pending,
       undo_preview, source, died_reading, died_applying, deaths FROM import_task
 WHERE state = 0 ORDER BY id LIMIT ?1 OFFSET ?2
-- name: task_list_files
SELECT id, state, file_name, settings, sha256, upload, bytes, bytes_done, records, created, updated, unchanged, skipped,
       failed, with_warnings, created_at, started_at, finished_at, updated_at, failure, attempts, origin, manual, parent, same_as,
       wanted, analysis, header, trial, trial_records, trial_bytes, trial_result, expected, first_id, last_id, first_trail,
       last_trail, undo_pass, undo_position, undo_removed, undo_restored, undo_partly, undo_kept, undo_gone, undo_pending,
       undo_preview, source, died_reading, died_applying, deaths FROM import_task
 WHERE created_at >= ?1 AND created_at < ?2 AND upload <> '' AND state NOT IN (0, 4, 5, 10)
-- name: task_totals
SELECT state, count(*), sum(created), sum(updated), sum(unchanged), sum(skipped), sum(failed) FROM import_task
 WHERE created_at >= ?1 GROUP BY state
-- name: task_from
SELECT max(id) FROM import_task WHERE source = ?1 AND source <> ''
-- name: purge_samples
UPDATE import_task
   SET analysis = json_replace(json_remove(analysis, '$.preview', '$.encodings', '$.delimiters', '$.head'), '$.columns',
                               json((SELECT json_group_array(json(json_remove(c.value, '$.samples')))
                                       FROM json_each(import_task.analysis, '$.columns') AS c)), '$.findings',
                               json((SELECT json_group_array(json(json_remove(f.value, '$.examples', '$.value')))
                                       FROM json_each(import_task.analysis, '$.findings') AS f)))
 WHERE created_at < ?1
   AND (json_type(analysis, '$.preview') IS NOT NULL OR json_type(analysis, '$.encodings') IS NOT NULL
        OR json_type(analysis, '$.head') IS NOT NULL)
-- name: purge_errors
DELETE FROM import_error WHERE (task_id, warning, record, seq) IN (
    SELECT e.task_id, e.warning, e.record, e.seq FROM import_task AS t CROSS JOIN import_error AS e ON e.task_id = t.id
     WHERE t.updated_at < ?1 LIMIT ?2)
-- name: purge_outcomes
DELETE FROM import_outcome WHERE task_id NOT IN (SELECT id FROM import_task WHERE updated_at >= ?1)
-- name: purge_kept
DELETE FROM undo_kept WHERE task_id IN (SELECT id FROM import_task WHERE updated_at < ?1)
-- name: purge_previews
UPDATE import_task SET undo_preview = NULL WHERE updated_at < ?1 AND undo_preview IS NOT NULL
-- name: purge_tasks
DELETE FROM import_task WHERE updated_at < ?1 AND state IN (6, 7, 8, 9, 11)
-- name: request_find
SELECT print, made_id, answer FROM request WHERE origin = ?1 AND key = ?2 AND at >= ?3
-- name: request_keep
INSERT OR REPLACE INTO request (origin, key, at, print, made_id, answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
-- name: request_purge
DELETE FROM request WHERE at < ?1
-- name: task_remembered
SELECT max(id) FROM import_task WHERE header = ?1 AND header <> '' AND id < ?2 AND state IN (6, 7, 11)
-- name: task_corrected
WITH RECURSIVE below (id) AS (
  SELECT id FROM import_task WHERE parent = ?1
  UNION SELECT t.id FROM import_task AS t JOIN below ON t.parent = below.id)
SELECT min(ifnull(sum(created + updated + unchanged), 0), (SELECT failed FROM import_task WHERE id = ?1))
  FROM import_task WHERE id IN below AND state IN (5, 6, 7, 9) AND same_as = 0
-- name: task_corrections
WITH RECURSIVE below (id) AS (
  SELECT id FROM import_task WHERE parent = ?1
  UNION SELECT t.id FROM import_task AS t JOIN below ON t.parent = below.id)
SELECT id FROM import_task WHERE id IN below AND state IN (5, 6, 7, 8, 9, 10) ORDER BY id DESC
-- name: task_same
SELECT max(id) FROM import_task WHERE sha256 = ?1 AND id <> ?2 AND state IN (6, 7)
-- name: error_insert
INSERT INTO import_error (task_id, warning, record, seq, line, code, header, field, key, value, other_id, consumer_id,
                          external_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
-- name: swaps_find
SELECT a.record, a.line, b.record, b.line FROM import_error AS a JOIN import_error AS b
    ON b.task_id = a.task_id AND b.warning = a.warning AND b.consumer_id = a.other_id AND b.other_id = a.consumer_id
   AND b.code = 'taken' AND b.field = 'email'
 WHERE a.task_id = ?1 AND a.warning = ?2 AND a.code = 'taken' AND a.field = 'email' AND a.consumer_id <> 0
   AND a.record < b.record
 ORDER BY a.record, b.record
-- name: swap_name
UPDATE import_error SET code = 'email_swap', other_line = ?4
 WHERE task_id = ?1 AND warning = ?2 AND record = ?3 AND code = 'taken' AND field = 'email'
-- name: error_list
SELECT record, line, header, field, key, value, code, other_id, other_line, seq, external_id FROM import_error
 WHERE task_id = ?1 AND warning = ?2 AND (record, seq) > (?5, ?6) AND (?7 IS NULL OR code = ?7)
   AND (?8 IS NULL OR field = ?8) AND (?9 IS NULL OR ifnull(key, '') = ?9) ORDER BY record, seq LIMIT ?3 OFFSET ?4
-- name: error_list_after
SELECT record, line, header, field, key, value, code, other_id, other_line, seq, external_id FROM import_error
 WHERE task_id = ?1 AND warning = ?2 AND record > ?3 ORDER BY record, seq LIMIT ?4
-- name: error_drop
DELETE FROM import_error WHERE task_id = ?1 AND warning = ?2
-- name: error_groups
SELECT code, header, field, key, count(*), min(line), max(line), min(record) FROM import_error
 WHERE task_id = ?1 AND warning = ?2 GROUP BY code, field, key ORDER BY count(*) DESC LIMIT ?3
-- name: outcome_add
INSERT INTO import_outcome (task_id, first, runs) VALUES (?1, ?2, ?3)
-- name: outcome_list
SELECT first, runs FROM import_outcome
 WHERE task_id = ?1
   AND first >= ifnull((SELECT max(first) FROM import_outcome WHERE task_id = ?1 AND first <= ?2), 0)
 ORDER BY first
-- name: error_codes
SELECT code, count(*) FROM import_error WHERE task_id = ?1 AND warning = ?2 GROUP BY code
-- name: error_group_lines
SELECT code, field, key, record, line, value, external_id, other_id FROM import_error
 WHERE task_id = ?1 AND warning = ?2 ORDER BY record, seq
-- name: trail_add
INSERT INTO trail (id, consumer_id, prev, origin, record, at, made, former)
SELECT id, consumer_id, prev, origin, record, at, made, former FROM wanted_trail
-- name: trail_get
SELECT id, prev, origin, at, made, former FROM trail WHERE id = ?1
-- name: trail_blank
UPDATE trail SET former = '{}' WHERE id = ?1
-- name: trail_former
UPDATE trail SET former = ?2 WHERE id = ?1
-- name: trail_made
UPDATE trail SET made = ?2 WHERE id = ?1
-- name: trail_prev
UPDATE trail SET prev = ?2 WHERE id = ?1
-- name: trail_drop
DELETE FROM trail WHERE id = ?1
-- name: trail_purge
DELETE FROM trail WHERE id IN (SELECT id FROM trail WHERE at < ?1 ORDER BY id LIMIT ?2)
-- name: trail_forget
UPDATE meta SET trail_from = ?1 WHERE trail_from < ?1 AND EXISTS (SELECT 1 FROM trail WHERE at < ?1)
-- name: trail_from
SELECT trail_from FROM meta
-- name: gone_add
INSERT OR REPLACE INTO gone (consumer_id, origin, at, made_by) VALUES (?1, ?2, ?3, ?4)
-- name: gone_get
SELECT origin, at, made_by FROM gone WHERE consumer_id = ?1
-- name: gone_purge
DELETE FROM gone WHERE at < ?1
-- name: undo_made
SELECT id, record FROM consumer WHERE id BETWEEN ?1 AND ?2 AND origin = ?3 ORDER BY id DESC LIMIT ?4
-- name: undo_changed
SELECT id, consumer_id, record, made, former, prev FROM trail
 WHERE id BETWEEN ?1 AND ?2 AND origin = ?3 AND (?5 = 0 OR made = 2) ORDER BY id DESC LIMIT ?4
-- name: task_made
SELECT id, id, record, external_id, email, name, '{}' FROM consumer
 WHERE id BETWEEN ?1 AND ?2 AND origin = ?3 ORDER BY id LIMIT ?4
-- name: task_changed
SELECT t.id, t.consumer_id, t.record, c.external_id, c.email, c.name, t.former
  FROM trail AS t CROSS JOIN consumer AS c ON c.id = t.consumer_id
 WHERE t.id BETWEEN ?1 AND ?2 AND t.origin = ?3 AND t.made <> 2 AND c.origin <> ?3 ORDER BY t.id LIMIT ?4
-- name: kept_insert
INSERT INTO undo_kept (task_id, seq, consumer_id, external_id, record, code, field, key, undone, now, origin, at, other_id)
VALUES (?1, (SELECT ifnull(max(seq), 0) + 1 FROM undo_kept WHERE task_id = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
-- name: kept_drop
DELETE FROM undo_kept WHERE task_id = ?1 AND consumer_id = ?2 AND field = 'email'
-- name: kept_list
SELECT seq, consumer_id, external_id, record, code, field, key, undone, now, origin, at, other_id FROM undo_kept
 WHERE task_id = ?1 AND seq > ?4 ORDER BY seq LIMIT ?2 OFFSET ?3
-- name: export_insert
INSERT INTO export_task (state, format, options, program, file, origin, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- name: export_update
UPDATE export_task SET state = ?2, file = ?3, bytes = ?4, records = ?5, total = ?6, attempts = ?7, started_at = ?8,
       finished_at = ?9, code = ?10, detail = ?11 WHERE id = ?1
-- name: export_delete
DELETE FROM export_task WHERE id = ?1
-- name: export_list
SELECT id, state, format, options, program, file, bytes, records, total, attempts, origin, created_at, started_at, finished_at, code,
       detail FROM export_task WHERE id BETWEEN ?1 AND ?2 AND (?3 >> state) & 1 ORDER BY id DESC LIMIT ?4 OFFSET ?5
-- name: export_purge
DELETE FROM export_task WHERE finished_at > 0 AND finished_at < ?1 AND file = ''
