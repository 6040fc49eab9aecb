-- What the casino's Bet and Result endpoints call, one transaction each. Both may be repeated.
-- Locks are taken in the order of unbet_cancel.sql: the bet first, then the player.

-- 'placed', 'refused' (no such player, blocked, or not enough money), 'cancelled' (its cancel was here
-- first), 'settled', or 'conflict': another bet has this reference.
CREATE FUNCTION public.place_bet(
    bet_provider text, bet_reference text, player text, bet_currency text, amount numeric
) RETURNS text LANGUAGE plpgsql AS $bet$
DECLARE
    bet public.transactions;
    wallet public.users;
    from_cash numeric;
BEGIN
    -- The key before the money: of a bet and its cancel that race, one comes second and sees the other.
    INSERT INTO public.transactions (provider, reference, user_id, currency, status)
    VALUES (bet_provider, bet_reference, player, bet_currency, 'placed')
        ON CONFLICT (provider, reference) DO NOTHING
    RETURNING * INTO bet;
    IF NOT FOUND THEN
        SELECT * INTO STRICT bet FROM public.transactions
         WHERE provider = bet_provider AND reference = bet_reference;
        IF bet.status IN ('cancelled', 'refused') THEN
            RETURN bet.status;
        ELSIF (bet.user_id, bet.currency, bet.cash + bet.bonus)
              IS DISTINCT FROM (player, bet_currency, amount) THEN
            RETURN 'conflict';
        END IF;
        RETURN bet.status;
    END IF;

    SELECT * INTO wallet FROM public.users WHERE id = player AND currency = bet_currency FOR UPDATE;
    IF NOT FOUND OR wallet.frozen OR wallet.cash + wallet.bonus < amount THEN
        -- The row stays: a refused bet's cancel has nothing to give back, and says so.
        UPDATE public.transactions SET status = 'refused' WHERE id = bet.id;
        RETURN 'refused';
    END IF;
    from_cash := least(wallet.cash, amount);
    UPDATE public.users SET cash = cash - from_cash, bonus = bonus - (amount - from_cash)
     WHERE id = player;
    UPDATE public.transactions SET cash = from_cash, bonus = amount - from_cash WHERE id = bet.id;
    RETURN 'placed';
END
$bet$;

-- 'settled', or what stands in the way: 'refused', 'cancelled', 'unknown'.
CREATE FUNCTION public.settle_bet(bet_provider text, bet_reference text, amount numeric) RETURNS text
LANGUAGE plpgsql AS $result$
DECLARE
    bet public.transactions;
BEGIN
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
