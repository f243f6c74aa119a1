-- The registry and the record of what happened (R1.2, R11.1), written by `register` and `record` alone. What grows with
-- every complaint is partitioned by the month in the complaint's number, here and in the files that follow; 0006 makes
-- the partitions. A rule that holds across complaints cannot be a unique index of such a table: `requests` and
-- `open_lines` hold those places, and are not partitioned.

-- What a complaint was opened under: policy, calendar and staff table, by version.
CREATE TABLE rulebooks (
    kind text NOT NULL CHECK (kind IN ('policy', 'calendar', 'staff')),
    version text NOT NULL,
    checksum text NOT NULL,
    document json NOT NULL,                              -- as it was, to the letter: json, not jsonb
    PRIMARY KEY (kind, version)
);

CREATE TABLE complaints (
    complaint text COLLATE "C" PRIMARY KEY,              -- begins with the date: C20261122-…
    request_id text NOT NULL,
    filed_as text COLLATE "C" REFERENCES complaints,     -- the same request, registered before under another number
    order_id text NOT NULL,
    line integer NOT NULL,
    problem text NOT NULL,
    buyer_id text NOT NULL,
    seller_id text,                                      -- empty while the order is not matched
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
) PARTITION BY RANGE (complaint);

CREATE INDEX complaints_of_a_line ON complaints (order_id, line) INCLUDE (decided_minor);
CREATE INDEX open_load ON complaints (handler) WHERE phase <> 'closed';
CREATE INDEX last_given ON complaints (handler, filed_at);
CREATE INDEX newest_filed ON complaints (filed_at);
CREATE INDEX complaints_of_a_seller ON complaints (seller_id, filed_at);
-- Good standing is asked for at each registration (R9.1).
CREATE INDEX unfounded_of_a_buyer ON complaints (buyer_id, closed_at) WHERE outcome = 'unfounded';

-- ------------------------------------------------------------------------------- what holds across all complaints

-- Every request is one complaint; a second number it was registered under has `filed_as`, and no place here.
CREATE TABLE requests (
    request_id text CONSTRAINT one_complaint_per_request PRIMARY KEY,
    complaint text COLLATE "C" NOT NULL
);

-- The complaints that are open, one for each order line and problem (R1.4).
CREATE TABLE open_lines (
    order_id text NOT NULL,
    line integer NOT NULL,
    problem text NOT NULL,
    complaint text COLLATE "C" NOT NULL UNIQUE,
    CONSTRAINT one_open_complaint_per_line_and_problem PRIMARY KEY (order_id, line, problem)
);

-- ----------------------------------------------------------------------------------------------- what has happened

CREATE TABLE steps (
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
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
) PARTITION BY RANGE (complaint);

-- Deadlines that are over, and how (R7.5); numbered in the order in which they ended.
CREATE TABLE ended (
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
    number integer NOT NULL CHECK (number > 0),
    name text NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    start timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    how text NOT NULL CHECK (how IN ('met', 'expired', 'superseded')),
    at timestamptz NOT NULL,
    until timestamptz,                                   -- the instant that somebody named instead of a length
    stops jsonb NOT NULL DEFAULT '[]',                   -- of its clock
    length text,                                         -- of its own
    calendar text,                                       -- it was counted by (R7.6); empty: the complaint's own
    PRIMARY KEY (complaint, number)
) PARTITION BY RANGE (complaint);

-- What was said to a complaint after its end: kept as late, each with the step that tells of it (R10.4).
CREATE TABLE late_messages (
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
    message_id text NOT NULL,
    step integer NOT NULL,
    kind text NOT NULL,
    sender_role text NOT NULL,
    sender_id text NOT NULL,
    message jsonb NOT NULL,
    PRIMARY KEY (complaint, message_id),
    UNIQUE (complaint, step),
    FOREIGN KEY (complaint, step) REFERENCES steps (complaint, number)
) PARTITION BY RANGE (complaint);

-- What was told to many complaints at once: by whom, to which, and why. Each of them heard it under this message id, so
-- that a step whose message says little of why it came leads here (R11.1).
CREATE TABLE told_to_many (
    message_id text NOT NULL,
    kind text NOT NULL,
    sender_role text NOT NULL,
    sender_id text NOT NULL,
    message jsonb NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    chosen_by jsonb NOT NULL,                            -- what narrowed the list, as it was asked for
    complaints integer NOT NULL CHECK (complaints > 0),
    first_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (message_id, chosen_by)
);

-- The keys that seal payloads in Temporal, by name, never the keys themselves: each with a value that only the same key
-- gives. A worker that lacks one of them would refuse what others hear, so it does not start.
CREATE TABLE payload_keys (
    name text PRIMARY KEY,
    check_value text NOT NULL
);

-- What each of the staff has open, and when they were given something last (R2.5). It is asked of all months at each
-- registration, and those take turns: so it is planned once, which by far takes longest.
CREATE FUNCTION hands(staff text[]) RETURNS TABLE (handler text, load bigint, last_assigned timestamptz)
    LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY SELECT h.id,
        (SELECT count(*) FROM complaints c WHERE c.handler = h.id AND c.phase <> 'closed'),
        (SELECT max(c.filed_at) FROM complaints c WHERE c.handler = h.id)
    FROM unnest(staff) AS h (id);
END $$;

-- ---------------------------------------------------------------------------------------------------------- guards

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: what is written is never changed or deleted (R11.1)', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- What follows from other tables is written by what follows them, and by nobody else.
CREATE FUNCTION refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 OR TG_OP = 'TRUNCATE' OR TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'open_lines' THEN
        RAISE EXCEPTION '% follows from what was registered and moved, and is never written by hand (R6.10)', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION guard_complaint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'complaint % keeps its number, order line, parties and policy (R1.2)', OLD.complaint
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- A complaint takes the place of its request, and that of its order line and problem for as long as it is open.
CREATE FUNCTION hold_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.filed_as IS NULL THEN
        INSERT INTO requests (request_id, complaint) VALUES (NEW.request_id, NEW.complaint);
    END IF;
    IF NEW.phase <> 'closed' THEN
        INSERT INTO open_lines (order_id, line, problem, complaint)
        VALUES (NEW.order_id, NEW.line, NEW.problem, NEW.complaint);
    ELSIF TG_OP = 'UPDATE' THEN
        DELETE FROM open_lines WHERE complaint = NEW.complaint;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER guarded BEFORE UPDATE ON complaints
    FOR EACH ROW
    WHEN ((OLD.complaint, OLD.request_id, OLD.filed_as, OLD.order_id, OLD.line, OLD.problem, OLD.buyer_id,
            OLD.seller_id, OLD.policy_version)
        IS DISTINCT FROM
        (NEW.complaint, NEW.request_id, NEW.filed_as, NEW.order_id, NEW.line, NEW.problem, NEW.buyer_id,
            NEW.seller_id, NEW.policy_version))
    EXECUTE FUNCTION guard_complaint();
CREATE TRIGGER places_held AFTER INSERT ON complaints
    FOR EACH ROW EXECUTE FUNCTION hold_places();
CREATE TRIGGER places_kept AFTER UPDATE OF phase ON complaints
    FOR EACH ROW WHEN ((OLD.phase = 'closed') <> (NEW.phase = 'closed')) EXECUTE FUNCTION hold_places();

CREATE TRIGGER never_by_hand BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON requests
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER never_by_hand BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON open_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rulebooks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON steps
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ended
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON late_messages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON told_to_many
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A role that may not write the places itself still takes and frees them by what it registers and records.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION hold_places() SECURITY DEFINER SET search_path = %I, pg_temp', current_schema());
END $$;
