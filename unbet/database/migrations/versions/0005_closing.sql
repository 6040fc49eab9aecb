-- Closing a cancel is a decision like any other: it stands in the row of its bet, as the outcome
-- `closed`. A bet that stood goes on standing; where there is none, a tombstone refuses it. Only a person
-- takes it back, on record.

-- Not validated: that would read the whole table, and `unbet audit` has said the same of it so far.
ALTER TABLE bets ADD CONSTRAINT an_outcome_fits_its_state CHECK (
    CASE outcome WHEN 'reversed'    THEN state = 'reversed'
                 WHEN 'no_bet'      THEN state = 'tombstone'
                 WHEN 'bet_refused' THEN state = 'refused'
                 WHEN 'settled'     THEN state = 'settled'
                 WHEN 'closed'      THEN state <> 'reversed'
                 ELSE outcome IS NULL AND state <> 'reversed' END
) NOT VALID;

ALTER TABLE interventions
    DROP CONSTRAINT interventions_action_check,
    ADD CONSTRAINT interventions_action_check
        CHECK (action IN ('retry', 'close', 'reopen')) NOT VALID,
    DROP CONSTRAINT a_close_has_a_reason,
    ADD CONSTRAINT what_decides_has_a_reason
        CHECK (action = 'retry' OR coalesce(reason, '') <> '') NOT VALID;

-- What was closed before this revision binds from now on as well: whoever closed it took it for done.
-- Left as it was is what was decided otherwise since then, what was closed for another player or
-- currency than the bet's, and what cannot be read.
DO $$
DECLARE
    closed  record;
    request jsonb;
BEGIN
    FOR closed IN
        SELECT parked.request_id, parked.provider, parked.reference, parked.cancel,
               max(interventions.made_at) AS closed_at
          FROM parked
          JOIN interventions USING (request_id)
         WHERE parked.state = 'closed' AND action = 'close'
         GROUP BY parked.request_id
         ORDER BY parked.provider, parked.reference, closed_at
    LOOP
        BEGIN
            request := CAST(closed.cancel AS jsonb) -> 'request';
        EXCEPTION WHEN data_exception THEN
            request := NULL;
        END;
        CONTINUE WHEN request ->> 'user_id' IS NULL OR request ->> 'currency' IS NULL;
        UPDATE bets
           SET outcome = 'closed', cancelled_at = closed.closed_at,
               cancel_request_id = closed.request_id
         WHERE provider = closed.provider AND reference = closed.reference AND outcome IS NULL
           AND user_id = request ->> 'user_id' AND currency = request ->> 'currency';
        INSERT INTO bets (provider, reference, state, user_id, currency, outcome, cancelled_at,
                          cancel_request_id)
        VALUES (closed.provider, closed.reference, 'tombstone', request ->> 'user_id',
                request ->> 'currency', 'closed', closed.closed_at, closed.request_id)
            ON CONFLICT (reference, provider) DO NOTHING;
    END LOOP;
END $$;

-- The first decision is final. Of a closed one the bet's result may still come, and it may be reopened.
DROP TRIGGER first_decision_is_final ON bets;
CREATE TRIGGER first_decision_is_final BEFORE UPDATE ON bets FOR EACH ROW
    WHEN ((OLD.outcome IS NOT NULL
           AND NOT (OLD.outcome = 'closed'
                    AND (OLD.state = 'placed' AND NEW.state = 'settled'
                         AND (OLD.outcome, OLD.cancelled_at, OLD.cancel_request_id, OLD.cash_after)
                             IS NOT DISTINCT FROM
                             (NEW.outcome, NEW.cancelled_at, NEW.cancel_request_id, NEW.cash_after)
                         OR NEW.state = OLD.state AND NEW.outcome IS NULL
                         AND NEW.cancelled_at IS NULL AND NEW.cancel_request_id IS NULL
                         AND NEW.cash_after IS NULL)))
          OR (OLD.state IN ('refused', 'settled', 'tombstone') AND NEW.state <> OLD.state)
          OR (OLD.provider, OLD.reference, OLD.user_id, OLD.currency, OLD.amount)
             IS DISTINCT FROM (NEW.provider, NEW.reference, NEW.user_id, NEW.currency, NEW.amount))
    EXECUTE FUNCTION refuse_change();

-- A closing is of a parked cancel, and on record with it; so is what takes it back. Who may not write the
-- record, as a worker, can do neither.
CREATE FUNCTION require_closing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT
                     FROM interventions
                     JOIN parked USING (request_id)
                    WHERE interventions.request_id = NEW.cancel_request_id
                      AND parked.provider = NEW.provider AND parked.reference = NEW.reference
                      AND action = 'close' AND made_at = now() AND state = 'closed') THEN
        RAISE EXCEPTION 'a person closes a parked cancel, on record: not so for %', NEW.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_closing_is_on_record BEFORE UPDATE ON bets FOR EACH ROW
    WHEN (OLD.outcome IS NULL AND NEW.outcome = 'closed')
    EXECUTE FUNCTION require_closing();
CREATE TRIGGER a_closed_tombstone_is_on_record BEFORE INSERT ON bets FOR EACH ROW
    WHEN (NEW.outcome = 'closed')
    EXECUTE FUNCTION require_closing();

CREATE FUNCTION require_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT
                     FROM interventions
                    WHERE provider = NEW.provider AND reference = NEW.reference
                      AND action = 'reopen' AND made_at = now()) THEN
        RAISE EXCEPTION 'a person reopens a closed cancel, on record: not so for %', NEW.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_reopening_is_on_record BEFORE UPDATE ON bets FOR EACH ROW
    WHEN (OLD.outcome = 'closed' AND NEW.outcome IS NULL)
    EXECUTE FUNCTION require_reopening();

-- A tombstone refuses a bet for ever. Other than a closed one it is left by who decides cancels, and who
-- decides them records them.
CREATE FUNCTION refuse_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'permission denied: % may leave tombstones of closed cancels only', current_user
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER a_tombstone_is_of_who_decides BEFORE INSERT ON bets FOR EACH ROW
    WHEN (NEW.state = 'tombstone' AND NEW.outcome IS DISTINCT FROM 'closed'
          AND NOT has_column_privilege('requests'::regclass, 'body', 'INSERT'))
    EXECUTE FUNCTION refuse_tombstone();
