-- The ids of signed requests that keep nothing in the inbox: each is accepted once, for as long as its signature is.
CREATE TABLE signed_requests (
    client text NOT NULL,
    request text NOT NULL,
    used_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client, request)
);

CREATE INDEX signed_requests_by_age ON signed_requests (used_at);
