-- name: view_of
SELECT view FROM complaints WHERE complaint = $1;

-- name: timeline_of
SELECT number, at, actor, role, event, phase, rule, amount_minor, message_id, audience, said, facts
FROM steps WHERE complaint = $1 ORDER BY number;

-- name: ended_of
SELECT name, subject, actor, start, due_at, how, at, until, stops, length, calendar
FROM ended WHERE complaint = $1 ORDER BY number;

-- name: ended_by
SELECT version, document
FROM rulebooks
WHERE kind = 'calendar' AND version IN (SELECT calendar FROM ended WHERE complaint = $1);

-- name: pinned_for
SELECT p.document AS policy, k.document AS calendar, c.calendar_from
FROM complaints c
JOIN rulebooks p ON p.kind = 'policy' AND p.version = c.policy_version
JOIN rulebooks k ON k.kind = 'calendar' AND k.version = c.calendar_version
WHERE c.complaint = $1;

-- name: by_request
SELECT complaint FROM requests WHERE request_id = $1;

-- name: filing_of
SELECT filing FROM complaints WHERE complaint = $1;

-- name: outcomes
SELECT complaint, outcome FROM complaints WHERE complaint = ANY($1::text[]);

-- name: list_complaints
SELECT complaint, phase, outcome, problem, severity, handler, order_id, line, buyer_id, seller_id, amount_minor, level,
    overdue, view -> 'waiting_on' AS waiting_on, next_due_at, filed_at, closed_at, steps
FROM complaints
WHERE ($1::text IS NULL OR phase = $1)
    AND ($2::text IS NULL OR view -> 'waiting_on' @> jsonb_build_array(jsonb_build_object('actor', $2::text)))
    AND ($3::text IS NULL OR problem = $3)
    AND ($4::text IS NULL OR seller_id = $4)
    AND ($5::text IS NULL OR handler = $5)
    AND ($6::text IS NULL OR severity = $6)
    AND ($7::boolean IS NULL OR overdue = $7)
    AND ($8::timestamptz IS NULL OR (filed_at, complaint) < ($8, $9::text))
ORDER BY filed_at DESC, complaint DESC
LIMIT $10;

-- name: due_work
SELECT c.complaint, c.phase, c.problem, c.severity, c.handler, c.order_id, c.level, c.overdue, w.actor, w.action,
    w.due_at, w.mandatory, w.otherwise, w.rule
FROM complaints c
CROSS JOIN LATERAL jsonb_to_recordset(c.view -> 'waiting_on') AS w (
    actor text, action text, due_at timestamptz, mandatory boolean, otherwise text, rule text
)
WHERE c.phase <> 'closed'
    AND ($1::text IS NULL OR w.actor = $1)
    AND ($2::text IS NULL OR $2 = CASE w.actor
        WHEN 'buyer' THEN c.buyer_id
        WHEN 'seller' THEN c.seller_id
        WHEN 'agent' THEN c.handler
        ELSE $2
    END)
UNION ALL
SELECT t.complaint, c.phase, c.problem, c.severity, c.handler, c.order_id, c.level, t.due_at < now() AS overdue,
    t.owner AS actor, t.kind AS action, t.due_at, true AS mandatory, t.text AS otherwise, 'R6.10' AS rule
FROM tasks t
LEFT JOIN complaints c USING (complaint)
WHERE t.resolved_at IS NULL AND ($1::text IS NULL OR t.owner = $1)
ORDER BY due_at, complaint
LIMIT $3;

-- name: end_of
SELECT phase = 'closed' AS closed, steps FROM complaints WHERE complaint = $1 FOR UPDATE;

-- name: step_of_message
SELECT number, at, actor, role, event, phase, rule, amount_minor, message_id, audience, said, facts
FROM steps WHERE complaint = $1 AND message_id = $2 ORDER BY number LIMIT 1;

-- name: keep_late_message
INSERT INTO late_messages (complaint, message_id, step, kind, sender_role, sender_id, message)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb);

-- name: lengthen
UPDATE complaints SET steps = $2, view = jsonb_set(view, '{steps}', to_jsonb($2::integer)) WHERE complaint = $1;
