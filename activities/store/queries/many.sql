-- name: keep_told_to_many
INSERT INTO told_to_many (message_id, kind, sender_role, sender_id, message, reason, chosen_by, complaints)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7::jsonb, $8)
ON CONFLICT DO NOTHING;

-- name: told_to_many
SELECT DISTINCT ON (message_id) message_id, kind, sender_role, sender_id, reason
FROM told_to_many WHERE message_id = ANY($1::text[]) ORDER BY message_id, first_at;
