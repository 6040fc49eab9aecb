"""Clocks that are an hour apart, and jump: nothing waits by them, and no age is wrong by them for
longer than they are."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from math import isnan, nan

import pytest
from sqlalchemy import Engine, text

from tests.clocked import clocks as clocks
from tests.clocked import jumped
from tests.clocked import own_services as own_services
from tests.clocks import HOUR_S, Clock
from tests.operating import Operator
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
from tests.waiting import until

JUMP_INTERVAL_S = 0.7
CANCELS = 120

AGE = "unbet_parked_oldest_age_seconds"


def oldest_age(system: System) -> float:
    return metric(system, AGE)


def test_what_was_parked_by_a_clock_that_was_ahead_is_decided_when_it_has_come_back(
    system: System, operator: Operator, engine: Engine, clocks: Callable[[str], Clock]
) -> None:
    operator.bet("r1", "1.00", **PLAYER)
    with engine.begin() as holder:
        # The server counts this by the clock that jumps.
        holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        holder.execute(text("SELECT FROM unbet_ledger.bets WHERE reference = 'r1' FOR UPDATE"))
        jumped(engine, clocks("servers"), HOUR_S)
        assert system.cancel(reference="r1")["error"] == 100
        system.start_sweep()
        jumped(engine, clocks("servers"), 0)
        assert 0 <= oldest_age(system) < 60
    wait_until_cancelled(operator, "r1")
    assert operator.balance(**PLAYER).cash == Decimal(1000)


@pytest.mark.long
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
    ends = time.monotonic() + JUMP_INTERVAL_S * 12
    ages = []

    def jump() -> None:
        while time.monotonic() < ends:
            for clock in (*parts.values(), clocks("servers")):
                clock.set(dice.choice((-HOUR_S, 0, HOUR_S)))
            # A ledger whose clock has just jumped may end the session that is asked.
            ages.append(metric(system, AGE, absent=nan))
            time.sleep(JUMP_INTERVAL_S)

    with ThreadPoolExecutor(8) as pool:
        jumping = pool.submit(jump)
        answers = list(pool.map(lambda r: timed(system, r, userId=r), references))
        jumping.result()
    assert max(seconds for _, seconds in answers) < DEADLINE_S
    assert {code for code, _ in answers} <= {0, 100}
    # The others are parked: a ledger's clock that jumps ends sessions, some with a group at hand.
    assert [code for code, _ in answers].count(0) > CANCELS * 0.5
    shown = [age for age in ages if not isnan(age)]
    assert len(shown) > len(ages) / 2
    assert min(shown) >= 0
    until(lambda: are_returned(operator, references), "a stake is still missing")
