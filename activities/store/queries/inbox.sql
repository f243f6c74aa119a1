-- name: keep_received
-- The lock first, then the clock: whoever drains holds the same lock alone, so nothing is stamped before it and
-- committed after it.
WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(hashtextextended('inbox:' || $4, 0))::text AS taken),
stamp AS MATERIALIZED (SELECT clock_timestamp() AS now FROM turn WHERE taken IS NOT NULL),
place AS (
    INSERT INTO inbox_requests (client, request, complaint) SELECT $1, $2, $4 FROM stamp
    ON CONFLICT (client, request) DO NOTHING
    RETURNING number
)
INSERT INTO inbox (
    number, client, request, digest, complaint, kind, sender_role, sender_id, message, accepted_at, received_at
)
SELECT number, $1, $2, $3, $4, $5, $6, $7, $8::jsonb, now, CASE WHEN $9 THEN now END FROM stamp CROSS JOIN place
RETURNING *;

-- name: received_as
SELECT i.* FROM inbox_requests r JOIN inbox i USING (complaint, number) WHERE r.client = $1 AND r.request = $2;

-- name: lock_inbox
SELECT pg_advisory_xact_lock(hashtextextended('inbox:' || $1, 0));

-- name: clock
SELECT clock_timestamp();

-- name: undelivered
SELECT * FROM (
    SELECT *, count(*) OVER () AS found,
        row_number() OVER w AS place, sum(octet_length(message::text)) OVER w AS bytes
    FROM (
        SELECT * FROM inbox
        WHERE complaint = $1 AND state = 'accepted' AND kind <> 'filing'
            AND (received_at IS NULL OR received_at <= $2)
            AND ($3::bigint IS NULL OR (accepted_at, number) > (
                SELECT accepted_at, number FROM inbox WHERE complaint = $1 AND number = $3
            ))
        ORDER BY accepted_at, number
        LIMIT $4 + 1
    ) first
    WINDOW w AS (ORDER BY accepted_at, number)
) page
WHERE place <= $4 AND (place = 1 OR bytes <= $5)
ORDER BY place;

-- name: take_turns
-- One probe of the index for each complaint that waits, however much waits for it.
WITH RECURSIVE waiting AS (
    (SELECT complaint FROM inbox WHERE state = 'accepted' AND complaint > $3 ORDER BY complaint LIMIT 1)
    UNION ALL
    SELECT (
        SELECT i.complaint FROM inbox i
        WHERE i.state = 'accepted' AND i.complaint > w.complaint
        ORDER BY i.complaint LIMIT 1
    )
    FROM waiting w
    WHERE w.complaint IS NOT NULL
),
free AS (
    SELECT w.complaint FROM waiting w
    WHERE w.complaint IS NOT NULL AND NOT EXISTS (
        SELECT FROM inbox_turns t WHERE t.complaint = w.complaint AND t.not_before > clock_timestamp()
    )
    LIMIT $1
)
INSERT INTO inbox_turns (complaint, not_before)
SELECT complaint, clock_timestamp() + $2::interval FROM free
ON CONFLICT (complaint) DO UPDATE SET not_before = excluded.not_before
WHERE inbox_turns.not_before <= clock_timestamp()
RETURNING complaint;

-- name: heads_of
SELECT * FROM inbox
WHERE complaint = $1 AND state = 'accepted'
    AND ($3::bigint IS NULL OR (accepted_at, number) > (
        SELECT accepted_at, number FROM inbox WHERE complaint = $1 AND number = $3
    ))
ORDER BY accepted_at, number
LIMIT $2;

-- name: answer_received
UPDATE inbox SET state = $3, answer = $4::jsonb, answered_at = clock_timestamp()
WHERE complaint = $1 AND number = $2 AND state = 'accepted';

-- name: turn_over
DELETE FROM inbox_turns WHERE complaint = $1;

-- name: turn_postponed
UPDATE inbox_turns
SET tries = tries + 1, why = $2, not_before = clock_timestamp() + least($3::interval * 2 ^ least(tries, 20), $4::interval)
WHERE complaint = $1;

-- name: filed_in_inbox
SELECT * FROM inbox WHERE kind = 'filing' AND message ->> 'request_id' = $1 ORDER BY number LIMIT 1;

-- name: lock_filing
SELECT pg_advisory_xact_lock(hashtextextended('filing:' || $1, 0));

-- name: filing_in_inbox
SELECT * FROM inbox WHERE kind = 'filing' AND complaint = $1 ORDER BY number LIMIT 1;

-- name: inbox_backlog
SELECT
    (SELECT count(*) FROM inbox WHERE state = 'accepted' AND ($1 = '' OR complaint = $1)) AS waiting,
    (SELECT count(*) FROM inbox
     WHERE state = 'parked' AND answered_at > clock_timestamp() - $2::interval AND ($1 = '' OR complaint = $1)) AS parked,
    clock_timestamp() AS now, o.complaint, o.kind, o.accepted_at, t.why
FROM (VALUES (1)) AS one
LEFT JOIN LATERAL (
    SELECT i.complaint, i.kind, i.accepted_at FROM inbox i
    WHERE i.state = 'accepted' AND ($1 = '' OR i.complaint = $1)
    ORDER BY i.accepted_at, i.number LIMIT 1
) o ON true
LEFT JOIN inbox_turns t ON t.complaint = o.complaint;

-- name: parked_lately
SELECT * FROM inbox
WHERE state = 'parked' AND answered_at > clock_timestamp() - $2::interval AND ($1 = '' OR complaint = $1)
ORDER BY answered_at DESC
LIMIT $3;
