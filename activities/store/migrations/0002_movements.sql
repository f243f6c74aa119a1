-- Every movement of money, whatever its size (R6.10). The key is the business's: complaint, purpose and number.
CREATE TABLE movements (
    key text PRIMARY KEY,
    complaint text NOT NULL REFERENCES complaints,
    purpose text NOT NULL,
    payer_role text NOT NULL,
    payer_id text NOT NULL,
    payee_role text NOT NULL,
    payee_id text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    rule text NOT NULL,
    ordered_by_role text NOT NULL,
    ordered_by_id text NOT NULL,
    remark text NOT NULL,
    state text NOT NULL CHECK (state IN ('decided', 'requested', 'settled', 'failed', 'reversed')),
    provider_reference text,
    reason text,                                         -- the provider's own, of a refusal
    decided_at timestamptz,
    requested_at timestamptz,
    settled_at timestamptz,
    failed_at timestamptz,
    reversed_at timestamptz,
    CHECK (key LIKE complaint || ':' || purpose || ':%')
);

CREATE INDEX movements_of_a_complaint ON movements (complaint);
CREATE INDEX movements_under_way ON movements (requested_at) WHERE state IN ('decided', 'requested');

-- The database itself refuses what no code should ever do: pay something else under a known key, undo a proven end.
CREATE FUNCTION guard_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stamps text[] := ARRAY['decided_at', 'requested_at', 'settled_at', 'failed_at', 'reversed_at'];
    moving text[] := stamps || ARRAY['state', 'provider_reference', 'reason'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('decided', 'requested') THEN
            RAISE EXCEPTION 'movement % cannot begin as % (R6.10)', NEW.key, NEW.state
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
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
        ('settled', 'settled'), ('settled', 'reversed'), ('failed', 'failed'), ('reversed', 'reversed')
    ) THEN
        RAISE EXCEPTION 'movement % cannot become % once it is % (R6.10)', OLD.key, NEW.state, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON movements
    FOR EACH ROW EXECUTE FUNCTION guard_movement();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
