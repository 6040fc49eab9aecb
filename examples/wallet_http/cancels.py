"""Cancels: one transaction for all of a call, and what is told of each."""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine, text

from examples.casino.database import insert_once, transact
from examples.wallet_http.bets import BOOK, LOCK_BALANCE, LOCK_BET

# A bet that comes later meets this row under its own unique key, and is refused.
TOMBSTONE: Final = """
    INSERT INTO casino.bets (provider, reference, player, currency, state)
    VALUES (:provider, :reference, :player, :currency, 'cancelled')
"""
# Both parts of the stake go back to where they came from; a second time fails at the unique key.
REFUND: Final = text("""
    INSERT INTO casino.movements (kind, provider, reference, player, currency, cash, bonus)
    SELECT 'refund', provider, reference, player, currency, cash, bonus
      FROM casino.bets WHERE provider = :provider AND reference = :reference
""")
MARK: Final = text("""
    UPDATE casino.bets
       SET outcome = :outcome,
           state = CASE state WHEN 'placed' THEN 'cancelled' ELSE state END,
           cash_after = (SELECT b.cash FROM casino.balances AS b
                          WHERE b.player = bets.player AND b.currency = bets.currency)
     WHERE provider = :provider AND reference = :reference
""")
CASH_AFTER: Final = text("""
    SELECT cash_after FROM casino.bets WHERE provider = :provider AND reference = :reference
""")
WALLET_REF: Final = text("""
    SELECT id FROM casino.movements
     WHERE kind = 'refund' AND provider = :provider AND reference = :reference
""")


class Item(NamedTuple):
    """A cancel that is asked for. Its `key` says no more than provider and reference do."""

    request_id: str
    provider: str
    reference: str
    player: str | None
    """It, the currency and the stake are None where the provider does not say them: then they are
    the bet's own, and nothing is compared."""
    currency: str | None
    amount: str | None = None


class Verdict(NamedTuple):
    """What became of it."""

    request_id: str
    outcome: str
    replayed: bool
    cash: Decimal | None
    wallet_ref: str | None = None
    """Where a person finds the refund: its number among the movements."""


class Cancels:
    """What the endpoint asks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._leave_tombstone = insert_once(engine, TOMBSTONE, "provider", "reference")

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        """The verdict on each of `items`, committed. Raises as `transact`; if it may be done or
        not, Unbet asks again."""
        return transact(self.engine, lambda connection: self.apply(connection, items))

    def dry_run(self, items: Sequence[Item]) -> list[Verdict]:
        """The same, and nothing is done."""
        return transact(self.engine, lambda connection: self.apply(connection, items), keep=False)

    def apply(self, connection: Connection, items: Sequence[Item]) -> list[Verdict]:
        ordered = sorted(items, key=lambda item: (item.provider, item.reference))
        bets = [(item, self.lock_bet(connection, item)) for item in ordered]
        # A row that is left for a cancel may have neither.
        balances = {(bet["player"], bet["currency"]) for _, bet in bets}
        for player, currency in sorted(one for one in balances if None not in one):
            connection.execute(LOCK_BALANCE, {"player": player, "currency": currency})
        return [self.verdict(connection, item, bet) for item, bet in bets]

    def lock_bet(self, connection: Connection, item: Item) -> Mapping[str, Any]:
        """The bet, or the tombstone that was left for it just now or before."""
        connection.execute(self._leave_tombstone, item._asdict())
        return dict(connection.execute(LOCK_BET, item._asdict()).mappings().one())

    def verdict(self, connection: Connection, item: Item, bet: Mapping[str, Any]) -> Verdict:
        outcome = self.outcome(item, bet)
        if outcome in ("mismatch", "currency_mismatch", "amount_mismatch"):  # binds nobody
            return Verdict(item.request_id, outcome, replayed=False, cash=None)
        is_the_askers = item.player in (None, bet["player"]) and item.currency in (
            None,
            bet["currency"],
        )
        item = item._replace(player=bet["player"], currency=bet["currency"])
        replayed, cash = bet["outcome"] is not None, bet["cash_after"]
        if not replayed:
            cash = self.give_back(connection, item, outcome)
        refund = connection.execute(WALLET_REF, item._asdict()).scalar()
        return Verdict(
            item.request_id,
            outcome,
            replayed,
            cash if is_the_askers else None,
            None if refund is None else str(refund),
        )

    def outcome(self, item: Item, bet: Mapping[str, Any]) -> str:
        """The first one is final; a wrong cancel comes to no decision of the bet's."""
        if bet["state"] == "cancelled" and bet["outcome"] in (None, "no_bet"):
            return "no_bet"
        if item.player not in (None, bet["player"]):
            return "mismatch"
        if item.currency not in (None, bet["currency"]):
            return "currency_mismatch"
        if item.amount is not None and Decimal(item.amount) != _stake(bet):
            return "amount_mismatch"
        by_state = {"placed": "reversed", "refused": "bet_refused", "settled": "settled"}
        return str(bet["outcome"] or by_state[bet["state"]])

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        """Move the money and mark the bet; the player's cash afterwards."""
        if outcome == "reversed":
            self.refund(connection, item)
        return self.mark(connection, item, outcome)

    def refund(self, connection: Connection, item: Item) -> None:
        connection.execute(REFUND, item._asdict())
        connection.execute(BOOK, item._asdict() | {"kind": "refund"})

    def mark(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        """The player's cash, as every repetition is told it."""
        connection.execute(MARK, item._asdict() | {"outcome": outcome})
        cash: Decimal | None = connection.execute(CASH_AFTER, item._asdict()).scalar_one()
        return cash


def _stake(bet: Mapping[str, Any]) -> Decimal:
    """Exact: Python's default context would round a sum of more than 28 digits."""
    return Context(prec=80).add(bet["cash"], bet["bonus"])
