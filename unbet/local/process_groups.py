"""Ends process groups: first asks, then kills. A group's leader may be a child of this process, or
of one that has died."""

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from unbet.local.services.process import is_alive

STOP_LIMIT_S: Final = 15.0
"""A receiver answers what it holds and a worker finishes its group; both need less than this."""

KILL_LIMIT_S: Final = 5.0


def end(leaders: Iterable[int], *, hurried: Callable[[], bool] = lambda: False) -> None:
    """Ask each leader to end (a worker's children finish their group only if they are not signalled
    themselves), wait for `STOP_LIMIT_S` or until `hurried`, and kill what is left of the groups."""
    pids = list(leaders)
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    _wait(pids, STOP_LIMIT_S, hurried)
    for pid in pids:
        kill(pid)
    _wait(pids, KILL_LIMIT_S)


def kill(leader: int) -> None:
    """Kill the whole group, at once."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _wait(pids: list[int], limit_s: float, hurried: Callable[[], bool] = lambda: False) -> None:
    deadline = time.monotonic() + limit_s
    while any(map(is_alive, pids)) and time.monotonic() < deadline and not hurried():
        time.sleep(0.02)
