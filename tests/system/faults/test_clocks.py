"""Clocks that are an hour apart, and jump: nothing waits by them, and no age is wrong by them for
longer than they are."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from math import isnan, nan
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from ledger.bounded import run_within
from ops import services
from ops.services import process
from tests.clocks import HOUR_S, Clock
from tests.making import Operator
from tests.system.processes import System
from tests.system.watching import (
    DEADLINE_S,
    PLAYER,
    are_returned,
    metric,
    placed_by_many,
    timed,
    wait_until_cancelled,
)
from tests.waiting import until, waiting_for_locks

JUMP_EVERY_S = 0.7
CANCELS = 120

AGE = "unbet_parked_oldest_age_seconds"

CALL_S = 2.0
"""A call's limit; the server's own are made longer, so that its clock is back by then."""


@pytest.fixture
def clocks(own_directory: Path, tmp_path: Path) -> Iterator[Callable[[str], Clock]]:
    """A clock for each name; they lie where a server of another account can read them."""
    own_directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    own_directory.parent.chmod(0o755)
    assert tmp_path

    def clock(name: str) -> Clock:
        return Clock(own_directory / f"{name}.clock")

    return clock


@pytest.fixture
def own_services(
    own_directory: Path, clocks: Callable[[str], Clock], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A PostgreSQL and a Redis that go by the clock `servers`."""
    environment = process.environment() | clocks("servers").environment
    monkeypatch.setattr(process, "environment", lambda: environment)
    services.start(own_directory)
    return own_directory


def server_time(engine: Engine) -> float:
    with engine.connect() as connection:
        return float(connection.execute(text("SELECT extract(epoch FROM now())")).scalar_one())


def jumped(engine: Engine, clock: Clock, ahead_s: float) -> None:
    """Set the servers' clock, and see that the database goes by it."""
    clock.set(ahead_s)
    until(lambda: abs(server_time(engine) - time.time() - ahead_s) < 60, "no other clock")


def oldest_age(system: System) -> float:
    return metric(system, AGE)


def test_what_was_parked_by_a_clock_that_was_ahead_is_decided_when_it_has_come_back(
    system: System, operator: Operator, engine: Engine, clocks: Callable[[str], Clock]
) -> None:
    operator.bet("r1", "1.00", **PLAYER)
    with engine.begin() as holder:
        # The server counts this by the clock that jumps.
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(text("SELECT FROM bets WHERE reference = 'r1' FOR UPDATE"))
        jumped(engine, clocks("servers"), HOUR_S)
        assert system.cancel(reference="r1")["error"] == 100
        system.start_sweep()
        jumped(engine, clocks("servers"), 0)
        assert 0 <= oldest_age(system) < 60
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(1000)


def test_nobody_waits_for_a_lock_by_a_clock_that_went_back(
    engine: Engine, clocks: Callable[[str], Clock]
) -> None:
    """The server would see this deadlock, and end every other wait, an hour too late."""
    all_hold_one = threading.Barrier(3)

    def hold_and_want(first: int, second: int) -> bool:
        """Whether it had to give up."""

        def work(connection: Connection) -> None:
            for limit in ("lock_timeout", "deadlock_timeout", "statement_timeout"):
                connection.execute(text(f"SET LOCAL {limit} = '10s'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
            all_hold_one.wait()
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})

        try:
            run_within(engine, CALL_S, work)
        except DBAPIError:
            return True
        return False

    with engine.connect() as holder:
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(text("SELECT pg_advisory_xact_lock(4)"))
        jumped(engine, clocks("servers"), HOUR_S)
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(hold_and_want, *keys) for keys in ((1, 2), (2, 1), (3, 4))]
            until(lambda: waiting_for_locks(engine) == 3, "nobody waits")
            jumped(engine, clocks("servers"), 0)
            one, other, third = [each.result() for each in waiting]
        until(lambda: waiting_for_locks(engine) == 0, "sessions wait on", seconds=5)
    assert one or other, "of two in a deadlock, one goes on once the other has given up"
    assert third, "what it waits for is never let go"


def test_cancels_are_decided_while_every_clock_jumps(
    idle_system: System, operator: Operator, clocks: Callable[[str], Clock]
) -> None:
    """The receiver's, a worker's, the sweep's, and PostgreSQL's and Redis', an hour this way or
    that, each for itself."""
    system = idle_system
    parts = {name: clocks(name) for name in ("receiver", "worker", "other-worker", "sweep")}
    as_it_was = dict(system.environment)
    for name, clock in parts.items():
        system.environment = as_it_was | clock.environment
        match name:
            case "receiver":
                system.start_receiver()
            case "sweep":
                system.start_sweep()
            case _:
                system.start_worker(name)
    references = placed_by_many(operator, CANCELS)
    dice = random.Random(42)
    ends = time.monotonic() + JUMP_EVERY_S * 12
    ages = []

    def jump() -> None:
        while time.monotonic() < ends:
            for clock in (*parts.values(), clocks("servers")):
                clock.set(dice.choice((-HOUR_S, 0, HOUR_S)))
            # A ledger whose clock has just jumped may end the session that is asked.
            ages.append(metric(system, AGE, absent=nan))
            time.sleep(JUMP_EVERY_S)

    with ThreadPoolExecutor(8) as pool:
        jumping = pool.submit(jump)
        answers = list(pool.map(lambda r: timed(system, r, userId=r), references))
        jumping.result()
    assert max(seconds for _, seconds in answers) < DEADLINE_S
    assert {code for code, _ in answers} <= {0, 100}
    assert [code for code, _ in answers].count(0) > CANCELS * 0.9
    shown = [age for age in ages if not isnan(age)]
    assert len(shown) > len(ages) / 2
    assert min(shown) >= 0
    until(lambda: are_returned(operator, references), "a stake is still missing")
