-- The ledger (R6.10): every movement of money, whatever its size, and double entry in fen, append-only. A movement is
-- posted by the database when its state changes, so that no code can settle without posting, and what no code should
-- ever do is refused here, whoever asks. All of it is partitioned with its complaint, but for the order lines, which
-- may have several.

-- ---------------------------------------------------------------------------------------------- what a line can give

-- What was paid for a line, as its first complaint found it, and what all its complaints have taken of it (R1.8).
CREATE TABLE lines (
    order_id text NOT NULL,
    line integer NOT NULL,
    seller_id text NOT NULL,
    paid_minor bigint NOT NULL CHECK (paid_minor >= 0),
    shipping_minor bigint NOT NULL CHECK (shipping_minor >= 0),
    held_minor bigint NOT NULL CHECK (held_minor >= 0),      -- in escrow when the first complaint was filed
    refunded_minor bigint NOT NULL DEFAULT 0,                -- refunds requested or settled
    given_minor bigint NOT NULL DEFAULT 0,                   -- all that buyers were given or promised, freight apart
    PRIMARY KEY (order_id, line),
    CONSTRAINT refunds_within_the_price CHECK (refunded_minor BETWEEN 0 AND paid_minor + shipping_minor),
    CONSTRAINT refunds_are_given CHECK (given_minor >= refunded_minor)
);

-- The advance of a complaint (R9): at every moment advanced = frozen + unfrozen + clawed back (R9.6).
CREATE TABLE advances (
    complaint text COLLATE "C" PRIMARY KEY REFERENCES complaints,
    advanced_minor bigint NOT NULL DEFAULT 0 CHECK (advanced_minor >= 0),
    frozen_minor bigint NOT NULL DEFAULT 0 CHECK (frozen_minor >= 0),
    unfrozen_minor bigint NOT NULL DEFAULT 0 CHECK (unfrozen_minor >= 0),
    clawed_back_minor bigint NOT NULL DEFAULT 0 CHECK (clawed_back_minor >= 0),
    leaving_minor bigint NOT NULL DEFAULT 0,                 -- of what is frozen: asked to be unfrozen or clawed back
    repaid_minor bigint NOT NULL DEFAULT 0 CHECK (repaid_minor >= 0),  -- recovered or written off, or asked to be
    CONSTRAINT advanced_is_frozen_unfrozen_or_clawed_back
        CHECK (advanced_minor = frozen_minor + unfrozen_minor + clawed_back_minor),
    CONSTRAINT an_advance_ends_once CHECK (leaving_minor BETWEEN 0 AND frozen_minor)
) PARTITION BY RANGE (complaint);

-- ------------------------------------------------------------------------------------------------------- movements

-- The key is the business's: complaint, purpose and number. It names the complaint, so it is there once whatever the
-- partition.
CREATE TABLE movements (
    key text COLLATE "C" NOT NULL,
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
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
    rest_minor bigint NOT NULL DEFAULT 0 CHECK (rest_minor >= 0),  -- of an unfreezing: back to the fund (R9.7)
    line_named boolean NOT NULL DEFAULT false,           -- the provider was told of which line it is (R6.11)
    from_deposit_minor bigint,                           -- of a seller's payment: what held money did not cover (R6.11)
    available_minor bigint CHECK (available_minor >= 0), -- of a refusal: what the seller's money could give
    counts_as text CHECK (counts_as IN ('refund', 'extra')),  -- against the line (R1.8); empty: not at all
    PRIMARY KEY (complaint, key),
    CHECK (key LIKE complaint || ':' || purpose || ':%'),
    CONSTRAINT rest_of_an_unfreezing CHECK (rest_minor = 0 OR purpose = 'unfreeze'),
    CONSTRAINT deposit_of_a_seller CHECK (
        coalesce(from_deposit_minor, 0) = 0
        OR payer_role = 'seller' AND purpose <> 'payout' AND from_deposit_minor BETWEEN 0 AND amount_minor
    ),
    CONSTRAINT parties_of_the_purpose CHECK (CASE
        WHEN purpose IN ('refund', 'compensation', 'price_difference', 'coupon', 'return_freight')
            THEN payee_role = 'buyer' AND (payer_role = 'seller' OR (payer_role, payer_id) = ('system', 'platform'))
        WHEN purpose = 'advance' THEN (payer_role, payer_id, payee_role) = ('system', 'fund', 'buyer')
        WHEN purpose = 'unfreeze' THEN (payer_role, payee_role, payee_id) = ('buyer', 'buyer', payer_id)
        WHEN purpose = 'claw_back' THEN (payer_role, payee_role, payee_id) = ('buyer', 'system', 'fund')
        WHEN purpose = 'recovery' THEN (payee_role, payee_id) = ('system', 'fund')
            AND (payer_role = 'seller' OR (payer_role, payer_id) = ('system', 'platform'))
        WHEN purpose = 'payout' THEN (payer_role, payee_role, payee_id) = ('seller', 'seller', payer_id)
        WHEN purpose = 'restitution' THEN (payer_role, payer_id, payee_role) = ('system', 'platform', 'seller')
        WHEN purpose = 'write_off'
            THEN (payer_role, payer_id, payee_role, payee_id) = ('system', 'platform', 'system', 'fund')
        ELSE false
    END)
) PARTITION BY RANGE (complaint);

CREATE UNIQUE INDEX one_advance_asked_for ON movements (complaint) WHERE purpose = 'advance' AND state = 'requested';
CREATE INDEX advances_settled ON movements (complaint) WHERE purpose = 'advance' AND state = 'settled';

-- Every state a movement came to: when, by whom, by which rule, under which reference of the provider (R6.10).
CREATE TABLE movement_states (
    complaint text COLLATE "C" NOT NULL,
    movement text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('decided', 'requested', 'settled', 'failed', 'reversed')),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    rule text NOT NULL,
    provider_reference text,
    reason text,
    PRIMARY KEY (complaint, movement, state),
    FOREIGN KEY (complaint, movement) REFERENCES movements
) PARTITION BY RANGE (complaint);

-- What a provider said against what was proven before: it changes nothing here, and somebody has to look (R6.10).
CREATE TABLE contradictions (
    number bigint GENERATED ALWAYS AS IDENTITY,
    complaint text COLLATE "C" NOT NULL REFERENCES complaints,
    movement text COLLATE "C" NOT NULL,
    said text NOT NULL CHECK (said IN ('settled', 'failed', 'reversed')),
    on_record text NOT NULL,                                 -- the state that it contradicts
    text text NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (complaint, movement, said, on_record)
) PARTITION BY RANGE (complaint);

-- --------------------------------------------------------------------------------------------------------- the book

CREATE TABLE transactions (
    number bigint GENERATED ALWAYS AS IDENTITY,              -- rises with time; a number that is missing was never used
    complaint text COLLATE "C" NOT NULL,
    movement text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('settlement', 'reversal')),
    at timestamptz NOT NULL,
    PRIMARY KEY (complaint, number),
    CONSTRAINT posted_once UNIQUE (complaint, movement, kind),
    FOREIGN KEY (complaint, movement) REFERENCES movements
) PARTITION BY RANGE (complaint);
CREATE INDEX transactions_by_time ON transactions (at);

CREATE TABLE postings (
    complaint text COLLATE "C" NOT NULL,
    transaction bigint NOT NULL,
    account text NOT NULL CHECK (
        account ~ '^((buyer|buyer_frozen|seller|seller_held|seller_deposit):.+|fund|platform|external)$'
    ),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (complaint, transaction, account),
    FOREIGN KEY (complaint, transaction) REFERENCES transactions
) PARTITION BY RANGE (complaint);
CREATE INDEX postings_of_an_account ON postings (account) INCLUDE (amount_minor);

-- ----------------------------------------------------------------------------------------------- what people see to

-- What the reconciler found and a person has to see to. A task is raised once, seen again by each sweep that still finds
-- it, and done with once a sweep no longer does.
CREATE TABLE tasks (
    key text PRIMARY KEY,
    kind text NOT NULL,
    complaint text COLLATE "C",                          -- no reference: a provider's entry may name one we do not know
    movement text,
    amount_minor bigint,
    owner text NOT NULL,
    text text NOT NULL,
    found_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    resolved_at timestamptz
);

CREATE INDEX tasks_open ON tasks (due_at) WHERE resolved_at IS NULL;
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON tasks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Sweeps that came to their end: the next one looks at what changed since the last of them began.
CREATE TABLE sweeps (
    began_at timestamptz PRIMARY KEY
);

-- ---------------------------------------------------------------------------------------------- how it all is written

-- The clock of a complaint: that of the database, except where a training stack has let its time pass.
CREATE FUNCTION clock_of(complaint text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT greatest(now(), (SELECT s.at FROM steps s WHERE s.complaint = $1 ORDER BY s.number DESC LIMIT 1))
$$;

CREATE FUNCTION account_of(role text, id text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN role = 'system' AND id IN ('fund', 'platform') THEN id
        WHEN role IN ('buyer', 'seller') THEN role || ':' || id
        ELSE 'external'
    END
$$;

-- What the settlement of a movement posts; its reversal posts the exact opposite.
CREATE FUNCTION postings_of(m movements) RETURNS TABLE (account text, amount_minor bigint) LANGUAGE sql STABLE AS $$
    SELECT leg.account, sum(leg.amount_minor)::bigint
    FROM complaints c
    CROSS JOIN LATERAL (VALUES
        (
            CASE
                WHEN m.purpose IN ('unfreeze', 'claw_back') THEN 'buyer_frozen:' || m.complaint
                WHEN m.payer_role = 'seller' THEN 'seller_held:' || c.order_id || '/' || c.line
                ELSE account_of(m.payer_role, m.payer_id)
            END,
            coalesce(m.from_deposit_minor, 0) - m.amount_minor - m.rest_minor
        ),
        ('seller_deposit:' || m.payer_id, -coalesce(m.from_deposit_minor, 0)),
        (
            CASE m.purpose WHEN 'advance' THEN 'buyer_frozen:' || m.complaint
                ELSE account_of(m.payee_role, m.payee_id) END,
            m.amount_minor
        ),
        ('fund', m.rest_minor)
    ) AS leg (account, amount_minor)
    WHERE c.complaint = m.complaint AND leg.amount_minor <> 0
    GROUP BY leg.account
$$;

-- Held money of the line first, then the deposit (R6.11): how a seller's payment splits where the provider did not say.
CREATE FUNCTION deposit_part(m movements) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    of_it lines;
    drawn bigint;
BEGIN
    IF m.payer_role <> 'seller' OR m.purpose = 'payout' THEN
        RETURN 0;
    END IF;
    SELECT l.* INTO of_it
    FROM complaints c JOIN lines l USING (order_id, line) WHERE c.complaint = m.complaint FOR UPDATE OF l;
    SELECT -coalesce(sum(p.amount_minor), 0) INTO drawn
    FROM postings p WHERE p.account = 'seller_held:' || of_it.order_id || '/' || of_it.line;
    RETURN coalesce(least(m.amount_minor, greatest(0, m.amount_minor - greatest(0, of_it.held_minor - drawn))), 0);
END $$;

CREATE FUNCTION post(m movements, kind text, at timestamptz) RETURNS void LANGUAGE sql AS $$
    WITH t AS (
        INSERT INTO transactions (complaint, movement, kind, at) VALUES (m.complaint, m.key, $2, $3) RETURNING number
    )
    INSERT INTO postings (complaint, transaction, account, amount_minor)
    SELECT m.complaint, t.number, p.account, CASE $2 WHEN 'reversal' THEN -p.amount_minor ELSE p.amount_minor END
    FROM t, postings_of(m) p
$$;

-- What a movement takes of its line (R1.8). An advance on a ruling for compensation may go above the price as that may;
-- one that stands for return freight takes nothing of it, as freight does (R6.8).
CREATE FUNCTION counting(m movements) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN m.purpose IN ('refund', 'price_difference') THEN 'refund'
        WHEN m.purpose IN ('compensation', 'coupon') THEN 'extra'
        WHEN m.purpose = 'advance' AND m.rule <> 'R6.8' THEN (
            SELECT CASE WHEN c.view #>> '{ruling,remedy}' IN ('compensation', 'coupon') THEN 'extra' ELSE 'refund' END
            FROM complaints c WHERE c.complaint = m.complaint
        )
        WHEN m.purpose IN ('unfreeze', 'claw_back') THEN (  -- gives back to the line what its advance took
            SELECT a.counts_as FROM movements a
            WHERE a.complaint = m.complaint AND a.purpose = 'advance' AND a.state = 'settled'
            ORDER BY a.settled_at DESC, a.key DESC LIMIT 1
        )
    END
$$;

CREATE FUNCTION take_of_the_line(m movements, change bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    taken lines;
    most bigint;
BEGIN
    IF m.counts_as IS NULL THEN
        RETURN;
    END IF;
    UPDATE lines l
    SET given_minor = given_minor + change,
        refunded_minor = refunded_minor + CASE m.counts_as WHEN 'refund' THEN change ELSE 0 END
    FROM complaints c
    WHERE c.complaint = m.complaint AND (l.order_id, l.line) = (c.order_id, c.line)
    RETURNING l.* INTO taken;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'movement %: no line on record that it could be taken of (R1.8)', m.key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'line_on_record';
    END IF;
    SELECT greatest(taken.paid_minor + taken.shipping_minor,
            taken.paid_minor * (p.document ->> 'compensation_multiple')::bigint)
    INTO most
    FROM complaints c
    JOIN rulebooks p ON p.kind = 'policy' AND p.version = c.policy_version
    WHERE c.complaint = m.complaint;
    IF change > 0 AND taken.given_minor > most THEN
        RAISE EXCEPTION 'movement % takes % fen of a line that can give % in all (R1.8)', m.key, taken.given_minor, most
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_within_the_multiple';
    END IF;
END $$;

-- What a line has given so far; nobody else takes of it until the end of this transaction.
CREATE FUNCTION given_by_the_line(complaint text) RETURNS bigint LANGUAGE sql AS $$
    SELECT l.given_minor
    FROM complaints c JOIN lines l USING (order_id, line) WHERE c.complaint = $1 FOR UPDATE OF l
$$;

CREATE FUNCTION turn_the_advance(
    m movements, advanced bigint, frozen bigint, unfrozen bigint, clawed_back bigint, leaving bigint, repaid bigint
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_is advances;
BEGIN
    INSERT INTO advances (complaint) VALUES (m.complaint) ON CONFLICT DO NOTHING;
    UPDATE advances a
    SET advanced_minor = a.advanced_minor + advanced, frozen_minor = a.frozen_minor + frozen,
        unfrozen_minor = a.unfrozen_minor + unfrozen, clawed_back_minor = a.clawed_back_minor + clawed_back,
        leaving_minor = a.leaving_minor + leaving, repaid_minor = a.repaid_minor + repaid
    WHERE a.complaint = m.complaint
    RETURNING a.* INTO now_is;
    IF m.purpose = 'advance' AND m.state = 'requested' AND now_is.frozen_minor > 0 THEN
        RAISE EXCEPTION 'movement %: another advance of the complaint is still frozen (R9.1)', m.key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'one_advance_at_a_time';
    END IF;
    IF repaid > 0 AND now_is.repaid_minor > now_is.advanced_minor - now_is.clawed_back_minor THEN
        RAISE EXCEPTION 'movement % would repay the fund % fen for an advance of % (R9.5)',
            m.key, now_is.repaid_minor, now_is.advanced_minor - now_is.clawed_back_minor
            USING ERRCODE = 'check_violation', CONSTRAINT = 'repaid_once';
    END IF;
END $$;

-- What a change of state means beyond the movement itself. `sign` 1: forwards; -1: taken back.
CREATE FUNCTION promise(m movements, sign integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF m.purpose IN ('refund', 'price_difference', 'compensation', 'coupon', 'advance') THEN
        PERFORM take_of_the_line(m, sign * m.amount_minor);
    END IF;
    IF m.purpose = 'advance' THEN
        PERFORM turn_the_advance(m, 0, 0, 0, 0, 0, 0);
    ELSIF m.purpose IN ('unfreeze', 'claw_back') THEN
        PERFORM turn_the_advance(m, 0, 0, 0, 0, sign * (m.amount_minor + m.rest_minor), 0);
    ELSIF m.purpose IN ('recovery', 'write_off') THEN
        PERFORM turn_the_advance(m, 0, 0, 0, 0, 0, sign * m.amount_minor);
    END IF;
END $$;

CREATE FUNCTION keep_promise(m movements, sign integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    whole bigint := sign * (m.amount_minor + m.rest_minor);
    gone bigint := sign * CASE m.purpose WHEN 'claw_back' THEN m.amount_minor ELSE m.rest_minor END;
BEGIN
    IF m.purpose = 'advance' THEN
        PERFORM turn_the_advance(m, whole, whole, 0, 0, 0, 0);
    ELSIF m.purpose IN ('unfreeze', 'claw_back') THEN
        PERFORM turn_the_advance(m, 0, -whole, whole - gone, gone, CASE sign WHEN 1 THEN -whole ELSE 0 END, 0);
        IF gone <> 0 THEN
            PERFORM take_of_the_line(m, -gone);
        END IF;
    END IF;
    IF sign = -1 AND m.purpose NOT IN ('unfreeze', 'claw_back') THEN
        PERFORM promise(m, -1);
    END IF;
END $$;

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

CREATE FUNCTION follow_movement() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was text := CASE TG_OP WHEN 'UPDATE' THEN OLD.state ELSE '' END;
    at timestamptz := clock_of(NEW.complaint);
    asked movements := NEW;
BEGIN
    IF was = NEW.state THEN
        RETURN NULL;
    END IF;
    INSERT INTO movement_states (complaint, movement, state, at, actor, rule, provider_reference, reason)
    VALUES (
        NEW.complaint, NEW.key, NEW.state, at,
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

-- ---------------------------------------------------------------------------------------------------------- guards

CREATE FUNCTION guard_movement() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION guard_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stands text;
BEGIN
    SELECT state INTO stands FROM movements m
    WHERE (m.complaint, m.key) = (NEW.complaint, NEW.movement) FOR SHARE;
    IF stands IS NULL OR NOT (stands = 'reversed' OR stands = 'settled' AND NEW.kind = 'settlement') THEN
        RAISE EXCEPTION 'movement % is %: there is no % to post (R6.10)', NEW.movement, coalesce(stands, 'unknown'), NEW.kind
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

-- At the end of every transaction of the database: each of the ledger sums to zero, and says what its movement says.
CREATE FUNCTION prove_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    total numeric := (
        SELECT coalesce(sum(p.amount_minor), 0) FROM postings p WHERE p.complaint = NEW.complaint AND p.transaction = which
    );
    wrong boolean;
BEGIN
    IF total <> 0 THEN
        RAISE EXCEPTION 'transaction % of the ledger does not sum to zero, but to % fen', which, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transactions_sum_to_zero';
    END IF;
    SELECT count(*) FILTER (WHERE said.amount IS DISTINCT FROM due.amount) > 0 OR count(*) = 0
    INTO wrong
    FROM (
        SELECT p.account, p.amount_minor AS amount
        FROM postings p WHERE p.complaint = NEW.complaint AND p.transaction = which
    ) AS said
    FULL JOIN (
        SELECT p.account, CASE t.kind WHEN 'reversal' THEN -p.amount_minor ELSE p.amount_minor END AS amount
        FROM transactions t
        JOIN movements m ON (m.complaint, m.key) = (t.complaint, t.movement)
        CROSS JOIN LATERAL postings_of(m) p
        WHERE t.complaint = NEW.complaint AND t.number = which
    ) AS due USING (account);
    IF wrong THEN
        RAISE EXCEPTION 'transaction % of the ledger posts something else than its movement says (R6.10)', which
            USING ERRCODE = 'check_violation', CONSTRAINT = 'postings_say_what_moved';
    END IF;
    RETURN NULL;
END $$;

-- The line as the order system told it; all of its money is held unless it was said how much.
CREATE FUNCTION line_of(o json) RETURNS lines LANGUAGE sql IMMUTABLE AS $$
    SELECT (
        o ->> 'order_id', (o ->> 'line')::integer, o ->> 'seller_id', paid, shipping,
        coalesce((o #>> '{held,amount}')::bigint, paid + shipping), 0::bigint, 0::bigint
    )::lines
    FROM (VALUES ((o #>> '{paid,amount}')::bigint, coalesce((o #>> '{shipping_fee,amount}')::bigint, 0))) AS p (paid, shipping)
$$;

-- Kept with its first complaint.
CREATE FUNCTION keep_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lines
    SELECT (line_of(NEW.opening -> 'order')).*
    WHERE json_typeof(NEW.opening -> 'order') = 'object'
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER guarded BEFORE INSERT OR UPDATE ON movements
    FOR EACH ROW EXECUTE FUNCTION guard_movement();
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON movements
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER followed AFTER INSERT OR UPDATE OF state ON movements
    FOR EACH ROW EXECUTE FUNCTION follow_movement();
CREATE TRIGGER guarded BEFORE INSERT ON transactions
    FOR EACH ROW EXECUTE FUNCTION guard_transaction();
CREATE CONSTRAINT TRIGGER proven AFTER INSERT ON transactions DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION prove_transaction('number');
CREATE CONSTRAINT TRIGGER proven AFTER INSERT ON postings DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION prove_transaction('transaction');
CREATE TRIGGER line_kept AFTER INSERT ON complaints
    FOR EACH ROW EXECUTE FUNCTION keep_line();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transactions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movement_states
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON contradictions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER never_by_hand BEFORE INSERT ON movement_states
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER never_by_hand BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();
CREATE TRIGGER never_by_hand BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON advances
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_by_hand();

-- A role that may not write the book itself still moves what follows from it; nobody's own tables come in between.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'follow_movement()', 'guard_transaction()', 'prove_transaction()', 'keep_line()', 'deposit_part(movements)',
        'given_by_the_line(text)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
    -- What they ask is planned once, not for every movement: which partition it is, is found when it is asked.
    FOREACH name IN ARRAY ARRAY['guard_movement()', 'follow_movement()', 'guard_transaction()', 'prove_transaction()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET plan_cache_mode = force_generic_plan', name);
    END LOOP;
END $$;
