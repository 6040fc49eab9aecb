-- How Unbet cancels bets in the tables public.users and public.transactions: a starting point, to be
-- changed to what your columns are called, and reviewed by whoever owns those tables.
--
-- Read as columns of public.users: id, cash, bonus. Of public.transactions, one row a bet:
-- id, provider, reference, user_id, currency, cash and bonus (the parts of the stake), status
-- ('placed', 'refused', 'settled', 'cancelled'). Amounts are NUMERIC; provider and
-- reference are text of a deterministic collation (no citext): 'Ref-1' and 'ref-1' are two bets. A user_id
-- must be allowed that is not in public.users: a cancel may name a player who never was.

-- 1. What such tables usually lack ---------------------------------------------------------------
-- Without this key two requests can write the same bet twice. Where the table is in use, make it with
-- CREATE UNIQUE INDEX CONCURRENTLY, outside of a transaction; rows that are doubled already are found by
--     SELECT provider, reference FROM public.transactions GROUP BY 1, 2 HAVING count(*) > 1;
CREATE UNIQUE INDEX IF NOT EXISTS transactions_once
    ON public.transactions (provider, reference);

-- What the first cancel was told: every repetition is told the same.
ALTER TABLE public.transactions
    ADD COLUMN IF NOT EXISTS cancel_outcome text,
    ADD COLUMN IF NOT EXISTS cancelled_at timestamptz,
    ADD COLUMN IF NOT EXISTS cash_after numeric(38, 18);

-- A provider's cancel may name no player or no currency, and neither does the row that it leaves.
ALTER TABLE public.transactions
    ALTER COLUMN user_id DROP NOT NULL,
    ALTER COLUMN currency DROP NOT NULL;

-- 2. Your Bet ------------------------------------------------------------------------------------
-- It must insert its row under that key first, and debit only where it did insert, in one transaction:
--
--     INSERT INTO public.transactions (provider, reference, ...) VALUES (...)
--         ON CONFLICT (provider, reference) DO NOTHING
--         RETURNING id;
--
-- No row: the bet was here before, or its cancel was. Read the row: with status 'cancelled' the bet is
-- refused, and nothing is debited. A bet that you refuse, say for want of money, keeps its row, with
-- status 'refused'. Your Result settles a bet only where its status is 'placed', with the row locked.
-- Whatever locks rows of both tables locks public.transactions first, then public.users.

-- 3. The function --------------------------------------------------------------------------------
-- It runs in a transaction of Unbet's, which commits; it must not catch errors to go on without a
-- cancel. Locks: tombstones' keys, then bets, both by (provider, reference); then players by id.
CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $unbet$
#variable_conflict use_column
DECLARE
    asked record;
    bet record;
    told text;
BEGIN
    -- A tombstone for each bet that is not there: the bet that still comes finds its key taken. A bet
    -- that is just being placed is waited for.
    INSERT INTO public.transactions (provider, reference, user_id, currency, cash, bonus, status)
    SELECT DISTINCT ON (c.provider, c.reference)
           c.provider, c.reference, c.player, c.currency, 0, 0, 'cancelled'
      FROM ROWS FROM (
               jsonb_to_recordset(cancels)
                   AS (provider text, reference text, player text, currency text)
           ) WITH ORDINALITY AS c (provider, reference, player, currency, position)
     ORDER BY c.provider, c.reference, c.position
        ON CONFLICT (provider, reference) DO NOTHING;

    PERFORM t.id
       FROM public.transactions AS t
      WHERE (t.provider, t.reference) IN (
                SELECT c.provider, c.reference
                  FROM jsonb_to_recordset(cancels) AS c (provider text, reference text)
            )
      ORDER BY t.provider, t.reference
        FOR UPDATE;

    PERFORM u.id
       FROM public.users AS u
      WHERE u.id IN (
                SELECT t.user_id
                  FROM jsonb_to_recordset(cancels) AS c (provider text, reference text)
                  JOIN public.transactions AS t
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
        SELECT t.* INTO STRICT bet
          FROM public.transactions AS t
         WHERE t.provider = asked.provider
           AND t.reference = asked.reference;

        -- A status that is none of these has no outcome, and Unbet parks the cancel.
        told := CASE
            WHEN bet.cancel_outcome = 'no_bet' THEN 'no_bet'
            WHEN bet.status = 'cancelled' AND bet.cancel_outcome IS NULL THEN 'no_bet'
            -- These three bind nobody: the right cancel still works. What a cancel does not say is NULL, and
            -- not compared.
            WHEN bet.user_id <> asked.player THEN 'mismatch'
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
                UPDATE public.users AS u
                   SET cash = u.cash + bet.cash, bonus = u.bonus + bet.bonus
                 WHERE u.id = bet.user_id;
                IF NOT FOUND THEN
                    RAISE EXCEPTION 'bet % has no player %', bet.id, bet.user_id;
                END IF;
            END IF;
            UPDATE public.transactions AS t
               SET status = CASE told WHEN 'reversed' THEN 'cancelled' ELSE t.status END,
                   cancel_outcome = told,
                   cancelled_at = now(),
                   cash_after = (SELECT u.cash FROM public.users AS u WHERE u.id = bet.user_id)
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
