"""A receiver whose ledger is away, and a disk that takes what it likes: what was answered 100 is
decided afterwards, whatever else lies in its spool."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from tests.freezing import frozen
from tests.operating import Operator
from tests.servers import services
from tests.system.faults.own_servers import own_services as own_services
from tests.system.faults.own_servers import service_url as service_url
from tests.system.processes import EXAMPLE, System
from tests.system.watching import DEADLINE_S, metric, placed, wait_until_cancelled
from tests.waiting import meanwhile, until

SECONDS = 40.0
"""Within which both, a refusal and a promise, have to come."""
ENOUGH = 100
"""Answers, if some were given and some refused."""
SENDERS = 40
SPELLS = ((0, 300), (0, 300, 60_000, 5000))
"""Bytes for which there is room, in turns: for none, a part of one, some, a few cancels."""
SPELL_S = DEADLINE_S
"""So long that what comes at the beginning of the first spell finds no room at all."""


def spool_of(system: System) -> Path:
    return Path(system.environment["UNBET_SPOOL_DIR"])


@contextmanager
def hovering(system: System) -> Iterator[None]:
    """A disk that is full, and has a little room, in turns: as no file may grow beyond a limit."""
    receiver = psutil.Process(system.processes["receiver"].pid)
    _, hard = receiver.rlimit(psutil.RLIMIT_FSIZE)

    def hover(ended: threading.Event) -> None:
        began = time.monotonic()
        for turn in itertools.count():
            rooms = SPELLS[int((time.monotonic() - began) / SPELL_S) % len(SPELLS)]
            files = [file.stat() for file in spool_of(system).glob("*.spool*")]
            newest = max(files, key=lambda stat: stat.st_ctime, default=None)
            size = newest.st_size if newest else 0
            receiver.rlimit(psutil.RLIMIT_FSIZE, (size + rooms[turn % len(rooms)], hard))
            if ended.wait(0.05):
                return

    try:
        with meanwhile(hover):
            yield
    finally:
        receiver.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.long
def test_on_a_disk_that_hovers_around_full_what_was_answered_is_decided_and_the_rest_refused(
    system: System, operator: Operator, own_services: Path
) -> None:
    system.start_sweep()
    # Unknown ones: decided is decided.
    references = (f"unknown-{number}" for number in itertools.count())
    lock, codes = threading.Lock(), Counter[int]()
    ends_at = time.monotonic() + SECONDS

    def send_on(number: int) -> list[tuple[str, int, float]]:
        seen = []
        time.sleep(number / SENDERS)  # not all in one append
        while time.monotonic() < ends_at and not (codes.total() > ENOUGH and len(codes) > 1):
            with lock:
                reference = next(references)
            started = time.monotonic()
            response = system.http.post(system.path, json=EXAMPLE | {"reference": reference})
            status = response.status_code
            code = response.json()["error"] if status == 200 else status
            seen.append((reference, code, time.monotonic() - started))
            codes[code] += 1
        return seen

    status = services.status(own_services)
    with (
        frozen(status.postgres_pid, status.redis_pid),
        hovering(system),
        ThreadPoolExecutor(SENDERS) as pool,
    ):
        seen = [one for some in pool.map(send_on, range(SENDERS)) for one in some]
    assert codes.keys() == {100, 503}, codes
    assert max(seconds for _, _, seconds in seen) < DEADLINE_S
    wait_until_cancelled(operator, *(reference for reference, code, _ in seen if code == 100))
    until(lambda: not list(spool_of(system).iterdir()), "something is kept aside or left")
    assert metric(system, "unbet_spool_damaged_total") == 0


def is_over(end: float) -> bool:
    return time.monotonic() > end


@pytest.mark.long
def test_a_long_outage_makes_one_file_and_not_one_a_second(
    system: System, operator: Operator, own_services: Path
) -> None:
    references = placed(operator, 4)
    status = services.status(own_services)
    with frozen(status.postgres_pid, status.redis_pid):
        for reference in references:
            assert system.cancel(reference=reference)["error"] == 100
            # Longer than the pause after which the spool is looked at.
            until_tried_again = time.monotonic() + 1.2
            until(partial(is_over, until_tried_again), "time stands still")
        assert len(list(spool_of(system).iterdir())) == 1
    system.start_sweep()
    wait_until_cancelled(operator, *references)
    until(lambda: not list(spool_of(system).iterdir()), "it is not emptied")
    with operator.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM unbet_ledger.bets")).scalar() == len(
            references
        )
