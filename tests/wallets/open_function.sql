-- An operator's function that leaves nothing behind for a bet that it does not know, and looks again each time.
CREATE OR REPLACE FUNCTION public.unbet_cancel(cancels jsonb)
RETURNS TABLE (request_id uuid, outcome text, wallet_ref text, cash numeric, replayed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $unbet$
#variable_conflict use_column
DECLARE
    asked record;
    bet public.transactions;
BEGIN
    FOR asked IN
        SELECT * FROM jsonb_to_recordset(cancels)
                          AS (request_id uuid, provider text, reference text)
         ORDER BY provider, reference
    LOOP
        SELECT t.* INTO bet
          FROM public.transactions AS t
         WHERE t.provider = asked.provider AND t.reference = asked.reference
           FOR UPDATE;
        request_id := asked.request_id;
        wallet_ref := bet.id;
        replayed := coalesce(bet.status = 'cancelled', false);
        outcome := CASE bet.status WHEN 'placed' THEN 'reversed'
                                   WHEN 'cancelled' THEN 'reversed'
                                   WHEN 'settled' THEN 'settled'
                                   WHEN 'refused' THEN 'bet_refused'
                                   ELSE 'no_bet' END;
        IF bet.status = 'placed' THEN
            UPDATE public.transactions AS t SET status = 'cancelled' WHERE t.id = bet.id;
            UPDATE public.users AS u SET cash = u.cash + bet.cash, bonus = u.bonus + bet.bonus
             WHERE u.id = bet.user_id;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$unbet$;
CREATE UNIQUE INDEX ON public.transactions (provider, reference);
GRANT EXECUTE ON FUNCTION public.unbet_cancel(jsonb) TO unbet_worker;
