-- What Unbet remembers is in the schema `unbet`, the money of the built-in ledger in `unbet_ledger`, so that
-- both can live in the operator's own database. `migrate.py` has made the schemas, and has set the search path
-- to where the tables are: to `public` in an installation of revision 0005 or older, else to `unbet`.

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['players', 'accounts', 'bets', 'late_bets', 'transfers', 'entries', 'deposits',
                                'wins']
    LOOP
        EXECUTE format('ALTER TABLE %I SET SCHEMA unbet_ledger', name);
    END LOOP;
    ALTER FUNCTION require_balanced_transfers() SET SCHEMA unbet_ledger;
    ALTER FUNCTION require_closing() SET SCHEMA unbet_ledger;
    ALTER FUNCTION require_reopening() SET SCHEMA unbet_ledger;
    ALTER FUNCTION refuse_tombstone() SET SCHEMA unbet_ledger;
    IF current_schema() <> 'unbet' THEN
        FOREACH name IN ARRAY ARRAY['requests', 'answers', 'parked', 'parkings', 'interventions', 'deployment']
        LOOP
            EXECUTE format('ALTER TABLE %I SET SCHEMA unbet', name);
        END LOOP;
        ALTER FUNCTION refuse_change() SET SCHEMA unbet;
    END IF;
END $$;

-- These name tables, and whoever runs them may have any search path.
CREATE OR REPLACE FUNCTION unbet_ledger.require_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT
                     FROM unbet.interventions
                     JOIN unbet.parked USING (request_id)
                    WHERE interventions.request_id = NEW.cancel_request_id
                      AND parked.provider = NEW.provider AND parked.reference = NEW.reference
                      AND action = 'close' AND made_at = now() AND state = 'closed') THEN
        RAISE EXCEPTION 'a person closes a parked cancel, on record: not so for %', NEW.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION unbet_ledger.require_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT
                     FROM unbet.interventions
                    WHERE provider = NEW.provider AND reference = NEW.reference
                      AND action = 'reopen' AND made_at = now()) THEN
        RAISE EXCEPTION 'a person reopens a closed cancel, on record: not so for %', NEW.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
