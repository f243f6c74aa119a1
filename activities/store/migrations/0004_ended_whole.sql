-- What the explanation of an ended deadline needs beside its limit (R7.5): stops of its clock, a length of its own, or
-- the instant that somebody named instead of a length.
ALTER TABLE ended
    ADD COLUMN until timestamptz,
    ADD COLUMN stops jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN length text;
