"""The actions of a rule: ask the wallet, compare, look at the player's money."""

import secrets
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier
from typing import Any, Final, TypeVar
from uuid import UUID

import uuid_utils.compat

from testbed.conformance.bets import PreparedBet
from testbed.provider import Player
from testbed.rules import NotTriedError
from testbed.wallet.bets import Bets, PlacedBets
from testbed.wallet.rule import Exchange
from testbed.wallet.wallets import Wallets
from unbet.core.message import Cancel
from unbet.core.money import amount
from unbet.core.outcomes import Outcome
from unbet.wallets.ledger.operations import Balance, BalanceType
from unbet.wallets.port import Decided, Undecided, Verdict, Wallet, Why

NO_TRY: Final = frozenset({Why.BUSY, Why.AWAY, Why.UNANSWERED})
"""A worker asks again after these, however often."""
IN_DOUBT: Final = NO_TRY | {Why.AMBIGUOUS}
"""And after this one, some times."""
ASK_S: Final = 3.0
"""Seconds that a worker gives the wallet for a group."""
PAUSE_S: Final = 0.05

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Limits:
    """How much a rule may take."""

    decided_s: float = 10.0
    """Seconds until a cancel is decided, however often it is asked."""
    races: int = 1000


class Play:
    """One rule being played. `expect…` notes what is wrong in `faults`."""

    def __init__(self, wallets: Wallets, bets: Bets, provider: str, limits: Limits) -> None:
        self.wallets = wallets
        self.wallet = wallets.wallet
        self.bets = bets
        self.provider = provider
        self.limits = limits
        self.exchanges: list[Exchange] = []
        self.faults: list[str] = []

    @property
    def placing(self) -> PlacedBets:
        """For bets that are placed now. Raises `NotTriedError` if they are those of a file."""
        if not isinstance(self.bets, PlacedBets):
            raise NotTriedError("it places bets, and looks at money")
        return self.bets

    def cancel_of(self, bet: PreparedBet, **changed: object) -> Cancel:
        """A new request for the bet, with a uuid of its own, but for the fields that are
        `changed`."""
        user_id, currency = bet.player
        return Cancel(
            request_id=uuid_utils.compat.uuid7(),
            received_at=datetime.now(UTC),
            received_from="127.0.0.1",
            provider=self.provider,
            dialect="lucky-monaco-v4",
            reference=bet.reference,
            player=user_id,
            currency=currency,
            uuid=secrets.token_hex(16),
            body='{"sentBy": "unbet wallet check"}',
        ).model_copy(update=changed)

    def ask(
        self, sent: str, cancels: Sequence[Cancel], wallet: Wallet | None = None
    ) -> list[Exchange]:
        """Ask once; one exchange for each of `cancels`."""
        told: dict[UUID, Verdict] = {}
        deadline = time.monotonic() + ASK_S
        for part in (wallet or self.wallet).cancel(cancels, deadline):
            for verdict in part:
                whose = verdict.decision if isinstance(verdict, Decided) else verdict.cancel
                if whose.request_id in told:
                    self.faults.append(f"{sent}: two verdicts on one request")
                told[whose.request_id] = verdict
        exchanges = [Exchange(sent, one, told.pop(one.request_id, None)) for one in cancels]
        if told:
            self.faults.append(f"{sent}: a verdict on what was not asked")
        self.exchanges += exchanges
        return exchanges

    def decide(
        self,
        sent: str,
        cancel: Cancel,
        wallet: Wallet | None = None,
        again: frozenset[Why] = NO_TRY,
    ) -> Exchange:
        """Ask until the wallet has decided: as long as there is no verdict, or one of `again`."""
        ends = time.monotonic() + self.limits.decided_s
        while True:
            (heard,) = self.ask(sent, [cancel], wallet)
            is_open = heard.verdict is None or (
                isinstance(heard.verdict, Undecided) and heard.verdict.why in again
            )
            if not is_open or time.monotonic() > ends:
                return heard
            time.sleep(PAUSE_S)

    def decide_all(
        self, sent: str, cancels: Sequence[Cancel], wallet: Wallet | None = None
    ) -> list[Exchange]:
        """Ask about all together, and then about each that is left alone, as a worker does."""
        return [
            heard if heard.decided else self.decide(sent, heard.cancel, wallet)
            for heard in self.ask(sent, cancels, wallet)
        ]

    def cancel(
        self, sent: str, cancel: Cancel, outcome: Outcome, wallet: Wallet | None = None
    ) -> Exchange:
        """Ask until it is decided, and expect the `outcome`."""
        heard = self.decide(sent, cancel, wallet)
        self.expect(heard, outcome)
        return heard

    def give_back(self, sent: str, bet: PreparedBet) -> None:
        """A new cancel of the bet: its stake is given back, once."""
        self.cancel(sent, self.cancel_of(bet), Outcome.REVERSED)
        self.expect_back(bet)

    def expect(self, heard: Exchange, *outcomes: Outcome) -> None:
        """One of `outcomes`."""
        if heard.decided is None or heard.decided.decision.outcome not in outcomes:
            allowed = " or ".join(outcome.value for outcome in outcomes)
            self.faults.append(f"{heard.sent}: {heard.summary}, expected {allowed}")

    def expect_back(self, bet: PreparedBet) -> None:
        """The stake was given back, once."""
        self._expect_money(bet.player, bet.undone, "the stake back, once")

    def expect_unmoved(self, bet: PreparedBet) -> None:
        """Nothing was given back."""
        self._expect_money(bet.player, bet.standing, "nothing moved")

    def expect_cash(self, player: Player, cash: Decimal, meaning: str) -> None:
        """So much, and no bonus."""
        self._expect_money(player, Balance(cash=cash, bonus=Decimal(0)), meaning)

    def _expect_money(self, player: Player, money: Balance | None, meaning: str) -> None:
        if money is None:
            return
        now = self.bets.money(player)
        for kind in BalanceType:
            expected, held = getattr(money, kind), getattr(now, kind, None)
            if held != expected:
                shown = "nothing" if held is None else amount(held)
                self.faults.append(
                    f"{kind} afterwards: {shown}, expected {amount(expected)}: {meaning}"
                )


def at_once(*work: Callable[[], T]) -> list[T]:
    """The results of `work`, begun at once, each in a thread."""
    together = Barrier(len(work))

    def begin(one: Callable[[], T]) -> T:
        together.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(begin, work))


def beside(one: Callable[[], T], other: Callable[[], U]) -> tuple[T, U]:
    """The results of both, begun at once."""
    results: list[Any] = at_once(one, other)
    return results[0], results[1]


def timed(wait_s: float, work: Callable[[], T]) -> tuple[T, float]:
    """The result of `work`, begun after `wait_s` seconds, and the seconds that it took."""
    time.sleep(wait_s)
    began = time.monotonic()
    return work(), time.monotonic() - began
