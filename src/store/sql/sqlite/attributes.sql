-- The keys of custom_attributes, of a company's database.
-- name: attributes_written
SELECT DISTINCT c.custom_attributes FROM changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE b.last > ?1 AND b.last <= ?2 AND u.entries = b.entries AND c.id = u.id AND c.custom_attributes <> '{}'
-- name: attributes_since
SELECT c.custom_attributes FROM meta CROSS JOIN changed AS b CROSS JOIN unpacked AS u CROSS JOIN consumer AS c
 WHERE b.last > meta.indexed_to AND u.entries = b.entries AND c.id = u.id AND c.custom_attributes <> '{}'
 ORDER BY b.last LIMIT ?1
-- name: attribute_add
INSERT OR IGNORE INTO attribute (name, seq) SELECT ?1, count(*) FROM attribute HAVING count(*) < ?2
-- name: attribute_list
SELECT name FROM attribute ORDER BY seq LIMIT ?1
