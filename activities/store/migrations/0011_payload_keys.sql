-- The keys that seal payloads in Temporal, by name, never the keys themselves: each with a value that only the same key
-- gives. A worker that lacks one of them would refuse what others hear, so it does not start.
CREATE TABLE payload_keys (
    name text PRIMARY KEY,
    check_value text NOT NULL,
    known_since timestamptz NOT NULL DEFAULT now()
);
