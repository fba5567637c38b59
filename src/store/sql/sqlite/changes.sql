-- Who was written when, and customers by created_at: see changes.h.
-- name: change_add
INSERT INTO changed (last, count, entries) VALUES (?1, ?2, ?3)
-- name: change_counts
SELECT last, count FROM changed WHERE last > ?1 AND last <= ?2 ORDER BY last
-- name: created_add
INSERT OR IGNORE INTO created_key (created_at, id)
SELECT c.created_at, c.id FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE b.last > ?1 AND b.last <= ?2 AND u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp
 ORDER BY c.created_at, c.id
-- name: change_live
SELECT u.stamp, u.id FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE b.last > ?1 AND b.last <= ?2 AND u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp
 ORDER BY b.last
-- name: change_drop
DELETE FROM changed WHERE last > ?1 AND last <= ?2
-- name: created_end
SELECT created_at, id FROM created_key WHERE (created_at, id) > (?1, ?2) ORDER BY created_at, id LIMIT 1 OFFSET ?3
-- name: created_drop
DELETE FROM created_key WHERE (created_at, id) > (?1, ?2) AND (created_at, id) <= (?3, ?4)
   AND NOT EXISTS (SELECT 1 FROM consumer AS c WHERE c.id = created_key.id AND c.created_at = created_key.created_at)
