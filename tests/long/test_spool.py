"""A spool that grew for hours, in one file or in thousands: the receiver empties it with bounded
memory and few files open, and answers live cancels meanwhile."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine, text

from api.spool import Spool
from contract.message import Cancel
from contract.sockets import HANDLES
from tests.making import Operator, cancel_of
from tests.system.conftest import idle_system as idle_system
from tests.system.conftest import operator as operator
from tests.system.processes import System
from tests.system.watching import PLAYER, placed_by_many, timed
from tests.waiting import until

MANY = 300_000
FILES = 12_000
GROWTH = 60 * 2**20
"""Bytes, for a spool of 200 MB."""
OPEN = 70
"""Files of a spool at a time: 64, and those of the receiver's own."""
DESCRIPTORS = 120 + HANDLES
"""Of the receiver in all: it listens with that many copies of its socket."""
LIVE = 100


def spool_of(system: System) -> Path:
    return Path(system.environment["UNBET_SPOOL_DIR"])


def again(cancel: Cancel, number: int) -> Cancel:
    """Another request about another bet; made anew each would take minutes."""
    request = cancel.request.model_copy(update={"reference": f"s{number}"})
    return cancel_of("x").model_copy(update={"request": request, "body": cancel.body})


def parked(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM parked")).scalar_one())


def files_open(process: psutil.Process, directory: Path) -> int:
    return sum(Path(file.path).is_relative_to(directory) for file in process.open_files())


def emptied(system: System, engine: Engine, operator: Operator, count: int) -> None:
    """The receiver empties its spool, and answers live cancels while it does."""
    references = placed_by_many(operator, LIVE)
    system.start_both()
    process = psutil.Process(system.processes["receiver"].pid)
    before, most, opened, descriptors = process.memory_info().rss, 0, 0, 0

    def is_emptied() -> bool:
        nonlocal most, opened, descriptors
        most = max(most, process.memory_info().rss)
        opened = max(opened, files_open(process, spool_of(system)))
        descriptors = max(descriptors, process.num_fds())
        return not list(spool_of(system).iterdir())

    with ThreadPoolExecutor(2) as pool:
        live = pool.map(lambda reference: timed(system, reference, userId=reference), references)
        until(is_emptied, "the spool is not emptied", seconds=900)
        answers = list(live)
    slowest = max(seconds for _, seconds in answers)
    # Shown by pytest where a test has failed, or with -s.
    sys.stdout.write(
        f"\n{before >> 20} MB, then {most >> 20} MB; {opened} files open, "
        f"{descriptors} descriptors; {slowest:.2f} s\n"
    )
    assert parked(engine) == count
    assert {code for code, _ in answers} == {0}
    assert slowest < 8
    assert most < before + GROWTH
    assert opened < OPEN
    assert descriptors < DESCRIPTORS


@pytest.mark.timeout(1500)
def test_three_hundred_thousand_cancels_are_emptied_with_flat_memory_and_live_ones_answered(
    idle_system: System, engine: Engine, operator: Operator
) -> None:
    cancel, spool = cancel_of("x", **PLAYER), Spool(spool_of(idle_system))
    for start in range(0, MANY, 1000):
        spool.append([again(cancel, number) for number in range(start, start + 1000)])
    spool.close()
    emptied(idle_system, engine, operator, MANY)


@pytest.mark.timeout(900)
def test_twelve_thousand_small_files_are_emptied_a_few_at_a_time(
    idle_system: System, engine: Engine, operator: Operator
) -> None:
    cancel = cancel_of("x", **PLAYER)
    spool_of(idle_system).mkdir()
    for number in range(FILES):
        line = again(cancel, number).model_dump_json()
        (spool_of(idle_system) / f"{number:x}.spool").write_text(f"{line}\n")
    emptied(idle_system, engine, operator, FILES)
