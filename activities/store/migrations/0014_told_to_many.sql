-- What was told to many complaints at once: by whom, to which, and why. Each of them heard it under this message id, so that a step whose
-- message says little of why it came leads here (R11.1).
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

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON told_to_many
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
