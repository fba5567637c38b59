-- Of each: how many places are wrong.
-- name: check_external
SELECT count(*) FROM consumer AS c LEFT JOIN external_key AS k ON k.external_id = c.external_id
 WHERE c.external_id IS NOT NULL AND k.id IS NOT c.id
-- name: check_external_back
SELECT count(*) FROM external_key AS k LEFT JOIN consumer AS c ON c.id = k.id WHERE c.external_id IS NOT k.external_id
-- name: check_email
SELECT count(*) FROM consumer AS c LEFT JOIN email_key AS k ON k.email_key = ifnull(c.email_key, c.email)
 WHERE c.email IS NOT NULL AND k.id IS NOT c.id
-- name: check_email_back
SELECT count(*) FROM email_key AS k LEFT JOIN consumer AS c ON c.id = k.id
 WHERE ifnull(c.email_key, c.email) IS NOT k.email_key
-- name: check_legacy
SELECT count(*) FROM consumer AS c LEFT JOIN legacy_key AS k ON k.legacy_id = c.legacy_id
 WHERE c.legacy_id IS NOT NULL AND k.id IS NOT c.id
-- name: check_legacy_back
SELECT count(*) FROM legacy_key AS k LEFT JOIN consumer AS c ON c.id = k.id WHERE c.legacy_id IS NOT k.legacy_id
-- name: check_count
SELECT abs((SELECT count(*) FROM consumer) - consumers) FROM meta
-- name: check_days
SELECT abs(consumers - (SELECT ifnull(sum(created), 0) - ifnull(sum(deleted), 0) FROM day)) FROM meta
-- name: check_numbers
SELECT (SELECT count(*) FROM consumer WHERE id > last_id OR updated_at > last_stamp OR trail - 1099511627776 > last_trail)
     + (SELECT count(*) FROM trail WHERE id > last_trail OR prev >= id) FROM meta
-- name: check_attributes
SELECT count(*) FROM consumer WHERE NOT json_valid(custom_attributes)
-- name: check_trail
SELECT count(*) FROM trail WHERE NOT json_valid(former)
-- name: check_errors
SELECT count(*) FROM import_error WHERE task_id NOT IN (SELECT id FROM import_task)
-- name: check_changed
SELECT (SELECT count(*) FROM consumer) - (
  SELECT count(DISTINCT c.id) FROM (SELECT last, entries, lag(last, 1, 0) OVER (ORDER BY last) AS before FROM changed) AS b
   CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
   WHERE u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp AND u.stamp > b.before AND u.stamp <= b.last)
-- name: check_blocks
SELECT count(*) FROM changed AS b WHERE b.count <> (SELECT count(*) FROM unpacked AS u WHERE u.entries = b.entries)
-- name: check_created
SELECT count(*) FROM consumer AS c CROSS JOIN meta WHERE c.updated_at <= meta.indexed_to
   AND NOT EXISTS (SELECT 1 FROM created_key AS k WHERE k.created_at = c.created_at AND k.id = c.id)
-- name: check_deeds
SELECT count(*) FROM audit WHERE NOT json_valid(details)
    OR subject_type = 'import_tasks' AND CAST(subject_id AS INTEGER) NOT IN (SELECT id FROM import_task)
-- name: check_kept
SELECT count(*) FROM undo_kept WHERE task_id NOT IN (SELECT id FROM import_task)
-- name: check_requests
SELECT count(*) FROM request WHERE (made_id <> 0) = (answer IS NOT NULL) OR print = ''
-- name: check_exports
SELECT count(*) FROM export_task WHERE NOT json_valid(options) OR state NOT IN (0, 1, 2, 3) OR state IN (0, 1) AND file = ''
    OR state = 3 AND file <> ''
-- name: check_webhooks
SELECT count(*) FROM webhook WHERE length(sealed) = 0 OR url = '' OR at_event < 0
-- name: check_deliveries
SELECT count(*) FROM delivery WHERE state NOT IN (0, 1, 2) OR NOT json_valid(log)
