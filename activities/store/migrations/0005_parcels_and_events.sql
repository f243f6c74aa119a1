-- What partners are told of their complaints, and what carriers say of parcels.

-- ---------------------------------------------------------------------------------------------------------- events

-- Written in the transaction that records the steps (activities/publishing.py), sent by one standalone activity per
-- stream (activities/delivering.py). One stream per subscription and complaint: its events are numbered without a gap
-- and sent in that order.
CREATE TABLE outbound_streams (
    subscription text NOT NULL,
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
    sequence integer NOT NULL DEFAULT 0,                 -- the latest event's number
    run integer NOT NULL DEFAULT 0,                      -- number of the delivery that was started last
    running boolean NOT NULL DEFAULT false,              -- that delivery will look again before it ends
    holder uuid,                                         -- the attempt that may send; an older one stops
    PRIMARY KEY (complaint, subscription)
) PARTITION BY RANGE (complaint);

-- An id is a digest of subscription, complaint and step: what is one of a kind in its complaint is so everywhere.
CREATE TABLE outbound_events (
    id text NOT NULL,                                    -- webhook-id: the same in every try
    subscription text NOT NULL,
    complaint text COLLATE "C" NOT NULL,
    sequence integer NOT NULL CHECK (sequence > 0),
    step integer NOT NULL,
    event text NOT NULL,
    body text,                                           -- sent to the byte; forgotten once it is delivered
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    give_up_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    failure text,                                        -- why the latest try failed; no addresses, no answers
    ended_at timestamptz,                                -- delivered or given up
    replays integer NOT NULL DEFAULT 0,
    PRIMARY KEY (id, complaint),
    UNIQUE (complaint, subscription, sequence),
    UNIQUE (complaint, subscription, step),
    FOREIGN KEY (complaint, subscription) REFERENCES outbound_streams,
    FOREIGN KEY (complaint, step) REFERENCES steps (complaint, number),
    CHECK ((state = 'delivered') = (body IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
) PARTITION BY RANGE (complaint);

CREATE INDEX outbound_events_waiting ON outbound_events (complaint, subscription, sequence) WHERE state = 'waiting';
CREATE INDEX dead_letters ON outbound_events (ended_at, id) WHERE state = 'dead';
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON outbound_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- --------------------------------------------------------------------------------------------------------- parcels

-- Parcels that are watched (R6.3, R6.4). Written with the record that names a parcel (activities/records.py), by the
-- activities of activities/parcels.py, and by the door that carriers push to.
CREATE TABLE parcels (
    number bigint GENERATED ALWAYS AS IDENTITY,
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
    leg text NOT NULL,
    carrier text NOT NULL,
    tracking text NOT NULL,
    known_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    subscribed_at timestamptz,                           -- the carrier has promised to push
    heard_at timestamptz,                                -- it last said something, pushed or asked
    looked_at timestamptz,                               -- it was last asked
    over_at timestamptz,                                 -- nothing it could say matters any more
    since timestamptz,                                   -- the leg is owed: what happened before is not its own (R6.3)
    doubted_until timestamptz,                           -- its handler was told what makes the parcel doubtful
    PRIMARY KEY (complaint, leg, carrier, tracking)
) PARTITION BY RANGE (complaint);

CREATE INDEX parcels_by_tracking ON parcels (carrier, tracking) WHERE over_at IS NULL;
CREATE INDEX parcels_on_their_way ON parcels (number) WHERE over_at IS NULL;
-- Whoever named a number, long ago or now.
CREATE INDEX parcels_of_a_number ON parcels (carrier, tracking);

-- Everything their carriers said, also of parcels that no complaint has named yet: parked until one does.
CREATE TABLE parcel_events (
    carrier text NOT NULL,
    tracking text NOT NULL,
    event text NOT NULL CHECK (event IN ('picked_up', 'in_transit', 'delivered', 'lost', 'refused', 'returned')),
    at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (carrier, tracking, event, at)
);

CREATE INDEX parcel_events_by_age ON parcel_events (received_at);
