-- The role that workers connect as where the database is one's own: it reads everything, moves money by changing the
-- state of movements, and can write neither the ledger itself nor delete anything. Run it as the owner of the schema,
-- after `redress worker --migrate`, and again after each release that migrates; then:
--   CREATE ROLE redress_worker LOGIN PASSWORD '…' IN ROLE redress_app;
DO $$
BEGIN
    CREATE ROLE redress_app NOLOGIN;
EXCEPTION
    WHEN duplicate_object THEN NULL;
END $$;

GRANT USAGE ON SCHEMA public TO redress_app;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO redress_app;
-- A partition is reached by its table alone, which says what may be done; one made later has no grants either.
DO $$
DECLARE
    partition regclass;
BEGIN
    FOR partition IN
        SELECT c.oid FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM redress_app', partition);
    END LOOP;
END $$;
-- What follows from movements and registrations is written by the database's own functions alone.
REVOKE INSERT, UPDATE ON requests, open_lines, lines, advances, transactions, postings, movement_states,
    schema_migrations FROM redress_app;
REVOKE UPDATE ON steps, ended, rulebooks, late_messages, contradictions, payload_keys, told_to_many, inbox_requests
    FROM redress_app;
-- A turn is taken and given back; nothing hangs on it but who delivers next.
GRANT DELETE ON inbox_turns TO redress_app;
-- What was said long ago of parcels that nobody watches is forgotten.
GRANT DELETE ON parcel_events TO redress_app;
-- So are the ids of reads whose signatures are no longer believed.
GRANT DELETE ON signed_requests TO redress_app;
