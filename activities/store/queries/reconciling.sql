-- name: raise_task
INSERT INTO tasks (key, kind, complaint, movement, amount_minor, owner, text, found_at, due_at, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8)
ON CONFLICT (key) DO UPDATE SET
    text = excluded.text,
    amount_minor = excluded.amount_minor,
    seen_at = excluded.seen_at,
    found_at = CASE WHEN tasks.resolved_at IS NULL THEN tasks.found_at ELSE excluded.found_at END,
    due_at = CASE WHEN tasks.resolved_at IS NULL THEN tasks.due_at ELSE excluded.due_at END,
    resolved_at = NULL;

-- name: end_sweep
UPDATE tasks SET resolved_at = $1 WHERE resolved_at IS NULL AND seen_at < $1;

-- name: open_on_record
SELECT complaint, c.view FROM open_lines o JOIN complaints c USING (complaint)
WHERE o.complaint > $1 ORDER BY o.complaint LIMIT $2;

-- name: movements_of
SELECT key, purpose, amount_minor, state FROM movements WHERE complaint = $1 ORDER BY key;

-- name: movements_named
SELECT m.key, m.amount_minor, m.state,
    greatest(m.reversed_at, m.failed_at, m.settled_at, m.requested_at, m.decided_at) AS moved_at
FROM unnest($1::text[]) AS k (key) JOIN movements m ON (m.complaint, m.key) = (split_part(k.key, ':', 1), k.key);

-- name: movements_moved
SELECT key, amount_minor, state, greatest(reversed_at, failed_at, settled_at, requested_at, decided_at) AS moved_at
FROM movements
WHERE state <> 'decided' AND (complaint, key) > (split_part($2, ':', 1), $2)
    AND greatest(reversed_at, failed_at, settled_at, requested_at, decided_at) >= $1
ORDER BY complaint, key
LIMIT $3;

-- name: compared_tasks
SELECT movement FROM tasks
WHERE resolved_at IS NULL AND kind IN ('unknown_to_us', 'unknown_to_provider', 'contradicted') AND movement > $1
ORDER BY movement
LIMIT $2;

-- name: sweep_before
SELECT coalesce((SELECT max(began_at) FROM sweeps WHERE began_at < $1), (SELECT min(filed_at) FROM complaints));

-- name: sweep_ended
INSERT INTO sweeps (began_at) VALUES ($1) ON CONFLICT (began_at) DO NOTHING;

-- name: debts
SELECT a.complaint, c.order_id, c.line, c.seller_id,
    a.unfrozen_minor - a.repaid_minor AS owed_minor,
    (
        SELECT m.key FROM movements m
        WHERE m.complaint = a.complaint AND m.purpose = 'advance' AND m.state = 'settled'
        ORDER BY m.settled_at DESC LIMIT 1
    ) AS advance,
    u.since, r.tries, r.tried_at, w.key AS under_way, w.amount_minor AS under_way_minor
FROM advances a
JOIN complaints c USING (complaint)
CROSS JOIN LATERAL (
    SELECT max(m.settled_at) AS since FROM movements m
    WHERE m.complaint = a.complaint AND m.purpose = 'unfreeze' AND m.state = 'settled'
) AS u
CROSS JOIN LATERAL (
    SELECT count(*)::integer AS tries, max(m.failed_at) AS tried_at
    FROM movements m WHERE m.complaint = a.complaint AND m.purpose = 'recovery'
) AS r
LEFT JOIN LATERAL (
    SELECT m.key, m.amount_minor FROM movements m
    WHERE m.complaint = a.complaint AND m.purpose = 'recovery' AND m.state = 'requested' ORDER BY m.key LIMIT 1
) AS w ON true
WHERE c.phase = 'closed' AND (a.unfrozen_minor > a.repaid_minor OR w.key IS NOT NULL) AND c.complaint > $1
    AND ($3::text IS NULL OR c.complaint = $3)
ORDER BY a.complaint
LIMIT $2;

-- name: next_of_purpose
SELECT count(*)::integer + 1 FROM movements WHERE complaint = $1 AND purpose = $2;
