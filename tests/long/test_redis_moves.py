"""The address of Redis leads elsewhere, nowhere, or to silence, under 100 cancels a second: after
how many seconds answers are by the queue again."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from tests.long.load import Answer, Load, load
from tests.operating import Operator
from tests.servers import REDIS, Addresses, RedisPair
from tests.system.faults import conftest as faults
from tests.system.processes import System
from tests.system.watching import DEADLINE_S, metric, wait_until_cancelled
from tests.waiting import meanwhile

RECOVERS_S: Final = 6.0
DETOURS: Final = ("unbet_unpublished_total", "unbet_resent_total", "unbet_parked_total")
"""What counts cancels that did not come through by the queue at once."""


class Detours:
    """Watches when a cancel last went another way than by the queue at once."""

    def __init__(self, system: System) -> None:
        self.last = 0.0
        self._system = system

    def watch(self, over: threading.Event) -> None:
        before = 0.0
        while not over.wait(0.1):
            asked = time.monotonic()
            detours = sum(metric(self._system, name) for name in DETOURS)
            if detours > before:
                before, self.last = detours, asked


@contextmanager
def watched_load(system: System) -> Iterator[tuple[Load, Detours]]:
    detours = Detours(system)
    with meanwhile(detours.watch), load(system) as sent:
        yield sent, detours


engine, operator, own_services = faults.engine, faults.operator, faults.own_services
direct_environment, service_url = faults.environment, faults.service_url


@pytest.fixture
def environment(direct_environment: dict[str, str], addresses: Addresses) -> dict[str, str]:
    return direct_environment | {
        name: addresses.in_front_of(REDIS, direct_environment[name])
        for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL")
    }


@pytest.fixture
def system(idle_system: System) -> System:
    idle_system.start_both()
    idle_system.start_sweep()
    return idle_system


@pytest.fixture
def pair(own_services: Path) -> Iterator[RedisPair]:
    """The system's Redis, and one that follows it."""
    other = own_services / "replica"
    other.mkdir(mode=0o711)
    made = RedisPair((own_services, other))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_a_failover_of_redis_is_followed(
    system: System, operator: Operator, addresses: Addresses, pair: RedisPair
) -> None:
    """The old server lives on, as a replica of the new one, and keeps its connections."""
    with watched_load(system) as (sent, detours):
        sent.go_on(3)
        happened = time.monotonic()
        pair.switch(lambda: addresses.move(REDIS, pair.port))
        sent.go_on(12)
    require_recovery(system, operator, sent.answers, (happened, happened), detours, "failover")


@pytest.mark.parametrize("how", ["silent", "refused", "cut"])
def test_a_redis_that_comes_back_is_used_again(
    system: System, operator: Operator, addresses: Addresses, how: str
) -> None:
    with watched_load(system) as (sent, detours):
        sent.go_on(3)
        began = time.monotonic()
        match how:
            case "silent":
                addresses.silence_all(REDIS)
                sent.go_on(5)
                addresses.resume_new(REDIS)
            case "refused":
                addresses.stop_listening(REDIS)
                addresses.reset(REDIS)
                sent.go_on(5)
                addresses.listen_again(REDIS)
            case "cut":
                addresses.reset(REDIS)
        ended = time.monotonic()
        sent.go_on(12)
    require_recovery(system, operator, sent.answers, (began, ended), detours, how)


def require_recovery(
    system: System,
    operator: Operator,
    answers: list[Answer],
    change: tuple[float, float],
    detours: Detours,
    what: str,
) -> None:
    """All were answered in time and are decided, nearly all at once; and soon after the end of the
    `change` answers are by the queue again."""
    began, ended = change
    codes = Counter(answer.code for answer in answers)
    slowest = max(answer.seconds for answer in answers)
    recovered_s = max(0.0, detours.last - ended)
    after = [one.seconds for one in answers if one.sent > ended + recovered_s]
    sys.stdout.write(
        f"{what}: {len(answers)} cancels, {dict(codes)}, slowest {slowest:.2f} s; by the "
        f"queue again after {recovered_s:.2f} s, then {1000 * median(after):.0f} ms\n"
    )
    assert set(codes) <= {0, 100}
    meanwhile = [one.code for one in answers if began - DEADLINE_S < one.sent < ended + RECOVERS_S]
    assert codes[100] == meanwhile.count(100), "a promise while nothing was the matter"
    assert codes[100] <= len(meanwhile) / 10, "a slow machine's ledger may be away as well"
    assert slowest < DEADLINE_S
    assert recovered_s < RECOVERS_S
    wait_until_cancelled(operator, *(answer.reference for answer in answers))
    over = [name for name, process in system.processes.items() if process.poll() is not None]
    assert over == []
