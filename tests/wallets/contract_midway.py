"""What every wallet owes the house when it fails midway, at each of its steps: for wallets whose
database a test can reach."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from typing import Any, Final

from sqlalchemy import Engine, event

from tests.making import cancel_of
from tests.wallets.contract import Casino, outcomes, verdicts_on
from unbet.core.outcomes import Outcome
from unbet.wallets.port import Decided, Wallet

STEPS: Final = 12
"""More statements and commits than a cancel takes."""


class FailedError(Exception):
    """On purpose."""


@contextmanager
def failing_at(engine: Engine, step: int) -> Iterator[Callable[[], bool]]:
    """The wallet fails once, before the statement or the commit that is number `step` from now.
    Whether it has."""
    steps, failed = count(1), False

    def fail(*_: Any) -> None:
        nonlocal failed
        if next(steps) == step:
            failed = True
            raise FailedError

    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, fail)
    try:
        yield lambda: failed
    finally:
        for name in ("before_cursor_execute", "commit"):
            event.remove(engine, name, fail)


class MidwayContract:
    """The tests; they are given the wallet's own engine."""

    def test_wherever_it_fails_the_money_moves_once_when_it_is_asked_again(
        self, wallet: Wallet, casino: Casino, casino_engine: Engine
    ) -> None:
        casino.deposit("10.00")
        failed_once = 0
        for step in range(1, STEPS):
            cancel = cancel_of(f"r{step}")
            casino.bet(cancel.reference, "4.00")
            with failing_at(casino_engine, step) as failed:
                (told,) = verdicts_on(wallet, cancel)
            failed_once += failed()
            if isinstance(told, Decided):
                assert (told.decision.outcome, casino.money()[0]) == (Outcome.REVERSED, Decimal(10))
            assert outcomes(wallet, cancel) == [Outcome.REVERSED]
            assert casino.money()[0] == Decimal(10)
        assert 2 < failed_once < STEPS - 1, "every step is met, and there is an end"
