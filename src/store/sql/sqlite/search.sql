-- The pieces of which a search is made (search_sql.c): what is read, by which way customers are come by, and what they are
-- compared by.  c is the customer, k a key, b a block of changed, u one of its entries.
-- name: search_columns
c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url, c.custom_attributes,
c.created_at, c.updated_at, c.flags, c.origin, c.record, c.trail
-- name: search_created_columns
k.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name, c.avatar_url, c.custom_attributes,
k.created_at, c.updated_at, c.flags, c.origin, c.record, c.trail
-- name: search_by_id
FROM consumer AS c WHERE 1
-- name: search_by_external
FROM external_key AS k CROSS JOIN consumer AS c WHERE c.id = k.id
-- name: search_by_email
FROM email_key AS k CROSS JOIN consumer AS c WHERE c.id = k.id
-- name: search_by_legacy
FROM legacy_key AS k CROSS JOIN consumer AS c WHERE c.id = k.id
-- name: search_by_updated
FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp
-- name: search_by_created
FROM created_key AS k CROSS JOIN consumer AS c
 WHERE c.id = k.id AND c.created_at = k.created_at AND c.updated_at <= (SELECT indexed_to FROM meta)
-- name: search_by_hits
FROM hits AS h CROSS JOIN consumer AS c WHERE h.source = ? AND c.id = h.id
-- name: search_matches
 AND search_matches(?, c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name)
-- name: find_terms
SELECT id FROM search_term WHERE term >= ?1 AND term < ?2 LIMIT ?3
-- name: find_external
SELECT id FROM external_key WHERE external_id >= ?1 AND external_id < ?2 LIMIT ?3
-- name: find_email
SELECT id FROM email_key WHERE email_key >= ?1 AND email_key < ?2 LIMIT ?3
-- name: find_legacy
SELECT id FROM legacy_key WHERE legacy_id >= ?1 AND legacy_id < ?2 LIMIT ?3
-- name: find_rest
SELECT c.id, c.external_id, c.legacy_id, c.email, c.email_key, c.phone, c.name, c.first_name
  FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp
   AND b.last > (SELECT termed_to FROM meta) AND u.stamp > (SELECT termed_to FROM meta)
-- name: find_untermed
SELECT untermed FROM meta
-- name: search_created_rest
FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE u.entries = b.entries AND c.id = u.id AND c.updated_at = u.stamp
   AND b.last > (SELECT indexed_to FROM meta) AND u.stamp > (SELECT indexed_to FROM meta)
-- name: search_block_end
(SELECT last FROM changed WHERE last >= ? ORDER BY last LIMIT 1)
-- name: search_few_blocks
SELECT count(*) FROM (SELECT 1 FROM changed WHERE last >= ?1 AND last <= ?2 LIMIT ?3)
-- name: search_few_created
SELECT count(*) FROM (SELECT 1 FROM created_key WHERE created_at >= ?1 AND created_at <= ?2 LIMIT ?3)
-- name: search_unindexed
SELECT unindexed FROM meta
-- name: search_email
ifnull(c.email_key, c.email)
-- name: search_phone
iif(c.phone GLOB '8[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]', '7' || substr(c.phone, 2), c.phone)
