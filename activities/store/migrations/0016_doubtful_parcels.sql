-- Since when a leg is owed: what happened to its parcel before is not that leg's (R6.3). Empty where it was named before
-- this was kept. And until when its handler was told what makes the parcel doubtful.
ALTER TABLE parcels ADD since timestamptz, ADD doubted_until timestamptz;

-- Whoever named a number, long ago or now.
CREATE INDEX parcels_of_a_number ON parcels (carrier, tracking);

-- What was in the body of a request whose id is kept for good; empty for a read, whose id is forgotten with its signature.
ALTER TABLE signed_requests ADD digest text;
