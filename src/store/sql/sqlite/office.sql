-- Of control.db: how many requests came, by the hour, and who did what.
-- name: calls_add
INSERT INTO api_calls (company_id, hour, calls, errors) SELECT id, ?2, ?3, ?4 FROM company WHERE id = ?1
    ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, errors = errors + excluded.errors
-- name: calls_list
SELECT company_id, hour, calls, errors FROM api_calls WHERE company_id = ?1 AND hour >= ?2 ORDER BY hour
-- name: calls_purge
DELETE FROM api_calls WHERE hour < ?1
