-- name: ledger_entries
SELECT t.number, t.at, t.kind, m.complaint, m.key, m.purpose, m.ordered_by_role || ':' || m.ordered_by_id AS ordered_by,
    m.rule, m.remark, m.provider_reference,
    (
        SELECT json_agg(json_build_object('account', p.account, 'amount', p.amount_minor) ORDER BY p.amount_minor, p.account)
        FROM postings p
        WHERE (p.complaint, p.transaction) = (t.complaint, t.number) AND ($1::text IS NULL OR p.complaint = $1)
    ) AS postings
FROM transactions t
JOIN movements m ON (m.complaint, m.key) = (t.complaint, t.movement)
WHERE ($1::text IS NULL OR t.complaint = $1)
    AND ($2::timestamptz IS NULL OR t.at >= $2)
    AND ($3::timestamptz IS NULL OR t.at < $3)
ORDER BY t.number;

-- name: movements_kept
SELECT m.*, c.order_id, c.line,
    (
        SELECT json_agg(json_build_object('state', s.state, 'at', s.at, 'by', s.actor, 'rule', s.rule,
            'provider_reference', s.provider_reference, 'reason', s.reason) ORDER BY s.at, s.state <> 'decided')
        FROM movement_states s WHERE (s.complaint, s.movement) = (m.complaint, m.key)
    ) AS states,
    ARRAY(
        SELECT t.kind FROM transactions t WHERE (t.complaint, t.movement) = (m.complaint, m.key) ORDER BY t.kind DESC
    ) AS posted
FROM movements m
JOIN complaints c USING (complaint)
WHERE m.complaint = ANY ($1::text[])
ORDER BY m.complaint, m.decided_at, m.requested_at, m.key;

-- name: exposure
SELECT a.complaint, l.seller_id, c.order_id, c.line, a.advanced_minor, a.frozen_minor,
    greatest(0, a.advanced_minor - a.clawed_back_minor - a.frozen_minor - paid.back) AS unrecovered_minor,
    began.at AS since, floor(extract(epoch FROM clock_of(a.complaint) - began.at) / 86400)::integer AS age_days
FROM advances a
JOIN complaints c USING (complaint)
JOIN lines l USING (order_id, line)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(m.amount_minor), 0)::bigint AS back
    FROM movements m
    WHERE m.complaint = a.complaint AND m.purpose IN ('recovery', 'write_off') AND m.state = 'settled'
) AS paid
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.frozen_minor > 0 THEN max(m.settled_at) FILTER (WHERE m.purpose = 'advance')
        ELSE min(m.settled_at) FILTER (WHERE m.purpose = 'unfreeze') END AS at
    FROM movements m
    WHERE m.complaint = a.complaint AND m.purpose IN ('advance', 'unfreeze') AND m.state = 'settled'
) AS began
WHERE a.frozen_minor > 0 OR a.advanced_minor - a.clawed_back_minor - paid.back > 0
ORDER BY began.at, a.complaint;

-- name: advance_of
SELECT frozen_minor, unfrozen_minor, clawed_back_minor FROM advances WHERE complaint = $1;

-- name: complaints_to_verify
SELECT c.complaint FROM complaints c
WHERE c.phase <> 'closed' OR EXISTS (SELECT FROM movements m WHERE m.complaint = c.complaint)
ORDER BY c.complaint;

-- name: contradictions_of
SELECT movement, said, on_record, text, heard_at FROM contradictions WHERE complaint = $1 ORDER BY number;

-- name: ledger_faults
SELECT fault FROM (
    SELECT 'transaction ' || t.number || ' does not sum to zero' AS fault, t.complaint
    FROM transactions t
    WHERE 0 <> (
        SELECT coalesce(sum(p.amount_minor), 0) FROM postings p WHERE (p.complaint, p.transaction) = (t.complaint, t.number)
    )
    UNION ALL
    SELECT m.key || ' is ' || m.state || ' and not posted so', m.complaint
    FROM movements m
    WHERE (m.state IN ('settled', 'reversed')) <> EXISTS (
            SELECT FROM transactions t WHERE (t.complaint, t.movement, t.kind) = (m.complaint, m.key, 'settlement')
        )
        OR (m.state = 'reversed') <> EXISTS (
            SELECT FROM transactions t WHERE (t.complaint, t.movement, t.kind) = (m.complaint, m.key, 'reversal')
        )
    UNION ALL
    SELECT 'buyer_frozen:' || a.complaint || ' holds ' || b.amount || ' fen in the book, and ' || a.frozen_minor
        || ' by what became of its advance', a.complaint
    FROM advances a
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(p.amount_minor), 0) AS amount FROM postings p WHERE p.account = 'buyer_frozen:' || a.complaint
    ) AS b
    WHERE b.amount <> a.frozen_minor
) AS faults
WHERE $1::text IS NULL OR complaint = $1
ORDER BY fault
LIMIT 100;
