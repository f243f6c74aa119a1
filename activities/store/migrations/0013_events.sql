-- What partners are told of their complaints. Written in the transaction that records the steps (activities/publishing.py),
-- sent by one standalone activity per stream (activities/delivering.py).

-- One stream per subscription and complaint: its events are numbered without a gap and sent in that order.
CREATE TABLE outbound_streams (
    subscription text NOT NULL,
    complaint text NOT NULL REFERENCES complaints,
    sequence integer NOT NULL DEFAULT 0,                 -- the latest event's number
    run integer NOT NULL DEFAULT 0,                      -- number of the delivery that was started last
    running boolean NOT NULL DEFAULT false,              -- that delivery will look again before it ends
    holder uuid,                                         -- the attempt that may send; an older one stops
    PRIMARY KEY (subscription, complaint)
);

CREATE INDEX outbound_streams_of_a_complaint ON outbound_streams (complaint) WHERE running;

CREATE TABLE outbound_events (
    id text PRIMARY KEY,                                 -- webhook-id: the same in every try
    subscription text NOT NULL,
    complaint text NOT NULL,
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
    UNIQUE (subscription, complaint, sequence),
    UNIQUE (subscription, complaint, step),
    FOREIGN KEY (subscription, complaint) REFERENCES outbound_streams,
    FOREIGN KEY (complaint, step) REFERENCES steps (complaint, number),
    CHECK ((state = 'delivered') = (body IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);

CREATE INDEX outbound_events_waiting ON outbound_events (subscription, complaint, sequence) WHERE state = 'waiting';
CREATE INDEX dead_letters ON outbound_events (ended_at, id) WHERE state = 'dead';
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON outbound_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
