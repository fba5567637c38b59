-- name: user_insert
INSERT INTO user (company_id, email, email_key, role, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
-- name: user_list
SELECT id, company_id, email, role, disabled, created_at, password_hash FROM user
 WHERE company_id IS ?1 AND (?2 IS NULL OR email_key = ?2) ORDER BY email_key
-- name: user_get
SELECT id, company_id, email, role, disabled, created_at, password_hash FROM user WHERE id = ?1
-- name: user_of_email
SELECT id, company_id, email, role, disabled, created_at, password_hash FROM user
 WHERE email_key = ?1 ORDER BY company_id, id LIMIT ?2
-- name: user_set_role
UPDATE user SET role = ?2 WHERE id = ?1
-- name: user_set_disabled
UPDATE user SET disabled = ?2 WHERE id = ?1
-- name: user_set_password
UPDATE user SET password_hash = ?2, reset_hash = NULL, reset_expires_at = NULL WHERE id = ?1
-- name: user_reset
UPDATE user SET reset_hash = ?2, reset_expires_at = ?3 WHERE id = ?1
-- name: user_of_reset
SELECT id, company_id, email, role, disabled, created_at, password_hash FROM user
 WHERE reset_hash = ?1 AND reset_expires_at > ?2 AND NOT disabled
-- name: user_accept
UPDATE user SET password_hash = ?4, reset_hash = NULL, reset_expires_at = NULL
 WHERE id = ?1 AND reset_hash = ?2 AND reset_expires_at > ?3 AND NOT disabled
-- name: user_delete
DELETE FROM user WHERE id = ?1
-- name: user_is_last
SELECT u.role >= 2 AND NOT u.disabled AND u.password_hash IS NOT NULL AND NOT EXISTS
       (SELECT 1 FROM user o WHERE o.company_id IS u.company_id AND o.id != u.id AND o.role = u.role
           AND NOT o.disabled AND o.password_hash IS NOT NULL)
  FROM user u WHERE u.id = ?1
-- name: user_any
SELECT EXISTS (SELECT 1 FROM user)
-- name: session_insert
INSERT INTO session (user_id, hash, created_at, seen_at, address, browser) VALUES (?1, ?2, ?3, ?3, ?4, ?5)
-- name: session_all
SELECT s.id, s.user_id, u.company_id, u.role, u.email, s.created_at, s.seen_at, s.address, s.browser, s.hash
  FROM session s JOIN user u ON u.id = s.user_id WHERE NOT u.disabled
-- name: session_seen
UPDATE session SET seen_at = max(seen_at, ?2) WHERE id = ?1
-- name: session_end
DELETE FROM session WHERE id = ?1
-- name: session_end_of
DELETE FROM session WHERE user_id = ?1 AND id != ?2
-- name: session_end_old
DELETE FROM session WHERE seen_at < ?1 OR created_at < ?2
-- name: session_end_surplus
DELETE FROM session WHERE user_id = ?1
   AND id NOT IN (SELECT id FROM session WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2)
