"""The whole system that a browser looks at: receiver, worker, sweep and console, on servers that a
test may stop."""

import sys
from pathlib import Path
from typing import Final

import httpx

from tests.databases import migrated
from tests.operating import Operator
from tests.servers import reserve_port, services
from tests.system.processes import System, environment_of

USER: Final = "anna"
PASSWORD: Final = "a-password-for-tests-only"  # noqa: S105


class Watched(System):
    """A system with a console."""

    def __init__(self, directory: Path) -> None:
        logs, metrics = directory / "logs", directory / "metrics"
        logs.mkdir(parents=True)
        metrics.mkdir()
        self.directory = directory / "services"
        urls = services.start(self.directory).environment()
        self.engine = migrated(urls["UNBET_DATABASE_URL"])
        self.operator = Operator(self.engine)
        environment = environment_of(
            directory,
            urls,
            UNBET_CONSOLE_PORT=str(reserve_port()),
            UNBET_CONSOLE_BASIC_AUTH=f"{USER}:{PASSWORD}",
            PROMETHEUS_MULTIPROC_DIR=str(metrics),
        )
        super().__init__(environment, logs)

    @property
    def console(self) -> str:
        return f"http://127.0.0.1:{self.environment['UNBET_CONSOLE_PORT']}"

    def start_all(self) -> None:
        self.start_sweep()
        self._start_console()
        self.start_both()
        self.wait("console", self._listens)

    def start_console(self) -> None:
        self._start_console()
        self.wait("console", self._listens)

    def stop(self) -> None:
        super().stop()
        self.engine.dispose()
        services.stop(self.directory)

    def _start_console(self) -> None:
        self.start("console", sys.executable, "-m", "unbet.console")

    def _listens(self) -> bool:
        try:
            return httpx.get(self.console, trust_env=False).status_code == 401
        except httpx.TransportError:
            return False
