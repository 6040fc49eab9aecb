-- Which deployment this database is of: what is on its way in Redis, or on a receiver's disk, names
-- it, and is decided in no other database. The newest row counts; a copy is given a row of its own
-- (`unbet deployment renew`).

CREATE TABLE deployment (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          uuid NOT NULL,
    -- The server's own identifier and the database's, where it was recorded: a restored dump is
    -- found by it. NULL where the server does not tell.
    origin      text,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    recorded_by text NOT NULL
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON deployment
    EXECUTE FUNCTION refuse_change();

DO $$
DECLARE
    origin text;
BEGIN
    BEGIN
        SELECT format('%s/%s', system_identifier, oid) INTO origin
          FROM pg_control_system(), pg_database
         WHERE datname = current_database();
    EXCEPTION WHEN insufficient_privilege THEN
        origin := NULL;
    END;
    INSERT INTO deployment (id, origin, recorded_by)
    VALUES (gen_random_uuid(), origin, 'unbet migrate');
END $$;
