-- name: webhook_insert
INSERT INTO webhook (company_id, url, events, sealed, created_at, at_event)
SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE (SELECT count(*) FROM webhook WHERE company_id = ?1) < ?7
-- name: webhook_list
SELECT id, company_id, url, events, sealed, old_sealed, old_until, created_at, state, failing_since, at_event, at_pass,
       at_position
  FROM webhook WHERE (?1 IS NULL OR company_id = ?1) AND (?2 IS NULL OR id = ?2) ORDER BY id
-- name: webhook_events
SELECT DISTINCT events FROM webhook WHERE company_id = ?1 AND state = 0
-- name: webhook_set
UPDATE webhook SET url = ?3, events = ?4 WHERE id = ?1 AND company_id = ?2
-- name: webhook_rotate
UPDATE webhook SET old_sealed = sealed, old_until = ?4, sealed = ?3 WHERE id = ?1 AND company_id = ?2
-- name: webhook_enable
UPDATE webhook SET state = 0, failing_since = 0, at_event = ?3, at_pass = 0, at_position = 0
 WHERE id = ?1 AND company_id = ?2 AND state <> 0
-- name: webhook_disable
UPDATE webhook SET state = ?3 WHERE id = ?1 AND company_id = ?2
-- name: webhook_drop_waiting
UPDATE delivery SET state = 2, next_at = ?2 WHERE webhook_id = ?1 AND state = 0
-- name: webhook_delete
DELETE FROM webhook WHERE id = ?1 AND company_id = ?2
-- name: webhook_place
UPDATE webhook SET at_event = ?2, at_pass = ?3, at_position = ?4 WHERE id = ?1 AND state = 0
-- name: webhook_failing
UPDATE webhook SET failing_since = iif(?2 = 0 OR failing_since = 0, ?2, failing_since) WHERE id = ?1
-- name: delivery_insert
INSERT INTO delivery (webhook_id, message, kind, subject, at, changed, origin, external_id, next_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
-- name: delivery_due
SELECT id, webhook_id, message, kind, subject, at, changed, origin, external_id, state, attempts, next_at, log FROM delivery
 WHERE webhook_id = ?1 AND state = 0 AND next_at <= ?2 ORDER BY next_at, id LIMIT ?3
-- name: delivery_next
SELECT min((SELECT min(next_at) FROM delivery WHERE webhook_id = w.id AND delivery.state = 0)) FROM webhook AS w
 WHERE w.state = 0
-- name: delivery_list
SELECT id, webhook_id, message, kind, subject, at, changed, origin, external_id, state, attempts, next_at, log FROM delivery
 WHERE webhook_id = ?1 AND id <= ?2 AND id >= ?3 ORDER BY id DESC LIMIT ?4
-- name: delivery_end
UPDATE delivery SET state = ?2, attempts = ?3, next_at = ?4, log = ?5 WHERE id = ?1
-- name: delivery_drop
DELETE FROM delivery WHERE id = ?1
-- name: delivery_again
UPDATE delivery SET state = 0, attempts = 0, next_at = ?3 WHERE id = ?1 AND webhook_id = ?2
-- name: delivery_oldest_kept
SELECT id FROM delivery WHERE webhook_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2
-- name: delivery_purge
DELETE FROM delivery WHERE webhook_id = ?1 AND state <> 0 AND (next_at < ?2 OR id <= ?3)
