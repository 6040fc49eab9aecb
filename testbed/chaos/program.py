"""A process of ours that is a target of faults and is restarted when it ends, and its log, which is
cut while it is written."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

from testbed.chaos.outages import Outage
from unbet.local.processes import spawn

MAX_LOG_BYTES: Final = 32_000_000
READ_BYTES: Final = 64_000


def trim(directory: Path) -> None:
    """Put aside the logs that have become long, as `.log.1`; their writers append and go on."""
    for log in directory.glob("*/*.log"):
        if log.stat().st_size > MAX_LOG_BYTES:
            # The few lines between the copy and the cut are lost; nothing judges by them.
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate(0)


def last_lines(log: Path, count: int) -> tuple[str, ...]:
    """The last lines of a log, without reading all of it."""
    if not log.exists():
        return ()
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - READ_BYTES))
        return tuple(file.read().decode(errors="replace").splitlines()[-count:])


RESTART_AFTER_S: Final = 1.0
"""What a supervisor such as systemd waits before it starts an ended process again."""

ACCEPT_LIMIT_S: Final = 0.2

LINES: Final = 12
"""Of its log, that say why a process ended."""


@dataclass(frozen=True)
class Ending:
    """A process ended by itself."""

    program: str
    at: datetime
    how: str
    """Its exit status or signal."""
    said: tuple[str, ...]
    """The last lines of its log."""


@dataclass
class Program:
    """A line of the Procfile, running under a name of its own."""

    name: str
    role: str
    """The line's name in the Procfile."""
    command: str
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    port: int | None = None
    """Where it listens, if it does."""
    outages: list[Outage] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    """Of those that the run had not asked for."""

    _process: subprocess.Popen[bytes] | None = None
    _killed: bool = False
    _ending: bool = False
    _away_since: datetime | None = None
    _start_at: float = 0.0

    @property
    def pid(self) -> int:
        """Also the id of its process group. Raises `ProcessLookupError` if it does not run."""
        if self._process is None:
            raise ProcessLookupError(self.name)
        return self._process.pid

    @property
    def up(self) -> bool:
        """It runs and, if it listens, has accepted a connection since its start."""
        return self._process is not None and self._away_since is None

    def start(self) -> None:
        """What it says goes to its log, behind what it said before."""
        with self.log.open("ab") as output:
            self._process = spawn(self.command, self.environment, output)
        self._ending = False
        self._away_since = self._away_since or datetime.now(UTC)

    def kill(self) -> None:
        """End it with all of its children, at once."""
        self._killed = self._ending = True
        self._away_since = datetime.now(UTC)
        self.signal(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and its children; nothing happens if it has ended meanwhile."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def pids(self) -> list[int]:
        """Of itself and its children; none if it has ended."""
        children = [child.pid for child in self.children(recursive=True)]
        return [self._process.pid, *children] if self._process else []

    def children(self, *, recursive: bool = False) -> list[psutil.Process]:
        """Its child processes; none if it has ended."""
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            return list(psutil.Process(self.pid).children(recursive=recursive))
        return []

    def supervise(self) -> None:
        """Note an end, start again what has ended, note when it is back. To be called often."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self.signal(signal.SIGKILL)  # children that outlived it, as systemd does
            self._process = None
            self._start_at = time.monotonic() + RESTART_AFTER_S
            self._away_since = self._away_since or datetime.now(UTC)
            if not self._killed:
                self.endings.append(self._ending_of(code))
        if self._process is None and time.monotonic() > self._start_at:
            self.start()
        if self._process is not None and self._away_since and not self._ending and self._accepts():
            if self._killed:
                self.outages.append(Outage(self.name, self._away_since, datetime.now(UTC)))
            self._killed, self._away_since = False, None

    def _ending_of(self, code: int) -> Ending:
        how = f"exit status {code}" if code >= 0 else signal.Signals(-code).name
        return Ending(self.name, datetime.now(UTC), how, last_lines(self.log, LINES))

    def _accepts(self) -> bool:
        if self.port is None:
            return True
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), ACCEPT_LIMIT_S):
            return True
        return False
