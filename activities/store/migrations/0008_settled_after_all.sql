-- A provider may take its word back (R6.10). What failed and has settled after all is settled here too, and takes again
-- what the failure gave back. What settled and has failed after all is reversed: settled to failed stays refused.

-- Another movement stands in its place, or another advance is asked for: settling it as well would pay twice.
CREATE FUNCTION replaced(m movements) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM movements o
        WHERE o.complaint = m.complaint AND o.purpose = m.purpose AND o.key <> m.key
            AND CASE
                WHEN split_part(o.key, ':', 3)::bigint > split_part(m.key, ':', 3)::bigint
                    THEN m.purpose = 'advance' OR o.state NOT IN ('failed', 'reversed')
                ELSE m.purpose = 'advance' AND o.state = 'requested'
            END
    )
$$;

CREATE OR REPLACE FUNCTION follow_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text := CASE TG_OP WHEN 'UPDATE' THEN OLD.state ELSE '' END;
    at timestamptz := clock_of(NEW.complaint);
    asked movements := NEW;
BEGIN
    IF was = NEW.state THEN
        RETURN NULL;
    END IF;
    INSERT INTO movement_states (movement, state, at, actor, rule, provider_reference, reason)
    VALUES (
        NEW.key, NEW.state, at,
        CASE
            WHEN NEW.state = 'decided' THEN NEW.ordered_by_role || ':' || NEW.ordered_by_id
            WHEN NEW.state = 'requested' OR was = 'decided' OR NEW.purpose = 'write_off' THEN 'system:system'
            ELSE 'payment:provider'
        END,
        CASE NEW.state WHEN 'decided' THEN NEW.rule ELSE 'R6.10' END,
        NEW.provider_reference, NEW.reason
    );
    IF NEW.state = 'requested' THEN
        PERFORM promise(NEW, 1);
    ELSIF NEW.state = 'failed' AND was = 'requested' THEN
        PERFORM promise(NEW, -1);
    ELSIF NEW.state = 'settled' THEN
        IF was = 'failed' THEN  -- the failure gave back what was promised: it is taken again, if there is still as much
            asked.state := 'requested';
            PERFORM promise(asked, 1);
        END IF;
        PERFORM keep_promise(NEW, 1);
        PERFORM post(NEW, 'settlement', at);
    ELSIF NEW.state = 'reversed' THEN
        PERFORM keep_promise(NEW, -1);
        PERFORM post(NEW, 'reversal', at);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION guard_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moving text[] := ARRAY['state', 'decided_at', 'requested_at', 'settled_at', 'failed_at', 'reversed_at',
        'provider_reference', 'reason', 'from_deposit_minor', 'available_minor', 'counts_as'];
    at timestamptz := clock_of(NEW.complaint);
    fixed movements;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('decided', 'requested') THEN
            RAISE EXCEPTION 'movement % cannot begin as % (R6.10)', NEW.key, NEW.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        NEW.decided_at := CASE NEW.state WHEN 'decided' THEN at END;
        NEW.requested_at := CASE NEW.state WHEN 'requested' THEN at END;
        NEW.settled_at := NULL;
        NEW.failed_at := NULL;
        NEW.reversed_at := NULL;
        NEW.counts_as := CASE NEW.state WHEN 'requested' THEN counting(NEW) END;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - moving <> to_jsonb(OLD) - moving THEN
        RAISE EXCEPTION 'movement % keeps its key, parties, amount and rule; another one needs a new key (R6.10)', OLD.key
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.provider_reference IS NOT NULL AND NEW.provider_reference IS DISTINCT FROM OLD.provider_reference THEN
        RAISE EXCEPTION 'movement % keeps the reference its provider gave it (R6.10)', OLD.key
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.state, NEW.state) NOT IN (
        ('decided', 'decided'), ('decided', 'requested'), ('decided', 'failed'),
        ('requested', 'requested'), ('requested', 'settled'), ('requested', 'failed'),
        ('settled', 'settled'), ('settled', 'reversed'),
        ('failed', 'failed'), ('failed', 'settled'), ('reversed', 'reversed')
    ) THEN
        RAISE EXCEPTION 'movement % cannot become % once it is % (R6.10)', OLD.key, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.state, NEW.state) = ('failed', 'settled') AND (OLD.requested_at IS NULL OR replaced(OLD)) THEN
        RAISE EXCEPTION 'movement % cannot settle after all: it was never asked for, or another came in its place (R6.10)',
            OLD.key
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'nothing_in_its_place';
    END IF;
    -- The stamps are the database's own, and what was proven stays as it was proven.
    IF (NEW.decided_at, NEW.requested_at, NEW.settled_at, NEW.failed_at, NEW.reversed_at, NEW.counts_as) IS DISTINCT FROM
        (OLD.decided_at, OLD.requested_at, OLD.settled_at, OLD.failed_at, OLD.reversed_at, OLD.counts_as)
    THEN
        RAISE EXCEPTION 'movement %: when it came to a state is written by the database alone (R6.10)', OLD.key
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state IN ('settled', 'failed', 'reversed') THEN
        fixed := NEW;
        fixed.state := OLD.state;
        fixed.provider_reference := OLD.provider_reference;
        IF NEW.state = 'settled' AND OLD.state = 'failed' THEN
            fixed.from_deposit_minor := OLD.from_deposit_minor;  -- only the settlement says how it splits (R6.11)
        END IF;
        fixed.reason := CASE NEW.state WHEN OLD.state THEN NEW.reason ELSE OLD.reason END;
        IF fixed IS DISTINCT FROM OLD THEN
            RAISE EXCEPTION 'movement % is %, and stays as it was proven (R6.10)', OLD.key, OLD.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    IF NEW.state <> OLD.state THEN
        CASE NEW.state
            WHEN 'requested' THEN
                NEW.requested_at := at;
                NEW.counts_as := counting(NEW);
            WHEN 'settled' THEN
                NEW.settled_at := at;
                NEW.from_deposit_minor := coalesce(NEW.from_deposit_minor, deposit_part(NEW));
            WHEN 'failed' THEN NEW.failed_at := at;
            WHEN 'reversed' THEN NEW.reversed_at := at;
        END CASE;
    END IF;
    RETURN NEW;
END $$;

-- A function that is replaced keeps its owner, not what it was told of its rights: it is told again.
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION follow_movement() SECURITY DEFINER SET search_path = %I, pg_temp', current_schema()
    );
END $$;
