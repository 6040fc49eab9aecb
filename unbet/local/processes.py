"""The processes of the Procfile: started together, started again when one ends, ended together."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from honcho.environ import parse_procfile

from unbet.local import process_groups
from unbet.local.process_groups import STOP_LIMIT_S

__all__ = ["ROOT", "STOP_LIMIT_S", "ProcessError", "Processes", "how_it_ended", "spawn"]

ROOT: Final = Path(__file__).resolve().parents[2]

PAUSES_S: Final[tuple[float, ...]] = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Before each new start of a process, however often it has been started again within the window."""

WINDOW_S: Final = 60.0
"""One that ends after all these starts within so long is not started again."""

LAST_LINES: Final = 15


class ProcessError(Exception):
    """A process cannot be kept running; the text is for a person."""


def spawn(
    command: str, environment: Mapping[str, str], output: BinaryIO
) -> subprocess.Popen[bytes]:
    """Start a line of the Procfile as the leader of a group that no Ctrl-C of ours reaches."""
    return subprocess.Popen(
        shlex.split(command),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def how_it_ended(status: int) -> str:
    """In words; `status` as `subprocess` has it."""
    if status >= 0:
        return f"ended by itself with exit status {status}"
    known = {number.value: number.name for number in signal.Signals}
    return f"was killed by {known.get(-status, f'signal {-status}')}"


@dataclass
class _Child:
    name: str
    line: str
    command: str
    process: subprocess.Popen[bytes] | None = None
    """None before its start, and while a pause has to pass before its next one."""
    start_at: float = 0.0
    restarts: deque[float] = field(default_factory=lambda: deque(maxlen=len(PAUSES_S)))


class Processes:
    """What runs, each with its output in a file of its own under `logs`."""

    def __init__(
        self,
        procfile: Path,
        environment: Mapping[str, str],
        logs: Path,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """`counts`: how many of a line run, if not one; they are then `worker.1`, `worker.2`."""
        # The programs of this installation come first, as with an activated environment.
        programs = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
        self._environment = {**environment, "PATH": programs, "PYTHONUNBUFFERED": "1"}
        self.own_variables: Callable[[str], Mapping[str, str]] = lambda _line: {}
        """What a process, by its line, has in its environment beside what all have."""
        self.on_start: Callable[[str, int], None] = lambda _name, _pid: None
        """Called with its name and pid as soon as a process has been started."""
        self.pauses_s = PAUSES_S
        self._logs = logs
        self._children = [
            _Child(name, line, command)
            for line, command in parse_procfile(procfile.read_text()).processes.items()
            for name in _names(line, (counts or {}).get(line, 1))
        ]

    def start(self) -> None:
        """Start them all."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for child in self._children:
            self.log(child.name).write_bytes(b"")
            self._start(child)

    def _start(self, child: _Child) -> int:
        environment = {**self._environment, **self.own_variables(child.line)}
        with self.log(child.name).open("ab") as output:
            child.process = spawn(child.command, environment, output)
        self.on_start(child.name, child.process.pid)
        return child.process.pid

    def log(self, name: str) -> Path:
        """Where the process `name` writes."""
        return self._logs / f"{name}.log"

    def ended(self) -> str | None:
        """The name of a process that has ended, if any."""
        ended = (e.name for e in self._children if e.process and e.process.poll() is not None)
        return next(ended, None)

    def require_all(self) -> None:
        """Raises `ProcessError` if one has ended: for a start, which must not go on without it."""
        for child in self._children:
            if child.process and child.process.poll() is not None:
                raise ProcessError(f"{self._end_of(child, child.process)}.{self._last(child)}")

    def tend(self) -> list[str]:
        """Start again what has ended, and say so. To be called often. Raises `ProcessError` for one
        that ends again and again."""
        now = time.monotonic()
        messages = []
        for child in self._children:
            if child.process and child.process.poll() is not None:
                end = self._end_of(child, child.process)
                process_groups.kill(child.process.pid)  # children that outlived it
                pause = self._pause(child, end, now)
                child.process, child.start_at = None, now + pause
                child.restarts.append(now)
                if pause:
                    messages.append(f"{end}; it is started again in {pause:g} s")
                else:
                    messages.append(f"{end}; started again as pid {self._start(child)}")
            elif child.process is None and now >= child.start_at:
                messages.append(f"{child.name} is started again as pid {self._start(child)}")
        return messages

    def _pause(self, child: _Child, end: str, now: float) -> float:
        recent = sum(now - restart < WINDOW_S for restart in child.restarts)
        if recent >= len(self.pauses_s):
            raise ProcessError(
                f"{end}, after it had been started again {recent} times within {WINDOW_S:.0f} "
                f"seconds.{self._last(child)}"
            )
        return self.pauses_s[recent]

    def _end_of(self, child: _Child, process: subprocess.Popen[bytes]) -> str:
        return f"{child.name} (pid {process.pid}) {how_it_ended(process.returncode)}"

    def _last(self, child: _Child) -> str:
        written = self.log(child.name).read_text(errors="replace").strip()
        lines = written.splitlines()[-LAST_LINES:]
        return f" {self.log(child.name)} ends with:" + "".join(f"\n    {line}" for line in lines)

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> None:
        """The receivers first, since what they hold is decided by the others; then all others."""
        running = [each for each in self._children if each.process and each.process.poll() is None]
        for phase in phases({each.process.pid: each.line for each in running if each.process}):
            process_groups.end(phase, hurried=hurried)
        for child in self._children:
            if child.process:
                child.process.wait()
                child.process = None


def phases(lines: Mapping[int, str]) -> list[list[int]]:
    """Which pids are asked to end together, in order; `lines` of the Procfile by pid."""
    receivers = [pid for pid, line in lines.items() if line == "web"]
    return [receivers, [pid for pid in lines if pid not in receivers]]


def _names(line: str, count: int) -> list[str]:
    return [line] if count == 1 else [f"{line}.{number}" for number in range(1, count + 1)]
