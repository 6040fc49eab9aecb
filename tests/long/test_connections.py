"""Any number of connections, of any kind, leaves a receiver as it was: memory, descriptors, files,
Redis. `make test-connections CONNECTIONS=1000000` makes a million of each kind."""

import os
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

import psutil
import pytest
import redis

from tests.long.connections import KINDS, Clients
from tests.system.processes import System
from tests.system.watching import metric
from tests.waiting import until

CONNECTIONS: Final = int(os.environ.get("CONNECTIONS", "20000"))
WARM: Final = max(2_000, CONNECTIONS // 10)
"""Made before memory is looked at for the first time."""

NAMES: Final = [kind.__name__ for kind in KINDS]
ONLY: Final = [name for name in os.environ.get("KINDS", "").split(",") if name] or NAMES
"""The kinds that are tried."""

PER_100_000: Final = 2 * 2**20
"""Bytes of memory that 100,000 connections may leave."""
NOISE: Final = 6 * 2**20
"""Bytes by which the memory of an idle process differs from one look to the next."""

SLOWEST_PER_S: Final = 50


class Held(NamedTuple):
    """What a receiver holds when no client is connected."""

    memory: int
    descriptors: int
    redis_keys: int
    files: int


def held(system: System) -> Held:
    receiver = psutil.Process(system.processes["receiver"].pid)
    keys = 0
    for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL"):
        with redis.Redis.from_url(system.environment[name]) as client:
            keys += client.dbsize()
    files = sum(1 for _ in Path(system.environment["HOME"]).rglob("*"))
    return Held(receiver.memory_info().rss, receiver.num_fds(), keys, files)


def wait_until_nothing_is_left(system: System, at_first: Held) -> None:
    """No descriptor, key or file more than at first."""

    def is_left() -> bool:
        return any(now > first for now, first in zip(held(system)[1:], at_first[1:], strict=True))

    until(lambda: not is_left(), "something is left", seconds=30)


@pytest.mark.timeout(300 + len(KINDS) * (CONNECTIONS + WARM) // SLOWEST_PER_S)
def test_connections_of_every_kind_leave_nothing(system: System) -> None:
    assert {*ONLY} <= {*NAMES}, f"KINDS: one of {', '.join(NAMES)} is expected"
    # The rest of what it needs, and the two connections of this test, are there now.
    assert system.cancel()["error"] == 0
    assert metric(system, 'unbet_undelivered_total{reason="gone"}') == 0
    at_first = held(system)
    clients = Clients(int(system.environment["UNBET_PORT"]), system.path)
    grown = []
    for kind in KINDS:
        if kind.__name__ not in ONLY:
            continue
        clients.make(kind, WARM)
        wait_until_nothing_is_left(system, at_first)
        before, started = held(system), time.monotonic()
        clients.make(kind, CONNECTIONS)
        wait_until_nothing_is_left(system, at_first)
        after, seconds = held(system), time.monotonic() - started
        say(kind.__name__, before, after, seconds)
        if after.memory - before.memory > NOISE + PER_100_000 * CONNECTIONS / 100_000:
            grown.append(kind.__name__)
    assert not grown
    assert system.cancel(reference="afterwards")["error"] == 0
    assert "Traceback" not in system.said("receiver")


def say(kind: str, before: Held, after: Held, seconds: float) -> None:
    """A line for docs/performance.md."""
    megabytes = f"{before.memory / 2**20:.1f} to {after.memory / 2**20:.1f} MB"
    sys.stdout.write(
        f"| {kind.replace('_', ' ')} | {CONNECTIONS:,} | {seconds:.0f} s | {megabytes} |"
        f" {after.descriptors} descriptors, {after.redis_keys} keys, {after.files} files |\n"
    )
    sys.stdout.flush()
