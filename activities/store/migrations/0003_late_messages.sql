-- What was said to a complaint after its end: kept as late, each with the step that tells of it (R10.4).
CREATE TABLE late_messages (
    complaint text NOT NULL REFERENCES complaints,
    message_id text NOT NULL,
    step integer NOT NULL,
    kind text NOT NULL,
    sender_role text NOT NULL,
    sender_id text NOT NULL,
    message jsonb NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (complaint, message_id),
    UNIQUE (complaint, step),
    FOREIGN KEY (complaint, step) REFERENCES steps (complaint, number)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON late_messages
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
