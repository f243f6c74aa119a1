-- name: use_request
INSERT INTO signed_requests (client, request) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING request

-- name: keep_request
INSERT INTO signed_requests (client, request, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING request

-- name: request_kept
SELECT digest FROM signed_requests WHERE client = $1 AND request = $2

-- name: forget_requests
DELETE FROM signed_requests WHERE used_at < now() - $1::interval AND digest IS NULL

-- name: belonging_of
SELECT
    buyer_id,
    seller_id,
    outcome IS NOT DISTINCT FROM 'refused' AS refused,
    filing #>> '{filed_by,role}' AS filed_role,
    filing #>> '{filed_by,id}' AS filed_id,
    ARRAY(
        SELECT leg ->> 'carrier' FROM jsonb_array_elements(coalesce(view #> '{goods,legs}', '[]'::jsonb)) AS leg
        WHERE leg ->> 'carrier' IS NOT NULL
    ) || ARRAY(SELECT opening #>> '{order,carrier}' WHERE opening #>> '{order,carrier}' IS NOT NULL) AS carriers
FROM complaints
WHERE complaint = $1
