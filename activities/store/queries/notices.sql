-- name: put_into_outbox
INSERT INTO notices (key, recipient, complaint, event, locale, subject, text)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING;

-- name: outbox_of
SELECT n.number, n.key, n.complaint, n.event, n.locale, n.subject, n.text, n.at, n.read_at
FROM notices n
WHERE n.recipient = $1 AND ($2::bigint IS NULL OR n.number < $2) AND (NOT $3 OR n.read_at IS NULL)
ORDER BY n.number DESC
LIMIT $4;

-- name: unread_of
SELECT count(*) FROM notices WHERE recipient = $1 AND read_at IS NULL;

-- name: mark_read
UPDATE notices SET read_at = now() WHERE recipient = $1 AND key = ANY ($2::text[]) AND read_at IS NULL;

-- name: deliveries_of
SELECT channel, state, tries FROM deliveries WHERE key = $1;

-- name: claim_delivery
INSERT INTO deliveries AS d (key, channel, state) VALUES ($1, $2, 'sending')
ON CONFLICT (key, channel) DO UPDATE SET state = 'sending', tries = d.tries + 1, why = NULL, changed_at = now()
WHERE d.state = 'deferred' OR (d.state = 'sending' AND $3)
RETURNING tries;

-- name: sent_at_once
INSERT INTO deliveries (key, channel, state) VALUES ($1, $2, 'sent')
ON CONFLICT (key, channel) DO UPDATE SET state = 'sent', changed_at = now();

-- name: fared
UPDATE deliveries SET state = $3, why = $4, changed_at = now()
WHERE key = $1 AND channel = $2 AND state <> 'sent';

-- name: deliveries_in_trouble
SELECT channel, count(*) FROM deliveries
WHERE state IN ('failed', 'unknown') AND changed_at > now() - interval '1 day'
GROUP BY channel ORDER BY channel;

-- name: wishes_of
SELECT w.wishes, (SELECT c.filing -> 'contact' FROM complaints c WHERE c.complaint = $2) AS contact
FROM (SELECT) AS one LEFT JOIN wishes w ON w.recipient = $1;

-- name: keep_wishes
INSERT INTO wishes (recipient, wishes) VALUES ($1, $2::jsonb)
ON CONFLICT (recipient) DO UPDATE SET wishes = excluded.wishes;
