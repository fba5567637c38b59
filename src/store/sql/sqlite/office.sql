-- Of control.db: how many requests came, by the hour, and who did what.
-- name: calls_add
INSERT INTO api_calls (company_id, hour, calls, errors) SELECT id, ?2, ?3, ?4 FROM company WHERE id = ?1
    ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, errors = errors + excluded.errors
-- name: calls_list
SELECT company_id, hour, calls, errors FROM api_calls WHERE company_id = ?1 AND hour >= ?2 ORDER BY hour
-- name: calls_purge
DELETE FROM api_calls WHERE hour < ?1
-- name: control_audit_add
INSERT INTO audit (company_id, at, action, origin, who, address, subject_type, subject_id, subject, details)
SELECT CASE ?5 WHEN 'companies' THEN iif(?2 = 'company.deleted', NULL, ?6)
               WHEN 'users' THEN ifnull(?8, (SELECT company_id FROM user WHERE id = ?6))
               WHEN 'tokens' THEN (SELECT company_id FROM token WHERE id = ?6)
               WHEN 'webhooks' THEN (SELECT company_id FROM webhook WHERE id = ?6) END,
       ?1, ?2, ?3,
       CASE ?3 & 7 WHEN 1 THEN (SELECT name FROM token WHERE id = ?3 >> 3) WHEN 3 THEN (SELECT email FROM user WHERE id = ?3 >> 3) END,
       ?4, ?5, ?6,
       CASE ?5 WHEN 'companies' THEN (SELECT name FROM company WHERE id = ?6)
               WHEN 'users' THEN (SELECT email FROM user WHERE id = ?6)
               WHEN 'tokens' THEN (SELECT name FROM token WHERE id = ?6)
               WHEN 'webhooks' THEN (SELECT url FROM webhook WHERE id = ?6) END,
       ?7
-- name: control_audit_again
UPDATE audit SET at = ?1, details = json_set(details, '$.times', ifnull(json_extract(details, '$.times'), 1) + 1)
 WHERE id = (SELECT id FROM audit WHERE subject_type = 'users' AND subject_id = ?2 AND action = ?3 AND at > ?4
                AND (address IS ?5 OR (SELECT count(*) FROM audit WHERE subject_type = 'users' AND subject_id = ?2
                                          AND action = ?3 AND at > ?4) >= ?6) ORDER BY address IS ?5 DESC, id DESC LIMIT 1)
-- name: control_audit_list
SELECT id, at, action, origin, who, address, subject_type, subject_id, subject, details
  FROM audit WHERE company_id = ?7 AND (at, id) < (?1, ?2) AND at >= ?3
   AND (?4 IS NULL OR EXISTS (SELECT 1 FROM json_each(?4) AS f
                               WHERE action = f.value OR substr(action, 1, length(f.value) + 1) = f.value || '.'))
   AND (?5 IS NULL OR origin = ?5 * 8 + 3 OR subject_type = 'users' AND subject_id = ?5)
 ORDER BY at DESC, id DESC LIMIT ?6
-- name: control_audit_who
SELECT CASE ?1 & 7 WHEN 1 THEN (SELECT name FROM token WHERE id = ?1 >> 3)
                   WHEN 3 THEN ifnull((SELECT email FROM user WHERE id = ?1 >> 3),
                                      (SELECT subject FROM audit WHERE subject_type = 'users' AND subject_id = ?1 >> 3
                                        ORDER BY id DESC LIMIT 1)) END
-- name: control_audit_purge
DELETE FROM audit WHERE company_id = ?1 AND at < ?2
-- name: control_audit_purge_server
DELETE FROM audit WHERE company_id IS NULL AND at < ?1
