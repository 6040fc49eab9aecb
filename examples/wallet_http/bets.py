"""What happens to a bet before its cancel, which Unbet does not see.

Locks are taken in one order, here as in `cancels.py`: bets by (provider, reference), then balances
by (player, currency).
"""

from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, Engine, text

from examples.casino.casino import STANDING
from examples.casino.database import insert_once, transact

LOCK_BET: Final = text("""
    SELECT * FROM casino.bets WHERE provider = :provider AND reference = :reference FOR UPDATE
""")
LOCK_BALANCE: Final = text("""
    SELECT 1 FROM casino.balances WHERE player = :player AND currency = :currency FOR UPDATE
""")
# A movement is written first, under its unique key; so it is booked once, or not at all.
BOOK: Final = text("""
    UPDATE casino.balances
       SET cash = cash + (SELECT m.cash FROM casino.movements AS m
                           WHERE m.kind = :kind
                             AND m.provider = :provider AND m.reference = :reference),
           bonus = bonus + (SELECT m.bonus FROM casino.movements AS m
                             WHERE m.kind = :kind
                               AND m.provider = :provider AND m.reference = :reference)
     WHERE player = :player AND currency = :currency
""")
# The key decides between a bet and its cancel, before any money is looked at. 'new' is never
# committed: who reads it has just written it.
BET: Final = """
    INSERT INTO casino.bets (provider, reference, player, currency, state)
    VALUES (:provider, :reference, :player, :currency, 'new')
"""
# In the database, too: the sum of two amounts may have more digits than Python's default context.
IS_SAME: Final = text("""
    SELECT count(*) FROM casino.bets
     WHERE provider = :provider AND reference = :reference
       AND player = :player AND currency = :currency AND cash + bonus = :amount
""")
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
    """A `Casino`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._insert_bet = insert_once(engine, BET, "provider", "reference")
        self._insert_player = insert_once(engine, PLAYER, "id")
        self._insert_balance = insert_once(engine, BALANCE, "player", "currency")

    def deposit(self, player: str, currency: str, cash: Decimal, bonus: Decimal) -> None:
        values = {"player": player, "currency": currency, "cash": cash, "bonus": bonus}

        def add(connection: Connection) -> None:
            for statement in (self._insert_player, self._insert_balance, DEPOSIT, ADD):
                connection.execute(statement, values)

        transact(self.engine, add)

    def bet(
        self, player: str, currency: str, provider: str, reference: str, amount: Decimal
    ) -> str:
        key = {"provider": provider, "reference": reference}
        values = key | {"player": player, "currency": currency, "amount": amount}

        def place(connection: Connection) -> str:
            connection.execute(self._insert_bet, values)
            found = connection.execute(LOCK_BET, values).one()
            if found.state != "new":
                stands = found.state in STANDING
                is_same = connection.execute(IS_SAME, values).scalar_one()
                return "conflict" if stands and not is_same else str(found.state)
            connection.execute(LOCK_BALANCE, values)
            if not connection.execute(TAKE, values).rowcount:
                connection.execute(SET_STATE, key | {"state": "refused"})
                return "refused"
            connection.execute(STAKE, key)
            connection.execute(BOOK, values | {"kind": "bet"})
            return "placed"

        return transact(self.engine, place)

    def settle(self, provider: str, reference: str, win: Decimal) -> str:
        key = {"provider": provider, "reference": reference}

        def settle(connection: Connection) -> str:
            bet = connection.execute(LOCK_BET, key).one_or_none()
            if bet is None or bet.state != "placed":
                return "unknown" if bet is None else str(bet.state)
            whose = key | {"player": bet.player, "currency": bet.currency}
            connection.execute(WIN, whose | {"win": win})
            connection.execute(BOOK, whose | {"kind": "win"})
            connection.execute(SET_STATE, key | {"state": "settled"})
            return "settled"

        return transact(self.engine, settle)

    def freeze(self, player: str) -> None:
        transact(self.engine, lambda connection: connection.execute(FREEZE, {"player": player}))

    def balance(self, player: str, currency: str) -> tuple[Decimal, Decimal]:
        values = {"player": player, "currency": currency}
        found = transact(self.engine, lambda c: c.execute(LOOK, values).one_or_none())
        return (found.cash, found.bonus) if found else (Decimal(0), Decimal(0))
