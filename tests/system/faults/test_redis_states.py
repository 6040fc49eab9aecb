"""Redis refuses, for whatever reason: nobody ends by it, and afterwards the queue is used again."""

import time
from pathlib import Path

import pytest

from tests.operating import Operator
from tests.system.processes import System
from tests.system.redis_states import STATES, State, administrator
from tests.system.watching import DEADLINE_S, PLAYER, timed
from tests.tiers import long

LASTS_S = 3.0
RECOVERS_S = 8.0
FAST_S = 0.5
"""A sweep takes longer than this."""


SLOWER = [*map(long, ("its disk is full", "another password"))]


@pytest.mark.parametrize("name", ["demoted", *SLOWER])
def test_no_state_of_redis_ends_a_process(
    system: System, operator: Operator, own_services: Path, name: str
) -> None:
    system.start_sweep()
    require_survival(system, operator, own_services, STATES[name], LASTS_S)


def require_survival(
    system: System, operator: Operator, own_services: Path, state: State, lasts_s: float
) -> float:
    """All of `system` goes on with Redis in this state for so long; afterwards answers are by the
    queue again. Returns after how many seconds."""
    number = 0

    def cancelled() -> tuple[int, float]:
        nonlocal number
        number += 1
        operator.bet(f"r{number}", "1.00", **PLAYER)
        return timed(system, f"r{number}")

    assert cancelled()[0] == 0
    with administrator(own_services) as client:
        with state(client):
            ends = time.monotonic() + lasts_s
            while time.monotonic() < ends:
                code, seconds = cancelled()
                assert code == 0
                assert seconds < DEADLINE_S
                time.sleep(0.2)
        recovered = time.monotonic()
        while True:
            code, seconds = cancelled()
            if f"r{number}" in system.said("worker") and seconds < FAST_S:
                break
            assert time.monotonic() - recovered < RECOVERS_S, "the queue is not used again"
            time.sleep(0.05)
    took_s = time.monotonic() - recovered
    ended = [name for name, process in system.processes.items() if process.poll() is not None]
    assert ended == []
    return took_s
