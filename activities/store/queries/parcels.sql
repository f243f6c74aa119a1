-- name: watch_parcels
-- The same number again, after it counted as not sent or in another cycle, is watched anew.
INSERT INTO parcels (complaint, leg, carrier, tracking, since)
SELECT $1, p.leg, p.carrier, p.tracking, CASE WHEN $3::timestamptz IS NOT NULL THEN least($3, clock_timestamp()) END
FROM jsonb_to_recordset($2::jsonb) AS p (leg text, carrier text, tracking text)
ON CONFLICT (complaint, leg, carrier, tracking) DO UPDATE
SET since = excluded.since, over_at = NULL, doubted_until = NULL
WHERE parcels.over_at IS NOT NULL;

-- name: parcels_over
UPDATE parcels SET over_at = clock_timestamp()
WHERE complaint = $1 AND over_at IS NULL AND NOT EXISTS (
    SELECT FROM jsonb_to_recordset($2::jsonb) AS p (leg text, carrier text, tracking text)
    WHERE (p.leg, p.carrier, p.tracking) = (parcels.leg, parcels.carrier, parcels.tracking)
);

-- name: parcel_heard
WITH said AS MATERIALIZED (
    INSERT INTO parcel_events (carrier, tracking, event, at)
    SELECT $1, $2, e.event, e.at FROM jsonb_to_recordset($3::jsonb) AS e (event text, at timestamptz)
    ON CONFLICT DO NOTHING
)
UPDATE parcels SET heard_at = clock_timestamp() WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL;

-- name: parcel_complaints
SELECT DISTINCT complaint FROM parcels WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL ORDER BY complaint;

-- name: parcel_told
-- Nothing happens later than it is heard of. What happened before a leg was owed is not that leg's, and nothing is of a
-- parcel that had come to its end by then; but the original may be owed anew because it never came to its end in truth,
-- and what was refused at the door is still to come back. What came back to its sender has been there for good: some
-- carriers call that delivered. Where time is skipped ($3 is false) clocks cannot be compared.
WITH said AS MATERIALIZED (
    SELECT event, CASE WHEN $3 THEN least(at, received_at) ELSE at END AS at
    FROM parcel_events WHERE carrier = $1 AND tracking = $2
),
over AS MATERIALIZED (
    SELECT min(at) AS at, min(at) FILTER (WHERE event = 'returned') AS back
    FROM said WHERE event IN ('delivered', 'returned')
)
SELECT p.complaint, s.event, max(s.at) AS at
FROM parcels p CROSS JOIN said s CROSS JOIN over o
WHERE p.carrier = $1 AND p.tracking = $2 AND p.over_at IS NULL
    AND (NOT $3 OR p.since IS NULL OR (s.at >= p.since AND (p.leg = 'original' OR coalesce(o.at >= p.since, true))))
    AND (s.event = 'returned' OR coalesce(s.at < o.back, true))
GROUP BY p.complaint, s.event;

-- name: parcels_doubtful
-- What has come up since their handlers were told last: who else names the number, and what happened to the parcel
-- before its leg was owed. The original may well have been under way.
SELECT p.number, p.complaint, p.carrier, p.tracking, c.handler, c.order_id, named.others, old.before, EXISTS (
        SELECT FROM rulebooks s CROSS JOIN json_array_elements(s.document -> 'members') m
        WHERE s.kind = 'staff' AND s.version = c.staff_version AND m ->> 'id' = c.handler AND m ->> 'role' = 'agent'
    ) AS by_agent
FROM parcels p
JOIN complaints c USING (complaint)
CROSS JOIN LATERAL (
    SELECT string_agg(DISTINCT q.complaint, ', ' ORDER BY q.complaint) AS others FROM parcels q
    WHERE q.carrier = p.carrier AND q.tracking = p.tracking AND (q.complaint, q.leg) <> (p.complaint, p.leg)
        AND (p.doubted_until IS NULL OR q.known_at > p.doubted_until)
) named
CROSS JOIN LATERAL (
    SELECT max(least(e.at, e.received_at)) AS before FROM parcel_events e
    WHERE $2 AND e.carrier = p.carrier AND e.tracking = p.tracking AND least(e.at, e.received_at) < p.since
        AND (p.leg <> 'original' OR e.event IN ('delivered', 'returned', 'refused'))
        AND (p.doubted_until IS NULL OR e.received_at > p.doubted_until)
) old
WHERE p.over_at IS NULL AND c.handler IS NOT NULL AND (named.others IS NOT NULL OR old.before IS NOT NULL)
ORDER BY p.number
LIMIT $1;

-- name: parcel_doubted
-- A minute back: what was being written while it was looked is seen by the next look.
UPDATE parcels SET doubted_until = statement_timestamp() - interval '1 minute'
WHERE complaint = $1 AND number = $2;

-- name: parcel_subscribed
UPDATE parcels SET subscribed_at = clock_timestamp() WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL;

-- name: parcel_unsubscribed
UPDATE parcels SET subscribed_at = NULL WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL;

-- name: parcel_looked
UPDATE parcels SET looked_at = clock_timestamp() WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL;

-- name: parcels_silent
SELECT p.number, p.complaint, p.leg, p.carrier, p.tracking, p.subscribed_at IS NOT NULL AS subscribed,
    greatest(p.known_at, p.heard_at, p.looked_at) <= clock_timestamp() - $3::interval AS silent
FROM parcels p
WHERE p.over_at IS NULL AND p.number > $1
    AND (p.subscribed_at IS NULL OR greatest(p.known_at, p.heard_at, p.looked_at) <= clock_timestamp() - $3::interval)
ORDER BY p.number
LIMIT $2;

-- name: parcel_phone
SELECT filing #>> '{contact,phone}' FROM complaints WHERE complaint = $1;

-- name: forget_parcel_events
DELETE FROM parcel_events e
WHERE e.received_at < clock_timestamp() - $1::interval
    AND NOT EXISTS (SELECT FROM parcels p WHERE (p.carrier, p.tracking) = (e.carrier, e.tracking) AND p.over_at IS NULL);

-- name: parcels_stand
SELECT count(*) AS open, count(*) FILTER (
    WHERE (subscribed_at IS NULL AND known_at <= clock_timestamp() - $1::interval)
        OR greatest(known_at, heard_at, looked_at) <= clock_timestamp() - $2::interval
) AS unwatched, count(doubted_until) AS doubtful
FROM parcels WHERE over_at IS NULL;
