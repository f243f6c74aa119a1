-- name: held_left
-- Held money of the line when its first complaint was filed, less all that sellers' movements have drawn since; and no
-- more than when this complaint was filed, less its own: in between the order's course may have paid the seller.
-- Only what was asked for before counts: what one movement was answered is never worsened by a later one.
WITH drawn AS (
    SELECT c.complaint, coalesce(sum(other.amount_minor - coalesce(other.from_deposit_minor, 0)), 0)::bigint AS minor
    FROM movements mine
    JOIN complaints this ON this.complaint = mine.complaint
    JOIN complaints c ON c.order_id = this.order_id AND c.line = this.line
    LEFT JOIN movements other
        ON other.complaint = c.complaint AND other.payer_role = 'seller' AND other.state IN ('requested', 'settled')
        AND (other.requested_at, other.key) < (mine.requested_at, mine.key)
    WHERE mine.complaint = split_part($1, ':', 1) AND mine.key = $1
    GROUP BY c.complaint
)
SELECT least(
    l.held_minor - (SELECT sum(minor) FROM drawn)::bigint,
    (this.opening #>> '{order,held,amount}')::bigint - (SELECT minor FROM drawn WHERE complaint = this.complaint)
) AS minor
FROM movements mine
JOIN complaints this ON this.complaint = mine.complaint
JOIN lines l ON l.order_id = this.order_id AND l.line = this.line
WHERE mine.complaint = split_part($1, ':', 1) AND mine.key = $1;
