-- Of a company's database.
-- name: audit_add
INSERT INTO audit (at, action, origin, address, subject_type, subject_id, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- name: audit_of_task
SELECT substr(action, 8), origin, address, at FROM audit
 WHERE subject_type = 'import_tasks' AND subject_id = ?1 ORDER BY id DESC LIMIT ?2
-- name: audit_list
SELECT id, at, action, origin, NULL, address, subject_type, subject_id,
       CASE subject_type WHEN 'import_tasks' THEN (SELECT file_name FROM import_task WHERE id = subject_id) END, details
  FROM audit WHERE (at, id) < (?1, ?2) AND at >= ?3
   AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(?4) AS f
                               WHERE action = f.value OR substr(action, 1, length(f.value) + 1) = f.value || '.'))
   AND (?5 IS NULL OR origin = ?5 * 8 + 3) ORDER BY at DESC, id DESC LIMIT ?6
-- name: audit_purge
DELETE FROM audit WHERE at < ?1
   AND NOT (subject_type = 'import_tasks' AND CAST(subject_id AS INTEGER) IN (SELECT id FROM import_task))
-- name: audit_purge_tasks
DELETE FROM audit WHERE subject_type = 'import_tasks' AND CAST(subject_id AS INTEGER) NOT IN (SELECT id FROM import_task)
