-- name: company_insert
INSERT INTO company (name, zone, created_at) VALUES (?1, ?2, ?3)
-- name: company_list
SELECT id, name, zone, put_contacts, created_at, import_webhooks, import_defaults, keep_files_days, keep_trail_days,
       keep_audit_days FROM company
 WHERE (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR id = ?2) ORDER BY name
-- name: company_set
UPDATE company SET name = ?2, zone = ?3, put_contacts = ?4, import_webhooks = ?5, import_defaults = ?6, keep_files_days = ?7,
       keep_trail_days = ?8, keep_audit_days = ?9 WHERE id = ?1
-- name: company_delete
DELETE FROM company WHERE id = ?1
-- name: token_insert
INSERT INTO token (company_id, name, hash, sealed, scope, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- name: token_list
SELECT id, company_id, name, scope, created_at, expires_at, revoked_at, hash, used_at FROM token
 WHERE ?1 IS NULL OR company_id = ?1 ORDER BY id
-- name: token_used
UPDATE token SET used_at = max(used_at, ?2) WHERE id = ?1
-- name: token_sealed
SELECT sealed FROM token WHERE id = ?1
-- name: token_revoke
UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND revoked_at = 0
