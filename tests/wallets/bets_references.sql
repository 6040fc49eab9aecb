-- Bet as `unbet wallet scaffold --late-bets references` wants it; Result is the example's.

CREATE OR REPLACE FUNCTION public.place_bet(
    bet_provider text, bet_reference text, player text, bet_currency text, amount numeric
) RETURNS text LANGUAGE plpgsql AS $bet$
DECLARE
    bet public.transactions;
    wallet public.users;
    from_cash numeric;
BEGIN
    INSERT INTO public.unbet_references (provider, reference) VALUES (bet_provider, bet_reference)
        ON CONFLICT (provider, reference) DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO bet FROM public.transactions
         WHERE provider = bet_provider AND reference = bet_reference;
        RETURN coalesce(bet.status, 'cancelled');
    END IF;
    SELECT * INTO wallet FROM public.users WHERE id = player AND currency = bet_currency FOR UPDATE;
    IF NOT FOUND OR wallet.frozen OR wallet.cash + wallet.bonus < amount THEN
        INSERT INTO public.transactions (provider, reference, user_id, currency, status)
        VALUES (bet_provider, bet_reference, player, bet_currency, 'refused');
        RETURN 'refused';
    END IF;
    from_cash := least(wallet.cash, amount);
    UPDATE public.users SET cash = cash - from_cash, bonus = bonus - (amount - from_cash)
     WHERE id = player;
    INSERT INTO public.transactions (provider, reference, user_id, currency, cash, bonus, status)
    VALUES (bet_provider, bet_reference, player, bet_currency, from_cash, amount - from_cash, 'placed');
    RETURN 'placed';
END
$bet$;
