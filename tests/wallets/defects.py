"""The faults that have been seen in operators' wallets, each built into the example on purpose, and
those that the other rules of the check are for. Long, since there are thirty."""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from examples.wallet_http.bets import LOCK_BET, Bets
from examples.wallet_http.cancels import MARK, Cancels, Item, Verdict
from examples.wallet_python import CasinoWallet
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Decided

_PAY: Final = text("""
    UPDATE casino.balances SET cash = balances.cash + bets.cash + bets.bonus
      FROM casino.bets
     WHERE balances.player = bets.player AND balances.currency = bets.currency
       AND provider = :provider AND reference = :reference
""")
_PAID_KEYS: Final = text("CREATE TABLE casino.paid_keys (key text PRIMARY KEY)")
_PAID: Final = text("INSERT INTO casino.paid_keys VALUES (:key) ON CONFLICT DO NOTHING")
_READ: Final = text("SELECT cash FROM casino.balances WHERE player = :player")
_WRITE: Final = text("UPDATE casino.balances SET cash = :cash WHERE player = :player")

STEP_S: Final = 0.1
"""Between two steps that ought to be one, for something to come in between."""

Bet = Mapping[str, Any]


class _Unguarded(Cancels):
    """Without the movement, and so without its unique key, as such wallets usually are."""

    def refund(self, connection: Connection, item: Item) -> None:
        connection.execute(_PAY, item._asdict())


class KeySpentFirst(Cancels):
    """1"""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._spent: set[tuple[str, str]] = set()

    def outcome(self, item: Item, bet: Bet) -> str:
        key = (item.provider, item.reference)
        if key in self._spent:
            return "settled"
        self._spent.add(key)
        return super().outcome(item, bet)


class MovesLater(Cancels):
    """2: what moves the money has given up."""

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        later = "reversed later" if outcome == "reversed" else outcome
        return super().give_back(connection, item, later)

    def outcome(self, item: Item, bet: Bet) -> str:
        outcome = super().outcome(item, bet)
        return "reversed" if outcome == "reversed later" else outcome


class PaysEachRequest(_Unguarded):
    """4: what is kept is the request's id, not the bet's."""

    def verdict(self, connection: Connection, item: Item, bet: Bet) -> Verdict:
        again = dict(bet) | {"outcome": None, "state": "placed" if bet["cash"] else bet["state"]}
        return super().verdict(connection, item, again)


class CreditsThenMarks(_Unguarded):
    """5: in two transactions."""

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        if outcome == "reversed":
            self.refund(connection, item)
            connection.commit()
            time.sleep(STEP_S)
        return self.mark(connection, item, outcome)


class MarksThenCredits(Cancels):
    """6: in two transactions."""

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        cash = self.mark(connection, item, outcome)
        connection.commit()
        time.sleep(STEP_S)
        if outcome == "reversed":
            self.refund(connection, item)
        return cash


class FailureIsNotFound(Cancels):
    """7"""

    def apply(self, connection: Connection, items: Sequence[Item]) -> list[Verdict]:
        told = super().apply(connection, items)
        time.sleep(STEP_S)
        connection.execute(text("SELECT 1"))
        return told

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        try:
            return super().decide(items)
        except Exception:  # noqa: BLE001 - the fault itself
            return [Verdict(item.request_id, "no_bet", False, None) for item in items]


class KeyedPayments:
    """What is right behind fault 8: a key that was paid is not paid again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        with engine.begin() as connection:
            connection.execute(_PAID_KEYS)

    def pay_back(self, key: str, cancel: Cancel) -> None:
        with self._engine.begin() as connection:
            if connection.execute(_PAID, {"key": key}).rowcount:
                bet = {"provider": cancel.provider, "reference": cancel.reference}
                connection.execute(_PAY, bet)


class DrawsKeys:
    """8, an adapter of the operator's: a wallet as the port wants one."""

    abilities = replace(CasinoWallet.abilities, tells_cash=False)

    def __init__(self, payments: KeyedPayments) -> None:
        self._payments = payments

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Decided]]:
        del deadline
        for cancel in cancels:
            self._payments.pay_back(self.key_of(cancel), cancel)
            decision = Decision(request_id=cancel.request_id, outcome=Outcome.REVERSED)
            yield [Decided(decision)]

    def key_of(self, cancel: Cancel) -> str:
        del cancel
        return str(uuid.uuid4())


class DerivesKeys(DrawsKeys):
    """The same without the fault."""

    def key_of(self, cancel: Cancel) -> str:
        return f"{cancel.provider} {cancel.reference}"


class ChecksAfterCredit(Cancels):
    """9"""

    def verdict(self, connection: Connection, item: Item, bet: Bet) -> Verdict:
        connection.execute(_PAY, item._asdict())
        if bet["outcome"] is None:
            connection.execute(MARK, item._asdict() | {"outcome": "reversed"})
        return super().verdict(connection, item, dict(bet) | {"outcome": "reversed"})


class NoTombstone(Cancels):
    """10"""

    def apply(self, connection: Connection, items: Sequence[Item]) -> list[Verdict]:
        known, told = [], []
        for item in items:
            if connection.execute(LOCK_BET, item._asdict()).first():
                known.append(item)
            else:
                told.append(Verdict(item.request_id, "no_bet", False, None))
        return told + super().apply(connection, known)


class LooksBeforeTheLock(NoTombstone):
    """3, the cancel's part: what it leaves is somewhere else than the bet's own key."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.left: set[str] = set()
        self.has_left = threading.Event()

    def apply(self, connection: Connection, items: Sequence[Item]) -> list[Verdict]:
        told = super().apply(connection, items)
        if any(verdict.outcome == "no_bet" for verdict in told):
            self.left |= {item.reference for item in items}
            self.has_left.set()
        return told


class LooksBeforeTheLockBets(Bets):
    """3, the bet's part."""

    def __init__(self, cancels: LooksBeforeTheLock, engine: Engine) -> None:
        super().__init__(engine)
        self._cancels = cancels

    def bet(
        self, player: str, currency: str, provider: str, reference: str, amount: Decimal
    ) -> str:
        if reference in self._cancels.left:
            return "cancelled"
        self._cancels.has_left.wait(timeout=0.2)
        self._cancels.has_left.clear()
        return super().bet(player, currency, provider, reference, amount)


class PlaysForNothing(Bets):
    """11: the late bet takes nothing, and is answered as placed."""

    def bet(
        self, player: str, currency: str, provider: str, reference: str, amount: Decimal
    ) -> str:
        super().bet(player, currency, provider, reference, amount)
        return "placed"


class RefusesTheFrozen(Cancels):
    """12"""

    def outcome(self, item: Item, bet: Bet) -> str:
        frozen = text("SELECT frozen FROM casino.players WHERE id = :player")
        with self.engine.connect() as connection:
            if connection.execute(frozen, item._asdict()).scalar():
                return "bet_refused"
        return super().outcome(item, bet)


class AllToCash(Cancels):
    """13"""

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        if outcome != "reversed":
            return super().give_back(connection, item, outcome)
        connection.execute(_PAY, item._asdict())
        return super().give_back(connection, item, "returned to cash")

    def outcome(self, item: Item, bet: Bet) -> str:
        outcome = super().outcome(item, bet)
        return "reversed" if outcome == "returned to cash" else outcome


class AddsInTheApplication(Cancels):
    """14"""

    def apply(self, connection: Connection, items: Sequence[Item]) -> list[Verdict]:
        told = []
        for item in items:
            bet = self.lock_bet(connection, item)
            cash = connection.execute(_READ, item._asdict()).scalar_one()
            time.sleep(STEP_S)
            values = item._asdict() | {"cash": cash + bet["cash"]}
            connection.execute(_WRITE, values)
            told.append(Verdict(item.request_id, "reversed", False, values["cash"]))
        return told


class ErrorForTheRepeat(Cancels):
    """15"""

    def verdict(self, connection: Connection, item: Item, bet: Bet) -> Verdict:
        if bet["outcome"] == "reversed":
            raise ValueError("already cancelled")
        return super().verdict(connection, item, bet)


class SpellsAlike(Cancels):
    """16, the cancel's part."""

    def lock_bet(self, connection: Connection, item: Item) -> Bet:
        return super().lock_bet(connection, item._replace(reference=alike(item.reference)))

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        item = item._replace(reference=alike(item.reference))
        return super().give_back(connection, item, outcome)


class SpellsAlikeBets(Bets):
    """16, the bet's part."""

    def bet(
        self, player: str, currency: str, provider: str, reference: str, amount: Decimal
    ) -> str:
        return super().bet(player, currency, provider, alike(reference), amount)


def alike(reference: str) -> str:
    return reference.strip().casefold()


class Floats(Cancels):
    """17"""

    def give_back(self, connection: Connection, item: Item, outcome: str) -> Decimal | None:
        cash = super().give_back(connection, item, outcome)
        rounded = round(float(cash or 0), 2)
        connection.execute(_WRITE, {"player": item.player, "cash": Decimal(str(rounded))})
        return Decimal(str(rounded))


class KeepsTheDenial(Cancels):
    """18"""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._denied: dict[tuple[str, str], str] = {}

    def outcome(self, item: Item, bet: Bet) -> str:
        key = (item.provider, item.reference)
        outcome = self._denied.get(key) or super().outcome(item, bet)
        if outcome in ("mismatch", "currency_mismatch", "amount_mismatch"):
            self._denied[key] = outcome
        return outcome


class ConflictIsAnError(Cancels):
    """19: a key that comes with other contents."""

    def outcome(self, item: Item, bet: Bet) -> str:
        outcome = super().outcome(item, bet)
        if outcome in ("mismatch", "currency_mismatch", "amount_mismatch"):
            raise ValueError("the key has been used otherwise")
        return outcome


class Empty(Cancels):
    """20"""

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        return [Verdict(item.request_id, "reversed", False, None) for item in items]


class GivesBackWhatIsOver(Cancels):
    """A refused or settled bet is reversed."""

    def outcome(self, item: Item, bet: Bet) -> str:
        outcome = super().outcome(item, bet)
        return "reversed" if outcome in ("bet_refused", "settled") else outcome


class OneForAll(Cancels):
    """A group has the outcome of its first cancel."""

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        told = super().decide(items)
        return [verdict._replace(outcome=told[0].outcome) for verdict in told]


class TellsTheCashOfNow(Cancels):
    """In place of that after the first decision."""

    def verdict(self, connection: Connection, item: Item, bet: Bet) -> Verdict:
        told = super().verdict(connection, item, bet)
        return told._replace(cash=connection.execute(_READ, item._asdict()).scalar())


class NeverRepeats(Cancels):
    """As it says."""

    def decide(self, items: Sequence[Item]) -> list[Verdict]:
        return [verdict._replace(replayed=False) for verdict in super().decide(items)]
