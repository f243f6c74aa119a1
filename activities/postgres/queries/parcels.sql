-- name: watch_parcels
INSERT INTO parcels (complaint, leg, carrier, tracking)
SELECT $1, p.leg, p.carrier, p.tracking FROM jsonb_to_recordset($2::jsonb) AS p (leg text, carrier text, tracking text)
ON CONFLICT (complaint, leg, carrier, tracking) DO UPDATE SET over_at = NULL WHERE parcels.over_at IS NOT NULL;

-- name: parcels_over
UPDATE parcels SET over_at = clock_timestamp()
WHERE complaint = $1 AND over_at IS NULL AND NOT EXISTS (
    SELECT FROM jsonb_to_recordset($2::jsonb) AS p (leg text, carrier text, tracking text)
    WHERE (p.leg, p.carrier, p.tracking) = (parcels.leg, parcels.carrier, parcels.tracking)
);

-- name: parcel_heard
WITH said AS (
    INSERT INTO parcel_events (carrier, tracking, event, at)
    SELECT $1, $2, e.event, e.at FROM jsonb_to_recordset($3::jsonb) AS e (event text, at timestamptz)
    ON CONFLICT DO NOTHING
)
UPDATE parcels SET heard_at = clock_timestamp() WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL;

-- name: parcel_complaints
SELECT DISTINCT complaint FROM parcels WHERE carrier = $1 AND tracking = $2 AND over_at IS NULL ORDER BY complaint;

-- name: parcel_told
SELECT event, max(at) AS at FROM parcel_events WHERE carrier = $1 AND tracking = $2 GROUP BY event;

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
) AS unwatched
FROM parcels WHERE over_at IS NULL;
