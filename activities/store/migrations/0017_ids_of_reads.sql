-- Only the ids of reads are forgotten, again and again: those that are kept for good are not gone through each time.
DROP INDEX signed_requests_by_age;
CREATE INDEX signed_requests_of_reads ON signed_requests (used_at) WHERE digest IS NULL;
