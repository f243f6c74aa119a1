-- The partitions of every partitioned table: one for each month of the complaints' numbers, made ahead, and one for
-- everything else (C202611… to C202612… is a range of texts: every number and every key begins with its complaint's date).

-- What a partition is called, and the numbers that are in it.
CREATE FUNCTION partition_of(parent regclass, month date) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT relname || to_char(month, '_YYYYMM') FROM pg_class WHERE oid = parent
$$;

CREATE FUNCTION other_of(parent regclass) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT relname || '_other' FROM pg_class WHERE oid = parent
$$;

CREATE FUNCTION first_number(month date) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(month, '"C"YYYYMM')
$$;

-- Tables in the order in which they were made, which is that of what refers to what.
CREATE FUNCTION partitioned_tables() RETURNS SETOF regclass LANGUAGE sql STABLE AS $$
    SELECT c.oid::regclass FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND p.partstrat = 'r'
    ORDER BY c.oid
$$;

-- Whoever names a partition instead of its table meets the same triggers: those for each row come with the partition,
-- those for each statement are repeated here. Indexes are called as those of the table, since a refusal names them.
CREATE FUNCTION guard_partition(parent regclass, partition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    definition text;
    one record;
BEGIN
    FOR definition IN
        SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = parent AND NOT tgisinternal AND tgtype & 1 = 0
    LOOP
        EXECUTE regexp_replace(definition, ' ON \S+ FOR EACH STATEMENT ', format(' ON %I FOR EACH STATEMENT ', partition));
    END LOOP;
    FOR one IN
        SELECT ours.relname AS name, theirs.relname || substring(partition FROM '_[^_]+$') AS new_name
        FROM pg_index x
        JOIN pg_class ours ON ours.oid = x.indexrelid
        JOIN pg_inherits i ON i.inhrelid = ours.oid
        JOIN pg_class theirs ON theirs.oid = i.inhparent
        WHERE x.indrelid = to_regclass(partition)
    LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', one.name, one.new_name);
    END LOOP;
END $$;

-- Whether the partition for everything else has rows of a month: then the month stays there. Rows are never moved, since
-- that would be to delete what is append-only.
CREATE FUNCTION is_elsewhere(parent regclass, month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    numbered text := substring(pg_get_partkeydef(parent) FROM '\((\w+)');
    found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= $1 AND %2$I < $2)', other_of(parent), numbered)
    INTO found USING first_number(month), first_number((month + interval '1 month')::date);
    RETURN found;
END $$;

-- Makes the partition of a month, or the one for everything else where none is given; false where the month is elsewhere.
-- It waits for others half a second and gives up before the database would see a deadlock: so it is this one that comes
-- again, never whoever was at work on a complaint.
CREATE FUNCTION make_partition(parent regclass, month date) RETURNS boolean LANGUAGE plpgsql
    SET lock_timeout = '500ms'
AS $$
DECLARE
    partition text := coalesce(partition_of(parent, month), other_of(parent));
    bounds text := format(
        'FOR VALUES FROM (%L) TO (%L)', first_number(month), first_number((month + interval '1 month')::date)
    );
BEGIN
    IF month IS NULL THEN
        bounds := 'DEFAULT';
    ELSIF is_elsewhere(parent, month) THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE %I PARTITION OF %s %s', partition, parent, bounds);
    PERFORM guard_partition(parent, partition);
    RETURN true;
EXCEPTION
    WHEN check_violation THEN
        RETURN false;  -- a row of that month came in meanwhile
END $$;

CREATE FUNCTION has_rows(tables regclass[], month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    parent regclass;
    found boolean := false;
BEGIN
    FOREACH parent IN ARRAY tables LOOP
        IF NOT found AND to_regclass(partition_of(parent, month)) IS NOT NULL THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %I)', partition_of(parent, month)) INTO found;
        END IF;
    END LOOP;
    RETURN found;
END $$;

-- Makes the partitions of so many months from that of a day on, and the one for everything else, and says which. What is
-- there stays as it is, and nothing is locked for it; a month that is elsewhere is said to be not made every time.
CREATE FUNCTION make_partitions(from_day date, months integer) RETURNS TABLE (partition text, made boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    parent regclass;
    month date;
BEGIN
    FOR parent, month, partition IN
        SELECT t, m, CASE WHEN m IS NULL THEN other_of(t) ELSE partition_of(t, m) END
        FROM partitioned_tables() AS t, (
            SELECT NULL::date UNION ALL
            SELECT (date_trunc('month', from_day::timestamp) + make_interval(months => n))::date
            FROM generate_series(0, months - 1) AS n
        ) AS due (m)
        WHERE to_regclass(CASE WHEN m IS NULL THEN other_of(t) ELSE partition_of(t, m) END) IS NULL
        ORDER BY m NULLS FIRST, t
    LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('partitions', 0));  -- who makes them at the same moment waits
        -- Not by to_regclass: it remembers that there was none before the wait.
        IF NOT EXISTS (
            SELECT FROM pg_class c WHERE c.relname = partition AND c.relnamespace = current_schema()::regnamespace
        ) THEN
            made := make_partition(parent, month);
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- Drops the partitions of the months that were over before a day, and before today, where no table has a row of that
-- month; says which. A month with a row in one table keeps all its partitions.
CREATE FUNCTION drop_empty_partitions(before_day date) RETURNS SETOF text LANGUAGE plpgsql
    SET lock_timeout = '500ms'
AS $$
DECLARE
    month date;
    tables regclass[] := ARRAY(SELECT partitioned_tables());
    parent regclass;
    partition text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('partitions', 0));
    FOR month IN
        SELECT DISTINCT to_date(right(c.relname, 6), 'YYYYMM')
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = ANY (tables) AND c.relname ~ '_\d{6}$'
        ORDER BY 1
    LOOP
        CONTINUE WHEN month + interval '1 month' > least(before_day, current_date) OR has_rows(tables, month);
        FOREACH parent IN ARRAY tables LOOP
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', parent);  -- nothing comes in any more
        END LOOP;
        CONTINUE WHEN has_rows(tables, month);
        FOREACH parent IN ARRAY ARRAY(SELECT t FROM unnest(tables) AS t ORDER BY t DESC) LOOP  -- what refers to others first
            partition := partition_of(parent, month);
            IF to_regclass(partition) IS NOT NULL THEN
                EXECUTE format('ALTER TABLE %s DETACH PARTITION %I', parent, partition);
                EXECUTE format('DROP TABLE %I', partition);
                RETURN NEXT partition;
            END IF;
        END LOOP;
    END LOOP;
END $$;

-- The role that workers have makes partitions, too; only the owner drops any.
REVOKE EXECUTE ON FUNCTION drop_empty_partitions(date) FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION make_partitions(date, integer) SECURITY DEFINER SET search_path = %I, pg_temp', current_schema()
    );
END $$;
