"""The way of one Cancel, from HTTP to its answer: as short as docs/concepts.md says."""

import re
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Final

from tests.operating import Operator
from tests.system.processes import ROOT, System
from tests.system.tracing import ANSWERED, DIRECTORY, SENT, TAKEN, Entry, entries
from tests.system.watching import PLAYER
from tests.waiting import until

CANCELS: Final = 9
MAX_FILES: Final = 12
MAX_ENTRIES: Final = 2
"""Of one file, in one process."""

PLACES: Final = ("receiver", "receiver's thread", "worker", "worker's child", "receiver")
"""Where the cancel is, one after the other."""

HANDS_ON: Final = (("worker", TAKEN), ("worker's child", SENT))
"""What comes after that, it goes on without."""

RECEIVER: Final = "from tests.system.tracing import trace; trace('receiver'); " + (
    "from api.__main__ import main; main()"
)
WORKER: Final = (
    "import sys; from tests.system.tracing import trace; trace('worker'); "
    "sys.argv = ['celery', '--app', 'worker.app', 'worker', '--concurrency', '1', "
    "'--hostname', 'worker@test']; from celery.__main__ import main; main()"
)


def test_a_cancel_passes_the_files_that_the_documentation_names_and_no_others(
    idle_system: System, operator: Operator, tmp_path: Path
) -> None:
    idle_system.environment |= {DIRECTORY: str(tmp_path)}
    idle_system.start("worker", sys.executable, "-c", WORKER)
    idle_system.start("receiver", sys.executable, "-c", RECEIVER)
    idle_system.wait("the worker", lambda: "worker@test ready" in idle_system.said("worker"))
    idle_system.wait("the receiver", idle_system.ready)
    operator.deposit("100.00", **PLAYER)
    for number in range(CANCELS):
        operator.bet(f"r{number}", "10.00", **PLAYER)
        assert idle_system.cancel(reference=f"r{number}")["error"] == 0
        logged = f'"reference":"r{number}"'
        until(lambda: logged in idle_system.said("receiver"), "it is not logged")  # noqa: B023
        until(lambda: logged in idle_system.said("worker"), "it is not logged")  # noqa: B023
    # What a process does beside it comes into one or the other.
    found = sorted(ways(entries(tmp_path)), key=len)
    way = next((one for one in found if passed(one) == documented()), found[0])
    shown = "\n".join(f"{place}: {file}" for place, file in way)
    assert passed(way) == documented(), shown
    assert len({file for _, file in way}) <= MAX_FILES, shown
    times = Counter((place.partition("'s thread")[0], file) for place, file in way)
    assert max(times.values()) <= MAX_ENTRIES, shown


def ways(found: list[Entry]) -> list[list[tuple[str, str]]]:
    """Of each cancel, the files that were entered where it was just then."""
    all_ways = []
    starts = [n for n, entry in enumerate(found) if entry.function == "data_received"]
    for start in starts:
        way: list[tuple[str, str]] = []
        stop, left = 0, set[str]()
        for entry in found[start:]:
            if entry.function == ANSWERED:
                break
            if stop + 1 < len(PLACES) and _comes_to(PLACES[stop + 1], stop, entry):
                stop += 1
            if (entry.place, entry.function) in HANDS_ON:
                left.add(entry.place)
            elif entry.file and entry.place == PLACES[stop] and entry.place not in left:
                way.append((entry.place, entry.file))
        if stop == len(PLACES) - 1:  # one of /readyz goes nowhere
            all_ways.append(way)
    return all_ways


def _comes_to(place: str, stop: int, entry: Entry) -> bool:
    """Back in the receiver it is with the reply, whatever else goes on there."""
    is_reply = stop < len(PLACES) - 2 or entry.function == "listen"
    return entry.place == place and is_reply


def passed(way: list[tuple[str, str]]) -> list[list[str]]:
    """The files of each place, in the order of their first entry there."""
    return [
        list(dict.fromkeys(file for _, file in stop))
        for _, stop in groupby(way, lambda entered: entered[0])
    ]


def documented() -> list[list[str]]:
    """The files of each row of the table."""
    section = (ROOT / "docs" / "concepts.md").read_text().partition("## The files on its way")[2]
    rows = re.findall(r"^\| (?:receiver|worker)[^|]*\| ([^|]*) \|", section, re.MULTILINE)
    return [re.findall(r"`([^`]+\.py)`", row) for row in rows]
