"""`unbet run` as a person starts it, with everything of it known by its pid."""

import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from tests.servers import is_alive, services
from tests.system.processes import ROOT

UNBET: Final = [sys.executable, "-c", "from unbet.cli.main import main; main()"]
FREE_PORTS: Final = {"UNBET_PORT": "0", "UNBET_CONSOLE_PORT": "0", "UNBET_FLOWER_PORT": "0"}
NOTHING_SET: Final[Mapping[str, str]] = {}
START_LIMIT_S: Final = 90.0


def unbet(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Another command, to its end."""
    return subprocess.run(
        [*UNBET, *map(str, arguments)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **FREE_PORTS, **environment},
        capture_output=True,
        text=True,
        timeout=START_LIMIT_S,
        check=False,
    )


class Running:
    """One that is started at once, in a terminal of its own."""

    def __init__(
        self,
        *options: str,
        directory: Path | None = None,
        environment: Mapping[str, str] = NOTHING_SET,
    ) -> None:
        self._private = Path(tempfile.mkdtemp(prefix="unbet-test-")) if directory is None else None
        self.directory = directory or Path(str(self._private)) / "data"
        self.said = ""
        self.terminal, inside = pty.openpty()
        self._family: set[psutil.Process] = set()
        self.process = subprocess.Popen(
            [*UNBET, "run", "--dir", str(self.directory), *options],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "TERM": "dumb", **FREE_PORTS, **environment},
            stdin=inside,
            stdout=inside,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # The tests may have been started by nohup.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )
        os.close(inside)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._hung_up = threading.Event()
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):
            while not self._hung_up.is_set():
                # A read that waits would keep the terminal open beyond its end.
                if select.select([self.terminal], [], [], 0.05)[0]:
                    piece = os.read(self.terminal, 65536)
                    self.said += piece.decode(errors="replace").replace("\r\n", "\n")

    def hang_up(self) -> None:
        """The terminal is gone."""
        if not self._hung_up.is_set():
            self._hung_up.set()
            self._reader.join(10)
            os.close(self.terminal)

    def wait_for(self, words: str, seconds: float = START_LIMIT_S) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.said and self.process.poll() is None:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)
        assert words in self.said, self.said

    def ready(self) -> "Running":
        self.wait_for("Press Ctrl-C")
        return self

    def family(self) -> set[psutil.Process]:
        """All that it has started, servers included; not itself. Also what has ended since."""
        servers = [psutil.Process(pid) for pid in services.running(self.directory).values()]
        for each in (psutil.Process(self.process.pid), *servers):
            with suppress(psutil.NoSuchProcess):
                self._family |= {*each.children(recursive=True)}
        self._family |= {*servers}
        return self._family

    def pid_of(self, *words: str) -> int:
        """The leader among the processes that have these words on their command line."""
        found = [each for each in self.family() if is_alive(each.pid)]
        lines = {each.pid: each.cmdline() for each in found if os.getpgid(each.pid) == each.pid}
        return next(int(pid) for pid, line in lines.items() if all(word in line for word in words))

    def readyz(self) -> str:
        return next(word for word in self.said.split() if word.endswith("/readyz"))

    def close(self) -> None:
        """End all of it, whatever has become of it, by pid."""
        with suppress(psutil.NoSuchProcess):
            self.family()
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            self.process.kill()
            self.process.wait()
        for each in self._family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        services.stop(self.directory)
        self.hang_up()
        if self._private:
            shutil.rmtree(self._private)


def left_of(family: set[psutil.Process]) -> list[psutil.Process]:
    """Those that still run."""
    return [each for each in family if each.is_running() and is_alive(each.pid)]
