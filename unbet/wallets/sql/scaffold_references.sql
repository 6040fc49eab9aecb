-- How Unbet cancels bets in the tables @users@ and @transactions@, where @transactions@ cannot
-- have a unique key: a starting point, to be changed to what your columns are called, and reviewed by whoever
-- owns those tables. A small table has the key in its place, and Bet and Cancel both insert into it.
--
-- Read as columns of @users@: id, cash, bonus. Of @transactions@, one row a bet:
-- id, provider, reference, user_id, currency, cash and bonus (the parts of the stake), status
-- ('placed', 'refused', 'settled', 'cancelled'). Amounts are NUMERIC; provider and
-- reference are text of a deterministic collation (no citext): 'Ref-1' and 'ref-1' are two bets.

-- 1. The key ---------------------------------------------------------------------------------------
-- A row for each bet that came since, and for each cancel, with what the first cancel was told: every
-- repetition is told the same. A row is never removed. The index finds bets; it need not be unique.
CREATE TABLE IF NOT EXISTS @references@ (
    provider       text COLLATE "C" NOT NULL,
    reference      text COLLATE "C" NOT NULL,
    cancel_outcome text,                          -- NULL: not cancelled
    cancelled_at   timestamptz,
    cash_after     numeric(38, 18),
    PRIMARY KEY (provider, reference)
);
CREATE INDEX IF NOT EXISTS @index@
    ON @transactions@ (provider, reference);

-- 2. Your Bet ------------------------------------------------------------------------------------
-- It must insert its reference first, and go on only where it did insert, in one transaction with the
-- bet's row and the debit:
--
--     INSERT INTO @references@ (provider, reference) VALUES (...)
--         ON CONFLICT (provider, reference) DO NOTHING
--         RETURNING reference;
--
-- No row: the bet was here before, or its cancel was. Where @transactions@ has no such bet it was
-- the cancel: the bet is refused, and nothing is debited. A bet that you refuse, say for want of money, keeps
-- its rows, in @transactions@ with status 'refused'. Your Result settles a bet only where its status is
-- 'placed', with the row locked. Whatever locks rows of several tables locks @references@ first,
-- then @transactions@, then @users@.
--
-- Do this first: until every Bet does it, a bet that comes after its cancel is debited and stays so. The
-- function does not look again.

-- 3. The function --------------------------------------------------------------------------------
-- It runs in a transaction of Unbet's, which commits; it must not catch errors to go on without a
-- cancel. Locks: references, then bets, both by (provider, reference); then players by id.
CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $unbet$
#variable_conflict use_column
DECLARE
    asked record;
    known @references@;
    bet @transactions@;
    told text;
BEGIN
    -- The bet that still comes finds its reference taken. A bet that is just being placed is waited for.
    INSERT INTO @references@ (provider, reference)
    SELECT DISTINCT c.provider, c.reference
      FROM jsonb_to_recordset(cancels) AS c (provider text, reference text)
     ORDER BY c.provider, c.reference
        ON CONFLICT (provider, reference) DO NOTHING;

    PERFORM r.reference
       FROM @references@ AS r
      WHERE (r.provider, r.reference) IN (
                SELECT c.provider, c.reference
                  FROM jsonb_to_recordset(cancels) AS c (provider text, reference text)
            )
      ORDER BY r.provider, r.reference
        FOR UPDATE;

    PERFORM t.id
       FROM @transactions@ AS t
      WHERE (t.provider, t.reference) IN (
                SELECT c.provider, c.reference
                  FROM jsonb_to_recordset(cancels) AS c (provider text, reference text)
            )
      ORDER BY t.provider, t.reference, t.id
        FOR UPDATE;

    PERFORM u.id
       FROM @users@ AS u
      WHERE u.id IN (
                SELECT t.user_id
                  FROM jsonb_to_recordset(cancels) AS c (provider text, reference text)
                  JOIN @transactions@ AS t
                    ON t.provider = c.provider
                   AND t.reference = c.reference
            )
      ORDER BY u.id
        FOR UPDATE;

    FOR asked IN
        SELECT c.*
          FROM ROWS FROM (
                   jsonb_to_recordset(cancels)
                       AS (request_id uuid, provider text, reference text, player text,
                           currency text, amount numeric)
               ) WITH ORDINALITY AS c (request_id, provider, reference, player, currency, amount, position)
         ORDER BY c.position
    LOOP
        SELECT r.* INTO STRICT known
          FROM @references@ AS r
         WHERE r.provider = asked.provider
           AND r.reference = asked.reference;

        IF 1 < (SELECT count(*)
                  FROM @transactions@ AS t
                 WHERE t.provider = asked.provider
                   AND t.reference = asked.reference) THEN
            RAISE EXCEPTION 'there are several bets with the reference %', asked.reference;
        END IF;
        SELECT t.* INTO bet
          FROM @transactions@ AS t
         WHERE t.provider = asked.provider
           AND t.reference = asked.reference;

        -- A status that is none of these has no outcome, and Unbet parks the cancel.
        told := CASE
            WHEN known.cancel_outcome = 'no_bet' OR bet.id IS NULL THEN 'no_bet'
            -- These three bind nobody: the right cancel still works. What a cancel does not say is NULL, and
            -- not compared.
            WHEN bet.user_id <> asked.player THEN 'mismatch'
            WHEN bet.currency <> asked.currency THEN 'currency_mismatch'
            WHEN bet.cash + bet.bonus <> asked.amount THEN 'amount_mismatch'
            WHEN known.cancel_outcome IS NOT NULL THEN known.cancel_outcome
            WHEN bet.status = 'placed' THEN 'reversed'
            WHEN bet.status = 'refused' THEN 'bet_refused'
            WHEN bet.status = 'settled' THEN 'settled'
        END;

        replayed := known.cancel_outcome IS NOT NULL;
        IF NOT replayed AND told NOT IN ('mismatch', 'currency_mismatch', 'amount_mismatch') THEN
            IF told = 'reversed' THEN
                -- Whatever the player is by now, blocked or not; to where the stake came from.
                UPDATE @users@ AS u
                   SET cash = u.cash + bet.cash, bonus = u.bonus + bet.bonus
                 WHERE u.id = bet.user_id;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'bet % has no player %', bet.id, bet.user_id;
                END IF;
                UPDATE @transactions@ AS t SET status = 'cancelled' WHERE t.id = bet.id;
            END IF;
            UPDATE @references@ AS r
               SET cancel_outcome = told,
                   cancelled_at = now(),
                   cash_after = (SELECT u.cash FROM @users@ AS u WHERE u.id = coalesce(bet.user_id, asked.player))
             WHERE r.provider = asked.provider
               AND r.reference = asked.reference
            RETURNING r.* INTO STRICT known;
        END IF;

        request_id := asked.request_id;
        outcome := told;
        wallet_ref := bet.id;
        -- Another player's cash is nobody's business.
        cash := CASE WHEN bet.id IS NOT NULL
                          AND told NOT IN ('mismatch', 'currency_mismatch', 'amount_mismatch')
                          AND (bet.user_id = asked.player AND bet.currency = asked.currency) IS NOT FALSE
                     THEN known.cash_after END;
        RETURN NEXT;
    END LOOP;
END
$unbet$;

-- It has its owner's rights, so that Unbet's login needs none on your tables.
REVOKE ALL ON FUNCTION public.unbet_cancel(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.unbet_cancel(jsonb) TO unbet_worker;
