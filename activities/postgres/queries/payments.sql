-- name: request_movement
INSERT INTO movements (
    key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rule, ordered_by_role,
    ordered_by_id, remark, state, requested_at
) VALUES ($1, split_part($1, ':', 1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'requested', now())
ON CONFLICT (key) DO UPDATE SET state = 'requested', requested_at = now() WHERE movements.state = 'decided';

-- name: movement
SELECT key, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, state, provider_reference, reason
FROM movements WHERE key = $1;

-- name: answer_movement
UPDATE movements
SET state = $2,
    provider_reference = coalesce(provider_reference, $3),
    reason = $4,
    settled_at = CASE $2 WHEN 'settled' THEN now() END,
    failed_at = CASE $2 WHEN 'failed' THEN now() END
WHERE key = $1 AND state = 'requested';

-- name: lock_line
SELECT pg_advisory_xact_lock(hashtextextended('refunds of ' || order_id || ' ' || line, 0))
FROM complaints WHERE complaint = $1;

-- name: refunded_besides
SELECT coalesce(sum(m.amount_minor), 0)::bigint
FROM complaints this
JOIN complaints c ON c.order_id = this.order_id AND c.line = this.line
JOIN movements m ON m.complaint = c.complaint
WHERE this.complaint = $1 AND m.key <> $2 AND m.purpose <> 'return_freight' AND m.state IN ('requested', 'settled');
