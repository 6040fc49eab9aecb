"""What happens to a bet before its cancel, which Unbet does not see."""

from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, Engine, text

from examples.wallet_http.database import BOOK, LOCK_BALANCE, LOCK_BET, insert_once, transact

# The key decides between a bet and its cancel, before any money is looked at. 'new' is never
# committed: who reads it has just written it.
BET: Final = """
    INSERT INTO casino.bets (provider, reference, player, currency, state)
    VALUES (:provider, :reference, :player, :currency, 'new')
"""
# Cash first, then bonus; all of it in the database, where amounts are exact.
TAKE: Final = text("""
    INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
    SELECT 'bet', :provider, :reference, player, currency,
           -LEAST(cash, :amount), LEAST(cash, :amount) - :amount
      FROM casino.balances
     WHERE player = :player AND currency = :currency
       AND cash + bonus >= :amount
       AND EXISTS (SELECT 1 FROM casino.players WHERE id = :player AND NOT frozen)
""")
STAKE: Final = text("""
    UPDATE casino.bets
       SET state = 'placed',
           cash = (SELECT -m.cash FROM casino.movements AS m
                    WHERE m.kind = 'bet'
                      AND m.provider = bets.provider AND m.reference = bets.reference),
           bonus = (SELECT -m.bonus FROM casino.movements AS m
                     WHERE m.kind = 'bet'
                       AND m.provider = bets.provider AND m.reference = bets.reference)
     WHERE provider = :provider AND reference = :reference
""")
SET_STATE: Final = text("""
    UPDATE casino.bets SET state = :state WHERE provider = :provider AND reference = :reference
""")
WIN: Final = text("""
    INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
    VALUES ('win', :provider, :reference, :player, :currency, :win, 0)
""")
PLAYER: Final = "INSERT INTO casino.players (id) VALUES (:player)"
BALANCE: Final = "INSERT INTO casino.balances (player, currency) VALUES (:player, :currency)"
DEPOSIT: Final = text("""
    INSERT INTO casino.movements (kind, player, currency, cash, bonus)
    VALUES ('deposit', :player, :currency, :cash, :bonus)
""")
ADD: Final = text("""
    UPDATE casino.balances SET cash = cash + :cash, bonus = bonus + :bonus
     WHERE player = :player AND currency = :currency
""")
FREEZE: Final = text("UPDATE casino.players SET frozen = true WHERE id = :player")
LOOK: Final = text("""
    SELECT cash, bonus FROM casino.balances WHERE player = :player AND currency = :currency
""")


class Bets:
    """Of one provider and one currency, which is enough for an example."""

    def __init__(self, engine: Engine, provider: str, currency: str) -> None:
        self.engine = engine
        self.fixed = {"provider": provider, "currency": currency}
        self._insert_bet = insert_once(engine, BET, "provider", "reference")
        self._insert_player = insert_once(engine, PLAYER, "id")
        self._insert_balance = insert_once(engine, BALANCE, "player", "currency")

    def deposit(self, player: str, cash: Decimal, bonus: Decimal) -> None:
        """For trying: yours has a reference, and a key on it, as a bet has."""
        values = self.fixed | {"player": player, "cash": cash, "bonus": bonus}

        def add(connection: Connection) -> None:
            for statement in (self._insert_player, self._insert_balance, DEPOSIT, ADD):
                connection.execute(statement, values)

        transact(self.engine, add)

    def place(self, player: str, reference: str, amount: Decimal) -> bool:
        """Whether the bet stands; asked again it is told the same."""
        values = self.fixed | {"player": player, "reference": reference, "amount": amount}

        def place(connection: Connection) -> bool:
            connection.execute(self._insert_bet, values)
            found = connection.execute(LOCK_BET, values).one()
            if found.state != "new":
                return found.state in ("placed", "settled") and found.player == player
            connection.execute(LOCK_BALANCE, values)
            if not connection.execute(TAKE, values).rowcount:
                connection.execute(SET_STATE, values | {"state": "refused"})
                return False
            connection.execute(STAKE, values)
            connection.execute(BOOK, values | {"kind": "bet"})
            return True

        return transact(self.engine, place)

    def settle(self, reference: str, win: Decimal) -> None:
        values = self.fixed | {"reference": reference, "win": win}

        def settle(connection: Connection) -> None:
            bet = connection.execute(LOCK_BET, values).one_or_none()
            if bet is None or bet.state != "placed":
                return
            whose = values | {"player": bet.player, "currency": bet.currency}
            connection.execute(WIN, whose)
            connection.execute(BOOK, whose | {"kind": "win"})
            connection.execute(SET_STATE, whose | {"state": "settled"})

        transact(self.engine, settle)

    def freeze(self, player: str) -> None:
        transact(self.engine, lambda connection: connection.execute(FREEZE, {"player": player}))

    def balance(self, player: str) -> tuple[Decimal, Decimal]:
        """Cash and bonus."""
        values = self.fixed | {"player": player}
        found = transact(self.engine, lambda c: c.execute(LOOK, values).one_or_none())
        return (found.cash, found.bonus) if found else (Decimal(0), Decimal(0))
