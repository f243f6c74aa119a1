-- name: keep_payload_keys
INSERT INTO payload_keys (name, check_value)
SELECT name, check_value FROM unnest($1::text[], $2::text[]) AS mine (name, check_value)
ON CONFLICT (name) DO NOTHING;

-- name: payload_keys
SELECT name, check_value FROM payload_keys ORDER BY name;
