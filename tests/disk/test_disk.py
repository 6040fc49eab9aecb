"""What a real full and a real read-only disk make of a receiver whose ledger is away."""

import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from tests.disk.conftest import OwnDisk
from tests.freezing import frozen
from tests.operating import Operator
from tests.servers import services
from tests.system.processes import EXAMPLE, System
from tests.system.watching import wait_until_cancelled
from tests.waiting import meanwhile, until

SECONDS = 10.0
SENDERS = 40
FULL = 1100 * 1024
"""Bytes: more than the disk has."""


def filled_now_and_then(directory: Path) -> AbstractContextManager[None]:
    """Another program writes until the disk is full, and gives a little room back."""

    def fill(ended: threading.Event) -> None:
        with (directory / "another-programs").open("wb", buffering=0) as file:
            for turn in itertools.count():
                with suppress(OSError):
                    for _ in range(FULL // 4096):
                        file.write(bytes(4096))
                if ended.wait(0.1):
                    break
                file.truncate(max(0, file.tell() - 4096 * (turn % 12)))
                file.seek(0, 2)
                if ended.wait(0.05):
                    break
        (directory / "another-programs").unlink()

    return meanwhile(fill)


def send(system: System, reference: str) -> int:
    response = system.http.post(system.path, json=EXAMPLE | {"reference": reference})
    return int(response.json()["error"]) if response.status_code == 200 else response.status_code


def test_on_a_disk_that_hovers_around_full_what_was_answered_is_decided(
    idle_system: System, disk: OwnDisk, operator: Operator, own_services: Path
) -> None:
    idle_system.start_sweep()
    disk.start_receiver()
    ends_at = time.monotonic() + SECONDS
    numbers = itertools.count()

    def send_on(number: int) -> list[tuple[str, int]]:
        seen = []
        time.sleep(number / SENDERS)  # not all in one append
        while time.monotonic() < ends_at:
            reference = f"unknown-{next(numbers)}"
            seen.append((reference, send(idle_system, reference)))
        return seen

    status = services.status(own_services)
    with (
        frozen(status.postgres_pid, status.redis_pid),
        filled_now_and_then(disk.directory),
        ThreadPoolExecutor(SENDERS) as pool,
    ):
        seen = [one for some in pool.map(send_on, range(SENDERS)) for one in some]
    codes = Counter(code for _, code in seen)
    assert {100} <= codes.keys() <= {100, 503}, codes
    wait_until_cancelled(operator, *(reference for reference, code in seen if code == 100))
    until(lambda: not list(disk.directory.iterdir()), "something is kept aside or left")


def test_on_a_disk_that_is_read_only_for_a_while_nothing_is_answered_that_is_not_kept(
    idle_system: System, disk: OwnDisk, operator: Operator, own_services: Path
) -> None:
    idle_system.start_sweep()
    disk.start_receiver()
    status = services.status(own_services)
    with frozen(status.postgres_pid, status.redis_pid):
        assert send(idle_system, "before") == 100
        # A file that is open for writing keeps its file system from becoming read-only; one that
        # the kernel has made so after an error is as full as this one.
        filled = disk.directory / "another-programs"
        with suppress(OSError), filled.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        codes = [send(idle_system, f"full-{number}") for number in range(3)]
        filled.unlink()
        after = send(idle_system, "after")
    assert after == 100
    kept = [f"full-{number}" for number, code in enumerate(codes) if code == 100]
    assert set(codes) <= {100, 503}
    wait_until_cancelled(operator, "before", "after", *kept)
    until(lambda: not list(disk.directory.iterdir()), "it is not emptied")
    disk.remount("ro")
    with frozen(status.postgres_pid, status.redis_pid):
        assert send(idle_system, "read-only") == 503
    disk.remount("rw")
    with frozen(status.postgres_pid, status.redis_pid):
        assert send(idle_system, "again") == 100
    wait_until_cancelled(operator, "again")
