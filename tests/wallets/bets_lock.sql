-- Bet and Result as `unbet wallet scaffold --late-bets lock` wants them: the player is locked first.

CREATE OR REPLACE FUNCTION public.place_bet(
    bet_provider text, bet_reference text, player text, bet_currency text, amount numeric
) RETURNS text LANGUAGE plpgsql AS $bet$
DECLARE
    bet public.transactions;
    wallet public.users;
    from_cash numeric;
BEGIN
    SELECT * INTO wallet FROM public.users WHERE id = player FOR UPDATE;
    SELECT * INTO bet FROM public.transactions
     WHERE provider = bet_provider AND reference = bet_reference AND user_id = player;
    IF FOUND THEN
        RETURN bet.status;
    END IF;
    IF wallet.id IS NULL OR wallet.currency <> bet_currency OR wallet.frozen
       OR wallet.cash + wallet.bonus < amount THEN
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

CREATE OR REPLACE FUNCTION public.settle_bet(bet_provider text, bet_reference text, amount numeric)
RETURNS text LANGUAGE plpgsql AS $result$
DECLARE
    bet public.transactions;
BEGIN
    PERFORM FROM public.users
      WHERE id = (SELECT user_id FROM public.transactions
                   WHERE provider = bet_provider AND reference = bet_reference)
        FOR UPDATE;
    SELECT * INTO bet FROM public.transactions
     WHERE provider = bet_provider AND reference = bet_reference
       FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'unknown';
    ELSIF bet.status <> 'placed' THEN
        RETURN bet.status;
    END IF;
    UPDATE public.transactions SET status = 'settled', win = amount WHERE id = bet.id;
    UPDATE public.users SET cash = cash + amount WHERE id = bet.user_id;
    RETURN 'settled';
END
$result$;
