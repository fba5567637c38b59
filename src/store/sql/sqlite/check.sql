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
-- name: check_numbers
SELECT (SELECT count(*) FROM consumer WHERE id > last_id OR updated_at > last_stamp OR trail - 1099511627776 > last_trail)
     + (SELECT count(*) FROM trail WHERE id > last_trail OR prev >= id) FROM meta
-- name: check_attributes
SELECT count(*) FROM consumer WHERE NOT json_valid(custom_attributes)
-- name: check_trail
SELECT count(*) FROM trail WHERE NOT json_valid(former)
-- name: check_errors
SELECT count(*) FROM import_error WHERE task_id NOT IN (SELECT id FROM import_task)
