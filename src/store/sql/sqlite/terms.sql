-- The index of names and phones: see terms.h.
-- name: terms_read
SELECT c.id, c.phone, c.name, c.first_name FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE b.last > ?1 AND b.last <= ?2 AND u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp
-- name: terms_add
INSERT OR IGNORE INTO search_term (term, id) SELECT key, id FROM wanted_key
-- name: terms_drop
DELETE FROM search_term WHERE term = ?1 AND id = ?2
-- name: terms_sweep
SELECT t.term, t.id, c.phone, c.name, c.first_name FROM search_term AS t LEFT JOIN consumer AS c ON c.id = t.id
 WHERE (t.term, t.id) > (?1, ?2) ORDER BY t.term, t.id LIMIT ?3
