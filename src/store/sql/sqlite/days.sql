-- Customers made and removed, day by day: see days.h.
-- name: day_add
INSERT INTO day (day, created, deleted) VALUES (?1, ?2, ?3)
    ON CONFLICT (day) DO UPDATE SET created = created + excluded.created, deleted = deleted + excluded.deleted
-- name: day_list
SELECT day, created, deleted FROM day WHERE day BETWEEN ?1 AND ?2 ORDER BY day
