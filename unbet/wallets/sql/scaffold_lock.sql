-- How Unbet cancels bets in the tables @users@ and @transactions@, where neither can have a
-- new key, nor a table be added: a starting point, to be changed to what your columns are called, and reviewed
-- by whoever owns those tables. The lock on the player's row stands in for the key: Bet and Cancel both take it
-- BEFORE they look whether the other was here. One that looks first and locks then lets both through.
--
-- Read as columns of @users@: id, cash, bonus. Of @transactions@, one row a bet:
-- id, provider, reference, user_id, currency, cash and bonus (the parts of the stake), status
-- ('placed', 'refused', 'settled', 'cancelled'). Amounts are NUMERIC; provider and
-- reference are text of a deterministic collation (no citext): 'Ref-1' and 'ref-1' are two bets. A user_id
-- must be allowed that is not in @users@: a cancel may name a player who never was.

-- 1. What is added -------------------------------------------------------------------------------
-- What the first cancel was told: every repetition is told the same. The index finds bets; it need not
-- be unique.
ALTER TABLE @transactions@
    ADD COLUMN IF NOT EXISTS cancel_outcome text,
    ADD COLUMN IF NOT EXISTS cancelled_at timestamptz,
    ADD COLUMN IF NOT EXISTS cash_after numeric(38, 18);
CREATE INDEX IF NOT EXISTS @index@
    ON @transactions@ (provider, reference);

-- A provider's cancel may name no currency, and neither does the row that it leaves.
ALTER TABLE @transactions@ ALTER COLUMN currency DROP NOT NULL;

-- 2. Your Bet ------------------------------------------------------------------------------------
-- It must lock the player first, and only then look for the reference, in one transaction with the debit.
-- Both are statements of their own, at READ COMMITTED: the second must see what the lock was waited for.
--
--     SELECT ... FROM @users@ WHERE id = ... FOR UPDATE;
--     SELECT ... FROM @transactions@
--      WHERE provider = ... AND reference = ... AND user_id = ...;
--
-- A row: the bet was here before, or its cancel was: with status 'cancelled' the bet is refused, and nothing is
-- debited. No row: insert the bet, and debit. A bet that you refuse, say for want of money, gets a row with
-- status 'refused'. Your Result settles a bet only where its status is 'placed', with the player locked.
-- Whatever locks rows of both tables locks @users@ first, then @transactions@. A player
-- has a row in @users@ for some seconds before the first bet: there is no other lock.
--
-- A cancel that names no player is about the bet's own. Where there is no such bet there is nobody to lock, and
-- a bet that still comes could not be refused: the function fails, and Unbet keeps the cancel for a person. For
-- a provider that names no player one of the other two scaffolds is right.
--
-- Do this first: until every Bet does it, a bet that comes after its cancel is debited and stays so. The
-- function does not look again.

-- 3. The function --------------------------------------------------------------------------------
-- It runs in a transaction of Unbet's, which commits; it must not catch errors to go on without a
-- cancel. Locks: players by id, then bets by (provider, reference).
CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $unbet$
#variable_conflict use_column
DECLARE
    asked record;
    bet @transactions@;
    told text;
BEGIN
    -- Those who cancel, or whose bet is cancelled by one that names no player: nobody else's bet is changed.
    -- From here on none of them places a bet.
    PERFORM u.id
       FROM @users@ AS u
      WHERE u.id IN (
                SELECT c.player FROM jsonb_to_recordset(cancels) AS c (player text)
                 UNION
                SELECT t.user_id
                  FROM jsonb_to_recordset(cancels) AS c (provider text, reference text, player text)
                  JOIN @transactions@ AS t
                    ON t.provider = c.provider
                   AND t.reference = c.reference
                 WHERE c.player IS NULL
            )
      ORDER BY u.id
        FOR UPDATE;

    PERFORM t.id
       FROM @transactions@ AS t
      WHERE EXISTS (
                SELECT
                  FROM jsonb_to_recordset(cancels)
                           AS c (provider text, reference text, player text)
                 WHERE c.provider = t.provider
                   AND c.reference = t.reference
                   AND (c.player IS NULL OR c.player = t.user_id)
            )
      ORDER BY t.provider, t.reference, t.id
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
        IF 1 < (SELECT count(*)
                  FROM @transactions@ AS t
                 WHERE t.provider = asked.provider
                   AND t.reference = asked.reference
                   AND CASE WHEN asked.player IS NULL THEN t.cancel_outcome IS DISTINCT FROM 'no_bet'
                            ELSE t.user_id = asked.player END) THEN
            RAISE EXCEPTION 'there are several bets with the reference %', asked.reference;
        END IF;
        -- The player's own, or else another one's bet; what another player's cancel has left is not looked at.
        SELECT t.* INTO bet
          FROM @transactions@ AS t
         WHERE t.provider = asked.provider
           AND t.reference = asked.reference
           AND (asked.player IS NULL OR t.user_id = asked.player
                OR t.cancel_outcome IS DISTINCT FROM 'no_bet')
         ORDER BY (t.user_id = asked.player) DESC, (t.cancel_outcome IS DISTINCT FROM 'no_bet') DESC
         LIMIT 1;
        IF NOT FOUND AND asked.player IS NULL THEN
            RAISE EXCEPTION 'there is no bet %, and its cancel names no player', asked.reference;
        END IF;
        IF NOT FOUND THEN
            -- The bet that still comes finds this row.
            INSERT INTO @transactions@
                   (provider, reference, user_id, currency, cash, bonus, status)
            VALUES (asked.provider, asked.reference, asked.player, asked.currency, 0, 0, 'cancelled')
            RETURNING * INTO STRICT bet;
        END IF;

        -- A status that is none of these has no outcome, and Unbet parks the cancel.
        told := CASE
            -- These three bind nobody: the right cancel still works. What a cancel does not say is NULL, and
            -- not compared.
            WHEN bet.user_id <> asked.player THEN 'mismatch'
            WHEN bet.cancel_outcome = 'no_bet' THEN 'no_bet'
            WHEN bet.status = 'cancelled' AND bet.cancel_outcome IS NULL THEN 'no_bet'
            WHEN bet.currency <> asked.currency THEN 'currency_mismatch'
            WHEN bet.cash + bet.bonus <> asked.amount THEN 'amount_mismatch'
            WHEN bet.cancel_outcome IS NOT NULL THEN bet.cancel_outcome
            WHEN bet.status = 'placed' THEN 'reversed'
            WHEN bet.status = 'refused' THEN 'bet_refused'
            WHEN bet.status = 'settled' THEN 'settled'
        END;

        replayed := bet.cancel_outcome IS NOT NULL;
        IF NOT replayed AND told NOT IN ('mismatch', 'currency_mismatch', 'amount_mismatch') THEN
            IF told = 'reversed' THEN
                -- Whatever the player is by now, blocked or not; to where the stake came from.
                UPDATE @users@ AS u
                   SET cash = u.cash + bet.cash, bonus = u.bonus + bet.bonus
                 WHERE u.id = bet.user_id;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'bet % has no player %', bet.id, bet.user_id;
                END IF;
            END IF;
            UPDATE @transactions@ AS t
               SET status = CASE told WHEN 'reversed' THEN 'cancelled' ELSE t.status END,
                   cancel_outcome = told,
                   cancelled_at = now(),
                   cash_after = (SELECT u.cash FROM @users@ AS u WHERE u.id = bet.user_id)
             WHERE t.id = bet.id
            RETURNING t.* INTO STRICT bet;
        END IF;

        request_id := asked.request_id;
        outcome := told;
        wallet_ref := bet.id;
        -- Another player's cash is nobody's business.
        cash := CASE WHEN told NOT IN ('mismatch', 'currency_mismatch', 'amount_mismatch')
                          AND (bet.user_id = asked.player AND bet.currency = asked.currency) IS NOT FALSE
                     THEN bet.cash_after END;
        RETURN NEXT;
    END LOOP;
END
$unbet$;

-- It has its owner's rights, so that Unbet's login needs none on your tables.
REVOKE ALL ON FUNCTION public.unbet_cancel(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.unbet_cancel(jsonb) TO unbet_worker;
