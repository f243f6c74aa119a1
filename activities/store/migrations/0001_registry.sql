-- The registry and the record of what happened (R1.2, R11.1). Written by the activities `register` and `record` alone.

-- What a complaint was opened under: policy, calendar and staff table, by version.
CREATE TABLE rulebooks (
    kind text NOT NULL CHECK (kind IN ('policy', 'calendar', 'staff')),
    version text NOT NULL,
    checksum text NOT NULL,
    document json NOT NULL,                              -- as it was, to the letter: json, not jsonb
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, version)
);

CREATE TABLE complaints (
    complaint text PRIMARY KEY,
    request_id text NOT NULL,
    filed_as text REFERENCES complaints,                 -- the same request, registered before under another number
    order_id text NOT NULL,
    line integer NOT NULL,
    problem text NOT NULL,
    buyer_id text NOT NULL,
    seller_id text,                                      -- empty while the order is not matched
    channel text NOT NULL,
    remedy text NOT NULL,
    amount_minor bigint CHECK (amount_minor > 0),        -- asked for; fen
    decided_minor bigint NOT NULL DEFAULT 0 CHECK (decided_minor >= 0),  -- decided for the buyer (R1.8); fen
    filed_at timestamptz NOT NULL,
    phase text NOT NULL,
    outcome text,
    severity text NOT NULL,
    handler text,
    level integer NOT NULL,
    overdue boolean NOT NULL,
    next_due_at timestamptz,
    cycle integer NOT NULL,
    closed_at timestamptz,
    steps integer NOT NULL CHECK (steps > 0),
    view jsonb NOT NULL,
    filing jsonb NOT NULL,
    opening json NOT NULL,                               -- the case as it opened, its rulebook left out
    policy_version text NOT NULL,
    calendar_version text NOT NULL,
    calendar_from date NOT NULL,                         -- where the pinned part of the calendar begins
    staff_version text NOT NULL,
    CHECK ((phase = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((phase = 'closed') = (outcome IS NOT NULL))
);

CREATE UNIQUE INDEX one_complaint_per_request ON complaints (request_id) WHERE filed_as IS NULL;
CREATE UNIQUE INDEX one_open_complaint_per_line_and_problem -- R1.4
    ON complaints (order_id, line, problem) WHERE phase <> 'closed';
CREATE INDEX complaints_of_a_line ON complaints (order_id, line) INCLUDE (decided_minor);
CREATE INDEX open_load ON complaints (handler) WHERE phase <> 'closed';
CREATE INDEX last_given ON complaints (handler, filed_at);
CREATE INDEX next_due ON complaints (next_due_at) WHERE phase <> 'closed';
CREATE INDEX newest_filed ON complaints (filed_at);
CREATE INDEX complaints_of_a_seller ON complaints (seller_id, filed_at);

CREATE TABLE steps (
    complaint text NOT NULL REFERENCES complaints,
    number integer NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    event text NOT NULL,
    phase text NOT NULL,
    rule text NOT NULL,
    amount_minor bigint,
    message_id text,
    audience text NOT NULL CHECK (audience IN ('parties', 'buyer', 'seller', 'staff')),
    said jsonb,                                          -- the message as it was told; empty for what SYSTEM did
    facts jsonb NOT NULL,                                -- what happened, tagged by event
    PRIMARY KEY (complaint, number)
);

-- Deadlines that are over, and how (R7.5); numbered in the order in which they ended.
CREATE TABLE ended (
    complaint text NOT NULL REFERENCES complaints,
    number integer NOT NULL CHECK (number > 0),
    name text NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    start timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    how text NOT NULL CHECK (how IN ('met', 'expired', 'superseded')),
    at timestamptz NOT NULL,
    PRIMARY KEY (complaint, number)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: what is written is never changed or deleted (R11.1)', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON steps
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ended
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rulebooks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
