"""Allows one `unbet run` at a time on DIR, and records what it has started for a later command."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import psutil

from unbet.local import process_groups
from unbet.local.processes import phases
from unbet.local.services.state_files import lock, write_private

CLEANUP_LIMIT_S: Final = 120.0
"""Longer than the end of everything that a run has started may take."""

_EXEC_LIMIT_S: Final = 10.0

_SLACK_S: Final = 1.0
"""Of the time at which a process has started, as the system tells it."""


class RunError(Exception):
    """`unbet run` cannot go on; the text is for a person."""


@dataclass(frozen=True)
class StartedGroup:
    """A process that leads a group of its own, and how it is known again: pids are reused."""

    name: str
    pid: int
    since: float
    command: list[str]

    @classmethod
    def of(cls, name: str, pid: int) -> Self | None:
        """None if it has ended already. Raises `RunError` if the system tells no command line."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(pid)
            deadline = time.monotonic() + _EXEC_LIMIT_S
            # Linux shows an empty one for a moment after `exec` has let its caller go on.
            while not (command := found.cmdline()):
                if time.monotonic() > deadline:
                    raise RunError(f"{name} (pid {pid}) has no command line to know it by.")
                time.sleep(0.001)
            return cls(name, pid, found.create_time(), command)
        return None

    def is_left(self) -> bool:
        """Whether it, or a child of its group after its end, surely still runs."""
        return any(map(self._is_ours, psutil.process_iter()))

    def _is_ours(self, found: psutil.Process) -> bool:
        with suppress(psutil.Error, ProcessLookupError):
            return (
                os.getpgid(found.pid) == self.pid
                and found.status() != psutil.STATUS_ZOMBIE
                and found.create_time() > self.since - _SLACK_S
                and found.cmdline() == self.command
            )
        return False


@dataclass
class RunRecord:
    """Which `unbet run` works on DIR, since when, and what it has started."""

    pid: int
    since: str
    groups: list[StartedGroup] = field(default_factory=list)
    servers: list[str] = field(default_factory=list)
    """PostgreSQL and Redis, if they are to end with it."""

    @classmethod
    def read(cls, directory: Path) -> Self | None:
        """None if there is none; one that cannot be read counts as none."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            found = json.loads(_file(directory).read_text())
            found["groups"] = [StartedGroup(**each) for each in found["groups"]]
            return cls(**found)
        return None

    def write(self, directory: Path) -> None:
        write_private(_file(directory), json.dumps(asdict(self)) + "\n")

    def __str__(self) -> str:
        return f"`unbet run` (pid {self.pid}, since {self.since})"

    def end_processes(self) -> list[StartedGroup]:
        """End the processes that are still there; returns them."""
        left = [group for group in self.groups if group.is_left()]
        for phase in phases({group.pid: group.name.split(".")[0] for group in left}):
            process_groups.end(phase)
        return left


def remove(directory: Path) -> None:
    """Nothing is left of it."""
    _file(directory).unlink(missing_ok=True)


def at_work(directory: Path) -> RunRecord | None:
    """The `unbet run` that works on DIR now, if one does."""
    try:
        with lock(directory / "run.lock", shared=True):
            return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return RunRecord.read(directory) or RunRecord(0, "just now")


@contextmanager
def only_run(directory: Path, say: Callable[[str], None]) -> Iterator[int]:
    """Be the only `unbet run` on DIR, once the reaper of an earlier one has done its work. Gives
    the descriptor of the lock that the own reaper holds on to. Raises `RunError`."""

    def busy() -> None:
        earlier = RunRecord.read(directory) or "an earlier run"
        say(f"{earlier} has died; waiting until what it has left is ended ...")

    with ExitStack() as locks:
        try:
            # Not at once: `at_work` may just be asking.
            locks.enter_context(lock(directory / "run.lock", limit_s=1.0))
        except BlockingIOError:
            raise RunError(_works_already(directory)) from None
        try:
            reaper = locks.enter_context(
                lock(directory / "reaper.lock", limit_s=CLEANUP_LIMIT_S, busy=busy)
            )
        except BlockingIOError:
            raise RunError(f"what an earlier run has left on {directory} does not end.") from None
        yield reaper


def _works_already(directory: Path) -> str:
    record = RunRecord.read(directory)
    return (
        f"{record or 'another `unbet run`'} works on {directory}. Stop it first"
        + (f" (kill {record.pid})" if record else "")
        + ", or give this one another --dir and other ports (UNBET_PORT, UNBET_CONSOLE_PORT, "
        "UNBET_FLOWER_PORT)."
    )


def now() -> str:
    """For a person."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _file(directory: Path) -> Path:
    return directory / "run.json"
