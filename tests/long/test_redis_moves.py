"""The address of Redis leads elsewhere, nowhere, or to silence, under 100 cancels a second: after
how many seconds answers are by the queue again."""

import itertools
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import pytest
import redis

from ops import services
from ops.chaos.address import ServiceAddress
from tests.system import conftest as systems
from tests.system.faults import conftest as faults
from tests.system.processes import System
from tests.system.watching import PROVIDERS_PATIENCE_S, metric, timed
from tests.waiting import until

PER_SECOND: Final = 100
RECOVERS_S: Final = 6.0
DETOURS: Final = ("unbet_unpublished_total", "unbet_resent_total", "unbet_parked_total")
"""What counts cancels that did not come through by the queue at once."""
SENDERS: Final = 40


class Answer(NamedTuple):
    sent: float
    code: int
    seconds: float


class Load:
    """`PER_SECOND` cancels a second, of bets that never were."""

    def __init__(self, system: System) -> None:
        self.answers: list[Answer] = []
        self.last_detour = 0.0
        """When a cancel last went another way than by the queue at once."""
        self._system = system
        self._numbers = itertools.count()
        self._over = threading.Event()

    def send(self) -> None:
        began = time.monotonic()
        while not self._over.is_set():
            number = next(self._numbers)
            self._over.wait(max(0.0, began + number / PER_SECOND - time.monotonic()))
            sent = time.monotonic()
            code, seconds = timed(self._system, f"load-{number}")
            self.answers.append(Answer(sent, code, seconds))

    def watch(self) -> None:
        before = 0.0
        while not self._over.wait(0.1):
            asked = time.monotonic()
            detours = sum(metric(self._system, name) for name in DETOURS)
            if detours > before:
                before, self.last_detour = detours, asked

    def end(self) -> None:
        self._over.set()


@contextmanager
def load(system: System) -> Iterator[Load]:
    made = Load(system)
    with ThreadPoolExecutor(SENDERS + 1) as pool:
        senders = [pool.submit(made.send) for _ in range(SENDERS)] + [pool.submit(made.watch)]
        try:
            yield made
        finally:
            made.end()
        for sender in senders:
            sender.result()


engine, operator, own_services = faults.engine, faults.operator, faults.own_services
direct_environment = faults.environment
idle_system = systems.idle_system


@pytest.fixture
def address(own_services: Path) -> Iterator[ServiceAddress]:
    with ServiceAddress(port_of(own_services)) as made:
        yield made


@pytest.fixture
def environment(
    direct_environment: dict[str, str], own_services: Path, address: ServiceAddress
) -> dict[str, str]:
    here, there = f":{address.port}/", f":{port_of(own_services)}/"
    urls = {name: direct_environment[name] for name in ("UNBET_BROKER_URL", "UNBET_REDIS_URL")}
    assert all(there in url for url in urls.values())
    return direct_environment | {name: url.replace(there, here) for name, url in urls.items()}


@pytest.fixture
def system(idle_system: System) -> System:
    idle_system.start_both()
    idle_system.start_sweep()
    return idle_system


@pytest.fixture
def standby(own_services: Path) -> Iterator[Path]:
    """A Redis that follows the system's, with the same password."""
    directory = Path(tempfile.mkdtemp(prefix="unbet-test-")) / "services"
    try:
        services.start(directory, postgres=False)
        password = urlsplit(broker_url(own_services)).password
        with redis.Redis.from_url(broker_url(directory)) as client:
            client.config_set("masterauth", password)
            client.replicaof("127.0.0.1", port_of(own_services))
            until(lambda: client.info("replication")["master_link_status"] == "up", "no replica")
        yield directory
    finally:
        services.stop(directory)
        shutil.rmtree(directory.parent)


def test_a_failover_of_redis_is_followed(
    system: System, address: ServiceAddress, own_services: Path, standby: Path
) -> None:
    """The old server lives on, as a replica of the new one, and keeps its connections."""
    password = urlsplit(broker_url(own_services)).password
    with (
        redis.Redis.from_url(broker_url(own_services)) as old,
        redis.Redis.from_url(broker_url(standby)) as new,
        load(system) as sent,
    ):
        assert password
        time.sleep(3)
        happened = time.monotonic()
        new.replicaof("NO", "ONE")
        new.config_set("requirepass", password)
        address.move(port_of(standby))
        old.config_set("masterauth", password)
        old.replicaof("127.0.0.1", port_of(standby))
        time.sleep(12)
    require_recovery(system, sent, happened, "failover")


@pytest.mark.parametrize("how", ["silent", "refused", "cut"])
def test_a_redis_that_comes_back_is_used_again(
    system: System, address: ServiceAddress, own_services: Path, how: str
) -> None:
    with load(system) as sent:
        time.sleep(3)
        match how:
            case "silent":
                address.silence()
                time.sleep(5)
                address.speak()
            case "refused":
                address.move(1)
                address.cut()
                time.sleep(5)
                address.move(port_of(own_services))
            case "cut":
                address.cut()
        happened = time.monotonic()
        time.sleep(12)
    require_recovery(system, sent, happened, how)


def require_recovery(system: System, sent: Load, happened: float, what: str) -> None:
    """All were answered 0 in time, and soon after it `happened` by the queue again."""
    codes = Counter(answer.code for answer in sent.answers)
    slowest = max(answer.seconds for answer in sent.answers)
    recovered_s = max(0.0, sent.last_detour - happened)
    after = [one.seconds for one in sent.answers if one.sent > happened + recovered_s]
    sys.stdout.write(
        f"{what}: {len(sent.answers)} cancels, {dict(codes)}, slowest {slowest:.2f} s; by the "
        f"queue again after {recovered_s:.2f} s, then {1000 * median(after):.0f} ms\n"
    )
    assert set(codes) <= {0, 100}
    assert codes[100] <= len(sent.answers) / 10, "a slow machine's ledger may be away as well"
    assert slowest < PROVIDERS_PATIENCE_S
    assert recovered_s < RECOVERS_S
    ended = [name for name, process in system.processes.items() if process.poll() is not None]
    assert ended == []


def broker_url(directory: Path) -> str:
    url = services.status(directory).services.broker_url
    assert url
    return url


def port_of(directory: Path) -> int:
    port = urlsplit(broker_url(directory)).port
    assert port
    return port
