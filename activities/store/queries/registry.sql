-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

-- name: opening
SELECT c.opening, c.calendar_from, p.document AS policy, k.document AS calendar, s.document AS staff
FROM complaints c
JOIN rulebooks p ON p.kind = 'policy' AND p.version = c.policy_version
JOIN rulebooks k ON k.kind = 'calendar' AND k.version = c.calendar_version
JOIN rulebooks s ON s.kind = 'staff' AND s.version = c.staff_version
WHERE c.complaint = $1;

-- name: facts
SELECT
    (SELECT complaint FROM requests WHERE request_id = $1) AS filed_as,
    (SELECT complaint FROM open_lines WHERE order_id = $2 AND line = $3 AND problem = $4) AS open_complaint,
    (SELECT coalesce(sum(decided_minor), 0)::bigint FROM complaints WHERE order_id = $2 AND line = $3) AS decided,
    (SELECT count(*) FROM complaints
     WHERE buyer_id = $5 AND outcome = 'unfounded' AND closed_at > $6::timestamptz - $7::interval) AS unfounded;

-- name: hands
SELECT handler, load, last_assigned FROM hands($1);

-- name: open_complaint
INSERT INTO complaints (
    complaint, request_id, filed_as, order_id, line, problem, buyer_id, seller_id, amount_minor,
    decided_minor, filed_at, phase, outcome, severity, handler, level, overdue, next_due_at, cycle, closed_at, steps,
    view, filing, opening, policy_version, calendar_version, calendar_from, staff_version
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22::jsonb, $23::jsonb, $24::json, $25, $26, $27, $28
);

-- name: kept_checksum
SELECT checksum FROM rulebooks WHERE kind = $1 AND version = $2;

-- name: kept_document
SELECT document FROM rulebooks WHERE kind = $1 AND version = $2;

-- name: keep_rulebook
INSERT INTO rulebooks (kind, version, checksum, document) VALUES ($1, $2, $3, $4::json) ON CONFLICT DO NOTHING;
