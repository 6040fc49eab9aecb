"""The common part of PostgreSQL and Redis: start once, wait until it answers, stop."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from signal import Signals
from typing import ClassVar, Final

import psutil

from unbet.local.services import log, process
from unbet.local.services.errors import ServicesError
from unbet.local.services.state_files import Access
from unbet.local.services.unix_user import UnixUser

START_LIMIT_S: Final = 60  # recovery after a crash, or reading a long queue, takes its time


class Server(ABC):
    """One server program on one data directory, `DIR/<name>`, with `DIR/<name>.log`."""

    name: ClassVar[str]
    title: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]  # as the process list shows it
    stop_signal: ClassVar[Signals]
    hurried_signal: ClassVar[Signals]  # loses nothing either
    account: UnixUser = UnixUser()

    def __init__(self, directory: Path) -> None:
        self.data = directory / self.name
        self.log = directory / f"{self.name}.log"
        self.access_file = directory / f"{self.name}.json"

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """Where the server itself notes its process."""

    @abstractmethod
    def prepare(self, access: Access) -> None:
        """Whatever has to be there before a launch, the data directory first of all."""

    @abstractmethod
    def command(self, access: Access) -> list[str]:
        """The command line that serves at `access`."""

    @abstractmethod
    def probe_error(self, access: Access) -> str | None:
        """Why this very server does not answer at `access`, None if it does. Takes 2 s at most."""

    @property
    def access(self) -> Access:
        """Where it listens, and its password, from its first start on. Raises `ServicesError`."""
        access = Access.read(self.access_file)
        if access is None:
            raise ServicesError(f"{self.access_file} is gone")
        return access

    def process(self) -> psutil.Process | None:
        """The running server, None if there is none."""
        return process.server_at_work(self.pid_file, programs=self.programs, data=self.data)

    def start(self) -> Access:
        """Start the server unless it runs, wait until it answers. Raises `ServicesError`."""
        deadline = time.monotonic() + START_LIMIT_S
        access = Access.read(self.access_file) or self._first_access()
        running = self.process()
        if running and self._answers(running.pid, access, deadline):
            return access
        while True:
            said_before = log.length(self.log)
            if self._answers(self._launch(access), access, deadline):
                return access
            access = self._next_try(access, log.since(self.log, said_before), deadline)

    def stop(self, hurried: Callable[[], bool] = lambda: False) -> bool:
        """End the server if it runs; returns whether it did. Its data stays."""
        running = self.process()
        if running:
            process.end(running, self.stop_signal, self.hurried_signal, hurried)
        return running is not None

    def _first_access(self) -> Access:
        if self.data.exists():
            raise ServicesError(
                f"{self.access_file} is gone, which keeps the password to {self.data}; "
                "put it back, or move that directory away to begin anew"
            )
        return Access.new()

    def _launch(self, access: Access) -> int:
        # Kept before it is used: a start that is killed now must leave a server that is known.
        access.write(self.access_file)
        self.prepare(access)
        log.prepare(self.log, self.account)
        return process.launch(self.command(access), log=self.log, account=self.account)

    def _answers(self, pid: int, access: Access, deadline: float) -> bool:
        """Wait until process `pid` answers; False when it has ended instead."""
        pause_s = 0.02
        while (reason := self.probe_error(access)) is not None:
            if not process.is_alive(pid):
                return False
            if time.monotonic() > deadline:
                raise self._failure(f"runs but does not answer: {reason}", log.since(self.log, 0))
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)  # each try is a line in the log of a starting server
        return True

    def _next_try(self, access: Access, output: str, deadline: float) -> Access:
        """What to try next after a server has ended with these words in its log."""
        if time.monotonic() < deadline:
            if "Address already in use" in output:
                return Access.new(access.password)
            if "is still in use" in output:
                # What a killed PostgreSQL was working at ends by itself, only not at once.
                time.sleep(0.2)
                return access
        raise self._failure("did not start", output)

    def _failure(self, problem: str, output: str) -> ServicesError:
        return ServicesError(
            f"{self.title} {problem}. {self.log} ends with:{log.ending(output) or ' nothing'}"
        )
