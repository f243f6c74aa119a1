-- name: event_parties
SELECT buyer_id, seller_id, order_id, line, outcome IS NOT DISTINCT FROM 'refused' AS refused
FROM complaints WHERE complaint = $1;

-- name: open_stream
INSERT INTO outbound_streams (subscription, complaint) VALUES ($1, $2)
ON CONFLICT (subscription, complaint) DO UPDATE SET subscription = excluded.subscription
RETURNING sequence;

-- name: published
SELECT step FROM outbound_events WHERE subscription = $1 AND complaint = $2 AND step = ANY ($3::integer[]);

-- name: publish
INSERT INTO outbound_events (id, subscription, complaint, sequence, step, event, body, give_up_at)
SELECT e.id, $1, $2, e.sequence, e.step, e.event, e.body, clock_timestamp() + $4::interval
FROM jsonb_to_recordset($3::jsonb) AS e (id text, sequence integer, step integer, event text, body text);

-- name: stream_grows
UPDATE outbound_streams
SET sequence = $3, run = run + (NOT running)::integer, running = true
WHERE subscription = $1 AND complaint = $2;

-- name: streams_running
SELECT subscription, complaint, run FROM outbound_streams WHERE complaint = $1 AND running;

-- name: hold_stream
UPDATE outbound_streams SET holder = $4
WHERE subscription = $1 AND complaint = $2 AND run = $3 AND running;

-- name: held_stream
SELECT true FROM outbound_streams WHERE subscription = $1 AND complaint = $2 AND holder = $3 AND running FOR UPDATE;

-- name: next_event
SELECT id, body, attempts, give_up_at <= clock_timestamp() AS expired FROM outbound_events
WHERE subscription = $1 AND complaint = $2 AND state = 'waiting'
ORDER BY sequence LIMIT 1;

-- name: rest_stream
UPDATE outbound_streams SET running = false, holder = NULL WHERE subscription = $1 AND complaint = $2;

-- name: event_delivered
UPDATE outbound_events
SET state = 'delivered', body = NULL, attempts = attempts + 1, failure = NULL, ended_at = clock_timestamp()
WHERE complaint = $1 AND id = $2 AND state = 'waiting';

-- name: event_failed
UPDATE outbound_events SET attempts = attempts + 1, failure = $3 WHERE complaint = $1 AND id = $2 AND state = 'waiting';

-- name: bury_event
UPDATE outbound_events SET state = 'dead', ended_at = clock_timestamp()
WHERE complaint = $1 AND id = $2 AND state = 'waiting' AND ($3 OR give_up_at <= clock_timestamp());

-- name: bury_expired
UPDATE outbound_events SET state = 'dead', ended_at = clock_timestamp(), failure = coalesce(failure, $3)
WHERE subscription = $1 AND complaint = $2 AND state = 'waiting' AND give_up_at <= clock_timestamp();

-- name: dead_letters
SELECT id, subscription, complaint, sequence, step, event, written_at, ended_at, attempts, failure, replays
FROM outbound_events
WHERE state = 'dead' AND ($1::text IS NULL OR subscription = $1) AND ($2::text IS NULL OR complaint = $2)
ORDER BY ended_at, subscription, complaint, sequence
LIMIT $3;

-- name: subscriptions_with_events
SELECT DISTINCT subscription FROM outbound_streams ORDER BY subscription;

-- name: event_state
SELECT state FROM outbound_events WHERE id = $1;

-- name: streams_of_dead_letters
SELECT DISTINCT subscription, complaint FROM outbound_events
WHERE state = 'dead' AND ($1::text IS NULL OR subscription = $1) AND ($2::text IS NULL OR complaint = $2)
    AND ($3::text IS NULL OR id = $3)
ORDER BY subscription, complaint;

-- name: lock_stream
SELECT run FROM outbound_streams WHERE subscription = $1 AND complaint = $2 FOR UPDATE;

-- name: revive
UPDATE outbound_events
SET state = 'waiting', ended_at = NULL, give_up_at = clock_timestamp() + $4::interval, attempts = 0,
    replays = replays + 1
WHERE subscription = $1 AND complaint = $2 AND state = 'dead' AND ($3::text IS NULL OR id = $3);

-- name: run_stream
UPDATE outbound_streams SET run = run + (NOT running)::integer, running = true
WHERE subscription = $1 AND complaint = $2
RETURNING run;

-- name: streams_to_start
SELECT subscription, complaint, run FROM outbound_streams s
WHERE running AND ($1::text IS NULL OR subscription = $1) AND ($2::text IS NULL OR complaint = $2)
ORDER BY subscription, complaint;

-- name: events_stand
SELECT
    count(*) FILTER (WHERE state = 'dead') AS dead,
    count(*) FILTER (WHERE state = 'waiting') AS waiting,
    count(*) FILTER (WHERE state = 'waiting' AND give_up_at < clock_timestamp() - interval '1 hour') AS forgotten
FROM outbound_events WHERE state <> 'delivered';
