-- What people are told: the app's outbox with read marks, how each notice fared on each channel, and people's wishes.
-- A key begins with the complaint's number, so these are partitioned by the key itself.

-- The outbox of the app: what a recipient finds there, newest first.
CREATE TABLE notices (
    key text COLLATE "C" PRIMARY KEY,
    number bigint GENERATED ALWAYS AS IDENTITY,
    recipient text NOT NULL,                             -- role:id
    complaint text COLLATE "C" NOT NULL,                 -- no reference: a refused filing is told of, too
    event text NOT NULL,
    locale text NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz
) PARTITION BY RANGE (key);

CREATE INDEX notices_of_a_recipient ON notices (recipient, number);
CREATE INDEX notices_unread ON notices (recipient) WHERE read_at IS NULL;

-- One row per notice and channel that was tried: written before the channel is, so that none is tried twice after a
-- doubt. No address stands here, and no words of a partner's.
CREATE TABLE deliveries (
    key text COLLATE "C" NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('sending', 'deferred', 'sent', 'failed', 'unknown')),
    why text,                                            -- a code: 550, errcode 310000
    tries integer NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (key, channel)
) PARTITION BY RANGE (key);

CREATE INDEX deliveries_in_trouble ON deliveries (changed_at) WHERE state IN ('failed', 'unknown');

-- How a recipient wants to be told: locale, channels in order, addresses, quiet hours.
CREATE TABLE wishes (
    recipient text PRIMARY KEY,                          -- role:id
    wishes jsonb NOT NULL
);
