"""An operator's wallet in Python of their own: `UNBET_WALLET=examples.wallet_python:make`.

What moves the money is the code that the operator has already; here it is that of the example
`wallet_http`, called without a service in between.
"""

import os
from collections.abc import Iterator, Sequence
from functools import cached_property

from sqlalchemy import Engine

from examples.casino.database import BusyError, NotNowError, engine_for
from examples.wallet_http.cancels import Cancels, Item
from examples.wallet_http.cancels import Verdict as Told
from unbet.core.message import Cancel, Decision
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Abilities, Decided, Memory, Undecided, Verdict, Why


class CasinoWallet:
    """Decides cancels in the casino's database. What it was told once it tells again, for ever:
    the key of a cancel is its provider and reference."""

    abilities = Abilities(
        remembers=Memory.FOR_EVER,
        closes_unknown=True,  # a cancel leaves a row under the bet's own key
        tells_cash=True,
        finds=False,
        max_together=64,
        keeps_journal=False,  # Unbet records the decision when it has it
    )

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _cancels(self) -> Cancels:
        """Made with the first call: the worker forks before, and a connection cannot be shared."""
        return Cancels(engine_for(self._url, pool_size=1))

    def cancel(self, cancels: Sequence[Cancel], deadline: float) -> Iterator[Sequence[Verdict]]:
        """A verdict on each cancel. What is not decided for want of a database is AWAY, which is no
        try; any exception is a try, and each cancel is asked alone next."""
        del deadline  # the casino's database ends a statement that takes too long
        for call in _calls_of(cancels):
            yield self._ask(call)

    def _ask(self, cancels: Sequence[Cancel]) -> list[Verdict]:
        asked = {str(one.request_id): one for one in cancels}
        items = [
            Item(
                name,
                one.provider,
                one.reference,
                one.player,
                one.currency,
                None if one.amount is None else format(one.amount, "f"),
            )
            for name, one in asked.items()
        ]
        try:
            told = self._cancels.decide(items)
        except BusyError as error:
            return [Undecided(one, Why.BUSY, "its rows are locked", f"{error}") for one in cancels]
        except NotNowError as error:
            why = f"{error.__cause__}"
            return [
                Undecided(one, Why.AWAY, "the casino's database is away", why) for one in cancels
            ]
        return [_verdict(one, asked[one.request_id]) for one in told]

    def close(self) -> None:
        """For tests: a worker's connections end with it."""
        self._cancels.engine.dispose()


def make(_engine: Engine, *, hold_unknown: bool, parked: bool) -> CasinoWallet:
    """What `UNBET_WALLET` names. `_engine` is the journal's, which this wallet does not need."""
    del hold_unknown, parked
    return CasinoWallet(os.environ["CASINO_DATABASE_URL"])


def _calls_of(cancels: Sequence[Cancel]) -> list[list[Cancel]]:
    """A provider who repeats itself has the same bet in a group twice; the casino's code takes a
    bet once in a call."""
    calls: list[dict[tuple[str, str], Cancel]] = []
    for cancel in cancels:
        bet = (cancel.provider, cancel.reference)
        for call in calls:
            if bet not in call:
                call[bet] = cancel
                break
        else:
            calls.append({bet: cancel})
    return [[*call.values()] for call in calls]


def _verdict(told: Told, cancel: Cancel) -> Decided:
    decision = Decision(
        request_id=cancel.request_id,
        outcome=Outcome(told.outcome),
        currency=cancel.currency,
        cash=told.cash,
    )
    return Decided(decision, told.replayed)
