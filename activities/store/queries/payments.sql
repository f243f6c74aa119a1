-- name: decide_movements
INSERT INTO movements (
    key, complaint, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rest_minor, line_named,
    rule, ordered_by_role, ordered_by_id, remark, state
)
SELECT m.key, split_part(m.key, ':', 1), m.purpose, m."from" ->> 'role', m."from" ->> 'id', m."to" ->> 'role',
    m."to" ->> 'id', (m.amount ->> 'amount')::bigint, coalesce((m.rest ->> 'amount')::bigint, 0),
    coalesce(jsonb_typeof(m.line) = 'object', false), m.rule, m.ordered_by ->> 'role', m.ordered_by ->> 'id', m.remark, 'decided'
FROM jsonb_to_recordset($1::jsonb) AS m (
    key text, purpose text, "from" jsonb, "to" jsonb, amount jsonb, rest jsonb, line jsonb, rule text, ordered_by jsonb,
    remark text
)
ON CONFLICT (complaint, key) DO NOTHING;

-- name: movement
SELECT key, purpose, payer_role, payer_id, payee_role, payee_id, amount_minor, rest_minor, state, provider_reference,
    reason, coalesce(from_deposit_minor, 0) AS from_deposit_minor, available_minor
FROM movements WHERE complaint = split_part($1, ':', 1) AND key = $1
FOR UPDATE;

-- name: request_movement
UPDATE movements SET state = 'requested' WHERE complaint = split_part($1, ':', 1) AND key = $1;

-- name: given_by_the_line
SELECT given_by_the_line($1);

-- name: settled_after_all
SELECT other.key
FROM movements m
JOIN movements other USING (complaint, purpose, amount_minor)
WHERE m.complaint = split_part($1, ':', 1) AND m.key = $1 AND other.key <> m.key AND (
    other.state = 'failed' AND EXISTS (
        SELECT FROM contradictions c
        WHERE c.complaint = split_part($1, ':', 1)
            AND (c.movement, c.said, c.on_record) = (other.key, 'settled', 'failed')
    )
    -- an answer that overtook the word that it failed: the complaint repeats what has settled here
    OR other.state = 'settled' AND EXISTS (
        SELECT FROM complaints k
        WHERE k.complaint = split_part($1, ':', 1)
            AND k.view -> 'money' @> jsonb_build_array(jsonb_build_object('key', other.key, 'state', 'failed'))
    )
)
ORDER BY other.key LIMIT 1;

-- name: refuse_movement
UPDATE movements SET state = 'failed', reason = $2 WHERE complaint = split_part($1, ':', 1) AND key = $1;

-- name: answer_movement
UPDATE movements
SET state = $2,
    provider_reference = coalesce(provider_reference, $3),
    reason = $4,
    from_deposit_minor = coalesce($5, from_deposit_minor),
    available_minor = $6
WHERE complaint = split_part($1, ':', 1) AND key = $1 AND state = 'requested';

-- name: states_of_movements
SELECT key, state FROM movements WHERE complaint = $1;

-- name: report_movement
UPDATE movements
SET state = $2, provider_reference = coalesce(provider_reference, $3),
    reason = CASE WHEN (state, $2) <> ('failed', 'settled') THEN coalesce($4, reason) END
WHERE complaint = split_part($1, ':', 1) AND key = $1
    AND (
        (state, $2) IN (
            ('decided', 'failed'), ('requested', 'settled'), ('requested', 'failed'), ('settled', 'reversed')
        )
        OR (state, $2) = ('failed', 'settled') AND $5
    );

-- name: keep_contradiction
INSERT INTO contradictions (complaint, movement, said, on_record, text)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING;
