-- name: event_add
INSERT INTO event (kind, subject, at, changed, origin, external_id)
VALUES (?1, ?2, ?3, ?4, ifnull((SELECT origin FROM gone WHERE ?1 = 3 AND consumer_id = ?2), ?5), ?6)
-- name: event_list
SELECT id, kind, subject, at, changed, origin, external_id FROM event WHERE id > ?1 ORDER BY id LIMIT ?2
-- name: event_last
SELECT ifnull(max(id), 0) FROM event
-- name: event_purge
DELETE FROM event WHERE id IN (SELECT id FROM event WHERE (id <= ?1 OR at < ?2) AND id < (SELECT max(id) FROM event)
                                ORDER BY id LIMIT ?3)
-- name: import_made
SELECT id, 0, '{}', external_id FROM consumer WHERE id BETWEEN ?1 AND ?2 AND origin = ?3 ORDER BY id LIMIT ?4
-- name: import_changed
SELECT t.id, t.consumer_id, t.former, c.external_id FROM trail AS t CROSS JOIN consumer AS c ON c.id = t.consumer_id
 WHERE t.id BETWEEN ?1 AND ?2 AND t.origin = ?3 AND t.made <> 2 AND c.origin <> ?3 ORDER BY t.id LIMIT ?4
