"""The address of Redis leads elsewhere, nowhere, or to silence, under 100 cancels a second: after
how many seconds answers are by the queue again."""

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
from typing import Final
from urllib.parse import urlsplit

import pytest
import redis

from ops import services
from ops.chaos.address import ServiceAddress
from tests.long.load import Answer, Load, load
from tests.making import Operator
from tests.system import conftest as systems
from tests.system.faults import conftest as faults
from tests.system.processes import System
from tests.system.watching import DEADLINE_S, metric, wait_until_cancelled
from tests.waiting import until

RECOVERS_S: Final = 6.0
DETOURS: Final = ("unbet_unpublished_total", "unbet_resent_total", "unbet_parked_total")
"""What counts cancels that did not come through by the queue at once."""


class Detours:
    """Watches when a cancel last went another way than by the queue at once."""

    def __init__(self, system: System) -> None:
        self.last = 0.0
        self._system = system
        self._over = threading.Event()

    def watch(self) -> None:
        before = 0.0
        while not self._over.wait(0.1):
            asked = time.monotonic()
            detours = sum(metric(self._system, name) for name in DETOURS)
            if detours > before:
                before, self.last = detours, asked

    def end(self) -> None:
        self._over.set()


@contextmanager
def watched_load(system: System) -> Iterator[tuple[Load, Detours]]:
    detours = Detours(system)
    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(detours.watch)
        try:
            with load(system) as sent:
                yield sent, detours
        finally:
            detours.end()
        watching.result()


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
    system: System, operator: Operator, address: ServiceAddress, own_services: Path, standby: Path
) -> None:
    """The old server lives on, as a replica of the new one, and keeps its connections."""
    password = urlsplit(broker_url(own_services)).password
    with (
        redis.Redis.from_url(broker_url(own_services)) as old,
        redis.Redis.from_url(broker_url(standby)) as new,
        watched_load(system) as (sent, detours),
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
    require_recovery(system, operator, sent.answers, (happened, happened), detours, "failover")


@pytest.mark.parametrize("how", ["silent", "refused", "cut"])
def test_a_redis_that_comes_back_is_used_again(
    system: System, operator: Operator, address: ServiceAddress, own_services: Path, how: str
) -> None:
    with watched_load(system) as (sent, detours):
        time.sleep(3)
        began = time.monotonic()
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
        ended = time.monotonic()
        time.sleep(12)
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


def broker_url(directory: Path) -> str:
    url = services.status(directory).services.broker_url
    assert url
    return url


def port_of(directory: Path) -> int:
    port = urlsplit(broker_url(directory)).port
    assert port
    return port
