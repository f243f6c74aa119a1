-- Parcels that are watched, and everything their carriers said (R6.3, R6.4). Written with the record that names a parcel
-- (activities/records.py), by the activities of activities/parcels.py, and by the door that carriers push to.

CREATE TABLE parcels (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    complaint text NOT NULL REFERENCES complaints,
    leg text NOT NULL,
    carrier text NOT NULL,
    tracking text NOT NULL,
    known_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    subscribed_at timestamptz,                           -- the carrier has promised to push
    heard_at timestamptz,                                -- it last said something, pushed or asked
    looked_at timestamptz,                               -- it was last asked
    over_at timestamptz,                                 -- nothing it could say matters any more
    UNIQUE (complaint, leg, carrier, tracking)
);

CREATE INDEX parcels_by_tracking ON parcels (carrier, tracking) WHERE over_at IS NULL;
CREATE INDEX parcels_on_their_way ON parcels (number) WHERE over_at IS NULL;

-- Also of parcels that no complaint has named yet: parked until one does.
CREATE TABLE parcel_events (
    carrier text NOT NULL,
    tracking text NOT NULL,
    event text NOT NULL CHECK (event IN ('picked_up', 'in_transit', 'delivered', 'lost', 'refused', 'returned')),
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (carrier, tracking, event, at)
);

CREATE INDEX parcel_events_by_age ON parcel_events (received_at);
