"""Supervises what `unbet run` has started on DIR: records it first, keeps it running, ends it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from unbet.local import process_groups, run_record, services
from unbet.local.processes import PAUSES_S, ROOT, WINDOW_S, Processes
from unbet.local.run_record import RunError, RunRecord, StartedGroup
from unbet.local.services import Services

SERVERS_INTERVAL_S: Final = 1.0
REAPER_LIMIT_S: Final = 10.0


class Supervisor:
    """Everything that one `unbet run` has started, and the reaper that ends it if the run dies."""

    def __init__(self, directory: Path, reaper_lock: int, say: Callable[[str], None]) -> None:
        self._directory = directory.resolve()
        self._say = say
        self._lock = reaper_lock
        self._record = RunRecord(os.getpid(), run_record.now())
        self._processes: Processes | None = None
        self._wanted: tuple[bool, bool] = (False, False)
        self._servers: dict[str, int] = {}
        self._urls: Services | None = None
        self._look_at = 0.0
        self._restarts: list[float] = []
        self._take_over()
        self._reaper = self._start_reaper()

    def _take_over(self) -> None:
        """What a run left that died together with its reaper: its processes are ended; its servers
        are this one's from now on, since they serve the same data."""
        earlier = RunRecord.read(self._directory)
        if earlier:
            self._record.servers = [
                title for title in services.running(self._directory) if title in earlier.servers
            ]
            left = [f"{group.name} (pid {group.pid})" for group in earlier.end_processes()]
            found = [*left, *self._record.servers]
            if found:
                self._say(f"{earlier} has died. It left, and that is ended or taken over: ")
                self._say("  " + ", ".join(found))
        self._record.write(self._directory)

    def _start_reaper(self) -> subprocess.Popen[bytes]:
        logs = self._directory / "logs"
        logs.mkdir(exist_ok=True)
        with (logs / "reaper.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "unbet.local.reaper", str(self._directory)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self._lock,),
            )

    def start_servers(self, *, postgres: bool, redis: bool) -> Services:
        """Those asked for; what runs already is used, and left running in the end."""
        self._wanted = (postgres, redis)
        there = services.running(self._directory)
        wanted = {"PostgreSQL": postgres, "Redis": redis}
        own = [title for title, is_wanted in wanted.items() if is_wanted and title not in there]
        self._record.servers = sorted({*self._record.servers, *own})
        self._record.write(self._directory)
        self._urls = services.start(self._directory, postgres=postgres, redis=redis)
        self._servers = self._running_servers()
        return self._urls

    def start_processes(self, processes: Processes) -> None:
        self._processes = processes
        processes.on_start = self._note
        processes.start()

    def _note(self, name: str, pid: int) -> None:
        others = [group for group in self._record.groups if group.name != name]
        started = StartedGroup.of(name, pid)
        self._record.groups = [*others, started] if started else others
        self._record.write(self._directory)

    def tend(self) -> None:
        """Start again what has ended and say so. To be called often. Raises `ProcessError`, and
        `RunError` or `ServicesError` for a server."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + SERVERS_INTERVAL_S
            self._tend_servers()
        if self._reaper.poll() is not None:
            self._reaper = self._start_reaper()
            self._say(f"the reaper has ended; started again as pid {self._reaper.pid}")
        if self._processes:
            for line in self._processes.tend():
                self._say(line)

    def _tend_servers(self) -> None:
        there = self._running_servers()
        ended = {title: pid for title, pid in self._servers.items() if there.get(title) != pid}
        if not ended:
            return
        names = " and ".join(f"{title} (pid {pid})" for title, pid in ended.items())
        recent = [at for at in self._restarts if time.monotonic() - at < WINDOW_S]
        if len(recent) >= len(PAUSES_S):
            raise RunError(
                f"{names} has ended, after {len(recent)} new starts within {WINDOW_S:.0f} seconds; "
                f"its log is in {self._directory}."
            )
        self._restarts = [*recent, time.monotonic()]
        postgres, redis = self._wanted
        if services.start(self._directory, postgres=postgres, redis=redis) != self._urls:
            raise RunError(f"{names} has ended, and its port has been taken by another program.")
        self._servers = self._running_servers()
        for title, pid in ended.items():
            self._say(
                f"{title} (pid {pid}) has ended; started again as pid {self._servers.get(title)}"
            )

    def _running_servers(self) -> dict[str, int]:
        wanted = dict(zip(("PostgreSQL", "Redis"), self._wanted, strict=True))
        return {t: pid for t, pid in services.running(self._directory).items() if wanted[t]}

    def stop(self, hurried: Callable[[], bool]) -> None:
        """End all that was started, processes before servers; only then is the record gone."""
        try:
            if self._processes:
                self._processes.stop(hurried)
        finally:
            services.stop(self._directory, self._record.servers, hurried=hurried)
            run_record.remove(self._directory)
            self._end_reaper()

    def _end_reaper(self) -> None:
        if self._reaper.stdin:
            with suppress(OSError):
                self._reaper.stdin.close()
        try:
            self._reaper.wait(REAPER_LIMIT_S)
        except subprocess.TimeoutExpired:
            process_groups.kill(self._reaper.pid)
            self._reaper.wait()
