-- name: append_steps
INSERT INTO steps (complaint, number, at, actor, role, event, phase, rule, amount_minor, message_id, audience, said, facts)
SELECT $1, s.number, s.at, s.actor, s.role, s.event, s.phase, s.rule, (s.amount ->> 'amount')::bigint, s.message_id,
    s.audience, s.said, s.facts
FROM jsonb_to_recordset($2::jsonb) AS s (
    number integer, at timestamptz, actor text, role text, event text, phase text, rule text, amount jsonb,
    message_id text, audience text, said jsonb, facts jsonb
)
ON CONFLICT DO NOTHING;

-- name: steps_told_otherwise
SELECT min(s.number)
FROM jsonb_to_recordset($2::jsonb) AS s (number integer, at timestamptz, actor text, event text, message_id text)
JOIN steps t ON t.complaint = $1 AND t.number = s.number
WHERE (t.at, t.actor, t.event, t.message_id) IS DISTINCT FROM (s.at, s.actor, s.event, s.message_id);

-- name: append_ended
INSERT INTO ended (complaint, number, name, subject, actor, start, due_at, how, at, until, stops, length, calendar)
SELECT $1, $2::integer + e.number, e.name, e.subject, e.actor, e.start, e.due_at, e.how, e.at, e.until,
    coalesce(e.stops, '[]'), e.length, e.calendar
FROM ROWS FROM (
    jsonb_to_recordset($3::jsonb) AS (
        name text, subject text, actor text, start timestamptz, due_at timestamptz, how text, at timestamptz,
        until timestamptz, stops jsonb, length text, calendar text
    )
) WITH ORDINALITY AS e (name, subject, actor, start, due_at, how, at, until, stops, length, calendar, number)
ON CONFLICT DO NOTHING;

-- name: update_complaint
UPDATE complaints
SET phase = $2, outcome = $3, severity = $4, handler = $5, level = $6, overdue = $7, next_due_at = $8, cycle = $9,
    closed_at = coalesce(closed_at, $10), decided_minor = $11, steps = $12, view = $13::jsonb
WHERE complaint = $1 AND steps < $12;

-- name: registered
SELECT true FROM complaints WHERE complaint = $1 FOR NO KEY UPDATE;
