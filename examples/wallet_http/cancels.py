"""Cancels: one transaction for all of a call, and what is told of each.

Locks are taken in one order, here as in `bets.py`: bets by (provider, reference), then balances by
(player, currency).
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

# A bet that comes later meets this row under its own unique key, and is refused.
LEAVE_TOMBSTONE = text("""
    INSERT INTO casino.bets (provider, reference, player, currency, state)
    VALUES (:provider, :reference, :player, :currency, 'cancelled')
        ON CONFLICT (provider, reference) DO NOTHING
""")
LOCK_BET = text("""
    SELECT * FROM casino.bets WHERE provider = :provider AND reference = :reference FOR UPDATE
""")
LOCK_BALANCE = text("""
    SELECT FROM casino.balances WHERE player = :player AND currency = :currency FOR UPDATE
""")
# Both parts of the stake go back to where they came from.
REFUND = text("""
    WITH refund AS (
        INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
        SELECT 'refund', provider, reference, player, currency, cash, bonus
          FROM casino.bets WHERE provider = :provider AND reference = :reference
        RETURNING player, currency, cash, bonus
    )
    UPDATE casino.balances
       SET cash = balances.cash + refund.cash, bonus = balances.bonus + refund.bonus
      FROM refund
     WHERE balances.player = refund.player AND balances.currency = refund.currency
""")
MARK = text("""
    UPDATE casino.bets
       SET outcome = :outcome,
           state = CASE state WHEN 'placed' THEN 'cancelled' ELSE state END,
           cash_after = (SELECT cash FROM casino.balances
                          WHERE balances.player = bets.player
                            AND balances.currency = bets.currency)
     WHERE provider = :provider AND reference = :reference
    RETURNING cash_after
""")


class NotNowError(Exception):
    """Nothing was done: the database cannot be had, or a deadlock was broken."""


class Item(NamedTuple):
    """A cancel that is asked for. Its `key` says no more than provider and reference do."""

    request_id: str
    provider: str
    reference: str
    player: str
    currency: str


class Verdict(NamedTuple):
    """What became of it."""

    request_id: str
    outcome: str
    replayed: bool
    cash: Decimal | None


class Cancels:
    """What the endpoint asks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        """The verdict on each of `items`, committed. Raises `NotNowError`; any other exception
        means that it may be done, and Unbet asks again."""
        try:
            connection = self.engine.connect()
        except OperationalError as error:
            raise NotNowError from error
        with connection:
            try:
                verdicts = self.apply(connection, items)
            except OperationalError as error:
                raise NotNowError from error
            connection.commit()
        return verdicts

    def dry_run(self, items: Sequence[Item]) -> list[Verdict]:
        """The same, and nothing is done."""
        try:
            with self.engine.connect() as connection:  # rolls back
                return self.apply(connection, items)
        except OperationalError as error:
            raise NotNowError from error

    def apply(self, connection: Connection, items: Sequence[Item]) -> list[Verdict]:
        ordered = sorted(items, key=lambda item: (item.provider, item.reference))
        bets = [(item, self.lock_bet(connection, item)) for item in ordered]
        for player, currency in sorted({(bet["player"], bet["currency"]) for _, bet in bets}):
            connection.execute(LOCK_BALANCE, {"player": player, "currency": currency})
        return [self.verdict(connection, item, bet) for item, bet in bets]

    def lock_bet(self, connection: Connection, item: Item) -> Mapping[str, Any]:
        """The bet, or the tombstone that was left for it just now or before."""
        connection.execute(LEAVE_TOMBSTONE, item._asdict())
        return dict(connection.execute(LOCK_BET, item._asdict()).mappings().one())

    def verdict(self, connection: Connection, item: Item, bet: Mapping[str, Any]) -> Verdict:
        outcome = self.outcome(item, bet)
        if outcome in ("mismatch", "currency_mismatch"):  # binds nobody
            return Verdict(item.request_id, outcome, replayed=False, cash=None)
        is_the_askers = (bet["player"], bet["currency"]) == (item.player, item.currency)
        replayed, cash = bet["outcome"] is not None, bet["cash_after"]
        if not replayed:
            cash = self.give_back(connection, item, outcome)
        return Verdict(item.request_id, outcome, replayed, cash if is_the_askers else None)

    def outcome(self, item: Item, bet: Mapping[str, Any]) -> str:
        """The first one is final; a wrong cancel comes to no decision of the bet's."""
        if bet["state"] == "cancelled" and bet["outcome"] in (None, "no_bet"):
            return "no_bet"
        if bet["player"] != item.player:
            return "mismatch"
        if bet["currency"] != item.currency:
            return "currency_mismatch"
        by_state = {"placed": "reversed", "refused": "bet_refused", "settled": "settled"}
        return str(bet["outcome"] or by_state[bet["state"]])

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        """Move the money and mark the bet; the player's cash afterwards."""
        if outcome == "reversed":
            connection.execute(REFUND, item._asdict())
        marked = connection.execute(MARK, item._asdict() | {"outcome": outcome})
        cash: Decimal | None = marked.scalar_one()
        return cash
