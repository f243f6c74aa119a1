-- What the reconciler found and a person has to see to. A task is raised once, seen again by each sweep that still finds
-- it, and done with once a sweep no longer does.
CREATE TABLE tasks (
    key text PRIMARY KEY,
    kind text NOT NULL,
    complaint text,                                      -- no reference: a provider's entry may name one we do not know
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
CREATE INDEX tasks_of_a_complaint ON tasks (complaint);
CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON tasks
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Sweeps that came to their end: the next one looks at what changed since the last of them began.
CREATE TABLE sweeps (
    began_at timestamptz PRIMARY KEY,
    ended_at timestamptz NOT NULL
);
