"""What happens to a bet before its cancel, which Unbet does not see."""

from decimal import Decimal

from sqlalchemy import Engine, text

DEPOSIT = text("""
    WITH player AS (
        INSERT INTO casino.players (id) VALUES (:player) ON CONFLICT (id) DO NOTHING
    ), movement AS (
        INSERT INTO casino.movements (kind, player, currency, cash, bonus)
        VALUES ('deposit', :player, :currency, :cash, :bonus)
    )
    INSERT INTO casino.balances (player, currency, cash, bonus)
    VALUES (:player, :currency, :cash, :bonus)
        ON CONFLICT (player, currency) DO UPDATE
       SET cash = balances.cash + excluded.cash, bonus = balances.bonus + excluded.bonus
""")
# The unique key decides between a bet and its cancel, before any money is looked at.
PLACE = text("""
    INSERT INTO casino.bets (provider, reference, player, currency, state)
    VALUES (:provider, :reference, :player, :currency, 'placed')
        ON CONFLICT (provider, reference) DO NOTHING
""")
FIND = text("""
    SELECT state, player, outcome FROM casino.bets
     WHERE provider = :provider AND reference = :reference
""")
# Cash first, then bonus; all of it in the database, where amounts are exact.
TAKE = text("""
    WITH taken AS (
        SELECT player, currency,
               least(cash, CAST(:amount AS numeric)) AS cash,
               CAST(:amount AS numeric) - least(cash, CAST(:amount AS numeric)) AS bonus
          FROM casino.balances
         WHERE player = :player AND currency = :currency
           AND cash + bonus >= CAST(:amount AS numeric)
           AND NOT (SELECT frozen FROM casino.players WHERE id = :player)
           FOR UPDATE
    ), bet AS (
        UPDATE casino.bets SET cash = taken.cash, bonus = taken.bonus
          FROM taken
         WHERE provider = :provider AND reference = :reference
    ), movement AS (
        INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
        SELECT 'bet', :provider, :reference, player, currency, -cash, -bonus FROM taken
    )
    UPDATE casino.balances
       SET cash = balances.cash - taken.cash, bonus = balances.bonus - taken.bonus
      FROM taken
     WHERE balances.player = taken.player AND balances.currency = taken.currency
""")
REFUSE = text("""
    UPDATE casino.bets SET state = 'refused'
     WHERE provider = :provider AND reference = :reference
""")
SETTLE = text("""
    WITH settled AS (
        UPDATE casino.bets SET state = 'settled'
         WHERE provider = :provider AND reference = :reference AND state = 'placed'
        RETURNING player, currency
    ), movement AS (
        INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
        SELECT 'win', :provider, :reference, player, currency, :win, 0 FROM settled
    )
    UPDATE casino.balances SET cash = balances.cash + :win
      FROM settled
     WHERE balances.player = settled.player AND balances.currency = settled.currency
""")
FREEZE = text("UPDATE casino.players SET frozen = true WHERE id = :player")
BALANCE = text(
    "SELECT cash, bonus FROM casino.balances WHERE (player, currency) = (:player, :currency)"
)


class Bets:
    """Of one provider and one currency, which is enough for an example."""

    def __init__(self, engine: Engine, provider: str, currency: str) -> None:
        self.engine = engine
        self.fixed = {"provider": provider, "currency": currency}

    def deposit(self, player: str, cash: Decimal, bonus: Decimal) -> None:
        with self.engine.begin() as connection:
            amounts = {"cash": cash, "bonus": bonus}
            connection.execute(DEPOSIT, self.fixed | {"player": player} | amounts)

    def place(self, player: str, reference: str, amount: Decimal) -> bool:
        """Whether the bet stands; asked again it is told the same."""
        bet = self.fixed | {"player": player, "reference": reference, "amount": amount}
        with self.engine.begin() as connection:
            if not connection.execute(PLACE, bet).rowcount:
                found = connection.execute(FIND, bet).one()
                return found.state in ("placed", "settled") and found.player == player
            if connection.execute(TAKE, bet).rowcount:
                return True
            connection.execute(REFUSE, bet)
        return False

    def settle(self, reference: str, win: Decimal) -> bool:
        """Whether the bet is settled; asked again it is told the same, and pays nothing."""
        bet = self.fixed | {"reference": reference, "win": win}
        with self.engine.begin() as connection:
            connection.execute(SETTLE, bet)
            found = connection.execute(FIND, bet).one_or_none()
        return found is not None and found.state == "settled"

    def freeze(self, player: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(FREEZE, {"player": player})

    def balance(self, player: str) -> tuple[Decimal, Decimal]:
        """Cash and bonus."""
        with self.engine.begin() as connection:
            found = connection.execute(BALANCE, self.fixed | {"player": player}).one_or_none()
        return (found.cash, found.bonus) if found else (Decimal(0), Decimal(0))
