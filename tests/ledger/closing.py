"""What closes and reopens a cancel in a test, and what races with it."""

import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from sqlalchemy import Engine, text

from tests.ledger.test_concurrency import at_once
from tests.making import Operator, cancel_of
from unbet import Result, Status
from unbet.core.message import Cancel
from unbet.core.outcomes import Outcome
from unbet.journal.parking import park
from unbet.journal.sweeping import lease
from unbet.wallets.ledger.audit import audit
from unbet.wallets.ledger.interventions import Closing, Reopening, close_parked, reopen_parked
from unbet.wallets.ledger.sweeping import reverse_parked


def keep(engine: Engine, *cancels: Cancel) -> None:
    with engine.begin() as connection:
        park(connection, cancels, reason="a test")


def close(engine: Engine, cancel: Cancel) -> Closing:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        return close_parked(connection, cancel.request_id, made_by="ann", reason="by hand")


def closed(engine: Engine, cancel: Cancel) -> Outcome | None:
    """Park `cancel` and close it; what its reference is told from now on."""
    keep(engine, cancel)
    done = close(engine, cancel)
    assert done.closed
    return done.outcome


def reopen(engine: Engine, cancel: Cancel) -> Reopening | None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        return reopen_parked(connection, cancel.request_id, made_by="bob", reason="after all")


def sweep(engine: Engine) -> list[Outcome]:
    with engine.begin() as connection:
        connection.execute(text("UPDATE unbet.parked SET next_try_at = now()"))
        due = lease(connection, fresh=True, most=10).cancels
    with engine.begin() as connection:
        return [decision.outcome for decision in reverse_parked(connection, due)]


def told(operator: Operator, reference: str = "r1", **more: str) -> Outcome:
    return operator.cancel(cancel_of(reference, **more))[0].outcome


def require_order(engine: Engine) -> None:
    with engine.connect() as connection:
        assert audit(connection).violations == ()


HEAD_START_S: Final = 0.02


def race(number: int, *calls: Callable[[], object]) -> list[object]:
    """Run both at once, or one ahead, by turns: on every machine each is the first at times."""
    ahead = number % 3

    def run(place: int, call: Callable[[], object]) -> object:
        if ahead == place:
            time.sleep(HEAD_START_S)
        return call()

    return at_once(*(partial(run, place, call) for place, call in enumerate(calls)))


def race_deciding(engine: Engine, operator: Operator, races: int) -> None:
    operator.deposit("1000.00")
    ends: Counter[Outcome] = Counter()
    for number in range(races):
        reference = f"r{number}"
        operator.bet(reference, "1.00")
        cash = operator.balance().cash
        cancel = cancel_of(reference)
        keep(engine, cancel)
        done, decided = race(
            number, partial(close, engine, cancel), partial(operator.cancel, cancel)
        )
        assert isinstance(done, Closing)
        assert isinstance(decided, list)
        outcome = decided[0].outcome
        assert done.outcome is outcome is told(operator, reference), number
        returned = operator.balance().cash - cash
        assert returned == (1 if outcome is Outcome.REVERSED else 0), number
        ends[outcome] += 1
    assert set(ends) == {Outcome.REVERSED, Outcome.CLOSED}, ends
    require_order(engine)


def race_a_late_bet(engine: Engine, operator: Operator, races: int) -> None:
    operator.deposit("1000.00")
    ends: Counter[Status] = Counter()
    for number in range(races):
        reference = f"r{number}"
        cash = operator.balance().cash
        cancel = cancel_of(reference)
        keep(engine, cancel)
        done, bet = race(
            number, partial(close, engine, cancel), partial(operator.bet, reference, "1.00")
        )
        assert isinstance(bet, Result)
        assert done == Closing(True, Outcome.CLOSED), number
        assert told(operator, reference) is Outcome.CLOSED
        taken = cash - operator.balance().cash
        assert taken == (1 if bet.status is Status.DONE else 0), number
        ends[bet.status] += 1
    assert set(ends) == {Status.DONE, Status.REFUSED}, ends
    require_order(engine)


def race_settling(engine: Engine, operator: Operator, races: int) -> None:
    operator.deposit("1000.00")
    for number in range(races):
        reference = f"r{number}"
        operator.bet(reference, "1.00")
        cash = operator.balance().cash
        cancel = cancel_of(reference)
        keep(engine, cancel)
        done, settled = race(
            number,
            partial(close, engine, cancel),
            partial(operator.settle, reference, "2.00"),
        )
        assert done == Closing(True, Outcome.CLOSED), number
        assert settled == Result(status=Status.DONE)
        assert operator.balance().cash == cash + 2, number
    require_order(engine)


def race_a_retry(engine: Engine, operator: Operator, races: int) -> None:
    operator.deposit("1000.00")
    ends: Counter[Outcome] = Counter()
    for number in range(races):
        reference = f"r{number}"
        operator.bet(reference, "1.00")
        cancel = cancel_of(reference)
        closed(engine, cancel)
        done, decided = race(
            number,
            partial(reopen, engine, cancel),
            partial(operator.cancel, cancel_of(reference, uuid="again")),
        )
        assert done
        assert isinstance(decided, list)
        ends[decided[0].outcome] += 1
        assert sweep(engine) == [Outcome.REVERSED], number
        assert operator.balance().cash == 1000, number
    assert set(ends) <= {Outcome.REVERSED, Outcome.CLOSED}, ends
    require_order(engine)


Race = Callable[[Engine, Operator, int], None]
RACES: Final[tuple[Race, ...]] = (race_deciding, race_a_late_bet, race_settling, race_a_retry)
