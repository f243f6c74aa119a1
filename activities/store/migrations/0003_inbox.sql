-- What the edge has accepted, committed before it answers (R7.4): nothing accepted is lost, whoever is down.

-- Each request of a client is accepted once for good, whichever complaint it was for.
CREATE TABLE inbox_requests (
    client text NOT NULL,
    request text NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY,
    complaint text COLLATE "C" NOT NULL,
    PRIMARY KEY (client, request)
);

-- The instant a request came in is the database's own, taken under the complaint's lock, so that whoever asks what came
-- in by then is told all of it.
CREATE TABLE inbox (
    number bigint NOT NULL,                              -- as in inbox_requests: rises with time
    client text NOT NULL,
    request text NOT NULL,
    digest text NOT NULL,
    complaint text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    sender_role text NOT NULL,
    sender_id text NOT NULL,
    message jsonb NOT NULL,
    accepted_at timestamptz NOT NULL,
    received_at timestamptz,                             -- what the complaint is told; none where time is let pass by hand
    state text NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'answered', 'parked')),
    answer jsonb,
    answered_at timestamptz,
    PRIMARY KEY (complaint, number),
    CHECK ((state = 'accepted') = (answer IS NULL)),
    CHECK ((state = 'accepted') = (answered_at IS NULL))
) PARTITION BY RANGE (complaint);

CREATE INDEX inbox_waiting ON inbox (complaint, accepted_at, number) WHERE state = 'accepted';
CREATE INDEX inbox_parked ON inbox (answered_at) WHERE state = 'parked';
CREATE INDEX inbox_filings ON inbox ((message ->> 'request_id')) WHERE kind = 'filing';

CREATE FUNCTION guard_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'answer', 'answered_at'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (
            SELECT FROM inbox_requests r
            WHERE (r.client, r.request, r.number, r.complaint) = (NEW.client, NEW.request, NEW.number, NEW.complaint)
        ) THEN
            RAISE EXCEPTION '% of % was accepted before, or has taken no place (R7.4)', NEW.request, NEW.client
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'inbox_requests_pkey';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'accepted' OR to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving THEN
        RAISE EXCEPTION 'what came in as % of % stays as it was accepted, and its first answer stands (R7.4)',
            OLD.request, OLD.client
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER accepted_for_good BEFORE INSERT OR UPDATE ON inbox FOR EACH ROW EXECUTE FUNCTION guard_inbox();
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON inbox FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON inbox_requests
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Whose turn it is to be delivered to: until then a relay is at it, or it rests after a failure. No row: at any time.
CREATE TABLE inbox_turns (
    complaint text COLLATE "C" PRIMARY KEY,
    not_before timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    why text NOT NULL DEFAULT ''
);

-- The ids of signed requests that keep nothing in the inbox: each is accepted once, for as long as its signature is.
CREATE TABLE signed_requests (
    client text NOT NULL,
    request text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    digest text,                                         -- of its body where it is kept for good; empty for a read
    PRIMARY KEY (client, request)
);

-- Only the ids of reads are forgotten, again and again: those that are kept for good are not gone through each time.
CREATE INDEX signed_requests_of_reads ON signed_requests (used_at) WHERE digest IS NULL;
