"""The processes of the Procfile, started together and ended together."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from honcho.environ import parse_procfile

STOP_LIMIT_S: Final = 15.0
"""A receiver answers what it holds and a worker finishes its group; both need less than this."""

ROOT: Final = Path(__file__).resolve().parent.parent


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


class Processes:
    """What runs, each with its output in a file of its own under `logs`."""

    def __init__(self, procfile: Path, environment: Mapping[str, str], logs: Path) -> None:
        self._commands: dict[str, str] = parse_procfile(procfile.read_text()).processes
        # The programs of this installation come first, as with an activated environment.
        programs = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
        self._environment = {**environment, "PATH": programs, "PYTHONUNBUFFERED": "1"}
        self.own_variables: Callable[[str], Mapping[str, str]] = lambda _name: {}
        """What a process, by its name, has in its environment beside what all have."""
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start them all."""
        self._logs.mkdir(parents=True, exist_ok=True)
        for name, command in self._commands.items():
            environment = {**self._environment, **self.own_variables(name)}
            with self.log(name).open("wb") as output:
                self._running[name] = spawn(command, environment, output)

    def log(self, name: str) -> Path:
        """Where the process `name` writes."""
        return self._logs / f"{name}.log"

    def ended(self) -> str | None:
        """The name of a process that has ended, if any."""
        return next((n for n, process in self._running.items() if process.poll() is not None), None)

    def stop(self) -> None:
        """Ask each to end, wait, and kill what is left of its group."""
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_LIMIT_S
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()
