-- name: held_left
-- Held money of the line when its first complaint was filed, less all that sellers' movements have drawn since; and no
-- more than when this complaint was filed, less its own: in between the order's course may have paid the seller.
-- Only what was asked for before counts: what one movement was answered is never worsened by a later one.
WITH line AS (
    SELECT
        c.complaint, c.filed_at, c.complaint = mine.complaint AS own,
        coalesce(
            (c.opening #>> '{order,held,amount}')::bigint,
            (c.opening #>> '{order,paid,amount}')::bigint + (c.opening #>> '{order,shipping_fee,amount}')::bigint
        ) AS held,
        (
            SELECT coalesce(sum(other.amount_minor), 0)::bigint
            FROM movements other
            WHERE other.complaint = c.complaint AND other.payer_role = 'seller'
                AND other.state IN ('requested', 'settled')
                AND (other.requested_at, other.key) < (mine.requested_at, mine.key)
        ) AS drawn
    FROM movements mine
    JOIN complaints this ON this.complaint = mine.complaint
    JOIN complaints c ON c.order_id = this.order_id AND c.line = this.line
    WHERE mine.key = $1
)
SELECT least(
    (SELECT held FROM line ORDER BY filed_at, complaint LIMIT 1) - (SELECT sum(drawn) FROM line)::bigint,
    (SELECT held - drawn FROM line WHERE own)
) AS minor;
